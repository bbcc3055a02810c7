package vmstate_test

import (
	"testing"
	"unsafe"

	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

type marked struct {
	list [3]unsafe.Pointer
	end  uint8
}

// describeMarked describes an array of three pointers, all marked, to what f
// says, and the byte behind it.
func describeMarked(f vmstate.Field, newElement func() unsafe.Pointer) *vmstate.Description {
	f.Name, f.Offset, f.Num, f.NewElement = "list", unsafe.Offsetof(marked{}.list), 3, newElement
	f.Flags |= vmstate.Array | vmstate.ArrayOfPointer | vmstate.MarkAlways
	return one(f, vmstate.Scalar("end", unsafe.Offsetof(marked{}.end), 0, vmstate.InfoUint8))
}

func newOf[T any]() unsafe.Pointer { return unsafe.Pointer(new(T)) }

func markedPairs() *vmstate.Description {
	return describeMarked(vmstate.Field{Flags: vmstate.Struct, VMSD: describePair()}, newOf[pair])
}

// An element of each kind is made anew, whatever memory held, and NULL is NULL.
func TestMarkAlways(t *testing.T) {
	for _, c := range []struct {
		name  string
		d     *vmstate.Description
		bytes string
		equal func(first, third unsafe.Pointer) bool
	}{
		{"STRUCT", markedPairs(), "31 0102 30 31 0304 09", func(a, b unsafe.Pointer) bool {
			return *(*pair)(a) == pair{1, 2} && *(*pair)(b) == pair{3, 4}
		}},
		{"VSTRUCT", describeMarked(vmstate.Field{Flags: vmstate.VStruct, VMSD: describePair(), StructVersionID: 2}, newOf[pair]),
			"31 01 30 31 03 09", func(a, b unsafe.Pointer) bool { return *(*pair)(a) == pair{1, 0} && *(*pair)(b) == pair{3, 0} }},
		{"CSTM", describeMarked(pascal("", 0), newOf[string]), "31 02 6869 30 31 00 09", func(a, b unsafe.Pointer) bool {
			return *(*string)(a) == "hi" && *(*string)(b) == ""
		}},
		{"scalar", describeMarked(vmstate.Field{Info: vmstate.InfoUint16}, newOf[uint16]), "31 3031 30 31 3000 09", func(a, b unsafe.Pointer) bool {
			return *(*uint16)(a) == 0x3031 && *(*uint16)(b) == 0x3000
		}},
		{"Get and Put", describeMarked(vmstate.Field{Info: vmstate.InfoInt32LE}, func() unsafe.Pointer { n := int32(7); return unsafe.Pointer(&n) }),
			"31 00000007 30 31 00000000 09", func(a, b unsafe.Pointer) bool { return *(*int32)(a) == 7 && *(*int32)(b) == 0 }},
		{"buffer", describeMarked(vmstate.Field{Flags: vmstate.Buffer, Info: vmstate.InfoBuffer, Size: 3}, newOf[[3]byte]),
			"31 010203 30 31 303030 09", func(a, b unsafe.Pointer) bool {
				return *(*[3]byte)(a) == [3]byte{1, 2, 3} && *(*[3]byte)(b) == [3]byte{'0', '0', '0'}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			words := new([4]uint64) // what is there before is not touched
			old := unsafe.Pointer(words)
			got := marked{list: [3]unsafe.Pointer{nil, old, old}}
			loads(t, c.d, &got, c.bytes)
			if got.list[0] == nil || got.list[1] != nil || got.list[2] == nil || got.list[2] == old {
				t.Fatal(got)
			}
			if !c.equal(got.list[0], got.list[2]) {
				t.Fatal("other elements")
			}
			same(t, *words, [4]uint64{})
			same(t, got.end, 9)
			saves(t, c.d, &got, c.bytes)

			// A failure puts the pointers back.
			before := got
			stream := wire(t, c.bytes)
			for n := range stream {
				_, err := load(c.d, &got, stream[:n], 1)
				if err == nil {
					t.Fatal(n)
				}
				same(t, got, before)
			}
			saves(t, c.d, &got, c.bytes)
		})
	}
}

func TestMarkAlwaysErrors(t *testing.T) {
	pairs := markedPairs()
	old := describeMarked(vmstate.Field{Flags: vmstate.VStruct, VMSD: describePair(), StructVersionID: 1}, newOf[pair])
	scalars := describeMarked(vmstate.Field{Info: vmstate.InfoUint8}, newOf[uint8])
	for _, c := range []struct {
		d      *vmstate.Description
		stream string
		limits rules.Limits
		want   verdict
		rule   rules.ID
	}{
		{pairs, "", rules.Limits{}, verdict{rules.Truncated, 0, "list[0]"}, rules.ItemComplete},
		{pairs, "30", rules.Limits{}, verdict{rules.Truncated, 1, "list[1]"}, rules.ItemComplete},
		{pairs, "30 31", rules.Limits{}, verdict{rules.Truncated, 2, "list[1]/x"}, rules.ItemComplete},
		{pairs, "31 0102 32", rules.Limits{}, verdict{rules.Mismatch, 3, "list[1]"}, rules.NullMarker},
		{pairs, "00", rules.Limits{}, verdict{rules.Mismatch, 0, "list[0]"}, rules.NullMarker},
		{pairs, "01", rules.Limits{}, verdict{rules.Mismatch, 0, "list[0]"}, rules.NullMarker},
		{pairs, "2f", rules.Limits{}, verdict{rules.Mismatch, 0, "list[0]"}, rules.NullMarker},
		{scalars, "31 05 05", rules.Limits{}, verdict{rules.Mismatch, 2, "list[1]"}, rules.NullMarker},
		{scalars, "31 05 31", rules.Limits{}, verdict{rules.Truncated, 3, "list[1]"}, rules.ItemComplete},

		// The marker is an item of its own.
		{pairs, "30 30 31 0102 09", rules.Limits{Bytes: 2}, verdict{rules.Limit, 2, "list[2]"}, rules.Bounded},
		{pairs, "30 30 31 0102 09", rules.Limits{Bytes: 3}, verdict{rules.Limit, 3, "list[2]/x"}, rules.Bounded},
		{pairs, "30 30", rules.Limits{Bytes: 2}, verdict{rules.Limit, 2, "list[2]"}, rules.Bounded},
		// Elements, then the marker, then the version, then the depth. NULLs count.
		{pairs, "30 30 32", rules.Limits{Elements: 2}, verdict{rules.Limit, 2, "list[2]"}, rules.Bounded},
		{pairs, "30 30 30 09", rules.Limits{Elements: 3, Depth: 1}, verdict{}, ""},
		{pairs, "30 32", rules.Limits{Depth: 1}, verdict{rules.Mismatch, 1, "list[1]"}, rules.NullMarker},
		{pairs, "30 31", rules.Limits{Depth: 1}, verdict{rules.Limit, 2, "list[1]"}, rules.Bounded},
		{old, "30 31", rules.Limits{Depth: 1}, verdict{rules.VersionTooOld, 2, "list[1]"}, rules.VersionRange},
		{old, "30 31", rules.Limits{Elements: 1}, verdict{rules.Limit, 1, "list[1]"}, rules.Bounded},
		{old, "30 30 30 09", rules.Limits{}, verdict{}, ""},
		// Integers do not count.
		{scalars, "31 05 30 30 09", rules.Limits{Elements: 1, Depth: 1}, verdict{}, ""},
	} {
		x := pair{5, 6}
		was := marked{list: [3]unsafe.Pointer{unsafe.Pointer(&x), nil, unsafe.Pointer(&x)}, end: 1}
		got := was
		_, err := vmstate.Load(c.d, unsafe.Pointer(&got), wire(t, c.stream), 1, vmstate.LoadOptions{Limits: c.limits, All: true})
		if c.rule == "" {
			if err != nil {
				t.Fatal(c.stream, err)
			}
			continue
		}
		refused(t, err, c.want)
		ruled(t, err, c.rule)
		same(t, got, was)
		same(t, x, pair{5, 6})
	}
}

// A hostile count makes no more pointers than there are marks, nor elements.
func TestMarkAlwaysIsBounded(t *testing.T) {
	type object struct {
		n    uint32
		list *unsafe.Pointer
	}
	slots, elements := 0, 0
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint32),
		vmstate.Field{Name: "list", Offset: unsafe.Offsetof(object{}.list), VMSD: describePair(),
			Flags: vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc | vmstate.ArrayOfPointer | vmstate.MarkAlways | vmstate.Struct,
			New: func(n int) unsafe.Pointer {
				slots = n
				return unsafe.Pointer(unsafe.SliceData(make([]unsafe.Pointer, n)))
			},
			NewElement: func() unsafe.Pointer { elements++; return newOf[pair]() }},
	)
	for _, c := range []struct {
		stream          string
		slots, elements int
		want            verdict
	}{
		// Five bytes are left, and one more pointer is made than there can be marks.
		{"7fffffff 30 31 0102 78", 6, 1, verdict{rules.Mismatch, 8, "list[2]"}},
		{"7fffffff 30 31 0102 31", 6, 2, verdict{rules.Truncated, 9, "list[2]/x"}},
		{"80000000 30", 0, 0, verdict{rules.OutOfRange, 4, "list"}},
	} {
		slots, elements = 0, 0
		var obj object
		_, err := load(d, &obj, wire(t, c.stream), 1)
		refused(t, err, c.want)
		same(t, [2]int{slots, elements}, [2]int{c.slots, c.elements})
		same(t, obj, object{})
	}
	var obj object
	loads(t, d, &obj, "00000002 31 0102 30")
	list := unsafe.Slice(obj.list, 2)
	same(t, *(*pair)(list[0]), pair{1, 2})
	same(t, list[1], nil)
	saves(t, d, &obj, "00000002 31 0102 30")
}

