package savevm

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

// postcopy is a stream with devices and memory in packages, as a migration that
// goes over to postcopy sends them, and more besides. inner and outer are where
// the end markers of its packages are.
func postcopy() (s *stream, inner, outer int64) {
	s = machine().start(2, "ram", 0, 4, ramStart()).dev(20, "early", 0, "abc")
	s.pack(func(s *stream) {
		s.cmd(4, "").part(2, 2, be64(2)+"\x01a\x00"+be64(0x10))
		s.dev(3, "d", 0, "xyz").start(4, "dirty-bitmap", 0, 1, "\x1c\x01n\x01b"+be32(512)+"\x00\x01")
		s.pack(func(s *stream) { s.part(3, 2, be64(0x1022)+"\x00"+be64(0x10)).dev(3, "d", 1, "inner") }, "")
		inner = int64(len(s.b)) - 1
		s.part(3, 4, "\x20\x01").cmd(5, "")
	}, "more")
	outer = int64(len(s.b)) - 5
	return s.dev(5, "e", 0, "f"), inner, outer
}

func TestPackages(t *testing.T) {
	s, inner, outer := postcopy()
	got := parse(t, s.done().b)
	wantNotes(t, got, place{rules.TrailingBytes, outer + 1, ""})
	wantSections(t, got,
		sectionView{"ram", CoverageBuiltin, 36, false},
		sectionView{"early", CoverageFull, 3, false},
		sectionView{"ram", CoverageBuiltin, 11 + 8, false},
		sectionView{"d", CoverageFull, 3, false},
		sectionView{"dirty-bitmap", CoverageBuiltin, 11, false},
		sectionView{"ram", CoverageBuiltin, 9 + 8, false},
		sectionView{"d#1", CoverageFull, 5, false},
		sectionView{"dirty-bitmap", CoverageBuiltin, 2, false},
		sectionView{"e", CoverageFull, 1, false})
	want := s.by
	want.Decoded = 3 + 3 + 5 + 1
	want.Opaque -= want.Decoded
	assert.Equal(t, want, got.BytesBy())
	assert.Equal(t, int64(4), want.Opaque)

	kinds := func(items []Item) (list []string) {
		for _, it := range items {
			if it.Command != nil {
				list = append(list, string(rune('0'+it.Command.Code)))
			} else {
				list = append(list, it.Section.Path())
			}
		}
		return list
	}
	assert.Equal(t, []string{"ram", "early", "7", "e"}, kinds(got.Items))
	package1 := got.Items[2].Command
	assert.Equal(t, []string{"4", "ram", "d", "dirty-bitmap", "7", "dirty-bitmap", "5"}, kinds(package1.Items))
	assert.Equal(t, outer, package1.EOF)
	assert.Equal(t, outer+5, package1.PackedOffset+package1.PackedSize)
	package2 := package1.Items[4].Command
	assert.Equal(t, []string{"ram", "d#1"}, kinds(package2.Items))
	assert.Equal(t, inner, package2.EOF)
	assert.Equal(t, int64(-1), package1.Items[0].Command.EOF)

	// What is parsed is what is written.
	package2.Items[1].Section.ID++
	diff, _ := got.Differs(Again{})
	assert.Equal(t, package2.Items[1].Section.Offset+4, diff)
	package2.Items[1].Section.ID--
	diff, _ = got.Differs(Again{Payload: func(s *Section) []byte {
		if s.InstanceID == 1 {
			return []byte("iNner")
		}
		return nil
	}})
	assert.Equal(t, package2.Items[1].Section.PayloadOffset+1, diff)

	// Whoever asks for no more sections gets none.
	for range got.Sections {
		break
	}
	seen := 0
	for sec := range got.Sections {
		if seen++; sec.InstanceID == 1 {
			break
		}
	}
	assert.Equal(t, 7, seen)
}

// A stream that is over to postcopy has no description: sections are bridged, at
// the end of a package to its end marker.
func TestBridgingInPackages(t *testing.T) {
	s := withRAM(machine())
	var at []int64
	vendor := func(s *stream, id int, name string) {
		at = append(at, int64(len(s.b)))
		// Neither 00 with a description behind it nor 00 is the end of a package.
		s.full(id, name, 0, 1, fake(id, false)+"\x7e"+be32(uint32(id))+"\x00\x06\x00\x00\x00\x02{}")
	}
	s.pack(func(s *stream) {
		vendor(s, 5, "one")
		vendor(s, 6, "two")
		s.cmd(2, "ping")
		s.pack(func(s *stream) { vendor(s, 0, "timer-like") }, "")
		vendor(s, 8, "three")
	}, "").eof()
	got := parse(t, s.b)
	n := int64(len(fake(5, false)) + 5 + 8)
	wantSections(t, got, sectionView{"ram", CoverageBuiltin, 36, false}, sectionView{"one", CoverageOpaque, n, false},
		sectionView{"two", CoverageOpaque, n, false}, sectionView{"timer-like", CoverageOpaque, n, false}, sectionView{"three", CoverageOpaque, n, false})
	wantNotes(t, got, place{rules.SectionBridged, at[0], "one"}, place{rules.SectionBridged, at[1], "two"},
		place{rules.SectionBridged, at[2], "timer-like"}, place{rules.SectionBridged, at[3], "three"}, place{rules.VMDescAbsent, int64(len(s.b)), ""})
}

