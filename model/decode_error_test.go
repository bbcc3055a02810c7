package model

import (
	"fmt"
	"runtime"
	"testing"

	"vmconform/rules"
)

func TestTruncatedAtEveryByte(t *testing.T) {
	stream := wire(t, `1122334455667788
		05 14 73706170725f70656e64696e675f6576656e7473 00000001
		01 80000001 00000003 aabbcc
		01 fffffffe 00000000
		00`)
	const sub, queue = "spapr_pending_events", "spapr_pending_events/pending_events"
	items := []struct {
		size int
		path string
		rule rules.ID
	}{
		{8, "rtc", rules.ItemComplete},
		{22, "", rules.NoTrailing}, // the header: QEMU peeks for it, so that a part of it is data
		{4, sub, rules.ItemComplete},
		{1, queue + "[0]", rules.QueueTerminator},
		{4, queue + "[0]/summary", rules.ItemComplete},
		{4, queue + "[0]/extended_length", rules.ItemComplete},
		{3, queue + "[0]/extended_log", rules.ItemComplete},
		{1, queue + "[1]", rules.QueueTerminator},
		{4, queue + "[1]/summary", rules.ItemComplete},
		{4, queue + "[1]/extended_length", rules.ItemComplete},
		{1, queue + "[2]", rules.QueueTerminator},
	}
	cut := 0
	for _, item := range items {
		for range item.size {
			want := verdict{rules.Truncated, int64(cut), item.path, item.rule}
			if item.rule == rules.NoTrailing {
				want.Class, want.Offset = rules.TrailingData, 8
			}
			if cut == 8 { // not a byte of the header is there: the subsection was not sent
				_, err := Decode(machineSchema, stream[:cut], 3, Options{All: true})
				noError(t, err)
			} else {
				refused(t, machineSchema, stream[:cut:cut], Options{All: true}, want)
			}
			cut++
		}
	}
	equal(t, len(stream), cut)
}

func TestErrors(t *testing.T) {
	inner := vmsd("inner", field("a", TypeUint8), field("b", TypeUint16))
	array := func(f Field, count int) Field { f.Array, f.Count = true, count; return f }
	counted := func(f Field, from string) Field { f.Array, f.CountFrom = true, from; return f }
	buffer := func(from string) Field { return Field{Name: "buf", Type: TypeBuffer, SizeFrom: from} }
	structs := Field{Name: "s", Type: TypeStruct, Elem: inner}
	item, terminator := rules.ItemComplete, rules.QueueTerminator

	cases := []struct {
		name   string
		fields []Field
		stream string
		want   verdict
	}{
		{"empty input", []Field{field("x", TypeBool)}, "", verdict{rules.Truncated, 0, "x", item}},
		{"null marker missing", []Field{field("x", TypeNull)}, "", verdict{rules.Truncated, 0, "x", item}},
		{"unused cut", []Field{{Name: "x", Type: TypeUnused, Size: 3}}, "0000", verdict{rules.Truncated, 2, "x", item}},
		{"buffer cut", []Field{{Name: "x", Type: TypeBuffer, Size: 3}}, "0000", verdict{rules.Truncated, 2, "x", item}},
		{"array element cut", []Field{array(field("x", TypeUint16), 3)}, "0001 0002 00", verdict{rules.Truncated, 5, "x[2]", item}},
		{"array element absent", []Field{array(field("x", TypeUint16), 3)}, "0001 0002", verdict{rules.Truncated, 4, "x[2]", item}},
		{"struct member cut", []Field{structs}, "01 02", verdict{rules.Truncated, 2, "s/b", item}},
		{"struct in array cut", []Field{array(structs, 2)}, "01 0002 03", verdict{rules.Truncated, 4, "s[1]/b", item}},
		{"queue in array: marker", []Field{array(queueOf("q", inner), 2)}, "00 01 01 0002", verdict{rules.Truncated, 5, "q[1][1]", terminator}},
		{"queue in array: element", []Field{array(queueOf("q", inner), 2)}, "00 01 01", verdict{rules.Truncated, 3, "q[1][0]/b", item}},

		{"null marker 00", []Field{field("a", TypeUint8), field("x", TypeNull)}, "05 00", verdict{rules.Mismatch, 1, "x", rules.NullMarker}},
		{"null marker 31", []Field{array(field("x", TypeNull), 2)}, "30 31", verdict{rules.Mismatch, 1, "x[1]", rules.NullMarker}},

		{"int8 count -1", []Field{field("n", TypeInt8), counted(field("x", TypeUint8), "n")}, "ff 00", verdict{rules.OutOfRange, 1, "x", rules.CountRange}},
		{"int32 count -2^31", []Field{field("n", TypeInt32), counted(field("x", TypeUint8), "n")}, "80000000", verdict{rules.OutOfRange, 4, "x", rules.CountRange}},
		{"uint32 count 2^31", []Field{field("n", TypeUint32), counted(structs, "n")}, "80000000", verdict{rules.OutOfRange, 4, "s", rules.CountRange}},
		{"uint32 count 2^31-1", []Field{field("n", TypeUint32), counted(structs, "n")}, "7fffffff", verdict{rules.Truncated, 4, "s[0]/a", item}},
		{"uint64 count 2^32", []Field{field("n", TypeUint64), counted(structs, "n")}, "0000000100000000", verdict{rules.OutOfRange, 8, "s", rules.CountRange}},
		{"int64 count 2^31", []Field{field("n", TypeInt64), counted(structs, "n")}, "0000000080000000", verdict{rules.OutOfRange, 8, "s", rules.CountRange}},
		{"count not next to its array", []Field{field("n", TypeInt16), field("y", TypeUint16), counted(field("x", TypeUint8), "n")}, "ffff 0000", verdict{rules.OutOfRange, 4, "x", rules.CountRange}},
		{"buffer size -1", []Field{field("n", TypeInt16), buffer("n")}, "ffff", verdict{rules.OutOfRange, 2, "buf", rules.CountRange}},
		{"buffer size 2^31", []Field{field("n", TypeUint32), buffer("n")}, "80000000", verdict{rules.OutOfRange, 4, "buf", rules.CountRange}},
		{"buffer size 2^28 - 4", []Field{field("n", TypeUint32), buffer("n")}, "0ffffffc 0102", verdict{rules.Truncated, 6, "buf", item}},
		{"buffer size 2^28 - 3", []Field{field("n", TypeUint32), buffer("n")}, "0ffffffd 0102", verdict{rules.Limit, 4, "buf", rules.Bounded}},

		{"unknown subsection", []Field{field("a", TypeUint8)}, "07 05 04 6465767a", verdict{rules.UnknownSubsection, 1, "", rules.SubsectionKnown}},
		{"trailing data", []Field{field("a", TypeUint8)}, "07 00", verdict{rules.TrailingData, 1, "", rules.NoTrailing}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			refused(t, vmsd("dev", c.fields...), wire(t, c.stream), Options{All: true}, c.want)
		})
	}
}

