package model

import (
	"testing"

	"vmconform/rules"
)

// directSchema is a byte and a tree from a be64 to a byte.
func directSchema() *Schema {
	return vmsd("s", field("a", TypeUint8), Field{Name: "t", Type: TypeTree, Version: 1, Elem: vmsd("v", field("x", TypeUint8))})
}

// keyedSchema is a tree whose keys are an int16, a bool and two bytes.
func keyedSchema() *Schema {
	key := vmsd("k", field("i", TypeInt16), field("b", TypeBool), Field{Name: "raw", Type: TypeBuffer, Size: 2},
		Field{Name: "ar", Type: TypeUint8, Array: true, Count: 1})
	return vmsd("s", Field{Name: "t", Type: TypeTree, Version: 1, Key: key, Elem: vmsd("v", field("x", TypeUint8))})
}

func pair(key, x uint64) Pair { return Pair{Uint(key), value(Uint(x))} }

func TestTree(t *testing.T) {
	loads(t, directSchema(), wire(t, "07 00000000 00"), value(Uint(7), Tree{}))
	loads(t, directSchema(), wire(t, "07 00000002 01 0000000000000001 08 01 ff00000000000000 09 00"),
		value(Uint(7), Tree{pair(1, 8), pair(0xff<<56, 9)}))
	key := func(i int64, b bool, raw1, raw2 byte, ar uint64) *Struct {
		return value(Int(i), Bool(b), Bytes{raw1, raw2}, List{Uint(ar)})
	}
	// Bytes decide: -1 is ffff, above 1.
	loads(t, keyedSchema(), wire(t, "00000004 01 (0001 00 aabb 05) 01  01 (0001 01 0000 05) 02  01 (0001 01 0001 04) 03  01 (ffff 00 0000 00) 04 00"),
		value(Tree{
			{key(1, false, 0xaa, 0xbb, 5), value(Uint(1))}, {key(1, true, 0, 0, 5), value(Uint(2))},
			{key(1, true, 0, 1, 4), value(Uint(3))}, {key(-1, false, 0, 0, 0), value(Uint(4))}}))
	// Arrays of trees, fixed and counted.
	s := directSchema()
	s.Fields[1].Array, s.Fields[1].Count = true, 2
	loads(t, s, wire(t, "00 00000000 00 00000001 01 0000000000000003 04 00"), value(Uint(0), List{Tree{}, Tree{pair(3, 4)}}))
	s.Fields[1].Count, s.Fields[1].CountFrom = 0, "a"
	loads(t, s, wire(t, "01 00000001 01 0000000000000003 04 00"), value(Uint(1), List{Tree{pair(3, 4)}}))
	loads(t, s, wire(t, "00"), value(Uint(0), List{}))
}

// Keys and values peek for subsections as every vmsd does.
func TestTreePeeks(t *testing.T) {
	s := keyedSchema()
	s.Fields[0].Key.Fields = s.Fields[0].Key.Fields[:1]
	refused(t, s, wire(t, "00000001 01 0001 05 02 6b78"), Options{}, verdict{rules.UnknownSubsection, 7, "t[0]", rules.SubsectionKnown})
	refused(t, s, wire(t, "00000001 01 0001 07 05 02 7678"), Options{}, verdict{rules.UnknownSubsection, 8, "t[0]", rules.SubsectionKnown})
}

