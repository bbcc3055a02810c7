package savevm

import (
	"encoding/binary"

	"vmconform/rules"
)

const (
	htabVersion       = 1
	attributesVersion = 0
	bitmapVersion     = 1
	blockVersion      = 1

	htabNone  = 0xffffffff
	pteSize   = 16
	maxShift  = 62 // of the hash table; 46 is the largest that exists
	attrMore  = 0x02
	attrError = 0x04
	attrDone  = 0x08
	attrEOS   = 0x01

	attrPageSize = 4096

	// The flags of a dirty-bitmap chunk.
	bitmapEOS      = 0x01
	bitmapZeroes   = 0x02
	bitmapName     = 0x04
	bitmapNode     = 0x08
	bitmapStart    = 0x10
	bitmapComplete = 0x20
	bitmapBits     = 0x40
	bitmapMore     = 0x80 // flags of two bytes, or of four; the last byte has all that exist
	bitmapFlags    = 0x07 // those of a bitmap in its START

	// The flags of a block record, and what a record without blockZero carries.
	blockDevice   = 0x01
	blockEOS      = 0x02
	blockProgress = 0x04
	blockZero     = 0x08
	sectorSize    = 512
	blockSize     = 1 << 20
)

// errShort stands for the end of the input inside a record. It is never handed
// out: the parser knows offset and path.
var errShort = &rules.Error{Class: rules.Truncated, Rule: rules.StreamEOF}

// A record is one record of a known payload.
type record struct {
	head []byte // written anew from what was read
	data []byte // the rest of it, as it stands in the input
	last bool   // the payload ends with it

	odd    rules.ID // what QEMU's writer would not have done, or ""
	detail string
}

// A recordReader reads the records of one section, through its START, PARTs and
// END.
type recordReader interface {
	// read reads one record. Where it fails nothing has changed, so that the
	// record can be read again once more of it is there.
	read(c *cursor) (record, *rules.Error)
}

// ended is r, unless the input has ended inside it.
func ended(c *cursor, r record) (record, *rules.Error) {
	if c.short {
		return record{}, errShort
	}
	return r, nil
}

// many gives the next n bytes, where n is what a record says it has.
func (c *cursor) many(n uint64) []byte {
	if n > uint64(c.left()) {
		c.short = true
	}
	return c.bytes(int64(n))
}

func badRecord(at int64, id rules.ID, detail string) (record, *rules.Error) {
	return record{}, &rules.Error{Class: rules.Framing, Offset: at, Rule: id, Detail: detail}
}

// htabReader reads hash table payloads: a header (be32), and behind one of 0 runs
// of entries.
type htabReader struct {
	shift  uint32 // of the table's size; 0 while no header gave it
	inside bool   // a list has begun
}

func (h *htabReader) read(c *cursor) (record, *rules.Error) {
	at := c.off
	word := c.be32()
	head := binary.BigEndian.AppendUint32(nil, word)
	if !h.inside {
		switch {
		case c.short:
			return record{}, errShort
		case word == 0:
			h.inside = true
			return record{head: head}, nil
		case word == htabNone:
		case word > maxShift:
			return badRecord(at, rules.HTABRecord, "neither a table size nor a list")
		default:
			h.shift = word
		}
		return record{head: head, last: true}, nil
	}
	valid, invalid := c.be16(), c.be16()
	head = binary.BigEndian.AppendUint16(head, valid)
	head = binary.BigEndian.AppendUint16(head, invalid)
	if c.short {
		return record{}, errShort
	}
	if word == 0 && valid == 0 && invalid == 0 {
		h.inside = false
		return record{head: head, last: true}, nil
	}
	if h.shift != 0 && uint64(word)+uint64(valid)+uint64(invalid) > uint64(1)<<h.shift/pteSize {
		return badRecord(at, rules.HTABRecord, "the entries lie beyond the table")
	}
	return ended(c, record{head: head, data: c.bytes(int64(valid) * pteSize)})
}

// attributesReader reads storage attributes: records of be64 address and flag.
type attributesReader struct{}

func (attributesReader) read(c *cursor) (record, *rules.Error) {
	at := c.off
	word := c.be64()
	r := record{head: binary.BigEndian.AppendUint64(nil, word)}
	if c.short {
		return record{}, errShort
	}
	switch word & (attrPageSize - 1) {
	case attrEOS:
		r.last = true
	case attrDone, attrError:
	case attrMore:
		n := c.be64()
		r.head = binary.BigEndian.AppendUint64(r.head, n)
		r.data = c.many(n)
	default:
		return badRecord(at, rules.AttributesRecord, "not one known flag")
	}
	return ended(c, r)
}

// bitmapReader reads chunks of dirty bitmaps. A chunk is about the node and the
// bitmap that were named last.
type bitmapReader struct {
	node, bitmap bool // named
}

