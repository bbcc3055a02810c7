package model

import (
	"testing"

	"vmconform/rules"
)

func listOf(name string, elem *Schema) Field {
	return Field{Name: name, Type: TypeList, Version: elem.Version, Elem: elem}
}

// A list is a queue by other rules.
func TestList(t *testing.T) {
	elem := &Schema{Name: "e", Version: 3, Minimum: 2, Fields: []Field{field("x", TypeUint8)}}
	at := func(version uint32) *Schema {
		return &Schema{Name: "s", Version: 9, Fields: []Field{field("a", TypeUint8), {Name: "l", Type: TypeList, Version: version, Elem: elem}}}
	}
	loads(t, at(3), wire(t, "07 01 08 01 09 00"), value(Uint(7), List{value(Uint(8)), value(Uint(9))}))
	loads(t, at(2), wire(t, "07 00"), value(Uint(7), List{}))
	for _, rest := range []string{"", "00", "01"} {
		refused(t, at(4), wire(t, "07"+rest), Options{}, verdict{rules.VersionTooNew, 1, "l", rules.ListVersion})
		refused(t, at(1), wire(t, "07"+rest), Options{}, verdict{rules.VersionTooOld, 1, "l", rules.ListVersion})
	}
	refused(t, at(3), wire(t, "07"), Options{}, verdict{rules.Truncated, 1, "l[0]", rules.ListTerminator})
	refused(t, at(3), wire(t, "07 01 08"), Options{}, verdict{rules.Truncated, 3, "l[1]", rules.ListTerminator})
	got, err := Decode(at(3), wire(t, "07 02 08 ff 09 00"), 9, Options{All: true})
	noError(t, err)
	equal(t, []remark{{rules.ListMarker, 1, "l[0]"}, {rules.ListMarker, 3, "l[1]"}}, remarks(got.Notes))

	s := vmsd("s", Field{Name: "ls", Type: TypeList, Version: 1, Array: true, Count: 2, Elem: vmsd("e", listOf("l", vmsd("i", field("x", TypeUint8))))})
	loads(t, s, wire(t, "01 (01 07 00) 00  00"), value(List{List{value(List{value(Uint(7))})}, List{}}))
	out, err := Encode(s, value(List{List{value(List{value(Uint(256))})}, List{}}), 1)
	equal(t, wire(t, "01 01"), out)
	equal(t, verdict{rules.OutOfRange, 2, "ls[0][0]/l[0]/x", rules.RoundTrip}, verdictOf(t, err))
}

// The first elements may have vmsds of their own, whose versions are not judged.
func TestElementsThatDiffer(t *testing.T) {
	bytes := func(n int, version uint32) *Schema {
		s := &Schema{Name: "e", Version: version, Minimum: version}
		for i := range n {
			s.Fields = append(s.Fields, field(string(rune('a'+i)), TypeUint8))
		}
		return s
	}
	second := bytes(3, 7)
	second.Fields[2].Version = 7 // saved, but not loaded at 1
	for _, typ := range []Type{TypeQueue, TypeList} {
		f := Field{Name: "q", Type: typ, Version: 1, Elem: bytes(1, 1), Elems: []*Schema{bytes(0, 5), second}}
		got, err := Decode(vmsd("s", f), wire(t, "01 01 0102 01 03 01 04 00"), 1, Options{All: true})
		noError(t, err)
		want := value(List{value(), value(Uint(1), Uint(2), Uint(0)), value(Uint(3)), value(Uint(4))})
		equal(t, want, got.Value)
		saved, err := Encode(vmsd("s", f), want, 1)
		noError(t, err)
		equal(t, wire(t, "01 01 010200 01 03 01 04 00"), saved)
		out, err := Encode(vmsd("s", f), value(List{value(), value(Uint(1))}), 1)
		equal(t, wire(t, "01 01"), out)
		equal(t, verdict{rules.OutOfRange, 2, "q[1]", rules.RoundTrip}, verdictOf(t, err))

		// The place counts from the first that was there before this load; the
		// path from the first of this load.
		sub := vmsd("s/q", f)
		s := vmsd("s")
		s.Subsections = []*Schema{sub}
		const header = "05 03 732f71 00000001"
		got = consumes(t, s, header+"01 00"+header+"01 0102 01 03 00"+header+"00", 3*9+2+6+1)
		equal(t, value(List{value(), value(Uint(1), Uint(2), Uint(0)), value(Uint(3))}), got.Value.Subs[0])
		refused(t, s, wire(t, header+"01 00"+header+"01 01"), Options{}, verdict{rules.Truncated, 22, "s/q/q[0]/b", rules.ItemComplete})
	}
	// Their element's own vmsd decides the version.
	f := Field{Name: "q", Type: TypeQueue, Version: 5, Elem: bytes(1, 1), Elems: []*Schema{bytes(0, 5)}}
	s := &Schema{Name: "s", Version: 5, Fields: []Field{f}}
	refused(t, s, wire(t, "01 00"), Options{}, verdict{rules.VersionTooNew, 0, "q", rules.QueueVersion})
}

