package vmstate_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// allocates measures f, in bytes.
func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Counts and sizes that the input does not hold allocate next to nothing.
func TestHostileCounts(t *testing.T) {
	type object struct {
		n    uint32
		list unsafe.Pointer
	}
	type big struct {
		x    uint8
		rest [1023]byte
	}
	bigOne := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))
	grown := &vmstate.Description{Name: "grown", VersionID: 2, MinimumVersionID: 1,
		Fields: []vmstate.Field{vmstate.Scalar("x", 0, 2, vmstate.InfoUint8)}}
	newBigs := func(n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(make([]big, n))) }
	newHeads := func(n int) unsafe.Pointer {
		return unsafe.Pointer(unsafe.SliceData(make([]tailq.Head[node], n)))
	}
	newPointers := func(n int) unsafe.Pointer {
		return unsafe.Pointer(unsafe.SliceData(make([]unsafe.Pointer, n)))
	}
	heads := tailq.Field("", 0, 1, nodeType.Metadata(describeNode()))
	heads.Flags, heads.New = heads.Flags&^vmstate.Single|vmstate.VArrayUint32|vmstate.Pointer|vmstate.Alloc, newHeads
	newBytes := func(n int) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(make([]byte, n))) }
	const alloc = vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc
	for name, c := range map[string]struct {
		f    vmstate.Field
		rest string // behind the count
		path string // where that ends
	}{
		"scalars":    {vmstate.Field{Flags: alloc, Info: vmstate.InfoUint64}, "01020304", "list[0]"},
		"NULLs":      {vmstate.Field{Flags: alloc, Info: vmstate.InfoNullptr}, "30303030", "list[4]"},
		"multiplied": {vmstate.Field{Flags: alloc | vmstate.MultiplyElements, Num: 3, Info: vmstate.InfoUint8}, "01020304", "list[4]"},
		"structs":    {vmstate.Field{Flags: alloc | vmstate.Struct, Size: 1024, VMSD: bigOne, New: newBigs}, "01020304", "list[4]/x"},
		"versioned":  {vmstate.Field{Flags: alloc | vmstate.Struct, Size: 1024, VMSD: grown, New: newBigs}, "01020304", "list[4]/x"},
		"vstructs":   {vmstate.Field{Flags: alloc | vmstate.VStruct, Size: 1024, VMSD: bigOne, StructVersionID: 1, New: newBigs}, "01020304", "list[4]/x"},
		"queues":     {heads, "00000000", "list[4][0]"},
		// The pointers that a load makes are NULL.
		"pointers": {vmstate.Field{Flags: alloc | vmstate.ArrayOfPointer, Info: vmstate.InfoUint64, New: newPointers}, "30303030", "list[4]"},
		"marked": {vmstate.Field{Flags: alloc | vmstate.ArrayOfPointer | vmstate.MarkAlways | vmstate.Struct, VMSD: bigOne, New: newPointers,
			NewElement: func() unsafe.Pointer { return newBigs(1) }}, "31013030", "list[3]"},
		"bitmap":             {vmstate.AllocatedBitmap("", unsafe.Offsetof(object{}.list), 0, unsafe.Offsetof(object{}.n), vmstate.CountUint32), "01020304", "list"},
		"buffer":             {vmstate.Field{Flags: vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc, Info: vmstate.InfoBuffer, SizeType: vmstate.CountUint32}, "01020304", "list"},
		"buffer with New":    {vmstate.Field{Flags: vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc, Info: vmstate.InfoBuffer, SizeType: vmstate.CountUint32, New: newBytes}, "01020304", "list"},
		"buffer, multiplied": {vmstate.Field{Flags: vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc | vmstate.Multiply, Size: 3, Info: vmstate.InfoBuffer, SizeType: vmstate.CountUint32}, "01020304", "list"},
	} {
		for _, n := range []uint32{1 << 20, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			t.Run(fmt.Sprintf("%s/%#x", name, n), func(t *testing.T) {
				f := c.f
				f.Name, f.Offset = "list", unsafe.Offsetof(object{}.list)
				d := one(vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint32), f)
				if err := d.Compile(); err != nil {
					t.Fatal(err)
				}
				stream := wire(t, fmt.Sprintf("%08x", n)+c.rest)
				var obj object
				var err error
				if got := allocates(func() { _, err = load(d, &obj, stream, 1) }); got >= 1<<20 {
					t.Fatalf("%d bytes allocated", got)
				}
				want := verdict{rules.Truncated, 8, c.path}
				elements, item := uint64(n), uint64(0) // bytes of what is one item
				switch {
				case f.Flags&vmstate.MultiplyElements != 0:
					elements *= uint64(f.Num)
				case f.Flags&vmstate.Multiply != 0:
					elements *= uint64(f.Size)
					item = elements
				case f.Flags&vmstate.VBuffer != 0:
					item = elements
				case name == "bitmap":
					item = (elements + 63) / 64 * 8
				}
				switch {
				case elements > rules.MaxCount:
					want = verdict{rules.OutOfRange, 4, "list"}
				case 4+item > rules.DefaultBytes:
					want = verdict{rules.Limit, 4, "list"}
				}
				refused(t, err, want)
				same(t, obj, object{})
			})
		}
	}
}

