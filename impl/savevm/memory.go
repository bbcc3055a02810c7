package savevm

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math/bits"

	"vmconform/rules"
)

// A Memory is what the records of one RAM payload are.
type Memory struct {
	Blocks []RAMBlock // announced here

	// Pages by how they stand there. With mapped-ram those that the bitmap lists
	// are Normal, the others Zero.
	Zero, Normal, XBZRLE, Compressed int64

	format  ramFormat
	known   []RAMBlock // announced so far, the payloads before included
	end     int64      // offset behind it
	heads   int64      // bytes of the records but for contents of pages
	differs int64      // of the first record that would be written otherwise, or -1
	err     *rules.Error
	leftOut bool

	otherwise *Memory // what it is with pages of the usual size, if that was found not to be theirs: broken
	proved    bool    // that it is not, by a page
}

// KeptMemory gives record each record of guest memory that Read did not, as it
// was kept: see there.
func (s *Stream) KeptMemory(record func(*RAMRecord) error) error {
	ram := cloneStates(s.src.ram)
	for sec := range s.Sections {
		if sec.RAM == nil || sec.RAM.leftOut {
			continue
		}
		r := memoryReader{
			w: &window{b: s.Bytes, pos: int(sec.PayloadOffset)}, f: sec.RAM.format,
			st: stateOf(ram, sec.ID), m: &Memory{}, record: record,
		}
		if err := r.read(); err != nil {
			return err
		}
	}
	return nil
}

// A memoryReader reads the records of one RAM payload.
type memoryReader struct {
	w      *window
	f      ramFormat
	st     *ramState
	m      *Memory
	record func(*RAMRecord) error // or nil
	guess  bool                   // the size of a page is to be found out
	z      *inflater
	rec    RAMRecord // the one at hand: not one allocation for each
}

// read reads up to the record that ends the payload. The error is of record.
func (r *memoryReader) read() error {
	if r.f.pageSize == 0 {
		r.f.pageSize = defaultPageSize // until it is known
	}
	r.m.format, r.m.differs = r.f, -1
	err := r.records()
	r.m.end, r.m.known = r.w.offset(), r.st.blocks
	return err
}

func (r *memoryReader) records() error {
	w := r.w
	for {
		c := w.cursor()
		var err *rules.Error
		r.rec, err = r.f.read(&c)
		rec := &r.rec
		if r.guess && (rec.hasBlock() && rec.Flag != RAMZero || err != nil && err != errShort) {
			r.f.pageSize, r.guess = r.guessPageSize(), false
			r.m.format = r.f
			continue
		}
		if err == errShort && w.more() {
			continue
		}
		rec.Offset = w.offset()
		switch {
		case err == errShort:
			err = w.end()
		case err != nil:
			moved := *err
			moved.Offset += w.base
			err = &moved
		default:
			err = r.st.check(rec)
		}
		if err == nil {
			err = r.page(rec)
		}
		if err != nil {
			r.m.err = err
			return nil
		}
		r.written(rec, w.b[w.pos:c.off])
		w.pos = int(c.off)
		switch rec.Flag {
		case RAMMemSize:
			if r.f.mapped {
				if err := r.mapped(rec); err != nil || r.m.err != nil {
					return err
				}
				continue // each block was a record
			}
			r.m.Blocks = append(r.m.Blocks, rec.Blocks...)
		default:
			r.m.count(rec)
		}
		if r.record != nil {
			if err := r.record(rec); err != nil {
				return err
			}
		}
		if rec.Flag == RAMEOS {
			return nil
		}
	}
}

// guessPageSize finds the size of pages where the configuration does not say it,
// in a stream that is read in one pass and has its description at the end: the
// one that nearly all machines have, unless the next records are none with it and
// are with another one. What is wrong with them otherwise is kept: the guess may
// be what makes a broken record look right.
func (r *memoryReader) guessPageSize() int {
	const ahead = 512 << 10
	for len(r.w.b)-r.w.pos < ahead && r.w.more() {
	}
	// fits reads records as far as they are there. proved says that a page was
	// among them, and a record behind it.
	fits := func(size int) (proved bool, bad *Memory) {
		f, st, c, m := r.f, r.st.clone(), r.w.cursor(), *r.m
		f.pageSize = size
		for page := false; ; {
			at := c.off
			rec, err := f.read(&c)
			switch {
			case err == errShort && !r.w.done:
				return proved, nil
			case err == nil:
				err = st.check(&rec)
			}
			if err != nil {
				moved := *err
				moved.Offset = r.w.base + at
				m.err, m.end, m.known = &moved, moved.Offset, st.blocks
				return false, &m
			}
			m.count(&rec)
			proved = proved || page
			page = rec.Flag == RAMPage
			if rec.Flag == RAMEOS {
				return proved, nil
			}
		}
	}
	_, bad := fits(defaultPageSize)
	if bad == nil {
		return defaultPageSize
	}
	for _, size := range []int{1024, 2048, 8192, 16384, 65536} {
		if proved, wrong := fits(size); wrong == nil {
			r.m.otherwise, r.m.proved = bad, proved
			return size
		}
	}
	return defaultPageSize
}