func TestVStruct(t *testing.T) {
	elem := &Schema{Name: "e", Version: 3, Minimum: 2, Fields: []Field{field("x", TypeUint8), {Name: "y", Type: TypeUint8, Version: 3, Local: 5}}}
	elem.Subsections = []*Schema{vmsd("e/s", field("z", TypeUint8))}
	at := func(version uint32) *Schema {
		return vmsd("s", field("a", TypeUint8), Field{Name: "v", Type: TypeVStruct, StructVersion: version, Elem: elem})
	}
	in := func(x, y uint64, sub *Struct) *Struct {
		return &Struct{Fields: []Value{Uint(x), Uint(y)}, Subs: []*Struct{sub}}
	}
	loads(t, at(3), wire(t, "07 08 09"), value(Uint(7), in(8, 9, nil)))
	loads(t, at(2), wire(t, "07 08"), value(Uint(7), in(8, 5, nil)))
	loads(t, at(2), wire(t, "07 08 05 03 652f73 00000001 09"), value(Uint(7), in(8, 5, value(Uint(9)))))
	for version, class := range map[uint32]rules.Class{4: rules.VersionTooNew, 1: rules.VersionTooOld, 0: rules.VersionTooOld, 0x80000002: rules.VersionTooNew} {
		want := verdict{class, 1, "v", rules.VersionRange}
		refused(t, at(version), wire(t, "07 08 09"), Options{}, want)
		refused(t, at(version), wire(t, "07"), Options{}, want)
		refused(t, at(version), wire(t, "07"), Options{Limits: rules.Limits{Depth: 1}}, want)
		out, err := Encode(at(version), value(Uint(7), in(8, 9, nil)), 1)
		equal(t, wire(t, "07"), out)
		equal(t, want, verdictOf(t, err))
	}
	// In an array: behind the element count, before the depth.
	s := at(4)
	s.Fields[1].Array, s.Fields[1].CountFrom = true, "a"
	refused(t, s, wire(t, "01 08"), Options{}, verdict{rules.VersionTooNew, 1, "v[0]", rules.VersionRange})
	refused(t, s, wire(t, "01 08"), Options{Limits: rules.Limits{Depth: 1}}, verdict{rules.VersionTooNew, 1, "v[0]", rules.VersionRange})
	loads(t, s, wire(t, "00"), value(Uint(0), List{}))
	out, err := Encode(s, value(Uint(1), List{in(1, 2, nil)}), 1)
	equal(t, wire(t, "01"), out)
	equal(t, verdict{rules.VersionTooNew, 1, "v[0]", rules.VersionRange}, verdictOf(t, err))
	two := at(2)
	two.Fields[1].Array, two.Fields[1].Count, two.Fields[1].StructVersion = true, 2, 9
	refused(t, two, wire(t, "01 08"), Options{Limits: rules.Limits{Elements: 1}}, verdict{rules.VersionTooNew, 1, "v[0]", rules.VersionRange})
	two.Fields[1].StructVersion = 3
	loads(t, two, wire(t, "07 0102 0304"), value(Uint(7), List{in(1, 2, nil), in(3, 4, nil)}))
	refused(t, two, wire(t, "07 0102"), Options{Limits: rules.Limits{Elements: 1}}, verdict{rules.Limit, 3, "v[1]", rules.Bounded})
}

