package model

import (
	"errors"
	"math"
	"math/rand"
	"testing"

	"vmconform/rules"
)

// An inventor makes schemas and values of which nothing is certain.
type inventor struct{ *rand.Rand }

func (r inventor) oneIn(n int) bool { return r.Intn(n) == 0 }

func pick[T any](r inventor, from ...T) T { return from[r.Intn(len(from))] }

func (r inventor) schema(depth int) *Schema {
	s := &Schema{Name: pick(r, "s", "s/a", "sb"), Version: uint32(r.Intn(3)), Minimum: uint32(r.Intn(2))}
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names[:r.Intn(len(names))] {
		s.Fields = append(s.Fields, r.field(name, depth))
	}
	for _, hook := range []**Condition{&s.Hooks.PreLoad, &s.Hooks.PostLoad, &s.Hooks.PreSave, &s.Hooks.PostSave} {
		if r.oneIn(16) {
			*hook = r.condition()
		}
	}
	if depth > 0 && r.oneIn(4) {
		s.Subsections = append(s.Subsections, r.schema(depth-1))
	}
	return s
}

func (r inventor) condition() *Condition {
	c := &Condition{Field: pick(r, "a", "b", "c"), Op: pick(r, "==", "!=", "<", "<=", ">", ">="), Value: pick[int64](r, 0, 1, -1, math.MinInt64)}
	if r.oneIn(3) {
		c.Other, c.Value = pick(r, "a", "b"), 0
	}
	return c
}

func (r inventor) field(name string, depth int) Field {
	f := Field{Name: name, Type: Type(r.Intn(int(TypeValidate) + 2)), Version: uint32(r.Intn(2)), Must: r.oneIn(8)}
	if r.oneIn(2) {
		f.Type = pick(r, TypeUint8, TypeInt8, TypeBool)
	}
	if r.oneIn(8) || f.Type == TypeValidate {
		f.When = r.condition()
	}
	if r.oneIn(4) {
		f.Local = pick[int64](r, 1, 2, -1, 255)
	}
	if f.Array = r.oneIn(3); f.Array {
		f.Count, f.CountFrom = r.Intn(4), ""
		if r.oneIn(3) {
			f.Count, f.CountFrom = 0, pick(r, "a", "b")
		}
	}
	if f.Type == TypeBuffer || f.Type == TypeUnused || f.Type == TypeBitmap {
		f.Size = r.Intn(4)
		if r.oneIn(2) {
			f.Size, f.SizeFrom = 0, pick(r, "a", "b")
		}
	}
	if f.counter() != "" {
		f.Times, f.Room = pick(r, 0, 0, 2), pick(r, 0, 3, 9)
	}
	if f.Array && r.oneIn(3) {
		f.Pointers, f.Marked = true, r.oneIn(2)
		for i := range 4 {
			if r.oneIn(3) {
				f.Null = append(f.Null, i)
			}
		}
	}
	if f.Type.info().kind == kindContainer && depth > 0 {
		f.Elem = r.schema(depth - 1)
		if f.Type == TypeTree && r.oneIn(2) {
			f.Key = r.schema(0)
		}
		if f.Type == TypeVStruct {
			f.StructVersion = uint32(r.Intn(3))
		}
		if f.Type.isQueue() && r.oneIn(2) {
			f.Elems = []*Schema{r.schema(depth - 1)}
		}
	}
	return f
}

// value is one of any kind, or of s if there is one.
func (r inventor) value(depth int, s *Schema) Value {
	list := func() (l List) {
		for range r.Intn(3) {
			l = append(l, r.value(depth-1, s))
		}
		return l
	}
	if depth == 0 {
		return pick[Value](r, nil, Bool(true), Int(-1), Uint(1), Uint(math.MaxUint64), Null{}, (*Struct)(nil))
	}
	switch r.Intn(4) {
	case 0:
		return list()
	case 1:
		return Bytes("abc")[:r.Intn(4)]
	case 2:
		t := Tree{}
		for range r.Intn(3) {
			v, _ := r.value(depth-1, s).(*Struct)
			t = append(t, Pair{r.value(depth-1, s), v})
		}
		return t
	}
	v := value(list()...)
	if s != nil {
		v = Zero(s)
		for i := range v.Fields {
			if r.oneIn(3) {
				v.Fields[i] = r.value(depth-1, s.Fields[i].Elem)
			}
		}
	}
	return v
}

