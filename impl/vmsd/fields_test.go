package vmsd_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// describe makes a description of versions 1 to 3.
func describe[T any](fields func(*T) []vmsd.Field[T]) *vmsd.Description[T] {
	return &vmsd.Description[T]{Name: "object", VersionID: 3, MinimumVersionID: 1, Fields: fields}
}

// one is a description of one field.
func one[T any](field func(*T) vmsd.Field[T]) *vmsd.Description[T] {
	return describe(func(t *T) []vmsd.Field[T] { return []vmsd.Field[T]{field(t)} })
}

// A pair is what structs in the tests are: four bytes on the wire.
type pair struct {
	a uint8
	b uint16
	c uint8 // since version 3
}

var pairs = describe(func(p *pair) []vmsd.Field[pair] {
	return []vmsd.Field[pair]{vmsd.Uint8(p, "a", &p.a), vmsd.Uint16(p, "b", &p.b), vmsd.Uint8(p, "c", &p.c).Since(3)}
})

// travels saves the object full to the bytes, loads them over blank, which makes
// it full, and saves that again.
func travels[T any](t *testing.T, d *vmsd.Description[T], version uint32, full, blank T, wire string) {
	t.Helper()
	if err := d.Build(); err != nil {
		t.Fatal(err)
	}
	want, err := hex.DecodeString(strings.ReplaceAll(wire, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	save := func(o *T) {
		t.Helper()
		s, err := d.Save(o, version, vmstate.SaveOptions{})
		if err != nil || string(s.Stream) != string(want) {
			t.Fatalf("saved % x, %v\nwant  % x", s.Stream, err, want)
		}
	}
	save(&full)
	if _, err := d.Load(&blank, want, version, vmstate.LoadOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(blank, full) {
		t.Fatalf("loaded %+v\nwant   %+v", blank, full)
	}
	save(&blank)
}

func TestScalars(t *testing.T) {
	type object struct {
		b   bool
		i8  int8
		u8  uint8
		i16 int16
		u16 uint16
		i32 int32
		u32 uint32
		i64 int64
		u64 uint64
		f   float64
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Uint64(o, "u64", &o.u64), // not in the order of memory
			vmsd.Int64(o, "i64", &o.i64),
			vmsd.Bool(o, "b", &o.b),
			vmsd.Int8(o, "i8", &o.i8),
			vmsd.Uint8(o, "u8", &o.u8),
			vmsd.Int16(o, "i16", &o.i16),
			vmsd.Uint16(o, "u16", &o.u16),
			vmsd.Int32(o, "i32", &o.i32),
			vmsd.Uint32(o, "u32", &o.u32),
			vmsd.Single(o, "f", &o.f, vmsd.InfoCPUDouble),
			vmsd.Single(o, "timer", &o.i64, vmsd.InfoTimer),
		}
	})
	full := object{true, -2, 3, -4, 5, -6, 7, -8, 9, 1.5}
	travels(t, d, 1, full, object{}, "0000000000000009 fffffffffffffff8 01 fe 03 fffc 0005 fffffffa 00000007 3ff8000000000000 fffffffffffffff8")
}

// Members of embedded structs, unexported ones, ones of named types and those
// that take no memory.
func TestMembers(t *testing.T) {
	type mode uint32
	type inner struct{ x uint8 }
	type object struct {
		first struct{}
		inner
		pair
		m    mode
		last struct{}
	}
	nothing := &vmsd.Description[struct{}]{Name: "nothing"}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Single(o, "first", &o.first, nothing),
			vmsd.Uint8(o, "x", &o.x),
			vmsd.Single(o, "pair", &o.pair, pairs),
			vmsd.Uint32(o, "m", (*uint32)(&o.m)),
			vmsd.Single(o, "last", &o.last, nothing),
		}
	})
	travels(t, d, 1, object{inner: inner{1}, pair: pair{2, 3, 4}, m: 5}, object{}, "01 02 0003 04 00000005")
}

