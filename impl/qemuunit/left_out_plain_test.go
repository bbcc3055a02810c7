package qemuunit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A subsection of a subsection, both there if they have something to say.
type nested struct {
	x uint8
	a uint16
	n uint8
}

var subsections = extra[nested]{
	unit: plainly(&vmsd.Description[nested]{
		Name: "s", VersionID: 1, MinimumVersionID: 1,
		Fields: func(o *nested) []vmsd.Field[nested] { return []vmsd.Field[nested]{vmsd.Uint8(o, "x", &o.x)} },
		Subsections: []*vmsd.Description[nested]{{
			Name: "s/a", VersionID: 2, MinimumVersionID: 1,
			Needed: func(o *nested) bool { return o.a != 0 },
			Fields: func(o *nested) []vmsd.Field[nested] { return []vmsd.Field[nested]{vmsd.Uint16(o, "a", &o.a)} },
			Subsections: []*vmsd.Description[nested]{{
				Name: "s/a/n", VersionID: 1, MinimumVersionID: 1,
				Needed: func(o *nested) bool { return o.n != 0 },
				Fields: func(o *nested) []vmsd.Field[nested] { return []vmsd.Field[nested]{vmsd.Uint8(o, "n", &o.n)} },
			}},
		}},
	}, nested{}, nested{7, 0x102, 9},
		item{"07", "x"},
		item{"05 03 732f61", "s/a"}, item{"00000002", "s/a"}, item{"0102", "s/a/a"},
		item{"05 05 732f612f6e", "s/a/s/a/n"}, item{"00000001", "s/a/s/a/n"}, item{"09", "s/a/s/a/n/n"},
	).unit,
	// x is 1 byte, its subsection's header 5; behind version and a, at 12, 7.
	optional: [][2]int{{1, 1 + 5}, {1 + 5 + 4 + 2, 12 + 7}},
	refuses: []refusal{
		{"07 05 03 732f62 00000001", verdict{rules.UnknownSubsection, 1, ""}},
		{"07 05 03 732f61 00000003 0102", verdict{rules.VersionTooNew, 1 + 5, "s/a"}},
		{"07 05 03 732f61 00000100 0102", verdict{rules.VersionTooOld, 1 + 5, "s/a"}},
	},
}

type equals struct {
	a uint8
	b uint16
	c int32
	d uint32
	e uint64
}

var locals = equals{1, 2, -3, 4, 5}

var equalInfos = plainly(describe("equal", 1, 1, func(o *equals) []vmsd.Field[equals] {
	return []vmsd.Field[equals]{
		vmsd.Single(o, "a", &o.a, vmsd.InfoUint8Equal),
		vmsd.Single(o, "b", &o.b, vmsd.InfoUint16Equal),
		vmsd.Single(o, "c", &o.c, vmsd.InfoInt32Equal),
		vmsd.Single(o, "d", &o.d, vmsd.InfoUint32Equal),
		vmsd.Single(o, "e", &o.e, vmsd.InfoUint64Equal),
	}
}), locals, locals,
	item{"01", "a"}, item{"0002", "b"}, item{"fffffffd", "c"}, item{"00000004", "d"}, item{"0000000000000005", "e"},
).refusing(
	refusal{"00 0002 fffffffd 00000004 0000000000000005", verdict{rules.Mismatch, 0, "a"}},
	refusal{"01 0102 fffffffd 00000004 0000000000000005", verdict{rules.Mismatch, 1, "b"}},
	refusal{"01 0002 00000003 00000004 0000000000000005", verdict{rules.Mismatch, 1 + 2, "c"}},
	refusal{"01 0002 fffffffd 80000004 0000000000000005", verdict{rules.Mismatch, 1 + 2 + 4, "d"}},
	refusal{"01 0002 fffffffd 00000004 0100000000000005", verdict{rules.Mismatch, 1 + 2 + 4 + 4, "e"}},
)

// The local number is 10.
var leInfos = plainly(describe("le", 1, 1, func(o *int32) []vmsd.Field[int32] {
	return []vmsd.Field[int32]{vmsd.Single(o, "n", o, vmsd.InfoInt32LE)}
}), 10, 7, item{"00000007", "n"}).refusing(
	refusal{"0000000b", verdict{rules.OutOfRange, 0, "n"}},
	refusal{"ffffffff", verdict{rules.OutOfRange, 0, "n"}},
	refusal{"80000000", verdict{rules.OutOfRange, 0, "n"}},
)

