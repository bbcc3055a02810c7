package bind

import (
	"unsafe"

	"vmconform/impl/qlist"
	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
)

// class is that of the element at a place in a queue or list.
func (m *member) class(i int) *Class {
	if i < len(m.each) {
		return m.each[i]
	}
	return m.child
}

// nth is class for the hooks; there is none where all elements are alike.
func (m *member) nth() func(i int) (*vmstate.Description, func() unsafe.Pointer) {
	if len(m.each) == 0 {
		return nil
	}
	return func(i int) (*vmstate.Description, func() unsafe.Pointer) {
		c := m.class(i)
		return c.Description, c.new
	}
}

// queue is the meta data of a queue. The offsets are not known before the
// class of its elements is laid out: where there is nothing to add they are
// shared with it.
func (m *member) queue() *tailq.Metadata {
	if m.nth() == nil {
		return m.child.queue
	}
	// Elements of several classes have their entry at 0.
	return &tailq.Metadata{Last: pointerSize, Prev: pointerSize, VMSD: m.child.Description, Nth: m.nth()}
}

func (m *member) list() *qlist.Metadata {
	if m.nth() == nil {
		return m.child.list
	}
	return &qlist.Metadata{Prev: pointerSize, VMSD: m.child.Description, Nth: m.nth()}
}
