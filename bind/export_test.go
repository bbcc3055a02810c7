package bind

import (
	"unsafe"

	"vmconform/model"
)

// LayoutTypes is how many types of memory there are.
func LayoutTypes() int {
	layoutMu.Lock()
	defer layoutMu.Unlock()
	return len(layouts)
}

// FillAndRead lays a value out in memory and reads it from there.
func FillAndRead(s *model.Schema, v *model.Struct) (*model.Struct, error) {
	c, err := Bind(s)
	if err != nil {
		return nil, err
	}
	obj := c.new()
	if err := c.fill(obj, v); err != nil {
		return nil, err
	}
	return c.read(obj)
}

// Places says where the fields of an object lie, in bytes, and how large it is.
func Places(s *model.Schema) (offsets []uintptr, size uintptr, err error) {
	c, err := Bind(s)
	if err != nil {
		return nil, 0, err
	}
	for i := range c.body.members {
		offsets = append(offsets, c.body.members[i].off)
	}
	return offsets, c.layout.size, nil
}

// Farthest says where the field of an object lies that is farthest from its
// beginning, in bytes, those of structs in it included, and how large it is.
func Farthest(s *model.Schema) (at, size uintptr, err error) {
	c, err := Bind(s)
	if err != nil {
		return 0, 0, err
	}
	return c.body.farthest(0), c.layout.size, nil
}

func (t *body) farthest(base uintptr) uintptr {
	var at uintptr
	for i := range t.members {
		m := &t.members[i]
		at = max(at, base+m.off)
		if m.structs() && !m.indirect {
			at = max(at, m.child.body.farthest(base+m.off+uintptr(m.room-1)*m.stride))
		}
	}
	return at
}

// HeadOf returns the head of the queue that is a value's only field, for a test
// to break.
func HeadOf(s *model.Schema, v *model.Struct) (read func() (*model.Struct, error), first, last *unsafe.Pointer, err error) {
	c, err := Bind(s)
	if err != nil {
		return nil, nil, nil, err
	}
	obj := c.new()
	if err := c.fill(obj, v); err != nil {
		return nil, nil, nil, err
	}
	f, l := queueHead(unsafe.Add(obj, c.body.members[0].off))
	return func() (*model.Struct, error) { return c.read(obj) }, f, (*unsafe.Pointer)(unsafe.Pointer(l)), nil
}
