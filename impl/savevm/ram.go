package savevm

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"

	"vmconform/rules"
)

// The flags of RAM records, of which exactly one is set besides RAMContinue.
const (
	RAMZero         = 0x002
	RAMMemSize      = 0x004
	RAMPage         = 0x008
	RAMEOS          = 0x010
	RAMContinue     = 0x020
	RAMXBZRLE       = 0x040
	RAMHook         = 0x080
	RAMCompressPage = 0x100
	RAMMultifdFlush = 0x200
)

const (
	ramVersion     = 4
	xbzrleEncoding = 0x01
	minHostPage    = 4096
)

// A RAMBlock is an entry of the size list.
type RAMBlock struct {
	Name       string
	UsedLength uint64
	PageSize   uint64     // written under postcopy for blocks of unusual pages, else 0
	MRAddr     uint64     // written under x-ignore-shared
	Mapped     *MappedRAM // written under mapped-ram, else nil
}

// A RAMRecord is one record of a RAM payload. Block and Data are parts of the
// input.
type RAMRecord struct {
	Offset int64
	Addr   uint64 // the page's place in its block; the total size for RAMMemSize
	Flag   uint32 // the one flag
	Cont   bool   // RAMContinue: the block is that of the record before
	Block  []byte
	Fill   byte       // RAMZero
	Data   []byte     // the page, or what stands for it
	Blocks []RAMBlock // RAMMemSize

	// Of a page: its block, its size in bytes, and of RAMPage and RAMCompressPage
	// its contents.
	In       *RAMBlock
	PageSize int
	Page     []byte
}

// hasBlock reports whether the record is about a page of a block.
func (r *RAMRecord) hasBlock() bool {
	return r.Flag&(RAMZero|RAMPage|RAMXBZRLE|RAMCompressPage) != 0
}

// maxBlocks bounds the entries of one size list. A machine has tens.
const maxBlocks = 1 << 16

func tooManyBlocks(at int64) *rules.Error {
	return &rules.Error{Class: rules.Limit, Offset: at, Rule: rules.Bounded, Detail: "more than 65536 blocks of memory"}
}

// ramFormat is what decides the layout of RAM records.
type ramFormat struct {
	pageSize     int
	ignoreShared bool
	postcopy     bool
	mapped       bool
	origin       int64 // of the stream in its file
}

// read reads one record, of a RAMMemSize of mapped-ram its head only. Errors have
// no path yet.
func (f ramFormat) read(c *cursor) (RAMRecord, *rules.Error) {
	r := RAMRecord{Offset: c.off}
	bad := func(off int64, detail string) (RAMRecord, *rules.Error) {
		return r, &rules.Error{Class: rules.Framing, Offset: off, Rule: rules.RAMRecord, Detail: detail}
	}
	word := c.be64()
	if c.short {
		return r, errShort
	}
	mask := uint64(f.pageSize - 1)
	r.Addr = word &^ mask
	r.Cont = word&RAMContinue != 0
	r.Flag = uint32(word & mask &^ RAMContinue)
	switch r.Flag {
	case RAMEOS, RAMHook, RAMMultifdFlush, RAMMemSize:
	case RAMZero, RAMPage, RAMXBZRLE, RAMCompressPage:
		if !r.Cont {
			r.Block = c.counted()
		}
	default:
		return bad(r.Offset, "not exactly one known flag")
	}
	switch r.Flag {
	case RAMZero:
		r.Fill = c.u8()
	case RAMPage:
		r.Data = c.bytes(int64(f.pageSize))
	case RAMXBZRLE:
		encoding, n := c.u8(), c.be16()
		switch {
		case c.short:
		case encoding != xbzrleEncoding:
			return bad(r.Offset, "XBZRLE encoding is not 1")
		case int(n) > f.pageSize:
			return bad(r.Offset, "XBZRLE data is longer than a page")
		}
		r.Data = c.bytes(int64(n))
		if !c.short && !xbzrleFits(r.Data, f.pageSize) {
			return bad(r.Offset, "XBZRLE runs do not fit the page")
		}
	case RAMCompressPage:
		n := int64(c.be32())
		if !c.short && n > compressBound(f.pageSize) {
			return bad(r.Offset, "compressed data is longer than zlib makes of a page")
		}
		r.Data = c.bytes(n)
	case RAMMemSize:
		if f.mapped {
			break
		}
		for left := r.Addr; left != 0 && !c.short; {
			at := c.off
			b := f.readBlock(c)
			if c.short {
				break
			}
			if b.UsedLength > left {
				return bad(at, "the blocks are longer than their announced total")
			}
			if len(r.Blocks) == maxBlocks {
				return r, tooManyBlocks(at)
			}
			left -= b.UsedLength
			r.Blocks = append(r.Blocks, b)
		}
	}
	if c.short {
		return r, errShort
	}
	return r, nil
}

func (f ramFormat) readBlock(c *cursor) RAMBlock {
	b := RAMBlock{Name: string(c.counted()), UsedLength: c.be64()}
	if f.postcopy && !f.ignoreShared {
		// Nothing says whether the page size is there. What else may follow is a
		// name, whose length byte is not 0, or a record, whose flags are not 0.
		peek := *c
		if n := peek.be64(); n >= minHostPage && bits.OnesCount64(n) == 1 {
			*c = peek
			b.PageSize = n
		}
	}
	if f.ignoreShared {
		b.MRAddr = c.be64()
	}
	return b
}