func TestArrays(t *testing.T) {
	type object struct {
		u16  [4]uint16
		grid [2][3]uint8
		ps   [2]pair
		pg   [2][1]pair
	}
	full := object{u16: [4]uint16{1, 2, 3, 4}, grid: [2][3]uint8{{5, 6, 7}, {8, 9, 10}}, ps: [2]pair{{1, 2, 3}, {4, 5, 6}}, pg: [2][1]pair{{{7, 8, 9}}, {{10, 11, 12}}}}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Array(o, "u16", o.u16[:], vmsd.InfoUint16),
			vmsd.Array2D(o, "grid", o.grid[:], vmsd.InfoUint8),
			vmsd.Array(o, "ps", o.ps[:], pairs),
			vmsd.Array2D(o, "pg", o.pg[:], pairs),
		}
	})
	travels(t, d, 1, full, object{}, "0001 0002 0003 0004 050607 08090a 01000203 04000506 07000809 0a000b0c")

	part := one(func(o *object) vmsd.Field[object] { return vmsd.Array(o, "u16", o.u16[1:3], vmsd.InfoUint16) })
	travels(t, part, 1, full, object{u16: [4]uint16{1, 0, 0, 4}, grid: full.grid, ps: full.ps, pg: full.pg}, "0002 0003")
}

func counts[N vmsd.Count](t *testing.T, refusal string) {
	most := N(0) - 1
	type object struct {
		n, beside N
		u16       [3]uint16
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{vmsd.VArray(o, "u16", o.u16[:], &o.n, vmsd.InfoUint16)}
	})
	travels(t, d, 1, object{2, most, [3]uint16{1, 2, 9}}, object{2, most, [3]uint16{8, 8, 9}}, "0001 0002")
	travels(t, d, 1, object{}, object{}, "")

	_, err := d.Load(&object{n: 4}, make([]byte, 8), 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "u16", "a count of 4; the array holds 3")

	type pointing struct {
		n N
		p *pair
	}
	here := func(p ...pair) *pair { return &p[0] }
	p := one(func(o *pointing) vmsd.Field[pointing] { return vmsd.VArrayPointer(o, "p", &o.p, 2, &o.n, pairs) })
	travels(t, p, 1, pointing{2, here(pair{1, 2, 3}, pair{4, 5, 6})}, pointing{2, here(pair{}, pair{})}, "01000203 04000506")
	_, err = p.Load(&pointing{3, here(pair{}, pair{}, pair{})}, make([]byte, 12), 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "p", "a count of 3; the array holds 2")

	// Its type is its own, signed or not.
	_, err = d.Load(&object{n: most}, nil, 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "u16", refusal)
}

func TestVArray(t *testing.T) {
	t.Run("uint8", func(t *testing.T) { counts[uint8](t, "a count of 255; the array holds 3") })
	t.Run("uint16", func(t *testing.T) { counts[uint16](t, "a count of 65535; the array holds 3") })
	t.Run("uint32", func(t *testing.T) { counts[uint32](t, "a count of 4294967295") })
	t.Run("int32", func(t *testing.T) { counts[int32](t, "a count of -1") })
	type named uint8
	t.Run("named", func(t *testing.T) { counts[named](t, "a count of 255; the array holds 3") })
}

func TestVArrayTimes(t *testing.T) {
	type object struct {
		n uint32
		a [6]uint8
	}
	d := one(func(o *object) vmsd.Field[object] { return vmsd.VArray(o, "a", o.a[:], &o.n, vmsd.InfoUint8).Times(3) })
	travels(t, d, 1, object{1, [6]uint8{1, 2, 3}}, object{n: 1}, "010203")
	travels(t, d, 1, object{2, [6]uint8{1, 2, 3, 4, 5, 6}}, object{n: 2}, "010203040506")
	_, err := d.Load(&object{n: 3}, make([]byte, 9), 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "a", "a count of 9; the array holds 6")

	// Said twice the last counts, and the room stays.
	d = one(func(o *object) vmsd.Field[object] {
		return vmsd.VArray(o, "a", o.a[:], &o.n, vmsd.InfoUint8).Times(5).Times(2)
	})
	travels(t, d, 1, object{3, [6]uint8{1, 2, 3, 4, 5, 6}}, object{n: 3}, "010203040506")
}

func TestVArrayAlloc(t *testing.T) {
	type object struct {
		n uint32
		p *pair
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{vmsd.Uint32(o, "n", &o.n), vmsd.VArrayAlloc(o, "p", &o.p, &o.n, pairs)}
	})
	two := []pair{{1, 2, 3}, {4, 5, 6}}
	travels(t, d, 1, object{2, &two[0]}, object{}, "00000002 01000203 04000506")
	travels(t, d, 1, object{}, object{5, &two[0]}, "00000000")
}

