package vmstate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
)

// A machine has everything that a load can change.
type machine struct {
	flag    bool
	count   uint8
	words   [3]uint32
	buffer  [20]byte // longer than a word
	inner   pair
	pointer *pair
	several [2]*pair
	log     *byte // count bytes
	queue   tailq.Head[node]
	late    uint16 // in a subsection
	defused uint16 // not on the wire: set by hooks
	more    tailq.Head[node]
}

func describeNode() *vmstate.Description {
	d := &vmstate.Description{Name: "node", VersionID: 1}
	d.Fields = []vmstate.Field{
		vmstate.Scalar("n", unsafe.Offsetof(node{}.n), 0, vmstate.InfoUint8),
		tailq.Field("inner", unsafe.Offsetof(node{}.inner), 0, nodeType.Metadata(d)),
	}
	return d
}

func describeMachine() *vmstate.Description {
	var m machine
	meta := nodeType.Metadata(describeNode())
	sub := &vmstate.Description{Name: "machine/late", VersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("late", unsafe.Offsetof(m.late), 0, vmstate.InfoUint16),
		tailq.Field("more", unsafe.Offsetof(m.more), 0, meta),
	}}
	return &vmstate.Description{
		Name: "machine", VersionID: 2, MinimumVersionID: 2, Subsections: []*vmstate.Description{sub},
		PreLoad: func(obj unsafe.Pointer) error {
			m := (*machine)(obj)
			m.defused, m.inner, m.pointer, m.late = 0xdead, pair{0xde, 0xad}, new(pair), 0xdead
			return nil
		},
		PostLoad: func(obj unsafe.Pointer, _ uint32) error {
			m := (*machine)(obj)
			m.defused = m.late
			if m.late == 0x0bad {
				return errHook
			}
			return nil
		},
		Fields: []vmstate.Field{
			vmstate.Scalar("flag", unsafe.Offsetof(m.flag), 0, vmstate.InfoBool),
			vmstate.Scalar("count", unsafe.Offsetof(m.count), 0, vmstate.InfoUint8),
			vmstate.ScalarArray("words", unsafe.Offsetof(m.words), 0, vmstate.InfoUint32, 3),
			vmstate.BufferField("buffer", unsafe.Offsetof(m.buffer), 0, 20),
			vmstate.StructField("inner", unsafe.Offsetof(m.inner), 0, describePair()),
			{Name: "pointer", Offset: unsafe.Offsetof(m.pointer), Flags: vmstate.Struct | vmstate.Pointer, VMSD: describePair()},
			{Name: "several", Offset: unsafe.Offsetof(m.several), Flags: vmstate.Struct | vmstate.Array | vmstate.ArrayOfPointer, Num: 2, VMSD: describePair()},
			vmstate.AllocatedBuffer("log", unsafe.Offsetof(m.log), 0, unsafe.Offsetof(m.count), vmstate.CountUint8),
			tailq.Field("queue", unsafe.Offsetof(m.queue), 0, meta),
			vmstate.Scalar("defused", unsafe.Offsetof(m.defused), 9, vmstate.InfoUint16),
		},
	}
}

// newMachine makes a machine whose queue has two elements, of which the first
// has a queue of one; more is as new as memory is.
func newMachine() *machine {
	m := &machine{flag: true, count: 2, words: [3]uint32{1, 2, 3}, inner: pair{4, 5}, pointer: &pair{6, 7},
		several: [2]*pair{{8, 9}, {10, 11}}, log: &[]byte{12, 13}[0], late: 14, defused: 15}
	copy(m.buffer[:], "twenty bytes of text")
	a, b, c := &node{n: 16}, &node{n: 17}, &node{n: 18}
	nodeType.InsertTail(&m.queue, a)
	nodeType.InsertTail(&m.queue, b)
	nodeType.InsertTail(&a.inner, c)
	return m
}

// A memory is all that is reached from a machine, each thing with its address.
// It walks the links itself.
type memory struct {
	machine machine
	pairs   [3]pair
	log     string
	nodes   []node
	at      []*node
}

func remember(m *machine) memory {
	r := memory{machine: *m, pairs: [3]pair{*m.pointer, *m.several[0], *m.several[1]}}
	if m.log != nil {
		r.log = string(unsafe.Slice(m.log, m.count))
	}
	var walk func(h *tailq.Head[node])
	walk = func(h *tailq.Head[node]) {
		for e := h.First; e != nil; e = e.entry.Next {
			r.nodes = append(r.nodes, *e)
			r.at = append(r.at, e)
			walk(&e.inner)
		}
	}
	walk(&m.queue)
	walk(&m.more)
	return r
}

func (r memory) equal(o memory) bool {
	return r.machine == o.machine && r.pairs == o.pairs && r.log == o.log && slices.Equal(r.nodes, o.nodes) && slices.Equal(r.at, o.at)
}

