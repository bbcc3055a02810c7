package qemuunit_test

import (
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// TestSimple.
type simple struct {
	b1, b2     bool
	u8         uint8
	u16        uint16
	u32        uint32
	u64        uint64
	i8a, i8b   int8
	i16a, i16b int16
	i32a, i32b int32
	i64a, i64b int64
}

var simpleFull = simple{true, false, 130, 512, 70000, 12121212, 65, -65, 512, -512, 70000, -70000, 12121212, -12121212}

var simplePrimitive = unit[simple]{
	describe: func() *vmstate.Description {
		var s simple
		f := vmstate.Scalar
		return &vmstate.Description{Name: "simple/primitive", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
			f("b_1", unsafe.Offsetof(s.b1), 0, vmstate.InfoBool),
			f("b_2", unsafe.Offsetof(s.b2), 0, vmstate.InfoBool),
			f("u8_1", unsafe.Offsetof(s.u8), 0, vmstate.InfoUint8),
			f("u16_1", unsafe.Offsetof(s.u16), 0, vmstate.InfoUint16),
			f("u32_1", unsafe.Offsetof(s.u32), 0, vmstate.InfoUint32),
			f("u64_1", unsafe.Offsetof(s.u64), 0, vmstate.InfoUint64),
			f("i8_1", unsafe.Offsetof(s.i8a), 0, vmstate.InfoInt8),
			f("i8_2", unsafe.Offsetof(s.i8b), 0, vmstate.InfoInt8),
			f("i16_1", unsafe.Offsetof(s.i16a), 0, vmstate.InfoInt16),
			f("i16_2", unsafe.Offsetof(s.i16b), 0, vmstate.InfoInt16),
			f("i32_1", unsafe.Offsetof(s.i32a), 0, vmstate.InfoInt32),
			f("i32_2", unsafe.Offsetof(s.i32b), 0, vmstate.InfoInt32),
			f("i64_1", unsafe.Offsetof(s.i64a), 0, vmstate.InfoInt64),
			f("i64_2", unsafe.Offsetof(s.i64b), 0, vmstate.InfoInt64),
		}}
	},
	version: 1,
	wire: []item{
		{"01", "b_1"}, {"00", "b_2"}, {"82", "u8_1"}, {"0200", "u16_1"}, {"00011170", "u32_1"}, {"0000000000b8f47c", "u64_1"},
		{"41", "i8_1"}, {"bf", "i8_2"}, {"0200", "i16_1"}, {"fe00", "i16_2"}, {"00011170", "i32_1"}, {"fffeee90", "i32_2"},
		{"0000000000b8f47c", "i64_1"}, {"ffffffffff470b84", "i64_2"},
	},
	full:    of(simpleFull),
	blank:   of(simple{}),
	asserts: is(simpleFull),
	second:  &verdict{rules.Truncated, 24, "i32_1"},
}

var simpleArray = unit[[3]uint16]{
	describe: func() *vmstate.Description {
		return &vmstate.Description{Name: "simple/array", VersionID: 1, MinimumVersionID: 1,
			Fields: []vmstate.Field{vmstate.ScalarArray("u16_1", 0, 0, vmstate.InfoUint16, 3)}}
	},
	version: 1,
	wire:    []item{{"0042", "u16_1[0]"}, {"0043", "u16_1[1]"}, {"0044", "u16_1[2]"}},
	full:    of([3]uint16{0x42, 0x43, 0x44}),
	blank:   of([3]uint16{}),
	asserts: is([3]uint16{0x42, 0x43, 0x44}),
	second:  &verdict{rules.Truncated, 3, "u16_1[1]"},
}

// TestStruct.
type numbers struct {
	a, b, c, e uint32
	d, f       uint64
	skip       bool // c and e
}

func describeVersioned() *vmstate.Description {
	var n numbers
	return &vmstate.Description{Name: "test/versioned", VersionID: 2, MinimumVersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("a", unsafe.Offsetof(n.a), 0, vmstate.InfoUint32),
		vmstate.Scalar("b", unsafe.Offsetof(n.b), 2, vmstate.InfoUint32),
		vmstate.Scalar("c", unsafe.Offsetof(n.c), 0, vmstate.InfoUint32),
		vmstate.Scalar("d", unsafe.Offsetof(n.d), 0, vmstate.InfoUint64),
		vmstate.Scalar("e", unsafe.Offsetof(n.e), 2, vmstate.InfoUint32),
		vmstate.Scalar("f", unsafe.Offsetof(n.f), 2, vmstate.InfoUint64),
	}}
}

// Fields added in version 2 keep their values.
var versionedV1 = unit[numbers]{
	describe: describeVersioned,
	version:  1,
	wire:     []item{{"0000000a", "a"}, {"0000001e", "c"}, {"0000000000000028", "d"}},
	full:     of(numbers{a: 10, b: 200, c: 30, d: 40, e: 500, f: 600}),
	blank:    of(numbers{b: 200, e: 500, f: 600}),
	asserts:  is(numbers{a: 10, b: 200, c: 30, d: 40, e: 500, f: 600}),
	second:   &verdict{rules.Truncated, 8, "d"},
}

// tens is what QEMU's loads have on the wire.
var tens = []item{{"0000000a", "a"}, {"00000014", "b"}, {"0000001e", "c"}, {"0000000000000028", "d"}, {"00000032", "e"}, {"000000000000003c", "f"}}

