package gen

import (
	"vmconform/model"

	"pgregory.net/rapid"
)

var operators = []string{"==", "!=", "<", "<=", ">", ">="}

// Numbered says whether a condition can look at f.
func Numbered(f model.Field) bool {
	switch f.Type {
	case model.TypeBool, model.TypeUint8Equal, model.TypeUint16Equal, model.TypeUint32Equal, model.TypeUint64Equal,
		model.TypeInt32Equal, model.TypeInt32LE:
		return !f.Array
	}
	return f.Type >= model.TypeInt8 && f.Type <= model.TypeUint64 && !f.Array
}

// condition draws a condition over the fields that s has so far; nil where there
// is none to look at.
func (b *builder) condition(t *rapid.T, s *model.Schema) *model.Condition {
	var names []string
	for _, f := range s.Fields {
		if Numbered(f) {
			names = append(names, f.Name)
		}
	}
	if names == nil {
		return nil
	}
	c := &model.Condition{Field: rapid.SampledFrom(names).Draw(t, "looks at"), Op: rapid.SampledFrom(operators).Draw(t, "operator")}
	if rapid.Bool().Draw(t, "two fields") {
		c.Other = rapid.SampledFrom(names).Draw(t, "compares with")
	} else {
		c.Value = rapid.Int64Range(-1, 3).Draw(t, "number")
	}
	return c
}

// demand draws a field and a condition that has to hold for it, which only a
// value drawn for that does. The field is on the wire at every version.
func (b *builder) demand(t *rapid.T, i int) (model.Field, *model.Condition) {
	f := model.Field{Name: b.fieldName(t, i), Type: rapid.SampledFrom(b.integers()).Draw(t, "type")}
	b.reserved[f.Name] = true
	return f, &model.Condition{
		Field: f.Name,
		Op:    rapid.SampledFrom(operators).Draw(t, "operator"),
		Value: rapid.Int64Range(1, 5).Draw(t, "number"), // one more and one less fit every type
	}
}

func validate(b *builder, t *rapid.T, at place, i int) []model.Field {
	f, c := b.demand(t, i)
	return []model.Field{f, {Name: b.fieldName(t, i+1), Type: model.TypeValidate, When: c}}
}

// mandatory draws a field that has to be there, and the field that says whether
// it is.
func mandatory(b *builder, t *rapid.T, at place, i int) []model.Field {
	f, c := b.demand(t, i)
	typ := b.someScalar(t)
	return []model.Field{f, {Name: b.fieldName(t, i+1), Type: typ, When: c, Must: true}}
}

// hooks draws hooks of the vmsd that at is in, each with a field to go by.
func (b *builder) hooks(t *rapid.T, at place) {
	s := at.owner()
	for _, hook := range []**model.Condition{&s.Hooks.PostLoad, &s.Hooks.PreLoad, &s.Hooks.PreSave, &s.Hooks.PostSave} {
		if rapid.IntRange(0, 3).Draw(t, "hook") < 3 {
			continue
		}
		f, c := b.demand(t, len(s.Fields))
		if hook == &s.Hooks.PreLoad { // of memory as it is before; a second load may be refused
			if c.Op = "=="; b.space.Never.has(Locals) {
				c.Value = 0
			}
			f.Local = c.Value
		}
		s.Fields = append(s.Fields, f)
		*hook = c
	}
}

// demands lists what has to hold of the fields of s, by name, when it is saved
// and loaded.
func demands(s *model.Schema) map[string]*model.Condition {
	list := map[string]*model.Condition{}
	add := func(c *model.Condition) {
		if c != nil {
			list[c.Field] = c
		}
	}
	add(s.Hooks.PostLoad)
	add(s.Hooks.PreSave)
	add(s.Hooks.PostSave)
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Must || f.Type == model.TypeValidate {
			add(f.When)
		}
	}
	return list
}

// present says whether f is on the wire.
func present(f *model.Field, s *model.Schema, v *model.Struct, version uint32) bool {
	if f.When != nil {
		return f.When.Holds(s, v)
	}
	return f.Version <= version
}

// obey draws a number that c holds for.
func obey(t *rapid.T, c *model.Condition) uint64 {
	var list []uint64
	for _, n := range []int64{c.Value, c.Value + 1, c.Value - 1} {
		s := &model.Schema{Fields: []model.Field{{Name: c.Field}}}
		if c.Holds(s, &model.Struct{Fields: []model.Value{model.Int(n)}}) {
			list = append(list, uint64(n))
		}
	}
	return rapid.SampledFrom(list).Draw(t, c.Field)
}
