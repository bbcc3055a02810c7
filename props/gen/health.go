package gen

import (
	"math/bits"

	"vmconform/model"
)

// Health says what the cases of a run hold: whether a generator draws enough of
// everything. The zero value has seen none.
type Health struct {
	Cases    int
	Labels   map[string]int // cases that hold what the label says, by label
	Depth    []int          // cases by how many vmsds stand inside each other in the value; [1] is the top one alone
	Elements []int          // cases by their elements of queues, lists and trees: [0] none, [k] from 2^(k-1) to 2^k-1
	Bytes    []int          // cases by the bytes of their stream, in the same way
}

// Add takes a case in.
func (h *Health) Add(c Case) {
	h.Cases++
	w := walker{has: map[string]bool{}}
	w.vmsd(c.Schema, c.Value, c.Version, 0, 1)
	stream, err := model.Encode(c.Schema, c.Value, c.Version)
	w.label("model refuses to save", err != nil)
	if h.Labels == nil {
		h.Labels = map[string]int{}
	}
	for label := range w.has {
		h.Labels[label]++
	}
	count(&h.Depth, w.depth)
	count(&h.Elements, bits.Len(uint(w.elements)))
	count(&h.Bytes, bits.Len(uint(len(stream))))
}

// Merge takes in what another one has seen.
func (h *Health) Merge(o Health) {
	h.Cases += o.Cases
	if h.Labels == nil {
		h.Labels = map[string]int{}
	}
	for label, n := range o.Labels {
		h.Labels[label] += n
	}
	for _, pair := range []struct{ to, from *[]int }{{&h.Depth, &o.Depth}, {&h.Elements, &o.Elements}, {&h.Bytes, &o.Bytes}} {
		for i, n := range *pair.from {
			grow(pair.to, i)
			(*pair.to)[i] += n
		}
	}
}

func count(list *[]int, i int) {
	grow(list, i)
	(*list)[i]++
}

func grow(list *[]int, i int) {
	for len(*list) <= i {
		*list = append(*list, 0)
	}
}

// A walker labels what the value of a case holds.
type walker struct {
	has      map[string]bool
	depth    int
	elements int
}

func (w *walker) label(label string, holds bool) {
	if holds {
		w.has[label] = true
	}
}

// vmsd walks a value of s that is saved at a version, with the number of queues,
// lists and trees that it stands in, and of vmsds down to it.
func (w *walker) vmsd(s *model.Schema, v *model.Struct, version uint32, queues, depth int) {
	w.depth = max(w.depth, depth)
	w.label("pre_load", s.Hooks.PreLoad != nil)
	w.label("post_load", s.Hooks.PostLoad != nil)
	w.label("pre_save", s.Hooks.PreSave != nil)
	w.label("post_save", s.Hooks.PostSave != nil)
	for i, x := range v.Fields {
		f := &s.Fields[i]
		w.label("condition", f.When != nil && !f.Must && f.Type != model.TypeValidate)
		if !present(f, s, v, version) {
			continue
		}
		w.field(f)
		w.label("self-reference", f.Elem == s)
		each(f, x, func(x model.Value) { w.value(f, x, queues, depth) })
	}
	for i, sub := range v.Subs {
		if sub != nil {
			w.label("subsection", true)
			w.label("subsection in a queue", queues > 0)
			w.vmsd(s.Subsections[i], sub, s.Subsections[i].Version, queues, depth+1)
		}
	}
}

// field labels what a field of the schema is.
func (w *walker) field(f *model.Field) {
	w.has["type "+f.Type.String()] = true
	w.label("array", f.Array)
	w.label("counted array", f.CountFrom != "")
	w.label("counted buffer", f.SizeFrom != "" && f.Type == model.TypeBuffer)
	w.label("room", f.Room > 0)
	w.label("multiplied", f.Times > 1)
	w.label("pointers", f.Pointers && !f.Marked)
	w.label("marked", f.Marked)
	w.label("must", f.Must)
	w.label("local", f.Local != 0)
	w.label("unlike elements", f.Elems != nil)
	w.label("direct keys", f.Type == model.TypeTree && f.Key == nil)
	w.label("keys", f.Key != nil)
	w.label("array of queues", f.Array && f.Type == model.TypeQueue)
}

// value walks one value of a field's type.
func (w *walker) value(f *model.Field, x model.Value, queues, depth int) {
	inside := func(place int, e *model.Struct) {
		elem := elemOf(f, place)
		w.elements++
		b, err := model.Encode(elem, e, elem.Version)
		w.label("element begins with 05", err == nil && len(b) > 0 && b[0] == 5)
		w.vmsd(elem, e, elem.Version, queues+1, depth+1)
	}
	switch x := x.(type) {
	case model.Null:
		w.label("NULL", f.Pointers)
	case *model.Struct:
		at := f.Elem.Version
		if f.Type == model.TypeVStruct {
			at = f.StructVersion
		}
		w.vmsd(f.Elem, x, at, queues, depth+1)
	case model.List:
		if len(x) == 0 || f.Type == model.TypeBitmap {
			return
		}
		w.label("queue", true)
		w.label("two elements", len(x) == 2)
		w.label("queue in a queue", queues >= 1)
		w.label("three deep", queues >= 2)
		for i, e := range x {
			inside(i, e.(*model.Struct))
		}
	case model.Tree:
		w.label("pair", len(x) > 0)
		for _, p := range x {
			inside(len(f.Elems), p.Value)
		}
	}
}

// each calls f with the elements of an array or with the one value of what is
// no array.
func each(f *model.Field, x model.Value, do func(model.Value)) {
	if !f.Array {
		do(x)
		return
	}
	for _, x := range x.(model.List) {
		do(x)
	}
}
