package props

import (
	"encoding/binary"
	"slices"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var numbers = Property{
	ID:       "values/numbers",
	Sentence: "A number is taken for what its type says, and refused where it counts more than there may be, is not what memory holds, or does not let a condition hold.",
	Rules: []rules.ID{
		rules.WireInteger, rules.CountRange, rules.EqualValue, rules.Int32LE, rules.MustExist, rules.Validate, rules.HookSucceeds, rules.BoolCanonical,
	},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Rooms|gen.Locals|gen.Conditions)
		list := p.only(isNumber)
		if len(list) == 0 {
			return nil
		}
		for _, one := range append(p.only(isNumber, p.matters), rapid.SampledFrom(list).Draw(t, "number")) {
			before, of, after := p.cut(one)
			var variants []Case
			for _, n := range tellingNumbers(ownerOf(p.Schema, one.Field), one.Field, of) {
				wire := binary.BigEndian.AppendUint64(nil, uint64(n))[8-len(of):]
				variants = append(variants, p.with(before, wire, after))
			}
			if f := s.variants(variants); f != nil {
				return f
			}
		}
		return nil
	},
}

// isNumber says whether a span is of one integer or bool, no array of them.
func isNumber(s model.Span) bool {
	switch s.Value.(type) {
	case model.Bool, model.Int, model.Uint:
		return s.Kind == model.SpanField && !s.Field.Array
	}
	return false
}

// isCompared says whether a span is of what is compared with memory.
func isCompared(s model.Span) bool {
	return s.Field.Type >= model.TypeUint8Equal && s.Field.Type <= model.TypeInt32LE
}

// matters says whether anything goes by the number: it is compared with what
// memory holds, it counts, or a condition is about it.
func (p sample) matters(s model.Span) bool {
	owner := ownerOf(p.Schema, s.Field)
	name := s.Field.Name
	about := func(c *model.Condition) bool { return c != nil && c.Field == name }
	return isCompared(s) || about(owner.Hooks.PreLoad) || about(owner.Hooks.PostLoad) || slices.ContainsFunc(owner.Fields, func(f model.Field) bool {
		return f.SizeFrom == name || f.CountFrom == name || about(f.When)
	})
}

// ownerOf finds the vmsd that a field is of.
func ownerOf(s *model.Schema, f *model.Field) *model.Schema {
	for _, s := range gen.VMSDs(s) {
		for i := range s.Fields {
			if &s.Fields[i] == f {
				return s
			}
		}
	}
	return &model.Schema{}
}

// tellingNumbers lists numbers beside which an implementation may go wrong with
// f, whose bytes are given: the ends of its type, what it is now, what memory
// holds, how many elements there is room for, how many are 2^32 once they are
// multiplied, what conditions ask for, and the neighbours of all.
func tellingNumbers(owner *model.Schema, f *model.Field, wire []byte) []int64 {
	var now uint64
	for _, b := range wire {
		now = now<<8 | uint64(b)
	}
	list := []int64{0, -1, 1 << (8*len(wire) - 1), int64(now), f.Local}
	conditions := []*model.Condition{owner.Hooks.PreLoad, owner.Hooks.PostLoad}
	for i := range owner.Fields {
		g := &owner.Fields[i]
		if g.SizeFrom == f.Name || g.CountFrom == f.Name {
			times := max(1, g.Times)
			list = append(list, int64(g.Room/times), 1<<32/int64(times))
		}
		conditions = append(conditions, g.When)
	}
	for _, c := range conditions {
		if c != nil && c.Field == f.Name {
			list = append(list, c.Value)
		}
	}
	for _, n := range list {
		list = append(list, n-1, n+1)
	}
	return list
}