// appendHead appends the record but for Data.
func (r *RAMRecord) appendHead(p []byte, f ramFormat) []byte {
	word := r.Addr | uint64(r.Flag)
	if r.Cont {
		word |= RAMContinue
	}
	p = binary.BigEndian.AppendUint64(p, word)
	if r.hasBlock() && !r.Cont {
		p = append(p, byte(len(r.Block)))
		p = append(p, r.Block...)
	}
	switch r.Flag {
	case RAMZero:
		p = append(p, r.Fill)
	case RAMXBZRLE:
		p = append(p, xbzrleEncoding)
		p = binary.BigEndian.AppendUint16(p, uint16(len(r.Data)))
	case RAMCompressPage:
		p = binary.BigEndian.AppendUint32(p, uint32(len(r.Data)))
	case RAMMemSize:
		for _, b := range r.Blocks {
			p = b.append(p, f)
		}
	}
	return p
}

func (b *RAMBlock) append(p []byte, f ramFormat) []byte {
	p = append(p, byte(len(b.Name)))
	p = append(p, b.Name...)
	p = binary.BigEndian.AppendUint64(p, b.UsedLength)
	if b.PageSize != 0 {
		p = binary.BigEndian.AppendUint64(p, b.PageSize)
	}
	if f.ignoreShared {
		p = binary.BigEndian.AppendUint64(p, b.MRAddr)
	}
	if h := b.Mapped; h != nil {
		p = binary.BigEndian.AppendUint32(p, h.Version)
		p = binary.BigEndian.AppendUint64(p, h.PageSize)
		p = binary.BigEndian.AppendUint64(p, h.BitmapOffset)
		p = binary.BigEndian.AppendUint64(p, h.PagesOffset)
	}
	return p
}

// compressBound is the most that zlib makes of n bytes.
func compressBound(n int) int64 {
	m := int64(n)
	return m + m>>12 + m>>14 + m>>25 + 13
}

// xbzrleFits checks the runs of an XBZRLE payload: (zero run, other run, bytes)
// repeated, lengths in at most two bytes of uleb128, a zero run of 0 only at the
// start, the other run never 0, all of it inside one page.
func xbzrleFits(p []byte, page int) bool {
	length := func() (int, bool) {
		if len(p) > 0 && p[0] < 0x80 {
			n := int(p[0])
			p = p[1:]
			return n, true
		}
		if len(p) > 1 && p[1] < 0x80 {
			n := int(p[0]&0x7f) | int(p[1])<<7
			p = p[2:]
			return n, true
		}
		return 0, false
	}
	at := 0
	for first := true; len(p) > 0; first = false {
		zeros, ok := length()
		if !ok || zeros == 0 && !first {
			return false
		}
		at += zeros
		others, ok := length()
		if !ok || others == 0 || others > len(p) || at+others > page {
			return false
		}
		p = p[others:]
		at += others
	}
	return true
}

// ramState is what the records of one RAM section build up over its START, PART
// and END.
type ramState struct {
	blocks  []RAMBlock
	index   map[string]int // into blocks
	current int            // the block that CONTINUE means
	named   bool           // there is such a block
}

// stateOf gives the state of a section, which is empty at first.
func stateOf(states map[uint32]*ramState, id uint32) *ramState {
	st := states[id]
	if st == nil {
		st = &ramState{}
		states[id] = st
	}
	return st
}

func cloneStates(states map[uint32]*ramState) map[uint32]*ramState {
	c := make(map[uint32]*ramState, len(states))
	for id, st := range states {
		c[id] = st.clone()
	}
	return c
}

func (st *ramState) clone() *ramState {
	c := *st
	c.blocks, c.index = slices.Clone(st.blocks), maps.Clone(st.index)
	return &c
}

// check applies a record and checks it against the blocks.
func (st *ramState) check(r *RAMRecord) *rules.Error {
	for _, b := range r.Blocks {
		st.announce(b)
	}
	if !r.hasBlock() {
		return nil
	}
	if !r.Cont {
		st.current, st.named = st.index[string(cString(r.Block))]
	}
	if !st.named {
		return &rules.Error{Class: rules.Framing, Offset: r.Offset, Rule: rules.RAMBlock, Detail: "the size list has no such block"}
	}
	if r.Addr >= st.blocks[st.current].UsedLength {
		return &rules.Error{Class: rules.Framing, Offset: r.Offset, Rule: rules.RAMRange, Detail: "the page lies beyond the block's used length"}
	}
	return nil
}

func (st *ramState) announce(b RAMBlock) {
	name := string(cString([]byte(b.Name)))
	if i, known := st.index[name]; known {
		st.blocks[i] = b
		return
	}
	if st.index == nil {
		st.index = make(map[string]int)
	}
	st.index[name] = len(st.blocks)
	st.blocks = append(st.blocks, b)
}

// cString is p up to its first NUL, as C compares it.
func cString(p []byte) []byte {
	if i := bytes.IndexByte(p, 0); i >= 0 {
		return p[:i]
	}
	return p
}