type couple struct{ n, m uint8 }

var validate = plainly(describe("validate", 1, 1, func(o *couple) []vmsd.Field[couple] {
	return []vmsd.Field[couple]{
		vmsd.Uint8(o, "n", &o.n),
		vmsd.Validate(o, "n in range", func(o *couple, _ uint32) bool { return o.n < 4 }),
		vmsd.Uint8(o, "m", &o.m),
	}
}), couple{}, couple{3, 9}, item{"03", "n"}, item{"09", "m"}).refusing(
	refusal{"04 09", verdict{rules.OutOfRange, 1, "n in range"}},
	refusal{"ff", verdict{rules.OutOfRange, 1, "n in range"}},
).notSaving(unsaved[couple]{couple{4, 9}, verdict{rules.OutOfRange, 1, "n in range"}})

var mustExist = plainly(describe("must", 1, 1, func(o *couple) []vmsd.Field[couple] {
	return []vmsd.Field[couple]{
		vmsd.Uint8(o, "n", &o.n),
		vmsd.Uint8(o, "m", &o.m).If(func(o *couple, _ uint32) bool { return o.n == 1 }).MustExist(),
	}
}), couple{}, couple{1, 9}, item{"01", "n"}, item{"09", "m"}).refusing(
	refusal{"00 09", verdict{rules.MissingField, 1, "m"}},
).notSaving(unsaved[couple]{couple{2, 9}, verdict{rules.MissingField, 1, "m"}})

// A counted has memory for 3.
type counted[N vmsd.Count] struct {
	n N
	a [3]uint16
}

// varray has 2 elements, the third keeps its value. The count has so many bytes,
// and most is the highest, negative or not.
func varray[N vmsd.Count](width int, most string) extra[counted[N]] {
	count := func(n int) string { return fmt.Sprintf("%0*x", 2*width, n) }
	return plainly(describe("varray", 1, 1, func(o *counted[N]) []vmsd.Field[counted[N]] {
		var info vmsd.Elem[N]
		switch any(o.n).(type) {
		case int32:
			info = any(vmsd.InfoInt32).(vmsd.Elem[N])
		case uint8:
			info = any(vmsd.InfoUint8).(vmsd.Elem[N])
		case uint16:
			info = any(vmsd.InfoUint16).(vmsd.Elem[N])
		default:
			info = any(vmsd.InfoUint32).(vmsd.Elem[N])
		}
		return []vmsd.Field[counted[N]]{
			vmsd.Single(o, "n", &o.n, info),
			vmsd.VArray(o, "a", o.a[:], &o.n, vmsd.InfoUint16),
		}
	}), counted[N]{a: [3]uint16{1, 2, 3}}, counted[N]{2, [3]uint16{0xa, 0xb, 3}},
		item{count(2), "n"}, item{"000a", "a[0]"}, item{"000b", "a[1]"},
	).refusing(
		refusal{count(4) + "0001 0002 0003 0004", verdict{rules.OutOfRange, int64(width), "a"}},
		refusal{most + "0001 0002 0003 0004", verdict{rules.OutOfRange, int64(width), "a"}},
	).notSaving(unsaved[counted[N]]{counted[N]{n: 4}, verdict{rules.OutOfRange, int64(width), "a"}})
}

// A blob points to bytes; where Load does not make them there are 4.
type blob struct {
	n    int32
	data *byte
}

func (b *blob) bytes() []byte { return unsafe.Slice(b.data, b.n) }

func blobOf(b ...byte) func() *blob {
	return func() *blob { return &blob{int32(len(b)), unsafe.SliceData(slices.Clone(b))} }
}

func holds(want ...byte) func(*testing.T, *blob) {
	return func(t *testing.T, b *blob) {
		t.Helper()
		same(t, string(b.bytes()), string(want))
	}
}

