package tailq_test

import (
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
)

func TestMetadata(t *testing.T) {
	d := describeItem()
	for name, c := range map[string]struct {
		typ   tailq.Type[item]
		entry uintptr
	}{"one": {byOne, unsafe.Offsetof(item{}.one)}, "two": {byTwo, unsafe.Offsetof(item{}.two)}} {
		m := c.typ.Metadata(d)
		same(t, [6]uintptr{m.First, m.Last, m.Next, m.Prev, m.Entry, m.Size}, [6]uintptr{
			unsafe.Offsetof(head{}.First), unsafe.Offsetof(head{}.Last),
			unsafe.Offsetof(item{}.one.Next), unsafe.Offsetof(item{}.one.Prev), c.entry, unsafe.Sizeof(item{})})
		same(t, m.VMSD, d)
		if e := (*item)(m.New()); *e != (item{}) || e == (*item)(m.New()) {
			t.Fatal(name, "New makes no fresh zero element")
		}
	}
	// A first member that is the entry has offset 0.
	type bare struct{ entry tailq.Entry[bare] }
	same(t, tailq.Of(func(b *bare) *tailq.Entry[bare] { return &b.entry }).Metadata(nil).Entry, 0)
}

// Raw operations leave the links that typed ones leave.
func TestRawIsTyped(t *testing.T) {
	for _, c := range []struct {
		typ   tailq.Type[item]
		entry func(*item) *tailq.Entry[item]
	}{{byOne, entryOne}, {byTwo, entryTwo}} {
		m := c.typ.Metadata(nil)
		var raw, typed head
		for _, n := range []byte("abc") {
			// The links of what was in a queue before do not matter.
			e := &item{n: n}
			*c.entry(e) = tailq.Entry[item]{Next: e, Prev: &e.one.Next}
			tailq.RawInsertTail(m, unsafe.Pointer(&raw), unsafe.Pointer(e))
			c.typ.InsertTail(&typed, &item{n: n})
			same(t, walk(t, &raw, c.entry), walk(t, &typed, c.entry))
		}
		same(t, walk(t, &raw, c.entry), "abc")
		var seen []*item
		for p := range tailq.RawForEach(m, unsafe.Pointer(&raw)) {
			seen = append(seen, (*item)(p))
		}
		i := 0
		for e := range c.typ.All(&raw) {
			same(t, seen[i], e)
			i++
		}
		same(t, len(seen), 3)
		for p := range tailq.RawForEach(m, unsafe.Pointer(&raw)) {
			same(t, (*item)(p), seen[0])
			break
		}
		c.typ.Remove(&raw, seen[1])
		same(t, walk(t, &raw, c.entry), "ac")

		var h head
		tailq.RawInit(m, unsafe.Pointer(&h))
		same(t, h.Last, &h.First)
		same(t, h.First, nil)
	}
}

// Each offset counts: here prev stands before next, last before first, and the
// entry is not the element's first member.
func TestRawGoesByOffsets(t *testing.T) {
	type element struct {
		n     uint8
		entry struct{ prev, next unsafe.Pointer }
	}
	type head struct{ last, first unsafe.Pointer }
	m := &tailq.Metadata{
		First: unsafe.Offsetof(head{}.first), Last: unsafe.Offsetof(head{}.last),
		Next: unsafe.Offsetof(element{}.entry.next), Prev: unsafe.Offsetof(element{}.entry.prev),
		Entry: unsafe.Offsetof(element{}.entry), Size: unsafe.Sizeof(element{}),
	}
	h, a, b := new(head), &element{n: 1}, &element{n: 2}
	for _, e := range []*element{a, b} {
		tailq.RawInsertTail(m, unsafe.Pointer(h), unsafe.Pointer(e))
	}
	same(t, *h, head{last: unsafe.Pointer(&b.entry.next), first: unsafe.Pointer(a)})
	same(t, a.entry, struct{ prev, next unsafe.Pointer }{unsafe.Pointer(&h.first), unsafe.Pointer(b)})
	same(t, b.entry, struct{ prev, next unsafe.Pointer }{unsafe.Pointer(&a.entry.next), nil})
	same(t, *b, element{n: 2, entry: b.entry})
	if err := tailq.Check(m, unsafe.Pointer(h)); err != nil {
		t.Fatal(err)
	}
}
