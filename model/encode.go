package model

import (
	"encoding/binary"

	"vmconform/rules"
)

// Encode saves v, a value of s, at the given version: the fields whose Version
// is at most that; structs, queue elements and subsections at their own
// Version. Every error is a *rules.Error whose offset is the number of bytes
// written so far, and comes with those bytes. A value that s cannot hold is
// out-of-range.
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
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Version > version {
			continue
		}
		e.trail.push(f.Name)
		if err := e.field(s, f, v, v.Fields[i]); err != nil {
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
	return nil
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
		if err := e.one(f, x, n, ok); err != nil {
			return err
		}
		e.trail.pop()
	}
	return nil
}

// one writes a single value of f's type; n is the size of a buffer or unused,
// ok says whether there is such a size.
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
		}
	case *Struct:
		if f.Type == TypeStruct {
			return e.vmsd(f.Elem, x, f.Elem.Version)
		}
	case List:
		if f.Type == TypeQueue {
			return e.queue(f, x)
		}
	}
	return e.misfit("value is no " + f.Type.String())
}

// integer writes x, an Int or Uint whose bits are u.
func (e *encoder) integer(f *Field, x Value, u uint64) error {
	info := f.Type.info()
	if info.kind != kindInteger {
		return e.misfit("value is no " + info.name)
	}
	b := binary.BigEndian.AppendUint64(nil, u)[8-info.size:]
	if integer(b, info.signed) != x {
		return e.misfit("number is no " + info.name)
	}
	e.out = append(e.out, b...)
	return nil
}

func (e *encoder) queue(f *Field, l List) error {
	for i, x := range l {
		e.trail.pushIndex(i)
		e.out = append(e.out, 1)
		v, _ := x.(*Struct)
		if err := e.vmsd(f.Elem, v, f.Elem.Version); err != nil {
			return err
		}
		e.trail.pop()
	}
	e.out = append(e.out, 0)
	return nil
}

func (e *encoder) misfit(detail string) error {
	return e.fail(rules.OutOfRange, rules.RoundTrip, detail)
}

func (e *encoder) fail(class rules.Class, rule rules.ID, detail string) error {
	return &rules.Error{Class: class, Offset: int64(len(e.out)), Path: e.trail.String(), Rule: rule, Detail: detail}
}
