package tailq_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// QEMU's unit case qtailq (tests/unit/test-vmstate.c): int16 −512, a queue of
// {bool, u8}, int32 70000.
func TestUnitCase(t *testing.T) {
	type elem struct {
		b    bool
		next tailq.Entry[elem]
		u8   uint8
	}
	type object struct {
		i16 int16
		q   tailq.Head[elem]
		i32 int32
	}
	typ := tailq.Of(func(e *elem) *tailq.Entry[elem] { return &e.next })
	d := &vmstate.Description{Name: "test/queue", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("i16", unsafe.Offsetof(object{}.i16), 0, vmstate.InfoInt16),
		tailq.Field("q", unsafe.Offsetof(object{}.q), 1, typ.Metadata(&vmstate.Description{
			Name: "test/queue-elem", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
				vmstate.Scalar("b", unsafe.Offsetof(elem{}.b), 0, vmstate.InfoBool),
				vmstate.Scalar("u8", unsafe.Offsetof(elem{}.u8), 0, vmstate.InfoUint8),
			}})),
		vmstate.Scalar("i32", unsafe.Offsetof(object{}.i32), 0, vmstate.InfoInt32),
	}}
	const bytes = "fe00 01 01 82 01 00 41 00 00011170"
	var got object
	if _, err := vmstate.Load(d, unsafe.Pointer(&got), wire(t, bytes), 1, vmstate.LoadOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	same(t, got.i16, -512)
	same(t, got.i32, 70000)
	first, last := typ.First(&got.q), typ.Last(&got.q)
	same(t, [2]uint8{first.u8, last.u8}, [2]uint8{130, 65})
	same(t, [2]bool{first.b, last.b}, [2]bool{true, false})
	same(t, typ.Next(first), last)
	saved, err := vmstate.Save(d, unsafe.Pointer(&got), 1, vmstate.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(saved.Stream), string(wire(t, bytes)))
}

// Loaded elements come behind those that are there.
func TestGetAppends(t *testing.T) {
	initialised := new(head)
	byOne.Init(initialised)
	full, _ := queue("ab")
	for want, h := range map[string]*head{"xy": new(head), "xy ": initialised, "abxy": full} {
		if _, err := load(describeQueue(1), h, wire(t, "01 78 01 79 00")); err != nil {
			t.Fatal(err)
		}
		is(t, h, want[:len(want)-len(want)%2])
	}
}

// A load that fails leaves the links as they were: of a queue that has
// elements, of an empty one, and of one that is not initialised. The past fault
// seed-element.
func TestFailedGetLeavesLinks(t *testing.T) {
	stream := wire(t, "01 78 01 79 01 02 02 00 00 00")
	for _, make := range []func() (*head, []*item){
		func() (*head, []*item) { return queue("ab") },
		func() (*head, []*item) { h := new(head); byOne.Init(h); return h, nil },
		func() (*head, []*item) { return new(head), nil },
	} {
		for n := range len(stream) {
			h, items := make()
			was := *h
			var entries []tailq.Entry[item]
			for _, e := range items {
				entries = append(entries, e.one)
			}
			if _, err := load(describeQueue(2), h, stream[:n]); !errors.Is(err, rules.Truncated) {
				t.Fatal(n, err)
			}
			same(t, *h, was)
			for i, e := range items {
				same(t, e.one, entries[i])
			}
		}
	}
}

// Where markers and what must stand in their place fail.
func TestGetErrors(t *testing.T) {
	for _, c := range []struct {
		stream string
		want   verdict
	}{
		{"", verdict{rules.Truncated, 0, "q[0]"}},
		{"01", verdict{rules.Truncated, 1, "q[0]/n"}},
		{"01 41", verdict{rules.Truncated, 2, "q[0]/inner[0]"}},
		{"01 41 00", verdict{rules.Truncated, 3, "q[1]"}},
		{"01 41 01 42 00", verdict{rules.Truncated, 5, "q[0]/inner[1]"}},
		{"01 41 00 00 00", verdict{rules.TrailingData, 4, ""}},
	} {
		_, err := load(describeQueue(2), new(head), wire(t, c.stream))
		refused(t, err, c.want)
	}
}

// Every marker but 00 starts an element; all but 01 are noted.
func TestMarkers(t *testing.T) {
	for m := 1; m < 256; m++ {
		h := new(head)
		l, err := load(describeQueue(1), h, []byte{1, 'x', byte(m), 'y', 0})
		if err != nil {
			t.Fatal(err)
		}
		is(t, h, "xy")
		want := []rules.Note{{Rule: rules.QueueMarker, Offset: 2, Path: "q[1]"}}
		if m == 1 {
			want = nil
		}
		same(t, len(l.Notes), len(want))
		for i := range want {
			l.Notes[i].Detail = ""
			same(t, l.Notes[i], want[i])
		}
	}
}

