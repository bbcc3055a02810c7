package model

import (
	"encoding/binary"

	"vmconform/rules"
)

// Encode saves v, a value of s, at the given version: the fields whose Version
// is at most that, or whose condition holds; structs, elements, keys and
// subsections at their own Version, a vstruct at its StructVersion. Every error
// is a *rules.Error whose offset is the number of bytes written so far, and
// comes with those bytes. A value that s cannot hold is out-of-range.
//
// Source: wire-format.md §3 and rules/fine-points.md, "Saving".
func Encode(s *Schema, v *Struct, version uint32) ([]byte, error) {
	e := &encoder{}
	if class := s.refuses(version); class != "" {
		return nil, e.fail(class, rules.VersionRange, s.Name)
	}
	err := e.vmsd(s, v, version)
	return e.out, err
}

type encoder struct {
	out   []byte
	trail trail
}

func (e *encoder) vmsd(s *Schema, v *Struct, version uint32) error {
	if v == nil || len(v.Fields) != len(s.Fields) || len(v.Subs) != len(s.Subsections) {
		return e.misfit("value has not the shape of " + s.Name)
	}
	if err := e.hook(s.Hooks.PreSave, s, v, "pre_save"); err != nil {
		return err
	}
	for i := range s.Fields {
		e.trail.push(s.Fields[i].Name)
		if err := e.member(s, i, v, version); err != nil {
			return err
		}
		e.trail.pop()
	}
	for i, sub := range s.Subsections {
		if v.Subs[i] == nil {
			continue
		}
		e.trail.push(sub.Name)
		e.out = append(e.out, subsectionMark, byte(len(sub.Name)))
		e.out = append(e.out, sub.Name...)
		e.out = binary.BigEndian.AppendUint32(e.out, sub.Version)
		if err := e.vmsd(sub, v.Subs[i], sub.Version); err != nil {
			return err
		}
		e.trail.pop()
	}
	return e.hook(s.Hooks.PostSave, s, v, "post_save")
}

// hook fails where hook, of s, does not hold.
func (e *encoder) hook(hook *Condition, s *Schema, v *Struct, name string) error {
	if !hook.Holds(s, v) {
		return e.fail(rules.Hook, rules.HookSucceeds, name+" of "+s.Name)
	}
	return nil
}

// member writes field i of s, unless it is not to be on the wire.
func (e *encoder) member(s *Schema, i int, v *Struct, version uint32) error {
	f := &s.Fields[i]
	there := s.onWire(f, v, version)
	switch {
	case f.Type == TypeValidate && !there:
		return e.fail(rules.OutOfRange, rules.Validate, "what is validated does not hold")
	case !there && f.Must:
		return e.fail(rules.MissingField, rules.MustExist, "the field is not to be on the wire")
	case !there:
		return nil
	}
	return e.field(s, f, v, v.Fields[i])
}

func (e *encoder) field(s *Schema, f *Field, v *Struct, x Value) error {
	n, ok := s.length(f, v)
	if !f.Array {
		return e.one(f, x, n, ok)
	}
	l, isList := x.(List)
	if !isList {
		return e.misfit("value is no array")
	}
	if !ok || len(l) != n {
		return e.fail(rules.OutOfRange, rules.CountRange, "array has not the number of elements that it is to have")
	}
	for i, x := range l {
		e.trail.pushIndex(i)
		if err := e.element(f, i, x); err != nil {
			return err
		}
		e.trail.pop()
	}
	return nil
}

// element writes element i of an array, with the 30 or 31 that a pointer has.
func (e *encoder) element(f *Field, i int, x Value) error {
	_, null := x.(Null)
	switch {
	case !f.Pointers:
	case null != f.nullAt(i) && !f.Marked:
		return e.misfit("NULL in the value, or in memory, but not in both")
	case null:
		e.out = append(e.out, nullMarker)
		return nil
	case f.Marked:
		e.out = append(e.out, validMarker)
	}
	return e.one(f, x, 0, true)
}

