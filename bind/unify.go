package bind

import (
	"fmt"

	"vmconform/model"
)

// unify makes one schema of the bodies that a description gives for the
// elements of a queue: they are equal, or differ only in the sizes of buffers
// and in which subsections were saved. A known element says which integer
// holds which size; else it is one of the unsigned integers before the buffer.
// It returns why there is none.
func (t *describer) unify(bodies []*model.Schema) (*model.Schema, string) {
	first := bodies[0]
	e := &model.Schema{Name: first.Name, Version: first.Version, Fields: append([]model.Field(nil), first.Fields...)}
	varies := make([]bool, len(e.Fields))
	seen := map[string]*model.Schema{}
	for n, b := range bodies {
		if b.Name != e.Name || b.Version != e.Version || len(b.Fields) != len(e.Fields) {
			return nil, fmt.Sprintf("body %d has another name, version or number of fields", n)
		}
		for i := range b.Fields {
			f, g := &e.Fields[i], &b.Fields[i]
			if f.Type == model.TypeBuffer && g.Type == model.TypeBuffer && f.Name == g.Name && f.Info == g.Info {
				varies[i] = varies[i] || f.Size != g.Size
				continue
			}
			if !sameField(f, g) {
				return nil, fmt.Sprintf("field %s of body %d is another one", g.Name, n)
			}
		}
		for _, s := range b.Subsections {
			switch have := seen[s.Name]; {
			case have == nil:
				seen[s.Name] = s
				e.Subsections = append(e.Subsections, s)
			case !alike(have, s):
				return nil, fmt.Sprintf("subsection %s of body %d is another one", s.Name, n)
			}
		}
	}
	known := knownSizes[e.Name]
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Type != model.TypeBuffer {
			continue
		}
		var from []string
		for j := range i {
			g := &e.Fields[j]
			if g.Type >= model.TypeUint8 && g.Type <= model.TypeUint64 && !g.Array && (known[f.Name] == "" || known[f.Name] == g.Name) {
				from = append(from, g.Name)
			}
		}
		switch {
		case known[f.Name] == "" && !varies[i]:
			continue
		case len(from) == 0:
			return nil, fmt.Sprintf("no integer before %s holds its size", f.Name)
		}
		f.Size, f.SizeFrom = 0, t.choose(from)
	}
	return e, ""
}

// choose takes the member of list that this reading stands for.
func (t *describer) choose(list []string) string {
	if t.out.Choices*len(list) > maxChoices {
		return list[len(list)-1]
	}
	t.out.Choices *= len(list)
	k := t.choice % len(list)
	t.choice /= len(list)
	return list[k]
}

// alike says whether two schemas stand for the same bytes.
func alike(a, b *model.Schema) bool {
	if a.Name != b.Name || a.Version != b.Version || len(a.Fields) != len(b.Fields) || len(a.Subsections) != len(b.Subsections) {
		return false
	}
	for i := range a.Fields {
		if !sameField(&a.Fields[i], &b.Fields[i]) {
			return false
		}
	}
	for i := range a.Subsections {
		if !alike(a.Subsections[i], b.Subsections[i]) {
			return false
		}
	}
	return true
}

func sameField(a, b *model.Field) bool {
	if a.Elem != nil && b.Elem != nil && a.Elem != b.Elem && !alike(a.Elem, b.Elem) {
		return false
	}
	x, y := *a, *b
	x.Elem, y.Elem = nil, nil
	return x == y && (a.Elem == nil) == (b.Elem == nil)
}
