package props

import (
	"slices"

	"vmconform/model"
)

// A copier copies values with a change. Every function may be nil.
type copier struct {
	before func(s *model.Schema, v *model.Struct) // a struct, before it is copied
	after  func(s *model.Schema, v *model.Struct) // its copy
	// At is asked for each place where a change is possible.
	at      func() bool
	element bool // take elements and pairs away
	leaf    bool // make leaves zero
}

// vmsd copies a value of s.
func (c copier) vmsd(s *model.Schema, v *model.Struct) *model.Struct {
	if c.before != nil {
		c.before(s, v)
	}
	out := &model.Struct{Fields: make([]model.Value, len(v.Fields)), Subs: make([]*model.Struct, len(v.Subs))}
	for i, x := range v.Fields {
		out.Fields[i] = c.field(&s.Fields[i], x)
	}
	for i, sub := range v.Subs {
		if sub != nil {
			out.Subs[i] = c.vmsd(s.Subsections[i], sub)
		}
	}
	if c.after != nil {
		c.after(s, out)
	}
	return out
}

func (c copier) field(f *model.Field, x model.Value) model.Value {
	if l, ok := x.(model.List); ok && f.Array {
		out := model.List{}
		for _, x := range l {
			out = append(out, c.one(f, x))
		}
		return out
	}
	return c.one(f, x)
}

func (c copier) one(f *model.Field, x model.Value) model.Value {
	switch x := x.(type) {
	case *model.Struct:
		return c.vmsd(f.Elem, x)
	case model.List:
		if f.Type == model.TypeBitmap {
			return c.zero(f, x)
		}
		out := model.List{}
		for i, e := range x {
			if !c.element || !c.at() {
				out = append(out, c.vmsd(elemOf(f, i), e.(*model.Struct)))
			}
		}
		return out
	case model.Tree:
		out := model.Tree{}
		for _, pair := range x {
			if c.element && c.at() {
				continue
			}
			key := pair.Key
			if k, ok := key.(*model.Struct); ok {
				key = c.vmsd(f.Key, k)
			}
			out = append(out, model.Pair{Key: key, Value: c.vmsd(f.Elem, pair.Value)})
		}
		return out
	}
	return c.zero(f, x)
}

// zero is x, or what it is of nothing.
func (c copier) zero(f *model.Field, x model.Value) model.Value {
	if !c.leaf {
		return x
	}
	var zero model.Value
	switch x := x.(type) {
	case model.Bool:
		zero = model.Bool(false)
	case model.Int:
		zero = model.Int(0)
	case model.Uint:
		zero = model.Uint(0)
	case model.Bytes:
		zero = make(model.Bytes, len(x))
	case model.List: // a bitmap's words
		words := slices.Clone(x)
		for i := range words {
			words[i] = model.Uint(0)
		}
		zero = words
	default:
		return x
	}
	if model.Equal(zero, x) || !c.at() {
		return x
	}
	return zero
}

// elemOf gives the vmsd of an element of a queue or list.
func elemOf(f *model.Field, place int) *model.Schema {
	if place < len(f.Elems) {
		return f.Elems[place]
	}
	return f.Elem
}