func TestPointers(t *testing.T) {
	type object struct {
		one  *pair
		more *uint8
		each [3]*uint16
		list **uint8
		n    int32
	}
	u8 := func(list ...uint8) *uint8 { return &list[0] }
	u16 := func(n uint16) *uint16 { return &n }
	list := func(list ...*uint8) **uint8 { return &list[0] }
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Pointer(o, "one", &o.one, pairs),
			vmsd.ArrayPointer(o, "more", &o.more, 3, vmsd.InfoUint8),
			vmsd.ArrayOfPointers(o, "each", o.each[:], vmsd.InfoUint16),
			vmsd.VArrayOfPointers(o, "list", &o.list, 4, &o.n, vmsd.InfoUint8),
		}
	})
	travels(t, d, 1,
		object{&pair{1, 2, 3}, u8(4, 5, 6), [3]*uint16{u16(7), nil, u16(8)}, list(u8(9), nil), 2},
		object{&pair{}, u8(0, 0, 0), [3]*uint16{u16(0), nil, u16(0)}, list(u8(0), nil), 2},
		"01000203 040506 0007 30 0008 09 30")
}

// Each pointer of the wire is marked: 31 and the element, or 30. What was there
// is not loaded over.
func TestPointersThatAreMarked(t *testing.T) {
	type object struct {
		n    uint32
		list **pair
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Uint32(o, "n", &o.n),
			vmsd.VArrayOfPointersAlloc(o, "list", &o.list, &o.n, pairs),
		}
	})
	three := []*pair{{1, 2, 3}, nil, {4, 5, 6}}
	travels(t, d, 1, object{3, &three[0]}, object{1, &[]*pair{{7, 8, 9}}[0]}, "00000003 31 01000203 30 31 04000506")
	travels(t, d, 1, object{}, object{1, &[]*pair{nil}[0]}, "00000000")
}

func TestBuffers(t *testing.T) {
	type object struct {
		mac  [6]byte
		raw  struct{ a, b [2]uint8 }
		held *byte
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Buffer(o, "mac", o.mac[:]),
			vmsd.Buffer(o, "end", o.mac[4:]),
			vmsd.BufferUnsafe(o, "raw", &o.raw),
			vmsd.BufferPointer(o, "held", &o.held, 2),
		}
	})
	full := object{mac: [6]byte{1, 2, 3, 4, 5, 6}, held: &[]byte{11, 12}[0]}
	full.raw.a, full.raw.b = [2]uint8{7, 8}, [2]uint8{9, 10}
	travels(t, d, 1, full, object{held: &make([]byte, 2)[0]}, "010203040506 0506 0708090a 0b0c")
}

func sizes[N vmsd.Size](t *testing.T) {
	type object struct {
		n    N
		held *byte
		made *byte
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.VBuffer(o, "held", &o.held, 4, &o.n),
			vmsd.VBufferAlloc(o, "made", &o.made, &o.n),
		}
	})
	travels(t, d, 1, object{3, &[]byte{1, 2, 3}[0], &[]byte{4, 5, 6}[0]}, object{3, &make([]byte, 3)[0], nil}, "010203 040506")
	_, err := d.Load(&object{n: 5, held: &make([]byte, 5)[0]}, make([]byte, 10), 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "held", "a size of 5; the buffer holds 4")
	_, err = d.Load(&object{n: N(0) - 1}, nil, 1, vmstate.LoadOptions{})
	if N(0)-1 < 0 || uint64(N(0)-1) > 1<<32 {
		refused(t, err, rules.OutOfRange, "held", "a size of -1")
	} else {
		refused(t, err, rules.OutOfRange, "held", "a size of 4294967295")
	}

	times := one(func(o *object) vmsd.Field[object] { return vmsd.VBuffer(o, "held", &o.held, 4, &o.n).Times(2) })
	travels(t, times, 1, object{n: 2, held: &[]byte{1, 2, 3, 4}[0]}, object{n: 2, held: &make([]byte, 4)[0]}, "01020304")

	type bits struct {
		n      N
		inline [2]uint64
		held   *uint64
		made   *uint64
	}
	b := describe(func(o *bits) []vmsd.Field[bits] {
		return []vmsd.Field[bits]{
			vmsd.BitmapInline(o, "inline", o.inline[:], &o.n),
			vmsd.Bitmap(o, "held", &o.held, 70, &o.n),
			vmsd.BitmapAlloc(o, "made", &o.made, &o.n),
		}
	})
	travels(t, b, 1, bits{65, [2]uint64{1, 2}, &[]uint64{3, 4}[0], &[]uint64{5, 6}[0]}, bits{n: 65, held: &make([]uint64, 2)[0]},
		"0000000000000001 0000000000000002 0000000000000003 0000000000000004 0000000000000005 0000000000000006")
	_, err = b.Load(&bits{n: 71, held: new(uint64)}, make([]byte, 99), 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "held", "a bitmap of 71 bits; there is room for 70")
	_, err = b.Load(&bits{n: 129, held: new(uint64)}, make([]byte, 99), 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "inline", "a bitmap of 129 bits; there is room for 128")
}