// one writes a single value of f's type; n is the size of a buffer or unused in
// bytes, of a bitmap in bits, ok says whether there is such a size.
func (e *encoder) one(f *Field, x Value, n int, ok bool) error {
	switch x := x.(type) {
	case Bool:
		if f.Type == TypeBool {
			var b byte
			if x {
				b = 1
			}
			e.out = append(e.out, b)
			return nil
		}
	case Int:
		return e.integer(f, x, uint64(x))
	case Uint:
		return e.integer(f, x, uint64(x))
	case Bytes:
		if f.Type == TypeBuffer {
			if !ok || len(x) != n {
				return e.fail(rules.OutOfRange, rules.CountRange, "buffer has not the size that it is to have")
			}
			e.out = append(e.out, x...)
			return nil
		}
	case Null:
		switch f.Type {
		case TypeNull:
			e.out = append(e.out, nullMarker)
			return nil
		case TypeUnused:
			e.out = append(e.out, make([]byte, n)...)
			return nil
		case TypeValidate:
			return nil
		}
	case *Struct:
		switch f.Type {
		case TypeStruct, TypeTmp:
			return e.vmsd(f.Elem, x, f.Elem.Version)
		case TypeVStruct:
			if class := f.Elem.refuses(f.StructVersion); class != "" {
				return e.fail(class, rules.VersionRange, f.Elem.Name)
			}
			return e.vmsd(f.Elem, x, f.StructVersion)
		}
	case List:
		switch {
		case f.Type.isQueue():
			return e.queue(f, x)
		case f.Type == TypeBitmap:
			return e.bitmap(x, n, ok)
		}
	case Tree:
		if f.Type == TypeTree {
			return e.tree(f, x)
		}
	}
	return e.misfit("value is no " + f.Type.String())
}

// integer writes x, an Int or Uint whose bits are u.
func (e *encoder) integer(f *Field, x Value, u uint64) error {
	info := f.Type.info()
	if !f.Type.isNumber() {
		return e.misfit("value is no " + info.name)
	}
	b := binary.BigEndian.AppendUint64(nil, u)[8-info.size:]
	if integer(b, info.signed) != x {
		return e.misfit("number is no " + info.name)
	}
	e.out = append(e.out, b...)
	return nil
}

// bitmap writes the words of a bitmap of n bits.
func (e *encoder) bitmap(l List, n int, ok bool) error {
	if !ok || len(l) != words(n) {
		return e.fail(rules.OutOfRange, rules.CountRange, "bitmap has not the words that it is to have")
	}
	out := e.out
	for _, x := range l {
		u, isWord := x.(Uint)
		if !isWord {
			return e.misfit("value is no word")
		}
		out = binary.BigEndian.AppendUint64(out, uint64(u))
	}
	e.out = out
	return nil
}

func (e *encoder) queue(f *Field, l List) error {
	for i, x := range l {
		e.trail.pushIndex(i)
		e.out = append(e.out, 1)
		v, _ := x.(*Struct)
		elem := f.elem(i)
		if err := e.vmsd(elem, v, elem.Version); err != nil {
			return err
		}
		e.trail.pop()
	}
	e.out = append(e.out, 0)
	return nil
}

// tree writes t, whose pairs have to be in the order of what their keys are on
// the wire.
func (e *encoder) tree(f *Field, t Tree) error {
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(len(t)))
	previous := ""
	for i, p := range t {
		e.trail.pushIndex(i)
		marker := len(e.out)
		e.out = append(e.out, 1)
		if err := e.key(f, p.Key); err != nil {
			return err
		}
		order := string(e.out[marker+1:])
		if i > 0 && order <= previous {
			e.out = e.out[:marker]
			return e.fail(rules.BadLink, rules.TreeSorted, "the key is not above the one before")
		}
		previous = order
		if err := e.vmsd(f.Elem, p.Value, f.Elem.Version); err != nil {
			return err
		}
		e.trail.pop()
	}
	e.out = append(e.out, 0)
	return nil
}

func (e *encoder) key(f *Field, key Value) error {
	if f.Key != nil {
		k, _ := key.(*Struct)
		return e.vmsd(f.Key, k, f.Key.Version)
	}
	k, ok := key.(Uint)
	if !ok {
		return e.misfit("key is no number")
	}
	e.out = binary.BigEndian.AppendUint64(e.out, uint64(k))
	return nil
}

func (e *encoder) misfit(detail string) error {
	return e.fail(rules.OutOfRange, rules.RoundTrip, detail)
}

func (e *encoder) fail(class rules.Class, rule rules.ID, detail string) error {
	return &rules.Error{Class: class, Offset: int64(len(e.out)), Path: e.trail.String(), Rule: rule, Detail: detail}
}
