package qlist

import (
	"iter"
	"unsafe"
)

// A Head is a list's head (QLIST_HEAD). The zero Head is an empty list. A Head
// must not be copied: the first element points back into it.
type Head[T any] struct {
	First *T
}

// An Entry is what an element carries to stand in a list (QLIST_ENTRY).
type Entry[T any] struct {
	Next *T
	Prev **T // the Next of the element before, or the head's First
}

// A Type knows where in T the entry of a list of T lies. Two entries in one T
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

// Init makes the list empty.
func (t Type[T]) Init(h *Head[T]) { h.First = nil }

// Empty reports whether the list has no element.
func (t Type[T]) Empty(h *Head[T]) bool { return h.First == nil }

// First returns the first element, or nil.
func (t Type[T]) First(h *Head[T]) *T { return h.First }

// Next returns the element after e, or nil.
func (t Type[T]) Next(e *T) *T { return t.of(e).Next }

// InsertHead makes e, which stands in no list by this entry, the first.
func (t Type[T]) InsertHead(h *Head[T], e *T) { t.insert(&h.First, e) }

// InsertAfter puts e behind at, which stands in a list.
func (t Type[T]) InsertAfter(at, e *T) { t.insert(&t.of(at).Next, e) }

// InsertBefore puts e before at, which stands in a list.
func (t Type[T]) InsertBefore(at, e *T) { t.insert(t.of(at).Prev, e) }

// insert hangs e from slot and what hung there from e.
func (t Type[T]) insert(slot **T, e *T) {
	n := t.of(e)
	n.Next, n.Prev = *slot, slot
	if n.Next != nil {
		t.of(n.Next).Prev = &n.Next
	}
	*slot = e
}

// Remove takes e out of its list and leaves e's entry zero.
func (t Type[T]) Remove(e *T) {
	n := t.of(e)
	if n.Next != nil {
		t.of(n.Next).Prev = n.Prev
	}
	*n.Prev = n.Next
	*n = Entry[T]{}
}

// All goes through the list from first to last. The element at hand may be
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
