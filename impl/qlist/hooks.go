package qlist

import (
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

const (
	terminator = 0x00
	link       = 0x01 // the writer's; a loader takes any byte but the terminator for it
)

// Info names the type in a description.
var Info = &vmstate.Info{Name: "qlist", Min: 1}

// Field is a list whose head lies at offset in the object: version is the
// field's version_id, at which the elements are loaded (VMSTATE_QLIST_V).
func Field(name string, offset uintptr, version uint32, m *Metadata) vmstate.Field {
	return vmstate.CSTMField(name, offset, unsafe.Sizeof(Head[byte]{}), version, Info, m, Get, Put)
}

// Get is the extend_get of a list (migration/vmstate-types.c get_qlist): meta is
// a *Metadata, head points to the head. A list that has elements already is
// walked to its last, and the new ones come behind; if its links are broken the
// error is bad-link.
func Get(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error {
	m := meta.(*Metadata)
	l.TraceQueue(Info.Name, m.VMSD.Name, version)
	err := m.get(l, head, version)
	l.TraceQueueEnd(Info.Name, m.VMSD.Name, err)
	return err
}

func (m *Metadata) get(l *vmstate.Loader, head unsafe.Pointer, version uint32) error {
	if err := l.CheckVersion(m.VMSD, version, rules.ListVersion); err != nil {
		return err
	}
	tail := m.first(head)
	there := 0
	for ; *tail != nil; there++ {
		// An element hangs from one slot only, so this also ends a cycle.
		if *m.prev(*tail) != tail {
			return broken(l.Fail(rules.BadLink, rules.ListLinks, l.Offset(), "the links of the list are broken"))
		}
		tail = m.next(*tail)
	}
	l.WillChangePointer(tail)
	for i := 0; ; i++ {
		l.At(i)
		at := l.Offset()
		b, err := l.TakeUnder(rules.ListTerminator, 1)
		if err != nil {
			return err
		}
		if b[0] == terminator {
			l.At(-1)
			return nil
		}
		if b[0] != link {
			l.Note(rules.ListMarker, at, "%02x where an element is marked by 01", b[0])
		}
		if err := l.CountElement(at); err != nil {
			return err
		}
		is := m.element(there + i)
		e := is.New()
		if err := l.LoadElement(is.VMSD, e, version, at); err != nil {
			return err
		}
		m.insert(tail, e)
		tail = m.next(e)
	}
}

// Put is the extend_put of a list (migration/vmstate-types.c put_qlist). It
// follows no link that it has not checked: a list that is a cycle, or whose prev
// is wrong, is the error bad-link at the place where that shows, and ends.
func Put(s *vmstate.Saver, meta any, head unsafe.Pointer) error {
	m := meta.(*Metadata)
	s.TraceQueue(Info.Name, m.VMSD.Name, m.VMSD.VersionID)
	err := m.put(s, head)
	s.TraceQueueEnd(Info.Name, m.VMSD.Name, err)
	return err
}

func (m *Metadata) put(s *vmstate.Saver, head unsafe.Pointer) error {
	at := m.first(head)
	for i := 0; *at != nil; i++ {
		s.At(i)
		e := *at
		if *m.prev(e) != at {
			return broken(s.Fail(rules.BadLink, rules.ListLinks, "the links of the list are broken"))
		}
		s.Write(link)
		if err := s.SaveElement(m.element(i).VMSD, e); err != nil {
			return err
		}
		at = m.next(e)
	}
	s.At(-1)
	s.Write(terminator)
	return nil
}

func broken(err error) error {
	err.(*rules.Error).Cause = ErrPrev
	return err
}
