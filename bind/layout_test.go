package bind_test

import (
	"fmt"
	"testing"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props/gen"

	"pgregory.net/rapid"
)

var space = gen.Space{Depth: 3}

// A hundred thousand schemas, drawn ones and their prefixes, make do with a few
// types of memory, which are there early.
func TestTypesStandStill(t *testing.T) {
	total := 100_000
	if testing.Short() || raceEnabled {
		total = 5_000
	}
	cases := gen.Cases(space)
	bound, half := 0, 0
	for seed := 0; bound < total; seed++ {
		s := cases.Example(seed).Schema
		for n := range len(s.Fields) + 1 {
			part := *s
			part.Fields = s.Fields[:n]
			part.Hooks = model.Hooks{} // they may go by a field that is cut off
			_, err := bind.Bind(&part)
			must(t, err)
			if bound++; bound == total/2 {
				half = bind.LayoutTypes()
			}
		}
	}
	t.Logf("%d types after %d schemas, %d after %d", half, total/2, bind.LayoutTypes(), bound)
	if n := bind.LayoutTypes(); n > 80 || !raceEnabled && !testing.Short() && n > half+3 {
		t.Fatalf("%d types after %d schemas, %d after %d", half, total/2, n, bound)
	}
}

// What a value is laid out as is that value.
func TestFillAndRead(t *testing.T) {
	cases := gen.Cases(space)
	rapid.Check(t, func(t *rapid.T) {
		c := cases.Draw(t, "case")
		got, err := bind.FillAndRead(c.Schema, c.Value)
		if err != nil {
			t.Fatal(err)
		}
		if !model.Equal(got, c.Value) {
			t.Fatal(model.Diff(c.Value, got, c.Schema))
		}
	})
}

// The fields of an object lie beside each other, in it, and aligned.
func TestPlacesDoNotOverlap(t *testing.T) {
	width := map[model.Type]uintptr{model.TypeUint8: 1, model.TypeUint16: 2, model.TypeUint32: 4, model.TypeUint64: 8}
	types := []model.Type{model.TypeUint8, model.TypeUint64, model.TypeUint16, model.TypeUint8, model.TypeUint32, model.TypeUint64}
	for n := range 30 {
		s := &model.Schema{Name: "s"}
		for i := range n {
			s.Fields = append(s.Fields, model.Field{Name: fmt.Sprint("f", i), Type: types[(i*i+n)%len(types)]})
		}
		offsets, size, err := bind.Places(s)
		must(t, err)
		used := map[uintptr]int{}
		for i, f := range s.Fields {
			w := width[f.Type]
			if offsets[i]%w != 0 || offsets[i]+w > size {
				t.Fatalf("field %d of %d bytes at %d of %d", i, w, offsets[i], size)
			}
			for b := offsets[i]; b < offsets[i]+w; b++ {
				if j, ok := used[b]; ok {
					t.Fatalf("fields %d and %d share byte %d", i, j, b)
				}
				used[b] = i
			}
		}
	}
}

// What takes no memory has its place in the object, too: behind it lies another
// one, which a pointer would keep alive and -d=checkptr refuse.
func TestNothingLiesInTheObject(t *testing.T) {
	elem := &model.Schema{Name: "e"}
	for name, f := range map[string]model.Field{
		"buffer":  {Type: model.TypeBuffer},
		"bitmap":  {Type: model.TypeBitmap},
		"array":   {Type: model.TypeUint64, Array: true},
		"struct":  {Type: model.TypeStruct, Elem: elem},
		"structs": {Type: model.TypeStruct, Elem: elem, Array: true, Count: 3},
	} {
		// The last field of a struct whose other one is the last of four words
		// behind a pointer, which leave no room to spare.
		f.Name = "nothing"
		in := &model.Schema{Name: "in", Fields: []model.Field{{Name: "x", Type: model.TypeUint64}, f}}
		s := &model.Schema{Name: "s", Fields: []model.Field{
			{Name: "a", Type: model.TypeUint64}, {Name: "b", Type: model.TypeUint64}, {Name: "c", Type: model.TypeUint64},
			{Name: "in", Type: model.TypeStruct, Elem: in}, {Name: "pointer", Type: model.TypeTimer},
		}}
		// Where the data lies goes by how many vmsds there are.
		for vmsds := range 3 {
			s.Fields = append(s.Fields, model.Field{Name: fmt.Sprint("n", vmsds), Type: model.TypeStruct, Elem: &model.Schema{Name: "n"}})
			at, size, err := bind.Farthest(s)
			must(t, err)
			if at >= size {
				t.Errorf("%s: a field at %d of %d", name, at, size)
			}
		}
	}
}

// Large arrays and buffers, and ones at the border of what lies in the object.
func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 3, 31, 32, 33, 255, 256, 257, 5000} {
		inner := &model.Schema{Name: "in", Fields: []model.Field{{Name: "x", Type: model.TypeUint16}}}
		elem := &model.Schema{Name: "el", Fields: []model.Field{{Name: "y", Type: model.TypeInt8}}}
		s := &model.Schema{Name: "s", Fields: []model.Field{
			{Name: "b", Type: model.TypeBuffer, Size: n},
			{Name: "u", Type: model.TypeUint64, Array: true, Count: n},
			{Name: "s", Type: model.TypeStruct, Elem: inner, Array: true, Count: n},
			{Name: "q", Type: model.TypeQueue, Elem: elem, Array: true, Count: n},
			{Name: "0", Type: model.TypeNull, Array: true, Count: n},
		}}
		v := model.Zero(s)
		for i := range n {
			v.Fields[0].(model.Bytes)[i] = byte(i)
			v.Fields[1].(model.List)[i] = model.Uint(i)
			v.Fields[2].(model.List)[i].(*model.Struct).Fields[0] = model.Uint(i)
			v.Fields[3].(model.List)[i] = model.List{&model.Struct{Fields: []model.Value{model.Int(-1)}}}
		}
		got, err := bind.FillAndRead(s, v)
		must(t, err)
		if !model.Equal(got, v) {
			t.Fatal(n, model.Diff(v, got, s))
		}
	}
}
