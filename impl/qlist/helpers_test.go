package qlist_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/qlist"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// An item stands in two lists by two entries, neither of which comes first, and
// has a list of items inside.
type item struct {
	n     uint8
	one   qlist.Entry[item]
	inner qlist.Head[item]
	two   qlist.Entry[item]
}

type head = qlist.Head[item]

var (
	byOne = qlist.Of(func(i *item) *qlist.Entry[item] { return &i.one })
	byTwo = qlist.Of(func(i *item) *qlist.Entry[item] { return &i.two })
)

func entryOne(i *item) *qlist.Entry[item] { return &i.one }
func entryTwo(i *item) *qlist.Entry[item] { return &i.two }

// walk follows the links by itself, demands that all of them hold together, and
// spells the list.
func walk(t testing.TB, h *head, entry func(*item) *qlist.Entry[item]) string {
	t.Helper()
	var b strings.Builder
	slot := &h.First
	for n := 0; *slot != nil; n++ {
		e := *slot
		if entry(e).Prev != slot {
			t.Fatalf("prev of element %d is wrong", n)
		}
		if n > 100 {
			t.Fatal("no end")
		}
		b.WriteByte(e.n)
		slot = &entry(e).Next
	}
	return b.String()
}

func is(t testing.TB, h *head, want string) {
	t.Helper()
	if got := walk(t, h, entryOne); got != want {
		t.Fatalf("%q, want %q", got, want)
	}
}

// list makes a list of items named by letters, and links it by itself.
func list(names string) (*head, []*item) {
	h := new(head)
	var items []*item
	slot := &h.First
	for i := range len(names) {
		e := &item{n: names[i]}
		e.one.Prev = slot
		*slot = e
		slot = &e.one.Next
		items = append(items, e)
	}
	return h, items
}

func wire(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type verdict struct {
	class  rules.Class
	offset int64
	path   string
	rule   rules.ID // "": any
}

func refused(t testing.TB, err error, want verdict) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want %v", err, want)
	}
	got := verdict{e.Class, e.Offset, e.Path, e.Rule}
	if want.rule == "" {
		got.rule = ""
	}
	if got != want {
		t.Fatalf("%v\n got %v\nwant %v", err, got, want)
	}
}

func same[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

// describeItem: n, and from version 2 on the list inside.
func describeItem() *vmstate.Description {
	d := &vmstate.Description{Name: "item", VersionID: 2, MinimumVersionID: 1}
	inner := qlist.Field("inner", unsafe.Offsetof(item{}.inner), 2, byOne.Metadata(d))
	d.Fields = []vmstate.Field{vmstate.Scalar("n", unsafe.Offsetof(item{}.n), 0, vmstate.InfoUint8), inner}
	return d
}

// describeList describes a head whose elements are loaded at a version.
func describeList(version uint32) *vmstate.Description {
	return &vmstate.Description{Name: "d", VersionID: 1000, MinimumVersionID: 1, Fields: []vmstate.Field{
		qlist.Field("q", 0, version, byOne.Metadata(describeItem()))}}
}

func load(d *vmstate.Description, h *head, stream []byte) (vmstate.Loaded, error) {
	return vmstate.Load(d, unsafe.Pointer(h), stream, d.VersionID, vmstate.LoadOptions{All: true})
}

func save(d *vmstate.Description, h *head) ([]byte, error) {
	s, err := vmstate.Save(d, unsafe.Pointer(h), d.VersionID, vmstate.SaveOptions{})
	return s.Stream, err
}
