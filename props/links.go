package props

import (
	"encoding/binary"
	"slices"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var markerValues = Property{
	ID:       "links/marker-values",
	Sentence: "Any byte but 00 before an element links it; another than 01 is noted, and 00 ends the queue there.",
	Rules:    []rules.ID{rules.QueueMarker, rules.QueueTerminator},
	try: func(t *rapid.T, s *trial) *Failure {
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
		// Those that mean something elsewhere on the wire, and any other.
		values := []byte{0, 1, 2, 5, 0x30, 0x31, 0x7f, 0x80, 0xff, rapid.Byte().Draw(t, "value")}
		var variants []Case
		for _, value := range values {
			variants = append(variants, p.with(p.Stream[:at], []byte{value}, p.Stream[at+1:]))
		}
		return s.variants(variants)
	},
}

var terminators = Property{
	ID:       "links/terminator",
	Sentence: "A queue ends at its first 00: what stands before it is missing nothing, what follows is not the queue's, and without it there is no end.",
	Rules:    []rules.ID{rules.QueueTerminator},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Queues)
		var variants []Case
		for _, q := range p.only(isQueue, closed) {
			before, of, after := p.cut(q)
			open := of[:len(of)-1]
			variants = append(variants,
				p.with(before, open, after),
				p.with(before, open),
				p.with(before, of, []byte{0}, after))
		}
		for _, e := range p.only(isElement) {
			variants = append(variants, p.with(p.Stream[:e.Offset], []byte{0}, p.Stream[e.Offset:]))
		}
		return s.variants(variants)
	},
}

var elements = Property{
	ID:       "links/elements",
	Sentence: "A queue holds the elements that stand before its terminator, in that order, however many.",
	Rules:    []rules.ID{rules.QueueOrder, rules.ListOrder, rules.QueueTerminator},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Queues)
		list := p.only(isElement, closed)
		var variants []Case
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
		return s.variants(variants)
	},
}

var pairs = Property{
	ID:       "links/tree",
	Sentence: "A tree holds the pairs that stand before its terminator, as many as its count says, each key once, in whatever order they come.",
	Rules:    []rules.ID{rules.TreeCount, rules.TreeMarker, rules.TreeTerminator, rules.TreeDuplicate, rules.TreeOrder},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Trees)
		var variants []Case
		for _, tree := range p.only(isTree, closed) {
			before, of, after := p.cut(tree)
			count := binary.BigEndian.Uint32(of)
			for _, n := range []uint32{count + 1, count - 1, 1 << 31, 0} {
				variants = append(variants, p.with(before, binary.BigEndian.AppendUint32(nil, n), of[4:], after))
			}
			end := len(of) - 1
			variants = append(variants, p.with(before, of[:end], after), p.with(before, of[:end]))
		}
		list := p.only(isPair, closed)
		for i, e := range list {
			before, of, after := p.cut(e)
			for _, marker := range []byte{0, 2, 5, 0xff} {
				variants = append(variants, p.with(before, []byte{marker}, of[1:], after))
			}
			key := slices.Clone(of)
			key[min(1, len(key)-1)] ^= 0x80 // the key's first bit, where it has one
			variants = append(variants, p.with(before, after), p.with(before, of, of, after), p.with(before, key, after))
			if i+1 == len(list) || !follows(e, list[i+1]) {
				continue
			}
			_, next, after := p.cut(list[i+1])
			again := slices.Concat(of[:p.keyEnd(e)], next[p.keyEnd(list[i+1]):]) // this key, with the value of the next
			variants = append(variants, p.with(before, next, of, after), p.with(before, of, again, after))
			if i+2 == len(list) || !follows(list[i+1], list[i+2]) {
				continue
			}
			_, third, after := p.cut(list[i+2])
			variants = append(variants, p.with(before, third, of, next, after))
		}
		return s.variants(variants)
	},
}

// keyEnd is where a pair's value begins, in bytes from its marker.
func (p sample) keyEnd(pair model.Span) int64 {
	i := slices.IndexFunc(p.spans, func(s model.Span) bool { return s.Kind == model.SpanKey && s.Offset == pair.Offset+1 })
	return 1 + p.spans[i].Size
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
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Queues)
		for n := 0; n < len(p.Stream); n += 1 + len(p.Stream)/maxCuts {
			if f := s.variants([]Case{p.with(p.Stream[:n])}); f != nil {
				return f
			}
		}
		return nil
	},
}
