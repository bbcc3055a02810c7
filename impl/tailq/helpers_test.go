package tailq_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// An item stands in two queues by two entries, neither of which comes first,
// and has a queue of items inside.
type item struct {
	n     uint8
	one   tailq.Entry[item]
	inner tailq.Head[item]
	two   tailq.Entry[item]
}

type head = tailq.Head[item]

var (
	byOne = tailq.Of(func(i *item) *tailq.Entry[item] { return &i.one })
	byTwo = tailq.Of(func(i *item) *tailq.Entry[item] { return &i.two })
)

func entryOne(i *item) *tailq.Entry[item] { return &i.one }
func entryTwo(i *item) *tailq.Entry[item] { return &i.two }

// walk follows the links by itself, demands that all of them hold together, and
// spells the queue.
func walk(t testing.TB, h *head, entry func(*item) *tailq.Entry[item]) string {
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
	if h.Last != slot && (h.First != nil || h.Last != nil) {
		t.Fatal("last is wrong")
	}
	return b.String()
}

func is(t testing.TB, h *head, want string) {
	t.Helper()
	if got := walk(t, h, entryOne); got != want {
		t.Fatalf("%q, want %q", got, want)
	}
}

// queue makes a queue of items named by letters.
func queue(names string) (*head, []*item) {
	h := new(head)
	var items []*item
	for i := range len(names) {
		items = append(items, &item{n: names[i]})
		byOne.InsertTail(h, items[i])
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
}

func refused(t testing.TB, err error, want verdict) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want %v", err, want)
	}
	if got := (verdict{e.Class, e.Offset, e.Path}); got != want {
		t.Fatalf("%v\n got %v\nwant %v", err, got, want)
	}
}

func same[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

// describeItem: n, and from version 2 on the queue inside.
func describeItem() *vmstate.Description {
	d := &vmstate.Description{Name: "item", VersionID: 2, MinimumVersionID: 1}
	inner := tailq.Field("inner", unsafe.Offsetof(item{}.inner), 2, byOne.Metadata(d))
	d.Fields = []vmstate.Field{vmstate.Scalar("n", unsafe.Offsetof(item{}.n), 0, vmstate.InfoUint8), inner}
	return d
}

// describeQueue describes a head whose elements are loaded at a version.
func describeQueue(version uint32) *vmstate.Description {
	return &vmstate.Description{Name: "d", VersionID: 1000, MinimumVersionID: 1, Fields: []vmstate.Field{
		tailq.Field("q", 0, version, byOne.Metadata(describeItem()))}}
}

func load(d *vmstate.Description, h *head, stream []byte) (vmstate.Loaded, error) {
	return vmstate.Load(d, unsafe.Pointer(h), stream, d.VersionID, vmstate.LoadOptions{All: true})
}

func save(d *vmstate.Description, h *head) ([]byte, error) {
	s, err := vmstate.Save(d, unsafe.Pointer(h), d.VersionID, vmstate.SaveOptions{})
	return s.Stream, err
}
