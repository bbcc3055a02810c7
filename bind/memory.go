package bind

import (
	"unsafe"

	"vmconform/model"
)

// new allocates an object with what hangs from it whatever its value: structs,
// and fixed arrays and buffers too large to lie in it.
func (c *Class) new() unsafe.Pointer { return c.newArray(1) }

func (c *Class) newArray(n int) unsafe.Pointer {
	if n == 0 {
		return nil
	}
	p := c.layout.new(n)
	for i := range n {
		c.body.allocate(unsafe.Add(p, uintptr(i)*c.layout.size))
	}
	return p
}

func (t *body) allocate(obj unsafe.Pointer) {
	for i := range t.members {
		m := &t.members[i]
		if !m.indirect || m.count >= 0 {
			continue
		}
		n := 1
		if m.f.Array {
			n = m.f.Count
		}
		*slotAt(obj, m.off) = m.elements(n)
	}
	for i := range t.subs {
		t.subs[i].body.allocate(obj)
	}
}

func slotAt(obj unsafe.Pointer, off uintptr) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(obj, off))
}

// elements allocates n elements of a member that hangs from a slot.
func (m *member) elements(n int) unsafe.Pointer {
	switch {
	case m.f.Type == model.TypeStruct:
		return m.child.newArray(n)
	case n == 0 || m.stride == 0:
		return nil
	case m.f.Type == model.TypeQueue:
		return heads.new(n)
	}
	return unsafe.Pointer(unsafe.SliceData(make([]uint64, words(uintptr(n)*m.stride))))
}
