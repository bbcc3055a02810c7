package tailq

import (
	"iter"
	"unsafe"
)

// A Head is a queue's head (QTAILQ_HEAD). The zero Head is an empty queue that
// has not been initialised; every operation here takes it for an empty one. A
// Head must not be copied: Last may point into it.
type Head[T any] struct {
	First *T
	Last  **T // the Next of the last element, or First
}

// An Entry is what an element carries to stand in a queue (QTAILQ_ENTRY).
type Entry[T any] struct {
	Next *T
	Prev **T // the Next of the element before, or the head's First
}

// A Type knows where in T the entry of a queue of T lies. Two entries in one T
// are two Types.
type Type[T any] struct {
	entry uintptr
}

// Of makes a Type from a function that returns the address of the entry inside
// the element that it is given, which it must not look into.
func Of[T any](entry func(*T) *Entry[T]) Type[T] {
	e := new(T)
	return Type[T]{uintptr(unsafe.Pointer(entry(e))) - uintptr(unsafe.Pointer(e))}
}

func (t Type[T]) of(e *T) *Entry[T] {
	return (*Entry[T])(unsafe.Add(unsafe.Pointer(e), t.entry))
}

// Init makes the queue empty.
func (t Type[T]) Init(h *Head[T]) {
	h.First = nil
	h.Last = &h.First
}

func (t Type[T]) ready(h *Head[T]) {
	if h.Last == nil {
		t.Init(h)
	}
}

// Empty reports whether the queue has no element.
func (t Type[T]) Empty(h *Head[T]) bool { return h.First == nil }

// First returns the first element, or nil.
func (t Type[T]) First(h *Head[T]) *T { return h.First }

// Last returns the last element, or nil.
func (t Type[T]) Last(h *Head[T]) *T {
	t.ready(h)
	return before(h.Last)
}

// Next returns the element after e, or nil.
func (t Type[T]) Next(e *T) *T { return t.of(e).Next }

// Prev returns the element before e, which stands in a queue, or nil.
func (t Type[T]) Prev(e *T) *T { return before(t.of(e).Prev) }

// before returns the element whose Next slot is, or nil where slot is a head's
// First. A slot is followed by the pointer to the slot before it, in an Entry
// as in a Head; that is why both have their members in one order.
func before[T any](slot **T) *T {
	return *(*Head[T])(unsafe.Pointer(slot)).Last
}

// InsertHead makes e, which stands in no queue by this entry, the first.
func (t Type[T]) InsertHead(h *Head[T], e *T) {
	t.ready(h)
	n := t.of(e)
	n.Next = h.First
	n.Prev = &h.First
	if n.Next != nil {
		t.of(n.Next).Prev = &n.Next
	} else {
		h.Last = &n.Next
	}
	h.First = e
}

// InsertTail makes e the last.
func (t Type[T]) InsertTail(h *Head[T], e *T) {
	t.ready(h)
	n := t.of(e)
	n.Next = nil
	n.Prev = h.Last
	*h.Last = e
	h.Last = &n.Next
}

// InsertAfter puts e behind at, which stands in h.
func (t Type[T]) InsertAfter(h *Head[T], at, e *T) {
	n, a := t.of(e), t.of(at)
	n.Next = a.Next
	n.Prev = &a.Next
	if n.Next != nil {
		t.of(n.Next).Prev = &n.Next
	} else {
		h.Last = &n.Next
	}
	a.Next = e
}

// InsertBefore puts e before at, which stands in a queue.
func (t Type[T]) InsertBefore(at, e *T) {
	n, a := t.of(e), t.of(at)
	n.Next = at
	n.Prev = a.Prev
	*a.Prev = e
	a.Prev = &n.Next
}

// Remove takes e out of h and leaves e's entry zero.
func (t Type[T]) Remove(h *Head[T], e *T) {
	n := t.of(e)
	if n.Next != nil {
		t.of(n.Next).Prev = n.Prev
	} else {
		h.Last = n.Prev
	}
	*n.Prev = n.Next
	*n = Entry[T]{}
}

// Concat moves all of src, which is another queue, behind the last of dst and
// leaves src empty.
func (t Type[T]) Concat(dst, src *Head[T]) {
	t.ready(dst)
	if src.First == nil {
		return
	}
	*dst.Last = src.First
	t.of(src.First).Prev = dst.Last
	dst.Last = src.Last
	t.Init(src)
}

// All goes through the queue from first to last. The element at hand may be
// removed.
func (t Type[T]) All(h *Head[T]) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for e := h.First; e != nil; {
			next := t.of(e).Next
			if !yield(e) {
				return
			}
			e = next
		}
	}
}