// A tmp is loaded at the field's version and saved at its own.
func TestTmp(t *testing.T) {
	elem := &Schema{Name: "e", Version: 3, Minimum: 2, Fields: []Field{{Name: "x", Type: TypeUint8, Version: 3, Local: 5}, field("t", TypeTimer)}}
	at := func(version uint32) *Schema {
		return &Schema{Name: "s", Version: 9, Fields: []Field{field("a", TypeUint8), {Name: "tmp", Type: TypeTmp, Version: version, Elem: elem}}}
	}
	loads(t, at(3), wire(t, "07 08 ffffffffffffffff"), value(Uint(7), value(Uint(8), Int(-1))))
	got, err := Decode(at(2), wire(t, "07 0000000000000009"), 9, Options{All: true})
	noError(t, err)
	equal(t, value(Uint(7), value(Uint(5), Int(9))), got.Value)
	saved, err := Encode(at(2), got.Value, 9)
	noError(t, err)
	equal(t, wire(t, "07 05 0000000000000009"), saved)
	for version, class := range map[uint32]rules.Class{4: rules.VersionTooNew, 1: rules.VersionTooOld} {
		want := verdict{class, 1, "tmp", rules.VersionRange}
		refused(t, at(version), wire(t, "07"), Options{}, want)
		refused(t, at(version), wire(t, "07"), Options{Limits: rules.Limits{Depth: 1}}, want)
		_, err = Encode(at(version), got.Value, 9)
		noError(t, err)
	}
	refused(t, at(3), wire(t, "07 08 00"), Options{}, verdict{rules.Truncated, 3, "tmp/t", rules.ItemComplete})
	out, err := Encode(at(3), value(Uint(7), value(Uint(256), Int(0))), 9)
	equal(t, wire(t, "07"), out)
	equal(t, verdict{rules.OutOfRange, 1, "tmp/x", rules.RoundTrip}, verdictOf(t, err))

	// Not on the wire, it is as it was: made for nothing, or loaded before.
	equal(t, Value(value(Uint(5), Int(0))), Zero(at(3)).Fields[1])
	sub := at(3)
	sub.Name = "s/t"
	sub.Fields[1].When = &Condition{Field: "a", Op: "!=", Value: 0}
	s := vmsd("s")
	s.Subsections = []*Schema{sub}
	const header = "05 03 732f74 00000009"
	got = consumes(t, s, header+"01 08 0000000000000009"+header+"00", 9+10+9+1)
	equal(t, value(Uint(0), value(Uint(8), Int(9))), got.Value.Subs[0])
}

func TestBitmap(t *testing.T) {
	fixed := func(bits int) *Schema { return vmsd("s", Field{Name: "b", Type: TypeBitmap, Size: bits}) }
	const low, high = "8000000000000001", "0000000000000002"
	loads(t, fixed(0), nil, value(List{}))
	for _, bits := range []int{1, 63, 64} { // all 64 bits travel
		loads(t, fixed(bits), wire(t, low), value(List{Uint(1<<63 + 1)}))
	}
	for _, bits := range []int{65, 128} {
		loads(t, fixed(bits), wire(t, low+high), value(List{Uint(1<<63 + 1), Uint(2)}))
		equal(t, value(List{Uint(0), Uint(0)}), Zero(fixed(bits)))
		// The whole is one item.
		refused(t, fixed(bits), wire(t, low), Options{}, verdict{rules.Truncated, 8, "b", rules.ItemComplete})
		refused(t, fixed(bits), wire(t, low+high), Options{Limits: rules.Limits{Bytes: 15}}, verdict{rules.Limit, 0, "b", rules.Bounded})
	}
	s := vmsd("s", field("n", TypeUint8), Field{Name: "b", Type: TypeBitmap, SizeFrom: "n"})
	loads(t, s, wire(t, "00"), value(Uint(0), List{}))
	loads(t, s, wire(t, "41"+low+high), value(Uint(65), List{Uint(1<<63 + 1), Uint(2)}))
	equal(t, value(Uint(0), List{}), Zero(s))
	for _, c := range []struct {
		x    Value
		rule rules.ID
	}{
		{List{Uint(1)}, rules.CountRange}, {List{Uint(1), Uint(2), Uint(3)}, rules.CountRange}, {List{Uint(1), Int(2)}, rules.RoundTrip},
		{List{Uint(1), nil}, rules.RoundTrip}, {Bytes{}, rules.RoundTrip}, {Uint(1), rules.RoundTrip},
	} {
		out, err := Encode(s, value(Uint(65), c.x), 1)
		equal(t, wire(t, "41"), out)
		equal(t, verdict{rules.OutOfRange, 1, "b", c.rule}, verdictOf(t, err))
	}
	// A repeated load replaces it.
	s.Name = "t/s"
	top := vmsd("t")
	top.Subsections = []*Schema{s}
	const header = "05 03 742f73 00000001"
	got := consumes(t, top, header+"41"+low+high+header+"01"+high, 9+17+9+9)
	equal(t, value(Uint(1), List{Uint(2)}), got.Value.Subs[0])
}

func TestTimerAndDouble(t *testing.T) {
	s := vmsd("s", field("t", TypeTimer), field("d", TypeCPUDouble),
		Field{Name: "ts", Type: TypeTimer, Array: true, Count: 2}, Field{Name: "ds", Type: TypeCPUDouble, Array: true, Count: 1})
	loads(t, s, wire(t, "ffffffffffffffff bff8000000000000 8000000000000000 0000000000000001 ffffffffffffffff"),
		value(Int(-1), Uint(0xbff8000000000000), List{Int(-1 << 63), Int(1)}, List{Uint(1<<64 - 1)}))
	for i, x := range []Value{Uint(1), Int(1)} {
		v := value(Int(0), Uint(0), nil, nil)
		v.Fields[i] = x
		out, err := Encode(s, v, 1)
		equal(t, 8*i, len(out))
		equal(t, verdict{rules.OutOfRange, int64(8 * i), s.Fields[i].Name, rules.RoundTrip}, verdictOf(t, err))
	}
}
