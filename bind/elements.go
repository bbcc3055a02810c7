package bind

import (
	"vmconform/impl/qlist"
	"vmconform/impl/tailq"
)

// class is that of the element at a place in a queue or list.
func (m *member) class(i int) *Class {
	if i < len(m.each) {
		return m.each[i]
	}
	return m.child
}

// queue is the meta data of a queue. The offsets are not known before the class
// of its elements is laid out: where there is nothing to add they are shared
// with it.
func (m *member) queue() *tailq.Metadata {
	if len(m.each) == 0 {
		return m.child.queue
	}
	// Elements of several classes have their entry at 0.
	q := &tailq.Metadata{Last: pointerSize, Prev: pointerSize, New: m.child.new, VMSD: m.child.Description}
	for _, c := range m.each {
		q.Elements = append(q.Elements, tailq.Element{New: c.new, VMSD: c.Description})
	}
	return q
}

func (m *member) list() *qlist.Metadata {
	if len(m.each) == 0 {
		return m.child.list
	}
	l := &qlist.Metadata{Prev: pointerSize, New: m.child.new, VMSD: m.child.Description}
	for _, c := range m.each {
		l.Elements = append(l.Elements, qlist.Element{New: c.new, VMSD: c.Description})
	}
	return l
}