// The mark before an element is described apart from it, so that sizes add up.
func TestDescriptionOfMarks(t *testing.T) {
	got := describes(t, markedPairs(), &marked{list: [3]unsafe.Pointer{unsafe.Pointer(&pair{1, 2}), nil, nil}})
	at := func(i int, typ string, size int64) savevm.DescField {
		f := field("list", typ, size)
		f.Index = i
		return f
	}
	element := at(0, "struct", 2)
	element.Struct = &savevm.VMSD{Name: "pair", Version: 3, Fields: []savevm.DescField{field("x", "uint8", 1), field("y", "uint8", 1)}}
	sameDescription(t, got, &savevm.VMSD{Name: "d", Version: 1, Fields: []savevm.DescField{
		at(0, "ptr-marker", 1), element, at(1, "nullptr", 1), at(2, "nullptr", 1), field("end", "uint8", 1)}})
}

// Pointers to buffers are as far apart as pointers are.
func TestArrayOfPointersToBuffers(t *testing.T) {
	d := one(vmstate.Field{Name: "b", Flags: vmstate.Array | vmstate.ArrayOfPointer | vmstate.Buffer, Num: 3, Size: 3, Info: vmstate.InfoBuffer})
	got := [3]*[3]byte{{}, nil, {}}
	loads(t, d, &got, "010203 30 040506")
	same(t, *got[0], [3]byte{1, 2, 3})
	same(t, *got[2], [3]byte{4, 5, 6})
	saves(t, d, &got, "010203 30 040506")
}
