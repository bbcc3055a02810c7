package savevm

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

const (
	subBitsName = "configuration/target-page-bits"
	subCapsName = "configuration/capabilities"
	subUUIDName = "configuration/uuid"
)

// everything is a stream with one of each thing that the package knows.
func everything() *stream {
	s := begin().config("machine-1.0",
		sub(subBitsName, 1, be32(12)), sub(subCapsName, 1, be32(1)+"\x01x"), sub(subUUIDName, 1, "0123456789abcdef"))
	s.cmd(1, "").cmd(2, "\x00\x00\x00\x01")
	withRAM(s)
	s.start(3, "spapr/htab", 0, 1, be32(18))
	s.start(7, "s390-storage_attributes", 0, 0, be64(1))
	s.start(8, "dirty-bitmap", 0, 1, "\x1c\x01n\x01b"+be32(512)+"\x01\x14\x02bb"+be32(65536)+"\x00\x01")
	s.start(5, "block", 0, 1, be64(2))
	s.dev(20, "early", 0, "abc")
	s.part(2, 2, be64(2)+"\x01a\x00"+be64(0x1000|0x28)+page('p')+be64(8)+"\x01b"+page('q')+be64(0x10))
	s.part(2, 3, be32(0)+be32(5)+"\x00\x02\x00\x01"+strings.Repeat("e", 32)+be64(0))
	s.part(2, 7, be64(0x3000|2)+be64(3)+"xyz"+be64(1))
	s.part(2, 8, "\x40"+be64(8)+be32(16)+be64(3)+"xyz\x42"+be64(0)+be32(8)+"\x01")
	s.part(2, 5, be64(7<<9|9)+"\x01d"+be64(50<<9|4)+be64(2))
	s.cmd(11, "")
	s.part(3, 8, "\x24\x01b\x01").part(3, 5, be64(2))
	s.part(3, 2, be64(0x10))
	s.part(3, 3, be32(0xffffffff))
	s.part(3, 7, be64(8)+be64(1))
	s.dev(0, "timer", 0, "\xff\xff\xff\xff\xff\xff\xff\x7f", "\x00\x00\x00\x00\x00\x00\x00\x00", "12345678")
	s.dev(9, "dma", 0, "d")
	s.dev(10, "dma", 1, "e", "ff")
	s.full(11, "old", 0, 3, "oldstyle")
	s.devs = append(s.devs, `{"name": "old", "instance_id": 0, "size": 8, "fields": [{"name": "data", "size": 8, "type": "buffer"}]}`)
	return s
}

func TestEverything(t *testing.T) {
	b := everything().done()
	s := parse(t, b.b)
	// behind the header, the machine's name and the page bits
	wantNotes(t, s, place{rules.Capability, 8 + (1 + 4 + 11) + (2 + 30 + 4 + 4) + (2 + 26 + 4 + 4), "configuration/" + subCapsName})
	wantSections(t, s,
		sectionView{"ram", CoverageBuiltin, 36, false},
		sectionView{"spapr/htab", CoverageBuiltin, 4, false},
		sectionView{"s390-storage_attributes", CoverageBuiltin, 8, false},
		sectionView{"dirty-bitmap", CoverageBuiltin, 10 + 9 + 1, false},
		sectionView{"block", CoverageBuiltin, 8, false},
		sectionView{"early", CoverageFull, 3, false},
		sectionView{"ram", CoverageBuiltin, 11 + 8 + 4096 + 10 + 4096 + 8, false},
		sectionView{"spapr/htab", CoverageBuiltin, 52, false},
		sectionView{"s390-storage_attributes", CoverageBuiltin, 27, false},
		sectionView{"dirty-bitmap", CoverageBuiltin, 24 + 13 + 1, false},
		sectionView{"block", CoverageBuiltin, 10 + 8 + 8, false},
		sectionView{"dirty-bitmap", CoverageBuiltin, 4, false},
		sectionView{"block", CoverageBuiltin, 8, false},
		sectionView{"ram", CoverageBuiltin, 8, false},
		sectionView{"spapr/htab", CoverageBuiltin, 4, false},
		sectionView{"s390-storage_attributes", CoverageBuiltin, 16, false},
		sectionView{"timer", CoverageFull, 24, false},
		sectionView{"dma", CoverageFull, 1, false},
		sectionView{"dma#1", CoverageFull, 3, false},
		sectionView{"old", CoverageOpaque, 8, false},
	)
	want := b.by
	want.Decoded, want.Opaque = 3+24+1+3, 8
	assert.Equal(t, want, s.BytesBy())
	assert.Equal(t, "machine-1.0", s.Config.Machine)
	assert.Equal(t, uint32(12), s.Config.PageBits)
	assert.Equal(t, []string{"x"}, s.Config.Capabilities)
	assert.Equal(t, "0123456789abcdef", string(s.Config.UUID[:]))
	assert.Equal(t, []RAMBlock{{Name: "a", UsedLength: 8192}, {Name: "b", UsedLength: 4096}}, s.RAM)
	assert.True(t, s.Footers)
	assert.Equal(t, int64(len(b.b)), s.End)
	assert.Equal(t, s.EOF+1, s.VMDescOffset)
	assert.Equal(t, b.text(), string(b.b[s.VMDescOffset+5:]))
	assert.Equal(t, int64(len(b.text())), s.VMDescSize)

	var commands []uint16
	for _, it := range s.Items {
		if it.Command != nil {
			commands = append(commands, it.Command.Code)
		}
	}
	assert.Equal(t, []uint16{1, 2, 11}, commands)
}