// A hook around Get that objects to what it got does so on the queue's path.
func TestGetEndsAtTheQueue(t *testing.T) {
	d := describeQueue(1)
	d.Fields[0].ExtendGet = func(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error {
		if err := tailq.Get(l, meta, head, version); err != nil {
			return err
		}
		return errors.New("two are too many")
	}
	_, err := load(d, new(head), wire(t, "01 78 01 79 00"))
	refused(t, err, verdict{rules.Hook, 5, "q"})
}

// The field's version_id against the element's range [1, 2], decided before
// the first marker is looked at.
func TestGetVersions(t *testing.T) {
	for version, class := range map[uint32]rules.Class{0: rules.VersionTooOld, 1: "", 2: "", 3: rules.VersionTooNew} {
		d := describeQueue(version)
		for _, stream := range [][]byte{{0}, nil} {
			_, err := load(d, new(head), stream)
			switch {
			case class != "":
				refused(t, err, verdict{class, 0, "q"})
			case stream == nil:
				refused(t, err, verdict{rules.Truncated, 0, "q[0]"})
			case err != nil:
				t.Fatal(err)
			}
		}
	}
}

// Elements are loaded at the field's version and saved at their own.
func TestElementVersions(t *testing.T) {
	h := new(head)
	if _, err := load(describeQueue(1), h, wire(t, "01 78 00")); err != nil {
		t.Fatal(err)
	}
	got, err := save(describeQueue(1), h)
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(got), string(wire(t, "01 78 00 00")))
}

// Links that are broken end a save, where that shows. The past faults list-prev
// (the second element's points at the head), list-last and list-cycle.
func TestPutErrors(t *testing.T) {
	// Element i takes 3 bytes, its marker stands at 3i.
	for _, c := range []struct {
		name  string
		harm  func(h *head, e []*item)
		want  verdict
		cause error
	}{
		{"cycle to the first", func(h *head, e []*item) { e[2].one.Next = e[0] }, verdict{rules.BadLink, 9, "q[3]"}, tailq.ErrPrev},
		{"cycle of one", func(h *head, e []*item) { e[1].one.Next = e[1] }, verdict{rules.BadLink, 6, "q[2]"}, tailq.ErrPrev},
		{"prev of the first", func(h *head, e []*item) { e[0].one.Prev = &e[1].one.Next }, verdict{rules.BadLink, 0, "q[0]"}, tailq.ErrPrev},
		{"prev of the second", func(h *head, e []*item) { e[1].one.Prev = &h.First }, verdict{rules.BadLink, 3, "q[1]"}, tailq.ErrPrev},
		{"prev of the last", func(h *head, e []*item) { e[2].one.Prev = nil }, verdict{rules.BadLink, 6, "q[2]"}, tailq.ErrPrev},
		{"last too early", func(h *head, e []*item) { h.Last = &e[1].one.Next }, verdict{rules.BadLink, 9, "q"}, tailq.ErrLast},
		{"last at the head", func(h *head, e []*item) { h.Last = &h.First }, verdict{rules.BadLink, 9, "q"}, tailq.ErrLast},
		{"last nil", func(h *head, e []*item) { h.Last = nil }, verdict{rules.BadLink, 9, "q"}, tailq.ErrLast},
		{"last of an empty queue", func(h *head, e []*item) { h.First = nil }, verdict{rules.BadLink, 0, "q"}, tailq.ErrLast},
		{"an element skipped", func(h *head, e []*item) { e[0].one.Next = e[2] }, verdict{rules.BadLink, 3, "q[1]"}, tailq.ErrPrev},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, e := queue("abc")
			c.harm(h, e)
			got, err := save(describeQueue(2), h)
			refused(t, err, c.want)
			same(t, int64(len(got)), c.want.offset)
			if !errors.Is(err, c.cause) {
				t.Fatalf("%v, want %v", err, c.cause)
			}
		})
	}
}

func TestPutEmpty(t *testing.T) {
	initialised := new(head)
	byOne.Init(initialised)
	for _, h := range []*head{new(head), initialised} {
		got, err := save(describeQueue(2), h)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(got), "\x00")
	}
}

