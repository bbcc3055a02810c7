package model

import (
	"strings"
	"testing"
)

// everySchema has a field of each type and each way to count.
func everySchema() *Schema {
	inner := vmsd("inner", field("x", TypeInt64), field("<y>", TypeBool))
	s := vmsd("every",
		field("bool", TypeBool), field("i8", TypeInt8), field("i16", TypeInt16), field("i32", TypeInt32), field("i64", TypeInt64),
		field("u8", TypeUint8), field("u16", TypeUint16), field("u32", TypeUint32), field("u64", TypeUint64),
		Field{Name: "buf", Type: TypeBuffer, Size: 2}, Field{Name: "sized", Type: TypeBuffer, SizeFrom: "u8"},
		Field{Name: "gap", Type: TypeUnused, Size: 2}, field("null", TypeNull),
		Field{Name: "fixed", Type: TypeInt64, Array: true, Count: 2},
		Field{Name: "counted", Type: TypeUint16, Array: true, CountFrom: "u8"},
		Field{Name: "nulls", Type: TypeNull, Array: true, Count: 2},
		Field{Name: "in", Type: TypeStruct, Elem: inner},
		Field{Name: "ins", Type: TypeStruct, Array: true, Count: 1, Elem: inner},
		queueOf("q", inner),
		Field{Name: "qs", Type: TypeQueue, Array: true, Count: 2, Version: 1, Elem: inner},
		Field{Name: "/slash", Type: TypeUint8, Info: "uint8 equal"})
	s.Subsections = []*Schema{vmsd("every/a", field("x", TypeUint8)), vmsd("every/b")}
	s.Subsections[0].Subsections = []*Schema{vmsd("every/a/n")}
	return s
}

func everyValue() *Struct {
	in := func(x int64) *Struct { return value(Int(x), Bool(true)) }
	return &Struct{
		Fields: []Value{Bool(true), Int(-1), Int(-2), Int(-3), Int(-4), Uint(1), Uint(2), Uint(3), Uint(1 << 63),
			Bytes{0xfb, 0xff}, Bytes{7}, Null{}, Null{}, List{Int(5), Int(-6)}, List{Uint(9)}, List{Null{}, Null{}},
			in(10), List{in(11)}, List{in(12), in(13)}, List{List{}, List{in(14)}}, Uint(15)},
		Subs: []*Struct{{Fields: []Value{Uint(16)}, Subs: []*Struct{value()}}, nil},
	}
}

func TestZero(t *testing.T) {
	in := value(Int(0), Bool(false))
	equal(t, &Struct{
		Fields: []Value{Bool(false), Int(0), Int(0), Int(0), Int(0), Uint(0), Uint(0), Uint(0), Uint(0),
			Bytes{0, 0}, Bytes{}, Null{}, Null{}, List{Int(0), Int(0)}, List{}, List{Null{}, Null{}},
			in, List{in}, List{}, List{List{}, List{}}, Uint(0)},
		Subs: []*Struct{nil, nil},
	}, Zero(everySchema()))
	equal(t, value(Uint(0), List{}), Zero(nodeSchema()))

	// What is absent at version 0 is as in zeroed memory.
	s := everySchema()
	s.Minimum = 0
	for i := range s.Fields {
		s.Fields[i].Version = 1
	}
	got, err := Decode(s, nil, 0, Options{All: true})
	noError(t, err)
	equal(t, Zero(s), got.Value)
}

// Parts of a zero are not shared.
func TestZeroIsFresh(t *testing.T) {
	s := everySchema()
	v := Zero(s)
	v.Fields[9].(Bytes)[0] = 1
	v.Fields[16].(*Struct).Fields[0] = Int(1)
	v.Fields[17].(List)[0].(*Struct).Fields[0] = Int(1)
	equal(t, Zero(s).Fields[9], Value(Bytes{0, 0}))
	equal(t, Zero(s).Fields[17], Value(List{value(Int(0), Bool(false))}))
}

func TestEqual(t *testing.T) {
	var none *Struct
	distinct := []Value{
		nil, Bool(false), Bool(true), Int(0), Int(1), Uint(0), Uint(1), Null{},
		Bytes{}, Bytes{0}, Bytes{1}, Bytes{0, 0},
		List{}, List{Int(0)}, List{Uint(0)}, List{Int(0), Int(1)}, List{Int(1), Int(0)}, List{nil}, List{List{}},
		none, &Struct{}, value(Int(0)), value(Int(1)), value(Int(0), Int(1)), value(List{}),
		&Struct{Subs: []*Struct{nil}}, &Struct{Subs: []*Struct{value()}}, &Struct{Subs: []*Struct{value(Int(1))}},
		&Struct{Subs: []*Struct{nil, value()}}, &Struct{Subs: []*Struct{value(), nil}},
		Tree{}, Tree{{Uint(0), value()}}, Tree{{Int(0), value()}}, Tree{{Uint(1), value()}}, Tree{{Uint(0), nil}}, Tree{{nil, value()}},
		Tree{{Uint(0), value(Int(0))}}, Tree{{value(), value()}}, Tree{{Uint(0), value()}, {Uint(1), value()}}, Tree{{Uint(1), value()}, {Uint(0), value()}},
	}
	for i, a := range distinct {
		for j, b := range distinct {
			if Equal(a, b) != (i == j) {
				t.Errorf("Equal(%#v, %#v) is %v", a, b, i != j)
			}
		}
	}
	for _, pair := range [][2]Value{
		{Bytes(nil), Bytes{}}, {List(nil), List{}}, {Tree(nil), Tree{}}, {richValue(), richValue()}, {iommuValue(), iommuValue()}, {&Struct{}, value()}, {everyValue(), everyValue()},
	} {
		if !Equal(pair[0], pair[1]) || !Equal(pair[1], pair[0]) {
			t.Errorf("%#v and %#v are to be equal", pair[0], pair[1])
		}
	}
}

