package vmstate

import (
	"unsafe"

	"vmconform/rules"
)

// TmpField is state that has another shape on the wire than in memory: d
// describes a T that exists only while the field travels and points to the
// object, a P, which carries the field (VMSTATE_WITH_TMP). The pre_save of d
// fills the T from its parent, its post_load takes from it what the parent is to
// have. The function parent returns the address of T's pointer to the parent;
// in QEMU that is T's first member.
//
// The T is loaded at the field's version_id and saved at d's own. What a failed
// load has changed in the P itself is undone, whether described or not; not what
// it has changed behind pointers of the P, but for described fields of the T.
func TmpField[P, T any](name string, version uint32, parent func(*T) **P, d *Description) Field {
	attach := func(p unsafe.Pointer) unsafe.Pointer {
		t := new(T)
		*parent(t) = (*P)(p)
		return unsafe.Pointer(t)
	}
	keep := func(l *Loader, p unsafe.Pointer) {
		owner := (*P)(p)
		was := *owner
		l.OnUndo(func() { *owner = was })
	}
	return TmpFieldFunc(name, version, d, attach, keep)
}

// TmpFieldFunc is TmpField for memory without Go types. The function attach
// allocates a zeroed temporary struct, typed, that points to the parent; keep
// records, as a hook does, what the load may change in a parent which the load
// did not make itself. It may be nil.
func TmpFieldFunc(name string, version uint32, d *Description, attach func(parent unsafe.Pointer) unsafe.Pointer,
	keep func(l *Loader, parent unsafe.Pointer)) Field {
	get := func(l *Loader, _ any, p unsafe.Pointer, version uint32) error {
		if err := l.version(d, version, rules.VersionRange, l.Offset()); err != nil {
			return err
		}
		if keep != nil && !l.fresh {
			keep(l, p)
		}
		return l.LoadElement(d, attach(p), version, l.Offset())
	}
	put := func(s *Saver, _ any, p unsafe.Pointer) error {
		return s.SaveElement(d, attach(p))
	}
	return CSTMField(name, 0, 0, version, infoTmp, tmpMeta{d}, get, put)
}

var infoTmp = &Info{Name: "tmp"}

type tmpMeta struct{ d *Description }

func (m tmpMeta) Descriptions() []*Description { return []*Description{m.d} }