// Elements that take no bytes end at the limit of elements, in time as in memory.
func TestHostileCountOfNothing(t *testing.T) {
	type object struct {
		n    uint32
		list *uint8
	}
	made := 0
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint32),
		vmstate.Field{Name: "list", Offset: unsafe.Offsetof(object{}.list), Size: 1, VMSD: one(),
			Flags: vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc | vmstate.Struct,
			New:   func(n int) unsafe.Pointer { made = n; return unsafe.Pointer(unsafe.SliceData(make([]uint8, n))) }},
	)
	var obj object
	err := loadWithin(d, unsafe.Pointer(&obj), wire(t, "7fffffff"), rules.Limits{Elements: 10000})
	refused(t, err, verdict{rules.Limit, 4, "list[10]"}) // each counts 1024; 10*1024 is the first multiple from 10000 on
	same(t, made, 10000/1024+2)
	same(t, obj, object{})

	// What has been counted before is not there for them.
	d = one(append([]vmstate.Field{{Name: "before", Offset: unsafe.Offsetof(object{}.n), Flags: vmstate.Array | vmstate.Struct, Num: 4, Size: 1,
		VMSD: one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))}}, d.Fields...)...)
	err = loadWithin(d, unsafe.Pointer(&obj), wire(t, "00000000 7fffffff"), rules.Limits{Elements: 10*1024 + 3})
	refused(t, err, verdict{rules.Limit, 8, "list[10]"}) // 4+10*1024 is the first from 10*1024+3 on
	same(t, made, (10*1024+3-4)/1024+2)
}