func TestSizes(t *testing.T) {
	t.Run("int32", sizes[int32])
	t.Run("uint32", sizes[uint32])
	t.Run("uint64", sizes[uint64])
}

func TestUnplaced(t *testing.T) {
	type object struct{ n uint16 }
	small := func(o *object, _ uint32) bool { return o.n < 5 }
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Unused(o, 3),
			vmsd.Uint16(o, "n", &o.n),
			vmsd.Validate(o, "n is small", small),
			vmsd.UnusedVArray(o, &o.n, 2),
		}
	})
	travels(t, d, 1, object{2}, object{}, "000000 0002 0000 0000")
	_, err := d.Load(&object{}, []byte{0, 0, 0, 0, 5}, 1, vmstate.LoadOptions{})
	refused(t, err, rules.OutOfRange, "n is small", "the check of this field fails")
}

// The sum of a and b travels in place of b.
func TestTmp(t *testing.T) {
	type object struct{ a, b uint8 }
	type sum struct {
		sum    uint8
		parent *object // not the first, as in QEMU
	}
	sums := &vmsd.Description[sum]{Name: "sum", VersionID: 2,
		PreSave:  func(s *sum) error { s.sum = s.parent.a + s.parent.b; return nil },
		PostLoad: func(s *sum, version uint32) error { s.parent.b = s.sum - s.parent.a; return nil },
		Fields: func(s *sum) []vmsd.Field[sum] {
			return []vmsd.Field[sum]{vmsd.Uint8(s, "sum", &s.sum)}
		}}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{vmsd.Uint8(o, "a", &o.a), vmsd.Tmp(o, func(s *sum) **object { return &s.parent }, sums)}
	})
	travels(t, d, 1, object{1, 2}, object{}, "01 03")
}

func TestEqualAndLE(t *testing.T) {
	type object struct {
		u8  uint8
		u16 uint16
		i32 int32
		u32 uint32
		u64 uint64
		le  int32
	}
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Single(o, "u8", &o.u8, vmsd.InfoUint8Equal),
			vmsd.Single(o, "u16", &o.u16, vmsd.InfoUint16Equal),
			vmsd.Single(o, "i32", &o.i32, vmsd.InfoInt32Equal),
			vmsd.Single(o, "u32", &o.u32, vmsd.InfoUint32Equal),
			vmsd.Single(o, "u64", &o.u64, vmsd.InfoUint64Equal),
			vmsd.Single(o, "le", &o.le, vmsd.InfoInt32LE),
		}
	})
	full := object{1, 2, -3, 4, 5, 6}
	blank := full
	blank.le = 9
	travels(t, d, 1, full, blank, "01 0002 fffffffd 00000004 0000000000000005 00000006")
	for at, path := range []string{0: "u8", 1: "u16", 3: "i32", 7: "u32", 11: "u64"} {
		if path == "" {
			continue
		}
		wire, _ := hex.DecodeString("010002fffffffd00000004000000000000000500000006")
		wire[at] ^= 0x40
		_, err := d.Load(&object{1, 2, -3, 4, 5, 6}, wire, 1, vmstate.LoadOptions{})
		refused(t, err, rules.Mismatch, path, "where the local value is")
	}
}

