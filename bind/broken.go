package bind

import (
	"fmt"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/model"
)

// SaveBroken lays the value out in memory, makes the fault there and saves at
// the schema's version.
func (r *Reference) SaveBroken(s *model.Schema, v *model.Struct, fault Fault) ([]byte, error) {
	c, obj, err := r.object(s, v)
	if err != nil {
		return nil, err
	}
	var queues []queue
	c.body.queues(obj, &queues)
	if err := fault.apply(queues); err != nil {
		return nil, err
	}
	saved, err := vmstate.Save(c.Description, obj, s.Version, vmstate.SaveOptions{Limits: r.Limits})
	return saved.Stream, err
}

// A queue is a queue in memory.
type queue struct {
	head     unsafe.Pointer
	class    *Class // of the elements
	elements []unsafe.Pointer
}

// queues lists the queues of an object in the order in which a save meets
// them. Their links must be whole.
func (t *body) queues(obj unsafe.Pointer, list *[]queue) {
	for i := range t.members {
		m := &t.members[i]
		if m.child == nil || m.f.Version > t.schema.Version {
			continue
		}
		base, n := m.in(obj)
		for j := range n {
			m.queuesOf(unsafe.Add(base, uintptr(j)*m.stride), list)
		}
	}
	for i := range t.subs {
		if u := &t.subs[i]; *(*byte)(unsafe.Add(obj, u.present)) != 0 {
			u.body.queues(obj, list)
		}
	}
}

func (m *member) queuesOf(p unsafe.Pointer, list *[]queue) {
	if m.f.Type == model.TypeStruct {
		m.child.body.queues(p, list)
		return
	}
	q := queue{head: p, class: m.child}
	at, _ := queueHead(p)
	for e := *at; e != nil; e = *at {
		q.elements = append(q.elements, e)
		at, _ = m.child.entry(e)
	}
	*list = append(*list, q)
	for _, e := range q.elements {
		m.child.body.queues(e, list)
	}
}

func (f Fault) apply(queues []queue) error {
	at := func(i int) (queue, error) {
		if i < 0 || i >= len(queues) || len(queues[i].elements) == 0 {
			return queue{}, fmt.Errorf("%v: there is no such queue with elements", f)
		}
		return queues[i], nil
	}
	q, err := at(f.Queue)
	if err != nil {
		return err
	}
	n := len(q.elements)
	if f.Kind != FaultShared && (f.Element < 0 || f.Element >= n) {
		return fmt.Errorf("%v: there are %d elements", f, n)
	}
	first, last := queueHead(q.head)
	tail, _ := q.class.entry(q.elements[n-1])
	switch f.Kind {
	case FaultCycle:
		*tail = q.elements[f.Element]
	case FaultPrev:
		_, prev := q.class.entry(q.elements[f.Element])
		*prev, _ = q.class.entry(q.elements[(f.Element+1)%n])
	case FaultLast:
		*last, _ = q.class.entry(q.elements[f.Element])
	case FaultLastEmpty:
		*last = first
	case FaultShared:
		other, err := at(f.Other)
		if err != nil {
			return err
		}
		if other.class != q.class || f.Element < 0 || f.Element >= len(other.elements) {
			return fmt.Errorf("%v: no such element of that kind", f)
		}
		*tail = other.elements[f.Element]
	default:
		return fmt.Errorf("%v: unknown", f)
	}
	return nil
}
