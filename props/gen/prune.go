package gen

import (
	"slices"

	"vmconform/model"

	"pgregory.net/rapid"
)

// prune leaves fields and subsections out of a case and makes plain ones of
// others.
func prune(t *rapid.T, c Case) Case {
	p := pruner{}
	list := VMSDs(c.Schema)
	keys := map[*model.Schema]bool{}
	for _, s := range list {
		for i := range s.Fields {
			keys[s.Fields[i].Key] = true
		}
	}
	for _, s := range list {
		p[s] = drawPruned(t, s, keys[s])
	}
	for _, s := range list {
		p[s].fill(p, s)
	}
	return Case{p[c.Schema].schema, p.vmsd(c.Schema, c.Value), c.Version}
}

// A pruner says what is left of each vmsd.
type pruner map[*model.Schema]*pruned

// A pruned is what is left of one vmsd.
type pruned struct {
	schema *model.Schema
	fields []fate
	subs   []bool // which are kept
	plain  bool   // it gets a plain field, as it has no other
	key    bool   // it is a tree's: whole, so that keys stay what they are
	hooks  model.Hooks
}

// A fate is what becomes of a field.
type fate struct {
	dropped bool // it is gone
	plain   bool // it is a plain field
	hollow  bool // its structs or elements are vmsds of one plain field
	single  bool // what was an array is its first element
	when    *model.Condition
}

// drawPruned draws what is left of s: a field at least, and every field that
// holds the size or count of one that needs it.
func drawPruned(t *rapid.T, s *model.Schema, key bool) *pruned {
	p := &pruned{schema: &model.Schema{}, fields: make([]fate, len(s.Fields)), subs: make([]bool, len(s.Subsections)), key: key}
	if key {
		return p
	}
	needed := map[string]bool{}
	need := func(c *model.Condition) *model.Condition {
		if c == nil {
			return nil
		}
		needed[c.Field], needed[c.Other] = true, true
		return &model.Condition{Field: c.Field, Op: c.Op, Value: c.Value, Other: c.Other}
	}
	keep := func(c *model.Condition) *model.Condition {
		if c == nil || simpler(t) {
			return nil
		}
		return need(c)
	}
	h := s.Hooks
	p.hooks = model.Hooks{PreLoad: keep(h.PreLoad), PostLoad: keep(h.PostLoad), PreSave: keep(h.PreSave), PostSave: keep(h.PostSave)}
	alone := true
	for i, f := range slices.Backward(s.Fields) {
		p.fields[i] = drawFate(t, f)
		switch {
		case needed[f.Name]:
			p.fields[i] = fate{}
		case p.fields[i].dropped && i == 0 && alone:
			p.fields[i] = fate{plain: true}
		}
		became := p.fields[i]
		alone = alone && became.dropped
		if !became.dropped && !became.plain {
			if !became.single {
				needed[f.SizeFrom], needed[f.CountFrom] = true, true
			}
			p.fields[i].when = need(f.When)
		}
	}
	p.plain = len(s.Fields) == 0 && simpler(t)
	for i := range s.Subsections {
		p.subs[i] = !simpler(t)
	}
	return p
}

func drawFate(t *rapid.T, f model.Field) fate {
	became := fate{dropped: simpler(t), plain: simpler(t)}
	if f.Elem != nil && f.Elems == nil {
		became.hollow = simpler(t)
	}
	if f.Array {
		became.single = simpler(t)
		if became.single && (f.Type == model.TypeStruct || f.Type == model.TypeVStruct) {
			became.hollow = became.hollow || demanding(f.Elem)
		}
	}
	return became
}

// plainField is the plain field of the given name.
func plainField(name string) model.Field { return model.Field{Name: name, Type: model.TypeUint8} }

