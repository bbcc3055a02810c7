package vmsd_test

import (
	"math"
	"sync"
	"testing"

	"vmconform/impl/gtree"
	"vmconform/impl/qlist"
	"vmconform/impl/tailq"
	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A machine has members of every kind to describe wrongly.
type machine struct {
	u8      uint8
	n       uint32
	size    int32
	regs    [4]uint16
	none    [0]uint16
	grid    [2][0]uint16
	mac     [6]byte
	words   [2]uint64
	bits    *uint64
	buf     *byte
	p       *pair
	ps      [2]pair
	list    **pair
	native  []uint16
	entry   tailq.Entry[machine]
	queue   tailq.Head[machine]
	lists   qlist.Head[machine]
	links   qlist.Entry[machine]
	tree    gtree.Tree[uint64, machine]
	pointer struct{ at *int }
	truth   struct{ is bool }
}

var elsewhere machine

// Each is wrong in one way, and refused when it is built.
func TestRefusedFields(t *testing.T) {
	type m = machine
	var (
		queues = tailq.Of(func(m *m) *tailq.Entry[machine] { return &m.entry })
		lists  = qlist.Of(func(m *m) *qlist.Entry[machine] { return &m.links })
		trees  = gtree.Of[uint64, machine](func(a, b *uint64) int { return 0 })
		keys   = &vmsd.Description[uint64]{Name: "key", Fields: func(u *uint64) []vmsd.Field[uint64] {
			return []vmsd.Field[uint64]{vmsd.Uint64(u, "deep", new(uint64))}
		}}
		noMSD  *vmsd.Description[machine]
		noPair *vmsd.Description[pair]
		noU32  *uint32
		noI32  *int32
		inside = &vmsd.Description[pair]{Name: "inside", Fields: func(p *pair) []vmsd.Field[pair] {
			return []vmsd.Field[pair]{vmsd.Uint8(p, "deep", nil)}
		}}
		deep = &vmsd.Description[machine]{Name: "deep", Fields: func(m *m) []vmsd.Field[machine] {
			return []vmsd.Field[machine]{vmsd.Uint8(m, "deep", nil)}
		}}
		nameless = &vmsd.Description[pair]{}
	)
	get := func(*vmstate.Loader, *uint8) error { return nil }
	for _, c := range []struct {
		name, path, detail string
		field              func(*machine) vmsd.Field[machine]
	}{
		{"no member", "f", "no member", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", nil) }},
		{"elsewhere", "f", "the member does not lie in the vmsd_test.machine that is described",
			func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", &elsewhere.u8) }},
		{"on the heap", "f", "the member does not lie in", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", new(uint8)) }},
		{"no object", "f", "the member does not lie in", func(m *m) vmsd.Field[m] { return vmsd.Uint8((*machine)(nil), "f", &m.u8) }},
		{"through a pointer", "", "cannot be listed: runtime error: invalid memory address", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", &m.p.a) }},
		{"no name", "", "field 0 has no name", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "", &m.u8) }},
		{"zero field", "", "field 0 has no name", func(m *m) vmsd.Field[m] { return vmsd.Field[machine]{} }},
		{"too young", "f", "since version 4 of a description that ends at version 3", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", &m.u8).Since(4) }},
		{"no predicate", "f", "no predicate", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", &m.u8).If(nil) }},
		{"times of a scalar", "f", "Times of a field without a count", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", &m.u8).Times(2) }},
		{"times of an array", "f", "Times of a field without a count", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.regs[:], vmsd.InfoUint16).Times(2) }},
		{"times nothing", "f", "0 times as many", func(m *m) vmsd.Field[m] { return vmsd.VArray(m, "f", m.regs[:], &m.n, vmsd.InfoUint16).Times(0) }},
		{"times less", "f", "-1 times as many", func(m *m) vmsd.Field[m] { return vmsd.VBuffer(m, "f", &m.buf, 1, &m.n).Times(-1) }},
		{"what was wrong first", "f", "no member", func(m *m) vmsd.Field[m] { return vmsd.Uint8(m, "f", nil).If(nil).Times(0) }},

		{"empty array", "f", "an array without elements", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.none[:], vmsd.InfoUint16) }},
		{"slice for an array", "f", "an array without elements", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.native, vmsd.InfoUint16) }},
		{"array elsewhere", "f", "the array does not lie in", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", make([]uint16, 4), vmsd.InfoUint16) }},
		{"too long a slice", "", "slice bounds out of range", func(m *m) vmsd.Field[m] { n := 5; return vmsd.Array(m, "f", m.regs[:n], vmsd.InfoUint16) }},
		{"no element", "f", "nothing says how an element travels", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.regs[:], nil) }},
		{"no Info", "f", "no Info", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.regs[:], vmsd.Info[uint16]{}) }},
		{"an Info without put", "f", `Info "half" needs Get and Put`, func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.u8, vmsd.NewInfo("half", get, nil)) }},
		{"2D of 1D", "f", "uint16 is no array of uint16", func(m *m) vmsd.Field[m] { return vmsd.Array2D(m, "f", m.regs[:], vmsd.InfoUint16) }},
		{"2D of another type", "f", "[0]uint16 is no array of uint8", func(m *m) vmsd.Field[m] { return vmsd.Array2D(m, "f", m.grid[:], vmsd.InfoUint8) }},
		{"2D of empty rows", "f", "an array without elements", func(m *m) vmsd.Field[m] { return vmsd.Array2D(m, "f", m.grid[:], vmsd.InfoUint16) }},
		{"empty varray", "f", "an array without elements", func(m *m) vmsd.Field[m] { return vmsd.VArray(m, "f", m.none[:], &m.n, vmsd.InfoUint16) }},
		{"no count", "f", "no count", func(m *m) vmsd.Field[m] { return vmsd.VArray(m, "f", m.regs[:], noU32, vmsd.InfoUint16) }},
		{"count elsewhere", "f", "the count does not lie in", func(m *m) vmsd.Field[m] { return vmsd.VArray(m, "f", m.regs[:], &elsewhere.n, vmsd.InfoUint16) }},
		{"no pointer", "f", "no member", func(m *m) vmsd.Field[m] { return vmsd.Pointer(m, "f", nil, pairs) }},
		{"pointer elsewhere", "f", "the member does not lie in", func(m *m) vmsd.Field[m] { return vmsd.Pointer(m, "f", &elsewhere.p, pairs) }},
		{"no elements", "f", "room for 0", func(m *m) vmsd.Field[m] { return vmsd.ArrayPointer(m, "f", &m.p, 0, pairs) }},
		{"fewer elements", "f", "room for -1", func(m *m) vmsd.Field[m] { return vmsd.ArrayPointer(m, "f", &m.p, -1, pairs) }},
		{"no room", "f", "room for 0", func(m *m) vmsd.Field[m] { return vmsd.VArrayPointer(m, "f", &m.p, 0, &m.n, pairs) }},
		{"no count of what is pointed to", "f", "no count", func(m *m) vmsd.Field[m] { return vmsd.VArrayPointer(m, "f", &m.p, 1, noU32, pairs) }},
		{"no count of what is allocated", "f", "no count", func(m *m) vmsd.Field[m] { return vmsd.VArrayAlloc(m, "f", &m.p, noU32, pairs) }},
		{"no pointers", "f", "the array does not lie in", func(m *m) vmsd.Field[m] { return vmsd.ArrayOfPointers(m, "f", make([]*pair, 1), pairs) }},
		{"no room for pointers", "f", "room for -2", func(m *m) vmsd.Field[m] { return vmsd.VArrayOfPointers(m, "f", &m.list, -2, &m.n, pairs) }},
		{"no count of pointers", "f", "no count", func(m *m) vmsd.Field[m] { return vmsd.VArrayOfPointers(m, "f", &m.list, 1, noU32, pairs) }},

		{"no description", "f", "no description", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.ps[0], noPair) }},
		{"no description of a version", "f", "no description", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.ps[0], noPair.At(1)) }},
		{"a version too new", "f", "a version that the description does not have", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.ps[0], pairs.At(4)) }},
		{"a version too old", "f", "a version that the description does not have", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.ps[0], pairs.At(0)) }},
		{"in what it refers to", "f/deep", "no member", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.ps[:], inside) }},
		{"in what a version refers to", "f/deep", "no member", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.ps[:], inside.At(0)) }},
		{"a nameless one", "f", "a name of 0 bytes", func(m *m) vmsd.Field[m] { return vmsd.Array(m, "f", m.ps[:], nameless) }},
		{"no queue elements", "f", "no description", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.queue, queues.Queue(noMSD)) }},
		{"in queue elements", "f/deep", "no member", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.queue, queues.Queue(deep)) }},
		{"in list elements", "f/deep", "no member", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.lists, lists.List(deep)) }},
		{"in tree values", "f/deep", "no member", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.tree, gtree.DirectPairs(trees, deep)) }},
		{"in tree keys", "f/deep", "the member does not lie in", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.tree, trees.Pairs(keys, deep)) }},
		{"no list elements", "f", "no description", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.lists, lists.List(noMSD)) }},
		{"no tree keys", "f", "no description", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.tree, trees.Pairs(nil, noMSD)) }},
		{"no tree values", "f", "no description", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.tree, gtree.DirectPairs(trees, noMSD)) }},
		{"no hooks", "f", "CSTM needs extend_get and extend_put", func(m *m) vmsd.Field[m] { return vmsd.Single(m, "f", &m.u8, vmsd.CSTM[uint8]{}) }},

		{"empty buffer", "f", "an array without elements", func(m *m) vmsd.Field[m] { return vmsd.Buffer(m, "f", m.mac[6:]) }},
		{"buffer elsewhere", "f", "the array does not lie in", func(m *m) vmsd.Field[m] { return vmsd.Buffer(m, "f", make([]byte, 2)) }},
		{"pointers as bytes", "f", "struct { at *int } is more than bytes", func(m *m) vmsd.Field[m] { return vmsd.BufferUnsafe(m, "f", &m.pointer) }},
		{"bools as bytes", "f", "struct { is bool } is more than bytes", func(m *m) vmsd.Field[m] { return vmsd.BufferUnsafe(m, "f", &m.truth) }},
		{"negative buffer", "f", "a buffer of -1 bytes", func(m *m) vmsd.Field[m] { return vmsd.BufferPointer(m, "f", &m.buf, -1) }},
		{"no room for bytes", "f", "room for -1", func(m *m) vmsd.Field[m] { return vmsd.VBuffer(m, "f", &m.buf, -1, &m.n) }},
		{"no size", "f", "no size", func(m *m) vmsd.Field[m] { return vmsd.VBuffer(m, "f", &m.buf, 1, noI32) }},
		{"size elsewhere", "f", "the size does not lie in", func(m *m) vmsd.Field[m] { return vmsd.VBufferAlloc(m, "f", &m.buf, &elsewhere.n) }},
		{"no bitmap", "f", "no member", func(m *m) vmsd.Field[m] { return vmsd.Bitmap(m, "f", nil, 64, &m.size) }},
		{"no room for bits", "f", "room for 0", func(m *m) vmsd.Field[m] { return vmsd.Bitmap(m, "f", &m.bits, 0, &m.size) }},
		{"no number of bits", "f", "no size", func(m *m) vmsd.Field[m] { return vmsd.BitmapInline(m, "f", m.words[:], noI32) }},
		{"no words", "f", "an array without elements", func(m *m) vmsd.Field[m] { return vmsd.BitmapInline(m, "f", m.words[2:], &m.size) }},
		{"number of bits elsewhere", "f", "the size does not lie in", func(m *m) vmsd.Field[m] { return vmsd.BitmapAlloc(m, "f", &m.bits, &elsewhere.size) }},

		{"negative unused", "unused", "-1 unused bytes", func(m *m) vmsd.Field[m] { return vmsd.Unused(m, -1) }},
		{"negative unused array", "unused", "-1 unused bytes", func(m *m) vmsd.Field[m] { return vmsd.UnusedVArray(m, &m.n, -1) }},
		{"no unused count", "unused", "no count", func(m *m) vmsd.Field[m] { return vmsd.UnusedVArray(m, noU32, 1) }},
		{"nothing to validate", "f", "no predicate", func(m *m) vmsd.Field[m] { return vmsd.Validate(m, "f", nil) }},
		{"no parent", "tmp", "no parent", func(m *m) vmsd.Field[m] { return vmsd.Tmp(m, nil, pairs) }},
		{"parent elsewhere", "tmp", "the parent: the member does not lie in", func(m *m) vmsd.Field[m] {
			return vmsd.Tmp(m, func(*pair) **machine { return new(*machine) }, pairs)
		}},
		{"no tmp", "tmp", "no description", func(m *m) vmsd.Field[m] {
			return vmsd.Tmp(m, func(l *link) **machine { return &l.parent }, nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := one(c.field)
			for range 2 { // it stays wrong
				refused(t, d.Build(), rules.BadDescription, c.path, c.detail)
			}
			_, err := d.Save(new(machine), 1, vmstate.SaveOptions{})
			refused(t, err, rules.BadDescription, c.path, c.detail)
			_, err = d.Load(new(machine), nil, 1, vmstate.LoadOptions{})
			refused(t, err, rules.BadDescription, c.path, c.detail)
		})
	}
	if math.MaxInt > math.MaxInt32 {
		most := math.MaxInt32
		d := one(func(m *m) vmsd.Field[m] { return vmsd.ArrayPointer(m, "f", &m.p, most+1, pairs) })
		refused(t, d.Build(), rules.BadDescription, "f", "not from 0 to 2147483647")
	}
}

