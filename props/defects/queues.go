package defects

import (
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// hooks gives queues other hooks; nil leaves them theirs.
func hooks(get getter, put putter) func(*subject) {
	return fields(func(f *vmstate.Field) {
		if f.Info != tailq.Info {
			return
		}
		if get != nil {
			f.ExtendGet = get
		}
		if put != nil {
			f.ExtendPut = put
		}
	})
}

type (
	getter = func(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error
	putter = func(s *vmstate.Saver, meta any, head unsafe.Pointer) error
	slot   = *unsafe.Pointer // a head's first, or an entry's next
)

// links reaches the links of a queue in memory.
type links struct {
	*tailq.Metadata
	head unsafe.Pointer
}

func (q links) first() slot                 { return slot(unsafe.Add(q.head, q.First)) }
func (q links) last() *slot                 { return (*slot)(unsafe.Add(q.head, q.Last)) }
func (q links) next(e unsafe.Pointer) slot  { return slot(unsafe.Add(e, q.Entry+q.Next)) }
func (q links) prev(e unsafe.Pointer) *slot { return (*slot)(unsafe.Add(e, q.Entry+q.Prev)) }

// element says what the element at a place is.
func (q links) element(place int) tailq.Element {
	if place < len(q.Elements) {
		return q.Elements[place]
	}
	return tailq.Element{New: q.New, VMSD: q.VMSD}
}

// len counts the elements. The links must be whole.
func (q links) len() int {
	n := 0
	for range tailq.RawForEach(q.Metadata, q.head) {
		n++
	}
	return n
}

// A reader is extend_get of a queue, written anew from the facts of the wire: its
// zero value is right.
type reader struct {
	anyVersion bool                   // the field's version is not looked at
	noUndo     bool                   // the links are not put back when the load fails
	early      bool                   // an element is linked before it is loaded
	anew       bool                   // the elements that are there already are dropped
	raw        bool                   // an element's integers are not what New made them
	first      bool                   // elements are inserted first instead of last
	ends       func(marker byte) bool // where the terminator is not all that ends the queue
}

func (r reader) get(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error {
	q := links{meta.(*tailq.Metadata), head}
	if !r.anyVersion {
		if err := l.CheckVersion(q.VMSD, version, rules.QueueVersion); err != nil {
			return err
		}
	}
	r.willChange(l, q)
	there := q.len()
	for i := 0; ; i++ {
		l.At(i)
		at := l.Offset()
		b, err := l.TakeUnder(rules.QueueTerminator, 1)
		if err != nil {
			return err
		}
		if b[0] == 0 || r.ends != nil && r.ends(b[0]) {
			l.At(-1)
			return nil
		}
		if b[0] != 1 {
			l.Note(rules.QueueMarker, at, "%02x", b[0])
		}
		if err := l.CountElement(at); err != nil {
			return err
		}
		is := q.element(there + i)
		e := is.New()
		if r.raw {
			scribble(is.VMSD, e)
		}
		if r.early {
			tailq.RawInsertTail(q.Metadata, head, e)
		}
		if err := l.LoadElement(is.VMSD, e, version, at); err != nil {
			return err
		}
		switch {
		case r.early:
		case r.first && len(q.Elements) == 0: // what those are goes by their place
			q.insertFirst(l, e)
		default:
			tailq.RawInsertTail(q.Metadata, head, e)
		}
	}
}

// willChange has what the reader changes in memory undone if the load fails.
func (r reader) willChange(l *vmstate.Loader, q links) {
	if !r.noUndo {
		l.WillChangePointer(q.first())
		l.WillChangePointer((*unsafe.Pointer)(unsafe.Pointer(q.last())))
	}
	if *q.last() == nil || r.anew {
		tailq.RawInit(q.Metadata, q.head)
	}
	if !r.noUndo {
		l.WillChangePointer(*q.last())
	}
}

func (q links) insertFirst(l *vmstate.Loader, e unsafe.Pointer) {
	after := *q.first()
	*q.next(e), *q.prev(e) = after, q.first()
	if after == nil {
		*q.last() = q.next(e)
	} else {
		l.WillChangePointer((*unsafe.Pointer)(unsafe.Pointer(q.prev(after))))
		*q.prev(after) = q.next(e)
	}
	*q.first() = e
}

// scribble leaves in the integers of a new element what malloc may have left
// there.
func scribble(d *vmstate.Description, e unsafe.Pointer) {
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Flags == vmstate.Single && integers[f.Info] {
			for j := range f.Size {
				*(*byte)(unsafe.Add(e, f.Offset+j)) = 0xa5
			}
		}
	}
}

var integers = map[*vmstate.Info]bool{
	vmstate.InfoUint8: true, vmstate.InfoUint16: true, vmstate.InfoUint32: true, vmstate.InfoUint64: true,
	vmstate.InfoInt8: true, vmstate.InfoInt16: true, vmstate.InfoInt32: true, vmstate.InfoInt64: true,
}

// A writer is extend_put of a queue, written anew: it is right with one and zero.
type writer struct {
	link, end []byte // before an element, and in the end
	early     bool   // the end is written before the last element
	anyPrev   bool   // prev is not looked at
	latePrev  bool   // … but when the element is written
	anyLast   bool   // last is not looked at
	// cycle is what is done where an element comes again; nil: that is the end.
	cycle func()
}

func (w writer) put(s *vmstate.Saver, meta any, head unsafe.Pointer) error {
	q := links{meta.(*tailq.Metadata), head}
	broken := func() error { return s.Fail(rules.BadLink, rules.QueueLinks, "") }
	met := map[unsafe.Pointer]bool{}
	at := q.first()
	for i := 0; *at != nil; i++ {
		e := *at
		s.At(i)
		wrong := !w.anyPrev && *q.prev(e) != at
		if wrong && !w.latePrev {
			return broken()
		}
		if met[e] {
			if w.cycle != nil {
				w.cycle()
			}
			break
		}
		met[e] = true
		if w.early && *q.next(e) == nil {
			s.Write(w.end...)
		}
		s.Write(w.link...)
		if err := s.SaveElement(q.element(i).VMSD, e); err != nil {
			return err
		}
		if wrong {
			return broken()
		}
		at = q.next(e)
	}
	s.At(-1)
	if last := *q.last(); !w.anyLast && last != at && (last != nil || len(met) > 0) {
		return broken()
	}
	if !w.early || len(met) == 0 {
		s.Write(w.end...)
	}
	return nil
}