func describeBlob(data func(o *blob) vmsd.Field[blob]) func() *vmsd.Description[blob] {
	return func() *vmsd.Description[blob] {
		return describe("vbuffer", 1, 1, func(o *blob) []vmsd.Field[blob] {
			return []vmsd.Field[blob]{vmsd.Int32(o, "n", &o.n), data(o)}
		})
	}
}

var vbuffer = extra[blob]{
	unit: unit[blob]{
		describe: describeBlob(func(o *blob) vmsd.Field[blob] { return vmsd.VBuffer(o, "data", &o.data, 4, &o.n) }),
		version:  1,
		wire:     []item{{"00000003", "n"}, {"a1b2c3", "data"}},
		full:     blobOf(0xa1, 0xb2, 0xc3),
		blank:    func() *blob { return &blob{data: unsafe.SliceData(make([]byte, 4))} },
		asserts:  holds(0xa1, 0xb2, 0xc3),
		memory:   func(b *blob) string { return fmt.Sprint(unsafe.Slice(b.data, 4)) },
	},
	refuses: []refusal{
		{"00000005 a1b2c3d4e5", verdict{rules.OutOfRange, 4, "data"}},
		{"ffffffff a1b2c3d4e5", verdict{rules.OutOfRange, 4, "data"}},
	},
	unsaved: []unsaved[blob]{{blob{n: 5, data: new(byte)}, verdict{rules.OutOfRange, 4, "data"}}},
}

var vbufferAlloc = extra[blob]{
	unit: unit[blob]{
		describe: describeBlob(func(o *blob) vmsd.Field[blob] { return vmsd.VBufferAlloc(o, "data", &o.data, &o.n) }),
		version:  1,
		wire:     []item{{"00000005", "n"}, {"a1b2c3d4e5", "data"}},
		full:     blobOf(0xa1, 0xb2, 0xc3, 0xd4, 0xe5),
		blank:    func() *blob { return new(blob) },
		asserts:  holds(0xa1, 0xb2, 0xc3, 0xd4, 0xe5),
	},
	refuses: []refusal{
		{"80000000 a1b2c3d4e5", verdict{rules.OutOfRange, 4, "data"}},
		{"7fffffff a1b2c3d4e5", verdict{rules.Limit, 4, "data"}}, // 2^31-1 bytes: 8 times the limit
	},
}

// Of n × 3 bytes, in memory that Load makes.
var multiply = extra[blob]{
	unit: unit[blob]{
		describe: describeBlob(func(o *blob) vmsd.Field[blob] { return vmsd.VBufferAlloc(o, "data", &o.data, &o.n).Times(3) }),
		version:  1,
		wire:     []item{{"00000002", "n"}, {"a1b2c3d4e5f6", "data"}},
		full: func() *blob {
			b := blobOf(0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6)()
			b.n = 2
			return b
		},
		blank: func() *blob { return new(blob) },
		asserts: func(t *testing.T, b *blob) {
			t.Helper()
			same(t, string(unsafe.Slice(b.data, 3*b.n)), "\xa1\xb2\xc3\xd4\xe5\xf6")
		},
	},
	refuses: []refusal{
		{"ffffffff a1b2c3", verdict{rules.OutOfRange, 4, "data"}},
		{"2aaaaaab a1b2c3", verdict{rules.OutOfRange, 4, "data"}}, // 3 × 0x2aaaaaab is 2^31 + 1
	},
}

// Of n × 2 elements, in an array of 6.
type products struct {
	n uint8
	a [6]uint8
}

var multiplyElements = plainly(describe("multiply", 1, 1, func(o *products) []vmsd.Field[products] {
	return []vmsd.Field[products]{
		vmsd.Uint8(o, "n", &o.n),
		vmsd.VArray(o, "a", o.a[:], &o.n, vmsd.InfoUint8).Times(2),
	}
}), products{a: [6]uint8{4: 5, 5: 6}}, products{2, [6]uint8{10, 11, 12, 13, 5, 6}},
	item{"02", "n"}, item{"0a", "a[0]"}, item{"0b", "a[1]"}, item{"0c", "a[2]"}, item{"0d", "a[3]"},
).refusing(
	refusal{"04 0102030405060708", verdict{rules.OutOfRange, 1, "a"}},
	refusal{"80 0102030405060708", verdict{rules.OutOfRange, 1, "a"}}, // a factor that a byte would lose
)