type link struct{ parent *machine }

// What begins in the object and ends behind it.
func TestRefusedOverhang(t *testing.T) {
	var four [4]uint16
	d := one(func(*[2]uint16) vmsd.Field[[2]uint16] {
		two := (*[2]uint16)(four[:2])
		return vmsd.Array(two, "f", four[1:3], vmsd.InfoUint16)
	})
	refused(t, d.Build(), rules.BadDescription, "f", "the array does not lie in the [2]uint16 that is described")
}

// The fields are asked for once.
func TestBuiltOnce(t *testing.T) {
	n := 0
	d := describe(func(u *uint8) []vmsd.Field[uint8] { n++; return []vmsd.Field[uint8]{vmsd.Uint8(u, "u", u)} })
	travels(t, vmsd.Must(d), 1, 7, 0, "07")
	if n != 1 {
		t.Errorf("%d times", n)
	}
}

func TestRefusedDescriptions(t *testing.T) {
	good := func(m *machine) []vmsd.Field[machine] { return nil }
	bad := func(m *machine) []vmsd.Field[machine] { return []vmsd.Field[machine]{vmsd.Uint8(m, "f", nil)} }
	for _, c := range []struct {
		name, path, detail string
		d                  *vmsd.Description[machine]
	}{
		{"no name", "", "a name of 0 bytes", &vmsd.Description[machine]{Fields: good}},
		{"versions", "", "minimum_version_id 2 is above version_id 1", &vmsd.Description[machine]{Name: "m", VersionID: 1, MinimumVersionID: 2}},
		{"no subsection", "", "no description of a subsection", &vmsd.Description[machine]{Name: "m", Subsections: []*vmsd.Description[machine]{nil}}},
		{"in a subsection", "m/late/f", "no member", &vmsd.Description[machine]{Name: "m",
			Subsections: []*vmsd.Description[machine]{{Name: "m/late", Fields: bad}}}},
		{"two subsections", "m/late", "two subsections have this name", &vmsd.Description[machine]{Name: "m",
			Subsections: []*vmsd.Description[machine]{{Name: "m/late"}, {Name: "m/late"}}}},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.d.Build(), rules.BadDescription, c.path, c.detail) })
	}
	var none *vmsd.Description[machine]
	refused(t, none.Build(), rules.BadDescription, "", "no description")
}

