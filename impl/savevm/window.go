package savevm

import (
	"errors"
	"io"

	"vmconform/rules"
)

const (
	windowSize = 1 << 18  // read at once
	maxWindow  = 64 << 20 // the longest record that is read
)

// errLong stands for a record that a window does not hold. Like errShort it is
// never handed out.
var errLong = &rules.Error{Class: rules.Limit, Rule: rules.Bounded, Detail: "a record longer than 64 MiB"}

// A window is the part of a stream that is looked at. It moves on and never
// back.
type window struct {
	b     []byte
	base  int64 // offset of b[0] in the stream
	pos   int   // reached in b
	r     io.Reader
	first int   // bytes that b is made for at first
	err   error // of r, but for io.EOF, or of keep
	done  bool  // r has no more; without a reader b is all there is

	// keep takes all that the window passes, but for what is passed while it is
	// told to leave out; nil for a stream that is in memory.
	keep    func(off int64, p []byte) error
	kept    int64 // offset up to which keep was told
	leaving bool

	progress func(offset int64) // or nil
}

func (w *window) offset() int64 { return w.base + int64(w.pos) }

func (w *window) cursor() cursor { return cursor{b: w.b, off: int64(w.pos)} }

// settle tells keep of what was passed.
func (w *window) settle() {
	at := w.offset()
	if w.keep == nil || at == w.kept || w.err != nil {
		return
	}
	if !w.leaving {
		if w.err = w.keep(w.kept, w.b[w.kept-w.base:w.pos]); w.err != nil {
			w.done = true
			return
		}
	}
	w.kept = at
}

// leave begins, or ends, to leave out what is passed.
func (w *window) leave(out bool) {
	w.settle()
	w.leaving = out
}

// more makes more of the stream visible, and says whether there was any.
func (w *window) more() bool {
	if w.done || w.r == nil {
		return false
	}
	w.settle()
	if w.progress != nil {
		w.progress(w.offset())
	}
	n := copy(w.b, w.b[w.pos:])
	w.base += int64(w.pos)
	w.pos = 0
	if n == cap(w.b) {
		if n >= maxWindow {
			w.b = w.b[:n]
			return false
		}
		w.b = append(make([]byte, 0, max(w.first, 2*n)), w.b[:n]...)
	}
	room := w.b[n:cap(w.b)]
	got := 0
	for got == 0 && !w.done {
		var err error
		got, err = w.r.Read(room)
		if err != nil {
			w.done = true
			if !errors.Is(err, io.EOF) {
				w.err = err
			}
		}
	}
	w.b = w.b[:n+got]
	return got > 0
}

// end says why a record is not there whole.
func (w *window) end() *rules.Error {
	if len(w.b) >= maxWindow && !w.done && w.r != nil {
		return errLong
	}
	return errShort
}

// read has f read a record, again if it was not there whole, and moves behind
// it.
func (w *window) read(f func(*cursor)) bool {
	for {
		c := w.cursor()
		f(&c)
		if !c.short {
			w.pos = int(c.off)
			return true
		}
		if !w.more() {
			return false
		}
	}
}

// skip moves on by n bytes.
func (w *window) skip(n int64) bool {
	for n > int64(len(w.b)-w.pos) {
		n -= int64(len(w.b) - w.pos)
		w.pos = len(w.b)
		if !w.more() {
			return false
		}
	}
	w.pos += int(n)
	return true
}
