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
		_, n := m.in(obj)
		*slotAt(obj, m.off) = m.elements(n)
	}
	for i := range t.subs {
		t.subs[i].body.allocate(obj)
	}
}

func slotAt(obj unsafe.Pointer, off uintptr) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(obj, off))
}

// in gives the first of a member's elements, and how many there are in memory.
// Of a buffer both are its bytes.
func (m *member) in(obj unsafe.Pointer) (base unsafe.Pointer, n int) {
	base = unsafe.Add(obj, m.off)
	if m.indirect {
		base = *slotAt(obj, m.off)
	}
	switch {
	case m.count >= 0:
		return base, m.length(base)
	case m.f.Array:
		return base, m.f.Count
	case m.f.Type == model.TypeBuffer:
		return base, m.f.Size
	}
	return base, 1
}

// elements allocates the elements of a member that hangs from a slot and has a
// fixed number of them.
func (m *member) elements(n int) unsafe.Pointer {
	switch {
	case m.f.Type == model.TypeStruct:
		return m.child.newArray(n)
	case n == 0:
		return nil
	case m.f.Type == model.TypeQueue:
		return heads.new(n)
	case m.f.Type == model.TypeBuffer:
		return unsafe.Pointer(unsafe.SliceData(make([]byte, n)))
	}
	return unsafe.Pointer(unsafe.SliceData(make([]uint64, words(uintptr(n)*m.stride))))
}

// counted allocates the n elements of a member whose number comes from the
// state. That number stands before the first, too: the member that it came from
// may be loaded again at a version that does not have the elements.
func (m *member) counted(n int) unsafe.Pointer {
	if n == 0 {
		return nil
	}
	l := m.layout()
	if l == nil {
		w := make([]uint64, 1+words(uintptr(n)*m.stride))
		w[0] = uint64(n)
		return unsafe.Pointer(&w[1])
	}
	p := l.new(n + 1)
	*(*uint64)(unsafe.Add(p, l.number)) = uint64(n)
	p = unsafe.Add(p, l.size)
	if m.f.Type == model.TypeStruct {
		for i := range n {
			m.child.body.allocate(unsafe.Add(p, uintptr(i)*l.size))
		}
	}
	return p
}

// length is the number that counted left before the first element.
func (m *member) length(base unsafe.Pointer) int {
	if base == nil {
		return 0
	}
	if l := m.layout(); l != nil {
		return int(*(*uint64)(unsafe.Add(base, int(l.number)-int(l.size))))
	}
	return int(*(*uint64)(unsafe.Add(base, -wordSize)))
}

// layout is that of an element which may hold pointers, else nil.
func (m *member) layout() *layout {
	switch m.f.Type {
	case model.TypeStruct:
		return m.child.layout
	case model.TypeQueue:
		return heads
	}
	return nil
}
