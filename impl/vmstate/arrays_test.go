package vmstate_test

import (
	"fmt"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

type varray struct {
	n8  uint8
	n16 uint16
	i32 int32
	n32 uint32
	n64 uint64
	a   [3]uint16
	_   [3]uint64 // where elements would be that were as far apart as pointers
}

// A varrayCase is one way to say where a count stands.
type varrayCase struct {
	name   string
	flags  vmstate.Flags
	typ    vmstate.CountType
	offset uintptr
	info   *vmstate.Info
	two    string // the count 2 on the wire
}

func varrays() []varrayCase {
	var v varray
	return []varrayCase{
		{"VARRAY_UINT8", vmstate.VArrayUint8, 0, unsafe.Offsetof(v.n8), vmstate.InfoUint8, "02"},
		{"VARRAY_UINT16", vmstate.VArrayUint16, 0, unsafe.Offsetof(v.n16), vmstate.InfoUint16, "0002"},
		{"VARRAY_INT32", vmstate.VArrayInt32, 0, unsafe.Offsetof(v.i32), vmstate.InfoInt32, "00000002"},
		{"VARRAY_UINT32", vmstate.VArrayUint32, 0, unsafe.Offsetof(v.n32), vmstate.InfoUint32, "00000002"},
		{"ARRAY uint64", vmstate.Array, vmstate.CountUint64, unsafe.Offsetof(v.n64), vmstate.InfoUint64, "0000000000000002"},
	}
}

func (c varrayCase) description() *vmstate.Description {
	return one(
		vmstate.Scalar("n", c.offset, 0, c.info),
		vmstate.Field{Name: "a", Offset: unsafe.Offsetof(varray{}.a), Flags: c.flags, NumType: c.typ, NumOffset: c.offset,
			Num: 3, Info: vmstate.InfoUint16},
	)
}

func TestVArrays(t *testing.T) {
	for _, c := range varrays() {
		t.Run(c.name, func(t *testing.T) {
			d := c.description()
			got := varray{a: [3]uint16{7, 8, 9}}
			loads(t, d, &got, c.two+"aaaa bbbb")
			same(t, got.a, [3]uint16{0xaaaa, 0xbbbb, 9})
			saves(t, d, &got, c.two+"aaaa bbbb")
			_, err := load(d, &got, wire(t, c.two+"cccc dd"), 1)
			refused(t, err, verdict{rules.Truncated, int64(len(wire(t, c.two)) + 3), "a[1]"})
			same(t, got.a, [3]uint16{0xaaaa, 0xbbbb, 9})
		})
	}
}

// From CVE-2013-4148 on: counts that are negative or above what the array holds.
func TestCountsOutOfRange(t *testing.T) {
	var v varray
	for _, c := range varrays() {
		width := len(wire(t, c.two))
		counts := []uint64{4, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 63, 1<<64 - 1}
		for _, n := range counts {
			if width < 8 && n>>(8*width) != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s %#x", c.name, n), func(t *testing.T) {
				count := fmt.Sprintf("%0*x", 2*width, n)
				got := v
				_, err := load(c.description(), &got, wire(t, count+"aaaa bbbb cccc dddd"), 1)
				refused(t, err, verdict{rules.OutOfRange, int64(width), "a"})
				same(t, got, v)
			})
		}
	}
}

// A count that is out of range in memory is refused by Save, too.
func TestCountOutOfRangeInMemory(t *testing.T) {
	for _, c := range varrays() {
		obj := varray{n8: 4, n16: 4, i32: -1, n32: 1 << 31, n64: 4}
		_, err := vmstate.Save(c.description(), unsafe.Pointer(&obj), 1, vmstate.SaveOptions{})
		refused(t, err, verdict{rules.OutOfRange, int64(len(wire(t, c.two))), "a"})
	}
}