// count counts a record of a page.
func (m *Memory) count(rec *RAMRecord) {
	switch rec.Flag {
	case RAMZero:
		m.Zero++
	case RAMPage:
		m.Normal++
	case RAMXBZRLE:
		m.XBZRLE++
	case RAMCompressPage:
		m.Compressed++
	}
}

// page settles the contents of a page.
func (r *memoryReader) page(rec *RAMRecord) *rules.Error {
	if !rec.hasBlock() {
		return nil
	}
	rec.In, rec.PageSize = &r.st.blocks[r.st.current], r.f.pageSize
	switch rec.Flag {
	case RAMPage:
		rec.Page = rec.Data
	case RAMCompressPage:
		if r.z == nil {
			r.z = &inflater{page: make([]byte, r.f.pageSize)}
		}
		if !r.z.inflate(rec.Data) {
			return &rules.Error{Class: rules.Framing, Offset: rec.Offset, Rule: rules.RAMCompressed, Detail: "no zlib stream of one page"}
		}
		rec.Page = r.z.page
	}
	return nil
}

// written builds the record again and compares it with what stands there.
func (r *memoryReader) written(rec *RAMRecord, raw []byte) {
	var space [300]byte
	head := rec.appendHead(space[:0], r.f)
	r.m.heads += int64(len(head))
	if r.m.differs < 0 && (len(head)+len(rec.Data) != len(raw) || !bytes.Equal(head, raw[:len(head)])) {
		r.m.differs = rec.Offset
	}
}

// mapped reads the size list of mapped-ram: each block's pages follow its entry,
// at offsets of the file. Each entry is given as a record of its own, before its
// pages.
func (r *memoryReader) mapped(rec *RAMRecord) error {
	for left := rec.Addr; left != 0; {
		var b RAMBlock
		var head []byte
		at := r.w.offset()
		if !r.w.read(func(c *cursor) {
			from := c.off
			b = r.f.readBlock(c)
			b.Mapped = readMapped(c)
			head = c.b[from:c.off]
		}) {
			r.m.err = r.w.end()
			return nil
		}
		if b.UsedLength > left {
			r.m.err = &rules.Error{Class: rules.Framing, Offset: at, Rule: rules.RAMRecord, Detail: "the blocks are longer than their announced total"}
			return nil
		}
		if len(rec.Blocks) == maxBlocks {
			r.m.err = tooManyBlocks(at)
			return nil
		}
		left -= b.UsedLength
		if r.m.differs < 0 && !bytes.Equal(b.append(nil, r.f), head) {
			r.m.differs = at
		}
		r.m.heads += int64(len(head))
		r.st.announce(b)
		rec.Blocks = append(rec.Blocks, b)
		r.m.Blocks = append(r.m.Blocks, b)
		if r.record != nil {
			one := RAMRecord{Offset: at, Addr: b.UsedLength, Flag: RAMMemSize, Blocks: []RAMBlock{b}}
			if err := r.record(&one); err != nil {
				return err
			}
		}
		if err := r.pages(&b, at); err != nil || r.m.err != nil {
			return err
		}
	}
	return nil
}

// A MappedRAM says where the pages of a block are with mapped-ram. Offsets count
// from the first byte of the file. All but the version is 0 for a shared block,
// which is left out.
type MappedRAM struct {
	Version      uint32
	PageSize     uint64
	BitmapOffset uint64
	PagesOffset  uint64
}

const mappedVersion = 1

func readMapped(c *cursor) *MappedRAM {
	return &MappedRAM{c.be32(), c.be64(), c.be64(), c.be64()}
}

