package model

import (
	"math"
	"testing"

	"vmconform/rules"
)

// What memory holds before a load shows where nothing is loaded, and is what
// equal and int32 le are compared with.
func TestLocal(t *testing.T) {
	elem := vmsd("e", Field{Name: "eq", Type: TypeUint8Equal, Local: 7}, Field{Name: "late", Type: TypeInt8, Version: 9, Local: -3})
	s := &Schema{Name: "s", Version: 2, Minimum: 1, Fields: []Field{
		{Name: "b", Type: TypeBool, Local: 1}, {Name: "i", Type: TypeInt64, Local: math.MinInt64},
		{Name: "u", Type: TypeUint64, Local: -1}, {Name: "t", Type: TypeTimer, Local: -1}, {Name: "d", Type: TypeCPUDouble, Local: -2},
		{Name: "le", Type: TypeInt32LE, Local: 5}, {Name: "ar", Type: TypeUint16, Array: true, Count: 2, Local: 65535},
		{Name: "in", Type: TypeStruct, Elem: elem}}}
	zero := []Value{Bool(true), Int(math.MinInt64), Uint(math.MaxUint64), Int(-1), Uint(math.MaxUint64 - 1),
		Int(5), List{Uint(65535), Uint(65535)}, value(Uint(7), Int(-3))}
	noError(t, s.Check())
	equal(t, value(zero...), Zero(s))
	for i := range s.Fields {
		s.Fields[i].Version = 2
	}
	s.Fields = append(s.Fields, queueOf("q", elem))
	got, err := Decode(s, wire(t, "01 07 00"), 1, Options{All: true})
	noError(t, err)
	equal(t, value(append(zero, List{value(Uint(7), Int(-3))})...), got.Value)
}

func TestEqualAndLE(t *testing.T) {
	type edge struct {
		stream string
		want   verdict
	}
	mismatch := verdict{rules.Mismatch, 1, "x", rules.EqualValue}
	outside := verdict{rules.OutOfRange, 1, "x", rules.Int32LE}
	truncated := func(at int64) verdict { return verdict{rules.Truncated, at, "x", rules.ItemComplete} }
	for _, c := range []struct {
		t      Type
		local  int64
		good   string
		x      Value
		refuse []edge
	}{
		{TypeUint8Equal, 0x81, "81", Uint(0x81), []edge{{"80", mismatch}, {"01", mismatch}, {"", truncated(1)}}},
		{TypeUint16Equal, 0x8102, "8102", Uint(0x8102), []edge{{"8103", mismatch}, {"0102", mismatch}, {"00", truncated(2)}}},
		{TypeUint32Equal, 0x81020304, "81020304", Uint(0x81020304), []edge{{"81020305", mismatch}, {"00000000", mismatch}, {"810203", truncated(4)}}},
		{TypeUint64Equal, -1, "ffffffffffffffff", Uint(math.MaxUint64), []edge{{"fffffffffffffffe", mismatch}, {"7fffffffffffffff", mismatch}}},
		{TypeInt32Equal, -2, "fffffffe", Int(-2), []edge{{"fffffffd", mismatch}, {"00000002", mismatch}}},
		{TypeInt32LE, 5, "00000005", Int(5), []edge{{"00000006", outside}, {"ffffffff", outside}, {"80000000", outside}, {"7fffffff", outside}, {"000000", truncated(4)}}},
		{TypeInt32LE, 5, "00000000", Int(0), nil},
		{TypeInt32LE, 0, "00000000", Int(0), []edge{{"00000001", outside}}},
		{TypeInt32LE, math.MaxInt32, "7fffffff", Int(math.MaxInt32), []edge{{"80000000", outside}}},
		{TypeInt32LE, -1, "", nil, []edge{{"00000000", outside}, {"ffffffff", outside}}},
	} {
		s := vmsd("s", field("a", TypeUint8), Field{Name: "x", Type: c.t, Local: c.local})
		if c.x != nil {
			loads(t, s, wire(t, "aa"+c.good), value(Uint(0xaa), c.x))
		}
		for _, e := range c.refuse {
			refused(t, s, wire(t, "aa"+e.stream), Options{}, e.want)
		}
	}
	// Elements of an array one by one; saving does not compare.
	s := vmsd("s", Field{Name: "x", Type: TypeUint8Equal, Array: true, Count: 3, Local: 7})
	loads(t, s, wire(t, "070707"), value(List{Uint(7), Uint(7), Uint(7)}))
	refused(t, s, wire(t, "070800"), Options{}, verdict{rules.Mismatch, 1, "x[1]", rules.EqualValue})
	saved, err := Encode(s, value(List{Uint(1), Uint(2), Uint(3)}), 1)
	noError(t, err)
	equal(t, wire(t, "010203"), saved)
	saved, err = Encode(vmsd("s", field("x", TypeInt32LE)), value(Int(-1)), 1)
	noError(t, err)
	equal(t, wire(t, "ffffffff"), saved)
}

