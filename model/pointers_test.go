package model

import (
	"testing"

	"vmconform/rules"
)

// pointers makes f an array of count pointers.
func pointers(f Field, count int, null ...int) Field {
	f.Array, f.Count, f.Pointers, f.Null = true, count, true, null
	return f
}

func marked(f Field, count int) Field {
	f = pointers(f, count)
	f.Marked = true
	return f
}

func TestPointers(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	in := func(x uint64) Value { return value(Uint(x)) }
	structs := Field{Name: "p", Type: TypeStruct, Elem: inner}
	vstructs := Field{Name: "p", Type: TypeVStruct, StructVersion: 1, Elem: inner}
	tree := Field{Name: "p", Type: TypeTree, Version: 1, Elem: inner}
	// 30 is a value too where memory has no NULL, and 31 where nothing is marked.
	loads(t, vmsd("s", pointers(structs, 3, 0, 2)), wire(t, "30 30 30"), value(List{Null{}, in(0x30), Null{}}))
	loads(t, vmsd("s", pointers(field("p", TypeUint8), 3, 1)), wire(t, "31 30 30"), value(List{Uint(0x31), Null{}, Uint(0x30)}))
	loads(t, vmsd("s", pointers(vstructs, 2, 1)), wire(t, "07 30"), value(List{in(7), Null{}}))
	loads(t, vmsd("s", pointers(queueOf("p", inner), 3, 1)), wire(t, "0107 00 30 00"), value(List{List{in(7)}, Null{}, List{}}))
	loads(t, vmsd("s", pointers(tree, 2, 0)), wire(t, "30 00000000 00"), value(List{Null{}, Tree{}}))
	loads(t, vmsd("s", pointers(field("p", TypeTimer), 0)), nil, value(List{}))
	equal := Field{Name: "p", Type: TypeUint8Equal, Local: 7}
	loads(t, vmsd("s", pointers(equal, 2, 0)), wire(t, "30 07"), value(List{Null{}, Uint(7)}))
	// With room: only those NULL that are among the elements count.
	room := Field{Name: "p", Type: TypeUint16, Array: true, CountFrom: "n", Room: 5, Pointers: true, Null: []int{1, 4}}
	loads(t, vmsd("s", field("n", TypeUint8), room), wire(t, "01 3030"), value(Uint(1), List{Uint(0x3030)}))
	loads(t, vmsd("s", field("n", TypeUint8), room), wire(t, "03 0001 30 0003"), value(Uint(3), List{Uint(1), Null{}, Uint(3)}))

	loads(t, vmsd("s", marked(structs, 3)), wire(t, "31 30 30 31 31"), value(List{in(0x30), Null{}, in(0x31)}))
	loads(t, vmsd("s", marked(field("p", TypeUint16), 2)), wire(t, "30 31 0102"), value(List{Null{}, Uint(0x102)}))
	loads(t, vmsd("s", marked(queueOf("p", inner), 2)), wire(t, "31 0107 00 31 00"), value(List{List{in(7)}, List{}}))
	loads(t, vmsd("s", marked(equal, 2)), wire(t, "30 31 07"), value(List{Null{}, Uint(7)}))
	loads(t, vmsd("s", marked(vstructs, 2)), wire(t, "30 31 07"), value(List{Null{}, in(7)}))
}

func TestPointersZero(t *testing.T) {
	inner := vmsd("inner", Field{Name: "x", Type: TypeUint8, Local: 5})
	s := &Schema{Name: "s", Version: 1, Fields: []Field{
		pointers(Field{Name: "a", Type: TypeStruct, Elem: inner}, 2, 1),
		pointers(Field{Name: "b", Type: TypeUint8, Local: 3}, 3, 0),
		marked(Field{Name: "c", Type: TypeUint8, Local: 3}, 2),
		marked(queueOf("d", inner), 1)}}
	want := value(List{value(Uint(5)), Null{}}, List{Null{}, Uint(3), Uint(3)}, List{Null{}, Null{}}, List{Null{}})
	equal(t, want, Zero(s))
	saved, err := Encode(s, want, 1)
	noError(t, err)
	equal(t, wire(t, "05 30  30 03 03  30 30  30"), saved)
	for i := range s.Fields {
		s.Fields[i].Version = 1
	}
	got, err := Decode(s, nil, 0, Options{All: true})
	noError(t, err)
	equal(t, want, got.Value)
}

