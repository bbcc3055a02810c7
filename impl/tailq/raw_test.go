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
