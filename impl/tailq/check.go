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
		i := 0
		bad := func(cause error, format string, at ...any) {
			found = append(found, &rules.Error{Class: rules.BadLink, Rule: rules.QueueLinks, Path: fmt.Sprintf(format, at...), Cause: cause})
		}
		at := m.first(head)
		e := *at
		if e == nil && *m.last(head) == nil {
			continue // not initialised: empty
		}
		for ; e != nil; i++ {
			other, seen := where[e]
			if seen && other == q {
				bad(ErrCycle, "queue %d[%d]", q, i)
				break
			}
			if seen {
				bad(ErrTwoQueues, "queue %d[%d]", q, i)
				break
			}
			where[e] = q
			if *m.prev(e) != at {
				bad(ErrPrev, "queue %d[%d]", q, i)
			}
			at = m.next(e)
			e = *at
		}
		if e == nil && *m.last(head) != at {
			bad(ErrLast, "queue %d", q)
		}
	}
	return errors.Join(found...)
}

// Check is the function Check for the queue h.
func (t Type[T]) Check(h *Head[T]) error {
	return Check(t.Metadata(nil), unsafe.Pointer(h))
}