// Elements are made as often as their bytes fit into what is left, and one time
// more. A hook may take fewer bytes than memory has.
func TestHostileCountOfLongElements(t *testing.T) {
	type object struct {
		n    uint32
		list unsafe.Pointer
	}
	type element struct {
		x [8]uint8
		p *uint8
	}
	whole := func(fields ...vmstate.Field) vmstate.Field {
		return vmstate.Field{Flags: vmstate.Struct, VMSD: one(fields...), Size: unsafe.Sizeof(element{})}
	}
	first := vmstate.Scalar("x", 0, 0, vmstate.InfoUint8)
	hooked := &vmstate.Info{Name: "hooked", Min: 1, Put: func(*vmstate.Saver, unsafe.Pointer, *vmstate.Field) error { return nil },
		Get: func(l *vmstate.Loader, _ unsafe.Pointer, _ *vmstate.Field) error { _, err := l.Take(2); return err }}
	for _, c := range []struct {
		name string
		f    vmstate.Field
		min  int // bytes of an element, as far as they are sure
		path string
	}{
		{"structs of integers", whole(vmstate.ScalarArray("x", 0, 0, vmstate.InfoUint8, 3)), 3, "list[6]/x[2]"},
		{"structs of a buffer", whole(vmstate.BufferField("x", 0, 0, 3)), 3, "list[6]/x"},
		{"structs with unused bytes", whole(vmstate.UnusedField("u", 0, 2), vmstate.Scalar("x", 0, 0, vmstate.InfoUint8)), 3, "list[6]/x"},
		{"vstructs", vmstate.Field{Flags: vmstate.VStruct, VMSD: describePair(), StructVersionID: 2, Size: unsafe.Sizeof(element{})}, 1, "list[20]/x"},
		{"structs with a condition", whole(first, vmstate.Field{Name: "if", Info: vmstate.InfoUint8, Exists: func(unsafe.Pointer, uint32) bool { return false }}), 1, "list[20]/x"},
		{"structs of a later version", whole(first, vmstate.Scalar("later", 1, 2, vmstate.InfoUint8)), 1, "list[20]/x"},
		{"structs with a count", whole(first, vmstate.Field{Name: "a", Flags: vmstate.VArrayUint8, Num: 1, Info: vmstate.InfoUint8}), 1, "list[20]/x"},
		{"structs with a size", whole(first, vmstate.Field{Name: "b", Offset: unsafe.Offsetof(element{}.p), Flags: vmstate.VBuffer | vmstate.Pointer | vmstate.Multiply | vmstate.Alloc, Size: 3,
			SizeType: vmstate.CountUint8, Info: vmstate.InfoBuffer}), 1, "list[20]/x"},
		{"buffers", vmstate.Field{Flags: vmstate.Buffer, Info: vmstate.InfoBuffer, Size: 3}, 3, "list[6]"},
		{"buffers by hooks", vmstate.Field{Flags: vmstate.Buffer, Info: hooked, Size: 3}, 1, "list[10]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := 0
			f := c.f
			f.Name, f.Offset = "list", unsafe.Offsetof(object{}.list)
			f.Flags |= vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc
			f.New = func(n int) unsafe.Pointer { made = n; return unsafe.Pointer(unsafe.SliceData(make([]element, n))) }
			d := one(vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint32), f)
			for _, left := range []int{0, 2, 3, 4, 20} {
				var obj object
				_, err := load(d, &obj, append(wire(t, "7fffffff"), make([]byte, left)...), 1)
				if !errors.Is(err, rules.Truncated) {
					t.Fatal(err)
				}
				if left == 20 {
					refused(t, err, verdict{rules.Truncated, 24, c.path})
				}
				same(t, made, left/c.min+1)
			}
		})
	}
}

// Without New, too, there is room for every element, and for no more.
func TestBytesAllocated(t *testing.T) {
	type object struct {
		n    uint32
		list *int32
	}
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint32),
		vmstate.Field{Name: "list", Offset: unsafe.Offsetof(object{}.list), Info: vmstate.InfoInt32LE,
			Flags: vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc},
	)
	if err := d.Compile(); err != nil {
		t.Fatal(err)
	}
	// The first is refused, so that none is written where there might be no room.
	stream := append(wire(t, "00010000 00000001"), make([]byte, 4*0xffff)...)
	var obj object
	var err error
	got := allocates(func() { _, err = load(d, &obj, stream, 1) })
	refused(t, err, verdict{rules.OutOfRange, 4, "list[0]"})
	if got < 4<<16 || got > 4<<16+1<<15 {
		t.Fatalf("%d bytes allocated for 65,536 integers of 4", got)
	}
}

// A fixed array, too, of elements that take no bytes.
func TestLargeArrayOfNothing(t *testing.T) {
	d := one(vmstate.Field{Name: "a", Flags: vmstate.Array | vmstate.Struct, Num: rules.MaxCount, VMSD: one()})
	var obj uint8
	err := loadWithin(d, unsafe.Pointer(&obj), nil, rules.Limits{Elements: 10 * 1024})
	refused(t, err, verdict{rules.Limit, 0, "a[10]"})
}