// Queues of items with queues of items, to any depth.
func TestNestedQueues(t *testing.T) {
	const bytes = "01 61  01 62  01 63 00 00  01 64 00 00  01 65 00 00"
	h := new(head)
	if _, err := load(describeQueue(2), h, wire(t, bytes)); err != nil {
		t.Fatal(err)
	}
	is(t, h, "ae")
	is(t, &h.First.inner, "bd")
	is(t, &h.First.inner.First.inner, "c")
	got, err := save(describeQueue(2), h)
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(got), string(wire(t, bytes)))

	h.First.inner.First.inner.First.one.Prev = nil
	_, err = save(describeQueue(2), h)
	refused(t, err, verdict{rules.BadLink, 4, "q[0]/inner[0]/inner[0]"})
}

// An item hung into its own queue by force ends a save.
func TestQueueInsideItself(t *testing.T) {
	h, e := queue("a")
	e[0].inner.First = e[0]
	_, err := save(describeQueue(2), h)
	refused(t, err, verdict{rules.BadLink, 2, "q[0]/inner[0]"})

	// By another entry the links are whole: the depth ends it.
	e[0].inner = head{}
	d := describeItem()
	d.Fields[1] = tailq.Field("inner", unsafe.Offsetof(item{}.inner), 2, byTwo.Metadata(d))
	byTwo.InsertTail(&e[0].inner, e[0])
	_, err = vmstate.Save(d, unsafe.Pointer(e[0]), 2, vmstate.SaveOptions{Limits: rules.Limits{Depth: 3}})
	refused(t, err, verdict{rules.Limit, 6, "inner[0]/inner[0]/inner[0]"})
}

// CSTM with ARRAY, POINTER and ARRAY_OF_POINTER: an array of heads, a pointer
// to a head, an array of pointers to heads.
func TestArraysOfHeads(t *testing.T) {
	describe := func(flags vmstate.Flags) *vmstate.Description {
		d := describeQueue(1)
		f := &d.Fields[0]
		f.Flags = f.Flags&^vmstate.Single | flags
		f.Num = 2
		return d
	}
	to := func(d *vmstate.Description, obj unsafe.Pointer, stream string) error {
		_, err := vmstate.Load(d, obj, wire(t, stream), d.VersionID, vmstate.LoadOptions{All: true})
		return err
	}
	var heads [2]head
	d := describe(vmstate.Array)
	if err := to(d, unsafe.Pointer(&heads), "01 61 00 01 62 01 63 00"); err != nil {
		t.Fatal(err)
	}
	is(t, &heads[0], "a")
	is(t, &heads[1], "bc")
	refused(t, to(d, unsafe.Pointer(&heads), "00 01 64"), verdict{rules.Truncated, 3, "q[1][1]"})
	refused(t, to(d, unsafe.Pointer(&heads), "00 01"), verdict{rules.Truncated, 2, "q[1][0]/n"})
	is(t, &heads[1], "bc")
	heads[1].Last = nil
	_, err := vmstate.Save(d, unsafe.Pointer(&heads), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.BadLink, 4 + 2*3, "q[1]"})
	_, err = vmstate.Load(describe(vmstate.Array), unsafe.Pointer(new([2]head)), nil, 1, vmstate.LoadOptions{})
	refused(t, err, verdict{rules.Truncated, 0, "q[0][0]"})
	bad := describe(vmstate.Array)
	bad.Fields[0].VersionID, bad.VersionID = 3, 3
	refused(t, to(bad, unsafe.Pointer(new([2]head)), "00 00"), verdict{rules.VersionTooNew, 0, "q[0]"})

	p := new(head)
	if err := to(describe(vmstate.Pointer), unsafe.Pointer(&p), "01 61 00"); err != nil {
		t.Fatal(err)
	}
	is(t, p, "a")

	pp := [2]*head{nil, p}
	if err := to(describe(vmstate.Array|vmstate.ArrayOfPointer), unsafe.Pointer(&pp), "30 01 62 00"); err != nil {
		t.Fatal(err)
	}
	is(t, p, "ab")
}

// An element that takes no bytes is bounded by its marker.
func TestEmptyElements(t *testing.T) {
	d := &vmstate.Description{Name: "d", Fields: []vmstate.Field{
		tailq.Field("q", 0, 0, byOne.Metadata(&vmstate.Description{Name: "empty"}))}}
	for n := range 4 {
		h := new(head)
		stream := append(make([]byte, 0, n+1), "\x01\x01\x01\x00"[3-n:]...)
		if _, err := load(d, h, stream); err != nil {
			t.Fatal(err)
		}
		same(t, walk(t, h, entryOne), fmt.Sprintf("%.*s", n, "\x00\x00\x00"))
	}
}

