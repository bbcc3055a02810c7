package savevm

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

func TestHeader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		class    rules.Class
		off      int64
		rule     rules.ID
		is       error // what the error must wrap; nil: neither of the two
	}{
		{"empty", "", rules.Truncated, 0, rules.StreamEmpty, ErrEmpty},
		{"text", "hello, world", rules.Framing, 0, rules.StreamMagic, ErrNotStream},
		{"one other byte", "X", rules.Framing, 0, rules.StreamMagic, ErrNotStream},
		{"last byte of the magic", "QEVN\x00\x00\x00\x03", rules.Framing, 0, rules.StreamMagic, ErrNotStream},
		{"part of the magic", "QEV", rules.Truncated, 3, rules.StreamEOF, nil},
		{"magic alone", "QEVM", rules.Truncated, 4, rules.StreamEOF, nil},
		{"part of the version", "QEVM\x00\x00\x00", rules.Truncated, 7, rules.StreamEOF, nil},
		{"header alone", "QEVM\x00\x00\x00\x03", rules.Truncated, 8, rules.StreamEOF, nil},
		{"version 2", "QEVM\x00\x00\x00\x02\x00", rules.Framing, 4, rules.StreamVersion, nil},
		{"version 4", "QEVM\x00\x00\x00\x04\x00", rules.Framing, 4, rules.StreamVersion, nil},
		{"little-endian version", "QEVM\x03\x00\x00\x00\x00", rules.Framing, 4, rules.StreamVersion, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := parseBoth(t, []byte(c.in), nil, Options{})
			wantErr(t, err, c.class, c.off, "", c.rule)
			for _, sentinel := range []error{ErrEmpty, ErrNotStream} {
				if errors.Is(err, sentinel) != (sentinel == c.is) {
					t.Errorf("is %v: %v", sentinel, !(sentinel == c.is))
				}
			}
			if (s == nil) != (c.is != nil) {
				t.Errorf("Stream %v", s)
			}
			if s != nil {
				whole(t, s)
			}
		})
	}
}

