package vmstate

import (
	"slices"
	"unsafe"
)

// An undoList holds what memory held before its first change. Running it
// backwards makes memory what it was.
type undoList struct {
	entries []undoEntry
	arena   []byte // contents longer than a word
}

type undoEntry struct {
	at      unsafe.Pointer
	pointer unsafe.Pointer // isPointer: what stood there
	word    uint64         // n ≤ 8: the bytes that stood there
	n       int            // bytes; > 8: in the arena, from off
	off     int
	pinned  bool // at holds a pointer
	run     func()
}

// add makes room for twice as many each time: there may be tens of thousands.
func (u *undoList) add(e undoEntry) {
	if len(u.entries) == cap(u.entries) {
		u.entries = slices.Grow(u.entries, max(16, len(u.entries)))
	}
	u.entries = append(u.entries, e)
}

func (u *undoList) bytes(p unsafe.Pointer, n int) {
	e := undoEntry{at: p, n: n}
	old := unsafe.Slice((*byte)(p), n)
	if n <= 8 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&e.word)), 8), old)
	} else {
		e.off = len(u.arena)
		u.arena = append(u.arena, old...)
	}
	u.add(e)
}

func (u *undoList) slot(p *unsafe.Pointer) {
	u.add(undoEntry{at: unsafe.Pointer(p), pointer: *p, pinned: true})
}

// keep records the fields of an object whose hooks may change them, those of
// its subsections included. See Description for what it leaves out.
//
// An object is kept once in a load: what it was before is what counts, however
// often a subsection comes again.
func (l *Loader) keep(d *Description, pl *plan, obj unsafe.Pointer) {
	if !l.First(kept{pl, obj}) {
		return
	}
	for i := range pl.ops {
		o := &pl.ops[i]
		f := o.f
		base := unsafe.Add(obj, f.Offset)
		if f.Flags&Pointer != 0 {
			l.undo.slot((*unsafe.Pointer)(base))
			continue
		}
		for j := range o.capacity() {
			p := unsafe.Add(base, uintptr(j)*o.stride)
			switch {
			case f.Flags&ArrayOfPointer != 0:
				l.undo.slot((*unsafe.Pointer)(p))
			case o.child != nil:
				l.keep(f.VMSD, o.child, p)
			default:
				l.undo.bytes(p, int(o.stride))
			}
		}
	}
	for _, s := range d.Subsections {
		if pl, err := s.plan(); err == nil {
			l.keep(s, pl, obj)
		}
	}
}

type kept struct {
	pl  *plan
	obj unsafe.Pointer
}

// First says whether this is the first time in the load that it is asked for a
// key: a hook that records on undo what it changes as a whole has to do so once.
func (l *Loader) First(key any) bool {
	if _, seen := l.seen[key]; seen {
		return false
	}
	if l.seen == nil {
		l.seen = map[any]struct{}{}
	}
	l.seen[key] = struct{}{}
	return true
}

// capacity is how many elements a field that is no pointer has in memory, as
// far as they are to be kept.
func (o *op) capacity() int {
	f := o.f
	switch {
	case o.child == nil && f.Flags&ArrayOfPointer == 0 && o.width == 0 && o.kind != kindBuffer:
		return 0
	case f.Flags&MultiplyElements != 0:
		return f.Room
	case f.Flags&(Array|VArray) != 0:
		return f.Num
	}
	return 1
}

func (u *undoList) rollback() {
	for i := len(u.entries) - 1; i >= 0; i-- {
		e := &u.entries[i]
		switch {
		case e.run != nil:
			e.run()
		case e.pinned:
			*(*unsafe.Pointer)(e.at) = e.pointer
		case e.n <= 8:
			copy(unsafe.Slice((*byte)(e.at), e.n), unsafe.Slice((*byte)(unsafe.Pointer(&e.word)), 8))
		default:
			copy(unsafe.Slice((*byte)(e.at), e.n), u.arena[e.off:])
		}
	}
}

// reset forgets everything and lets go of the memory pointed to.
func (u *undoList) reset() {
	clear(u.entries)
	u.entries = u.entries[:0]
	u.arena = u.arena[:0]
}
