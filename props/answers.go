package props

import (
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var again = Property{
	ID:       "answers/again",
	Sentence: "The same call gives the same answer, which the next call leaves alone; it keeps nothing of the stream, and does not change it.",
	Rules:    []rules.ID{rules.Repeatable, rules.RoundTrip},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Buffers|gen.Queues)
		c := Case{Do: Save, Schema: p.Schema, Version: p.Version, Value: p.value, Stream: p.Stream, Times: 2}
		if f := s.check(c); f != nil {
			return f
		}
		c = p.decoded()
		c.Times = 2
		return s.check(c)
	},
}

var rest = Property{
	ID:       "answers/rest",
	Sentence: "A load takes its payload and nothing of what follows.",
	Rules:    []rules.ID{rules.TakesNoMore},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, 0)
		var variants []Case
		for _, follows := range [][]byte{{0}, {1}, {5}, {0x30}, {0xff}, {0, 0, 0, 0}, {5, 0}, {5, 1, 0}, p.Stream} {
			variants = append(variants, p.with(p.Stream, follows))
		}
		return s.variants(variants)
	},
}
