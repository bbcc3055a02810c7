package tailq

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
var Info = &vmstate.Info{Name: "qtailq", Min: 1}

// Field is a queue whose head lies at offset in the object: version is the
// field's version_id, at which the elements are loaded (the seed's
// VMSTATE_QTAILQ_V).
func Field(name string, offset uintptr, version uint32, m *Metadata) vmstate.Field {
	return vmstate.CSTMField(name, offset, unsafe.Sizeof(Head[byte]{}), version, Info, m, Get, Put)
}

// Get is the extend_get of a queue: meta is a *Metadata, head points to the
// head, which may already have elements; the new ones come behind them.
func Get(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error {
	m := meta.(*Metadata)
	l.TraceQueue(Info.Name, m.VMSD.Name, version)
	err := m.get(l, head, version)
	l.TraceQueueEnd(Info.Name, m.VMSD.Name, err)
	return err
}

func (m *Metadata) get(l *vmstate.Loader, head unsafe.Pointer, version uint32) error {
	if err := l.CheckVersion(m.VMSD, version, rules.QueueVersion); err != nil {
		return err
	}
	l.WillChangePointer(m.first(head))
	l.WillChangePointer((*unsafe.Pointer)(unsafe.Pointer(m.last(head))))
	if *m.last(head) == nil {
		RawInit(m, head)
	}
	l.WillChangePointer(*m.last(head))
	there, err := m.there(l, head)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		l.At(i)
		at := l.Offset()
		b, err := l.TakeUnder(rules.QueueTerminator, 1)
		if err != nil {
			return err
		}
		if b[0] == terminator {
			l.At(-1)
			return nil
		}
		if b[0] != link {
			l.Note(rules.QueueMarker, at, "%02x where an element is marked by 01", b[0])
		}
		if err := l.CountElement(at); err != nil {
			return err
		}
		is := m.element(there + i)
		e := is.New()
		if err := l.LoadElement(is.VMSD, e, version, at); err != nil {
			return err
		}
		RawInsertTail(m, head, e)
	}
}

// there counts the elements that the queue has already, if it matters. A queue
// that is broken is the error bad-link.
func (m *Metadata) there(l *vmstate.Loader, head unsafe.Pointer) (int, error) {
	if len(m.Elements) == 0 {
		return 0, nil
	}
	n := 0
	for at := m.first(head); *at != nil; at = m.next(*at) {
		if *m.prev(*at) != at {
			return 0, broken(l.Fail(rules.BadLink, rules.QueueLinks, l.Offset(), "the links of the queue are broken"), ErrPrev)
		}
		n++
	}
	return n, nil
}

// Put is the extend_put of a queue. It follows no link that it has not
// checked: a queue that is a cycle, or whose prev or last is wrong, is the
// error bad-link at the place where that shows, and ends.
func Put(s *vmstate.Saver, meta any, head unsafe.Pointer) error {
	m := meta.(*Metadata)
	s.TraceQueue(Info.Name, m.VMSD.Name, m.VMSD.VersionID)
	err := m.put(s, head)
	s.TraceQueueEnd(Info.Name, m.VMSD.Name, err)
	return err
}

func (m *Metadata) put(s *vmstate.Saver, head unsafe.Pointer) error {
	at := m.first(head)
	i := 0
	for e := *at; e != nil; i++ {
		s.At(i)
		// An element hangs from one slot only, so this also ends a cycle.
		if *m.prev(e) != at {
			return badLink(s, ErrPrev)
		}
		s.Write(link)
		if err := s.SaveElement(m.element(i).VMSD, e); err != nil {
			return err
		}
		at = m.next(e)
		e = *at
	}
	s.At(-1)
	if last := *m.last(head); last != at && (i > 0 || last != nil) {
		return badLink(s, ErrLast)
	}
	s.Write(terminator)
	return nil
}

func badLink(s *vmstate.Saver, cause error) error {
	return broken(s.Fail(rules.BadLink, rules.QueueLinks, "the links of the queue are broken"), cause)
}

func broken(err error, cause error) error {
	err.(*rules.Error).Cause = cause
	return err
}
