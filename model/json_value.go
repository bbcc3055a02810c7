package model

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MarshalValue writes v, a value of s, in the JSON form that json.go
// describes. It asks no more than that each part be of the kind that s says: a
// number outside its type or an array of another length is written as it is,
// so that a case may hold what Encode is to refuse.
func MarshalValue(s *Schema, v *Struct) ([]byte, error) {
	w := valueWriter{}
	if err := w.structs(s, v); err != nil {
		return nil, fmt.Errorf("value of %q: %q: %w", s.Name, w.trail.String(), err)
	}
	return w.out, nil
}

type valueWriter struct {
	out   []byte
	trail trail
}

func (w *valueWriter) structs(s *Schema, v *Struct) error {
	if !shaped(s, v) {
		return fmt.Errorf("value has not the shape of %q", s.Name)
	}
	w.out = append(w.out, '{')
	first := true
	for i := range s.Fields {
		f := &s.Fields[i]
		if !f.Type.hasValue() {
			continue
		}
		w.trail.push(f.Name)
		if err := w.key(fieldKey(f.Name), first); err != nil {
			return err
		}
		first = false
		if err := w.field(f, v.Fields[i]); err != nil {
			return err
		}
		w.trail.pop()
	}
	if slices.ContainsFunc(v.Subs, func(sub *Struct) bool { return sub != nil }) {
		if err := w.subsections(s, v, first); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *valueWriter) subsections(s *Schema, v *Struct, first bool) error {
	if err := w.key(subsectionsKey, first); err != nil {
		return err
	}
	w.out = append(w.out, '{')
	first = true
	for i, sub := range s.Subsections {
		if v.Subs[i] == nil {
			continue
		}
		w.trail.push(sub.Name)
		if err := w.key(sub.Name, first); err != nil {
			return err
		}
		first = false
		if err := w.structs(sub, v.Subs[i]); err != nil {
			return err
		}
		w.trail.pop()
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *valueWriter) key(name string, first bool) error {
	if !utf8.ValidString(name) {
		return errNotUTF8
	}
	b, err := encodeJSON(name)
	if err != nil {
		return err
	}
	if !first {
		w.out = append(w.out, ',')
	}
	w.out = append(append(w.out, b...), ':')
	return nil
}

func (w *valueWriter) field(f *Field, x Value) error {
	if !f.Array {
		return w.one(f, x)
	}
	l, ok := x.(List)
	if !ok {
		return fmt.Errorf("%T is no list", x)
	}
	return w.list(len(l), func(i int) error { return w.element(f, l[i]) })
}

// list writes an array of n items.
func (w *valueWriter) list(n int, item func(i int) error) error {
	w.out = append(w.out, '[')
	for i := range n {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.trail.pushIndex(i)
		if err := item(i); err != nil {
			return err
		}
		w.trail.pop()
	}
	w.out = append(w.out, ']')
	return nil
}

// element writes one of an array.
func (w *valueWriter) element(f *Field, x Value) error {
	if _, null := x.(Null); null && f.Pointers {
		w.out = append(w.out, "null"...)
		return nil
	}
	return w.one(f, x)
}

func (w *valueWriter) one(f *Field, x Value) error {
	info := f.Type.info()
	switch v := x.(type) {
	case Bool:
		if f.Type == TypeBool {
			w.out = strconv.AppendBool(w.out, bool(v))
			return nil
		}
	case Int:
		if f.Type.isNumber() && info.signed {
			w.number(info, strconv.FormatInt(int64(v), 10))
			return nil
		}
	case Uint:
		if f.Type.isNumber() && !info.signed {
			w.number(info, strconv.FormatUint(uint64(v), 10))
			return nil
		}
	case Bytes:
		if f.Type == TypeBuffer {
			w.out = append(w.out, '"')
			w.out = base64.StdEncoding.AppendEncode(w.out, v)
			w.out = append(w.out, '"')
			return nil
		}
	case Null:
		if f.Type == TypeNull {
			w.out = append(w.out, "null"...)
			return nil
		}
	case *Struct:
		switch f.Type {
		case TypeStruct, TypeVStruct, TypeTmp:
			return w.structs(f.Elem, v)
		}
	case List:
		switch {
		case f.Type.isQueue():
			return w.list(len(v), func(i int) error {
				x, _ := v[i].(*Struct)
				return w.structs(f.elem(i), x)
			})
		case f.Type == TypeBitmap:
			return w.list(len(v), func(i int) error { return w.one(&bigNumber, v[i]) })
		}
	case Tree:
		if f.Type == TypeTree {
			return w.list(len(v), func(i int) error { return w.pair(f, v[i]) })
		}
	}
	return fmt.Errorf("%T is no %v", x, f.Type)
}

// bigNumber stands for a bitmap's word, and for a direct key.
var bigNumber = Field{Type: TypeUint64}

func (w *valueWriter) pair(f *Field, p Pair) error {
	w.out = append(w.out, `{"key":`...)
	if err := w.pairKey(f, p.Key); err != nil {
		return err
	}
	w.out = append(w.out, `,"value":`...)
	if err := w.structs(f.Elem, p.Value); err != nil {
		return err
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *valueWriter) pairKey(f *Field, key Value) error {
	if f.Key == nil {
		return w.one(&bigNumber, key)
	}
	k, _ := key.(*Struct)
	return w.structs(f.Key, k)
}

func (w *valueWriter) number(info typeInfo, digits string) {
	if info.size == 8 {
		digits = `"` + digits + `"`
	}
	w.out = append(w.out, digits...)
}

// UnmarshalValue is the inverse of MarshalValue. A field that is missing, or a
// key that is no field, is an error; what Encode judges is not judged here.
func UnmarshalValue(s *Schema, b []byte) (*Struct, error) {
	r := valueReader{}
	x, err := decodeJSON(b)
	if err == nil {
		var v *Struct
		if v, err = r.structs(s, x); err == nil {
			return v, nil
		}
	}
	return nil, fmt.Errorf("value of %q: %q: %w", s.Name, r.trail.String(), err)
}

type valueReader struct{ trail trail }

func (r *valueReader) structs(s *Schema, x any) (*Struct, error) {
	object, ok := x.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no object", jsonKind(x))
	}
	v, used := fresh(s), 0
	for i := range s.Fields {
		f := &s.Fields[i]
		if !f.Type.hasValue() {
			v.Fields[i] = Null{}
			continue
		}
		r.trail.push(f.Name)
		x, ok := object[fieldKey(f.Name)]
		if !ok {
			return nil, errors.New("missing")
		}
		used++
		var err error
		if v.Fields[i], err = r.field(f, x); err != nil {
			return nil, err
		}
		r.trail.pop()
	}
	if x, ok := object[subsectionsKey]; ok {
		used++
		if err := r.subsections(s, v, x); err != nil {
			return nil, err
		}
	}
	if used != len(object) {
		return nil, fmt.Errorf("a key that is no field of %q", s.Name)
	}
	return v, nil
}

func (r *valueReader) subsections(s *Schema, v *Struct, x any) error {
	object, ok := x.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is no object of subsections", jsonKind(x))
	}
	used := 0
	for i, sub := range s.Subsections {
		x, ok := object[sub.Name]
		if !ok {
			continue
		}
		used++
		r.trail.push(sub.Name)
		var err error
		if v.Subs[i], err = r.structs(sub, x); err != nil {
			return err
		}
		r.trail.pop()
	}
	if used != len(object) {
		return fmt.Errorf("a key that is no subsection of %q", s.Name)
	}
	return nil
}

func (r *valueReader) field(f *Field, x any) (Value, error) {
	if !f.Array {
		return r.one(f, x)
	}
	return r.list(x, func(_ int, x any) (Value, error) {
		if x == nil && f.Pointers {
			return Null{}, nil
		}
		return r.one(f, x)
	})
}

// list reads an array.
func (r *valueReader) list(x any, item func(i int, x any) (Value, error)) (Value, error) {
	items, ok := x.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no array", jsonKind(x))
	}
	l := make(List, len(items))
	for i, x := range items {
		r.trail.pushIndex(i)
		var err error
		if l[i], err = item(i, x); err != nil {
			return nil, err
		}
		r.trail.pop()
	}
	return l, nil
}

