package input

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"vmconform/rules"
)

// errTrailing is what a decoder meets behind its data: bytes that do not begin
// more of them. The commands leave them out, too.
var errTrailing = errors.New("bytes behind the data")

// unpack returns what a decoder makes of in.
func (s *Stream) unpack(name string, in *bufio.Reader) (*bufio.Reader, error) {
	r, err := s.decoder(name, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.Compression == "none" {
		s.Compression = name
	} else {
		s.Compression += "+" + name
	}
	s.File, s.Size, s.Offset, s.origin = nil, -1, nil, 0
	return bufio.NewReaderSize(&packed{s: s, name: name, r: r}, bufferSize), nil
}

// decoder makes a decoder of one that takes no more memory than windowLimit and a
// few MiB. All of them take several files one behind the other for one, as the
// commands do.
func (s *Stream) decoder(name string, in *bufio.Reader) (io.Reader, error) {
	switch name {
	case "gzip":
		return &gzipReader{in: in}, nil
	case "zstd":
		r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(windowLimit))
		if err != nil {
			return nil, err
		}
		s.close = append(s.close, r.Close)
		return &multiple{r, zstd.ErrMagicMismatch}, nil
	case "xz":
		return &xzReader{in: in}, nil
	case "bzip2":
		return &multiple{bzip2.NewReader(in), bzip2.StructuralError("bad magic value in continuation file")}, nil
	case "lz4":
		return &multiple{lz4.NewReader(in), lz4.ErrInvalidFrame}, nil
	}
	panic("no decoder for " + name)
}

// A packed is what a decoder makes of a wrapping. The stream ends where that
// breaks off.
type packed struct {
	s     *Stream
	name  string
	r     io.Reader
	ended bool // who reads on gets no more than the end again
}

func (p *packed) Read(b []byte) (int, error) {
	if p.ended {
		return 0, io.EOF
	}
	n, err := p.r.Read(b)
	p.ended = err != nil && p.s.failed == nil
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case p.s.failed != nil:
		return n, p.s.failed // whatever the decoder makes of it
	case err == errTrailing:
		p.s.notes = append(p.s.notes, rules.Note{Rule: rules.TrailingBytes, Detail: "behind the data of " + p.name})
	case p.s.broken == nil: // else the wrapping around this one is, and this one follows
		p.s.broken = &rules.Error{Class: classOf(err), Rule: rules.Wrapping, Detail: p.name + ": " + err.Error()}
	}
	return n, io.EOF
}

// classOf says what kind of fault a decoder found.
func classOf(err error) rules.Class {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return rules.Truncated
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, errDictionary):
		return rules.Limit
	}
	return rules.Framing
}

// A multiple is a decoder that takes files one behind the other; other gives away
// that none follows. The first one's magic is known to be right.
type multiple struct {
	io.Reader
	other error
}

func (m *multiple) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err != nil && errors.Is(err, m.other) {
		err = errTrailing
	}
	return n, err
}

const gzipMagic = "\x1f\x8b"

// A gzipReader reads the members of a gzip file (RFC 1952).
type gzipReader struct {
	in     *bufio.Reader
	z      gzip.Reader
	member bool // z is inside one
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		if g.member {
			n, err := g.z.Read(p)
			switch {
			case err != io.EOF:
				return n, err
			case n > 0:
				return n, nil // the end comes again
			}
		}
		if err := another(g.in, gzipMagic); err != nil {
			return 0, err
		}
		if err := g.z.Reset(g.in); err != nil {
			return 0, whole(err)
		}
		g.z.Multistream(false)
		g.member = true
	}
}

// another says nil if there follows what begins with magic, io.EOF if nothing does.
func another(in *bufio.Reader, magic string) error {
	head, err := in.Peek(len(magic))
	switch {
	case string(head) == magic:
		return nil
	case len(head) == 0:
		return err
	case strings.HasPrefix(magic, string(head)):
		return whole(err)
	}
	return errTrailing
}

// whole is an error of something that has begun: its end comes too early.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
