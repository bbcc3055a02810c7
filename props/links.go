package props

import (
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var markerValues = Property{
	ID:       "links/marker-values",
	Sentence: "Any byte but 00 before an element links it; another than 01 is noted, and 00 ends the queue there.",
	Rules:    []rules.ID{rules.QueueMarker, rules.QueueTerminator},
	try: func(t *rapid.T, s Subject) *Failure {
		p := drawSample(t, s, gen.Queues)
		var markers []int
		for _, e := range p.only(isElement) {
			markers = append(markers, int(e.Offset))
		}
		for _, q := range p.only(isQueue, closed) {
			markers = append(markers, int(q.Offset+q.Size)-1)
		}
		if markers == nil {
			return nil
		}
		at := rapid.SampledFrom(markers).Draw(t, "marker")
		for value := range 256 {
			variant := p.with(p.stream[:at], []byte{byte(value)}, p.stream[at+1:])
			if f := tryVariants(s, []load{variant}); f != nil {
				return f
			}
		}
		return nil
	},
}

var terminators = Property{
	ID:       "links/terminator",
	Sentence: "A queue ends at its first 00: what stands before it is missing nothing, what follows is not the queue's, and without it there is no end.",
	Rules:    []rules.ID{rules.QueueTerminator},
	try: func(t *rapid.T, s Subject) *Failure {
		p := drawSample(t, s, gen.Queues)
		var variants []load
		for _, q := range p.only(isQueue, closed) {
			before, of, after := p.cut(q)
			open := of[:len(of)-1]
			variants = append(variants,
				p.with(before, open, after),
				p.with(before, open),
				p.with(before, of, []byte{0}, after))
		}
		for _, e := range p.only(isElement) {
			variants = append(variants, p.with(p.stream[:e.Offset], []byte{0}, p.stream[e.Offset:]))
		}
		return tryVariants(s, variants)
	},
}

var elements = Property{
	ID:       "links/elements",
	Sentence: "A queue holds the elements that stand before its terminator, in that order, however many.",
	Rules:    []rules.ID{rules.QueueOrder, rules.QueueTerminator},
	try: func(t *rapid.T, s Subject) *Failure {
		p := drawSample(t, s, gen.Queues)
		list := p.only(isElement, closed)
		var variants []load
		for i, e := range list {
			before, of, after := p.cut(e)
			variants = append(variants,
				p.with(before, after),         // one fewer
				p.with(before, of, of, after)) // one more
			if i+1 < len(list) && follows(e, list[i+1]) {
				_, next, after := p.cut(list[i+1])
				variants = append(variants, p.with(before, next, of, after))
			}
		}
		for _, q := range p.only(isQueue, closed) {
			before, of, after := p.cut(q)
			variants = append(variants, p.with(before, of, of, after)) // more after the end
		}
		return tryVariants(s, variants)
	},
}

// follows says whether one element stands right behind the other.
func follows(e, next model.Span) bool {
	return next.Field == e.Field && next.Offset == e.Offset+e.Size
}

// maxCuts bounds the places where a long stream is cut; up to there it is every
// byte.
const maxCuts = 256

var truncation = Property{
	ID:       "links/truncation",
	Sentence: "A stream that ends early is refused where its next item would have to stand, and nothing missing is taken for a zero.",
	Rules:    []rules.ID{rules.ItemComplete, rules.QueueTerminator},
	try: func(t *rapid.T, s Subject) *Failure {
		p := drawSample(t, s, gen.Queues)
		for n := 0; n < len(p.stream); n += 1 + len(p.stream)/maxCuts {
			if f := tryVariants(s, []load{p.with(p.stream[:n])}); f != nil {
				return f
			}
		}
		return nil
	},
}
