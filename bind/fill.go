package bind

import (
	"fmt"
	"math"
	"unsafe"

	"vmconform/model"
	"vmconform/rules"
)

// A misfit is a value that its schema cannot hold.
type misfit struct {
	path, detail string
}

func (m *misfit) in(format string, args ...any) *misfit {
	sep := ""
	if m.path != "" && m.path[0] != '[' {
		sep = "/"
	}
	m.path = fmt.Sprintf(format, args...) + sep + m.path
	return m
}

// fill writes a value into a new object of the class. It links queues by
// itself, so that a fault of the implementation's insertion shows.
func (c *Class) fill(obj unsafe.Pointer, v *model.Struct) error {
	if m := c.body.fill(obj, v); m != nil {
		return &rules.Error{Class: rules.OutOfRange, Rule: rules.CountRange, Path: m.path, Detail: m.detail}
	}
	return nil
}

func (t *body) fill(obj unsafe.Pointer, v *model.Struct) *misfit {
	if v == nil || len(v.Fields) != len(t.members) || len(v.Subs) != len(t.subs) {
		return &misfit{detail: "a value of another shape"}
	}
	for i := range t.members {
		m := &t.members[i]
		n := m.room
		if m.from != nil { // it comes earlier
			n = m.times(m.from.number(obj))
		}
		if bad := m.fill(obj, v.Fields[i], n); bad != nil {
			return bad.in("%s", m.f.Name)
		}
	}
	for i := range t.subs {
		u := &t.subs[i]
		if v.Subs[i] == nil {
			continue
		}
		*(*byte)(unsafe.Add(obj, u.present)) = 1
		if bad := u.body.fill(obj, v.Subs[i]); bad != nil {
			return bad.in("%s", u.body.schema.Name)
		}
	}
	return nil
}

// number is the count or size that a value stands for; -1 if it is none.
func number(v model.Value) int {
	switch n := v.(type) {
	case model.Uint:
		if n <= rules.MaxCount {
			return int(n)
		}
	case model.Int:
		if n >= 0 && n <= rules.MaxCount {
			return int(n)
		}
	}
	return -1
}

// fill writes one member, which is to have n elements; -1 is a number that there
// cannot be. One that is empty though it is counted stands for one that was not
// on the wire: there is no memory for it.
func (m *member) fill(obj unsafe.Pointer, v model.Value, n int) *misfit {
	f := m.f
	fits := func(have int) bool { return have == n && (m.counted() || n <= m.room) || m.counted() && have == 0 }
	switch f.Type {
	case model.TypeValidate:
		return nil
	case model.TypeTmp:
		return m.fillOne(m.base(obj), v)
	case model.TypeBuffer:
		b, ok := v.(model.Bytes)
		if !ok || !fits(len(b)) {
			return &misfit{detail: fmt.Sprintf("%T of %d bytes, want %d", v, len(b), n)}
		}
		copy(unsafe.Slice((*byte)(m.hang(obj, len(b))), len(b)), b)
		return nil
	case model.TypeBitmap:
		if m.from != nil && n >= 0 {
			n = bitmapWords(n)
		}
	default:
		if !f.Array {
			return m.fillOne(m.base(obj), v)
		}
	}
	list, ok := v.(model.List)
	if !ok || !fits(len(list)) {
		return &misfit{detail: fmt.Sprintf("%T of %d elements, want %d", v, len(list), n)}
	}
	base := m.hang(obj, len(list))
	for i, e := range list {
		if bad := m.fillElement(base, i, e); bad != nil {
			return bad.in("[%d]", i)
		}
	}
	return nil
}

// hang gives the member's memory, which it makes for n elements where they are
// counted.
func (m *member) hang(obj unsafe.Pointer, n int) unsafe.Pointer {
	if m.counted() {
		*slotAt(obj, m.off) = m.make(n)
	}
	return m.base(obj)
}

