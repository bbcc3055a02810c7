package vmstate_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// What fine-points.md settles and no other test of this package has met.

// A vstruct's version is decided where it begins: after the element's count and
// a NULL's mark, before its depth.
func TestVStructVersionInArrays(t *testing.T) {
	type object struct {
		x     uint8
		array [2]pair
	}
	var o object
	d := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8), vmstate.Field{Name: "a", Offset: unsafe.Offsetof(o.array),
		Flags: vmstate.Array | vmstate.VStruct, Num: 2, Size: unsafe.Sizeof(pair{}), VMSD: describePair(), StructVersionID: 4})
	for _, c := range []struct {
		limits rules.Limits
		want   verdict
	}{
		{rules.Limits{}, verdict{rules.VersionTooNew, 1, "a[0]"}},
		{rules.Limits{Depth: 1}, verdict{rules.VersionTooNew, 1, "a[0]"}},
	} {
		err := loadWithin(d, unsafe.Pointer(&o), []byte{1}, c.limits)
		refused(t, err, c.want)
		ruled(t, err, rules.VersionRange)
	}
	_, err := vmstate.Save(d, unsafe.Pointer(&o), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.VersionTooNew, 1, "a[0]"})

	pointers := [2]*pair{nil, {}}
	p := one(vmstate.Field{Name: "a", Flags: vmstate.Array | vmstate.ArrayOfPointer | vmstate.VStruct, Num: 2, VMSD: describePair(), StructVersionID: 1})
	refused(t, loadWithin(p, unsafe.Pointer(&pointers), wire(t, "30"), rules.Limits{Depth: 1}), verdict{rules.VersionTooOld, 1, "a[1]"})
	refused(t, loadWithin(p, unsafe.Pointer(&pointers), wire(t, "30"), rules.Limits{Elements: 1}), verdict{rules.Limit, 1, "a[1]"})
	_, err = vmstate.Save(p, unsafe.Pointer(&pointers), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.VersionTooOld, 1, "a[1]"})
}

// In an array of structs a NULL counts; in one of integers nothing does.
func TestNullsCount(t *testing.T) {
	var structs [4]*pair
	d := one(vmstate.Field{Name: "a", Flags: vmstate.Array | vmstate.ArrayOfPointer | vmstate.Struct, Num: 4, VMSD: describePair()})
	refused(t, loadWithin(d, unsafe.Pointer(&structs), wire(t, "30303030"), rules.Limits{Elements: 3}), verdict{rules.Limit, 3, "a[3]"})
	if err := loadWithin(d, unsafe.Pointer(&structs), wire(t, "30303030"), rules.Limits{Elements: 4}); err != nil {
		t.Fatal(err)
	}
	var integers [4]*uint8
	d = one(vmstate.Field{Name: "a", Flags: vmstate.Array | vmstate.ArrayOfPointer, Num: 4, Info: vmstate.InfoUint8})
	if err := loadWithin(d, unsafe.Pointer(&integers), wire(t, "30303030"), rules.Limits{Elements: 1}); err != nil {
		t.Fatal(err)
	}
}

// A subsection that comes again is compared with what it left in memory.
func TestComparedWithMemoryAsItIs(t *testing.T) {
	type object struct {
		n int32
		e uint8
	}
	sub := &vmstate.Description{Name: "d/s", Fields: []vmstate.Field{
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoInt32LE),
		vmstate.Scalar("e", unsafe.Offsetof(object{}.e), 0, vmstate.InfoUint8Equal),
	}}
	// Where it may, it changes e, which has to equal what it was then.
	sub.PostLoad = func(obj unsafe.Pointer, _ uint32) error { (*object)(obj).e++; return nil }
	d := &vmstate.Description{Name: "d", Subsections: []*vmstate.Description{sub}}
	const header = "05 03 642f73 00000000"
	got := object{9, 1}
	_, err := load(d, &got, wire(t, header+"00000007 01"+header+"00000007 02"), 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, object{7, 3})
	got = object{9, 1}
	_, err = load(d, &got, wire(t, header+"00000007 01"+header+"00000008 02"), 0)
	refused(t, err, verdict{rules.OutOfRange, 23, "d/s/n"})
	_, err = load(d, &got, wire(t, header+"00000007 01"+header+"00000006 01"), 0)
	refused(t, err, verdict{rules.Mismatch, 27, "d/s/e"})
	same(t, got, object{9, 1})
}

