package vmstate_test

import (
	"encoding/json"
	"testing"
	"unsafe"

	"vmconform/impl/savevm"
	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"

	"github.com/google/go-cmp/cmp"
)

// describes saves with a description, which has to be JSON without duplicate
// keys whose sizes add up to the stream.
func describes[T any](t *testing.T, d *vmstate.Description, obj *T) *savevm.VMSD {
	t.Helper()
	plain := save(t, d, obj)
	saved, err := vmstate.Save(d, unsafe.Pointer(obj), d.VersionID, vmstate.SaveOptions{VMDesc: vmstate.Strict})
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(saved.Stream), string(plain))
	var any map[string]any
	if err := json.Unmarshal(saved.VMDesc, &any); err != nil {
		t.Fatalf("%v\n%s", err, saved.VMDesc)
	}
	device := append([]byte(`{"devices": [{"name": "x", "instance_id": 0, `), saved.VMDesc[1:]...)
	desc, err := savevm.ParseVMDesc(append(device, "]}"...))
	if err != nil {
		t.Fatalf("%v\n%s", err, saved.VMDesc)
	}
	v := desc.Devices[0].VMSD
	same(t, v.WireSize(), int64(len(plain)))
	return v
}

func field(name, typ string, size int64) savevm.DescField {
	return savevm.DescField{Name: name, Type: typ, Size: size, Index: -1}
}

func array(name, typ string, size int64, n int) savevm.DescField {
	return savevm.DescField{Name: name, Type: typ, Size: size, Index: -1, HasArrayLen: true, ArrayLen: n}
}

func sameDescription(t *testing.T, got, want *savevm.VMSD) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func TestDescriptionOfAMachine(t *testing.T) {
	got := describes(t, describeMachine(), newMachine())
	pairBody := &savevm.VMSD{Name: "pair", Version: 3, Fields: []savevm.DescField{field("x", "uint8", 1), field("y", "uint8", 1)}}
	inStruct := func(name string, index int) savevm.DescField {
		f := field(name, "struct", 2)
		f.Index, f.Struct = index, pairBody
		return f
	}
	queue := func(name string, size int64, bodies ...*savevm.VMSD) savevm.DescField {
		f := field(name, "qtailq", size)
		f.Bodies = bodies
		return f
	}
	leaf := &savevm.VMSD{Name: "node", Version: 1, Fields: []savevm.DescField{field("n", "uint8", 1), queue("inner", 1)}}
	branch := &savevm.VMSD{Name: "node", Version: 1, Fields: []savevm.DescField{field("n", "uint8", 1), queue("inner", 4, leaf)}}
	sameDescription(t, got, &savevm.VMSD{Name: "machine", Version: 2,
		Fields: []savevm.DescField{
			field("flag", "bool", 1), field("count", "uint8", 1), array("words", "uint32", 4, 3), field("buffer", "buffer", 20),
			inStruct("inner", -1), inStruct("pointer", -1), inStruct("several", 0), inStruct("several", 1),
			field("log", "buffer", 2), queue("queue", 10, branch, leaf),
		},
		Subsections: []*savevm.VMSD{{Name: "machine/late", Version: 1, Fields: []savevm.DescField{field("late", "uint16", 2), queue("more", 1)}}},
	})
}

// A NULL is described as one, unlike by QEMU 7.2, so that the sizes add up.
func TestDescriptionOfNulls(t *testing.T) {
	got := describes(t, structPointers(), &pointers{[4]*triv{{0}, nil, {2}, {3}}})
	element := func(i int) savevm.DescField {
		f := field("ar", "struct", 4)
		f.Index = i
		f.Struct = &savevm.VMSD{Name: "test/tst", Version: 1, Fields: []savevm.DescField{field("i", "int32", 4)}}
		return f
	}
	null := field("ar", "nullptr", 1)
	null.Index = 1
	sameDescription(t, got, &savevm.VMSD{Name: "d", Version: 1, Fields: []savevm.DescField{element(0), null, element(2), element(3)}})
}

