package vmstate

import "unsafe"

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

func (u *undoList) bytes(p unsafe.Pointer, n int) {
	e := undoEntry{at: p, n: n}
	old := unsafe.Slice((*byte)(p), n)
	if n <= 8 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&e.word)), 8), old)
	} else {
		e.off = len(u.arena)
		u.arena = append(u.arena, old...)
	}
	u.entries = append(u.entries, e)
}

func (u *undoList) slot(p *unsafe.Pointer) {
	u.entries = append(u.entries, undoEntry{at: unsafe.Pointer(p), pointer: *p, pinned: true})
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