// machineStream holds a queue in a queue, and the subsection twice, so that
// its queue, not initialised before, is loaded into twice.
func machineStream(t *testing.T) []byte {
	const late = "05 0c 6d616368696e652f6c617465 00000001"
	return wire(t, "00 03 00000011 00000012 00000013"+
		"6162636465666768696a6b6c6d6e6f7071727374"+
		"2122 2324 2526 2728 292a2b"+
		"01 31 01 32 00  01 33 00 00  00"+
		late+"0041 01 51 00 00"+
		late+"0042 01 52 00  01 53 00 00")
}

func TestMachineLoads(t *testing.T) {
	m := newMachine()
	if _, err := load(describeMachine(), m, machineStream(t), 2); err != nil {
		t.Fatal(err)
	}
	r := remember(m)
	var ns []uint8
	for _, n := range r.nodes {
		ns = append(ns, n.n)
	}
	same(t, fmt.Sprintf("%x", ns), "10121131323351"+"5253") // the old ones, then the new
	same(t, r.log, "\x29\x2a\x2b")
	same(t, [2]uint16{m.late, m.defused}, [2]uint16{0x42, 0x42})
	if err := nodeType.Check(&m.queue); err != nil {
		t.Fatal(err)
	}
}

// Cut anywhere, the load leaves every byte and every link as it was.
func TestTruncationLeavesMemory(t *testing.T) {
	stream := machineStream(t)
	m := newMachine()
	before := remember(m)
	for n := range len(stream) {
		_, err := load(describeMachine(), m, stream[:n], 2)
		// Where a subsection begins the object ends as well; of one whose name is
		// cut the bytes are left over.
		if err == nil {
			m = newMachine()
			before = remember(m)
			continue
		}
		if after := remember(m); !after.equal(before) {
			t.Fatalf("cut at %d (%v):\n got %+v\nwant %+v", n, err, after, before)
		}
	}
}

// So does any wrong byte for which the load fails.
func TestWrongBytesLeaveMemory(t *testing.T) {
	stream := machineStream(t)
	failed := map[string]bool{}
	for i := range stream {
		for _, b := range []byte{0x00, 0x01, 0x05, 0x30, 0x7f, 0x80, 0xff, stream[i] + 1, stream[i] ^ 0x80} {
			m := newMachine()
			before := remember(m)
			bad := slices.Clone(stream)
			bad[i] = b
			_, err := load(describeMachine(), m, bad, 2)
			if err == nil {
				continue
			}
			failed[fmt.Sprint(errors.Unwrap(err), i)] = true
			if after := remember(m); !after.equal(before) {
				t.Fatalf("%02x at %d (%v):\n got %+v\nwant %+v", b, i, err, after, before)
			}
		}
	}
	if len(failed) < 40 {
		t.Fatalf("%d places only", len(failed))
	}
}

// What is undone last is the first change: hooks included.
func TestPostLoadFailureLeavesMemory(t *testing.T) {
	stream := machineStream(t)
	copy(stream[len(stream)-9:], "\x0b\xad")
	m := newMachine()
	before := remember(m)
	if _, err := load(describeMachine(), m, stream, 2); !errors.Is(err, errHook) {
		t.Fatal(err)
	}
	if after := remember(m); !after.equal(before) {
		t.Fatalf("\n got %+v\nwant %+v", after, before)
	}
}