// fill makes the schema of what is left of s.
func (p *pruned) fill(all pruner, s *model.Schema) {
	*p.schema = model.Schema{Name: s.Name, Version: s.Version, Minimum: s.Minimum, Hooks: p.hooks}
	for i, f := range s.Fields {
		became := p.fields[i]
		switch {
		case became.dropped:
			continue
		case became.plain:
			f = plainField(f.Name)
		case became.hollow:
			f.Elem = &model.Schema{
				Name: f.Elem.Name, Version: f.Elem.Version, Minimum: f.Elem.Minimum,
				Fields: []model.Field{plainField(fieldName(0))},
			}
		case f.Elem != nil:
			f.Elem = all[f.Elem].schema
			f.Elems = slices.Clone(f.Elems)
			for i, e := range f.Elems {
				f.Elems[i] = all[e].schema
			}
		}
		if f.Key != nil {
			f.Key = all[f.Key].schema
		}
		if f.When = became.when; became.single {
			f = oneOf(f)
		}
		p.schema.Fields = append(p.schema.Fields, f)
	}
	if p.plain {
		p.schema.Fields = []model.Field{plainField(fieldName(0))}
	}
	for i, sub := range s.Subsections {
		if p.subs[i] {
			p.schema.Subsections = append(p.schema.Subsections, all[sub].schema)
		}
	}
}

// vmsd copies what is left of v.
func (p pruner) vmsd(s *model.Schema, v *model.Struct) *model.Struct {
	out := &model.Struct{}
	for i, x := range v.Fields {
		became := p[s].fields[i]
		l, _ := x.(model.List)
		switch f := &s.Fields[i]; {
		case became.dropped:
		case became.plain:
			out.Fields = append(out.Fields, model.Uint(0))
		case became.single && (len(l) == 0 || l[0] == model.Null{} && f.Pointers):
			out.Fields = append(out.Fields, p.zero(f, became))
		case became.single:
			out.Fields = append(out.Fields, p.part(f, became, l[0]))
		default:
			out.Fields = append(out.Fields, p.part(f, became, x))
		}
	}
	if p[s].plain {
		out.Fields = []model.Value{model.Uint(0)}
	}
	for i, sub := range v.Subs {
		switch {
		case !p[s].subs[i]:
		case sub == nil:
			out.Subs = append(out.Subs, nil)
		default:
			out.Subs = append(out.Subs, p.vmsd(s.Subsections[i], sub))
		}
	}
	return out
}

// zero is the value of a field that was an array without elements.
func (p pruner) zero(f *model.Field, became fate) model.Value {
	switch {
	case f.Type != model.TypeStruct && f.Type != model.TypeVStruct:
		return model.Zero(&model.Schema{Fields: []model.Field{oneOf(*f)}}).Fields[0]
	case became.hollow:
		return &model.Struct{Fields: []model.Value{model.Uint(0)}}
	}
	return model.Zero(p[f.Elem].schema)
}

// oneOf is the field of one element of what was an array.
func oneOf(f model.Field) model.Field {
	f.Array, f.Count, f.CountFrom, f.Times, f.Room = false, 0, "", 0, 0
	f.Pointers, f.Null, f.Marked = false, nil, false
	return f
}

// part copies what is left of a value of f, or of an element of it.
func (p pruner) part(f *model.Field, became fate, x model.Value) model.Value {
	switch x := x.(type) {
	case *model.Struct:
		if became.hollow {
			return &model.Struct{Fields: []model.Value{model.Uint(0)}}
		}
		return p.vmsd(f.Elem, x)
	case model.List:
		l := model.List{}
		for i, e := range x {
			of := *f
			if f.Type == model.TypeQueue || f.Type == model.TypeList {
				of.Elem = elemOf(f, i)
			}
			l = append(l, p.part(&of, became, e))
		}
		return l
	case model.Tree:
		tree := model.Tree{}
		for _, pair := range x {
			tree = append(tree, model.Pair{Key: pair.Key, Value: p.part(f, became, pair.Value).(*model.Struct)})
		}
		return tree
	default:
		return x
	}
}
