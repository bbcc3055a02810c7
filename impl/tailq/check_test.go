package tailq_test

import (
	"errors"
	"slices"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/rules"
)

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
		if !ok || re.Class != rules.BadLink || re.Rule != rules.QueueLinks {
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
		{"empty", "", func(h *head, _ []*item) { byOne.Init(h) }, nil},
		{"cycle to the first", "abc", func(h *head, e []*item) { e[2].one.Next = e[0] }, []flaw{{"queue 0[3]", tailq.ErrCycle}}},
		{"cycle to the second", "abc", func(h *head, e []*item) { e[2].one.Next = e[1] }, []flaw{{"queue 0[3]", tailq.ErrCycle}}},
		{"cycle of one", "abc", func(h *head, e []*item) { e[1].one.Next = e[1] }, []flaw{{"queue 0[2]", tailq.ErrCycle}}},
		{"a single element, in a cycle", "a", func(h *head, e []*item) { e[0].one.Next = e[0] }, []flaw{{"queue 0[1]", tailq.ErrCycle}}},
		{"prev of the first", "abc", func(h *head, e []*item) { e[0].one.Prev = &e[1].one.Next }, []flaw{{"queue 0[0]", tailq.ErrPrev}}},
		{"prev of the second", "abc", func(h *head, e []*item) { e[1].one.Prev = &h.First }, []flaw{{"queue 0[1]", tailq.ErrPrev}}},
		{"prev of the last", "abc", func(h *head, e []*item) { e[2].one.Prev = &h.First }, []flaw{{"queue 0[2]", tailq.ErrPrev}}},
		{"prev nil", "abc", func(h *head, e []*item) { e[1].one.Prev = nil }, []flaw{{"queue 0[1]", tailq.ErrPrev}}},
		{"last too early", "abc", func(h *head, e []*item) { h.Last = &e[1].one.Next }, []flaw{{"queue 0", tailq.ErrLast}}},
		{"last at the head", "abc", func(h *head, e []*item) { h.Last = &h.First }, []flaw{{"queue 0", tailq.ErrLast}}},
		{"last nil", "abc", func(h *head, e []*item) { h.Last = nil }, []flaw{{"queue 0", tailq.ErrLast}}},
		{"last of an empty queue", "a", func(h *head, e []*item) { h.First = nil }, []flaw{{"queue 0", tailq.ErrLast}}},
		{"an element skipped", "abc", func(h *head, e []*item) { e[0].one.Next = e[2] }, []flaw{{"queue 0[1]", tailq.ErrPrev}}},
		{"the tail lost", "abc", func(h *head, e []*item) { e[1].one.Next = nil }, []flaw{{"queue 0", tailq.ErrLast}}},
		{"all at once", "abc", func(h *head, e []*item) {
			e[0].one.Prev, e[2].one.Prev, h.Last = nil, nil, nil
		}, []flaw{{"queue 0[0]", tailq.ErrPrev}, {"queue 0[2]", tailq.ErrPrev}, {"queue 0", tailq.ErrLast}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, e := queue(c.names)
			c.harm(h, e)
			if got := flaws(t, byOne.Check(h)); !slices.Equal(got, c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestCheckOfTwoQueues(t *testing.T) {
	m := byOne.Metadata(nil)
	heads := func(h ...*head) (list []unsafe.Pointer) {
		for _, h := range h {
			list = append(list, unsafe.Pointer(h))
		}
		return list
	}
	a, _ := queue("abc")
	b, x := queue("xy")
	if err := tailq.Check(m, heads(a, b, new(head))...); err != nil {
		t.Fatal(err)
	}
	// A head that is not initialised does not keep the next from being looked at.
	broken, _ := queue("a")
	broken.Last = nil
	same(t, flaws(t, tailq.Check(m, heads(new(head), broken)...))[0], flaw{"queue 1", tailq.ErrLast})
	// Hung into the second queue by force.
	byOne.Last(a).one.Next = x[0]
	got := flaws(t, tailq.Check(m, heads(a, b)...))
	want := []flaw{{"queue 0[3]", tailq.ErrPrev}, {"queue 0", tailq.ErrLast}, {"queue 1[0]", tailq.ErrTwoQueues}}
	if !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	if err := tailq.Check(m, heads(b, a)...); !errors.Is(err, tailq.ErrTwoQueues) {
		t.Fatal(err)
	}
	// The same entry linked into two queues by the operations themselves.
	a, e := queue("a")
	c := new(head)
	byOne.InsertTail(c, e[0])
	if err := tailq.Check(m, heads(a, c)...); !errors.Is(err, tailq.ErrTwoQueues) {
		t.Fatal(err)
	}
	// One head given twice is as wrong.
	if err := tailq.Check(m, heads(a, a)...); !errors.Is(err, tailq.ErrTwoQueues) {
		t.Fatal(err)
	}
}