func TestTreeErrors(t *testing.T) {
	const count, pairs = 1, 5 // offsets of the count and of the first marker
	const size = 1 + 8 + 1
	item := rules.ItemComplete
	cases := []struct {
		name, stream string
		want         verdict
	}{
		{"no count", "07", verdict{rules.Truncated, 1, "t", item}},
		{"count cut", "07 000000", verdict{rules.Truncated, 4, "t", item}},
		{"count 2^31", "07 80000000", verdict{rules.OutOfRange, count, "t", rules.CountRange}},
		{"count 2^32-1", "07 ffffffff 00", verdict{rules.OutOfRange, count, "t", rules.CountRange}},
		{"count 2^31-1", "07 7fffffff", verdict{rules.Truncated, 5, "t[0]", rules.TreeTerminator}},
		{"no marker", "07 00000001", verdict{rules.Truncated, 5, "t[0]", rules.TreeTerminator}},
		{"key cut", "07 00000001 01 00000000000000", verdict{rules.Truncated, 13, "t[0]", item}},
		{"no value", "07 00000001 01 0000000000000001", verdict{rules.Truncated, 14, "t[0]/x", item}},
		{"no terminator", "07 00000001 01 0000000000000001 08", verdict{rules.Truncated, 15, "t[1]", rules.TreeTerminator}},
		{"one of none", "07 00000000 01 0000000000000001 08 00", verdict{rules.CountMismatch, pairs, "t[0]", rules.TreeCount}},
		{"two of one", "07 00000001 01 0000000000000001 08 01", verdict{rules.CountMismatch, pairs + size, "t[1]", rules.TreeCount}},
		{"two of one, the same key", "07 00000001 01 0000000000000001 08 01 0000000000000001 08 00", verdict{rules.CountMismatch, pairs + size, "t[1]", rules.TreeCount}},
		{"none of one", "07 00000001 00", verdict{rules.CountMismatch, pairs, "t[0]", rules.TreeCount}},
		{"one of two", "07 00000002 01 0000000000000001 08 00", verdict{rules.CountMismatch, pairs + size, "t[1]", rules.TreeCount}},
		{"none of 2^31-1", "07 7fffffff 00", verdict{rules.CountMismatch, pairs, "t[0]", rules.TreeCount}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { refused(t, directSchema(), wire(t, c.stream), Options{}, c.want) })
	}
	refused(t, keyedSchema(), wire(t, "00000001 01 0001 02 aa"), Options{}, verdict{rules.Truncated, 9, "t[0]/raw", item})
	refused(t, iommuSchema, wire(t, "00000007 00000001 01 0000000000000005 00000005 00000001 00"), Options{},
		verdict{rules.CountMismatch, 4 + 4 + 9 + 8, "domains[0]/mappings[0]", rules.TreeCount})
}

// The version is decided before the count is looked at, for the key first.
func TestTreeVersion(t *testing.T) {
	schema := func(version uint32) *Schema {
		key := &Schema{Name: "k", Version: 4, Minimum: 2, Fields: []Field{field("i", TypeUint8), {Name: "j", Type: TypeUint8, Version: 3}}}
		elem := &Schema{Name: "e", Version: 3, Minimum: 1, Fields: []Field{{Name: "x", Type: TypeUint8, Version: 2}, {Name: "y", Type: TypeUint8, Version: 3}}}
		return &Schema{Name: "s", Version: 9, Fields: []Field{field("a", TypeUint8), {Name: "t", Type: TypeTree, Version: version, Key: key, Elem: elem}}}
	}
	direct := func(version uint32) *Schema { s := schema(version); s.Fields[1].Key = nil; return s }
	too := func(class rules.Class) verdict { return verdict{class, 1, "t", rules.TreeVersion} }
	for _, rest := range []string{"", "ffffffff", "00000000 00"} {
		stream := wire(t, "aa"+rest)
		refused(t, schema(1), stream, Options{}, too(rules.VersionTooOld)) // for the key
		refused(t, schema(4), stream, Options{}, too(rules.VersionTooNew)) // for the value
		refused(t, schema(5), stream, Options{}, too(rules.VersionTooNew))
		refused(t, direct(0), stream, Options{}, too(rules.VersionTooOld))
		refused(t, direct(4), stream, Options{}, too(rules.VersionTooNew))
	}
	// The key is too old, the value too new: the key decides.
	both := schema(3)
	both.Fields[1].Key.Minimum, both.Fields[1].Elem.Version, both.Fields[1].Elem.Minimum = 4, 2, 1
	refused(t, both, wire(t, "aa"), Options{}, too(rules.VersionTooOld))

	// Loaded at the field's version, saved at their own.
	got, err := Decode(schema(2), wire(t, "aa 00000001 01 01 02 00"), 9, Options{All: true})
	noError(t, err)
	want := Tree{{value(Uint(1), Uint(0)), value(Uint(2), Uint(0))}}
	equal(t, value(Uint(0xaa), want), got.Value)
	saved, err := Encode(schema(2), got.Value, 9)
	noError(t, err)
	equal(t, wire(t, "aa 00000001 01 0100 0200 00"), saved)
	loads(t, schema(3), saved, got.Value)
}

