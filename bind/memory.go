package bind

import (
	"unsafe"

	"vmconform/model"
	"vmconform/rules"
)

// new allocates an object with what hangs from it whatever its value: structs,
// fixed arrays, buffers, and what pointers point to.
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

// allocate makes of zeroed memory what it is before a load.
func (t *body) allocate(obj unsafe.Pointer) {
	for i := range t.members {
		t.members[i].allocate(obj)
	}
	for i := range t.subs {
		t.subs[i].body.allocate(obj)
	}
}

func (m *member) allocate(obj unsafe.Pointer) {
	f := m.f
	switch {
	case m.counted(), f.Type == model.TypeValidate:
		return
	case f.Type == model.TypeTmp:
		*slotAt(obj, m.off) = m.child.new()
		return
	case f.Type == model.TypeBitmap && m.from == nil:
		*(*int32)(unsafe.Add(obj, m.bits)) = int32(f.Size)
	}
	if m.indirect {
		*slotAt(obj, m.off) = m.memory(m.room)
	}
	base := m.base(obj)
	switch {
	case f.Marked:
	case f.Pointers:
		null := f.Null
		for i := range m.room {
			if len(null) > 0 && null[0] == i {
				null = null[1:]
				continue
			}
			*slotAt(base, uintptr(i)*pointerSize) = m.one()
		}
	default:
		for i := range m.room {
			m.prepare(unsafe.Add(base, uintptr(i)*m.stride))
		}
	}
}

// prepare makes of one zeroed element what it is before a load. What memory
// makes of structs is that already, but not those in the object.
func (m *member) prepare(p unsafe.Pointer) {
	switch {
	case m.child != nil && m.structs() && !m.indirect:
		m.child.body.allocate(p)
	case m.f.Local != 0:
		store(p, m.stride, uint64(m.f.Local))
	}
}

// one makes what a pointer points to.
func (m *member) one() unsafe.Pointer {
	var p unsafe.Pointer
	switch {
	case m.structs():
		return m.child.new()
	case m.f.Type == model.TypeQueue || m.f.Type == model.TypeList:
		return heads.new(1)
	case m.f.Type == model.TypeTree:
		return unsafe.Pointer(new(treeHead))
	}
	p = unsafe.Pointer(new(uint64))
	m.prepare(p)
	return p
}

// structs says that the elements are vmsds.
func (m *member) structs() bool {
	return m.f.Type == model.TypeStruct || m.f.Type == model.TypeVStruct
}

func slotAt(obj unsafe.Pointer, off uintptr) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(obj, off))
}

// base is where the first of a member's elements lies, or the first pointer to
// one.
func (m *member) base(obj unsafe.Pointer) unsafe.Pointer {
	if m.indirect {
		return *slotAt(obj, m.off)
	}
	return unsafe.Add(obj, m.off)
}

// in gives the first of a member's elements, and how many there are in memory.
// Of a buffer both are its bytes, of a bitmap its words.
func (m *member) in(obj unsafe.Pointer) (base unsafe.Pointer, n int) {
	base = m.base(obj)
	switch {
	case m.counted():
		return base, m.length(base)
	case m.from == nil:
		return base, m.room
	}
	n = max(0, m.times(m.from.number(obj)))
	if m.f.Type == model.TypeBitmap {
		n = bitmapWords(n)
	}
	return base, min(n, m.room)
}

// times multiplies a count; -1 stands for one that there cannot be.
func (m *member) times(n int) int {
	if n < 0 || m.f.Times == 0 {
		return n
	}
	if p := int64(n) * int64(m.f.Times); p <= rules.MaxCount {
		return int(p)
	}
	return -1
}

// number is the count or size that a member holds; -1 if it is none.
func (m *member) number(obj unsafe.Pointer) int { return number(m.integer(m.base(obj))) }

// at is where element i lies; nil where that is a pointer, and NULL.
func (m *member) at(base unsafe.Pointer, i int) unsafe.Pointer {
	if m.f.Pointers {
		return *slotAt(base, uintptr(i)*pointerSize)
	}
	return unsafe.Add(base, uintptr(i)*m.stride)
}

// memory allocates the memory of n elements that hang from a slot.
func (m *member) memory(n int) unsafe.Pointer {
	switch {
	case n == 0:
		return nil
	case m.f.Pointers:
		return layoutFor(0, n, 0).new(1)
	case m.structs():
		return m.child.newArray(n)
	case m.f.Type == model.TypeQueue || m.f.Type == model.TypeList:
		return heads.new(n)
	case m.f.Type == model.TypeTree:
		return unsafe.Pointer(unsafe.SliceData(make([]treeHead, n)))
	case m.f.Type == model.TypeBuffer:
		return unsafe.Pointer(unsafe.SliceData(make([]byte, n)))
	}
	return unsafe.Pointer(unsafe.SliceData(make([]uint64, words(uintptr(n)*m.stride))))
}

// make allocates the n elements of a member whose number comes from the state.
// That number stands before the first, too: the member that it came from may be
// loaded again at a version that does not have the elements.
func (m *member) make(n int) unsafe.Pointer {
	if n == 0 {
		return nil
	}
	if m.f.Type == model.TypeTree {
		heads := make([]treeHead, n+1)
		heads[0].number = n
		return unsafe.Pointer(&heads[1])
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
	if m.structs() {
		for i := range n {
			m.child.body.allocate(unsafe.Add(p, uintptr(i)*l.size))
		}
	}
	return p
}

// length is the number that make left before the first element.
func (m *member) length(base unsafe.Pointer) int {
	if base == nil {
		return 0
	}
	if m.f.Type == model.TypeTree {
		return (*treeHead)(unsafe.Add(base, -int(unsafe.Sizeof(treeHead{})))).number
	}
	if l := m.layout(); l != nil {
		return int(*(*uint64)(unsafe.Add(base, int(l.number)-int(l.size))))
	}
	return int(*(*uint64)(unsafe.Add(base, -wordSize)))
}

// layout is that of an element which may hold pointers, else nil.
func (m *member) layout() *layout {
	switch {
	case m.structs():
		return m.child.layout
	case m.f.Type == model.TypeQueue || m.f.Type == model.TypeList:
		return heads
	}
	return nil
}
