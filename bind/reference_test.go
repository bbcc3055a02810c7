package bind_test

import (
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

// counted: a count in version 1, what it counts since version 2, all inside a
// subsection, so that one load can see the count alone after both.
func counted(f model.Field) *model.Schema {
	f.Name, f.Version = "a", 2
	if f.Type == model.TypeBuffer {
		f.SizeFrom = "n"
	} else {
		f.Array, f.CountFrom = true, "n"
	}
	return &model.Schema{Name: "d", Version: 1, Minimum: 1, Subsections: []*model.Schema{{Name: "d/s", Version: 2, Minimum: 1,
		Fields: []model.Field{{Name: "n", Type: model.TypeUint8}, f}}}}
}

var countedFields = map[string]struct {
	f   model.Field
	two string // two elements on the wire
}{
	"buffer": {model.Field{Type: model.TypeBuffer}, "4142"},
	"scalar": {model.Field{Type: model.TypeUint16}, "0041 0042"},
	"bool":   {model.Field{Type: model.TypeBool}, "01 00"},
	"null":   {model.Field{Type: model.TypeNull}, "30 30"},
	"struct": {model.Field{Type: model.TypeStruct, Elem: &model.Schema{Name: "in", Fields: []model.Field{{Name: "x", Type: model.TypeUint8}}}}, "41 42"},
	"empty":  {model.Field{Type: model.TypeStruct, Elem: &model.Schema{Name: "in"}}, ""},
	"queue": {model.Field{Version: 2, Type: model.TypeQueue, Elem: &model.Schema{Name: "el", Version: 2,
		Fields: []model.Field{{Name: "x", Type: model.TypeUint8}}}}, "01 41 00 01 42 01 43 00"},
	"structs with queues": {model.Field{Type: model.TypeStruct, Elem: &model.Schema{Name: "in", Fields: []model.Field{
		{Name: "q", Type: model.TypeQueue, Elem: &model.Schema{Name: "el"}}}}}, "01 00 01 01 00"},
}

// A count that is loaded again without its elements says nothing of how many
// there are in memory.
func TestCountWithoutElements(t *testing.T) {
	const head = "05 03 642f73 000000"
	for name, c := range countedFields {
		t.Run(name, func(t *testing.T) {
			s := counted(c.f)
			must(t, s.Check())
			both := wire(t, head+"02 02"+c.two)
			for _, again := range []string{head + "01 00", head + "01 ff", head + "01 02"} {
				stream := append(both[:len(both):len(both)], wire(t, again)...)
				want, err := model.Decode(s, stream, 1, model.Options{All: true})
				must(t, err)
				var ref bind.Reference
				got, err := ref.Load(s, stream, 1)
				must(t, err)
				if !model.Equal(got.Value, want.Value) {
					t.Fatal(model.Diff(want.Value, got.Value, s))
				}
				_, encoded := model.Encode(s, want.Value, 1)
				_, saved, err := ref.LoadAndSave(s, stream, 1)
				if (err == nil) != (encoded == nil) && !errors.Is(err, rules.OutOfRange) {
					t.Fatalf("saved % x, %v; the model: %v", saved, err, encoded)
				}
			}
		})
	}
}

// Counted members of every kind, twice: the second load replaces the first.
func TestCountedMembers(t *testing.T) {
	for name, c := range countedFields {
		t.Run(name, func(t *testing.T) {
			s := counted(c.f).Subsections[0]
			stream := wire(t, "02"+c.two)
			for n := range stream {
				var ref bind.Reference
				_, wantErr := model.Decode(s, stream[:n], 2, model.Options{})
				_, err := ref.Load(s, stream[:n], 2)
				var want, got *rules.Error
				if !errors.As(wantErr, &want) || !errors.As(err, &got) || got.Class != want.Class || got.Offset != want.Offset || got.Path != want.Path {
					t.Fatalf("cut at %d: %v, the model: %v", n, err, wantErr)
				}
			}
			var ref bind.Reference
			first, err := ref.Load(s, stream, 2)
			must(t, err)
			after, _, err := ref.LoadOver(s, first.Value, stream, 2)
			must(t, err)
			if !model.Equal(after, first.Value) {
				t.Fatal(model.Diff(first.Value, after, s))
			}
			b, err := ref.Save(s, after, 2)
			must(t, err)
			same(t, b, stream)
		})
	}
}

// Values that their schema cannot hold are refused by fill, each in one way.
func TestMisfits(t *testing.T) {
	s := &model.Schema{Name: "s", Fields: []model.Field{
		{Name: "n", Type: model.TypeInt8},
		{Name: "b", Type: model.TypeBuffer, SizeFrom: "n"},
		{Name: "u", Type: model.TypeUint16, Array: true, Count: 2},
		{Name: "q", Type: model.TypeQueue, Elem: &model.Schema{Name: "e", Fields: []model.Field{{Name: "x", Type: model.TypeBool}}}},
	}}
	good := func() []model.Value {
		return []model.Value{model.Int(2), model.Bytes("ab"), model.List{model.Uint(1), model.Uint(2)},
			model.List{&model.Struct{Fields: []model.Value{model.Bool(true)}}}}
	}
	for i, c := range []struct {
		field int
		v     model.Value
		path  string
	}{
		{0, model.Int(128), "n"}, {0, model.Int(-129), "n"}, {0, model.Uint(2), "n"}, {0, nil, "n"},
		{1, model.Bytes("abc"), "b"}, {1, model.Bytes("a"), "b"}, {1, model.List{}, "b"},
		{2, model.List{model.Uint(1)}, "u"}, {2, model.List{model.Uint(1), model.Uint(1 << 16)}, "u[1]"},
		{2, model.List{model.Uint(1), model.Int(1)}, "u[1]"},
		{3, model.List{model.Null{}}, "q[0]"}, {3, model.Bool(true), "q"},
		{3, model.List{&model.Struct{Fields: []model.Value{model.Uint(1)}}}, "q[0]/x"},
		{3, model.List{&model.Struct{}}, "q[0]"},
	} {
		v := &model.Struct{Fields: good()}
		v.Fields[c.field] = c.v
		_, err := bind.FillAndRead(s, v)
		var e *rules.Error
		if !errors.As(err, &e) || e.Class != rules.OutOfRange || e.Path != c.path {
			t.Fatalf("%d: %v, want %s", i, err, c.path)
		}
	}
	got, err := bind.FillAndRead(s, &model.Struct{Fields: good()})
	must(t, err)
	same(t, fmt.Sprint(model.Equal(got, &model.Struct{Fields: good()})), "true")
}

// read checks the links by itself.
func TestReadSeesBrokenLinks(t *testing.T) {
	s := &model.Schema{Name: "s", Fields: []model.Field{{Name: "q", Type: model.TypeQueue, Elem: &model.Schema{Name: "e"}}}}
	v := &model.Struct{Fields: []model.Value{model.List{&model.Struct{}, &model.Struct{}}}}
	for name, harm := range map[string]func(first, last *unsafe.Pointer){
		"":     func(_, _ *unsafe.Pointer) {},
		"q":    func(first, last *unsafe.Pointer) { *last = unsafe.Pointer(first) },
		"q[0]": func(first, _ *unsafe.Pointer) { *first = **(**unsafe.Pointer)(unsafe.Pointer(first)) },
	} {
		read, first, last, err := bind.HeadOf(s, v)
		must(t, err)
		harm(first, last)
		_, err = read()
		var e *rules.Error
		switch {
		case name == "":
			must(t, err)
		case !errors.As(err, &e) || e.Class != rules.BadLink || e.Path != name:
			t.Fatalf("%v, want %s", err, name)
		}
	}
}