// zlibOf deflates a page.
func zlibOf(page string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, page)
	w.Close()
	return b.String()
}

func TestRAMRecords(t *testing.T) {
	deflated := zlibOf(page('z'))
	s := withRAM(machine())
	at := int64(len(s.b)) + 5
	s.part(2, 2, be64(2)+"\x01a\xff"+be64(0x1000|0x28)+page('p')+be64(0x80)+be64(0x200)+
		be64(0x40)+"\x01b\x01\x00\x04\x00\x02xy"+be64(0x60)+"\x01\x00\x04\xff\x1f\x01x"+
		be64(0x60)+"\x01\x00\x00"+be64(0x120)+be32(uint32(len(deflated)))+deflated+be64(0x7000|0x30))
	var records []RAMRecord
	var blocks []string
	src, err := Read(bytes.NewReader(s.eof().b), ReadOptions{Record: func(r *RAMRecord) error {
		c := *r
		c.Block, c.Data, c.Page, c.In = bytes.Clone(r.Block), bytes.Clone(r.Data), bytes.Clone(r.Page), nil
		c.PageSize = 0
		records = append(records, c)
		if r.In != nil {
			blocks = append(blocks, r.In.Name)
		}
		return nil
	}})
	require.NoError(t, err)
	defer src.Close()
	start := at - 5 - 5 - 36
	want := []RAMRecord{
		{Offset: start, Addr: 0x3000, Flag: RAMMemSize, Blocks: []RAMBlock{{Name: "a", UsedLength: 0x2000}, {Name: "b", UsedLength: 0x1000}}},
		{Offset: start + 28, Flag: RAMEOS},
		{Offset: at, Flag: RAMZero, Block: []byte("a"), Fill: 0xff},
		{Offset: at + 11, Addr: 0x1000, Flag: RAMPage, Cont: true, Data: []byte(page('p')), Page: []byte(page('p'))},
		{Offset: at + 11 + 4104, Flag: RAMHook},
		{Offset: at + 11 + 4112, Flag: RAMMultifdFlush},
		{Offset: at + 11 + 4120, Flag: RAMXBZRLE, Block: []byte("b"), Data: []byte("\x00\x02xy")},
		{Offset: at + 11 + 4137, Flag: RAMXBZRLE, Cont: true, Data: []byte("\xff\x1f\x01x")},
		{Offset: at + 11 + 4152, Flag: RAMXBZRLE, Cont: true},
		{Offset: at + 11 + 4163, Flag: RAMCompressPage, Cont: true, Data: []byte(deflated), Page: []byte(page('z'))},
		{Offset: at + 11 + 4163 + 12 + int64(len(deflated)), Addr: 0x7000, Flag: RAMEOS, Cont: true},
	}
	require.Empty(t, cmp.Diff(want, records, cmpopts.EquateEmpty()))
	require.Equal(t, []string{"a", "a", "b", "b", "b", "b"}, blocks)

	got, err := ParseSource(src, nil, Options{})
	require.NoError(t, err)
	sections := slices.Collect(got.Sections)
	require.Equal(t, want[0].Blocks, sections[0].RAM.Blocks)
	m := sections[1].RAM
	require.Equal(t, []int64{1, 1, 3, 1}, []int64{m.Zero, m.Normal, m.XBZRLE, m.Compressed})
}

