package qlist_test

import (
	"errors"
	"slices"
	"testing"
	"unsafe"

	"vmconform/impl/qlist"
	"vmconform/rules"
)

func TestInsert(t *testing.T) {
	h := new(head)
	a, b, c, d, e := &item{n: 'a'}, &item{n: 'b'}, &item{n: 'c'}, &item{n: 'd'}, &item{n: 'e'}
	byOne.InsertHead(h, c)
	is(t, h, "c")
	byOne.InsertHead(h, a)
	is(t, h, "ac")
	byOne.InsertAfter(c, e)
	is(t, h, "ace")
	byOne.InsertAfter(a, b)
	is(t, h, "abce")
	byOne.InsertBefore(e, d)
	is(t, h, "abcde")
	byOne.InsertBefore(a, &item{n: 'z'})
	is(t, h, "zabcde")
	same(t, byOne.First(h).n, 'z')
	same(t, byOne.Next(a), b)
	same(t, byOne.Next(e), nil)
}

func TestRemove(t *testing.T) {
	for _, c := range []struct {
		names string
		at    int
		want  string
	}{{"a", 0, ""}, {"ab", 0, "b"}, {"ab", 1, "a"}, {"abc", 0, "bc"}, {"abc", 1, "ac"}, {"abc", 2, "ab"}} {
		h, items := list(c.names)
		byOne.Remove(items[c.at])
		is(t, h, c.want)
		same(t, items[c.at].one, qlist.Entry[item]{})
		same(t, byOne.Empty(h), c.want == "")
		byOne.InsertHead(h, items[c.at])
		is(t, h, c.names[c.at:c.at+1]+c.want)
	}
}

func TestInit(t *testing.T) {
	h, _ := list("ab")
	byOne.Init(h)
	same(t, *h, head{})
	same(t, byOne.First(h), nil)
}

func TestAll(t *testing.T) {
	h, items := list("abcd")
	got := ""
	for e := range byOne.All(h) {
		if got += string(rune(e.n)); e == items[2] {
			break
		}
	}
	same(t, got, "abc")
	for e := range byOne.All(h) {
		if e != items[1] {
			byOne.Remove(e)
		}
	}
	is(t, h, "b")
	for range byOne.All(new(head)) {
		t.Fatal("an element")
	}
}

func TestTwoEntries(t *testing.T) {
	h, items := list("abc")
	var other head
	for _, e := range items {
		byTwo.InsertHead(&other, e)
	}
	byOne.Remove(items[1])
	is(t, h, "ac")
	same(t, walk(t, &other, entryTwo), "cba")
	byTwo.Remove(items[2])
	same(t, walk(t, &other, entryTwo), "ba")
	is(t, h, "ac")
}

func TestMetadata(t *testing.T) {
	d := describeItem()
	for name, c := range map[string]struct {
		typ   qlist.Type[item]
		entry uintptr
	}{"one": {byOne, unsafe.Offsetof(item{}.one)}, "two": {byTwo, unsafe.Offsetof(item{}.two)}} {
		m := c.typ.Metadata(d)
		same(t, [5]uintptr{m.First, m.Next, m.Prev, m.Entry, m.Size}, [5]uintptr{
			unsafe.Offsetof(head{}.First), unsafe.Offsetof(item{}.one.Next), unsafe.Offsetof(item{}.one.Prev), c.entry, unsafe.Sizeof(item{})})
		same(t, m.VMSD, d)
		if e := (*item)(m.New()); *e != (item{}) || e == (*item)(m.New()) {
			t.Fatal(name, "New makes no fresh zero element")
		}
	}
}

