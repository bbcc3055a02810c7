package diff

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"strconv"

	"vmconform/impl/savevm"
	"vmconform/internal/show"
)

// A page is the last record of a page: its address, with the kind of the record
// in the bits below the page size, and a hash of what it holds, 0 if that is not
// known.
type page struct {
	word uint64
	hash uint64
}

// A block is a block of RAM with its pages, by address.
type block struct {
	name  string
	used  uint64
	pages []page
}

// A Memory is the guest memory of a stream: of each page what it holds is known
// by a hash. It takes 16 bytes a record.
type Memory struct {
	blocks []*block
	all    maphash.Hash // of all that the records say
	fills  map[fill]uint64
}

// A fill is a page of one byte, again and again.
type fill struct {
	byte byte
	size int
}

// filled gives the hash of such a page, most of which are zero.
func (m *Memory) filled(b byte, size int) uint64 {
	f := fill{b, size}
	hash, ok := m.fills[f]
	if !ok {
		hash = maphash.Bytes(seed, bytes.Repeat([]byte{b}, size))
		m.fills[f] = hash
	}
	return hash
}

// seed is that of all hashes.
var seed = maphash.MakeSeed()

// NewMemory gives a Memory without blocks.
func NewMemory() *Memory {
	m := &Memory{fills: map[fill]uint64{}}
	m.all.SetSeed(seed)
	return m
}

// Record takes a record, for savevm.ReadOptions.
func (m *Memory) Record(r *savevm.RAMRecord) error {
	maphash.WriteComparable(&m.all, struct {
		offset int64
		word   uint64
		flag   uint32
		cont   bool
		fill   byte
	}{r.Offset, r.Addr, r.Flag, r.Cont, r.Fill})
	m.all.Write(r.Block)
	m.all.Write(r.Data)
	for _, x := range r.Blocks {
		m.all.WriteString(x.Name)
		maphash.WriteComparable(&m.all, [3]uint64{x.UsedLength, x.PageSize, x.MRAddr})
		if x.Mapped != nil {
			maphash.WriteComparable(&m.all, *x.Mapped)
		}
		m.block(x.Name).used = x.UsedLength
	}
	if r.In == nil {
		return nil
	}
	p := page{word: r.Addr | uint64(r.Flag)}
	switch {
	case r.Flag == savevm.RAMZero:
		p.hash = m.filled(r.Fill, r.PageSize)
	case r.Page != nil:
		p.hash = maphash.Bytes(seed, r.Page)
	}
	b := m.block(r.In.Name)
	b.pages = append(b.pages, p)
	return nil
}

// block gives the block of that name, which it makes if need be.
func (m *Memory) block(name string) *block {
	i := slices.IndexFunc(m.blocks, func(b *block) bool { return b.name == name })
	if i < 0 {
		i = len(m.blocks)
		m.blocks = append(m.blocks, &block{name: name})
	}
	return m.blocks[i]
}

// settled gives the blocks, with the last record of each page.
func (m *Memory) settled(pageSize int) []*block {
	for _, b := range m.blocks {
		b.pages = lastOfEach(b.pages, pageSize)
	}
	return m.blocks
}

// lastOfEach sorts records by address, and leaves the last of each page.
func lastOfEach(pages []page, size int) []page {
	address := func(p page) uint64 { return p.word &^ uint64(size-1) }
	slices.SortStableFunc(pages, func(a, b page) int { return cmp.Compare(address(a), address(b)) })
	kept := pages[:0]
	for i, p := range pages {
		if i+1 == len(pages) || address(p) != address(pages[i+1]) {
			kept = append(kept, p)
		}
	}
	return kept
}

var pageKinds = map[uint32]string{
	savevm.RAMZero: "zero", savevm.RAMPage: "normal", savevm.RAMXBZRLE: "xbzrle", savevm.RAMCompressPage: "compressed",
}

// ram compares the RAM of the two streams, once.
func (c *comparer) ram() {
	if c.hasRAM {
		return
	}
	c.hasRAM = true
	a, b := c.memory[0].settled(c.a.PageSize), c.memory[1].settled(c.b.PageSize)
	inB := map[string]*block{}
	for _, y := range b {
		inB[y.name] = y
	}
	for _, x := range a {
		c.block(x, inB[x.name])
		delete(inB, x.name)
	}
	for _, y := range b {
		if inB[y.name] != nil {
			c.block(nil, y)
		}
	}
}

// block compares two blocks, one of which may be missing; in a stream that does
// not reach its end that means nothing.
func (c *comparer) block(a, b *block) {
	d := &Difference{Kind: Changed, What: WhatBlock}
	var path string
	if b != nil {
		d.B, path = b.side(c.b), "ram/"+b.name
	}
	if a != nil {
		d.A, path = a.side(c.a), "ram/"+a.name
	}
	n, differ, unknown := 0, 0, 0
	switch {
	case b == nil:
		d.Kind, n, differ = OnlyInA, len(a.pages), len(a.pages)
	case a == nil:
		d.Kind, n, differ = OnlyInB, len(b.pages), len(b.pages)
	case c.a.PageSize == c.b.PageSize:
		d.Pages, n = c.pages(a.pages, b.pages)
		differ, unknown = d.Pages.Differ+d.Pages.OnlyInA+d.Pages.OnlyInB, d.Pages.Unknown
	}
	missing := b == nil && c.b.End == nil || a == nil && c.a.End == nil
	if missing {
		differ = 0
	} else if d.Kind != Changed || differ > 0 || a.used != b.used {
		c.add(d, path, path)
	}
	if slices.ContainsFunc(c.ignore, func(g *glob) bool { return g.matches(path) }) {
		return
	}
	t := &c.report.Totals
	t.Pages += n
	t.DifferPages += differ
	t.Unknown += unknown
}

// side is the block in r. It stands where RAM does.
func (b *block) side(r *show.Report) *Side {
	s := &Side{Block: &Block{UsedLength: strconv.FormatUint(b.used, 10), Pages: map[string]int{}}}
	for _, n := range r.Sections {
		if n.RAM != nil {
			s.Offset, s.Size = n.Offset, n.Size
			break
		}
	}
	for _, p := range b.pages {
		s.Block.Pages[pageKinds[uint32(p.word)&uint32(r.PageSize-1)]]++
	}
	return s
}

// pages compares the pages of two blocks, which have one size, and counts those
// of either. What is only in one stream counts if the other one reaches its end.
func (c *comparer) pages(x, y []page) (*Pages, int) {
	p := &Pages{}
	mask := uint64(c.a.PageSize - 1)
	n := 0
	first := func(word uint64) {
		if p.First == "" {
			p.First = strconv.FormatUint(word&^mask, 10)
		}
	}
	for len(x) > 0 || len(y) > 0 {
		n++
		switch {
		case len(y) == 0 || len(x) > 0 && x[0].word&^mask < y[0].word&^mask:
			if c.b.End != nil {
				p.OnlyInA++
				first(x[0].word)
			}
			x = x[1:]
		case len(x) == 0 || y[0].word&^mask < x[0].word&^mask:
			if c.a.End != nil {
				p.OnlyInB++
				first(y[0].word)
			}
			y = y[1:]
		default:
			switch {
			case x[0].hash == 0 || y[0].hash == 0:
				p.Unknown++
			case x[0].hash != y[0].hash:
				p.Differ++
				first(x[0].word)
			}
			x, y = x[1:], y[1:]
		}
	}
	return p, n
}