// Without footers a section of unknown layout hides the rest of its package, and
// no more.
func TestHiddenInAPackage(t *testing.T) {
	s := begin()
	s.noFooters = true
	withRAM(s)
	var at, size int64
	s.pack(func(s *stream) {
		at = int64(len(s.b))
		s.full(1, "vendor", 0, 1, "xyz").cmd(2, "ping").eof()
		size = int64(len(s.b)) - at - 20 + 1 // the end marker of the package, too
	}, "")
	s.dev(2, "e", 0, "abc").done()
	got := parse(t, s.b)
	wantNotes(t, got, place{rules.VMDescDevice, at, "vendor"}, place{rules.SectionBridged, at, "vendor"})
	wantSections(t, got, sectionView{"ram", CoverageBuiltin, 36, false}, sectionView{"vendor", CoverageOpaque, size, false}, sectionView{"e", CoverageFull, 3, false})
	assert.Equal(t, int64(-1), got.Items[1].Command.EOF)
}

// What is wrong in a package is where it is.
func TestPackagesRefused(t *testing.T) {
	// open is a stream up to the first byte of a package in a package; the second
	// return closes both.
	open := func() (*stream, func()) {
		s := withRAM(machine()).u8(8).be16(7).be16(4).be32(0)
		first := len(s.b)
		s.u8(8).be16(7).be16(4).be32(0)
		second := len(s.b)
		return s, func() { s.sized(first).sized(second).mark().dev(9, "behind", 0, "").done() }
	}
	for name, c := range map[string]struct {
		fill  func(*stream)
		class rules.Class
		path  string
		rule  rules.ID
	}{
		"no end marker":            {func(s *stream) {}, rules.Truncated, "", rules.StreamEOF},
		"no end marker, an item":   {func(s *stream) { s.cmd(2, "ping") }, rules.Truncated, "", rules.StreamEOF},
		"ends in a command":        {func(s *stream) { s.u8(8).be16(2).be16(4).raw("pin") }, rules.Truncated, "", rules.StreamEOF},
		"ends in a package's head": {func(s *stream) { s.u8(8).be16(7).be16(4).be16(0) }, rules.Truncated, "", rules.StreamEOF},
		"ends in a RAM record":     {func(s *stream) { s.u8(2).be32(2).be32(0) }, rules.Truncated, "ram", rules.StreamEOF},
		"ends in a hash table":     {func(s *stream) { s.head(1, 5, "spapr/htab", 0, 1).be32(0).be16(0) }, rules.Truncated, "spapr/htab", rules.StreamEOF},
		"ends in a footer":         {func(s *stream) { s.u8(2).be32(2).be64(0x10).u8(0x7e).be16(0) }, rules.Truncated, "ram", rules.StreamEOF},
	} {
		t.Run(name, func(t *testing.T) {
			s, done := open()
			c.fill(s)
			done()
			got, err := parseBoth(t, s.b, bySize, Options{})
			wantErr(t, err, c.class, s.marked, c.path, c.rule)
			whole(t, got)
		})
	}

	wrong := func(fill func(s *stream)) *stream {
		return withRAM(machine()).pack(func(s *stream) { s.pack(fill, "") }, "").dev(9, "behind", 0, "").done()
	}
	for name, c := range map[string]struct {
		s     *stream
		class rules.Class
		path  string
		rule  rules.ID
	}{
		"type 55":             {wrong(func(s *stream) { s.mark().u8(0x55) }), rules.Framing, "", rules.SectionType},
		"configuration":       {wrong(func(s *stream) { s.mark().config("m") }), rules.Framing, "", rules.ConfigurationOnce},
		"section not started": {wrong(func(s *stream) { s.mark().part(2, 7, "") }), rules.Framing, "", rules.SectionKnown},
		"command 12":          {wrong(func(s *stream) { s.mark().cmd(12, "") }), rules.Framing, "", rules.Command},
		"page behind a block": {wrong(func(s *stream) { s.u8(2).be32(2).mark().be64(0x2000 | 2).raw("\x01a\x00") }), rules.Framing, "ram", rules.RAMRange},
		"another's footer":    {wrong(func(s *stream) { s.u8(2).be32(2).be64(0x10).mark().u8(0x7e).be32(3) }), rules.Framing, "ram", rules.SectionFooter},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseBoth(t, c.s.b, bySize, Options{})
			wantErr(t, err, c.class, c.s.marked, c.path, c.rule)
			whole(t, got)
		})
	}
}

func TestPackagesInOneAnother(t *testing.T) {
	nest := func(n int) *stream {
		s := machine()
		var fill func(s *stream)
		fill = func(s *stream) {
			if n--; n == 0 {
				s.mark()
			}
			if n >= 0 {
				s.pack(fill, "")
			}
		}
		fill(s)
		return s.eof()
	}
	parse(t, nest(16).b)
	s := nest(17)
	got, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Limit, s.marked, "", rules.Bounded)
	whole(t, got)
}

// An input that ends inside a package is cut, whatever is wrong before.
func TestPackageCut(t *testing.T) {
	s, _, _ := postcopy()
	body := len(s.b)
	s.done()
	for cut := 1; cut <= body; cut++ {
		got, err := Parse(s.b[:cut], bySize, Options{})
		if cut%29 == 0 {
			got, err = parseBoth(t, s.b[:cut], bySize, Options{})
		}
		path := ""
		for _, o := range s.open {
			if o.from <= int64(cut) && int64(cut) < o.to {
				path = o.path
			}
		}
		wantErr(t, err, rules.Truncated, int64(cut), path, rules.StreamEOF)
		whole(t, got)
	}

	s = withRAM(machine()).cmd(7, be32(20)).cmd(12, "")
	_, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Truncated, int64(len(s.b)), "", rules.StreamEOF)
	// What is there of it is parsed.
	s = withRAM(machine()).cmd(7, be32(200)).part(3, 2, be64(0x10)).eof().raw("more")
	got, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Truncated, int64(len(s.b)), "", rules.StreamEOF)
	whole(t, got)
	require.Len(t, slices.Collect(got.Sections), 2)
}
