package tailq

import (
	"iter"
	"unsafe"

	"vmconform/impl/vmstate"
)

// Metadata is what the raw operations and the hooks need to know of a queue
// whose types they do not see (the seed's QTAILQMeta). Offsets and sizes are
// bytes.
type Metadata struct {
	First, Last uintptr               // in the head
	Next, Prev  uintptr               // in the entry
	Entry       uintptr               // in the element
	Size        uintptr               // of the element
	New         func() unsafe.Pointer // a zeroed element, typed
	VMSD        *vmstate.Description  // of the element

	// Elements are what the first elements are, by their place, where those
	// differ from all others. The entry lies at one place in all.
	Elements []Element
}

// An Element is what one element of a queue is whose elements differ.
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

// Metadata computes the meta data of a queue of T from Go's types, for
// elements that d describes (the seed's VMSTATE_QTAILQ_METADATA).
func (t Type[T]) Metadata(d *vmstate.Description) *Metadata {
	var (
		h Head[T]
		n Entry[T]
		e T
	)
	return &Metadata{
		First: unsafe.Offsetof(h.First),
		Last:  unsafe.Offsetof(h.Last),
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

// last and prev hold pointers to slots.
func (m *Metadata) last(head unsafe.Pointer) *slot { return (*slot)(unsafe.Add(head, m.Last)) }
func (m *Metadata) prev(elem unsafe.Pointer) *slot { return (*slot)(unsafe.Add(elem, m.Entry+m.Prev)) }

// RawInit makes the queue at head empty.
func RawInit(m *Metadata, head unsafe.Pointer) {
	*m.first(head) = nil
	*m.last(head) = m.first(head)
}

// RawForEach goes through the queue at head from first to last
// (QTAILQ_RAW_FOREACH). It trusts the links; Check does not.
func RawForEach(m *Metadata, head unsafe.Pointer) iter.Seq[unsafe.Pointer] {
	return func(yield func(unsafe.Pointer) bool) {
		for e := *m.first(head); e != nil; e = *m.next(e) {
			if !yield(e) {
				return
			}
		}
	}
}

// RawInsertTail makes elem, which stands in no queue by this entry, the last of
// the queue at head (QTAILQ_RAW_INSERT_TAIL).
func RawInsertTail(m *Metadata, head, elem unsafe.Pointer) {
	if *m.last(head) == nil {
		RawInit(m, head)
	}
	*m.next(elem) = nil
	*m.prev(elem) = *m.last(head)
	**m.last(head) = elem
	*m.last(head) = m.next(elem)
}