// A field that must exist is missed for either reason, whatever else it is.
func TestMustExistForEitherReason(t *testing.T) {
	no := func(unsafe.Pointer, uint32) bool { return false }
	var obj [8]uint8
	for name, f := range map[string]vmstate.Field{
		"version":         {Info: vmstate.InfoUint8, VersionID: 2},
		"condition":       {Info: vmstate.InfoUint8, Exists: no},
		"struct":          {Flags: vmstate.Struct, VMSD: describePair(), Exists: no},
		"array":           {Flags: vmstate.Array, Num: 2, Info: vmstate.InfoUint8, VersionID: 2},
		"buffer":          {Flags: vmstate.Buffer, Size: 2, Info: vmstate.InfoBuffer, VersionID: 2},
		"not by version":  {Info: vmstate.InfoUint8, Exists: func(_ unsafe.Pointer, v uint32) bool { return v > 1 }},
		"array of a size": {Flags: vmstate.VArrayUint8, Num: 2, Info: vmstate.InfoUint8, VersionID: 2},
	} {
		t.Run(name, func(t *testing.T) {
			f.Name = "f"
			f.Flags |= vmstate.MustExist
			d := one(vmstate.Scalar("x", 7, 0, vmstate.InfoUint8), f)
			_, err := load(d, &obj, []byte{1}, 1)
			refused(t, err, verdict{rules.MissingField, 1, "f"})
			ruled(t, err, rules.MustExist)
			_, err = vmstate.Save(d, unsafe.Pointer(&obj), 1, vmstate.SaveOptions{})
			refused(t, err, verdict{rules.MissingField, 1, "f"})
			ruled(t, err, rules.MustExist)
		})
	}
}

// A VALIDATE without a condition is judged by its version, and so is refused or
// not.
func TestValidateRule(t *testing.T) {
	d := one(vmstate.Field{Name: "v", Flags: vmstate.MustExist | vmstate.Array, VersionID: 2})
	_, err := load(d, new(uint8), nil, 1)
	refused(t, err, verdict{rules.OutOfRange, 0, "v"})
	ruled(t, err, rules.Validate)

	// An array of a type is none, though it has no elements.
	d = one(vmstate.Field{Name: "v", Flags: vmstate.MustExist | vmstate.Array, VersionID: 2, Info: vmstate.InfoUint8})
	_, err = load(d, new(uint8), nil, 1)
	refused(t, err, verdict{rules.MissingField, 0, "v"})
	_, err = vmstate.Save(d, unsafe.Pointer(new(uint8)), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.MissingField, 0, "v"})
}

// post_load is called once all of the object is there, and not after an error in
// its fields or subsections.
func TestNoPostLoadAfterAnError(t *testing.T) {
	for n, want := range map[int]string{ // bytes of hooked, and the hooks called
		0:  "pre_load d",
		1:  "pre_load d, pre_load in",
		7:  "pre_load d, pre_load in, post_load in 4",
		11: "pre_load d, pre_load in, post_load in 4, pre_load d/s",
	} {
		var l hookLog
		_, err := load(l.describe(), new([3]uint8), wire(t, hooked)[:n], 4)
		if !errors.Is(err, rules.Truncated) {
			t.Fatal(n, err)
		}
		same(t, strings.Join(l.calls, ", "), want)
	}
}

// A count that is in range and its product not.
func TestProductOutOfRange(t *testing.T) {
	type object struct {
		n    uint32
		list unsafe.Pointer
	}
	at := unsafe.Offsetof(object{}.list)
	for name, f := range map[string]vmstate.Field{
		"array":  {Flags: vmstate.VArrayUint32 | vmstate.Pointer | vmstate.Alloc | vmstate.MultiplyElements, Num: 4, Info: vmstate.InfoUint8},
		"buffer": {Flags: vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc | vmstate.Multiply, Size: 4, SizeType: vmstate.CountUint32, Info: vmstate.InfoBuffer},
	} {
		f.Name, f.Offset = "list", at
		d := one(vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint32), f)
		for _, n := range []string{"20000000", "40000000", "7fffffff", "80000000", "ffffffff"} { // four times the first is 2^31
			_, err := load(d, new(object), wire(t, n), 1)
			refused(t, err, verdict{rules.OutOfRange, 4, "list"})
			ruled(t, err, rules.CountRange)
		}
		// 2^31-4 is a number like any other.
		_, err := load(d, new(object), wire(t, "1fffffff"), 1)
		want := verdict{rules.Truncated, 4, "list[0]"}
		if name == "buffer" {
			want = verdict{rules.Limit, 4, "list"}
		}
		refused(t, err, want)
	}
}

// The paths of notes are 256 KiB in all at most. The first note with which they
// would be more is left out, and so is every one after it, be its path empty.
func TestPathsOfNotes(t *testing.T) {
	flag := func(name string) vmstate.Field { return vmstate.Scalar(name, 0, 0, vmstate.InfoBool) }
	long := strings.Repeat("n", 1024)
	d := one()
	for range 256 {
		d.Fields = append(d.Fields, flag(long))
	}
	d.Fields = append(d.Fields, flag(""), flag("b"), flag(""))
	var obj bool
	l, err := load(d, &obj, bytes.Repeat([]byte{2}, 259), 1)
	if err != nil {
		t.Fatal(err)
	}
	var want []rules.Note
	for i := range 256 {
		want = append(want, rules.Note{Rule: rules.BoolCanonical, Offset: int64(i), Path: long})
	}
	sameNotes(t, l.Notes, append(want, rules.Note{Rule: rules.BoolCanonical, Offset: 256}))
}
