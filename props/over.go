package props

import (
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

// maxOver bounds the places where a stream is cut that is loaded over something.
const maxOver = 24

var loadOver = Property{
	ID:       "memory/load-over",
	Sentence: "A load over an object that holds something changes what is on the wire and adds to its queues, lists and trees; one that is refused leaves all as it was.",
	Rules:    []rules.ID{rules.AllOrNothing, rules.AbsentKept, rules.QueueOrder, rules.ListOrder},
	Memory:   true,
	try: func(t *rapid.T, s *trial) *Failure {
		c := drawCase(t, s, gen.Queues)
		other := gen.Values(c.Schema, c.Version, maxDepth).Draw(t, "other value")
		stream, err := model.Encode(c.Schema, other, c.Version)
		if err != nil {
			panic(err) // drawn to be saved
		}
		over := func(stream []byte) Case {
			return Case{Do: LoadOver, Schema: c.Schema, Version: c.Version, Before: c.Value, Stream: stream}
		}
		variants := []Case{over(stream)}
		for n := 0; n < len(stream); n += 1 + len(stream)/maxOver {
			variants = append(variants, over(stream[:n]))
		}
		return s.variants(variants)
	},
}

var savedAgain = Property{
	ID:       "memory/saved-again",
	Sentence: "What was loaded is saved as the writer writes it, from the memory that it was loaded into, and however the stream had it.",
	Rules:    []rules.ID{rules.RoundTrip, rules.BoolCanonical, rules.UnusedZero, rules.QueueMarker},
	Memory:   true,
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Blanks)
		streams := []Case{p.Case}
		for _, one := range p.only(closed) {
			if one.Size == 0 {
				continue
			}
			first := one.Offset
			switch {
			case isElement(one), isPair(one):
			case one.Field == nil:
				first += int64(2 + len(one.Schema.Name) + 2) // of the version's bytes the third
			case one.Field.Type == model.TypeBool && one.Value != nil, one.Field.Type == model.TypeUnused:
			default:
				continue
			}
			for _, b := range []byte{2, 0xff} {
				streams = append(streams, p.with(p.Stream[:first], []byte{b}, p.Stream[first+1:]))
			}
		}
		var variants []Case
		for _, c := range streams {
			c.Do = LoadSave
			variants = append(variants, c)
		}
		return s.variants(variants)
	},
}
