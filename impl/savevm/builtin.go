package savevm

import (
	"encoding/binary"

	"vmconform/rules"
)

const (
	htabVersion       = 1
	attributesVersion = 0

	htabNone  = 0xffffffff
	pteSize   = 16
	maxShift  = 62 // of the hash table; 46 is the largest that exists
	attrMore  = 0x02
	attrError = 0x04
	attrDone  = 0x08
	attrEOS   = 0x01

	attrPageSize = 4096
)

// errShort stands for the end of the input inside a record. It is never handed
// out: the parser knows offset and path.
var errShort = &rules.Error{Class: rules.Truncated, Rule: rules.StreamEOF}

// htabRecord is a record of a hash table payload: the header (be32), or a run of
// entries.
type htabRecord struct {
	header         bool
	word           uint32 // the header, or the run's first index
	valid, invalid uint16
	data           []byte // valid entries
}

// htabReader walks one hash table payload. shift is 0 while no header gave one.
type htabReader struct {
	shift  uint32
	inside bool // a list has begun
}

// read reads one record; last says that the payload ends with it.
func (h *htabReader) read(c *cursor) (r htabRecord, last bool, err *rules.Error) {
	at := c.off
	bad := func(detail string) (htabRecord, bool, *rules.Error) {
		return r, false, &rules.Error{Class: rules.Framing, Offset: at, Rule: rules.HTABRecord, Detail: detail}
	}
	if !h.inside {
		r.header, r.word = true, c.be32()
		switch {
		case c.short:
			return r, false, errShort
		case r.word == 0:
			h.inside = true
			return r, false, nil
		case r.word == htabNone:
		case r.word > maxShift:
			return bad("neither a table size nor a list")
		default:
			h.shift = r.word
		}
		return r, true, nil
	}
	r.word, r.valid, r.invalid = c.be32(), c.be16(), c.be16()
	if c.short {
		return r, false, errShort
	}
	if r.word == 0 && r.valid == 0 && r.invalid == 0 {
		h.inside = false
		return r, true, nil
	}
	if h.shift != 0 && uint64(r.word)+uint64(r.valid)+uint64(r.invalid) > uint64(1)<<h.shift/pteSize {
		return bad("the entries lie beyond the table")
	}
	r.data = c.bytes(int64(r.valid) * pteSize)
	if c.short {
		return r, false, errShort
	}
	return r, false, nil
}

func (r *htabRecord) appendHead(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, r.word)
	if !r.header {
		b = binary.BigEndian.AppendUint16(b, r.valid)
		b = binary.BigEndian.AppendUint16(b, r.invalid)
	}
	return b
}

// attrRecord is a record of a storage attributes payload.
type attrRecord struct {
	word  uint64 // address and flag
	count uint64 // attrMore
	data  []byte
}

func (r *attrRecord) flag() uint64 { return r.word & (attrPageSize - 1) }

func readAttr(c *cursor) (r attrRecord, err *rules.Error) {
	at := c.off
	r.word = c.be64()
	if c.short {
		return r, errShort
	}
	switch r.flag() {
	case attrEOS, attrDone, attrError:
	case attrMore:
		r.count = c.be64()
		if !c.short && r.count > uint64(c.left()) {
			c.short = true
		}
		r.data = c.bytes(int64(r.count))
	default:
		return r, &rules.Error{Class: rules.Framing, Offset: at, Rule: rules.AttributesRecord, Detail: "not one known flag"}
	}
	if c.short {
		return r, errShort
	}
	return r, nil
}

func (r *attrRecord) appendHead(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, r.word)
	if r.flag() == attrMore {
		b = binary.BigEndian.AppendUint64(b, r.count)
	}
	return b
}

// A builtin is a section whose payload this package knows.
type builtin struct {
	version uint32
	read    func(p *parser, s *Section) *rules.Error
}

var builtins = map[string]builtin{
	"ram":                     {ramVersion, (*parser).readRAM},
	"spapr/htab":              {htabVersion, (*parser).readHTAB},
	"s390-storage_attributes": {attributesVersion, (*parser).readAttributes},
}

// readRAM reads a RAM payload, or takes what was read of it before it was left
// out.
func (p *parser) readRAM(s *Section) *rules.Error {
	s.RAM = p.src.memory[s.PayloadOffset]
	if s.RAM == nil {
		st := stateOf(p.ram, s.ID)
		s.RAM = &Memory{}
		f := formatOf(p.s.Config, p.postcopy, p.src.Origin)
		f.pageSize = p.s.PageSize
		r := memoryReader{w: &window{b: p.b, pos: int(p.c.off)}, f: f, st: st, m: s.RAM}
		r.read() // there is no record to fail
	} else if f := s.RAM.format; f.pageSize != p.s.PageSize && s.RAM.Normal+s.RAM.XBZRLE+s.RAM.Compressed > 0 {
		return framing(s.PayloadOffset, "", rules.RAMRecord, "pages are of %d bytes, and the records of %d", p.s.PageSize, f.pageSize)
	}
	if len(s.RAM.Blocks) > 0 {
		p.s.RAM = s.RAM.known
	}
	p.c.off = s.RAM.end
	return s.RAM.err
}

func (p *parser) readHTAB(s *Section) *rules.Error {
	h := htabReader{shift: p.htab[s.ID]}
	for {
		_, last, err := h.read(&p.c)
		if err != nil {
			return err
		}
		if last {
			p.htab[s.ID] = h.shift
			return nil
		}
	}
}

func (p *parser) readAttributes(*Section) *rules.Error {
	for {
		r, err := readAttr(&p.c)
		if err != nil {
			return err
		}
		if r.flag() == attrEOS {
			return nil
		}
	}
}

// leastPayload is what a payload takes at least, where that is known and helps:
// the first member of `timer` is a clock, the eight bytes behind it are zeros,
// and its section id is 0, so that a cut there would look like footer and end
// of stream once in 256 streams.
func leastPayload(s *Section) int64 {
	if s.Name == "timer" && s.VersionID == 2 {
		return 24
	}
	return 0
}