// Bits 0, 64 and 69: the low word first, each with its high byte first.
type bits struct {
	n     int32
	words [2]uint64
}

var bitmap = plainly(describe("bitmap", 1, 1, func(o *bits) []vmsd.Field[bits] {
	return []vmsd.Field[bits]{vmsd.Int32(o, "n", &o.n), vmsd.BitmapInline(o, "words", o.words[:], &o.n)}
}), bits{}, bits{70, [2]uint64{1, 1<<(69-64) | 1}},
	item{"00000046", "n"}, item{"0000000000000001 0000000000000021", "words"},
).refusing(
	refusal{"00000081 0000000000000001 0000000000000021 0000000000000000", verdict{rules.OutOfRange, 4, "words"}}, // 129 bits
	refusal{"ffffffff 0000000000000001", verdict{rules.OutOfRange, 4, "words"}},
)

// One that is set, and one that is not.
var timer = plainly(describe("timers", 1, 1, func(o *[2]int64) []vmsd.Field[[2]int64] {
	return []vmsd.Field[[2]int64]{vmsd.Array(o, "t", o[:], vmsd.InfoTimer)}
}), [2]int64{3, 4}, [2]int64{1000, -1}, item{"00000000000003e8", "t[0]"}, item{"ffffffffffffffff", "t[1]"})

// 1.5 is 3ff8 0…: exponent 1023, and half of the fraction.
var cpuDouble = plainly(describe("double", 1, 1, func(o *float64) []vmsd.Field[float64] {
	return []vmsd.Field[float64]{vmsd.Single(o, "d", o, vmsd.InfoCPUDouble)}
}), 0, 1.5, item{"3ff8000000000000", "d"})

var describeUnused = describe("unused", 1, 1, func(o *couple) []vmsd.Field[couple] {
	return []vmsd.Field[couple]{vmsd.Uint8(o, "n", &o.n), vmsd.Unused(o, 3), vmsd.Uint8(o, "m", &o.m)}
})

var unused = plainly(describeUnused, couple{}, couple{1, 2}, item{"01", "n"}, item{"000000", "unused"}, item{"02", "m"})

// Any content loads, and is noted at its first byte that is not 0.
func unusedContent(t *testing.T) {
	o := new(couple)
	l, err := unused.load(o, []byte{1, 0, 5, 6, 2})
	same(t, err, nil)
	same(t, *o, couple{1, 2})
	noted(t, l.Notes, rules.UnusedZero, 2, "unused")
}

// Version 2 of what is known up to 3, and version 1 of the same.
type versions struct{ two, one [3]uint8 }

var vstruct = plainly(describe("vstructs", 9, 9, func(o *versions) []vmsd.Field[versions] {
	child := describe("child", 3, 1, func(c *[3]uint8) []vmsd.Field[[3]uint8] {
		return []vmsd.Field[[3]uint8]{
			vmsd.Uint8(c, "a", &c[0]),
			vmsd.Uint8(c, "b", &c[1]).Since(2),
			vmsd.Uint8(c, "c", &c[2]).Since(3),
		}
	})
	return []vmsd.Field[versions]{
		vmsd.Single(o, "two", &o.two, child.At(2)),
		vmsd.Single(o, "one", &o.one, child.At(1)),
	}
}), versions{[3]uint8{7, 8, 9}, [3]uint8{7, 8, 9}}, versions{[3]uint8{1, 2, 9}, [3]uint8{3, 8, 9}},
	item{"01", "two/a"}, item{"02", "two/b"}, item{"03", "one/a"})

// Row by row, as one array of 2 × 3.
var twoDimensions = plainly(describe("rows", 1, 1, func(o *[2][3]uint8) []vmsd.Field[[2][3]uint8] {
	return []vmsd.Field[[2][3]uint8]{vmsd.Array2D(o, "a", o[:], vmsd.InfoUint8)}
}), [2][3]uint8{}, [2][3]uint8{{1, 2, 3}, {4, 5, 6}},
	item{"01", "a[0]"}, item{"02", "a[1]"}, item{"03", "a[2]"}, item{"04", "a[3]"}, item{"05", "a[4]"}, item{"06", "a[5]"})