// rounds is how often a test goes on that invents its cases.
func rounds() int {
	if testing.Short() {
		return 8000
	}
	return 40000
}

// Whatever Check accepts can be loaded, saved, compared and written down, or is
// refused with an error of the right kind: from any bytes, and any value.
func TestInventedSchemas(t *testing.T) {
	r := inventor{rand.New(rand.NewSource(1))}
	accepted, saved, loaded := map[Type]int{}, 0, 0
	rounds := rounds()
	for range rounds {
		s := r.schema(2)
		if s.Check() != nil {
			continue
		}
		for i := range s.Fields {
			accepted[s.Fields[i].Type]++
		}
		text, err := MarshalSchema(s)
		noError(t, err)
		again, err := UnmarshalSchema(text)
		noError(t, err)
		text2, err := MarshalSchema(again)
		noError(t, err)
		equal(t, string(text), string(text2))

		zero := Zero(s)
		equal(t, true, Equal(zero, Zero(again)))
		if out, err := Encode(s, zero, s.Version); err == nil {
			saved++
			// What has been saved can be loaded, unless it means something else
			// to the loader: a condition that looks ahead, a version.
			if got, err := Decode(s, out, s.Version, Options{All: true}); err == nil {
				loaded++
				back, err := Encode(s, got.Value, s.Version)
				if err == nil && len(got.Notes) == 0 && string(out) != string(back) && !looksAhead(s) {
					t.Fatalf("%s: % x is saved as % x", text, out, back)
				}
			}
		} else {
			checkError(t, err, len(out))
		}

		stream := make([]byte, r.Intn(40))
		for i := range stream {
			stream[i] = pick[byte](r, 0, 0, 1, 1, 2, 5, 0x30, 0x31, 0xff)
		}
		got, err := Decode(s, stream, s.Version, Options{Spans: r.oneIn(2), Limits: rules.Limits{Elements: 1000}})
		if err != nil {
			checkError(t, err, len(stream))
		} else {
			_, err := MarshalValue(s, got.Value)
			noError(t, err)
		}

		v, _ := r.value(3, s).(*Struct)
		other, _ := r.value(3, s).(*Struct)
		if out, err := Encode(s, v, s.Version); err != nil {
			checkError(t, err, len(out))
		}
		equal(t, Equal(v, other), len(Diff(v, other, s)) == 0)
		equal(t, 0, len(Diff(v, v, s)))
		if text, err := MarshalValue(s, v); err == nil {
			back, err := UnmarshalValue(s, text)
			noError(t, err)
			again, err := MarshalValue(s, back)
			noError(t, err)
			equal(t, string(text), string(again))
		}
	}
	for typ := TypeBool; typ <= TypeValidate; typ++ {
		if accepted[typ] < rounds/8000 {
			t.Errorf("%v: in %d schemas", typ, accepted[typ])
		}
	}
	if saved < rounds/40 || loaded < rounds/40 {
		t.Errorf("%d zeros saved, %d loaded", saved, loaded)
	}
}

func checkError(t *testing.T, err error, size int) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(size) || e.Rule == "" {
		t.Fatal(err)
	}
}

// looksAhead says whether a condition of s, or of what s reaches, makes loading
// and saving see different things.
func looksAhead(s *Schema) bool {
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.When != nil {
			return true
		}
		for _, e := range f.refs() {
			if looksAhead(e) || f.Version != e.Version {
				return true
			}
		}
	}
	for _, sub := range s.Subsections {
		if looksAhead(sub) {
			return true
		}
	}
	return false
}
