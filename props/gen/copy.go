package gen

import (
	"slices"

	"vmconform/model"
)

// Copy copies s and all that it reaches, to be changed, and says which copy is
// of which.
func Copy(s *model.Schema) (top *model.Schema, copies map[*model.Schema]*model.Schema) {
	copies = map[*model.Schema]*model.Schema{}
	list := VMSDs(s)
	for _, s := range list {
		copies[s] = &model.Schema{}
	}
	for _, s := range list {
		c := copies[s]
		*c = *s
		c.Fields = slices.Clone(s.Fields)
		c.Subsections = slices.Clone(s.Subsections)
		for _, hook := range []**model.Condition{&c.Hooks.PreLoad, &c.Hooks.PostLoad, &c.Hooks.PreSave, &c.Hooks.PostSave} {
			*hook = copyCondition(*hook)
		}
		for i := range c.Fields {
			f := &c.Fields[i]
			f.When = copyCondition(f.When)
			f.Elem, f.Key = copies[f.Elem], copies[f.Key]
			f.Elems = slices.Clone(f.Elems)
			for j, e := range f.Elems {
				f.Elems[j] = copies[e]
			}
		}
		for i, sub := range c.Subsections {
			c.Subsections[i] = copies[sub]
		}
	}
	return copies[s], copies
}

func copyCondition(c *model.Condition) *model.Condition {
	if c == nil {
		return nil
	}
	out := *c
	return &out
}