// What QEMU loads although its writer does not write it, or not always.
func TestAccepted(t *testing.T) {
	// a payload that begins at 72 + 14 + the length of the name
	odd := func(name, payload string) *stream { return withRAM(machine()).full(3, name, 0, 1, payload).eof() }
	ram := func(s *stream, payload string) *stream { return s.full(2, "ram", 0, 4, payload).eof() }
	for _, c := range []struct {
		name  string
		s     *stream
		notes []place
		check func(t *testing.T, s *Stream)
	}{
		{"no sections", machine().eof(), nil, nil},
		{"neither configuration nor sections", begin().eof(), nil, nil},
		{"machine without name", begin().config("").eof(), []place{{rules.MachineName, 8 + 1 + 4, "configuration"}}, nil},
		{"NUL in the machine's name", begin().config("a\x00b").eof(), []place{{rules.MachineName, 8 + 1 + 4, "configuration"}}, func(t *testing.T, s *Stream) {
			assert.Equal(t, "a\x00b", s.Config.Machine)
		}},
		{"NUL in an idstr", withRAM(machine()).full(3, "a\x00b", 0, 1, "x").eof(), []place{{rules.SectionNameNUL, 72, "a"}, {rules.SectionBridged, 72, "a"}}, nil},
		{"command between all", machine().cmd(11, "").start(2, "ram", 0, 4, ramStart()).cmd(2, "pong").part(3, 2, be64(0x10)).eof(), nil, nil},
		{"all commands", machine().cmd(1, "").cmd(2, "ping").cmd(3, "").cmd(3, be64(1)+be64(2)).cmd(4, "").cmd(5, "").
			cmd(6, "\x00\x01a\x00").cmd(8, "").cmd(9, "").cmd(10, "\x02ab").cmd(11, "").eof(), nil, nil},
		{"switchover three times", withRAM(machine()).cmd(11, "").cmd(11, "").cmd(11, "").eof(), []place{{rules.SwitchoverOnce, 72 + 5, ""}, {rules.SwitchoverOnce, 72 + 10, ""}}, nil},
		{"START without END", machine().start(2, "ram", 0, 4, ramStart()).eof(), []place{{rules.SectionEnded, 72, "ram"}}, nil},
		{"START and PART without END", machine().start(2, "ram", 0, 4, ramStart()).part(2, 2, be64(0x10)).eof(), []place{{rules.SectionEnded, 72 + 18, "ram"}}, nil},
		{"two STARTs, one of which has an END", machine().start(2, "ram", 0, 4, ramStart()).start(3, "ram", 1, 4, be64(0x10)).part(3, 2, be64(0x10)).eof(),
			[]place{{rules.SectionEnded, 72 + 30 + 18, "ram#1"}}, nil},
		{"END twice", withRAM(machine()).part(3, 2, be64(0x10)).part(3, 2, be64(0x10)).eof(), nil, nil},
		{"FULL and then PART", machine().full(2, "ram", 0, 4, ramStart()).part(2, 2, be64(0x10)).eof(), nil, nil},
		{"two RAM sections", machine().full(2, "ram", 0, 4, ramStart()).full(3, "ram", 1, 4, be64(0x1004)+"\x01c"+be64(0x1000)+be64(0x10)).
			part(2, 2, be64(2)+"\x01a\x00"+be64(0x10)).part(2, 3, be64(2)+"\x01c\x00"+be64(0x10)).part(2, 2, be64(0x1022)+"\x00"+be64(0x10)).eof(), nil, nil},
		{"CONTINUE over sections", withRAM(machine()).part(2, 2, be64(2)+"\x01a\x00"+be64(0x10)).part(2, 2, be64(0x1022)+"\x00"+be64(0x10)).eof(), nil, nil},
		{"block announced again, longer", withRAM(machine()).part(2, 2, be64(0x4004)+"\x01a"+be64(0x4000)+be64(0x3002)+"\x01a\x00"+be64(0x10)).eof(), nil, func(t *testing.T, s *Stream) {
			assert.Equal(t, []RAMBlock{{Name: "a", UsedLength: 0x4000}, {Name: "b", UsedLength: 0x1000}}, s.RAM)
		}},
		{"NUL in a block's name", withRAM(machine()).part(2, 2, be64(2)+"\x03a\x00x\x00"+be64(0x10)).eof(), nil, nil},
		{"no RAM at all", ram(machine(), be64(4)+be64(0x10)), nil, nil},
		{"shared blocks", ram(begin().config("m", sub(subCapsName, 1, be32(1)+"\x0fx-ignore-shared")), be64(0x2004)+"\x01a"+be64(0x1000)+be64(7)+"\x01b"+be64(0x1000)+be64(8)+be64(0x10)), nil, func(t *testing.T, s *Stream) {
			assert.Equal(t, []RAMBlock{{Name: "a", UsedLength: 0x1000, MRAddr: 7}, {Name: "b", UsedLength: 0x1000, MRAddr: 8}}, s.RAM)
		}},
		{"huge pages under postcopy", ram(machine().cmd(3, be64(1)+be64(2)), be64(0x3004)+"\x01a"+be64(0x1000)+"\x01b"+be64(0x1000)+be64(0x200000)+"\x01c"+be64(0x1000)+be64(0x10000)+be64(0x10)), nil, func(t *testing.T, s *Stream) {
			assert.Equal(t, []RAMBlock{{Name: "a", UsedLength: 0x1000}, {Name: "b", UsedLength: 0x1000, PageSize: 0x200000}, {Name: "c", UsedLength: 0x1000, PageSize: 0x10000}}, s.RAM)
		}},
		{"pages of 64 KiB", ram(begin().config("m", sub(subBitsName, 1, be32(16))), be64(0x10004)+"\x01a"+be64(0x10000)+be64(8)+"\x01a"+strings.Repeat("p", 65536)+be64(0x10)), nil, func(t *testing.T, s *Stream) {
			assert.Equal(t, 65536, s.PageSize)
		}},
		{"subsections in another order", begin().config("m", sub(subUUIDName, 1, strings.Repeat("u", 16)), sub(subBitsName, 1, be32(12))).eof(),
			[]place{{rules.SubsectionOrder, 8 + 6 + 2 + 18 + 4 + 16, "configuration/" + subBitsName}}, nil},
		{"subsection repeated", begin().config("m", sub(subBitsName, 1, be32(13)), sub(subBitsName, 1, be32(12))).eof(),
			[]place{{rules.SubsectionRepeated, 8 + 6 + 2 + 30 + 8, "configuration/" + subBitsName}}, func(t *testing.T, s *Stream) {
				assert.Equal(t, 4096, s.PageSize)
			}},
		{"subsection version 0x101", begin().config("m", sub(subBitsName, 0x101, be32(12))).eof(),
			[]place{{rules.SubsectionVersion256, 8 + 6 + 2 + 30, "configuration/" + subBitsName}}, nil},
		{"nothing in the hash table", machine().start(3, "spapr/htab", 0, 1, be32(0xffffffff)).part(3, 3, be32(0)+be64(0)).eof(), nil, nil},
		{"last entries of the hash table", machine().start(3, "spapr/htab", 0, 1, be32(18)).part(3, 3, be32(0)+be32(1<<14-2)+"\x00\x01\x00\x01"+strings.Repeat("e", 16)+be64(0)).eof(), nil, nil},
		{"bitmap chunks of no kind", odd("dirty-bitmap", "\x00\x0c\x01n\x01b\x02\x24\x01c\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"bitmap chunk of two kinds, the first counts", odd("dirty-bitmap", "\x7c\x01n\x01b"+be32(512)+"\x07\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"bitmap complete and bits", odd("dirty-bitmap", "\x6c\x01n\x01b\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"bitmap of no bits with zeroes", odd("dirty-bitmap", "\x2e\x01n\x01b\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"bitmap complete at the end", odd("dirty-bitmap", "\x2d\x01n\x01b"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"names at the end of bitmaps", odd("dirty-bitmap", "\x0d\x01n\x01b"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"bitmap of no node", odd("dirty-bitmap", "\x24\x01b\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"no bitmap of a node", odd("dirty-bitmap", "\x28\x01n\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12, "dirty-bitmap"}}, nil},
		{"flags of two bytes and of four", odd("dirty-bitmap", "\x2c\x01n\x01b\x80\x24\x01c\xff\x80\xff\x90"+be32(512)+"\x00\x80\x01"), []place{{rules.BitmapCanonical, 72 + 14 + 12 + 5, "dirty-bitmap"}}, nil},
		{"bitmaps named once", odd("dirty-bitmap", "\x2c\x01n\x01b\x24\x01c\x20\x28\x01m\x01"), nil, nil},
		{"bitmap named before a second START", machine().full(3, "dirty-bitmap", 0, 1, "\x2c\x01n\x01b\x01").full(3, "dirty-bitmap", 0, 1, "\x20\x01").eof(),
			[]place{{rules.BitmapCanonical, 14 + (14 + 12 + 6 + 5) + 14 + 12, "dirty-bitmap"}}, nil},
		{"block of two kinds", odd("block", be64(13)+"\x01d"+be64(2)), []place{{rules.BlockCanonical, 72 + 14 + 5, "block"}}, nil},
		{"block at the end", odd("block", be64(11)+"\x01d"), []place{{rules.BlockCanonical, 72 + 14 + 5, "block"}}, nil},
		{"progress at the end", odd("block", be64(6)), []place{{rules.BlockCanonical, 72 + 14 + 5, "block"}}, nil},
		{"zeroes at the end", odd("block", be64(10)), []place{{rules.BlockCanonical, 72 + 14 + 5, "block"}}, nil},
		{"block with an unknown flag", odd("block", be64(0x19)+"\x01d"+be64(0x42)), []place{{rules.BlockCanonical, 72 + 14 + 5, "block"}}, nil},
		{"contents of a block", odd("block", be64(2048<<9|1)+"\x01d"+strings.Repeat("x", 1<<20)+be64(2)), nil, nil},
		{"failed attributes", machine().full(7, "s390-storage_attributes", 0, 0, be64(4)+be64(1)).eof(), nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parse(t, c.s.b)
			wantNotes(t, s, append(c.notes, place{rules.VMDescAbsent, int64(len(c.s.b)), ""})...)
			if c.check != nil {
				c.check(t, s)
			}
		})
	}
}

// Without a configuration there may be footers, and with one there may be none:
// both are properties of QEMU's migration object.
func TestFooters(t *testing.T) {
	for _, footers := range []bool{true, false} {
		for _, configured := range []bool{true, false} {
			s := begin()
			if configured {
				s = machine()
			}
			s.noFooters = !footers
			withRAM(s).part(3, 2, be64(0x10)).dev(0, "d", 0, "abc").dev(1, "e", 0, "\x7e\x00\x00\x00\x01\x00").done()
			got := parse(t, s.b)
			wantNotes(t, got)
			wantSections(t, got,
				sectionView{"ram", CoverageBuiltin, 36, false},
				sectionView{"ram", CoverageBuiltin, 8, false},
				sectionView{"d", CoverageFull, 3, false},
				sectionView{"e", CoverageFull, 6, false})
			assert.Equal(t, footers, got.Footers)
		}
	}
}

// The case of machine types up to 2.2.
func TestNeitherFootersNorDescription(t *testing.T) {
	s := begin()
	s.noFooters = true
	withRAM(s).part(3, 2, be64(0x10))
	at := int64(len(s.b))
	s.full(0, "timer", 0, 2, strings.Repeat("t", 24)).full(1, "x", 0, 1, "abc").eof()
	got := parse(t, s.b)
	wantNotes(t, got, place{rules.SectionBridged, at, "timer"})
	wantSections(t, got,
		sectionView{"ram", CoverageBuiltin, 36, false},
		sectionView{"ram", CoverageBuiltin, 8, false},
		sectionView{"timer", CoverageOpaque, int64(len(s.b)) - at - 19, false})
	assert.Equal(t, int64(-1), got.EOF)
	assert.Equal(t, int64(len(s.b)), got.End)

	// Even the first section may be unknown.
	s = begin()
	s.noFooters = true
	s.full(0, "timer", 0, 2, strings.Repeat("t", 24)).eof()
	wantNotes(t, parse(t, s.b), place{rules.SectionBridged, 8, "timer"})
}

// Machine types up to 2.3: one section that the description does not know hides
// the rest.
func TestNoFootersUnknownSection(t *testing.T) {
	s := begin()
	s.noFooters = true
	withRAM(s).dev(0, "d", 0, "abc")
	at := int64(len(s.b))
	s.full(1, "vendor", 0, 1, "xyz").dev(2, "e", 0, "abc").done()
	got := parse(t, s.b)
	eof := int64(len(s.b)) - 6 - int64(len(s.text()))
	wantNotes(t, got,
		place{rules.VMDescDevice, at, "vendor"}, place{rules.SectionBridged, at, "vendor"}, place{rules.VMDescDevice, eof + 1, "e"})
	assert.Equal(t, eof, got.EOF)
	wantSections(t, got,
		sectionView{"ram", CoverageBuiltin, 36, false},
		sectionView{"d", CoverageFull, 3, false},
		sectionView{"vendor", CoverageOpaque, eof - at - 20, false})
}

// cutStreams are whole streams that get cut at every byte.
func cutStreams() map[string]*stream {
	unknown := withRAM(machine()).part(3, 2, be64(0x10))
	// The classic: the clock of a timer, id 0, then zeros.
	unknown.full(0, "timer", 0, 2, "\x00\x00\x00\x00\x00\x00\x00\x7e"+strings.Repeat("\x00", 16))
	unknown.full(5, "five", 3, 1, fake(5, true)).start(6, "pbs-state", 0, 1, fake(6, true)).full(7, "empty", 0, 1, "")
	unknown.part(2, 6, "abc").cmd(2, "ping").part(3, 6, "")
	unknown.full(8, "last", 0, 1, "xyz")
	return map[string]*stream{
		"everything": everything(),
		"unknown":    unknown,
		"bare":       begin().start(2, "ram", 0, 4, be64(4)+be64(0x10)).full(0, "timer", 0, 2, strings.Repeat("\x00", 24)),
	}
}

func TestCutAtEveryByte(t *testing.T) {
	for name, b := range cutStreams() {
		t.Run(name, func(t *testing.T) {
			body := len(b.b)
			b.done()
			if s := parse(t, b.b); s.EOF != int64(body) {
				t.Fatalf("end marker at %d, want %d", s.EOF, body)
			}
			for cut := 1; cut <= body; cut++ {
				parseCut := func(t *testing.T, b []byte, d Decoder, o Options) (*Stream, error) { return Parse(b, d, o) }
				if cut%29 == 0 {
					parseCut = parseBoth
				}
				s, err := parseCut(t, b.b[:cut], bySize, Options{})
				path := ""
				for _, o := range b.open {
					if o.from <= int64(cut) && int64(cut) < o.to {
						path = o.path
						var got *rules.Error
						if o.fakes && errors.As(err, &got) && got.Path == "" {
							path = ""
						}
					}
				}
				if cut == 41 && name == "bare" {
					// No configuration, and not one byte of the first footer: a
					// stream without footers, between its sections.
					path = ""
				}
				wantErr(t, err, rules.Truncated, int64(cut), path, rules.StreamEOF)
				whole(t, s)
			}
			for cut := body + 1; cut < len(b.b); cut++ {
				s := parse(t, b.b[:cut])
				assert.Equal(t, int64(body), s.EOF)
				assert.Equal(t, int64(cut), s.End)
				want := place{rules.VMDescTruncated, int64(cut), ""}
				if cut == body+1 {
					want.Rule = rules.VMDescAbsent
				}
				last := s.Notes[len(s.Notes)-1]
				assert.Equal(t, want, place{last.Rule, last.Offset, last.Path})
				for sec := range s.Sections {
					if sec.Coverage != CoverageBuiltin && sec.Coverage != CoverageOpaque {
						t.Fatalf("%s is %s without a description", sec.Path(), sec.Coverage)
					}
				}
			}
		})
	}
}

// Flipping bits anywhere must not make it panic, lose bytes or write others.
func TestDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, b := range cutStreams() {
		t.Run(name, func(t *testing.T) {
			whole0 := b.done().b
			for range 3000 {
				damaged := bytes.Clone(whole0)
				for range 1 + r.IntN(3) {
					i := r.IntN(len(damaged))
					damaged[i] = [...]byte{0, 1, 4, 6, 0x7e, 0xff, byte(r.IntN(256))}[r.IntN(7)]
				}
				if s, _ := Parse(damaged, bySize, Options{}); s != nil {
					whole(t, s)
				}
			}
		})
	}
}

func TestDiffers(t *testing.T) {
	s := machine().dev(0, "d", 0, "abc")
	at := int64(len(s.b)) - 5 - 3
	got := parse(t, s.done().b)
	diff, n := got.Differs(Again{Payload: func(*Section) []byte { return []byte("abc") }})
	assert.Equal(t, int64(-1), diff)
	assert.Equal(t, int64(3), n.Payload)
	assert.Equal(t, int64(len(s.text())), n.Copied)
	assert.Equal(t, int64(len(s.b)), n.Total())
	for out, want := range map[string]int64{"abd": at + 2, "xbc": at, "ab": at + 2, "abcd": at + 3, "": at} {
		diff, _ = got.Differs(Again{Payload: func(*Section) []byte { return []byte(out) }})
		assert.Equal(t, want, diff, "payload %q", out)
	}

	var w bytes.Buffer
	_, err := got.Reencode(&w, Again{})
	require.NoError(t, err)
	assert.Equal(t, s.b, w.Bytes())
	_, err = got.Reencode(failing{}, Again{})
	assert.ErrorIs(t, err, assert.AnError)

	// The parsed structures are what is written.
	got.Config.Machine = "n"
	diff, _ = got.Differs(Again{})
	assert.Equal(t, got.Config.Offset+5, diff)
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, assert.AnError }

func TestWireSizeSaturates(t *testing.T) {
	v := &VMSD{Fields: []DescField{{Size: math.MaxInt64, Index: -1}, {Size: 1, Index: -1}}}
	assert.Equal(t, int64(math.MaxInt64), v.WireSize())
	v = &VMSD{Fields: []DescField{{Size: math.MaxInt64 / 2, HasArrayLen: true, ArrayLen: 3}}}
	assert.Equal(t, int64(math.MaxInt64), v.WireSize())
}

// Reading passes over every builtin, so that no guest memory is kept.
func TestMemoryBetweenBuiltinsIsLeftOut(t *testing.T) {
	src, err := Read(bytes.NewReader(everything().done().b), ReadOptions{})
	require.NoError(t, err)
	defer src.Close()
	s, err := ParseSource(src, bySize, Options{})
	require.NoError(t, err)
	var out []bool
	for sec := range s.Sections {
		if sec.RAM != nil {
			out = append(out, sec.RAM.leftOut)
		}
	}
	// A device stands before the PART, with a footer.
	require.Equal(t, []bool{true, true, true}, out)

	b := machine()
	b.start(8, "dirty-bitmap", 0, 1, "\x1c\x01n\x01b"+be32(512)+"\x00\x01").start(5, "block", 0, 1, be64(2)).start(2, "ram", 0, 4, ramStart())
	b.part(2, 8, "\x40"+be64(8)+be32(16)+be64(3)+"xyz\x01").part(2, 5, be64(9)+"\x01d"+be64(2)).part(2, 2, be64(8)+"\x01a"+page('p')+be64(0x10))
	b.part(3, 8, "\x20\x01").part(3, 5, be64(2)).part(3, 2, be64(0x10)).done()
	again, err := Read(bytes.NewReader(b.b), ReadOptions{})
	require.NoError(t, err)
	defer again.Close()
	s, err = ParseSource(again, bySize, Options{})
	require.NoError(t, err)
	for sec := range s.Sections {
		require.True(t, sec.RAM == nil || sec.RAM.leftOut, "%d", sec.Offset)
	}
	require.Len(t, again.memory, 3)
}

// Notes are bounded in number, whatever the stream.
func TestManyNotes(t *testing.T) {
	s := withRAM(machine())
	for range 3000 {
		s.cmd(11, "")
	}
	got, err := Parse(s.eof().b, nil, Options{})
	require.NoError(t, err)
	require.Len(t, got.Notes, 1000)
}
