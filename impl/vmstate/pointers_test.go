package vmstate_test

import (
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

type pair struct{ x, y uint8 }

func describePair() *vmstate.Description {
	return &vmstate.Description{Name: "pair", VersionID: 3, MinimumVersionID: 2, Fields: []vmstate.Field{
		vmstate.Scalar("x", 0, 0, vmstate.InfoUint8),
		vmstate.Scalar("y", 1, 3, vmstate.InfoUint8),
	}}
}

// A Pointer is followed to memory that is there; what stands in the object is
// the pointer, which stays.
func TestPointers(t *testing.T) {
	type object struct {
		scalar *uint16
		array  *[2]uint8
		pair   *pair
	}
	var o object
	d := one(
		vmstate.Field{Name: "scalar", Offset: unsafe.Offsetof(o.scalar), Flags: vmstate.Single | vmstate.Pointer, Info: vmstate.InfoUint16},
		vmstate.Field{Name: "array", Offset: unsafe.Offsetof(o.array), Flags: vmstate.Array | vmstate.Pointer, Num: 2, Info: vmstate.InfoUint8},
		vmstate.Field{Name: "pair", Offset: unsafe.Offsetof(o.pair), Flags: vmstate.Struct | vmstate.Pointer, VMSD: describePair()},
	)
	obj := object{new(uint16), new([2]uint8), new(pair)}
	before := obj
	loads(t, d, &obj, "1234 05 06 07 08")
	same(t, obj, before)
	same(t, *obj.scalar, 0x1234)
	same(t, *obj.array, [2]uint8{5, 6})
	same(t, *obj.pair, pair{7, 8})
	saves(t, d, &obj, "1234 05 06 07 08")

	_, err := load(d, &obj, wire(t, "ffff ee ee dd"), 1)
	refused(t, err, verdict{rules.Truncated, 5, "pair/y"})
	saves(t, d, &obj, "1234 05 06 07 08")

	obj.pair = nil
	_, err = load(d, &obj, wire(t, "ffff ee ee dd dd"), 1)
	refused(t, err, verdict{rules.OutOfRange, 4, "pair"})
	_, err = vmstate.Save(d, unsafe.Pointer(&obj), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.OutOfRange, 4, "pair"})
}

type allocated struct {
	n     uint32
	array *[1 << 20]uint16
}

func describeAllocated() *vmstate.Description {
	var a allocated
	return one(
		vmstate.Scalar("n", unsafe.Offsetof(a.n), 0, vmstate.InfoUint32),
		vmstate.Field{Name: "array", Offset: unsafe.Offsetof(a.array), Flags: vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc,
			NumOffset: 0, Info: vmstate.InfoUint16},
	)
}

func TestAlloc(t *testing.T) {
	var got allocated
	d := describeAllocated()
	loads(t, d, &got, "00000003 0001 0002 0003")
	same(t, [3]uint16(got.array[:3]), [3]uint16{1, 2, 3})
	saves(t, d, &got, "00000003 0001 0002 0003")

	// A second load replaces the array, and one that fails puts it back.
	was := got
	_, err := load(d, &got, wire(t, "00000002 000a"), 1)
	refused(t, err, verdict{rules.Truncated, 6, "array[1]"})
	same(t, got, was)
	loads(t, d, &got, "00000001 000a")
	same(t, got.array[0], 10)
	same(t, was.array[0], 1)
	loads(t, d, &got, "00000000")
	same(t, got.array, nil)
}

// New makes elements that hold pointers; each is typed memory.
func TestAllocStructs(t *testing.T) {
	type elem struct{ name *pair }
	type object struct {
		n    uint8
		list *elem
	}
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint8),
		vmstate.Field{Name: "list", Offset: unsafe.Offsetof(object{}.list), Size: unsafe.Sizeof(elem{}),
			Flags: vmstate.VArrayUint8 | vmstate.Pointer | vmstate.Alloc | vmstate.Struct, NumOffset: 0,
			VMSD: one(vmstate.Field{Name: "name", Flags: vmstate.Struct | vmstate.Pointer, VMSD: describePair()}),
			New: func(n int) unsafe.Pointer {
				list := make([]elem, n)
				for i := range list {
					list[i].name = new(pair)
				}
				return unsafe.Pointer(unsafe.SliceData(list))
			}},
	)
	var got object
	loads(t, d, &got, "02 0102 0304")
	list := unsafe.Slice(got.list, 2)
	same(t, *list[0].name, pair{1, 2})
	same(t, *list[1].name, pair{3, 4})
	saves(t, d, &got, "02 0102 0304")

	_, err := load(d, &got, wire(t, "03 0102 03"), 1)
	refused(t, err, verdict{rules.Truncated, 4, "list[1]/name/y"})
	same(t, got.n, 2)
	same(t, got.list, &list[0])
}

