package props

import (
	"slices"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var subsectionOrder = Property{
	ID:       "subsection/order",
	Sentence: "Subsections load in any order, any of them may be missing, and one that comes again loads into what is there; what is not in the order of the list, or comes again, is noted.",
	Rules:    []rules.ID{rules.SubsectionOrder, rules.SubsectionRepeated},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Subsections)
		list := p.only(isSubsection, closed)
		var variants []Case
		for i, sub := range list {
			before, of, after := p.cut(sub)
			variants = append(variants, p.with(before, after), p.with(before, of, of, after), p.with(before, of, of[:len(of)-1]))
			for _, next := range list[i+1:] {
				if next.Offset == sub.Offset+sub.Size {
					_, behind, after := p.cut(next)
					variants = append(variants, p.with(before, behind, of, after), p.with(before, of, behind, of, after))
					for _, last := range list[i+2:] {
						if last.Offset == next.Offset+next.Size {
							// After the one that comes too early, each of the others is in order.
							_, third, after := p.cut(last)
							variants = append(variants, p.with(before, third, of, behind, after))
							break
						}
					}
					break
				}
			}
		}
		return s.variants(variants)
	},
}

var peek = Property{
	ID:       "subsection/peek",
	Sentence: "Behind the fields of a vmsd 05, a length and a name that begins with the vmsd's and is longer are a subsection, which has to be known; anything else is what comes next.",
	Rules:    []rules.ID{rules.SubsectionKnown},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Subsections)
		type end struct {
			at   int64
			vmsd *model.Schema
		}
		ends := []end{{p.decoded().Consumed, p.Schema}}
		for _, v := range p.only(isVMSD, closed) {
			ends = append(ends, end{v.Offset + v.Size, v.Schema})
		}
		e := rapid.SampledFrom(ends).Draw(t, "vmsd")
		names := []string{e.vmsd.Name, e.vmsd.Name[1:], e.vmsd.Name + "/", e.vmsd.Name + "x"}
		for _, s := range gen.VMSDs(p.Schema) {
			names = append(names, s.Name)
		}
		slices.Sort(names)
		var variants []Case
		for _, name := range slices.Compact(names) {
			if len(name) > 255 {
				continue
			}
			header := append([]byte{5, byte(len(name))}, name...)
			cut := header[:len(header)-1]
			version := []byte{0, 0, 0, 1}
			variants = append(variants,
				p.with(p.Stream[:e.at], header, version, p.Stream[e.at:]),
				p.with(p.Stream[:e.at], header),
				p.with(p.Stream[:e.at], cut))
		}
		return s.variants(variants)
	},
}

// isVMSD says whether a span is of a vmsd: it ends behind that's subsections.
func isVMSD(s model.Span) bool { return s.Schema != nil }