func TestTopVersion(t *testing.T) {
	s := &Schema{Name: "s", Version: 5, Minimum: 3}
	for version, class := range map[uint32]rules.Class{
		0: rules.VersionTooOld, 2: rules.VersionTooOld, 3: "", 5: "",
		6: rules.VersionTooNew, 0x80000003: rules.VersionTooNew, 0x104: rules.VersionTooNew,
	} {
		_, decoded := Decode(s, nil, version, Options{})
		saved, encoded := Encode(s, value(), version)
		equal(t, 0, len(saved))
		if class == "" {
			noError(t, decoded)
			noError(t, encoded)
			continue
		}
		want := verdict{class, 0, "", rules.VersionRange}
		equal(t, want, verdictOf(t, decoded))
		equal(t, want, verdictOf(t, encoded))
	}
}

// The queue's version is decided before its first marker is looked at, so that
// an input which ends there is refused for the version.
func TestQueueVersion(t *testing.T) {
	elem := &Schema{Name: "e", Version: 3, Minimum: 2, Fields: []Field{
		{Name: "old", Type: TypeUint8}, {Name: "new", Type: TypeUint8, Version: 3}}}
	at := func(version uint32, array bool) *Schema {
		q := Field{Name: "q", Type: TypeQueue, Version: version, Elem: elem}
		if array {
			q.Array, q.Count = true, 1
		}
		return &Schema{Name: "s", Version: 9, Fields: []Field{field("a", TypeUint8), q}}
	}
	for _, rest := range []string{"", "00", "01 07 00", "ff"} {
		stream := wire(t, "aa"+rest)
		refused(t, at(4, false), stream, Options{}, verdict{rules.VersionTooNew, 1, "q", rules.QueueVersion})
		refused(t, at(1, false), stream, Options{}, verdict{rules.VersionTooOld, 1, "q", rules.QueueVersion})
		refused(t, at(4, true), stream, Options{}, verdict{rules.VersionTooNew, 1, "q[0]", rules.QueueVersion})
	}

	// Elements load at the field's version, and are saved at their own.
	got, err := Decode(at(2, false), wire(t, "aa 01 07 00"), 9, Options{All: true})
	noError(t, err)
	equal(t, value(Uint(0xaa), List{value(Uint(7), Uint(0))}), got.Value)
	saved, err := Encode(at(2, false), got.Value, 9)
	noError(t, err)
	equal(t, wire(t, "aa 01 07 00 00"), saved)
}

// A queue that is not on the wire has no version to be judged.
func TestQueueAbsentIsNotJudged(t *testing.T) {
	elem := vmsd("e")
	s := &Schema{Name: "s", Version: 3, Fields: []Field{{Name: "q", Type: TypeQueue, Version: 3, Elem: elem}}}
	got, err := Decode(s, nil, 2, Options{All: true})
	noError(t, err)
	equal(t, value(List{}), got.Value)
}