// Structs that are all alike are described once; others one by one.
func TestDescriptionOfArrays(t *testing.T) {
	type object struct {
		p [2]pair
		v [2]vbuffer
		q [2]tailq.Head[node]
		z [0]uint8
		o [1]uint8
	}
	var o object
	d := one(
		vmstate.Field{Name: "p", Offset: unsafe.Offsetof(o.p), Flags: vmstate.Array | vmstate.Struct, Num: 2, Size: unsafe.Sizeof(pair{}), VMSD: describePair()},
		vmstate.Field{Name: "v", Offset: unsafe.Offsetof(o.v), Flags: vmstate.Array | vmstate.Struct, Num: 2, Size: unsafe.Sizeof(vbuffer{}), VMSD: describeVBuffer(vmstate.Alloc, 0, 0)},
		vmstate.ScalarArray("none", unsafe.Offsetof(o.z), 0, vmstate.InfoUint8, 0),
		vmstate.ScalarArray("single", unsafe.Offsetof(o.o), 0, vmstate.InfoUint8, 1),
		vmstate.UnusedField("gap", 0, 3),
		vmstate.Field{Name: "vs", Flags: vmstate.VStruct, VMSD: describePair(), StructVersionID: 2},
	)
	q := tailq.Field("q", unsafe.Offsetof(o.q), 0, nodeType.Metadata(describeNode()))
	q.Flags, q.Num = q.Flags&^vmstate.Single|vmstate.Array, 2
	d.Fields = append(d.Fields, q)
	obj := object{v: [2]vbuffer{{1, new([8]byte)}, {2, new([8]byte)}}}
	nodeType.InsertTail(&obj.q[1], &node{n: 5})

	p := array("p", "struct", 2, 2)
	p.Struct = &savevm.VMSD{Name: "pair", Version: 3, Fields: []savevm.DescField{field("x", "uint8", 1), field("y", "uint8", 1)}}
	v := func(i int) savevm.DescField {
		f := field("v", "struct", int64(4+i+1))
		f.Index = i
		f.Struct = &savevm.VMSD{Name: "d", Version: 1, Fields: []savevm.DescField{field("size", "int32", 4), field("data", "buffer", int64(i+1))}}
		return f
	}
	vs := field("vs", "vstruct", 1)
	vs.Struct = &savevm.VMSD{Name: "pair", Version: 2, Fields: []savevm.DescField{field("x", "uint8", 1)}}
	q0, q1 := field("q", "qtailq", 1), field("q", "qtailq", 4)
	q0.Index, q1.Index = 0, 1
	q1.Bodies = []*savevm.VMSD{{Name: "node", Version: 1, Fields: []savevm.DescField{field("n", "uint8", 1), field("inner", "qtailq", 1)}}}
	sameDescription(t, describes(t, d, &obj), &savevm.VMSD{Name: "d", Version: 1, Fields: []savevm.DescField{
		p, v(0), v(1), field("single", "uint8", 1), field("gap", "unused_buffer", 3), vs, q0, q1,
	}})
}

// A hook without an Info has the seed's type name; one without a name is not
// described; names are quoted.
func TestDescriptionNames(t *testing.T) {
	d := one(pascal("a \"q\"\\\n", 0), pascal("", 0))
	d.Name = "<d>"
	d.Fields[0].Info = nil
	s := "xy"
	got, err := vmstate.Save(d, unsafe.Pointer(&s), 1, vmstate.SaveOptions{VMDesc: vmstate.Strict})
	if err != nil {
		t.Fatal(err)
	}
	var text struct {
		Name   string `json:"vmsd_name"`
		Fields []struct{ Name, Type string }
	}
	if err := json.Unmarshal(got.VMDesc, &text); err != nil {
		t.Fatal(err)
	}
	same(t, text.Name, "<d>")
	same(t, len(text.Fields), 1)
	same(t, text.Fields[0], struct{ Name, Type string }{"a \"q\"\\\n", "customized"})
}

// A save that fails gives no description, and one may follow.
func TestNoDescriptionAfterAnError(t *testing.T) {
	bad := "bad"
	got, err := vmstate.Save(one(pascal("s", 0)), unsafe.Pointer(&bad), 1, vmstate.SaveOptions{VMDesc: vmstate.Strict})
	if err == nil || got.VMDesc != nil {
		t.Fatal(err, string(got.VMDesc))
	}
}

// Offsets do not count what the caller's buffer held.
func TestSaveAppends(t *testing.T) {
	d := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8), vmstate.Field{Name: "must", Flags: vmstate.MustExist, Info: vmstate.InfoUint8, VersionID: 2})
	x := uint8(5)
	got, err := vmstate.Save(d, unsafe.Pointer(&x), 1, vmstate.SaveOptions{Buffer: []byte("before")})
	same(t, string(got.Stream), "before\x05")
	refused(t, err, verdict{"missing-field", 1, "must"})
}