// Raw operations leave the links that typed ones leave.
func TestRawIsTyped(t *testing.T) {
	for _, c := range []struct {
		typ   qlist.Type[item]
		entry func(*item) *qlist.Entry[item]
	}{{byOne, entryOne}, {byTwo, entryTwo}} {
		m := c.typ.Metadata(nil)
		var h head
		byOne.InsertHead(&h, &item{n: 'x'})
		qlist.RawInit(m, unsafe.Pointer(&h))
		same(t, h, head{})
		// The links of what was in a list before do not matter.
		used := func(n byte) *item {
			e := &item{n: n}
			*c.entry(e) = qlist.Entry[item]{Next: e, Prev: &e.one.Next}
			return e
		}
		qlist.RawInsertHead(m, unsafe.Pointer(&h), unsafe.Pointer(used('c')))
		qlist.RawInsertHead(m, unsafe.Pointer(&h), unsafe.Pointer(used('a')))
		qlist.RawInsertAfter(m, unsafe.Pointer(h.First), unsafe.Pointer(used('b')))
		qlist.RawInsertAfter(m, unsafe.Pointer(c.typ.Next(c.typ.Next(h.First))), unsafe.Pointer(used('d')))
		same(t, walk(t, &h, c.entry), "abcd")
		got := ""
		for p := range qlist.RawForEach(m, unsafe.Pointer(&h)) {
			if got += string(rune((*item)(p).n)); got == "abc" {
				break
			}
		}
		same(t, got, "abc")
	}
}

// A flaw is one error of Check.
type flaw struct {
	path  string
	cause error
}

func flaws(t *testing.T, err error) []flaw {
	t.Helper()
	if err == nil {
		return nil
	}
	var list []flaw
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		re, ok := e.(*rules.Error)
		if !ok || re.Class != rules.BadLink || re.Rule != rules.ListLinks {
			t.Fatalf("%v", e)
		}
		list = append(list, flaw{re.Path, re.Cause})
	}
	return list
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name  string
		names string
		harm  func(h *head, e []*item)
		want  []flaw
	}{
		{"whole", "abc", func(*head, []*item) {}, nil},
		{"empty", "", func(*head, []*item) {}, nil},
		{"cycle to the first", "abc", func(h *head, e []*item) { e[2].one.Next = e[0] }, []flaw{{"list 0[3]", qlist.ErrCycle}}},
		{"cycle of one", "abc", func(h *head, e []*item) { e[1].one.Next = e[1] }, []flaw{{"list 0[2]", qlist.ErrCycle}}},
		{"prev nil", "abc", func(h *head, e []*item) { e[0].one.Prev = nil }, []flaw{{"list 0[0]", qlist.ErrPrev}}},
		{"prev of the second at the head", "abc", func(h *head, e []*item) { e[1].one.Prev = &h.First }, []flaw{{"list 0[1]", qlist.ErrPrev}}},
		{"an element skipped", "abc", func(h *head, e []*item) { e[0].one.Next = e[2] }, []flaw{{"list 0[1]", qlist.ErrPrev}}},
		{"all at once", "abc", func(h *head, e []*item) { e[0].one.Prev, e[2].one.Prev, e[2].one.Next = nil, nil, e[1] },
			[]flaw{{"list 0[0]", qlist.ErrPrev}, {"list 0[2]", qlist.ErrPrev}, {"list 0[3]", qlist.ErrCycle}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, e := list(c.names)
			c.harm(h, e)
			if got := flaws(t, byOne.Check(h)); !slices.Equal(got, c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestCheckOfTwoLists(t *testing.T) {
	m := byOne.Metadata(nil)
	a, e := list("abc")
	b, x := list("xy")
	pointers := func(h ...*head) (list []unsafe.Pointer) {
		for _, h := range h {
			list = append(list, unsafe.Pointer(h))
		}
		return list
	}
	if err := qlist.Check(m, pointers(a, b, new(head))...); err != nil {
		t.Fatal(err)
	}
	e[2].one.Next = x[0]
	got := flaws(t, qlist.Check(m, pointers(a, b)...))
	if want := []flaw{{"list 0[3]", qlist.ErrPrev}, {"list 1[0]", qlist.ErrTwoLists}}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	// The same entry linked into two lists by the operations themselves.
	a, e = list("a")
	c := new(head)
	byOne.InsertHead(c, e[0])
	if err := qlist.Check(m, pointers(a, c)...); !errors.Is(err, qlist.ErrTwoLists) {
		t.Fatal(err)
	}
}