// Where elements differ each goes by its place in the queue, those that were
// there included; the version has to suit those that have no description of
// their own, and each is saved at its own.
func TestElementsThatDiffer(t *testing.T) {
	made := 0
	wide := func(version uint32) tailq.Element {
		return tailq.Element{
			New: func() unsafe.Pointer { made++; return unsafe.Pointer(new(item)) },
			VMSD: &vmstate.Description{Name: "wide", VersionID: version, MinimumVersionID: version, Fields: []vmstate.Field{
				vmstate.Scalar("n", unsafe.Offsetof(item{}.n), 0, vmstate.InfoUint8),
				vmstate.UnusedField("since 3", 3, 2),
			}},
		}
	}
	describe := func(version uint32, elements ...tailq.Element) *vmstate.Description {
		m := byOne.Metadata(&vmstate.Description{Name: "plain", VersionID: 4, MinimumVersionID: 2, Fields: []vmstate.Field{
			vmstate.Scalar("n", unsafe.Offsetof(item{}.n), 0, vmstate.InfoUint8)}})
		m.Elements = elements
		return &vmstate.Description{Name: "d", VersionID: 9, Fields: []vmstate.Field{tailq.Field("q", 0, version, m)}}
	}
	for _, c := range []struct {
		there   string
		version uint32
		stream  string
		want    string
		made    int
		saved   string
	}{
		{"", 3, "01 78 0000 01 79 0000 01 7a 00", "xyz", 2, "01 78 0000 01 79 0000 01 7a 00"},
		{"", 2, "01 78 01 79 01 7a 00", "xyz", 2, "01 78 0000 01 79 0000 01 7a 00"},
		{"a", 3, "01 78 0000 01 79 00", "axy", 1, "01 61 0000 01 78 0000 01 79 00"},
		{"abc", 3, "01 78 00", "abcx", 0, "01 61 0000 01 62 0000 01 63 01 78 00"},
		{"", 4, "00", "", 0, "00"},
	} {
		made = 0
		h, _ := queue(c.there)
		d := describe(c.version, wide(3), wide(8))
		if _, err := load(d, h, wire(t, c.stream)); err != nil {
			t.Fatal(err)
		}
		is(t, h, c.want)
		same(t, made, c.made)
		got, err := save(d, h)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(got), string(wire(t, c.saved)))
	}
	for version, class := range map[uint32]rules.Class{1: rules.VersionTooOld, 5: rules.VersionTooNew} {
		_, err := load(describe(version, wide(version)), new(head), nil)
		refused(t, err, verdict{class, 0, "q"})
	}
	bad := describe(2, wide(2), tailq.Element{})
	refused(t, bad.Compile(), verdict{rules.BadDescription, 0, "q"})

	h, items := queue("abc")
	items[1].one.Prev = &items[2].one.Next
	_, err := load(describe(3, wide(3)), h, nil)
	refused(t, err, verdict{rules.BadLink, 0, "q"})
	if !errors.Is(err, tailq.ErrPrev) {
		t.Fatal(err)
	}
}

// The queue tells the trace its own start and end, with the reason.
func TestTrace(t *testing.T) {
	for _, c := range []struct {
		version uint32
		stream  string
		want    string
	}{
		{1, "01 78 00", "qtailq item v1, end at 3: end"},
		{1, "01 78", "qtailq item v1, end at 2: truncated"},
		{3, "01 78 00", "qtailq item v3, end at 0: too new"},
		{0, "", "qtailq item v0, end at 0: too old"},
	} {
		var got []string
		observe := func(e vmstate.Event) {
			switch e.Kind {
			case vmstate.TraceQueue:
				got = append(got, fmt.Sprintf("%s %s v%d", e.Type, e.Name, e.Version))
			case vmstate.TraceQueueEnd:
				got = append(got, fmt.Sprintf("end at %d: %s", e.Offset, e.Reason))
			}
		}
		h := new(head)
		d := describeQueue(c.version)
		_, err := vmstate.Load(d, unsafe.Pointer(h), wire(t, c.stream), d.VersionID, vmstate.LoadOptions{Trace: observe})
		same(t, strings.Join(got, ", "), c.want)
		if err != nil {
			continue
		}
		got = nil
		if _, err := vmstate.Save(d, unsafe.Pointer(h), d.VersionID, vmstate.SaveOptions{Trace: observe}); err != nil {
			t.Fatal(err)
		}
		same(t, strings.Join(got, ", "), "qtailq item v2, qtailq item v2, end at 3: end, end at 4: end")
	}
}
