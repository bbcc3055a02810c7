package model

import "bytes"

// Zero returns the value of fresh zeroed memory: integers 0, buffers Size zero
// bytes (none with SizeFrom), fixed arrays of Count zeros, arrays with
// CountFrom and queues empty, no subsection present.
func Zero(s *Schema) *Struct {
	v := fresh(s)
	for i := range s.Fields {
		v.Fields[i] = zeroField(&s.Fields[i])
	}
	return v
}

// fresh returns a Struct of s's shape whose fields are yet to be filled in.
func fresh(s *Schema) *Struct {
	return &Struct{Fields: make([]Value, len(s.Fields)), Subs: make([]*Struct, len(s.Subsections))}
}

func zeroField(f *Field) Value {
	if !f.Array {
		return zeroOne(f)
	}
	if f.CountFrom != "" {
		return List{}
	}
	l := make(List, f.Count)
	for i := range l {
		l[i] = zeroOne(f)
	}
	return l
}

func zeroOne(f *Field) Value {
	switch f.Type {
	case TypeBool:
		return Bool(false)
	case TypeBuffer:
		if f.SizeFrom != "" {
			return Bytes{}
		}
		return make(Bytes, f.Size)
	case TypeStruct:
		return Zero(f.Elem)
	case TypeQueue:
		return List{}
	case TypeUnused, TypeNull:
		return Null{}
	}
	if f.Type.info().signed {
		return Int(0)
	}
	return Uint(0)
}

// Equal says whether a and b are the same value: of the same kind and, for
// containers, with equal parts in the same order. A nil slice equals an empty
// one; a subsection that is absent equals only an absent one.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case Bytes:
		b, ok := b.(Bytes)
		return ok && bytes.Equal(a, b)
	case List:
		b, ok := b.(List)
		return ok && equalValues(a, b)
	case *Struct:
		b, ok := b.(*Struct)
		return ok && equalStructs(a, b)
	}
	switch b.(type) {
	case Bytes, List: // not comparable with ==
		return false
	}
	return a == b
}

func equalValues(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalStructs(a, b *Struct) bool {
	if a == nil || b == nil {
		return a == b
	}
	if !equalValues(a.Fields, b.Fields) || len(a.Subs) != len(b.Subs) {
		return false
	}
	for i := range a.Subs {
		if !equalStructs(a.Subs[i], b.Subs[i]) {
			return false
		}
	}
	return true
}
