package vmstate_test

import (
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

func TestBuffer(t *testing.T) {
	var got [3]byte
	d := one(vmstate.BufferField("b", 0, 0, 3))
	loads(t, d, &got, "0a 0b 0c")
	same(t, got, [3]byte{10, 11, 12})
	saves(t, d, &got, "0a 0b 0c")

	// One item: its path has no index, and nothing of it is stored.
	_, err := load(d, &got, wire(t, "01 02"), 1)
	refused(t, err, verdict{rules.Truncated, 2, "b"})
	same(t, got, [3]byte{10, 11, 12})
}

// An array of buffers is one item for each.
func TestArrayOfBuffers(t *testing.T) {
	var got [2][2]byte
	d := one(vmstate.Field{Name: "b", Flags: vmstate.Array | vmstate.Buffer, Num: 2, Size: 2, Info: vmstate.InfoBuffer})
	loads(t, d, &got, "0102 0304")
	same(t, got, [2][2]byte{{1, 2}, {3, 4}})
	saves(t, d, &got, "0102 0304")
	_, err := load(d, &got, wire(t, "0102 03"), 1)
	refused(t, err, verdict{rules.Truncated, 3, "b[1]"})
}

// Unused bytes are written as zeros; any are accepted, the first that is not
// zero with a note.
func TestUnused(t *testing.T) {
	var got uint8
	d := one(vmstate.UnusedField("gap", 0, 3), vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))
	loads(t, d, &got, "000000 05")
	saves(t, d, &got, "000000 05")

	l, err := load(d, &got, wire(t, "00 07 08 06"), 1)
	if err != nil || len(l.Notes) != 1 {
		t.Fatal(l, err)
	}
	n := l.Notes[0]
	n.Detail = ""
	same(t, n, rules.Note{Rule: rules.UnusedZero, Offset: 1, Path: "gap"})
	saves(t, d, &got, "000000 06")
	_, err = load(d, &got, wire(t, "0000"), 1)
	refused(t, err, verdict{rules.Truncated, 2, "gap"})
}

func TestBoolNote(t *testing.T) {
	var got [2]bool
	d := one(vmstate.ScalarArray("b", 0, 0, vmstate.InfoBool, 2))
	l, err := load(d, &got, wire(t, "01 80"), 1)
	if err != nil || len(l.Notes) != 1 {
		t.Fatal(l, err)
	}
	n := l.Notes[0]
	n.Detail = ""
	same(t, n, rules.Note{Rule: rules.BoolCanonical, Offset: 1, Path: "b[1]"})
	same(t, got, [2]bool{true, true})
	saves(t, d, &got, "01 01")
}

type vbuffer struct {
	size int32
	data *[8]byte
}

func describeVBuffer(flags vmstate.Flags, factor uintptr, room int) *vmstate.Description {
	return one(
		vmstate.Scalar("size", 0, 0, vmstate.InfoInt32),
		vmstate.Field{Name: "data", Offset: unsafe.Offsetof(vbuffer{}.data), Flags: vmstate.VBuffer | vmstate.Pointer | flags,
			Info: vmstate.InfoBuffer, SizeOffset: 0, Size: factor, Num: room},
	)
}

// A VBUFFER in memory that is there; its size is an int32 unless SizeType says
// otherwise.
func TestVBuffer(t *testing.T) {
	got := vbuffer{data: &[8]byte{9, 9, 9, 9, 9, 9, 9, 9}}
	d := describeVBuffer(0, 0, 8)
	loads(t, d, &got, "00000002 0a0b")
	same(t, *got.data, [8]byte{10, 11, 9, 9, 9, 9, 9, 9})
	saves(t, d, &got, "00000002 0a0b")
	loads(t, d, &got, "00000000")

	for _, size := range []string{"00000009", "7fffffff", "80000000", "ffffffff"} {
		_, err := load(d, &got, wire(t, size+"010203040506070809"), 1)
		refused(t, err, verdict{rules.OutOfRange, 4, "data"})
	}
	got.size = 9
	_, err := vmstate.Save(d, unsafe.Pointer(&got), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.OutOfRange, 4, "data"})
}

func TestVBufferMultiply(t *testing.T) {
	got := vbuffer{data: new([8]byte)}
	d := describeVBuffer(vmstate.Multiply, 4, 8)
	loads(t, d, &got, "00000002 0102030405060708")
	same(t, *got.data, [8]byte{1, 2, 3, 4, 5, 6, 7, 8})
	saves(t, d, &got, "00000002 0102030405060708")
	_, err := load(d, &got, wire(t, "00000003 010203040506070809101112"), 1)
	refused(t, err, verdict{rules.OutOfRange, 4, "data"})
	_, err = load(d, &got, wire(t, "40000000 00"), 1)
	refused(t, err, verdict{rules.OutOfRange, 4, "data"})
}

type sized[T any] struct {
	size T
	data *byte
}

func loadSized[T any](t *testing.T, info *vmstate.Info, typ vmstate.CountType, stream string) *sized[T] {
	t.Helper()
	got := new(sized[T])
	d := one(
		vmstate.Scalar("size", unsafe.Offsetof(got.size), 0, info),
		vmstate.AllocatedBuffer("data", unsafe.Offsetof(got.data), 0, unsafe.Offsetof(got.size), typ),
	)
	loads(t, d, got, stream)
	saves(t, d, got, stream)
	return got
}

func TestAllocatedBuffers(t *testing.T) {
	loadSized[int8](t, vmstate.InfoInt8, vmstate.CountInt8, "02 0a0b")
	loadSized[int16](t, vmstate.InfoInt16, vmstate.CountInt16, "0002 0a0b")
	loadSized[int32](t, vmstate.InfoInt32, vmstate.CountInt32, "00000002 0a0b")
	loadSized[int64](t, vmstate.InfoInt64, vmstate.CountInt64, "0000000000000002 0a0b")
	loadSized[uint8](t, vmstate.InfoUint8, vmstate.CountUint8, "02 0a0b")
	loadSized[uint16](t, vmstate.InfoUint16, vmstate.CountUint16, "0002 0a0b")
	loadSized[uint32](t, vmstate.InfoUint32, vmstate.CountUint32, "00000002 0a0b")
	got := loadSized[uint64](t, vmstate.InfoUint64, vmstate.CountUint64, "0000000000000002 0a0b")
	same(t, [2]byte(unsafe.Slice(got.data, 2)), [2]byte{10, 11})
	if got := loadSized[uint8](t, vmstate.InfoUint8, vmstate.CountUint8, "00"); got.data != nil {
		t.Fatal("no bytes, and yet memory")
	}
}
