package defects

import (
	"slices"

	"vmconform/model"
)

// eachQueue copies v with every queue, those in arrays of queues left out,
// replaced by what change makes of it.
func eachQueue(s *model.Schema, v *model.Struct, change func(model.List) model.List) *model.Struct {
	out := &model.Struct{Fields: slices.Clone(v.Fields), Subs: slices.Clone(v.Subs)}
	for i, f := range s.Fields {
		switch x := v.Fields[i].(type) {
		case *model.Struct:
			out.Fields[i] = eachQueue(f.Elem, x, change)
		case model.List:
			if f.Type == model.TypeQueue && !f.Array {
				list := model.List{}
				for _, e := range change(x) {
					list = append(list, eachQueue(f.Elem, e.(*model.Struct), change))
				}
				out.Fields[i] = list
			}
		}
	}
	for i, sub := range v.Subs {
		if sub != nil {
			out.Subs[i] = eachQueue(s.Subsections[i], sub, change)
		}
	}
	return out
}

// reversed returns the elements from last to first.
func reversed(list model.List) model.List {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
