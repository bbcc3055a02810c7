package qemuunit_test

import (
	"testing"

	"vmconform/impl/vmsd"
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
	describe: func() *vmsd.Description[simple] {
		return describe("simple/primitive", 1, 1, func(s *simple) []vmsd.Field[simple] {
			return []vmsd.Field[simple]{
				vmsd.Bool(s, "b_1", &s.b1),
				vmsd.Bool(s, "b_2", &s.b2),
				vmsd.Uint8(s, "u8_1", &s.u8),
				vmsd.Uint16(s, "u16_1", &s.u16),
				vmsd.Uint32(s, "u32_1", &s.u32),
				vmsd.Uint64(s, "u64_1", &s.u64),
				vmsd.Int8(s, "i8_1", &s.i8a),
				vmsd.Int8(s, "i8_2", &s.i8b),
				vmsd.Int16(s, "i16_1", &s.i16a),
				vmsd.Int16(s, "i16_2", &s.i16b),
				vmsd.Int32(s, "i32_1", &s.i32a),
				vmsd.Int32(s, "i32_2", &s.i32b),
				vmsd.Int64(s, "i64_1", &s.i64a),
				vmsd.Int64(s, "i64_2", &s.i64b),
			}
		})
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
	describe: func() *vmsd.Description[[3]uint16] {
		return describe("simple/array", 1, 1, func(a *[3]uint16) []vmsd.Field[[3]uint16] {
			return []vmsd.Field[[3]uint16]{vmsd.Array(a, "u16_1", a[:], vmsd.InfoUint16)}
		})
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

func describeVersioned() *vmsd.Description[numbers] {
	return describe("test/versioned", 2, 1, func(n *numbers) []vmsd.Field[numbers] {
		return []vmsd.Field[numbers]{
			vmsd.Uint32(n, "a", &n.a),
			vmsd.Uint32(n, "b", &n.b).Since(2),
			vmsd.Uint32(n, "c", &n.c),
			vmsd.Uint64(n, "d", &n.d),
			vmsd.Uint32(n, "e", &n.e).Since(2),
			vmsd.Uint64(n, "f", &n.f).Since(2),
		}
	})
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

func describeSkipping() *vmsd.Description[numbers] {
	kept := func(n *numbers, _ uint32) bool { return !n.skip }
	return describe("test/skip", 2, 1, func(n *numbers) []vmsd.Field[numbers] {
		return []vmsd.Field[numbers]{
			vmsd.Uint32(n, "a", &n.a),
			vmsd.Uint32(n, "b", &n.b),
			vmsd.Uint32(n, "c", &n.c).If(kept),
			vmsd.Uint64(n, "d", &n.d),
			vmsd.Uint32(n, "e", &n.e).If(kept),
			vmsd.Uint64(n, "f", &n.f).Since(2),
		}
	})
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

func describeTmp() *vmsd.Description[numbers] {
	back := describe("test/tmp_child_parent", 0, 0, func(n *numbers) []vmsd.Field[numbers] {
		return []vmsd.Field[numbers]{vmsd.Uint64(n, "f", &n.f)}
	})
	child := describe("test/tmp_child", 0, 0, func(c *tmpNumbers) []vmsd.Field[tmpNumbers] {
		return []vmsd.Field[tmpNumbers]{
			vmsd.Int64(c, "diff", &c.diff),
			vmsd.Pointer(c, "parent", &c.parent, back),
		}
	})
	child.PreSave = func(c *tmpNumbers) error {
		c.diff = int64(c.parent.b) - int64(c.parent.a)
		return nil
	}
	child.PostLoad = func(c *tmpNumbers, _ uint32) error {
		c.parent.b = c.parent.a + uint32(c.diff)
		return nil
	}
	return describe("test/with_tmp", 1, 0, func(n *numbers) []vmsd.Field[numbers] {
		return []vmsd.Field[numbers]{
			vmsd.Uint32(n, "a", &n.a),
			vmsd.Uint64(n, "d", &n.d),
			vmsd.Tmp(n, func(c *tmpNumbers) **numbers { return &c.parent }, child),
		}
	})
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
