package model

import "testing"

func TestSequence(t *testing.T) {
	var s, other Sequence[string]
	holds := func(want ...string) {
		t.Helper()
		equal(t, append([]string{}, want...), s.Items())
	}
	is := func(want string, wantOK bool) func(string, bool) {
		return func(x string, ok bool) {
			t.Helper()
			equal(t, want, x)
			equal(t, wantOK, ok)
		}
	}
	holds()
	is("", false)(s.First())
	is("", false)(s.Last())
	is("", false)(s.Next("a"))

	equal(t, true, s.InsertTail("c"))
	equal(t, true, s.InsertHead("a"))
	equal(t, true, s.InsertAfter("a", "b"))
	equal(t, true, s.InsertTail("e"))
	equal(t, true, s.InsertBefore("e", "d"))
	equal(t, true, s.InsertBefore("a", "0"))
	equal(t, true, s.InsertAfter("e", "f"))
	holds("0", "a", "b", "c", "d", "e", "f")
	is("0", true)(s.First())
	is("f", true)(s.Last())
	is("a", true)(s.Next("0"))
	is("e", true)(s.Prev("f"))
	is("", false)(s.Next("f"))
	is("", false)(s.Prev("0"))
	is("", false)(s.Next("z"))
	is("", false)(s.Prev("z"))

	equal(t, true, s.Remove("0"))
	equal(t, true, s.Remove("f"))
	equal(t, true, s.Remove("c"))
	holds("a", "b", "d", "e")

	// Nothing happens for an item that is not there, or is there already.
	equal(t, false, s.Remove("c"))
	equal(t, false, s.InsertBefore("c", "x"))
	equal(t, false, s.InsertAfter("c", "x"))
	equal(t, false, s.InsertHead("e"))
	equal(t, false, s.InsertTail("a"))
	holds("a", "b", "d", "e")

	other.InsertTail("x")
	other.InsertTail("y")
	s.Concat(&other)
	holds("a", "b", "d", "e", "x", "y")
	equal(t, []string{}, other.Items())
	s.Concat(&other)
	holds("a", "b", "d", "e", "x", "y")
	other.InsertHead("z")
	holds("a", "b", "d", "e", "x", "y")

	s.Items()[0] = "changed"
	is("a", true)(s.First())
}