var versionedV2 = unit[numbers]{
	describe: describeVersioned,
	version:  2,
	wire:     tens,
	full:     of(numbers{a: 10, b: 20, c: 30, d: 40, e: 50, f: 60}),
	blank:    of(numbers{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}),
	asserts:  is(numbers{a: 10, b: 20, c: 30, d: 40, e: 50, f: 60}),
	second:   &verdict{rules.Truncated, 16, "d"},
}

func describeSkipping() *vmstate.Description {
	d := describeVersioned()
	d.Name = "test/skip"
	for i := range d.Fields {
		switch f := &d.Fields[i]; f.Name {
		case "b":
			f.VersionID = 0
		case "c", "e":
			f.VersionID = 0
			f.Exists = func(obj unsafe.Pointer, _ uint32) bool { return !(*numbers)(obj).skip }
		}
	}
	return d
}

var existsLoadNoskip = unit[numbers]{
	describe: describeSkipping,
	version:  2,
	wire:     tens,
	full:     of(numbers{a: 10, b: 20, c: 30, d: 40, e: 50, f: 60}),
	blank:    of(numbers{}),
	asserts:  is(numbers{a: 10, b: 20, c: 30, d: 40, e: 50, f: 60}),
	second:   &verdict{rules.Truncated, 16, "d"},
}

// What is skipped keeps its value.
var existsLoadSkip = unit[numbers]{
	describe: describeSkipping,
	version:  2,
	wire:     []item{tens[0], tens[1], tens[3], tens[5]},
	full:     of(numbers{a: 10, b: 20, c: 300, d: 40, e: 500, f: 60, skip: true}),
	blank:    of(numbers{c: 300, e: 500, skip: true}),
	asserts:  is(numbers{a: 10, b: 20, c: 300, d: 40, e: 500, f: 60, skip: true}),
	second:   &verdict{rules.Truncated, 12, "d"},
}

// ones is what QEMU's saves have on the wire, without EOF.
var ones = []item{{"00000001", "a"}, {"00000002", "b"}, {"00000003", "c"}, {"0000000000000004", "d"}, {"00000005", "e"}, {"0000000000000006", "f"}}

var existsSaveNoskip = unit[numbers]{
	describe: describeSkipping,
	version:  2,
	wire:     ones,
	noEOF:    true,
	full:     of(numbers{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}),
	blank:    of(numbers{}),
	asserts:  is(numbers{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}),
	second:   &verdict{rules.Truncated, 16, "d"},
}

var existsSaveSkip = unit[numbers]{
	describe: describeSkipping,
	version:  2,
	wire:     []item{ones[0], ones[1], ones[3], ones[5]},
	noEOF:    true,
	full:     of(numbers{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, skip: true}),
	blank:    of(numbers{c: 3, e: 5, skip: true}),
	asserts:  is(numbers{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, skip: true}),
	second:   &verdict{rules.Truncated, 12, "d"},
}

// A tmpNumbers is what numbers travel through: the difference of a and b, and
// the parent itself.
type tmpNumbers struct {
	parent *numbers
	diff   int64
}

func describeTmp() *vmstate.Description {
	back := &vmstate.Description{Name: "test/tmp_child_parent", Fields: []vmstate.Field{
		vmstate.Scalar("f", unsafe.Offsetof(numbers{}.f), 0, vmstate.InfoUint64)}}
	child := &vmstate.Description{Name: "test/tmp_child",
		PreSave: func(obj unsafe.Pointer) error {
			c := (*tmpNumbers)(obj)
			c.diff = int64(c.parent.b) - int64(c.parent.a)
			return nil
		},
		PostLoad: func(obj unsafe.Pointer, _ uint32) error {
			c := (*tmpNumbers)(obj)
			c.parent.b = c.parent.a + uint32(c.diff)
			return nil
		},
		Fields: []vmstate.Field{
			vmstate.Scalar("diff", unsafe.Offsetof(tmpNumbers{}.diff), 0, vmstate.InfoInt64),
			{Name: "parent", Offset: unsafe.Offsetof(tmpNumbers{}.parent), Flags: vmstate.Struct | vmstate.Pointer, VMSD: back},
		}}
	return &vmstate.Description{Name: "test/with_tmp", VersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("a", unsafe.Offsetof(numbers{}.a), 0, vmstate.InfoUint32),
		vmstate.Scalar("d", unsafe.Offsetof(numbers{}.d), 0, vmstate.InfoUint64),
		vmstate.TmpField("tmp", 0, func(c *tmpNumbers) **numbers { return &c.parent }, child),
	}}
}

// a and d come from the top, b from post_load, f from the child's parent.
var tmpUnit = unit[numbers]{
	describe: describeTmp,
	version:  1,
	wire:     []item{{"00000002", "a"}, {"0000000000000001", "d"}, {"0000000000000002", "tmp/diff"}, {"0000000000000008", "tmp/parent/f"}},
	full:     of(numbers{a: 2, b: 4, d: 1, f: 8}),
	blank:    of(numbers{}),
	asserts:  is(numbers{a: 2, b: 4, d: 1, f: 8}),
	second:   &verdict{rules.Truncated, 14, "tmp/diff"},
}

// A behaviour that the case relies on: what another load left is overwritten.
func TestTmpLoadsOverOldValues(t *testing.T) {
	o := numbers{a: 9, b: 9, c: 9, d: 9, e: 9, f: 9}
	tmpUnit.loads(t, &o, tmpUnit.bytes(t), 28)
	same(t, o, numbers{a: 2, b: 4, c: 9, d: 1, e: 9, f: 8})
}