func (r *valueReader) one(f *Field, x any) (Value, error) {
	info := f.Type.info()
	switch f.Type {
	case TypeStruct, TypeVStruct, TypeTmp:
		return r.element(f.Elem, x)
	case TypeQueue, TypeList:
		return r.list(x, func(i int, x any) (Value, error) { return r.element(f.elem(i), x) })
	case TypeTree:
		return r.tree(f, x)
	case TypeBitmap:
		return r.list(x, func(_ int, x any) (Value, error) { return r.one(&bigNumber, x) })
	case TypeNull:
		if x == nil {
			return Null{}, nil
		}
	case TypeBool:
		if b, ok := x.(bool); ok {
			return Bool(b), nil
		}
	case TypeBuffer:
		if text, ok := x.(string); ok {
			b, err := base64.StdEncoding.DecodeString(text)
			return Bytes(b), err
		}
	default:
		if digits, ok := digitsOf(info, x); ok && info.signed {
			n, err := strconv.ParseInt(digits, 10, 64)
			return Int(n), err
		} else if ok {
			n, err := strconv.ParseUint(digits, 10, 64)
			return Uint(n), err
		}
	}
	return nil, fmt.Errorf("%s is no %v", jsonKind(x), f.Type)
}

// element is structs, but nothing where that fails.
func (r *valueReader) element(s *Schema, x any) (Value, error) {
	v, err := r.structs(s, x)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (r *valueReader) tree(f *Field, x any) (Value, error) {
	t := Tree{}
	_, err := r.list(x, func(_ int, x any) (Value, error) {
		p, err := r.pair(f, x)
		t = append(t, p)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (r *valueReader) pair(f *Field, x any) (p Pair, err error) {
	object, ok := x.(map[string]any)
	if !ok {
		return p, fmt.Errorf("%s is no object", jsonKind(x))
	}
	key, hasKey := object["key"]
	v, hasValue := object["value"]
	if !hasKey || !hasValue || len(object) != 2 {
		return p, errors.New("not a key and a value")
	}
	if f.Key == nil {
		p.Key, err = r.one(&bigNumber, key)
	} else {
		p.Key, err = r.element(f.Key, key)
	}
	if err == nil {
		p.Value, err = r.structs(f.Elem, v)
	}
	return p, err
}

// digitsOf returns the decimal digits of an integer: from a string if it has 64
// bits, else from a number.
func digitsOf(info typeInfo, x any) (string, bool) {
	if info.size == 8 {
		text, ok := x.(string)
		return text, ok
	}
	n, ok := x.(json.Number)
	return n.String(), ok
}

// jsonKind names what x is, for messages.
func jsonKind(x any) string {
	switch x.(type) {
	case nil:
		return "null"
	case bool:
		return "a bool"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	}
	return "an object"
}
