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
		n := -1
		if m.count >= 0 {
			n = number(v.Fields[m.count])
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

// fill writes one member; counted is what the member that counts it says. One
// that is empty though it is counted stands for one that was not on the wire:
// there is no memory for it.
func (m *member) fill(obj unsafe.Pointer, v model.Value, counted int) *misfit {
	f := m.f
	base := unsafe.Add(obj, m.off)
	if f.Type == model.TypeBuffer {
		b, ok := v.(model.Bytes)
		want := f.Size
		if m.count >= 0 {
			want = counted
		}
		if !ok || len(b) != want && !(m.count >= 0 && len(b) == 0) {
			return &misfit{detail: fmt.Sprintf("%T of %d bytes, want %d", v, len(b), want)}
		}
		switch {
		case m.count >= 0:
			base = m.counted(len(b))
			*slotAt(obj, m.off) = base
		case m.indirect:
			base = *slotAt(obj, m.off)
		}
		copy(unsafe.Slice((*byte)(base), len(b)), b)
		return nil
	}
	if !f.Array {
		if m.indirect {
			base = *slotAt(obj, m.off)
		}
		return m.fillOne(base, v)
	}
	list, ok := v.(model.List)
	want := f.Count
	if m.count >= 0 {
		want = counted
	}
	if !ok || len(list) != want && !(m.count >= 0 && len(list) == 0) {
		return &misfit{detail: fmt.Sprintf("%T of %d elements, want %d", v, len(list), want)}
	}
	if m.indirect {
		if m.count >= 0 {
			*slotAt(obj, m.off) = m.counted(len(list))
		}
		base = *slotAt(obj, m.off)
	}
	for i, e := range list {
		if bad := m.fillOne(unsafe.Add(base, uintptr(i)*m.stride), e); bad != nil {
			return bad.in("[%d]", i)
		}
	}
	return nil
}

func (m *member) fillOne(p unsafe.Pointer, v model.Value) *misfit {
	wrong := func() *misfit { return &misfit{detail: fmt.Sprintf("%T %v does not fit its type", v, v)} }
	switch m.f.Type {
	case model.TypeUnused, model.TypeNull:
		return nil
	case model.TypeStruct:
		s, ok := v.(*model.Struct)
		if !ok {
			return wrong()
		}
		return m.child.body.fill(p, s)
	case model.TypeQueue:
		l, ok := v.(model.List)
		if !ok {
			return wrong()
		}
		return m.fillQueue(p, l)
	case model.TypeBool:
		b, ok := v.(model.Bool)
		if !ok {
			return wrong()
		}
		*(*bool)(p) = bool(b)
		return nil
	}
	if signed(m.f.Type) {
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
		elems[i] = m.child.new()
		if bad := m.child.body.fill(elems[i], s); bad != nil {
			return bad.in("[%d]", i)
		}
	}
	first, last := queueHead(head)
	*first, *last = nil, first
	for _, e := range elems {
		next, prev := m.child.entry(e)
		*prev = *last
		**last = e
		*last = next
	}
	return nil
}

// queueHead gives the two slots of a head: first, and the pointer to a slot
// that is last.
func queueHead(head unsafe.Pointer) (first *unsafe.Pointer, last **unsafe.Pointer) {
	return (*unsafe.Pointer)(head), (**unsafe.Pointer)(unsafe.Add(head, pointerSize))
}

// entry gives the two slots of an element's entry.
func (c *Class) entry(e unsafe.Pointer) (next *unsafe.Pointer, prev **unsafe.Pointer) {
	p := unsafe.Add(e, c.meta.Entry)
	return (*unsafe.Pointer)(p), (**unsafe.Pointer)(unsafe.Add(p, pointerSize))
}
