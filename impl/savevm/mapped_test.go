package savevm

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

// entry adds a block of mapped-ram: with its bitmap, a gap before and behind it,
// and the pages, of which an empty one is zero. change may break the header.
func (s *stream) entry(origin int64, name string, pages []string, change func(h *MappedRAM)) *stream {
	const size = 1024
	words := make([]byte, (len(pages)+63)/64*8)
	for i, p := range pages {
		if p != "" {
			words[i/8] |= 1 << (i % 8)
		}
	}
	s.mark().str(name).be64(uint64(len(pages) * size))
	h := MappedRAM{1, size, uint64(origin) + uint64(len(s.b)) + 28 + 5, 0}
	h.PagesOffset = h.BitmapOffset + uint64(len(words)) + 7
	if change != nil {
		change(&h)
	}
	s.be32(h.Version).be64(h.PageSize).be64(h.BitmapOffset).be64(h.PagesOffset)
	if h.BitmapOffset == 0 {
		return s
	}
	s.raw("....." + string(words) + ".......")
	for _, p := range pages {
		s.raw(p + strings.Repeat("\x00", size-len(p)))
	}
	return s
}

func mappedMachine(total int) *stream {
	s := begin().config("m", sub(subBitsName, 1, be32(10)), sub(subCapsName, 1, be32(1)+"\x0amapped-ram"))
	return s.head(1, 2, "ram", 0, 4).be64(uint64(total*1024) | 4)
}

func TestMappedRAM(t *testing.T) {
	const origin = 1 << 33 // of a stream far behind in its file
	full := strings.Repeat("x", 1024)
	sixtyFive := append(make([]string, 64), "last")
	s := mappedMachine(2+65+3).entry(origin, "a", []string{"", full}, nil).entry(origin, "b", sixtyFive, nil).
		entry(origin, "shared", make([]string, 3), func(h *MappedRAM) { *h = MappedRAM{Version: 1} }).be64(0x10)
	s.u8(0x7e).be32(2).part(3, 2, be64(0x10)).dev(3, "d", 0, "abc").done()

	var pages []string
	src, err := Read(bytes.NewReader(s.b), ReadOptions{Origin: origin, Record: func(r *RAMRecord) error {
		if r.Flag == RAMPage {
			require.Equal(t, r.Page, s.b[r.Offset:][:1024])
			pages = append(pages, r.In.Name+string(bytes.TrimRight(r.Page, "\x00")))
			require.Equal(t, map[string]uint64{"a": 1024, "b": 64 * 1024}[r.In.Name], r.Addr)
		}
		return nil
	}})
	require.NoError(t, err)
	defer src.Close()
	require.Equal(t, []string{"a" + full, "blast"}, pages)
	for _, src := range []*Source{src, {Bytes: s.b, Origin: origin}} {
		got, err := ParseSource(src, bySize, Options{})
		require.NoError(t, err)
		whole(t, got)
		require.Empty(t, got.Notes)
		require.Equal(t, int64(2), got.Items[0].Section.RAM.Normal)
		require.Equal(t, int64(1+64), got.Items[0].Section.RAM.Zero)
		require.Len(t, got.RAM, 3)
	}
}

// A block is told of before its pages, so that of a stream that is cut in them it is
// known whose they are.
func TestMappedRAMCut(t *testing.T) {
	s := mappedMachine(3).entry(0, "a", []string{"", "x"}, nil).entry(0, "b", []string{"y"}, nil).be64(0x10)
	for n := int(s.marked) + 40; n < len(s.b); n++ {
		var blocks []string
		src, err := Read(bytes.NewReader(s.b[:n]), ReadOptions{Record: func(r *RAMRecord) error {
			for _, b := range r.Blocks {
				blocks = append(blocks, b.Name)
			}
			return nil
		}})
		require.NoError(t, err)
		src.Close()
		require.Equal(t, []string{"a", "b"}, blocks)
	}
}

func TestMappedRAMRefused(t *testing.T) {
	for name, change := range map[string]func(*MappedRAM){
		"version 2":              func(h *MappedRAM) { h.Version = 2 },
		"pages of 768 bytes":     func(h *MappedRAM) { h.PageSize = 768 },
		"pages of no bytes":      func(h *MappedRAM) { h.PageSize = 0 },
		"pages longer than all":  func(h *MappedRAM) { h.PageSize = 4096 },
		"bitmap inside itself":   func(h *MappedRAM) { h.BitmapOffset -= 6 },
		"bitmap far away":        func(h *MappedRAM) { h.BitmapOffset = 1 << 63 },
		"pages over the bitmap":  func(h *MappedRAM) { h.PagesOffset = h.BitmapOffset + 7 },
		"pages far, far away":    func(h *MappedRAM) { h.PagesOffset = 1<<64 - 1 },
		"pages without a bitmap": func(h *MappedRAM) { h.BitmapOffset = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := mappedMachine(2).entry(0, "a", []string{"", "x"}, change)
			_, err := parseBoth(t, s.b, nil, Options{})
			wantErr(t, err, rules.Framing, s.marked, "ram", rules.RAMMapped)
		})
	}
	s := mappedMachine(1).entry(0, "a", []string{"", "x"}, nil)
	_, err := parseBoth(t, s.b, nil, Options{})
	wantErr(t, err, rules.Framing, s.marked, "ram", rules.RAMRecord)

	s = mappedMachine(2).entry(0, "a", []string{"", "x"}, nil).be64(0x10)
	for n := int(s.marked); n < len(s.b); n++ {
		_, err := parseBoth(t, s.b[:n], nil, Options{})
		wantErr(t, err, rules.Truncated, int64(n), "ram", rules.StreamEOF)
	}
}

// A big-endian host writes its words so that byte 7 holds page 0.
func TestMappedRAMOfABigEndianHost(t *testing.T) {
	words := binary.BigEndian.AppendUint64(nil, 0b101)
	require.Equal(t, []byte{0b101, 0, 0, 0, 0, 0, 0, 0}, hostOrder(words, 3))
	words = binary.LittleEndian.AppendUint64(nil, 0b101)
	require.Equal(t, []byte{0b101, 0, 0, 0, 0, 0, 0, 0}, hostOrder(words, 3))
	words = binary.LittleEndian.AppendUint64(nil, ^uint64(0))
	require.Equal(t, 3, bits.OnesCount64(binary.LittleEndian.Uint64(hostOrder(words, 3))))
	require.Empty(t, hostOrder(nil, 0))
}
