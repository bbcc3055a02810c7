package vmstate_test

import (
	"errors"
	"math"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

func TestTimer(t *testing.T) {
	type object struct {
		on, off int64
		d       float64
		bits    uint64
	}
	d := one(
		vmstate.Scalar("on", unsafe.Offsetof(object{}.on), 0, vmstate.InfoTimer),
		vmstate.Scalar("off", unsafe.Offsetof(object{}.off), 0, vmstate.InfoTimer),
		vmstate.Scalar("d", unsafe.Offsetof(object{}.d), 0, vmstate.InfoCPUDouble),
		vmstate.Scalar("bits", unsafe.Offsetof(object{}.bits), 0, vmstate.InfoCPUDouble),
	)
	// -2.5 is -1.25 * 2^1: the sign, 1023+1, and a quarter in the fraction.
	const bytes = "0000000000011170 ffffffffffffffff c004000000000000 7ff0000000000000"
	want := object{70000, vmstate.TimerOff, -2.5, math.Float64bits(math.Inf(1))}
	saves(t, d, &want, bytes)
	var got object
	loads(t, d, &got, bytes)
	same(t, got, want)
}

// equals has a member of each type that has to be equal.
type equals struct {
	u8  uint8
	u16 uint16
	i32 int32
	u32 uint32
	u64 uint64
	x   uint8
}

func describeEquals() *vmstate.Description {
	var e equals
	return one(
		vmstate.Scalar("u8", unsafe.Offsetof(e.u8), 0, vmstate.InfoUint8Equal),
		vmstate.Scalar("u16", unsafe.Offsetof(e.u16), 0, vmstate.InfoUint16Equal),
		vmstate.Scalar("i32", unsafe.Offsetof(e.i32), 0, vmstate.InfoInt32Equal),
		vmstate.Scalar("u32", unsafe.Offsetof(e.u32), 0, vmstate.InfoUint32Equal),
		vmstate.Scalar("u64", unsafe.Offsetof(e.u64), 0, vmstate.InfoUint64Equal),
		vmstate.Scalar("x", unsafe.Offsetof(e.x), 0, vmstate.InfoUint8),
	)
}

func TestEqual(t *testing.T) {
	d := describeEquals()
	local := equals{0x12, 0x1234, -2, 0x12345678, 0x123456789abcdef0, 7}
	const bytes = "12 1234 fffffffe 12345678 123456789abcdef0 07"
	saves(t, d, &local, bytes)
	got := local
	got.x = 0
	loads(t, d, &got, bytes)
	same(t, got, local)

	// Each byte but the last changed alone: the value that it stands in differs.
	items := []struct {
		path string
		n    int
	}{{"u8", 1}, {"u16", 2}, {"i32", 4}, {"u32", 4}, {"u64", 8}}
	at := 0
	for _, item := range items {
		for i := at; i < at+item.n; i++ {
			stream := wire(t, bytes)
			stream[i] ^= 0x80
			_, err := load(d, &got, stream, 1)
			refused(t, err, verdict{rules.Mismatch, int64(at), item.path})
			ruled(t, err, rules.EqualValue)
			_, err = load(d, &got, stream[:at+item.n-1], 1)
			refused(t, err, verdict{rules.Truncated, int64(at + item.n - 1), item.path})
			same(t, got, local)
		}
		at += item.n
	}
}

func ruled(t testing.TB, err error, want rules.ID) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) || e.Rule != want {
		t.Fatalf("%v: rule %s is wanted", err, want)
	}
}

func TestEqualArray(t *testing.T) {
	type object struct{ a [3]uint16 }
	d := one(vmstate.ScalarArray("a", 0, 0, vmstate.InfoUint16Equal, 3))
	obj := object{[3]uint16{1, 2, 3}}
	saves(t, d, &obj, "0001 0002 0003")
	loads(t, d, &obj, "0001 0002 0003")
	_, err := load(d, &obj, wire(t, "0001 0003 0003"), 1)
	refused(t, err, verdict{rules.Mismatch, 2, "a[1]"})
}

func TestInt32LE(t *testing.T) {
	type object struct {
		n int32
		x uint8
	}
	d := one(
		vmstate.Scalar("x", unsafe.Offsetof(object{}.x), 0, vmstate.InfoUint8),
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoInt32LE),
	)
	saves(t, d, &object{100, 1}, "01 00000064")
	for _, c := range []struct {
		local  int32
		stream string
		want   int32 // -1: refused
	}{
		{100, "00000064", 100},
		{100, "00000063", 99},
		{100, "00000000", 0},
		{0, "00000000", 0},
		{math.MaxInt32, "7fffffff", math.MaxInt32},
		{100, "00000065", -1},
		{0, "00000001", -1},
		{100, "ffffffff", -1},
		{math.MaxInt32, "80000000", -1},
		{-1, "00000000", -1},
		{-1, "ffffffff", -1},
	} {
		got := object{n: c.local}
		_, err := load(d, &got, wire(t, "01"+c.stream), 1)
		if c.want < 0 {
			refused(t, err, verdict{rules.OutOfRange, 1, "n"})
			ruled(t, err, rules.Int32LE)
			same(t, got, object{n: c.local})
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, object{c.want, 1})
	}
	got := object{100, 9}
	_, err := load(d, &got, wire(t, "01 000000"), 1)
	refused(t, err, verdict{rules.Truncated, 4, "n"})
	same(t, got, object{100, 9})
}

// What a load has lowered, and what pre_load has put there, is undone.
func TestEqualAndLEAreUndone(t *testing.T) {
	type object struct {
		n int32
		e uint16
		x uint8
	}
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoInt32LE),
		vmstate.Scalar("e", unsafe.Offsetof(object{}.e), 0, vmstate.InfoUint16Equal),
		vmstate.Scalar("x", unsafe.Offsetof(object{}.x), 0, vmstate.InfoUint8),
	)
	was := object{100, 5, 6}
	got := was
	_, err := load(d, &got, wire(t, "00000001 0005"), 1)
	refused(t, err, verdict{rules.Truncated, 6, "x"})
	same(t, got, was)

	d = one(d.Fields...)
	d.PreLoad = func(obj unsafe.Pointer) error {
		(*object)(obj).n, (*object)(obj).e = 7, 8
		return nil
	}
	_, err = load(d, &got, wire(t, "00000001 0008"), 1)
	refused(t, err, verdict{rules.Truncated, 6, "x"})
	same(t, got, was)
	loads(t, d, &got, "00000007 0008 09")
	same(t, got, object{7, 8, 9})
}

// The names are those that a description has.
func TestInfoNames(t *testing.T) {
	for _, c := range []struct {
		info *vmstate.Info
		name string
		min  int
	}{
		{vmstate.InfoTimer, "timer", 8},
		{vmstate.InfoCPUDouble, "CPU_Double_U", 8},
		{vmstate.InfoUint8Equal, "uint8 equal", 1},
		{vmstate.InfoUint16Equal, "uint16 equal", 2},
		{vmstate.InfoInt32Equal, "int32 equal", 4},
		{vmstate.InfoUint32Equal, "uint32 equal", 4},
		{vmstate.InfoUint64Equal, "int64 equal", 8},
		{vmstate.InfoInt32LE, "int32 le", 4},
		{vmstate.BitmapField("b", 0, 0, 8, vmstate.CountInt32, 1).Info, "bitmap", 0},
		{vmstate.TmpField("t", 0, func(c *tmpChild) **tmpParent { return &c.parent }, nil).Info, "tmp", 0},
	} {
		same(t, c.info.Name, c.name)
		same(t, c.info.Min, c.min)
	}
}