// A repeated subsection is compared with what the first load left.
func TestComparedAgain(t *testing.T) {
	s := vmsd("s")
	s.Subsections = []*Schema{vmsd("s/a", Field{Name: "le", Type: TypeInt32LE, Local: 5}, Field{Name: "les", Type: TypeInt32LE, Array: true, Count: 2, Local: 9})}
	const header = "05 03 732f61 00000001"
	first := header + "00000003 00000008 00000007"
	got := consumes(t, s, first+header+"00000002 00000008 00000000", 2*(9+12))
	equal(t, value(Int(2), List{Int(8), Int(0)}), got.Value.Subs[0])
	refused(t, s, wire(t, first+header+"00000004"), Options{}, verdict{rules.OutOfRange, 9 + 12 + 9, "s/a/le", rules.Int32LE})
	refused(t, s, wire(t, first+header+"00000003 00000008 00000008"), Options{}, verdict{rules.OutOfRange, 9 + 12 + 9 + 8, "s/a/les[1]", rules.Int32LE})
}

// What is counted by the state may be multiplied, and has the room that memory
// has.
func TestTimesAndRoom(t *testing.T) {
	n := func(t Type, local int64) Field { return Field{Name: "n", Type: t, Local: local} }
	buffer := func(times, room int) Field {
		return Field{Name: "x", Type: TypeBuffer, SizeFrom: "n", Times: times, Room: room}
	}
	array := func(t Type, times, room int) Field {
		return Field{Name: "x", Type: t, Array: true, CountFrom: "n", Times: times, Room: room}
	}
	bitmap := func(room int) Field { return Field{Name: "x", Type: TypeBitmap, SizeFrom: "n", Room: room} }
	u8 := n(TypeUint8, 0)
	loads(t, vmsd("s", u8, buffer(3, 0)), wire(t, "02 010203040506"), value(Uint(2), Bytes{1, 2, 3, 4, 5, 6}))
	loads(t, vmsd("s", u8, buffer(3, 6)), wire(t, "02 010203040506"), value(Uint(2), Bytes{1, 2, 3, 4, 5, 6}))
	loads(t, vmsd("s", u8, array(TypeUint16, 2, 0)), wire(t, "01 0001 0002"), value(Uint(1), List{Uint(1), Uint(2)}))
	loads(t, vmsd("s", u8, array(TypeUint16, 2, 3)), wire(t, "01 0001 0002"), value(Uint(1), List{Uint(1), Uint(2)}))
	loads(t, vmsd("s", u8, array(TypeNull, 0, 3)), wire(t, "03 303030"), value(Uint(3), List{Null{}, Null{}, Null{}}))
	loads(t, vmsd("s", u8, bitmap(65)), wire(t, "41 0000000000000001 0000000000000002"), value(Uint(65), List{Uint(1), Uint(2)}))
	loads(t, vmsd("s", u8, bitmap(65)), wire(t, "00"), value(Uint(0), List{}))

	for _, c := range []struct {
		name, stream string
		s            *Schema
		at           int64
		x            Value
		n            Value
	}{
		{"buffer, room", "03", vmsd("s", u8, buffer(0, 2)), 1, Bytes{1, 2, 3}, Uint(3)},
		{"buffer, room and factor", "03", vmsd("s", u8, buffer(2, 5)), 1, Bytes{1, 2, 3, 4, 5, 6}, Uint(3)},
		{"array, room", "03 010203", vmsd("s", u8, array(TypeUint8, 0, 2)), 1, List{Uint(1), Uint(2), Uint(3)}, Uint(3)},
		{"bitmap, room", "42", vmsd("s", u8, bitmap(65)), 1, List{Uint(1), Uint(2)}, Uint(66)},
		{"product 2^31", "40000000", vmsd("s", n(TypeUint32, 0), buffer(2, 0)), 4, Bytes{}, Uint(1 << 30)},
		{"product 2^32", "40000000", vmsd("s", n(TypeUint32, 0), array(TypeUint8, 4, 0)), 4, List{}, Uint(1 << 30)},
		{"product 2^64", "0000000400000000", vmsd("s", n(TypeUint64, 0), array(TypeUint8, 1<<30, 0)), 8, List{}, Uint(1 << 34)},
		{"product 2^62", "7fffffff", vmsd("s", n(TypeUint32, 0), array(TypeUint8, math.MaxInt32, 0)), 4, List{}, Uint(math.MaxInt32)},
		{"negative", "ff", vmsd("s", n(TypeInt8, 0), buffer(3, 9)), 1, Bytes{}, Int(-1)},
		{"bits negative", "ffff", vmsd("s", n(TypeInt16, 0), bitmap(0)), 2, List{}, Int(-1)},
		{"bits 2^31", "80000000", vmsd("s", n(TypeUint32, 0), bitmap(0)), 4, List{}, Uint(1 << 31)},
		{"equal", "ffffffff", vmsd("s", n(TypeInt32Equal, -1), buffer(0, 0)), 4, Bytes{}, Int(-1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := verdict{rules.OutOfRange, c.at, "x", rules.CountRange}
			refused(t, c.s, wire(t, c.stream), Options{}, want)
			out, err := Encode(c.s, value(c.n, c.x), 1)
			equal(t, wire(t, c.stream)[:c.at], out)
			equal(t, want, verdictOf(t, err))
		})
	}
	// 2^31-1 bits are 2^25 words; 2^31-2 bytes are twice 2^30-1.
	big := Options{Limits: rules.Limits{Bytes: 1 << 40}}
	refused(t, vmsd("s", n(TypeUint32, 0), bitmap(0)), wire(t, "7fffffff 00"), big, verdict{rules.Truncated, 5, "x", rules.ItemComplete})
	refused(t, vmsd("s", n(TypeUint32, 0), buffer(2, 0)), wire(t, "3fffffff 00"), big, verdict{rules.Truncated, 5, "x", rules.ItemComplete})
	refused(t, vmsd("s", n(TypeUint32, 0), bitmap(0)), wire(t, "7fffffff 00"), Options{Limits: rules.Limits{Bytes: 4 + 1<<28 - 1}},
		verdict{rules.Limit, 4, "x", rules.Bounded})

	// Counted by an equal member, and by one that may only be so much.
	loads(t, vmsd("s", n(TypeUint8Equal, 2), buffer(0, 0)), wire(t, "02 0102"), value(Uint(2), Bytes{1, 2}))
	loads(t, vmsd("s", n(TypeInt32LE, 4), buffer(0, 4)), wire(t, "00000002 0102"), value(Int(2), Bytes{1, 2}))
}