func TestDiff(t *testing.T) {
	s := everySchema()
	got := everyValue()
	got.Fields[0] = Bool(false)
	got.Fields[4] = Int(4)
	got.Fields[8] = Int(7)
	got.Fields[9] = Bytes{0xfb, 0xfe}
	got.Fields[10] = Bytes{7, 8}
	got.Fields[13] = List{Int(5), Int(6)}
	got.Fields[16].(*Struct).Fields[0] = Int(0)
	got.Fields[18] = List{got.Fields[18].(List)[0], value(Int(99), Bool(true)), value(Int(0), Bool(false))}
	got.Fields[19].(List)[1].(List)[0] = value(Int(14), Bool(false))
	got.Fields[20] = nil
	got.Subs[0].Fields[0] = Uint(17)
	got.Subs[0].Subs[0] = nil
	got.Subs[1] = value()
	equal(t, []string{
		"bool: want true, got false",
		"i64: want -4, got 4",
		"u64: want 9223372036854775808, got 7",
		"buf: want 2 bytes, at 1: ff, got 2 bytes, at 1: fe",
		"sized: want 1 bytes, got 2 bytes, at 1: 08",
		"fixed[1]: want -6, got 6",
		"in/x: want 10, got 0",
		"q: want 2 elements, got 3",
		"q[1]/x: want 13, got 99",
		"qs[1][0]/<y>: want true, got false",
		"/slash: want 15, got nothing",
		"every/a/x: want 16, got 17",
		"every/a/every/a/n: want present, got absent",
		"every/b: want absent, got present",
	}, Diff(everyValue(), got, s))

	equal(t, 0, len(Diff(everyValue(), everyValue(), s)))
	equal(t, []string{"value: want struct of 21 fields, 2 subsections, got struct of 0 fields, 0 subsections"}, Diff(everyValue(), value(), s))
	equal(t, []string{"value: want no struct, got struct of 0 fields, 0 subsections"}, Diff((*Struct)(nil), value(), s))
	equal(t, []string{"x: want model.Uint 1, got model.Int 1"}, Diff(value(Uint(1)), value(Int(1)), vmsd("s", field("x", TypeUint8))))
	equal(t, []string{"value: want NULL, got 3 elements"}, Diff(Null{}, List{nil, nil, nil}, s))
}

func TestDiffOfMemory(t *testing.T) {
	s, got := richSchema(), richValue()
	got.Fields[4] = List{Uint(10), Uint(7)}
	got.Fields[9] = List{Null{}, Null{}, value(Uint(1))}
	got.Fields[13] = List{value(Uint(1)), value(Uint(2)), value(Uint(3))}
	got.Fields[14] = Tree{pair(7, 9), pair(8, 9)}
	got.Fields[15] = Tree{{value(Int(-3)), value(Uint(8))}}
	got.Fields[16] = value(Uint(9), Uint(7))
	got.Fields[17] = value(Int(0))
	equal(t, []string{
		"bits[1]: want 9223372036854775808, got 7",
		"ptrs[0]: want struct of 1 fields, 0 subsections, got NULL",
		"ptrs[2]/x: want 82, got 1",
		"list: want 2 elements, got 3",
		"list[0]/y: want 772, got 1",
		"list[1]/x: want 5, got 2",
		"tree: want 1 pairs, got 2",
		"tree[0]/key: want 6, got 7",
		"tree[0]/x: want 7, got 9",
		"keyed[0]/key/k: want -2, got -3",
		"vs/b: want 6, got 7",
		"tmp/t: want -1, got 0",
	}, Diff(richValue(), got, s))
	equal(t, 0, len(Diff(richValue(), richValue(), s)))
	// Kinds that do not fit the schema, or each other.
	for i := range s.Fields {
		for _, x := range []Value{nil, Bool(true), Int(3), Uint(3), Bytes{1}, Null{}, List{nil}, List{List{Uint(1)}}, Tree{{}}, Tree{{Tree{}, value()}}, value(), (*Struct)(nil)} {
			got := richValue()
			got.Fields[i] = x
			if (len(Diff(richValue(), got, s)) == 0) != Equal(richValue(), got) || (len(Diff(got, richValue(), s)) == 0) != Equal(got, richValue()) {
				t.Errorf("%s: %#v: Diff and Equal disagree", s.Fields[i].Name, x)
			}
			equal(t, 0, len(Diff(got, got, s)))
		}
	}
}

func TestDiffStops(t *testing.T) {
	s := vmsd("s", Field{Name: "a", Type: TypeUint8, Array: true, Count: 100})
	want, got := List{}, List{}
	for range 100 {
		want, got = append(want, Uint(1)), append(got, Uint(2))
	}
	lines := Diff(value(want), value(got), s)
	equal(t, 20, len(lines))
	if !strings.HasPrefix(lines[19], "a[19]: ") {
		t.Error(lines[19])
	}
}