func TestMustPanics(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		refused(t, err, rules.BadDescription, "", "a name of 0 bytes")
	}()
	vmsd.Must(&vmsd.Description[machine]{})
}

// A tree of queues, and two descriptions that refer to each other.
type node struct {
	id       uint8
	children tailq.Head[node]
	next     tailq.Entry[node]
	other    *partner
}

type partner struct {
	id   uint8
	node *node
}

var nodes = tailq.Of(func(n *node) *tailq.Entry[node] { return &n.next })

func recursive() *vmsd.Description[node] {
	n := &vmsd.Description[node]{Name: "node"}
	p := &vmsd.Description[partner]{Name: "partner"}
	there := func(n *node, _ uint32) bool { return n.other != nil }
	n.Fields = func(o *node) []vmsd.Field[node] {
		return []vmsd.Field[node]{
			vmsd.Uint8(o, "id", &o.id),
			vmsd.Single(o, "children", &o.children, nodes.Queue(n)),
			vmsd.Pointer(o, "other", &o.other, p).If(there),
		}
	}
	p.Fields = func(o *partner) []vmsd.Field[partner] {
		return []vmsd.Field[partner]{
			vmsd.Uint8(o, "id", &o.id),
			vmsd.Pointer(o, "node", &o.node, n).If(func(o *partner, _ uint32) bool { return o.node != nil }),
		}
	}
	return n
}