// Room is there without a load: as much of it is seen as the member says.
func TestRoomBeforeLoad(t *testing.T) {
	two := func(f Field) Field { f.Version = 2; return f }
	s := &Schema{Name: "s", Version: 2, Minimum: 1, Fields: []Field{
		two(Field{Name: "n", Type: TypeInt8, Local: 2}),
		two(Field{Name: "raw", Type: TypeBuffer, SizeFrom: "n", Times: 2, Room: 5}),
		two(Field{Name: "ints", Type: TypeInt64, Array: true, CountFrom: "n", Room: 2}),
		two(Field{Name: "timers", Type: TypeTimer, Array: true, CountFrom: "n", Room: 9}),
		two(Field{Name: "nulls", Type: TypeNull, Array: true, CountFrom: "n", Room: 2}),
		two(Field{Name: "ptrs", Type: TypeBool, Array: true, CountFrom: "n", Room: 4, Pointers: true, Null: []int{1, 3}}),
		two(Field{Name: "bits", Type: TypeBitmap, SizeFrom: "n", Room: 70}),
		two(Field{Name: "none", Type: TypeUint8, Array: true, CountFrom: "n"}),
		two(Field{Name: "empty", Type: TypeBuffer, SizeFrom: "n"})}}
	noError(t, s.Check())
	want := value(Int(2), Bytes{0, 0, 0, 0}, List{Int(0), Int(0)}, List{Int(0), Int(0)}, List{Null{}, Null{}},
		List{Bool(false), Null{}}, List{Uint(0)}, List{}, Bytes{})
	equal(t, want, Zero(s))
	got, err := Decode(s, nil, 1, Options{All: true})
	noError(t, err)
	equal(t, want, got.Value)

	// A subsection loaded twice: the last load decides.
	sub := *s
	sub.Name, sub.Fields = "t/s", s.Fields[:3]
	top := vmsd("t")
	top.Subsections = []*Schema{&sub}
	const header = "05 03 742f73 000000"
	first := header + "02 02 01020304 0000000000000005 0000000000000006"
	got = consumes(t, top, first+header+"02 01 0908 0000000000000007"+header+"01", 9+1+4+16+9+1+2+8+9)
	equal(t, value(Int(1), Bytes{9, 8}, List{Int(7)}), got.Value.Subs[0])
}