// The marker of a NULL is exactly 30, and an element that is there has none.
func TestNullMarker(t *testing.T) {
	obj := pointers{[4]*triv{nil, nil, nil, {}}}
	_, err := load(structPointers(), &obj, wire(t, "30 30 31 00000000"), 1)
	refused(t, err, verdict{rules.Mismatch, 2, "ar[2]"})
	_, err = load(structPointers(), &obj, wire(t, "30 30"), 1)
	refused(t, err, verdict{rules.Truncated, 2, "ar[2]"})

	var none struct{}
	d := one(vmstate.Scalar("null", 0, 0, vmstate.InfoNullptr))
	saves(t, d, &none, "30")
	loads(t, d, &none, "30")
	_, err = load(d, &none, wire(t, "00"), 1)
	refused(t, err, verdict{rules.Mismatch, 0, "null"})
}

// Memory behind the pointers of an array is undone, too.
func TestArrayOfPointerIsUndone(t *testing.T) {
	obj := pointers{[4]*triv{{5}, nil, {6}, {7}}}
	_, err := load(structPointers(), &obj, wire(t, "00000001 30 00000002 000000"), 1)
	refused(t, err, verdict{rules.Truncated, 12, "ar[3]/i"})
	saves(t, structPointers(), &obj, "00000005 30 00000006 00000007")
}

// Elements behind ALLOCed pointers may take no bytes, and are counted instead.
func TestAllocatedPointersToNothing(t *testing.T) {
	type object struct {
		n    uint8
		list **pair
	}
	made := 0
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint8),
		vmstate.Field{Name: "list", Offset: unsafe.Offsetof(object{}.list),
			Flags: vmstate.VArrayUint8 | vmstate.Pointer | vmstate.Alloc | vmstate.Struct | vmstate.ArrayOfPointer, NumOffset: 0,
			VMSD: one(),
			New: func(n int) unsafe.Pointer {
				made = n
				list := make([]*pair, n)
				for i := range list {
					list[i] = new(pair)
				}
				return unsafe.Pointer(unsafe.SliceData(list))
			}},
	)
	var got object
	loads(t, d, &got, "c8")
	same(t, made, 200)
}

// VSTRUCT loads and saves its child at StructVersionID; STRUCT at the child's
// own version_id.
func TestVStruct(t *testing.T) {
	at := func(flags vmstate.Flags, version uint32) *vmstate.Description {
		return one(vmstate.Field{Name: "p", Flags: flags, VMSD: describePair(), StructVersionID: version})
	}
	got := pair{9, 9}
	loads(t, at(vmstate.VStruct, 2), &got, "01")
	same(t, got, pair{1, 9})
	saves(t, at(vmstate.VStruct, 2), &got, "01")
	loads(t, at(vmstate.VStruct, 3), &got, "01 02")
	same(t, got, pair{1, 2})
	loads(t, at(vmstate.Struct, 2), &got, "03 04")
	same(t, got, pair{3, 4})

	for version, class := range map[uint32]rules.Class{1: rules.VersionTooOld, 4: rules.VersionTooNew, 1 << 31: rules.VersionTooNew} {
		_, err := load(at(vmstate.VStruct, version), &got, wire(t, "05 06"), 1)
		refused(t, err, verdict{class, 0, "p"})
		_, err = vmstate.Save(at(vmstate.VStruct, version), unsafe.Pointer(&got), 1, vmstate.SaveOptions{})
		refused(t, err, verdict{class, 0, "p"})
	}
	same(t, got, pair{3, 4})
}