// A failed load is no obstacle to the next.
func TestLoadAfterFailure(t *testing.T) {
	stream := machineStream(t)
	m, fresh := newMachine(), newMachine()
	for n := range 50 {
		if _, err := load(describeMachine(), m, stream[:n], 2); err == nil {
			t.Fatalf("%d bytes load", n)
		}
	}
	if _, err := load(describeMachine(), m, stream, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := load(describeMachine(), fresh, stream, 2); err != nil {
		t.Fatal(err)
	}
	d := describeMachine()
	same(t, string(save(t, d, m)), string(save(t, d, fresh)))
}

// What pre_load changes in a described field is undone when the load fails, on
// the wire or not, as far as an array has room; what is not described is not.
func TestWhatHooksChangeIsUndone(t *testing.T) {
	type object struct {
		bytes    [24]uint8
		pointers [2]*pair
	}
	const from = 4 // where the field begins
	pairs := func(f vmstate.Field) vmstate.Field {
		f.VMSD = describePair()
		return f
	}
	pointers := func(flags vmstate.Flags) vmstate.Field {
		return vmstate.Field{Offset: unsafe.Offsetof(object{}.pointers), Flags: flags, Num: 2, VMSD: describePair(), NewElement: newOf[pair]}
	}
	nothing := vmstate.Info{
		Get: func(*vmstate.Loader, unsafe.Pointer, *vmstate.Field) error { return nil },
		Put: func(*vmstate.Saver, unsafe.Pointer, *vmstate.Field) error { return nil },
	}
	for _, c := range []struct {
		name string
		f    vmstate.Field
		kept string // the bytes from 4 on and the pointers that are what they were
	}{
		{"integer", vmstate.Scalar("", from, 0, vmstate.InfoUint16), "xx"},
		{"integer of another version", vmstate.Scalar("", from, 9, vmstate.InfoUint64), "xxxxxxxx"},
		{"integers", vmstate.ScalarArray("", from, 0, vmstate.InfoUint32, 3), "xxxxxxxxxxxx"},
		{"integers that have to be equal", vmstate.ScalarArray("", from, 0, vmstate.InfoUint16Equal, 3), "xxxxxx"},
		{"buffer", vmstate.BufferField("", from, 0, 17), "xxxxxxxxxxxxxxxxx"},
		{"buffers", vmstate.Field{Offset: from, Flags: vmstate.Array | vmstate.Buffer, Num: 2, Size: 9, Info: vmstate.InfoBuffer}, "xxxxxxxxxxxxxxxxxx"},
		{"varray", vmstate.Field{Offset: from, Flags: vmstate.VArrayUint8, Num: 3, Info: vmstate.InfoUint16}, "xxxxxx"},
		{"array with a count", vmstate.Field{Offset: from, Flags: vmstate.Array, NumType: vmstate.CountUint8, Num: 3, Info: vmstate.InfoUint16}, "xxxxxx"},
		{"array of a product", vmstate.Field{Offset: from, Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Num: 2, Room: 6, Info: vmstate.InfoUint16}, "xxxxxxxxxxxx"},
		{"struct", vmstate.StructField("", from, 0, describePair()), "xx"},
		{"structs", pairs(vmstate.Field{Offset: from, Flags: vmstate.Array | vmstate.Struct, Num: 3, Size: 5}), "xx...xx...xx"},
		{"vstructs", pairs(vmstate.Field{Offset: from, Flags: vmstate.Array | vmstate.VStruct, Num: 2, Size: 3, StructVersionID: 2}), "xx.xx"},
		{"pointer", pointers(vmstate.Struct | vmstate.Pointer), "....................p"},
		{"pointer to integers", vmstate.Field{Offset: unsafe.Offsetof(object{}.pointers), Flags: vmstate.Pointer | vmstate.Array, Num: 2, Info: vmstate.InfoUint8}, "....................p"},
		{"pointers", pointers(vmstate.Struct | vmstate.Array | vmstate.ArrayOfPointer), "....................pp"},
		{"pointers to integers", vmstate.Field{Offset: unsafe.Offsetof(object{}.pointers), Flags: vmstate.Array | vmstate.ArrayOfPointer, Num: 2, Info: vmstate.InfoUint8}, "....................pp"},
		{"marked pointers", pointers(vmstate.Struct | vmstate.Array | vmstate.ArrayOfPointer | vmstate.MarkAlways), "....................pp"},
		{"unused", vmstate.UnusedField("", 0, 8), ""},
		{"NULL", vmstate.Scalar("", from, 0, vmstate.InfoNullptr), ""},
		{"VALIDATE", vmstate.Field{Offset: from, Flags: vmstate.MustExist | vmstate.Array}, ""},
		{"hooks of its own", pascal("", 0), ""},
		{"an Info's hooks", vmstate.Field{Offset: from, Size: 8, Info: &nothing}, ""},
	} {
		f := c.f
		f.Name = "f"
		for where, d := range map[string]*vmstate.Description{
			"in a field":      {Name: "d", Fields: []vmstate.Field{f}},
			"in a subsection": {Name: "d", Subsections: []*vmstate.Description{{Name: "d/s", Fields: []vmstate.Field{f}}}},
		} {
			t.Run(c.name+" "+where, func(t *testing.T) {
				d.PreLoad = func(obj unsafe.Pointer) error {
					o := (*object)(obj)
					for i := range o.bytes {
						o.bytes[i] = 0xee
					}
					o.pointers = [2]*pair{{0xee, 0xee}, {0xee, 0xee}}
					return nil
				}
				d.PostLoad = func(unsafe.Pointer, uint32) error { return errHook }
				was := object{pointers: [2]*pair{{1, 2}, {3, 4}}}
				got := was
				if _, err := load(d, &got, nil, 0); err == nil {
					t.Fatal("it loads")
				}
				kept := make([]byte, 0, 22)
				for _, b := range got.bytes[from:] {
					kept = append(kept, map[uint8]byte{0: 'x', 0xee: '.'}[b])
				}
				for i, p := range got.pointers {
					kept = append(kept, map[bool]byte{true: 'p', false: '.'}[p == was.pointers[i]])
				}
				same(t, strings.TrimRight(string(kept), "."), c.kept)
				same(t, [from]uint8(got.bytes[:]), [from]uint8{0xee, 0xee, 0xee, 0xee})
			})
		}
	}
}