// A load over a value changes what is on the wire and nothing else, and not the
// value that it was given.
func TestLoadOver(t *testing.T) {
	elem := vmsd("e", field("x", TypeUint8))
	at2 := func(f Field) Field { f.Version = 2; return f }
	s := &Schema{Name: "s", Version: 2, Minimum: 1, Fields: []Field{
		field("a", TypeUint8), at2(field("late", TypeUint16)), {Name: "eq", Type: TypeUint8Equal, Local: 1}, {Name: "le", Type: TypeInt32LE, Local: 9},
		{Name: "n", Type: TypeUint8}, {Name: "raw", Type: TypeBuffer, SizeFrom: "n"}, {Name: "fixed", Type: TypeBuffer, Size: 1, Version: 2},
		queueOf("q", elem), {Name: "tree", Type: TypeTree, Version: 1, Elem: elem},
		{Name: "in", Type: TypeStruct, Elem: elem}, {Name: "ins", Type: TypeStruct, Elem: elem, Array: true, Count: 2},
	}}
	s.Subsections = []*Schema{vmsd("s/a", queueOf("q", elem)), vmsd("s/b", field("x", TypeUint8))}
	e := func(n Uint) *Struct { return value(n) }
	before := func() *Struct {
		return &Struct{
			Fields: []Value{Uint(1), Uint(0x0203), Uint(7), Int(4), Uint(1), Bytes{5}, Bytes{6}, List{e(8)}, Tree{{Uint(2), e(9)}, {Uint(4), e(10)}}, e(11), List{e(12), e(13)}},
			Subs:   []*Struct{value(List{e(14)}), nil},
		}
	}
	noError(t, s.Check())
	given := before()
	const fields = "21 07 00000003 02 2526 01 28 00 00000002 01 0000000000000002 29 01 0000000000000003 2a 00 2b 2c 2d "
	const subs = "05 03 732f61 00000001 01 2e 00  05 03 732f62 00000001 2f"
	got, err := Decode(s, wire(t, fields+subs), 1, Options{All: true, Over: given})
	noError(t, err)
	equal(t, &Struct{
		Fields: []Value{Uint(0x21), Uint(0x0203), Uint(7), Int(3), Uint(2), Bytes{0x25, 0x26}, Bytes{6}, List{e(8), e(0x28)},
			Tree{{Uint(2), e(0x29)}, {Uint(3), e(0x2a)}, {Uint(4), e(10)}}, e(0x2b), List{e(0x2c), e(0x2d)}},
		Subs: []*Struct{value(List{e(14), e(0x2e)}), e(0x2f)},
	}, got.Value)
	equal(t, before(), given)

	// What is compared is compared with the value.
	refused(t, s, wire(t, "21 0203 01"), Options{Over: given}, verdict{rules.Mismatch, 3, "eq", rules.EqualValue})
	refused(t, s, wire(t, "21 0203 07 00000005"), Options{Over: given}, verdict{rules.OutOfRange, 4, "le", rules.Int32LE})
	equal(t, before(), given)
}
