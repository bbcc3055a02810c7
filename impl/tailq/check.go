package tailq

import (
	"errors"
	"fmt"
	"unsafe"

	"vmconform/rules"
)

// What may be wrong with the links of a queue. Each is the cause of a
// *rules.Error of class bad-link.
var (
	ErrCycle     = errors.New("an element comes twice")
	ErrPrev      = errors.New("prev is not the slot that the element hangs from")
	ErrLast      = errors.New("last is not the last slot")
	ErrTwoQueues = errors.New("an element stands in two queues")
)

// Check goes through the queues at the given heads, which share their entry,
// and returns every broken invariant of their links, joined. Each error is a
// *rules.Error whose path is "queue Q[I]", the queue's place among heads and the
// element's in the queue, or "queue Q" for a wrong last. It ends on any links
// whatever, after each element once. A queue is not followed beyond an element
// met before.
func Check(m *Metadata, heads ...unsafe.Pointer) error {
	var found []error
	where := map[unsafe.Pointer]int{} // element → its queue
	for q, head := range heads {
		found = append(found, m.check(q, head, where)...)
	}
	return errors.Join(found...)
}

func (m *Metadata) check(q int, head unsafe.Pointer, where map[unsafe.Pointer]int) (found []error) {
	bad := func(cause error, format string, at ...any) {
		found = append(found, &rules.Error{Class: rules.BadLink, Rule: rules.QueueLinks, Path: fmt.Sprintf(format, at...), Cause: cause})
	}
	at := m.first(head)
	if *at == nil && *m.last(head) == nil {
		return nil // not initialised: empty
	}
	for i := 0; *at != nil; i++ {
		e := *at
		if other, seen := where[e]; seen {
			cause := ErrTwoQueues
			if other == q {
				cause = ErrCycle
			}
			bad(cause, "queue %d[%d]", q, i)
			return found
		}
		where[e] = q
		if *m.prev(e) != at {
			bad(ErrPrev, "queue %d[%d]", q, i)
		}
		at = m.next(e)
	}
	if *m.last(head) != at {
		bad(ErrLast, "queue %d", q)
	}
	return found
}

// Check is the function Check for the queue h.
func (t Type[T]) Check(h *Head[T]) error {
	return Check(t.Metadata(nil), unsafe.Pointer(h))
}