func TestTreeNotes(t *testing.T) {
	// Offsets of the bytes behind the keys: marker and key are 9 bytes, the value 1.
	const first, size = 1 + 4 + 9, 10
	cases := []struct {
		name, pairs string
		want        Tree
		remarks     []remark
	}{
		{"in order", "01 0000000000000001 0a 01 0000000000000002 0b", Tree{pair(1, 10), pair(2, 11)}, nil},
		{"swapped", "01 0000000000000002 0a 01 0000000000000001 0b", Tree{pair(1, 11), pair(2, 10)},
			[]remark{{rules.TreeOrder, first + size, "t[1]"}}},
		{"twice", "01 0000000000000002 0a 01 0000000000000002 0b", Tree{pair(2, 11)},
			[]remark{{rules.TreeDuplicate, first + size, "t[1]"}}},
		{"twice is not judged for order", "01 0000000000000001 0a 01 0000000000000003 0b 01 0000000000000001 0c", Tree{pair(1, 12), pair(3, 11)},
			[]remark{{rules.TreeDuplicate, first + 2*size, "t[2]"}}},
		{"below the greatest", "01 0000000000000009 0a 01 0000000000000001 0b 01 0000000000000005 0c", Tree{pair(1, 11), pair(5, 12), pair(9, 10)},
			[]remark{{rules.TreeOrder, first + size, "t[1]"}, {rules.TreeOrder, first + 2*size, "t[2]"}}},
		{"markers", "02 0000000000000001 0a ff 0000000000000002 0b", Tree{pair(1, 10), pair(2, 11)},
			[]remark{{rules.TreeMarker, 5, "t[0]"}, {rules.TreeMarker, 5 + size, "t[1]"}}},
		{"marker before key", "80 0000000000000002 0a 05 0000000000000001 0b", Tree{pair(1, 11), pair(2, 10)},
			[]remark{{rules.TreeMarker, 5, "t[0]"}, {rules.TreeMarker, 5 + size, "t[1]"}, {rules.TreeOrder, first + size, "t[1]"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pairs := wire(t, c.pairs)
			stream := append(append([]byte{7, 0, 0, 0, byte(len(pairs) / size)}, pairs...), 0)
			got, err := Decode(directSchema(), stream, 1, Options{All: true})
			noError(t, err)
			equal(t, value(Uint(7), c.want), got.Value)
			equal(t, c.remarks, remarks(got.Notes))
		})
	}
	// Keys are told apart by what they are saved as: two ways to write true are
	// one key. The first stays, and its note comes first.
	s := vmsd("s", Field{Name: "t", Type: TypeTree, Version: 1, Key: vmsd("k", field("b", TypeBool)), Elem: vmsd("v", field("x", TypeBool))})
	got, err := Decode(s, wire(t, "00000003 01 01 00 01 02 02 01 00 01 00"), 1, Options{All: true})
	noError(t, err)
	equal(t, value(Tree{{value(Bool(false)), value(Bool(true))}, {value(Bool(true)), value(Bool(true))}}), got.Value)
	equal(t, []remark{{rules.BoolCanonical, 8, "t[1]/b"}, {rules.TreeDuplicate, 9, "t[1]"}, {rules.BoolCanonical, 9, "t[1]/x"},
		{rules.TreeOrder, 12, "t[2]"}}, remarks(got.Notes))
	// A key of no bytes is there once.
	s.Fields[0].Key = vmsd("k")
	got, err = Decode(s, wire(t, "00000002 01 00 01 01 00"), 1, Options{All: true})
	noError(t, err)
	equal(t, value(Tree{{value(), value(Bool(true))}}), got.Value)
	equal(t, []remark{{rules.TreeDuplicate, 7, "t[1]"}}, remarks(got.Notes))
	loads(t, s, wire(t, "00000001 01 01 00"), got.Value)
}

// What is loaded again joins what is there: the pairs of one load are judged
// among themselves.
func TestTreeLoadedAgain(t *testing.T) {
	sub := directSchema()
	sub.Name = "s/t"
	sub.Fields = sub.Fields[1:]
	s := vmsd("s")
	s.Subsections = []*Schema{sub}
	const header = "05 03 732f74 00000001"
	again := func(name string, want Tree, loads ...string) {
		t.Run(name, func(t *testing.T) {
			stream, notes := "", []remark(nil)
			for i, l := range loads {
				if i > 0 {
					notes = append(notes, remark{rules.SubsectionRepeated, int64(len(wire(t, stream))), "s/t"})
				}
				stream += header + l
			}
			got, err := Decode(s, wire(t, stream), 1, Options{All: true})
			noError(t, err)
			equal(t, value(want), got.Value.Subs[0])
			equal(t, notes, remarks(got.Notes))
		})
	}
	const none, two, four = "00000000 00",
		"00000002 01 0000000000000004 0a 01 0000000000000006 0b 00",
		"00000004 01 0000000000000003 15 01 0000000000000004 16 01 0000000000000005 17 01 0000000000000007 18 00"
	again("into nothing", Tree{pair(4, 10), pair(6, 11)}, none, two)
	again("nothing", Tree{pair(4, 10), pair(6, 11)}, two, none)
	again("the same", Tree{pair(4, 10), pair(6, 11)}, two, two)
	again("between", Tree{pair(3, 0x15), pair(4, 0x16), pair(5, 0x17), pair(6, 11), pair(7, 0x18)}, two, four)
	again("between, the other way", Tree{pair(3, 0x15), pair(4, 10), pair(5, 0x17), pair(6, 11), pair(7, 0x18)}, four, two)
	again("three times", Tree{pair(1, 1), pair(2, 2), pair(4, 10), pair(6, 11)}, two,
		"00000001 01 0000000000000002 02 00", "00000001 01 0000000000000001 01 00")
}

func TestTreeSaves(t *testing.T) {
	bad := func(s *Schema, v *Struct, written, path string) {
		t.Helper()
		out, err := Encode(s, v, 1)
		equal(t, wire(t, written), out)
		equal(t, verdict{rules.BadLink, int64(len(out)), path, rules.TreeSorted}, verdictOf(t, err))
	}
	misfit := func(s *Schema, v *Struct, written, path string) {
		t.Helper()
		out, err := Encode(s, v, 1)
		equal(t, wire(t, written), out)
		equal(t, verdict{rules.OutOfRange, int64(len(out)), path, rules.RoundTrip}, verdictOf(t, err))
	}
	direct, keyed := directSchema(), keyedSchema()
	bad(direct, value(Uint(7), Tree{pair(2, 8), pair(1, 9)}), "07 00000002 01 0000000000000002 08", "t[1]")
	bad(direct, value(Uint(7), Tree{pair(2, 8), pair(2, 8)}), "07 00000002 01 0000000000000002 08", "t[1]")
	bad(direct, value(Uint(7), Tree{pair(1, 8), pair(3, 8), pair(2, 8)}), "07 00000003 01 0000000000000001 08 01 0000000000000003 08", "t[2]")
	key := func(i int64) *Struct { return value(Int(i), Bool(false), Bytes{0, 0}, List{Uint(0)}) }
	bad(keyed, value(Tree{{key(-1), value(Uint(1))}, {key(1), value(Uint(2))}}), "00000002 01 (ffff 00 0000 00) 01", "t[1]")

	misfit(direct, value(Uint(7), List{}), "07", "t")
	misfit(direct, value(Uint(7), Tree{{Int(1), value(Uint(1))}}), "07 00000001 01", "t[0]")
	misfit(direct, value(Uint(7), Tree{{Uint(1), nil}}), "07 00000001 01 0000000000000001", "t[0]")
	misfit(direct, value(Uint(7), Tree{pair(1, 256)}), "07 00000001 01 0000000000000001", "t[0]/x")
	misfit(keyed, value(Tree{{Uint(1), value(Uint(1))}}), "00000001 01", "t[0]")
	misfit(keyed, value(Tree{{nil, value(Uint(1))}}), "00000001 01", "t[0]")
	misfit(keyed, value(Tree{{key(1), value(Uint(1))}, {key(1 << 20), value(Uint(1))}}), "00000002 01 (0001 00 0000 00) 01 01", "t[1]/i")
	misfit(vmsd("s", field("a", TypeUint8), field("x", TypeUint8)), value(Uint(7), Tree{}), "07", "x")
}