func TestNotes(t *testing.T) {
	s := vmsd("dev", field("b", TypeBool), Field{Name: "gap", Type: TypeUnused, Size: 3},
		Field{Name: "bb", Type: TypeBool, Array: true, Count: 2},
		queueOf("q", vmsd("e", field("x", TypeUint8))))
	for _, marker := range []string{"02", "05", "80", "ff"} {
		stream := wire(t, "02 00c3a9 01ff 01 01"+marker+"02 00")
		got, err := Decode(s, stream, 1, Options{All: true})
		noError(t, err)
		equal(t, value(Bool(true), Null{}, List{Bool(true), Bool(true)}, List{value(Uint(1)), value(Uint(2))}), got.Value)
		equal(t, []remark{
			{rules.BoolCanonical, 0, "b"},
			{rules.UnusedZero, 2, "gap"},
			{rules.BoolCanonical, 5, "bb[1]"},
			{rules.QueueMarker, 8, "q[1]"},
		}, remarks(got.Notes))
	}
}

// A size or count from a member that was not loaded is zero.
func TestCountNotLoaded(t *testing.T) {
	s := &Schema{Name: "s", Version: 2, Fields: []Field{
		{Name: "n", Type: TypeUint8, Version: 2},
		{Name: "buf", Type: TypeBuffer, SizeFrom: "n"},
		{Name: "arr", Type: TypeUint8, Array: true, CountFrom: "n"}}}
	got, err := Decode(s, nil, 1, Options{All: true})
	noError(t, err)
	equal(t, value(Uint(0), Bytes{}, List{}), got.Value)
}

// A count that was merely read makes no memory.
func TestHostileCountsAllocateNothing(t *testing.T) {
	for _, f := range []Field{
		{Name: "x", Type: TypeBuffer, SizeFrom: "n"},
		{Name: "x", Type: TypeUint64, Array: true, CountFrom: "n"},
		{Name: "x", Type: TypeStruct, Array: true, CountFrom: "n", Elem: vmsd("e", field("y", TypeUint8))},
		{Name: "x", Type: TypeUint64, Array: true, Count: rules.MaxCount},
		{Name: "x", Type: TypeBuffer, Size: rules.MaxCount},
		{Name: "x", Type: TypeBitmap, SizeFrom: "n"},
		{Name: "x", Type: TypeBitmap, SizeFrom: "n", Room: rules.MaxCount},
		{Name: "x", Type: TypeBuffer, SizeFrom: "n", Room: rules.MaxCount},
		{Name: "x", Type: TypeTimer, Array: true, CountFrom: "n", Room: rules.MaxCount},
		{Name: "x", Type: TypeTimer, Array: true, CountFrom: "n", Room: rules.MaxCount, Pointers: true, Null: []int{7}},
		{Name: "x", Type: TypeUint64, Array: true, Count: rules.MaxCount, Pointers: true, Marked: true},
		{Name: "x", Type: TypeTree, Version: 1, Array: true, CountFrom: "n", Elem: vmsd("e")},
		{Name: "x", Type: TypeVStruct, StructVersion: 1, Array: true, CountFrom: "n", Elem: vmsd("e", field("y", TypeUint8))},
	} {
		s := vmsd("s", field("n", TypeUint32), f)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rest := "0102030405"
		if f.Marked {
			rest = "3030303030"
		}
		_, err := Decode(s, wire(t, "7fffffff"+rest), 1, Options{Limits: rules.Limits{Bytes: 1 << 40}})
		runtime.ReadMemStats(&after)
		equal(t, rules.Truncated, verdictOf(t, err).Class)
		if made := after.TotalAlloc - before.TotalAlloc; made > 1<<16 {
			t.Errorf("%+v: %d bytes allocated", f, made)
		}
	}
}

// So it is with a tree's count.
func TestHostileTreeAllocatesNothing(t *testing.T) {
	for _, key := range []*Schema{nil, vmsd("k", field("i", TypeUint8))} {
		s := vmsd("s", Field{Name: "t", Type: TypeTree, Version: 1, Key: key, Elem: vmsd("e")})
		for _, count := range []string{"7fffffff", "80000000", "ffffffff"} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Decode(s, wire(t, count+"01 01"), 1, Options{})
			runtime.ReadMemStats(&after)
			equal(t, true, err != nil)
			if made := after.TotalAlloc - before.TotalAlloc; made > 1<<16 {
				t.Errorf("%s: %d bytes allocated", count, made)
			}
		}
	}
}

// Without spans, notes and errors no path is made: what a load allocates does
// not depend on how many items it has.
func TestPathsCostNothing(t *testing.T) {
	inner := vmsd("inner", field("a", TypeUint8), field("b", TypeBool))
	fields := func(n int) *Schema {
		s := vmsd("s")
		for i := range n {
			s.Fields = append(s.Fields, field(fmt.Sprintf("f%d", i), TypeUint8))
		}
		s.Fields = append(s.Fields, Field{Name: "in", Type: TypeStruct, Elem: inner})
		return s
	}
	count := func(n int) float64 {
		s, stream := fields(n), make([]byte, n+2)
		return testing.AllocsPerRun(20, func() { _, _ = Decode(s, stream, 1, Options{}) })
	}
	if few, many := count(1), count(500); few != many {
		t.Errorf("%v allocations for 1 field, %v for 500", few, many)
	}
}
