package qlist

import (
	"iter"
	"unsafe"

	"vmconform/impl/vmstate"
)

// Metadata is what the raw operations and the hooks need to know of a list
// whose types they do not see. Offsets and sizes are bytes.
type Metadata struct {
	First      uintptr               // in the head
	Next, Prev uintptr               // in the entry
	Entry      uintptr               // in the element
	Size       uintptr               // of the element
	New        func() unsafe.Pointer // a zeroed element, typed
	VMSD       *vmstate.Description  // of the element

	// Elements are what the first elements are, by their place, where those
	// differ from all others. The entry lies at one place in all.
	Elements []Element
}

// An Element is what one element of a list is whose elements differ.
type Element struct {
	New  func() unsafe.Pointer
	VMSD *vmstate.Description
}

// element says what the element at a place is.
func (m *Metadata) element(place int) Element {
	if place < len(m.Elements) {
		return m.Elements[place]
	}
	return Element{m.New, m.VMSD}
}

// Metadata computes the meta data of a list of T from Go's types, for elements
// that d describes.
func (t Type[T]) Metadata(d *vmstate.Description) *Metadata {
	var (
		h Head[T]
		n Entry[T]
		e T
	)
	return &Metadata{
		First: unsafe.Offsetof(h.First),
		Next:  unsafe.Offsetof(n.Next),
		Prev:  unsafe.Offsetof(n.Prev),
		Entry: t.entry,
		Size:  unsafe.Sizeof(e),
		New:   func() unsafe.Pointer { return unsafe.Pointer(new(T)) },
		VMSD:  d,
	}
}

// Descriptions is for Compile: see vmstate.Describer.
func (m *Metadata) Descriptions() []*vmstate.Description {
	list := []*vmstate.Description{m.VMSD}
	for _, e := range m.Elements {
		list = append(list, e.VMSD)
	}
	return list
}

// A slot is where a pointer to an element stands: a head's first, or an
// entry's next.
type slot = *unsafe.Pointer

func (m *Metadata) first(head unsafe.Pointer) slot { return slot(unsafe.Add(head, m.First)) }
func (m *Metadata) next(elem unsafe.Pointer) slot  { return slot(unsafe.Add(elem, m.Entry+m.Next)) }

// prev holds a pointer to a slot.
func (m *Metadata) prev(elem unsafe.Pointer) *slot { return (*slot)(unsafe.Add(elem, m.Entry+m.Prev)) }

// RawInit makes the list at head empty.
func RawInit(m *Metadata, head unsafe.Pointer) { *m.first(head) = nil }

// RawForEach goes through the list at head from first to last
// (QLIST_RAW_FOREACH). It trusts the links; Check does not.
func RawForEach(m *Metadata, head unsafe.Pointer) iter.Seq[unsafe.Pointer] {
	return func(yield func(unsafe.Pointer) bool) {
		for e := *m.first(head); e != nil; e = *m.next(e) {
			if !yield(e) {
				return
			}
		}
	}
}

// RawInsertHead makes elem, which stands in no list by this entry, the first of
// the list at head (QLIST_RAW_INSERT_HEAD).
func RawInsertHead(m *Metadata, head, elem unsafe.Pointer) { m.insert(m.first(head), elem) }

// RawInsertAfter puts elem behind at, which stands in a list
// (QLIST_RAW_INSERT_AFTER).
func RawInsertAfter(m *Metadata, at, elem unsafe.Pointer) { m.insert(m.next(at), elem) }

func (m *Metadata) insert(s slot, elem unsafe.Pointer) {
	after := *s
	*m.next(elem), *m.prev(elem) = after, s
	if after != nil {
		*m.prev(after) = m.next(elem)
	}
	*s = elem
}
