package savevm

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
)

// A Source is what Parse parses: a stream's bytes, of which the payloads of RAM
// sections may be left out.
type Source struct {
	Bytes  []byte // as long as the stream; zeros where memory was left out
	Origin int64  // of the stream's first byte in its file, which offsets of mapped-ram count from

	memory   map[int64]*Memory    // left out payloads by their offset
	ram      map[uint32]*ramState // after the last of them, by section id
	pageSize int                  // of guest memory, where it had to be found out; else 0
	free     func()
}

// behindMemory is the end of the last payload that was left out.
func (s *Source) behindMemory() int64 {
	var end int64
	for _, m := range s.memory {
		end = max(end, m.end)
	}
	return end
}

// Close gives back the memory of Bytes, if Read made it. Nothing that was parsed
// from the source may be used any more.
func (s *Source) Close() {
	if s.free != nil {
		s.free()
		s.Bytes, s.free = nil, nil
	}
}

// ReadOptions of Read. The zero value of a member means its default.
type ReadOptions struct {
	Size   int64 // of the stream in bytes as far as it is known: only a hint
	Origin int64 // see Source
	Kept   int64 // most bytes that are kept; default 1 GiB

	// Record is told of each record of guest memory in stream order, with
	// RAMRecord.In and RAMRecord.Page set; nil for nobody. It must not keep what
	// the record refers to. Its error ends the reading.
	Record func(*RAMRecord) error
	// Progress is told how far reading is, about every mebibyte; nil for nobody.
	Progress func(offset int64)
}

const defaultKept = 1 << 30

// ErrTooLong says that a stream has more bytes than are kept.
var ErrTooLong = errors.New("too much that is not guest memory")

// Read reads a stream in one pass. It checks the records of guest memory as it
// goes and does not keep them, so that it takes memory for everything else only.
// Guest memory that stands behind sections of unknown length is kept.
//
// Where r or Record fails, Read returns its error together with what came before.
// The caller has to close the source, which is never nil.
func Read(r io.Reader, o ReadOptions) (*Source, error) {
	if o.Kept <= 0 {
		o.Kept = defaultKept
	}
	sp := &sparse{limit: o.Kept}
	src := &Source{Origin: o.Origin, memory: map[int64]*Memory{}, ram: map[uint32]*ramState{}}
	w := &window{r: r, first: windowSize, keep: sp.write, progress: o.Progress}
	if o.Size > 0 {
		w.first = int(min(windowSize, o.Size+1)) // one more, to see the end
	}
	err := sp.reserve(o.Size)
	if err == nil {
		sc := scanner{w: w, src: src, record: o.Record}
		err = sc.scan()
		for err == nil && !sc.foreign && w.more() {
			w.pos = len(w.b)
		}
		w.pos = len(w.b)
		w.settle()
		err = cmp.Or(err, w.err, sp.reserve(w.kept))
	}
	src.Bytes, src.free = sp.b[:min(w.kept, int64(len(sp.b)))], sp.free
	return src, err
}

// A sparse is memory as long as a stream, of which little is ever written to:
// what is not takes no room.
type sparse struct {
	b     []byte
	free  func()
	wrote []Range
	long  int64 // bytes that were kept
	kept  int64 // those that take room
	limit int64
}

// maxZeros bounds the length of what is kept, in multiples of what it may take:
// zeros take no room, but they are looked through.
const maxZeros = 16

// reserve makes b at least n bytes long.
func (s *sparse) reserve(n int64) error {
	if n <= int64(len(s.b)) {
		return nil
	}
	n = max(n, 2*int64(len(s.b)))
	b, free, err := zeros(n)
	if err != nil {
		return fmt.Errorf("no room for a stream of %d bytes: %w", n, err)
	}
	for _, r := range s.wrote {
		copy(b[r.From:], s.b[r.From:r.To])
	}
	if s.free != nil {
		s.free()
	}
	s.b, s.free = b, free
	return nil
}

var zeroPage [minHostPage]byte

func (s *sparse) write(off int64, p []byte) error {
	if err := s.reserve(off + int64(len(p))); err != nil {
		return err
	}
	if s.long += int64(len(p)); s.long/maxZeros > s.limit {
		return fmt.Errorf("%w: more than %d bytes, even if most are zero", ErrTooLong, maxZeros*s.limit)
	}
	for len(p) > 0 {
		n := min(len(p), minHostPage-int(off%minHostPage))
		if !bytes.Equal(p[:n], zeroPage[:n]) {
			if s.kept += int64(n); s.kept > s.limit {
				return fmt.Errorf("%w: more than %d bytes", ErrTooLong, s.limit)
			}
			copy(s.b[off:], p[:n])
			if last := len(s.wrote) - 1; last >= 0 && s.wrote[last].To == off {
				s.wrote[last].To += int64(n)
			} else {
				s.wrote = append(s.wrote, Range{off, off + int64(n)})
			}
		}
		off, p = off+int64(n), p[n:]
	}
	return nil
}