func TestNewInfo(t *testing.T) {
	type object struct{ a [3]uint8 }
	// Complement of one byte.
	not := vmsd.NewInfo("not",
		func(l *vmstate.Loader, m *[3]uint8) error {
			b, err := l.Take(3)
			if err != nil {
				return err
			}
			for i := range m {
				m[i] = ^b[i]
			}
			return nil
		},
		func(s *vmstate.Saver, m *[3]uint8) error {
			s.Write(^m[0], ^m[1], ^m[2])
			return nil
		})
	travels(t, one(func(o *object) vmsd.Field[object] { return vmsd.Single(o, "a", &o.a, not) }), 1,
		object{[3]uint8{1, 2, 3}}, object{}, "fefdfc")
}

// What VMSTATE_VSTRUCT is for: an older version of the struct.
func TestAt(t *testing.T) {
	type object struct{ ps [2]pair }
	at := func(version uint32) *vmsd.Description[object] {
		return one(func(o *object) vmsd.Field[object] { return vmsd.Array(o, "ps", o.ps[:], pairs.At(version)) })
	}
	travels(t, at(3), 1, object{[2]pair{{1, 2, 3}, {4, 5, 6}}}, object{}, "01000203 04000506")
	travels(t, at(2), 3, object{[2]pair{{1, 2, 3}, {4, 5, 6}}}, object{[2]pair{{c: 3}, {c: 6}}}, "010002 040005")
}

func TestOptions(t *testing.T) {
	type object struct {
		on   bool
		a, b uint8
	}
	on := func(o *object, _ uint32) bool { return o.on }
	d := describe(func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{
			vmsd.Uint8(o, "a", &o.a).Since(2),
			vmsd.Uint8(o, "b", &o.b).Since(9).If(on), // the predicate decides alone
		}
	})
	travels(t, d, 1, object{a: 7, b: 8}, object{a: 7, b: 8}, "")
	travels(t, d, 1, object{on: true, a: 7, b: 8}, object{on: true, a: 7}, "08")
	travels(t, d, 2, object{on: true, a: 7, b: 8}, object{on: true}, "07 08")

	d = one(func(o *object) vmsd.Field[object] { return vmsd.Uint8(o, "b", &o.b).If(on).MustExist() })
	travels(t, d, 1, object{on: true, b: 8}, object{on: true}, "08")
	_, err := d.Load(&object{}, []byte{8}, 1, vmstate.LoadOptions{})
	refused(t, err, rules.MissingField, "b", "the field has to be there")

	// An option leaves the field that it is an option of as it was.
	d = describe(func(o *object) []vmsd.Field[object] {
		a := vmsd.Uint8(o, "a", &o.a)
		return []vmsd.Field[object]{a.Since(3).If(on).MustExist(), a}
	})
	travels(t, d, 1, object{on: true, a: 7}, object{on: true}, "07 07")
}

// The hooks get the object, in order.
func TestHooks(t *testing.T) {
	var log []string
	type object struct{ a uint8 }
	hook := func(name string) func(*object) error {
		return func(o *object) error { log = append(log, fmt.Sprint(name, o.a)); return nil }
	}
	late := &vmsd.Description[object]{Name: "object/late", VersionID: 5,
		Needed:   func(o *object) bool { return o.a == 1 },
		PostLoad: func(o *object, version uint32) error { log = append(log, fmt.Sprint("late", version)); return nil },
	}
	d := one(func(o *object) vmsd.Field[object] { return vmsd.Uint8(o, "a", &o.a) })
	d.Subsections = []*vmsd.Description[object]{late}
	d.PreSave, d.PostSave, d.PreLoad = hook("pre_save"), hook("post_save"), hook("pre_load")
	d.PostLoad = func(o *object, version uint32) error {
		log = append(log, fmt.Sprint("post_load", o.a, " ", version))
		return nil
	}
	travels(t, d, 2, object{1}, object{9}, "01 05 0b"+hex.EncodeToString([]byte("object/late"))+"00000005")
	travels(t, d, 2, object{2}, object{9}, "02")
	want := "pre_save1 post_save1 pre_load9 late5 post_load1 2 pre_save1 post_save1 " +
		"pre_save2 post_save2 pre_load9 post_load2 2 pre_save2 post_save2"
	if got := strings.Join(log, " "); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func refused(t *testing.T, err error, class rules.Class, path, detail string) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v; want %s in %s", err, class, path)
	}
	if e.Class != class || e.Path != path || !strings.Contains(e.Detail, detail) || detail == "" && e.Detail != "" {
		t.Fatalf("%v\nwant %s in %s: %s", err, class, path, detail)
	}
}
