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
	c.body.queues(obj, s.Version, &queues)
	if err := fault.apply(queues); err != nil {
		return nil, err
	}
	saved, err := vmstate.Save(c.Description, obj, s.Version, vmstate.SaveOptions{Limits: r.Limits})
	return saved.Stream, err
}

// A queue is a queue, a list or a tree in memory.
type queue struct {
	m        *member
	head     unsafe.Pointer
	elements []unsafe.Pointer // of a tree none
}

func (q queue) len() int {
	if q.m.f.Type == model.TypeTree {
		return len((*treeHead)(q.head).pairs)
	}
	return len(q.elements)
}

func (q queue) links(i int) (next *unsafe.Pointer, prev **unsafe.Pointer) {
	return q.m.class(i).links(q.elements[i])
}

// queues lists the queues of an object in the order in which a save at a version
// meets them. Their links must be whole.
func (t *body) queues(obj unsafe.Pointer, version uint32, list *[]queue) {
	for i := range t.members {
		m := &t.members[i]
		there := m.f.Version <= version
		if m.f.When != nil {
			there = t.condition(m.f.When)(obj)
		}
		if m.child == nil || !there {
			continue
		}
		base, n := m.in(obj)
		for j := range n {
			if m.f.Type == model.TypeTmp {
				m.queuesOf(base, list)
			} else if p := m.at(base, j); p != nil {
				m.queuesOf(p, list)
			}
		}
	}
	for i := range t.subs {
		if u := &t.subs[i]; *(*byte)(unsafe.Add(obj, u.present)) != 0 {
			u.body.queues(obj, u.body.schema.Version, list)
		}
	}
}

func (m *member) queuesOf(p unsafe.Pointer, list *[]queue) {
	switch m.f.Type {
	case model.TypeStruct, model.TypeTmp:
		m.child.body.queues(p, m.f.Elem.Version, list)
		return
	case model.TypeVStruct:
		m.child.body.queues(p, m.f.StructVersion, list)
		return
	case model.TypeTree:
		*list = append(*list, queue{m: m, head: p})
		for _, pair := range (*treeHead)(p).pairs {
			m.child.body.queues(pair.value, m.f.Elem.Version, list)
		}
		return
	}
	q := queue{m: m, head: p}
	at, _ := queueHead(p)
	for e := *at; e != nil; e = *at {
		q.elements = append(q.elements, e)
		at, _ = q.links(len(q.elements) - 1)
	}
	*list = append(*list, q)
	for i, e := range q.elements {
		c := m.class(i)
		c.body.queues(e, c.schema.Version, list)
	}
}

func (f Fault) apply(queues []queue) error {
	at := func(i int) (queue, error) {
		if i < 0 || i >= len(queues) || queues[i].len() == 0 {
			return queue{}, fmt.Errorf("%v: there is no such queue with elements", f)
		}
		return queues[i], nil
	}
	q, err := at(f.Queue)
	if err != nil {
		return err
	}
	n := q.len()
	if f.Kind != FaultShared && (f.Element < 0 || f.Element >= n) {
		return fmt.Errorf("%v: there are %d elements", f, n)
	}
	ofTrees := f.Kind == FaultOrder || f.Kind == FaultTwice
	if tree := q.m.f.Type == model.TypeTree; tree != ofTrees {
		return fmt.Errorf("%v: no such fault of a %v", f, q.m.f.Type)
	}
	if ofTrees && f.Element+1 == n {
		return fmt.Errorf("%v: there is none after it", f)
	}
	switch f.Kind {
	case FaultOrder:
		pairs := (*treeHead)(q.head).pairs
		pairs[f.Element], pairs[f.Element+1] = pairs[f.Element+1], pairs[f.Element]
		return nil
	case FaultTwice:
		pairs := (*treeHead)(q.head).pairs
		pairs[f.Element+1].key = pairs[f.Element].key
		return nil
	}
	first, last := queueHead(q.head)
	tail, _ := q.links(n - 1)
	if q.m.f.Type == model.TypeList && (f.Kind == FaultLast || f.Kind == FaultLastEmpty) {
		return fmt.Errorf("%v: a list has no last", f)
	}
	switch f.Kind {
	case FaultCycle:
		*tail = q.elements[f.Element]
	case FaultPrev:
		_, prev := q.links(f.Element)
		*prev, _ = q.links((f.Element + 1) % n)
	case FaultLast:
		*last, _ = q.links(f.Element)
	case FaultLastEmpty:
		*last = first
	case FaultShared:
		other, err := at(f.Other)
		if err != nil {
			return err
		}
		if other.m.f.Elem != q.m.f.Elem || other.m.f.Type != q.m.f.Type || f.Element < 0 || f.Element >= other.len() {
			return fmt.Errorf("%v: no such element of that kind", f)
		}
		*tail = other.elements[f.Element]
	default:
		return fmt.Errorf("%v: unknown", f)
	}
	return nil
}
