package savevm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Written counts the bytes that Reencode wrote, by where they came from.
type Written struct {
	Framing int64 // built from the parsed structures, the description's text excepted
	RAM     int64 // RAM records built again: all but page contents
	Builtin int64 // records of other known payloads built again, all but their data
	Payload int64 // given by Again.Payload
	VMDesc  int64 // Again.VMDesc
	Copied  int64 // taken from the input: page contents, what is opaque, else the description's text
}

// Total is the number of bytes written.
func (w Written) Total() int64 {
	return w.Framing + w.RAM + w.Builtin + w.Payload + w.VMDesc + w.Copied
}

// Again is what a stream is written again from, beside its parsed structures.
// What is missing is copied from the input.
type Again struct {
	Payload func(*Section) []byte // of sections that this package does not know; may give nil
	VMDesc  []byte                // the description's text
}

// Reencode writes the stream again: header, configuration, section headers,
// footers, commands and the records of known payloads from the parsed
// structures. Of a stream that did not parse to its end, the rest is copied.
func (s *Stream) Reencode(w io.Writer, from Again) (Written, error) {
	e := &encoder{w: w, records: recordReaders{}}
	at := s.encodeItems(e, s.encodeHead(e), s.Items, from.Payload)
	if s.EOF >= 0 {
		e.head(&e.n.Framing, KindEOF)
		at = s.EOF + 1
		// With its text cut off the length is all that is there to write, and
		// the text's own length would not be the one on the wire.
		if s.VMDescOffset >= 0 && s.VMDescOffset+descHeadSize+s.VMDescSize == s.End && s.VMDesc != nil {
			size := int(s.VMDescSize)
			if from.VMDesc != nil {
				size = len(from.VMDesc)
			}
			e.head(&e.n.Framing, appendVMDescHead(nil, size)...)
			at += descHeadSize
			if from.VMDesc != nil {
				e.data(&e.n.VMDesc, from.VMDesc)
				at = s.End
			}
		}
	}
	e.data(&e.n.Copied, s.Bytes[at:])
	e.flush()
	return e.n, e.err
}

const descHeadSize = 5

// Differs writes the stream again as Reencode does and compares it with the
// input. It gives the offset of the first byte that differs, or -1. Offsets
// where one is longer are those of the shorter one's end.
func (s *Stream) Differs(from Again) (int64, Written) {
	c := &comparer{want: s.Bytes, diff: -1}
	n, _ := s.Reencode(c, from) // a comparer takes all writes
	if c.diff < 0 && c.off != int64(len(c.want)) {
		c.diff = c.off
	}
	for sec := range s.Sections {
		if m := sec.RAM; m != nil && m.differs >= 0 && (c.diff < 0 || m.differs < c.diff) {
			c.diff = m.differs
		}
	}
	return c.diff, n
}

// encodeHead writes header and configuration and gives the offset behind them.
// A stream whose header is broken has none of it written.
func (s *Stream) encodeHead(e *encoder) int64 {
	if s.Version != streamVersion {
		return 0
	}
	e.head(&e.n.Framing, binary.BigEndian.AppendUint32([]byte(magic), s.Version)...)
	c := s.Config
	if c == nil {
		return headerSize
	}
	p := binary.BigEndian.AppendUint32([]byte{KindConfiguration}, uint32(len(c.Machine)))
	p = append(p, c.Machine...)
	for i := range c.Subsections {
		sub := &c.Subsections[i]
		p = append(p, KindSubsection, byte(len(sub.Name)))
		p = append(p, sub.Name...)
		p = binary.BigEndian.AppendUint32(p, sub.Version)
		switch sub.Name {
		case subPageBits:
			p = binary.BigEndian.AppendUint32(p, sub.PageBits)
		case subCapabilities:
			p = binary.BigEndian.AppendUint32(p, uint32(len(sub.Capabilities)))
			for _, name := range sub.Capabilities {
				p = append(p, byte(len(name)))
				p = append(p, name...)
			}
		case subUUID:
			p = append(p, sub.UUID[:]...)
		}
	}
	e.head(&e.n.Framing, p...)
	return c.Offset + c.Size
}

const headerSize = 8

// encodeItems writes the items of the stream or of a package, which begin at at,
// and gives the offset behind what it wrote.
func (s *Stream) encodeItems(e *encoder, at int64, items []Item, payload func(*Section) []byte) int64 {
	for _, it := range items {
		switch {
		case it.Command != nil:
			at = s.encodeCommand(e, it.Command, payload)
		case it.Section.complete:
			at = s.encodeSection(e, it.Section, payload)
		}
	}
	return at
}

func (s *Stream) encodeCommand(e *encoder, c *Command, payload func(*Section) []byte) int64 {
	p := binary.BigEndian.AppendUint16([]byte{KindCommand}, c.Code)
	p = binary.BigEndian.AppendUint16(p, uint16(len(c.Data)))
	e.head(&e.n.Framing, append(p, c.Data...)...)
	end := c.Offset + c.Size
	if c.Code != cmdPackaged {
		return end
	}
	at := s.encodeItems(e, c.PackedOffset, c.Items, payload)
	switch {
	case c.EOF >= 0:
		e.head(&e.n.Framing, KindEOF)
		e.data(&e.n.Copied, s.Bytes[c.EOF+1:end])
	case !c.complete:
		return at
	}
	return end
}

