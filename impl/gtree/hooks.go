package gtree

import (
	"encoding/binary"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

const (
	terminator = 0x00
	link       = 0x01 // the writer's; a loader takes any byte but the terminator for it
)

// Info names the type in a description.
var Info = &vmstate.Info{Name: "gtree", Min: 5}

// Field is a tree at offset in the object: version is the field's version_id, at
// which keys and values are loaded (VMSTATE_GTREE_V).
func Field(name string, offset uintptr, version uint32, m *Metadata) vmstate.Field {
	return vmstate.CSTMField(name, offset, unsafe.Sizeof(Tree[byte, byte]{}), version, Info, m, Get, Put)
}

// Get is the extend_get of a tree (migration/vmstate-types.c get_gtree): meta is
// a *Metadata, tree points to a Tree, which may already have pairs. The tree is
// changed only once all pairs are there; if it is broken beforehand the error is
// bad-link.
func Get(l *vmstate.Loader, meta any, tree unsafe.Pointer, version uint32) error {
	m := meta.(*Metadata)
	l.TraceQueue(Info.Name, m.Value.Name, version)
	err := m.get(l, tree, version)
	l.TraceQueueEnd(Info.Name, m.Value.Name, err)
	return err
}

func (m *Metadata) get(l *vmstate.Loader, tree unsafe.Pointer, version uint32) error {
	for _, d := range m.Descriptions() {
		if err := l.CheckVersion(d, version, rules.TreeVersion); err != nil {
			return err
		}
	}
	start := l.Offset()
	was := *raw(tree)
	for i := range was {
		if cause := m.flaw(was, i); cause != nil {
			return broken(l.Fail(rules.BadLink, rules.TreeSorted, start, "the tree is broken"), cause)
		}
	}
	b, err := l.Take(4)
	if err != nil {
		return err
	}
	count := binary.BigEndian.Uint32(b)
	if count > rules.MaxCount {
		return l.Fail(rules.OutOfRange, rules.CountRange, start, "a count of %d", int32(count))
	}
	l.TraceElements(int(count))
	loaded := runs{m: m}
	var greatest rawPair
	for i := 0; ; i++ {
		l.At(i)
		at := l.Offset()
		b, err := l.TakeUnder(rules.TreeTerminator, 1)
		if err != nil {
			return err
		}
		if b[0] == terminator {
			if i < int(count) {
				return l.Fail(rules.CountMismatch, rules.TreeCount, at, "%d pairs of %d", i, count)
			}
			break
		}
		if b[0] != link {
			l.Note(rules.TreeMarker, at, "%02x where a pair is marked by 01", b[0])
		}
		if err := l.CountElement(at); err != nil {
			return err
		}
		if i == int(count) {
			return l.Fail(rules.CountMismatch, rules.TreeCount, at, "more than %d pairs", count)
		}
		p, err := m.loadKey(l, version, at)
		if err != nil {
			return err
		}
		known := loaded.find(p)
		switch {
		case known != nil:
			l.Note(rules.TreeDuplicate, l.Offset(), "this key came before")
		case i > 0 && m.order(p, greatest) < 0:
			l.Note(rules.TreeOrder, l.Offset(), "this key comes after a greater one")
		default:
			greatest = p
		}
		value := m.NewValue()
		if err := l.LoadElement(m.Value, value, version, l.Offset()); err != nil {
			return err
		}
		if p.value = (*byte)(value); known != nil {
			known.value = p.value
		} else {
			loaded.add(p)
		}
	}
	l.At(-1)
	if count == 0 {
		return nil
	}
	pairs := raw(tree)
	if l.First(pairs) {
		l.OnUndo(func() { *pairs = was })
	}
	*pairs = m.merge(was, loaded.sorted())
	return nil
}

// loadKey returns a pair that has its key only.
func (m *Metadata) loadKey(l *vmstate.Loader, version uint32, marker int64) (rawPair, error) {
	if m.Direct {
		b, err := l.Take(8)
		if err != nil {
			return rawPair{}, err
		}
		key := new(uint64)
		*key = binary.BigEndian.Uint64(b)
		return rawPair{key: (*byte)(unsafe.Pointer(key))}, nil
	}
	key := m.NewKey()
	err := l.LoadElement(m.Key, key, version, marker)
	return rawPair{key: (*byte)(key)}, err
}

// Put is the extend_put of a tree (migration/vmstate-types.c put_gtree). A tree
// that is not in order, or not whole, is the error bad-link at the place where
// that shows.
func Put(s *vmstate.Saver, meta any, tree unsafe.Pointer) error {
	m := meta.(*Metadata)
	s.TraceQueue(Info.Name, m.Value.Name, m.Value.VersionID)
	err := m.put(s, tree)
	s.TraceQueueEnd(Info.Name, m.Value.Name, err)
	return err
}

func (m *Metadata) put(s *vmstate.Saver, tree unsafe.Pointer) error {
	pairs := *raw(tree)
	s.TraceElements(len(pairs))
	s.Write(binary.BigEndian.AppendUint32(nil, uint32(len(pairs)))...)
	for i, p := range pairs {
		s.At(i)
		if cause := m.flaw(pairs, i); cause != nil {
			return broken(s.Fail(rules.BadLink, rules.TreeSorted, "the tree is broken"), cause)
		}
		s.Write(link)
		if m.Direct {
			s.Write(binary.BigEndian.AppendUint64(nil, *(*uint64)(unsafe.Pointer(p.key)))...)
		} else if err := s.SaveElement(m.Key, unsafe.Pointer(p.key)); err != nil {
			return err
		}
		if err := s.SaveElement(m.Value, unsafe.Pointer(p.value)); err != nil {
			return err
		}
	}
	s.At(-1)
	s.Write(terminator)
	return nil
}

func broken(err error, cause error) error {
	err.(*rules.Error).Cause = cause
	return err
}
