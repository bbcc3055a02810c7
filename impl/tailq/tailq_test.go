package tailq_test

import (
	"testing"

	"vmconform/impl/tailq"
)

func TestInsert(t *testing.T) {
	h := new(head)
	a, b, c, d, e := &item{n: 'a'}, &item{n: 'b'}, &item{n: 'c'}, &item{n: 'd'}, &item{n: 'e'}
	byOne.InsertHead(h, c)
	is(t, h, "c")
	byOne.InsertHead(h, a)
	is(t, h, "ac")
	byOne.InsertTail(h, e)
	is(t, h, "ace")
	byOne.InsertAfter(h, a, b)
	is(t, h, "abce")
	byOne.InsertBefore(e, d)
	is(t, h, "abcde")
	byOne.InsertAfter(h, e, &item{n: 'f'})
	is(t, h, "abcdef")
	byOne.InsertBefore(a, &item{n: 'z'})
	is(t, h, "zabcdef")
	byOne.InsertTail(h, &item{n: 'g'})
	is(t, h, "zabcdefg")
}

func TestRemove(t *testing.T) {
	for _, c := range []struct {
		names string
		at    int
		want  string
	}{{"a", 0, ""}, {"ab", 0, "b"}, {"ab", 1, "a"}, {"abc", 0, "bc"}, {"abc", 1, "ac"}, {"abc", 2, "ab"}} {
		h, items := queue(c.names)
		byOne.Remove(h, items[c.at])
		is(t, h, c.want)
		same(t, items[c.at].one, tailq.Entry[item]{})
		byOne.InsertTail(h, &item{n: 'x'})
		is(t, h, c.want+"x")
		byOne.InsertHead(h, items[c.at])
		is(t, h, c.names[c.at:c.at+1]+c.want+"x")
	}
}

func TestConcat(t *testing.T) {
	for _, c := range []struct{ a, b string }{{"", ""}, {"", "x"}, {"a", ""}, {"ab", "xy"}, {"", "xy"}} {
		for _, initialised := range []bool{false, true} {
			dst, _ := queue(c.a)
			src, _ := queue(c.b)
			if initialised && c.a == "" {
				byOne.Init(dst)
			}
			if initialised && c.b == "" {
				byOne.Init(src)
			}
			byOne.Concat(dst, src)
			is(t, dst, c.a+c.b)
			is(t, src, "")
			byOne.InsertTail(dst, &item{n: 'e'})
			byOne.InsertTail(src, &item{n: 'f'})
			is(t, dst, c.a+c.b+"e")
			is(t, src, "f")
		}
	}
}

func TestNeighbours(t *testing.T) {
	h, items := queue("abc")
	same(t, byOne.First(h), items[0])
	same(t, byOne.Last(h), items[2])
	for i, e := range items {
		var prev, next *item
		if i > 0 {
			prev = items[i-1]
		}
		if i < 2 {
			next = items[i+1]
		}
		same(t, byOne.Prev(e), prev)
		same(t, byOne.Next(e), next)
	}
	same(t, byOne.Empty(h), false)
}

// The zero head is an empty queue, for every operation.
func TestZeroHead(t *testing.T) {
	same(t, byOne.Empty(new(head)), true)
	same(t, byOne.First(new(head)), nil)
	same(t, byOne.Last(new(head)), nil)
	for range byOne.All(new(head)) {
		t.Fatal("an element")
	}
	if err := byOne.Check(new(head)); err != nil {
		t.Fatal(err)
	}
	h := new(head)
	byOne.InsertTail(h, &item{n: 'a'})
	is(t, h, "a")
	h = new(head)
	byOne.InsertHead(h, &item{n: 'a'})
	is(t, h, "a")
	byOne.Init(h)
	is(t, h, "")
	same(t, h.Last, &h.First)
	same(t, byOne.Last(h), nil)
}

func TestAll(t *testing.T) {
	h, items := queue("abcd")
	got := ""
	for e := range byOne.All(h) {
		if got += string(rune(e.n)); e == items[2] {
			break
		}
	}
	same(t, got, "abc")
	for e := range byOne.All(h) {
		if e != items[1] {
			byOne.Remove(h, e)
		}
	}
	is(t, h, "b")
	for e := range byOne.All(h) {
		byOne.Remove(h, e)
	}
	is(t, h, "")
}

// An item stands in two queues by its two entries, in different orders.
func TestTwoEntries(t *testing.T) {
	h, items := queue("abc")
	var other head
	for _, e := range items {
		byTwo.InsertHead(&other, e)
	}
	is(t, h, "abc")
	same(t, walk(t, &other, entryTwo), "cba")
	byOne.Remove(h, items[1])
	is(t, h, "ac")
	same(t, walk(t, &other, entryTwo), "cba")
	same(t, byTwo.Prev(items[0]), items[1])
	byTwo.Remove(&other, items[2])
	same(t, walk(t, &other, entryTwo), "ba")
	is(t, h, "ac")
}
