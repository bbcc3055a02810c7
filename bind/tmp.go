package bind

import (
	"reflect"
	"unsafe"

	"vmconform/impl/vmstate"
)

// What a tmp loads stays behind in an object that hangs from a slot of its
// parent's: the temporary object itself, once it is loaded. To be saved it is
// copied into a temporary one. That points to the parent's slot.

func (m *member) tmpField() vmstate.Field {
	attach := func(parent unsafe.Pointer) unsafe.Pointer {
		t := m.child.new()
		*slotAt(t, m.child.parent) = unsafe.Pointer(slotAt(parent, m.off))
		return t
	}
	keep := func(l *vmstate.Loader, parent unsafe.Pointer) { l.WillChangePointer(slotAt(parent, m.off)) }
	return vmstate.TmpFieldFunc(m.f.Name, m.f.Version, m.child.Description, attach, keep)
}

// travel gives a tmp's class its hooks. Objects without parent are no tmp's.
func (c *Class) travel() {
	c.Description.PostLoad = func(t unsafe.Pointer, _ uint32) error {
		if slot := (*unsafe.Pointer)(*slotAt(t, c.parent)); slot != nil {
			*slot = t
		}
		return nil
	}
	c.Description.PreSave = func(t unsafe.Pointer) error {
		if slot := (*unsafe.Pointer)(*slotAt(t, c.parent)); slot != nil && *slot != t {
			reflect.NewAt(c.layout.typ, t).Elem().Set(reflect.NewAt(c.layout.typ, *slot).Elem())
		}
		return nil
	}
}