func TestMultiplyElements(t *testing.T) {
	type object struct {
		n uint8
		a [6]uint8
	}
	d := one(
		vmstate.Scalar("n", 0, 0, vmstate.InfoUint8),
		vmstate.Field{Name: "a", Offset: unsafe.Offsetof(object{}.a), Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements,
			Num: 2, Room: 6, Info: vmstate.InfoUint8},
	)
	var got object
	loads(t, d, &got, "02 0a 0b 0c 0d")
	same(t, got, object{2, [6]uint8{10, 11, 12, 13}})
	saves(t, d, &got, "02 0a 0b 0c 0d")
	loads(t, d, &got, "03 010203040506")

	_, err := load(d, &got, wire(t, "04 0102030405060708"), 1)
	refused(t, err, verdict{rules.OutOfRange, 1, "a"})
}

// A product that a 64 bit integer cannot hold is no small one.
func TestMultiplyElementsOverflows(t *testing.T) {
	type object struct {
		n uint64
		a [2]uint8
	}
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint64),
		vmstate.Field{Name: "a", Offset: unsafe.Offsetof(object{}.a), Flags: vmstate.Array | vmstate.MultiplyElements,
			NumType: vmstate.CountUint64, Num: 2, Room: 2, Info: vmstate.InfoUint8},
	)
	for _, n := range []string{"8000000000000000", "8000000000000001", "ffffffffffffffff", "0000000080000000"} {
		var got object
		_, err := load(d, &got, wire(t, n+"0102"), 1)
		refused(t, err, verdict{rules.OutOfRange, 8, "a"})
	}
}

// A struct array in two dimensions is an array of num_1 × num_2, or an array of
// structs with an array.
func TestNestedArrays(t *testing.T) {
	type row struct{ cell [2]uint8 }
	type object struct{ rows [2]row }
	d := one(vmstate.Field{Name: "rows", Flags: vmstate.Array | vmstate.Struct, Num: 2, Size: unsafe.Sizeof(row{}),
		VMSD: one(vmstate.ScalarArray("cell", 0, 0, vmstate.InfoUint8, 2))})
	var got object
	loads(t, d, &got, "01 02 03 04")
	same(t, got, object{[2]row{{[2]uint8{1, 2}}, {[2]uint8{3, 4}}}})
	saves(t, d, &got, "01 02 03 04")

	_, err := load(d, &got, wire(t, "01 02 03"), 1)
	refused(t, err, verdict{rules.Truncated, 3, "rows[1]/cell[1]"})
}

// An array without elements takes no bytes.
func TestEmptyArrays(t *testing.T) {
	for _, c := range varrays() {
		var got varray
		count := fmt.Sprintf("%0*x", len(c.two), 0)
		loads(t, c.description(), &got, count)
		saves(t, c.description(), &got, count)
	}
	var none struct{}
	d := one(vmstate.ScalarArray("a", 0, 0, vmstate.InfoUint64, 0))
	loads(t, d, &none, "")
	saves(t, d, &none, "")
}

// An element that took no bytes counts 1024 in all, each of them.
func TestElementsOfNothingCount(t *testing.T) {
	d := one(vmstate.Field{Name: "a", Flags: vmstate.Array | vmstate.Struct, Num: 3, VMSD: one()})
	var none struct{}
	refused(t, loadWithin(d, unsafe.Pointer(&none), nil, rules.Limits{Elements: 2 * 1024}), verdict{rules.Limit, 0, "a[2]"})
	if err := loadWithin(d, unsafe.Pointer(&none), nil, rules.Limits{Elements: 2*1024 + 1}); err != nil {
		t.Fatal(err)
	}
}

// NumType counts for arrays only.
func TestNumTypeWithoutArray(t *testing.T) {
	f := vmstate.StructField("s", 0, 0, describePair())
	f.NumType, f.NumOffset = vmstate.CountUint8, 2
	var got [3]uint8
	loads(t, one(f), &got, "0102")
	same(t, got, [3]uint8{1, 2, 0})
}
