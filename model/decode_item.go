package model

import (
	"slices"

	"vmconform/rules"
)

// What stands on the wire for a pointer that is NULL, and before what one that
// is not points to, if the array is Marked.
const (
	nullMarker  = 0x30
	validMarker = 0x31
)

// take returns the next n bytes, which are one item; missing is the rule that
// an input without them breaks.
func (d *decoder) take(n int, missing rules.ID) ([]byte, error) {
	if int64(d.pos)+int64(n) > d.limits.Bytes {
		return nil, d.fail(rules.Limit, d.pos, rules.Bounded, "item ends beyond the byte limit")
	}
	if n > len(d.in)-d.pos {
		return nil, d.fail(rules.Truncated, len(d.in), missing, "input ends")
	}
	d.pos += n
	return d.in[d.pos-n : d.pos], nil
}

// leafItem loads what is one item: an integer, a bool, a NULL, n bytes of
// buffer or unused, or a bitmap of n bits. It is loaded over old, nil for fresh
// memory; its span begins at offset from.
func (d *decoder) leafItem(f *Field, n int, old Value, kind SpanKind, from int) (Value, error) {
	at, info := d.pos, f.Type.info()
	switch {
	case info.size != 0:
		n = info.size
	case f.Type == TypeBitmap:
		n = 8 * words(n)
	}
	b, err := d.take(n, rules.ItemComplete)
	if err != nil {
		return nil, err
	}
	var v Value
	switch f.Type {
	case TypeBool:
		if b[0] > 1 {
			d.note(rules.BoolCanonical, at, "bool is neither 00 nor 01")
		}
		v = Bool(b[0] != 0)
	case TypeBuffer:
		v = append(Bytes{}, b...)
	case TypeUnused:
		if i := slices.IndexFunc(b, func(c byte) bool { return c != 0 }); i >= 0 {
			d.note(rules.UnusedZero, at+i, "unused byte is not 00")
		}
		v = Null{}
	case TypeNull:
		if b[0] != nullMarker {
			return nil, d.fail(rules.Mismatch, at, rules.NullMarker, "not a NULL marker")
		}
		v = Null{}
	case TypeBitmap:
		l := List{}
		for word := range slices.Chunk(b, 8) {
			l = append(l, integer(word, false))
		}
		v = l
	default:
		v = integer(b, info.signed)
		if err := d.compare(f, v, old, at); err != nil {
			return nil, err
		}
	}
	d.leaf(kind, f, d.trail, from, d.pos-from, v)
	return v, nil
}

// compare holds v, which stands at offset at, against what is in memory, where
// f's type asks for that. old is nil for fresh memory.
func (d *decoder) compare(f *Field, v, old Value, at int) error {
	if f.Type.info().kind != kindCompared {
		return nil
	}
	if old == nil {
		old = zeroOne(f)
	}
	if f.Type != TypeInt32LE {
		if v != old {
			return d.fail(rules.Mismatch, at, rules.EqualValue, spell(v)+", in memory "+spell(old))
		}
		return nil
	}
	if v, most := v.(Int), old.(Int); v < 0 || v > most {
		return d.fail(rules.OutOfRange, at, rules.Int32LE, spell(v)+", at most "+spell(most))
	}
	return nil
}

// integer reads b, of 1 to 8 bytes, as one big-endian number.
func integer(b []byte, signed bool) Value {
	var u uint64
	for _, c := range b {
		u = u<<8 | uint64(c)
	}
	if !signed {
		return Uint(u)
	}
	unused := 64 - 8*len(b)
	return Int(int64(u<<unused) >> unused)
}

// countElement counts an element, whose item stands at offset at, against the
// limit.
func (d *decoder) countElement(at int) error {
	if d.elements >= d.limits.Elements {
		return d.fail(rules.Limit, at, rules.Bounded, "too many elements")
	}
	d.elements++
	return nil
}

// checkVersion refuses a version outside s's range.
func (d *decoder) checkVersion(s *Schema, version uint32, rule rules.ID, at int) error {
	if class := s.refuses(version); class != "" {
		return d.fail(class, at, rule, s.Name)
	}
	return nil
}

// refuses returns the class of error that version is to s, "" for none. Too
// new is tested first.
func (s *Schema) refuses(version uint32) rules.Class {
	switch {
	case version > s.Version:
		return rules.VersionTooNew
	case version < s.Minimum:
		return rules.VersionTooOld
	}
	return ""
}

func (d *decoder) fail(class rules.Class, at int, rule rules.ID, detail string) error {
	return &rules.Error{Class: class, Offset: int64(at), Path: d.trail.String(), Rule: rule, Detail: detail}
}

func (d *decoder) note(rule rules.ID, at int, detail string) {
	if d.paths > rules.MaxNotePaths {
		return
	}
	path := d.trail.String()
	if d.paths += len(path); d.paths <= rules.MaxNotePaths {
		d.notes = append(d.notes, rules.Note{Rule: rule, Offset: int64(at), Path: path, Detail: detail})
	}
}