// Each case is broken in one way, at the mark.
func TestRefused(t *testing.T) {
	rec := func(s *stream) *stream { return withRAM(s).mark() }
	// 4096 is what the configuration says: nothing is to be guessed.
	machine := func() *stream { return begin().config("m", sub(subBitsName, 1, be32(12))) }
	// ram is a PART of RAM whose first record is wrong.
	ram := func(payload string) *stream {
		s := withRAM(machine())
		s.u8(2).be32(2)
		return s.mark().raw(payload).eof()
	}
	// second has a good record before the wrong one.
	second := func(payload string) *stream {
		s := withRAM(machine())
		s.u8(2).be32(2).raw(be64(2) + "\x01a\x00")
		return s.mark().raw(payload).eof()
	}
	htab := func(payload string) *stream {
		s := machine().start(3, "spapr/htab", 0, 1, be32(18))
		s.u8(2).be32(3)
		return s.mark().raw(payload)
	}
	// bitmap and blocks are PARTs whose second record is wrong.
	bitmap := func(payload string) *stream {
		s := machine().start(3, "dirty-bitmap", 0, 1, "\x1c\x01n\x01b"+be32(512)+"\x00\x01")
		s.u8(2).be32(3).raw("\x42" + be64(0) + be32(1))
		return s.mark().raw(payload + "\x01")
	}
	blocks := func(payload string) *stream {
		s := machine().start(3, "block", 0, 1, be64(2))
		s.u8(2).be32(3).be64(1<<9 | 4)
		return s.mark().raw(payload + be64(2))
	}
	version := func(name string, v uint32) *stream {
		s := machine().u8(1).be32(2).str(name).be32(0)
		return s.mark().be32(v).be64(0x11)
	}
	const bits, caps, uuid = "configuration/target-page-bits", "configuration/capabilities", "configuration/uuid"

	for _, c := range []struct {
		name  string
		s     *stream
		class rules.Class
		path  string
		rule  rules.ID
	}{
		{"type 55", machine().mark().u8(0x55).eof(), rules.Framing, "", rules.SectionType},
		{"type 55 behind a section", rec(machine()).u8(0x55).eof(), rules.Framing, "", rules.SectionType},
		{"second configuration", rec(machine()).config("m").eof(), rules.Framing, "", rules.ConfigurationOnce},
		{"subsection among sections", rec(machine()).raw(sub("ram/x", 1, "")).eof(), rules.Framing, "", rules.SectionType},
		{"description without end marker", rec(machine()).desc("{}"), rules.Framing, "", rules.SectionType},
		{"stray footer", rec(machine()).u8(0x7e).be32(2).eof(), rules.Framing, "", rules.SectionType},

		{"empty idstr", rec(machine()).full(3, "", 0, 1, "").eof(), rules.Framing, "", rules.SectionName},
		{"idstr begins with NUL", rec(machine()).full(3, "\x00a", 0, 1, "").eof(), rules.Framing, "", rules.SectionName},
		{"part never started", rec(machine()).part(2, 3, be64(0x10)).eof(), rules.Framing, "", rules.SectionKnown},
		{"end never started", rec(machine()).part(3, 0, be64(0x10)).eof(), rules.Framing, "", rules.SectionKnown},

		{"command 0", machine().mark().cmd(0, "").eof(), rules.Framing, "", rules.Command},
		{"command 12", rec(machine()).cmd(12, "").eof(), rules.Framing, "", rules.Command},
		{"ping of 3", rec(machine()).cmd(2, "abc").eof(), rules.Framing, "", rules.Command},
		{"switchover of 1", rec(machine()).cmd(11, "a").eof(), rules.Framing, "", rules.Command},
		{"postcopy advise of 8", rec(machine()).cmd(3, be64(0)).eof(), rules.Framing, "", rules.Command},
		{"bitmap name too long", rec(machine()).cmd(10, "\x05ab").eof(), rules.Framing, "", rules.Command},
		{"bitmap without name", rec(machine()).cmd(10, "").eof(), rules.Framing, "", rules.Command},

		{"negative machine name", begin().u8(7).be32(1 << 31).mark().raw("m"), rules.OutOfRange, "configuration", rules.CountRange},
		{"unknown subsection", begin().config("m").mark().raw(sub("configuration/x", 1, "")).eof(), rules.UnknownSubsection, "configuration", rules.SubsectionKnown},
		{"unknown subsection without slash", begin().config("m").mark().raw(sub("configurations", 1, "")).eof(), rules.UnknownSubsection, "configuration", rules.SubsectionKnown},
		{"name of the parent", begin().config("m").mark().raw(sub("configuration", 1, "")).eof(), rules.Framing, "", rules.SectionType},
		{"another prefix", begin().config("m").mark().raw(sub("konfiguration/uuid", 1, "")).eof(), rules.Framing, "", rules.SectionType},
		{"page bits version 2", begin().config("m").u8(5).str(bits).mark().be32(2).be32(12).eof(), rules.VersionTooNew, "configuration/" + bits, rules.SubsectionVersion},
		{"uuid version 0x102", begin().config("m").u8(5).str(uuid).mark().be32(0x102).be64(0).be64(0).eof(), rules.VersionTooNew, "configuration/" + uuid, rules.SubsectionVersion},
		{"capabilities version 0", begin().config("m").u8(5).str(caps).mark().be32(0).be32(0).eof(), rules.VersionTooOld, "configuration/" + caps, rules.SubsectionVersion},
		{"page bits 9", begin().config("m").u8(5).str(bits).be32(1).mark().be32(9).eof(), rules.OutOfRange, "configuration/" + bits, rules.Configuration},
		{"page bits 31", begin().config("m").u8(5).str(bits).be32(1).mark().be32(31).eof(), rules.OutOfRange, "configuration/" + bits, rules.Configuration},
		{"negative capability count", begin().config("m").u8(5).str(caps).be32(1).be32(0xffffffff).mark().eof(), rules.OutOfRange, "configuration/" + caps, rules.CountRange},

		{"ram version 5", version("ram", 5), rules.VersionTooNew, "ram", rules.VersionRange},
		{"ram version 0x80000004", version("ram", 0x80000004), rules.VersionTooNew, "ram", rules.VersionRange},
		{"ram version 3", version("ram", 3), rules.VersionTooOld, "ram", rules.VersionRange},
		{"htab version 0", version("spapr/htab", 0), rules.VersionTooOld, "spapr/htab", rules.VersionRange},
		{"attributes version 1", version("s390-storage_attributes", 1), rules.VersionTooNew, "s390-storage_attributes", rules.VersionRange},

		{"ram flag 0", ram(be64(0x1000) + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"ram flag FULL", ram(be64(1) + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"ram flags 014", ram(be64(0x14)), rules.Framing, "ram", rules.RAMRecord},
		{"ram flags ZERO and PAGE", ram(be64(0x0a) + "\x01a\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"ram flag 400", ram(be64(0x400) + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"unknown block", ram(be64(2) + "\x01c\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMBlock},
		{"block's prefix", ram(be64(2) + "\x02aa\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMBlock},
		{"continue without a block", ram(be64(0x22) + "\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMBlock},
		{"CVE-2014-7840: page behind the block", ram(be64(0x2000|2) + "\x01a\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMRange},
		{"page behind the block, continued", second(be64(0x2000|0x28) + page('p') + be64(0x10)), rules.Framing, "ram", rules.RAMRange},
		{"page far away", second(be64(1<<63|0x22) + "\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMRange},
		{"page behind a shorter block", second(be64(0x1000|2) + "\x01b\x00" + be64(0x10)), rules.Framing, "ram", rules.RAMRange},
		{"XBZRLE encoding 2", second(be64(0x60) + "\x02\x00\x03\x00\x01x" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"XBZRLE longer than a page", second(be64(0x60) + "\x01\x10\x01" + page('x') + "x"), rules.Framing, "ram", rules.RAMRecord},
		{"XBZRLE zero run without bytes", second(be64(0x60) + "\x01\x00\x01\x05" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"XBZRLE bytes missing", second(be64(0x60) + "\x01\x00\x03\x00\x02x" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"XBZRLE second zero run 0", second(be64(0x60) + "\x01\x00\x06\x00\x01x\x00\x01x" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"XBZRLE behind the page", second(be64(0x60) + "\x01\x00\x04\x80\x20\x01x" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"XBZRLE run in three bytes", second(be64(0x60) + "\x01\x00\x05\x80\x80\x01\x01x" + be64(0x10)), rules.Framing, "ram", rules.RAMRecord},
		{"compressed page too long", second(be64(0x120) + be32(4111) + page('z')), rules.Framing, "ram", rules.RAMRecord},
		{"blocks above their total", func() *stream {
			s := machine().u8(1).be32(2).str("ram").be32(0).be32(4).be64(0x2004).str("a").be64(0x1000)
			return s.mark().str("b").be64(0x2000).be64(0x10)
		}(), rules.Framing, "ram", rules.RAMRecord},
		{"blocks above their total in another instance", func() *stream {
			s := machine().u8(1).be32(2).str("ram").be32(7).be32(4).be64(0x1004)
			return s.mark().str("b").be64(0x2000).be64(0x10)
		}(), rules.Framing, "ram#7", rules.RAMRecord},

		{"hash table of 2^63", htab(be32(63)), rules.Framing, "spapr/htab", rules.HTABRecord},
		{"hash table header negative", htab(be32(0xfffffffe)), rules.Framing, "spapr/htab", rules.HTABRecord},
		{"entries behind the table", func() *stream {
			s := machine().start(3, "spapr/htab", 0, 1, be32(18)).u8(3).be32(3).be32(0)
			return s.mark().be32(1<<14 - 1).be16(1).be16(1).raw(page(0))
		}(), rules.Framing, "spapr/htab", rules.HTABRecord},
		{"attribute flag 0", machine().u8(1).be32(7).str("s390-storage_attributes").be32(0).be32(0).mark().be64(0x1000).be64(1), rules.Framing, "s390-storage_attributes", rules.AttributesRecord},
		{"attribute flags 3", machine().u8(1).be32(7).str("s390-storage_attributes").be32(0).be32(0).be64(8).mark().be64(3).be64(1), rules.Framing, "s390-storage_attributes", rules.AttributesRecord},

		{"dirty-bitmap version 2", version("dirty-bitmap", 2), rules.VersionTooNew, "dirty-bitmap", rules.VersionRange},
		{"block version 0", version("block", 0), rules.VersionTooOld, "block", rules.VersionRange},
		{"bitmap with flag 8", bitmap("\x10" + be32(512) + "\x08"), rules.Framing, "dirty-bitmap", rules.BitmapRecord},
		{"bitmap with flag 80 and long flags", bitmap("\x80\x10" + be32(512) + "\x80"), rules.Framing, "dirty-bitmap", rules.BitmapRecord},
		{"block flag 0", blocks(be64(1 << 9)), rules.Framing, "block", rules.BlockRecord},
		{"block zeroes of no device", blocks(be64(8)), rules.Framing, "block", rules.BlockRecord},
		{"block flag 10", blocks(be64(0x10)), rules.Framing, "block", rules.BlockRecord},

		{"footer of another id", func() *stream {
			s := machine().u8(1).be32(2).str("ram").be32(0).be32(4).raw(ramStart())
			return s.mark().u8(0x7e).be32(3).eof()
		}(), rules.Framing, "ram", rules.SectionFooter},
		{"footer of another id, later", func() *stream {
			s := withRAM(machine()).u8(2).be32(2).be64(0x10)
			return s.mark().u8(0x7e).be32(1).part(3, 2, be64(0x10)).eof()
		}(), rules.Framing, "ram", rules.SectionFooter},
		{"footer missing, later", func() *stream {
			s := withRAM(machine()).u8(2).be32(2).be64(0x10)
			return s.mark().part(3, 2, be64(0x10)).eof()
		}(), rules.Framing, "ram", rules.SectionFooter},
		{"only the first footer missing", func() *stream {
			s := machine().u8(1).be32(2).str("ram").be32(0).be32(4).raw(ramStart())
			return s.mark().part(3, 2, be64(0x10)).eof()
		}(), rules.Framing, "ram", rules.SectionFooter},
		{"first footer's type byte wrong", func() *stream {
			s := machine().u8(1).be32(2).str("ram").be32(0).be32(4).raw(ramStart())
			return s.mark().u8(0x7f).be32(2).part(3, 2, be64(0x10)).eof()
		}(), rules.Framing, "ram", rules.SectionFooter},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := parseBoth(t, c.s.b, bySize, Options{})
			wantErr(t, err, c.class, c.s.marked, c.path, c.rule)
			whole(t, s)
		})
	}
}

// Wrong lengths beyond the input's end are truncation, and allocate nothing.
func TestHostileLengths(t *testing.T) {
	huge := strings.Repeat("\xff", 8)
	for _, c := range []struct {
		name string
		s    *stream
		path string
	}{
		{"machine name", begin().u8(7).be32(0x7fffffff).raw("m"), "configuration"},
		{"capabilities", begin().config("m").raw(sub("configuration/capabilities", 1, be32(0x7fffffff)+"\x01a")), "configuration"},
		{"packaged", machine().cmd(7, be32(0xffffffff)).raw("abc"), ""},
		{"blocks", machine().u8(1).be32(2).str("ram").be32(0).be32(4).be64(1<<62 | 4).str("a").be64(1), "ram"},
		{"attributes", machine().u8(1).be32(2).str("s390-storage_attributes").be32(0).be32(0).be64(2).raw(huge).raw("abc"), "s390-storage_attributes"},
		{"bits", machine().u8(1).be32(2).str("dirty-bitmap").be32(0).be32(1).raw("\x4c\x01n\x01b").be64(0).be32(1).raw(huge).raw("abc"), "dirty-bitmap"},
		{"packages", machine().cmd(7, be32(0xffffffff)).cmd(7, be32(0xfffffffe)).raw("abc"), ""},
		{"table entries", machine().u8(1).be32(2).str("spapr/htab").be32(0).be32(1).be32(0).be32(0xffffffff).be16(0xffff).be16(0xffff).raw("abc"), "spapr/htab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse(c.s.b, nil, Options{})
			runtime.ReadMemStats(&after)
			wantErr(t, err, rules.Truncated, int64(len(c.s.b)), c.path, rules.StreamEOF)
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
				t.Errorf("%d bytes allocated for %d bytes of input", n, len(c.s.b))
			}
		})
	}
}

// A size list may have 2^16 blocks, and no more.
func TestManyBlocks(t *testing.T) {
	plain, mapped := machine(), begin().config("m", sub(subCapsName, 1, be32(1)+"\x0amapped-ram"))
	for s, entry := range map[*stream]string{
		plain:  "\x00" + be64(4096),
		mapped: "\x00" + be64(4096) + be32(1) + be64(0) + be64(0) + be64(0), // a shared block
	} {
		s.head(4, 2, "ram", 0, 4)
		list := func(n int) []byte {
			b := slices.Clone(s.b)
			return slices.Concat(b, []byte(be64(uint64(n)<<12|4)), bytes.Repeat([]byte(entry), n), []byte(be64(0x10)))
		}
		read := func(b []byte) (*Stream, error) {
			src, err := Read(bytes.NewReader(b), ReadOptions{})
			require.NoError(t, err)
			t.Cleanup(src.Close)
			return ParseSource(src, nil, Options{})
		}
		for _, parse := range []func([]byte) (*Stream, error){read, func(b []byte) (*Stream, error) { return Parse(b, nil, Options{}) }} {
			_, err := parse(append(list(1<<16), 0x7e, 0, 0, 0, 2, 0))
			require.NoError(t, err)
			_, err = parse(list(1<<16 + 1))
			wantErr(t, err, rules.Limit, int64(len(s.b)+8+len(entry)<<16), "ram", rules.Bounded)
		}
	}
}

// A flag that does not exist could be a bit of an address, were pages smaller:
// the description says that they are not, and where none does, a page would have
// to prove it.
func TestBrokenRecordIsNoSmallerPage(t *testing.T) {
	zero := be64(2|0x20) + "\x00"
	for _, text := range []string{`{"page_size": 4096, "devices": []}`, ""} {
		s := withRAM(machine())
		s.u8(2).be32(2).raw(be64(2) + "\x01a\x00" + zero + zero)
		s.mark().raw(be64(0x422) + "\x00" + strings.Repeat(zero, 5) + be64(0x10)).u8(0x7e).be32(2).eof()
		if text != "" {
			s.desc(text)
		}
		_, err := parseBoth(t, s.b, nil, Options{})
		wantErr(t, err, rules.Framing, s.marked, "ram", rules.RAMRecord)
	}
	// Pages of 1024 bytes, cut before the description.
	s := machine().head(4, 2, "ram", 0, 4).be64(0x1000 | 4).str("a").be64(0x1000)
	for i := range uint64(4) {
		s.be64(i<<10 | 8).str("a").raw(strings.Repeat("p", 1024))
	}
	src, err := Read(bytes.NewReader(s.be64(0x10).raw("\x7e").b), ReadOptions{})
	require.NoError(t, err)
	defer src.Close()
	got, err := ParseSource(src, nil, Options{})
	wantErr(t, err, rules.Truncated, int64(len(s.b)), "ram", rules.StreamEOF)
	require.Equal(t, 1024, got.PageSize)
}