func TestPointersRefused(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	structs := Field{Name: "p", Type: TypeStruct, Elem: inner}
	vstructs := Field{Name: "p", Type: TypeVStruct, StructVersion: 2, Elem: inner}
	marker := func(at int64, path string) verdict { return verdict{rules.Mismatch, at, path, rules.NullMarker} }
	item := rules.ItemComplete
	cases := []struct {
		name   string
		field  Field
		stream string
		want   verdict
	}{
		{"a value for NULL", pointers(structs, 3, 1), "07 08 09", marker(1, "p[1]")},
		{"31 for NULL", pointers(structs, 3, 1), "07 31 09", marker(1, "p[1]")},
		{"00 for NULL", pointers(field("p", TypeUint32), 1, 0), "00000000", marker(0, "p[0]")},
		{"NULL that is not there", pointers(structs, 3, 1), "07", verdict{rules.Truncated, 1, "p[1]", item}},
		{"NULL for a value", pointers(field("p", TypeUint16), 2), "0001 30", verdict{rules.Truncated, 3, "p[1]", item}},
		{"marked: neither", marked(structs, 2), "31 07 32", marker(2, "p[1]")},
		{"marked: 00", marked(field("p", TypeBool), 1), "00", marker(0, "p[0]")},
		{"marked: no marker", marked(structs, 2), "30", verdict{rules.Truncated, 1, "p[1]", item}},
		{"marked: no struct", marked(structs, 1), "31", verdict{rules.Truncated, 1, "p[0]/x", item}},
		{"marked: no integer", marked(field("p", TypeUint16), 1), "31 00", verdict{rules.Truncated, 2, "p[0]", item}},
		{"marked: NULL marker inside", marked(queueOf("p", inner), 1), "31 01", verdict{rules.Truncated, 2, "p[0][0]/x", item}},
		{"vstruct's version behind 31", marked(vstructs, 2), "30 31", verdict{rules.VersionTooNew, 2, "p[1]", rules.VersionRange}},
		{"vstruct's version", pointers(vstructs, 2, 0), "30", verdict{rules.VersionTooNew, 1, "p[1]", rules.VersionRange}},
		{"equal", marked(Field{Name: "p", Type: TypeUint8Equal, Local: 7}, 1), "31 08", verdict{rules.Mismatch, 1, "p[0]", rules.EqualValue}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { refused(t, vmsd("s", c.field), wire(t, c.stream), Options{}, c.want) })
	}

	in := value(Uint(7))
	for _, c := range []struct {
		name    string
		field   Field
		x       List
		written string
		want    verdict
	}{
		{"value where memory has NULL", pointers(structs, 2, 1), List{in, in}, "07", verdict{rules.OutOfRange, 1, "p[1]", rules.RoundTrip}},
		{"NULL where memory has none", pointers(structs, 2, 1), List{Null{}, Null{}}, "", verdict{rules.OutOfRange, 0, "p[0]", rules.RoundTrip}},
		{"NULL and no pointers", Field{Name: "p", Type: TypeUint8, Array: true, Count: 1}, List{Null{}}, "", verdict{rules.OutOfRange, 0, "p[0]", rules.RoundTrip}},
		{"marked, no struct", marked(structs, 2), List{Null{}, Uint(1)}, "30 31", verdict{rules.OutOfRange, 2, "p[1]", rules.RoundTrip}},
		{"marked, too few", marked(structs, 2), List{Null{}}, "", verdict{rules.OutOfRange, 0, "p", rules.CountRange}},
		{"vstruct's version", marked(vstructs, 1), List{in}, "31", verdict{rules.VersionTooNew, 1, "p[0]", rules.VersionRange}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := Encode(vmsd("s", c.field), value(c.x), 1)
			equal(t, string(wire(t, c.written)), string(out))
			equal(t, c.want, verdictOf(t, err))
		})
	}
}

// Elements are loaded over what is there, but those of a marked array are new.
func TestPointersLoadedAgain(t *testing.T) {
	inner := vmsd("inner", queueOf("q", vmsd("e", field("x", TypeUint8))))
	le := Field{Name: "le", Type: TypeInt32LE, Local: 9}
	sub := vmsd("s/a", pointers(Field{Name: "p", Type: TypeStruct, Elem: inner}, 2, 1), pointers(le, 1))
	sub.Fields[1].Name = "pl"
	sub.Fields = append(sub.Fields, marked(Field{Name: "m", Type: TypeStruct, Elem: inner}, 2), marked(le, 1))
	s := vmsd("s")
	s.Subsections = []*Schema{sub}
	const header = "05 03 732f61 00000001"
	//                         p          pl       m               le
	first := header + "(0107 00) 30  00000005  31 (0108 00) 30  31 00000006"
	got := consumes(t, s, first+header+"(0109 00) 30  00000004  31 (010a 00) 31 (00)  31 00000009", 9+4+4+4+1+5+9+4+4+6+5)
	list := func(xs ...uint64) Value {
		l := List{}
		for _, x := range xs {
			l = append(l, value(Uint(x)))
		}
		return value(l)
	}
	equal(t, value(List{list(7, 9), Null{}}, List{Int(4)}, List{list(10), list()}, List{Int(9)}), got.Value.Subs[0])
	refused(t, s, wire(t, first+header+"(00) 30 00000006"), Options{}, verdict{rules.OutOfRange, 9 + 4 + 4 + 4 + 1 + 5 + 9 + 2, "s/a/pl[0]", rules.Int32LE})
}