// fillElement writes element i of an array. Of pointers those are NULL that the
// schema says, or where all are marked those that the value says.
func (m *member) fillElement(base unsafe.Pointer, i int, v model.Value) *misfit {
	if !m.f.Pointers {
		return m.fillOne(m.at(base, i), v)
	}
	slot := slotAt(base, uintptr(i)*pointerSize)
	_, null := v.(model.Null)
	switch {
	case m.f.Marked && !null:
		*slot = m.one()
	case m.f.Marked:
		*slot = nil
	case null != (*slot == nil):
		return &misfit{detail: "NULL where there is an element, or the other way round"}
	}
	if null {
		return nil
	}
	return m.fillOne(*slot, v)
}

func (m *member) fillOne(p unsafe.Pointer, v model.Value) *misfit {
	wrong := func() *misfit { return &misfit{detail: fmt.Sprintf("%T %v does not fit its type", v, v)} }
	switch m.f.Type {
	case model.TypeUnused, model.TypeNull:
		return nil
	case model.TypeStruct, model.TypeVStruct, model.TypeTmp:
		s, ok := v.(*model.Struct)
		if !ok {
			return wrong()
		}
		return m.child.body.fill(p, s)
	case model.TypeQueue, model.TypeList:
		l, ok := v.(model.List)
		if !ok {
			return wrong()
		}
		return m.fillQueue(p, l)
	case model.TypeTree:
		tree, ok := v.(model.Tree)
		if !ok {
			return wrong()
		}
		return m.fillTree(p, tree)
	case model.TypeBool:
		b, ok := v.(model.Bool)
		if !ok {
			return wrong()
		}
		*(*bool)(p) = bool(b)
		return nil
	}
	if signed(plain(m.f.Type)) {
		n, ok := v.(model.Int)
		limit := int64(math.MaxInt64) >> (64 - 8*m.stride)
		if !ok || int64(n) > limit || int64(n) < -limit-1 {
			return wrong()
		}
		store(p, m.stride, uint64(n))
		return nil
	}
	n, ok := v.(model.Uint)
	if !ok || uint64(n) > math.MaxUint64>>(64-8*m.stride) {
		return wrong()
	}
	store(p, m.stride, uint64(n))
	return nil
}

func signed(t model.Type) bool { return t >= model.TypeInt8 && t <= model.TypeInt64 }

func store(p unsafe.Pointer, width uintptr, n uint64) {
	switch width {
	case 1:
		*(*uint8)(p) = uint8(n)
	case 2:
		*(*uint16)(p) = uint16(n)
	case 4:
		*(*uint32)(p) = uint32(n)
	default:
		*(*uint64)(p) = n
	}
}

func (m *member) fillQueue(head unsafe.Pointer, l model.List) *misfit {
	elems := make([]unsafe.Pointer, len(l))
	for i, v := range l {
		s, ok := v.(*model.Struct)
		if !ok {
			return (&misfit{detail: "an element is a struct"}).in("[%d]", i)
		}
		c := m.class(i)
		elems[i] = c.new()
		if bad := c.body.fill(elems[i], s); bad != nil {
			return bad.in("[%d]", i)
		}
	}
	first, last := queueHead(head)
	*first = nil
	at := first
	for i, e := range elems {
		next, prev := m.class(i).links(e)
		*prev = at
		*at = e
		at = next
	}
	if m.f.Type == model.TypeQueue {
		*last = at
	}
	return nil
}

// queueHead gives the two slots of a head: first, and the pointer to a slot
// that is last, which a list has no use for.
func queueHead(head unsafe.Pointer) (first *unsafe.Pointer, last **unsafe.Pointer) {
	return (*unsafe.Pointer)(head), (**unsafe.Pointer)(unsafe.Add(head, pointerSize))
}

// links gives the two slots of an element's entry.
func (c *Class) links(e unsafe.Pointer) (next *unsafe.Pointer, prev **unsafe.Pointer) {
	p := unsafe.Add(e, c.entry)
	return (*unsafe.Pointer)(p), (**unsafe.Pointer)(unsafe.Add(p, pointerSize))
}