// pages passes a block's bitmap and pages; its entry stands at the given offset.
func (r *memoryReader) pages(b *RAMBlock, at int64) error {
	h := b.Mapped
	bad := func(detail string) error {
		r.m.err = &rules.Error{Class: rules.Framing, Offset: at, Rule: rules.RAMMapped, Detail: detail}
		return nil
	}
	if h.Version != mappedVersion {
		return bad("the version of mapped-ram is not 1")
	}
	if h.BitmapOffset == 0 && h.PagesOffset == 0 {
		return nil
	}
	const most = 1 << 62
	if h.PageSize < 512 || bits.OnesCount64(h.PageSize) != 1 || h.PageSize > 1<<maxPageBits || b.UsedLength%h.PageSize != 0 {
		return bad("no page size that the block is made of")
	}
	n := b.UsedLength / h.PageSize
	bitmap := (n + 63) / 64 * 8
	here := uint64(r.w.offset() + r.f.origin)
	if b.UsedLength > most || h.BitmapOffset > most || h.PagesOffset > most || h.BitmapOffset < here || h.PagesOffset < h.BitmapOffset+bitmap {
		return bad("bitmap and pages do not follow the entry in this order")
	}
	if bitmap > maxWindow {
		return bad("a bitmap of more than 64 MiB")
	}
	var set []byte
	if !r.w.skip(int64(h.BitmapOffset-here)) || !r.w.read(func(c *cursor) { set = c.bytes(int64(bitmap)) }) {
		r.m.err = r.w.end()
		return nil
	}
	set = hostOrder(set, n)
	normal := int64(0)
	for i := range set {
		normal += int64(bits.OnesCount8(set[i]))
	}
	r.m.Normal += normal
	r.m.Zero += int64(n) - normal
	if !r.w.skip(int64(h.PagesOffset - h.BitmapOffset - bitmap)) {
		r.m.err = r.w.end()
		return nil
	}
	if r.record == nil {
		if !r.w.skip(int64(b.UsedLength)) {
			r.m.err = r.w.end()
		}
		return nil
	}
	for i := range n {
		rec := RAMRecord{Offset: r.w.offset(), Addr: i * h.PageSize, Flag: RAMZero, In: b, PageSize: int(h.PageSize)}
		if set[i/8]>>(i%8)&1 != 0 {
			rec.Flag = RAMPage
		}
		if !r.w.read(func(c *cursor) { rec.Data = c.bytes(int64(h.PageSize)) }) {
			r.m.err = r.w.end()
			return nil
		}
		if rec.Flag == RAMPage {
			rec.Page = rec.Data
		}
		if err := r.record(&rec); err != nil {
			return err
		}
	}
	return nil
}

// hostOrder gives a bitmap of n bits, in 64-bit words of the host that wrote it,
// as bytes in which bit i is bit i%8 of byte i/8. Which order that host had the
// file does not say. Where bits behind the last page are set if it was
// little-endian, it was not. Bits behind the last page are cleared.
func hostOrder(words []byte, n uint64) []byte {
	set := bytes.Clone(words)
	last := len(set) - 8
	if last < 0 {
		return set
	}
	tail := ^uint64(0)
	if n%64 != 0 {
		tail = 1<<(n%64) - 1
	}
	if binary.LittleEndian.Uint64(set[last:])&^tail != 0 && binary.BigEndian.Uint64(set[last:])&^tail == 0 {
		for i := 0; i < len(set); i += 8 {
			binary.LittleEndian.PutUint64(set[i:], binary.BigEndian.Uint64(set[i:]))
		}
	}
	binary.LittleEndian.PutUint64(set[last:], binary.LittleEndian.Uint64(set[last:])&tail)
	return set
}

// An inflater inflates pages.
type inflater struct {
	in   bytes.Reader
	z    io.ReadCloser
	page []byte
}

// inflate says whether p is a zlib stream of one page, which it leaves in page.
func (f *inflater) inflate(p []byte) bool {
	f.in.Reset(p)
	var err error
	if f.z == nil {
		f.z, err = zlib.NewReader(&f.in)
	} else {
		err = f.z.(zlib.Resetter).Reset(&f.in, nil)
	}
	if err != nil {
		return false
	}
	if _, err := io.ReadFull(f.z, f.page); err != nil {
		return false
	}
	var more [1]byte
	n, err := f.z.Read(more[:])
	return n == 0 && err == io.EOF && f.in.Len() == 0
}

// ApplyXBZRLE changes a page to what the data of an XBZRLE record that was read
// makes of it.
func ApplyXBZRLE(page, data []byte) {
	length := func() int {
		n, size := binary.Uvarint(data)
		data = data[size:]
		return int(n)
	}
	for at := 0; len(data) > 0; {
		at += length()
		n := length()
		at += copy(page[at:], data[:n])
		data = data[n:]
	}
}
