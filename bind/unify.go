package bind

import (
	"fmt"
	"reflect"
	"slices"

	"vmconform/model"
)

// unify makes one schema of the bodies that a description gives for the
// elements of a queue: they are equal, or differ only in the sizes of buffers,
// in which subsections were saved, and in which of the queues inside them were
// empty. A known element says which integer holds which size; else it is one
// of the unsigned integers before the buffer. It returns why there is none.
func (t *describer) unify(bodies []*model.Schema) (*model.Schema, string) {
	first := bodies[0]
	e := &model.Schema{Name: first.Name, Version: first.Version, Fields: slices.Clone(first.Fields)}
	for n, b := range bodies {
		if b.Name != e.Name || b.Version != e.Version || len(b.Fields) != len(e.Fields) {
			return nil, fmt.Sprintf("body %d has another name, version or number of fields", n)
		}
	}
	for i := range e.Fields {
		f := &e.Fields[i]
		if k, ok := t.known[fieldKey{first, f.Name}]; ok {
			t.known[fieldKey{e, f.Name}] = k
		}
		if why := t.unifyField(e, i, bodies); why != "" {
			return nil, fmt.Sprintf("field %s: %s", f.Name, why)
		}
	}
	for _, b := range bodies {
		for _, s := range b.Subsections {
			if slices.ContainsFunc(e.Subsections, func(x *model.Schema) bool { return x.Name == s.Name }) {
				continue
			}
			sub, why := t.unify(subsections(bodies, s.Name))
			if why != "" {
				return nil, fmt.Sprintf("subsection %s: %s", s.Name, why)
			}
			e.Subsections = append(e.Subsections, sub)
		}
	}
	return e, ""
}

// subsections gives those of a name that the bodies have.
func subsections(bodies []*model.Schema, name string) []*model.Schema {
	var list []*model.Schema
	for _, b := range bodies {
		for _, s := range b.Subsections {
			if s.Name == name {
				list = append(list, s)
			}
		}
	}
	return list
}

// unifyField settles field i of e.
func (t *describer) unifyField(e *model.Schema, i int, bodies []*model.Schema) string {
	f := &e.Fields[i]
	varies := false
	var elems, keys []*model.Schema
	for n, b := range bodies {
		g := b.Fields[i]
		if f.Type == model.TypeBuffer && g.Type == model.TypeBuffer {
			varies = varies || f.Size != g.Size
			g.Size = f.Size
		}
		if g.Elem != nil && g.Elem != undescribed {
			elems = append(elems, g.Elem)
			if g.Key != nil {
				keys = append(keys, g.Key)
			}
		}
		g.Elem, g.Key = f.Elem, f.Key
		if !reflect.DeepEqual(g, *f) {
			return fmt.Sprintf("body %d has another one", n)
		}
	}
	if f.Type == model.TypeTree && len(elems) > 0 {
		if len(keys) > 0 && len(keys) < len(elems) {
			return "keys that are numbers, and others"
		}
		f.Key = nil
		if len(keys) > 0 {
			var why string
			if f.Key, why = t.unify(keys); why != "" {
				return why
			}
		}
	}
	if len(elems) > 0 {
		if slices.Equal(elems, t.elems) { // elements of one run
			f.Elem = t.unified
			return ""
		}
		var why string
		f.Elem, why = t.unify(elems)
		t.elems, t.unified = elems, f.Elem
		return why
	}
	from := knownSizes[e.Name][f.Name]
	if f.Type != model.TypeBuffer || !varies && from == "" {
		return ""
	}
	var integers []string
	for j := range i {
		g := &e.Fields[j]
		if g.Type >= model.TypeUint8 && g.Type <= model.TypeUint64 && !g.Array && (from == "" || from == g.Name) {
			integers = append(integers, g.Name)
		}
	}
	if len(integers) == 0 {
		return "no integer before it holds its size"
	}
	f.Size, f.SizeFrom = 0, integers[t.choose(len(integers))]
	return ""
}

// choose takes the one of n possibilities that this reading stands for.
func (t *describer) choose(n int) int {
	if t.out.Choices*n > maxChoices {
		return n - 1
	}
	t.out.Choices *= n
	k := t.choice % n
	t.choice /= n
	return k
}

// alike says whether two schemas stand for the same bytes, but for the
// subsections, of which a description has those that were saved.
func alike(a, b *model.Schema) bool {
	return a.Name == b.Name && a.Version == b.Version &&
		slices.EqualFunc(a.Fields, b.Fields, func(f, g model.Field) bool {
			same := (f.Elem == nil) == (g.Elem == nil) && (f.Elem == nil || alike(f.Elem, g.Elem))
			f.Elem, g.Elem = nil, nil
			return same && reflect.DeepEqual(f, g)
		})
}