// read judges flags as QEMU's loader does: of several kinds the first counts, none
// is nothing, the end may stand in any chunk, and bitmaps that are not named are
// passed over (live QEMU 7.2 and 10.0).
func (b *bitmapReader) read(c *cursor) (record, *rules.Error) {
	at := c.off
	flags := c.u8()
	r := record{head: []byte{flags}}
	if flags&bitmapMore != 0 {
		flags = c.u8()
		r.head = append(r.head, flags)
		if flags&bitmapMore != 0 {
			more := c.be16()
			flags = byte(more)
			r.head = binary.BigEndian.AppendUint16(r.head, more)
		}
	}
	long := len(r.head) > 1
	r.last = flags&bitmapEOS != 0
	name := func(flag byte) bool {
		if flags&flag != 0 {
			p := c.counted()
			r.head = append(append(r.head, byte(len(p))), p...)
		}
		return flags&flag != 0
	}
	node, bitmap := name(bitmapNode) || b.node, name(bitmapName) || b.bitmap
	switch {
	case flags&bitmapStart != 0:
		r.head = binary.BigEndian.AppendUint32(r.head, c.be32()) // granularity
		of := c.u8()
		r.head = append(r.head, of)
		if !c.short && of > bitmapFlags {
			return badRecord(at, rules.BitmapRecord, "flags that no bitmap has")
		}
	case flags&bitmapComplete != 0:
	case flags&bitmapBits != 0:
		r.head = binary.BigEndian.AppendUint64(r.head, c.be64()) // sector
		r.head = binary.BigEndian.AppendUint32(r.head, c.be32()) // sectors
		if flags&bitmapZeroes == 0 {
			n := c.be64()
			r.head = binary.BigEndian.AppendUint64(r.head, n)
			r.data = c.many(n)
		}
	}
	if c.short {
		return record{}, errShort
	}
	b.node, b.bitmap = node, bitmap
	switch kind := flags &^ (bitmapNode | bitmapName); {
	case long:
		r.odd, r.detail = rules.BitmapCanonical, "flags of more than one byte"
	case kind == bitmapStart, kind == bitmapComplete, kind&^bitmapZeroes == bitmapBits:
		if !node || !bitmap {
			r.odd, r.detail = rules.BitmapCanonical, "neither this chunk nor one before it says which node and bitmap"
		}
	default:
		if flags != bitmapEOS {
			r.odd, r.detail = rules.BitmapCanonical, "not of one kind"
		}
	}
	return r, nil
}

// blockReader reads the contents of disks: records of be64 sector and flags.
type blockReader struct{}

// read judges flags as QEMU's loader does: of several kinds the first counts, the
// end may stand in any record, and unknown flags beside a kind are nothing (live
// QEMU 7.2).
func (blockReader) read(c *cursor) (record, *rules.Error) {
	at := c.off
	word := c.be64()
	flags := word % sectorSize
	r := record{head: binary.BigEndian.AppendUint64(nil, word), last: flags&blockEOS != 0}
	switch {
	case c.short:
		return record{}, errShort
	case flags&(blockDevice|blockProgress|blockEOS) == 0:
		return badRecord(at, rules.BlockRecord, "of no known kind")
	case flags&blockDevice != 0:
		name := c.counted()
		r.head = append(append(r.head, byte(len(name))), name...)
		if flags&blockZero == 0 {
			r.data = c.bytes(blockSize)
		}
	}
	switch flags {
	case blockEOS, blockProgress, blockDevice, blockDevice | blockZero:
	default:
		r.odd, r.detail = rules.BlockCanonical, "not of one kind"
	}
	return ended(c, r)
}

// A builtin is a section whose payload this package knows.
type builtin struct {
	version uint32
	records func() recordReader // nil: guest memory, which memoryReader reads
}

var builtins = map[string]builtin{
	"ram":                     {ramVersion, nil},
	"spapr/htab":              {htabVersion, func() recordReader { return &htabReader{} }},
	"s390-storage_attributes": {attributesVersion, func() recordReader { return attributesReader{} }},
	"dirty-bitmap":            {bitmapVersion, func() recordReader { return &bitmapReader{} }},
	"block":                   {blockVersion, func() recordReader { return blockReader{} }},
}

// recordReaders are those of a stream's sections, by section id.
type recordReaders map[uint32]recordReader

// of gives the reader of a section of one of the builtins. A START or FULL begins
// anew.
func (m recordReaders) of(kind byte, id uint32, name string) recordReader {
	if kind == KindStart || kind == KindFull {
		m[id] = builtins[name].records()
	}
	return m[id]
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
	} else if m := s.RAM; m.otherwise != nil && m.format.pageSize != p.s.PageSize {
		if p.sized || !m.proved {
			s.RAM = m.otherwise
		} else {
			p.s.PageSize = m.format.pageSize
		}
	}
	if len(s.RAM.Blocks) > 0 {
		p.s.RAM = s.RAM.known
	}
	p.c.off = s.RAM.end
	return s.RAM.err
}

func (p *parser) readRecords(s *Section) *rules.Error {
	r := p.records.of(s.Kind, s.ID, s.Name)
	for {
		at := p.c.off
		rec, err := r.read(&p.c)
		if rec.odd != "" && !p.odd[s.ID] {
			p.odd[s.ID] = true
			p.note(rec.odd, at, s.Path(), rec.detail)
		}
		if err != nil || rec.last {
			return err
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
