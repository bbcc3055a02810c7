package props

import (
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var pointers = Property{
	ID:       "values/pointers",
	Sentence: "In an array of pointers the byte 30 stands for an element that is NULL in memory and for no other, and before each that is always marked stand 30 or 31.",
	Rules:    []rules.ID{rules.NullMarker},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Pointers|gen.Arrays|gen.Blanks)
		var variants []Case
		for _, e := range p.only(isPointer, closed) {
			before, of, after := p.cut(e)
			if len(of) == 0 {
				continue
			}
			for _, first := range []byte{0x30, 0x31, 0, 1, 0xff} {
				variants = append(variants, p.with(before, []byte{first}, of[1:], after))
			}
			variants = append(variants, p.with(before, after), p.with(before, []byte{0x30}, of, after))
		}
		return s.variants(variants)
	},
}

// isPointer says whether a span is of an element of an array of pointers, or of
// a NULL.
func isPointer(s model.Span) bool {
	return s.Kind == model.SpanElement && s.Field.Pointers && !isElement(s) && !isPair(s) || s.Field != nil && s.Field.Type == model.TypeNull && !s.Field.Array
}
