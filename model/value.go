package model

import "bytes"

// Zero returns the value of memory before a load: integers Local or 0, buffers
// Size zero bytes, bitmaps as many words as Size asks for, fixed arrays of Count
// such values; what is counted by the state is empty, unless it has Room: then it
// is zeros, as many as the member says. Queues, lists and trees are empty, NULL is
// what Null names and every element of a Marked array, no subsection is present.
func Zero(s *Schema) *Struct {
	v := fresh(s)
	for i := range s.Fields {
		if v.Fields[i] == nil {
			v.Fields[i] = s.zeroField(&s.Fields[i], v)
		}
	}
	return v
}

// fresh returns a Struct of s's shape. What a condition or a count may ask for
// is there as before a load; other fields are yet to be filled in.
func fresh(s *Schema) *Struct {
	v := &Struct{Fields: make([]Value, len(s.Fields)), Subs: make([]*Struct, len(s.Subsections))}
	for i := range s.Fields {
		if f := &s.Fields[i]; !f.Array && (f.Type == TypeBool || f.Type.isNumber()) {
			v.Fields[i] = zeroOne(f)
		}
	}
	return v
}

// zeroField returns what f holds in v before it is loaded.
func (s *Schema) zeroField(f *Field, v *Struct) Value {
	n := 0
	if f.counter() == "" || f.Room > 0 {
		n, _ = s.length(f, v)
	}
	switch {
	case f.Array:
		l := make(List, n)
		for i := range l {
			if f.Marked || f.nullAt(i) {
				l[i] = Null{}
			} else {
				l[i] = zeroOne(f)
			}
		}
		return l
	case f.Type == TypeBuffer:
		return make(Bytes, n)
	case f.Type == TypeBitmap:
		l := make(List, words(n))
		for i := range l {
			l[i] = Uint(0)
		}
		return l
	}
	return zeroOne(f)
}

// zeroOne returns a single value of f's type as it is before a load. The type
// is not a buffer or a bitmap.
func zeroOne(f *Field) Value {
	switch f.Type {
	case TypeBool:
		return Bool(f.Local != 0)
	case TypeStruct, TypeVStruct, TypeTmp:
		return Zero(f.Elem)
	case TypeQueue, TypeList:
		return List{}
	case TypeTree:
		return Tree{}
	case TypeUnused, TypeNull, TypeValidate:
		return Null{}
	}
	if f.Type.info().signed {
		return Int(f.Local)
	}
	return Uint(f.Local)
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
	case Tree:
		b, ok := b.(Tree)
		return ok && equalTrees(a, b)
	case *Struct:
		b, ok := b.(*Struct)
		return ok && equalStructs(a, b)
	}
	switch b.(type) {
	case Bytes, List, Tree: // not comparable with ==
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

func equalTrees(a, b Tree) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i].Key, b[i].Key) || !equalStructs(a[i].Value, b[i].Value) {
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

// clone copies v, so that what is loaded over the copy leaves v alone.
func (v *Struct) clone() *Struct {
	c := &Struct{Fields: make([]Value, len(v.Fields)), Subs: make([]*Struct, len(v.Subs))}
	for i, x := range v.Fields {
		c.Fields[i] = cloneValue(x)
	}
	for i, sub := range v.Subs {
		if sub != nil {
			c.Subs[i] = sub.clone()
		}
	}
	return c
}

func cloneValue(v Value) Value {
	switch v := v.(type) {
	case *Struct:
		return v.clone()
	case Bytes:
		return append(Bytes{}, v...)
	case List:
		l := make(List, len(v))
		for i, x := range v {
			l[i] = cloneValue(x)
		}
		return l
	case Tree:
		t := make(Tree, len(v))
		for i, p := range v {
			t[i] = Pair{Key: cloneValue(p.Key), Value: p.Value.clone()}
		}
		return t
	}
	return v
}