func TestRecursive(t *testing.T) {
	root := &node{id: 1, other: &partner{id: 2, node: &node{id: 3}}}
	child := &node{id: 4}
	nodes.InsertTail(&root.children, child)
	nodes.InsertTail(&child.children, &node{id: 5})
	s, err := recursive().Save(root, 0, vmstate.SaveOptions{})
	const want = "\x01" + "\x01\x04\x01\x05\x00\x00\x00" + "\x02\x03\x00"
	if err != nil || string(s.Stream) != want {
		t.Fatalf("% x %v", s.Stream, err)
	}
	loaded := &node{other: &partner{node: &node{}}}
	if _, err := recursive().Load(loaded, s.Stream, 0, vmstate.LoadOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	if s, err := recursive().Save(loaded, 0, vmstate.SaveOptions{}); err != nil || string(s.Stream) != want {
		t.Errorf("% x %v", s.Stream, err)
	}
}

// An object that holds itself is refused, and what was met on the way is not
// taken for built.
func TestRefusedStaysUnbuilt(t *testing.T) {
	inner := &vmsd.Description[uint8]{Name: "inner", Fields: func(u *uint8) []vmsd.Field[uint8] {
		return []vmsd.Field[uint8]{vmsd.Uint8(u, "u", u)}
	}}
	outer := &vmsd.Description[uint8]{Name: "outer"}
	outer.Fields = func(u *uint8) []vmsd.Field[uint8] {
		return []vmsd.Field[uint8]{vmsd.Single(u, "in", u, inner), vmsd.Single(u, "self", u, outer)}
	}
	refused(t, outer.Build(), rules.BadDescription, "self", "contains itself without a pointer")
	inner.Fields = nil
	travels(t, inner, 0, 7, 7, "")
}

// Many at once build what refers to each other.
func TestConcurrentBuild(t *testing.T) {
	d := recursive()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if s, err := d.Save(&node{id: 1}, 0, vmstate.SaveOptions{}); err != nil || string(s.Stream) != "\x01\x00" {
				t.Errorf("% x %v", s.Stream, err)
			}
		})
	}
	all.Wait()
}