func (s *Stream) encodeSection(e *encoder, sec *Section, payload func(*Section) []byte) int64 {
	p := binary.BigEndian.AppendUint32([]byte{sec.Kind}, sec.ID)
	if sec.Kind == KindStart || sec.Kind == KindFull {
		p = append(p, byte(len(sec.idstr)))
		p = append(p, sec.idstr...)
		p = binary.BigEndian.AppendUint32(p, sec.InstanceID)
		p = binary.BigEndian.AppendUint32(p, sec.VersionID)
	}
	e.head(&e.n.Framing, p...)
	in := s.Payload(sec)
	if sec.RAM != nil {
		e.memory(sec, in)
	} else if sec.Coverage == CoverageBuiltin {
		e.builtin(sec, in)
	} else {
		var out []byte
		if payload != nil {
			out = payload(sec)
		}
		if out != nil {
			e.data(&e.n.Payload, out)
		} else {
			e.data(&e.n.Copied, in)
		}
	}
	if sec.HasFooter {
		e.head(&e.n.Framing, footerOf(sec.ID)...)
	}
	return sec.Offset + sec.Size
}

// Payload gives the bytes of a section's payload.
func (s *Stream) Payload(sec *Section) []byte {
	end := sec.PayloadOffset + sec.PayloadSize
	return s.Bytes[sec.PayloadOffset:end:end]
}

// builtin reads the records of a payload that was accepted before and writes them
// again.
func (e *encoder) builtin(sec *Section, in []byte) {
	c := cursor{b: in}
	records := e.records.of(sec.Kind, sec.ID, sec.Name)
	for c.left() > 0 {
		r, err := records.read(&c)
		if err != nil {
			return
		}
		e.head(&e.n.Builtin, r.head...)
		e.data(&e.n.Copied, r.data)
	}
}

// An encoder gathers what is built in a small buffer and hands large pieces of
// the input through as they are. It keeps the first error.
type encoder struct {
	w   io.Writer
	buf []byte
	n   Written
	err error

	records recordReaders
}

const encoderBuffer = 4096

func (e *encoder) head(n *int64, p ...byte) {
	*n += int64(len(p))
	e.buf = append(e.buf, p...)
	if len(e.buf) >= encoderBuffer {
		e.flush()
	}
}

func (e *encoder) data(n *int64, p []byte) {
	if len(p) < encoderBuffer/8 {
		e.head(n, p...)
		return
	}
	*n += int64(len(p))
	e.flush()
	e.write(p)
}

func (e *encoder) flush() {
	e.write(e.buf)
	e.buf = e.buf[:0]
}

func (e *encoder) write(p []byte) {
	if e.err == nil && len(p) > 0 {
		_, e.err = e.w.Write(p)
	}
}

// memory writes a RAM payload. Its records were built again when they were read.
func (e *encoder) memory(sec *Section, in []byte) {
	e.flush()
	e.n.RAM += sec.RAM.heads
	e.n.Copied += int64(len(in)) - sec.RAM.heads
	c, comparing := e.w.(*comparer)
	switch {
	case !sec.RAM.leftOut:
		e.write(in)
	case comparing:
		c.off += int64(len(in))
	case e.err == nil:
		e.err = errLeftOut
	}
}

var errLeftOut = errors.New("guest memory was left out")

// A comparer is a writer that looks for the first byte that differs.
type comparer struct {
	want []byte
	off  int64
	diff int64
}

func (c *comparer) Write(p []byte) (int, error) {
	if c.diff < 0 {
		n := min(int64(len(p)), int64(len(c.want))-c.off)
		if want := c.want[c.off : c.off+n]; !bytes.Equal(p[:n], want) {
			for i := range want {
				if p[i] != want[i] {
					c.diff = c.off + int64(i)
					break
				}
			}
		} else if n < int64(len(p)) {
			c.diff = c.off + n
		}
		c.off += n
	}
	return len(p), nil
}

// BytesBy says what each byte of a stream is; the numbers add up to its length.
type BytesBy struct {
	Framing int64 // header, configuration, section headers, footers, commands, end marker, description
	RAM     int64 // payloads of RAM sections
	Builtin int64 // payloads of other sections that this package knows
	Decoded int64 // payload bytes that the Decoder decoded
	Opaque  int64 // all the rest
}

// Total adds the numbers up.
func (b BytesBy) Total() int64 { return b.Framing + b.RAM + b.Builtin + b.Decoded + b.Opaque }

// BytesBy accounts for the stream's bytes.
func (s *Stream) BytesBy() BytesBy {
	var n BytesBy
	if s.Version == streamVersion {
		n.Framing = headerSize
	}
	if s.Config != nil {
		n.Framing += s.Config.Size
	}
	if s.EOF >= 0 {
		n.Framing++
	}
	if s.VMDescOffset >= 0 {
		n.Framing += min(descHeadSize+s.VMDescSize, int64(len(s.Bytes))-s.VMDescOffset)
	}
	for c := range s.commands {
		n.Framing += c.Size - c.PackedSize
		if c.EOF >= 0 {
			n.Framing++
		}
	}
	for sec := range s.Sections {
		n.Framing += sec.Size - sec.PayloadSize
		switch {
		case sec.Coverage != CoverageBuiltin:
			n.Decoded += sec.DecodedSize
		case sec.Name == "ram":
			n.RAM += sec.PayloadSize
		default:
			n.Builtin += sec.PayloadSize
		}
	}
	n.Opaque = int64(len(s.Bytes)) - n.Framing - n.RAM - n.Builtin - n.Decoded
	return n
}
