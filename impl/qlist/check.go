package qlist

import (
	"errors"
	"fmt"
	"unsafe"

	"vmconform/rules"
)

// What may be wrong with the links of a list. Each is the cause of a
// *rules.Error of class bad-link.
var (
	ErrCycle    = errors.New("an element comes twice")
	ErrPrev     = errors.New("prev is not the slot that the element hangs from")
	ErrTwoLists = errors.New("an element stands in two lists")
)

// Check goes through the lists at the given heads, which share their entry, and
// returns every broken invariant of their links, joined. Each error is a
// *rules.Error whose path is "list L[I]", the list's place among heads and the
// element's in the list. It ends on any links whatever, after each element once.
// A list is not followed beyond an element met before.
func Check(m *Metadata, heads ...unsafe.Pointer) error {
	var found []error
	where := map[unsafe.Pointer]int{} // element → its list
	for list, head := range heads {
		at := m.first(head)
		for i := 0; *at != nil; i++ {
			bad := func(cause error) {
				found = append(found, &rules.Error{Class: rules.BadLink, Rule: rules.ListLinks, Path: fmt.Sprintf("list %d[%d]", list, i), Cause: cause})
			}
			e := *at
			if other, seen := where[e]; seen {
				if other == list {
					bad(ErrCycle)
				} else {
					bad(ErrTwoLists)
				}
				break
			}
			where[e] = list
			if *m.prev(e) != at {
				bad(ErrPrev)
			}
			at = m.next(e)
		}
	}
	return errors.Join(found...)
}

// Check is the function Check for the list h.
func (t Type[T]) Check(h *Head[T]) error {
	return Check(t.Metadata(nil), unsafe.Pointer(h))
}