var outOfVersions = plainly(describe("versions", 3, 2, func(o *couple) []vmsd.Field[couple] {
	return []vmsd.Field[couple]{vmsd.Uint8(o, "n", &o.n), vmsd.Uint8(o, "m", &o.m).Since(3)}
}), couple{}, couple{1, 2}, item{"01", "n"}, item{"02", "m"})

func tooNew(t *testing.T) { outside(t, rules.VersionTooNew, 4, 0x103, 0x80000003, 1<<32-1) }
func tooOld(t *testing.T) { outside(t, rules.VersionTooOld, 1, 0) }

// outside loads and saves at versions that are none, with all the bytes and with
// none: the version is judged first.
func outside(t *testing.T, class rules.Class, list ...uint32) {
	for _, v := range list {
		x := outOfVersions
		x.version = v
		x.refused(t, x.blank(), []byte{1, 2}, verdict{class, 0, ""})
		x.refused(t, x.blank(), nil, verdict{class, 0, ""})
		_, err := x.describe().Save(x.full(), v, vmstate.SaveOptions{})
		judged(t, err, verdict{class, 0, ""})
	}
	x := outOfVersions
	x.version = 2
	o := x.blank()
	x.loads(t, o, []byte{1}, 1)
	x.saves(t, o, []byte{1})
}

// An outer object with an inner one, each with hooks that fail on demand.
type hooked struct {
	x    uint8
	in   inner
	fail string // the hook that is to fail
}

type inner struct {
	y    uint8
	fail string
}

type failure string

func (f failure) Error() string { return string(f) }

func hook[T any](name string, fail func(*T) string) func(*T) error {
	return func(o *T) error {
		if fail(o) == name {
			return failure(name)
		}
		return nil
	}
}

// withHooks gives a description all four.
func withHooks[T any](d *vmsd.Description[T], fail func(*T) string) *vmsd.Description[T] {
	d.PreLoad, d.PreSave, d.PostSave = hook("pre_load", fail), hook("pre_save", fail), hook("post_save", fail)
	d.PostLoad = func(o *T, _ uint32) error { return hook("post_load", fail)(o) }
	return d
}

var hooks = plainly(withHooks(describe("outer", 1, 1, func(o *hooked) []vmsd.Field[hooked] {
	return []vmsd.Field[hooked]{
		vmsd.Uint8(o, "x", &o.x),
		vmsd.Single(o, "in", &o.in, withHooks(describe("inner", 1, 1, func(o *inner) []vmsd.Field[inner] {
			return []vmsd.Field[inner]{vmsd.Uint8(o, "y", &o.y)}
		}), func(o *inner) string { return o.fail })),
	}
}), func(o *hooked) string { return o.fail }),
	hooked{}, hooked{1, inner{2, ""}, ""}, item{"01", "x"}, item{"02", "in/y"})

// Where each hook stands: the outer one's before and behind both bytes, the inner
// one's before and behind the second.
func failingHooks(t *testing.T) {
	for _, c := range []struct {
		o    hooked
		want verdict
	}{
		{hooked{fail: "pre_load"}, verdict{rules.Hook, 0, ""}},
		{hooked{fail: "post_load"}, verdict{rules.Hook, 2, ""}},
		{hooked{in: inner{fail: "pre_load"}}, verdict{rules.Hook, 1, "in"}},
		{hooked{in: inner{fail: "post_load"}}, verdict{rules.Hook, 2, "in"}},
		{hooked{fail: "pre_save"}, verdict{rules.Hook, 0, ""}},
		{hooked{fail: "post_save"}, verdict{rules.Hook, 2, ""}},
		{hooked{in: inner{fail: "pre_save"}}, verdict{rules.Hook, 1, "in"}},
		{hooked{in: inner{fail: "post_save"}}, verdict{rules.Hook, 2, "in"}},
	} {
		name := c.o.fail + c.o.in.fail
		if strings.HasSuffix(name, "_load") {
			hooks.refused(t, &c.o, []byte{1, 2}, c.want)
			continue
		}
		_, err := hooks.describe().Save(&c.o, 1, vmstate.SaveOptions{})
		judged(t, err, c.want)
		hooks.loads(t, &c.o, []byte{1, 2}, 2) // which does not ask them
	}
}
