package vmstate_test

import (
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
)

// The cases of QEMU's tests/unit/test-vmstate.c, with the bytes that it writes
// in front of the harness's EOF. The queue's is in package tailq.

type primitives struct {
	b1, b2   bool
	u8       uint8
	u16      uint16
	u32      uint32
	u64      uint64
	i8, i8b  int8
	i16, i6b int16
	i32, i2b int32
	i64, i4b int64
}

func TestSimplePrimitive(t *testing.T) {
	var p primitives
	f := vmstate.Scalar
	d := one(
		f("b_1", unsafe.Offsetof(p.b1), 0, vmstate.InfoBool),
		f("b_2", unsafe.Offsetof(p.b2), 0, vmstate.InfoBool),
		f("u8_1", unsafe.Offsetof(p.u8), 0, vmstate.InfoUint8),
		f("u16_1", unsafe.Offsetof(p.u16), 0, vmstate.InfoUint16),
		f("u32_1", unsafe.Offsetof(p.u32), 0, vmstate.InfoUint32),
		f("u64_1", unsafe.Offsetof(p.u64), 0, vmstate.InfoUint64),
		f("i8_1", unsafe.Offsetof(p.i8), 0, vmstate.InfoInt8),
		f("i8_2", unsafe.Offsetof(p.i8b), 0, vmstate.InfoInt8),
		f("i16_1", unsafe.Offsetof(p.i16), 0, vmstate.InfoInt16),
		f("i16_2", unsafe.Offsetof(p.i6b), 0, vmstate.InfoInt16),
		f("i32_1", unsafe.Offsetof(p.i32), 0, vmstate.InfoInt32),
		f("i32_2", unsafe.Offsetof(p.i2b), 0, vmstate.InfoInt32),
		f("i64_1", unsafe.Offsetof(p.i64), 0, vmstate.InfoInt64),
		f("i64_2", unsafe.Offsetof(p.i4b), 0, vmstate.InfoInt64),
	)
	want := primitives{true, false, 130, 512, 70000, 12121212, 65, -65, 512, -512, 70000, -70000, 12121212, -12121212}
	const bytes = "01 00 82 0200 00011170 0000000000b8f47c 41 bf 0200 fe00 00011170 fffeee90 0000000000b8f47c ffffffffff470b84"
	saves(t, d, &want, bytes)
	loads(t, d, &p, bytes)
	same(t, p, want)
}

func TestSimpleArray(t *testing.T) {
	var got struct{ u16 [3]uint16 }
	d := one(vmstate.ScalarArray("u16_1", 0, 0, vmstate.InfoUint16, 3))
	want := got
	want.u16 = [3]uint16{0x42, 0x43, 0x44}
	saves(t, d, &want, "0042 0043 0044")
	loads(t, d, &got, "0042 0043 0044")
	same(t, got, want)
}

type versioned struct {
	a, b, c, e uint32
	d, f       uint64
	skip       bool
}

func versionedAt(old, new uint32, exists func(unsafe.Pointer, uint32) bool) *vmstate.Description {
	var v versioned
	d := &vmstate.Description{Name: "test/versioned", VersionID: 2, MinimumVersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("a", unsafe.Offsetof(v.a), 0, vmstate.InfoUint32),
		vmstate.Scalar("b", unsafe.Offsetof(v.b), new, vmstate.InfoUint32),
		vmstate.Scalar("c", unsafe.Offsetof(v.c), old, vmstate.InfoUint32),
		vmstate.Scalar("d", unsafe.Offsetof(v.d), 0, vmstate.InfoUint64),
		vmstate.Scalar("e", unsafe.Offsetof(v.e), new, vmstate.InfoUint32),
		vmstate.Scalar("f", unsafe.Offsetof(v.f), new, vmstate.InfoUint64),
	}}
	d.Fields[2].Exists, d.Fields[4].Exists = exists, exists
	return d
}

func TestVersioned(t *testing.T) {
	d := versionedAt(0, 2, nil)
	got := versioned{b: 200, e: 500, f: 600}
	if _, err := load(d, &got, wire(t, "0000000a 0000001e 0000000000000028"), 1); err != nil {
		t.Fatal(err)
	}
	same(t, got, versioned{a: 10, b: 200, c: 30, d: 40, e: 500, f: 600})

	loads(t, d, &got, "0000000a 00000014 0000001e 0000000000000028 00000032 000000000000003c")
	same(t, got, versioned{a: 10, b: 20, c: 30, d: 40, e: 50, f: 60})
}

func TestFieldExists(t *testing.T) {
	d := versionedAt(0, 0, func(obj unsafe.Pointer, _ uint32) bool { return !(*versioned)(obj).skip })
	const (
		all     = "00000001 00000002 00000003 0000000000000004 00000005 0000000000000006"
		skipped = "00000001 00000002 0000000000000004 0000000000000006"
	)
	full := versioned{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}
	saves(t, d, &full, all)
	var got versioned
	loads(t, d, &got, all)
	same(t, got, full)

	full.skip = true
	saves(t, d, &full, skipped)
	got = versioned{c: 300, e: 500, skip: true}
	loads(t, d, &got, skipped)
	same(t, got, versioned{a: 1, b: 2, c: 300, d: 4, e: 500, f: 6, skip: true})
}

type triv struct{ i int32 }

type pointers struct{ ar [4]*triv }

func structPointers() *vmstate.Description {
	return one(vmstate.Field{Name: "ar", Flags: vmstate.Array | vmstate.Struct | vmstate.ArrayOfPointer, Num: 4,
		VMSD: &vmstate.Description{Name: "test/tst", VersionID: 1, MinimumVersionID: 1,
			Fields: []vmstate.Field{vmstate.Scalar("i", 0, 0, vmstate.InfoInt32)}}})
}

func primPointers() *vmstate.Description {
	return one(vmstate.Field{Name: "ar", Flags: vmstate.Array | vmstate.ArrayOfPointer, Num: 4, Info: vmstate.InfoInt32})
}

func TestArraysOfPointers(t *testing.T) {
	without := func() *pointers { return &pointers{[4]*triv{{0}, {1}, {2}, {3}}} }
	withNull := func() *pointers { return &pointers{[4]*triv{{0}, nil, {2}, {3}}} }
	zero := func(p *pointers) *pointers {
		for _, e := range p.ar {
			if e != nil {
				e.i = 77
			}
		}
		return p
	}
	for _, c := range []struct {
		name  string
		d     *vmstate.Description
		obj   func() *pointers
		bytes string
	}{
		{"str/no0", structPointers(), without, "00000000 00000001 00000002 00000003"},
		{"str/0", structPointers(), withNull, "00000000 30 00000002 00000003"},
		{"prim/0", primPointers(), withNull, "00000000 30 00000002 00000003"},
	} {
		t.Run(c.name, func(t *testing.T) {
			saves(t, c.d, c.obj(), c.bytes)
			got := zero(c.obj())
			loads(t, c.d, got, c.bytes)
			saves(t, c.d, got, c.bytes)
		})
	}
}

// QEMU's harness: each load fails with nothing, with the first and the second
// half, and with two bytes less.
func TestPartsOfAStreamFail(t *testing.T) {
	full := wire(t, "0000000a 00000014 0000001e 0000000000000028 00000032 000000000000003c")
	n := len(full)
	for _, part := range [][]byte{nil, full[:n-2], full[:n/2], full[n/2:]} {
		got := versioned{a: 1}
		if _, err := load(versionedAt(0, 2, nil), &got, part, 2); err == nil {
			t.Fatalf("%d bytes load", len(part))
		}
		same(t, got, versioned{a: 1})
	}
}
