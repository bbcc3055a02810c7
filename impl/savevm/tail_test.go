package savevm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

func TestTail(t *testing.T) {
	devices := `{"page_size": 4096, "devices": []}`
	for _, c := range []struct {
		name   string
		tail   string
		end    int // behind the end marker
		rule   rules.ID
		off    int // behind the end marker
		usable bool
	}{
		{"nothing", "", 0, rules.VMDescAbsent, 0, false},
		{"type byte alone", "\x06", 1, rules.VMDescTruncated, 1, false},
		{"half a length", "\x06\x00\x00", 3, rules.VMDescTruncated, 3, false},
		{"length alone", "\x06\x00\x00\x00\x09", 5, rules.VMDescTruncated, 5, false},
		{"cut", "\x06" + be32(100) + "{", 6, rules.VMDescTruncated, 6, false},
		{"hostile length", "\x06" + be32(0xffffffff) + devices, 5 + len(devices), rules.VMDescTruncated, 5 + len(devices), false},
		{"empty", "\x06" + be32(0), 5, rules.VMDescSyntax, 5, false},
		{"garbage", "\x06" + be32(4) + "\x00abc", 9, rules.VMDescSyntax, 5, false},
		{"one short", "\x06" + be32(uint32(len(devices)-1)) + devices[:len(devices)-1], 5 + len(devices) - 1, rules.VMDescSyntax, 5 + len(devices) - 1, false},
		{"no devices", "\x06" + be32(2) + "{}", 7, rules.VMDescSyntax, 5, false},
		{"an array", "\x06" + be32(2) + "[]", 7, rules.VMDescSyntax, 5, false},
		{"usable", "\x06" + be32(uint32(len(devices))) + devices, 5 + len(devices), "", 0, true},
		{"usable, white space first", "\x06" + be32(uint32(len(devices)+1)) + " " + devices, 6 + len(devices), "", 0, true},
	} {
		for _, trailing := range []string{"", "\x00", "QEVM"} {
			if trailing != "" && (c.rule == rules.VMDescTruncated || c.rule == rules.VMDescAbsent && trailing == "") {
				continue
			}
			t.Run(c.name+"/"+trailing, func(t *testing.T) {
				s := withRAM(machine()).eof()
				from := len(s.b)
				got := parse(t, s.raw(c.tail+trailing).b)
				var want []place
				if c.rule != "" {
					want = append(want, place{c.rule, int64(from + c.off), ""})
				}
				if trailing != "" {
					want = append(want, place{rules.TrailingBytes, int64(from + c.end), ""})
				}
				wantNotes(t, got, want...)
				assert.Equal(t, int64(from-1), got.EOF)
				assert.Equal(t, int64(from+c.end), got.End)
				assert.Equal(t, c.usable, got.VMDesc != nil)
				assert.Equal(t, c.rule == rules.VMDescAbsent, got.VMDescOffset == -1)
			})
		}
	}
}

// The description is the one that the parse arrives at, whatever else looks
// like one.
func TestWhichDescription(t *testing.T) {
	// fakeDesc describes d with a wrong size.
	fakeDesc := func() string {
		s := machine().dev(1, "d", 0, "......")
		return string((&stream{}).eof().desc(s.text()).b)
	}()
	inPage := be64(8) + "\x01a" + fakeDesc + strings.Repeat("p", 4096-len(fakeDesc)) + be64(0x10)
	early := func() *stream { return withRAM(machine()).part(2, 2, inPage).dev(1, "d", 0, "abc") }
	want := func(t *testing.T, s *Stream) {
		t.Helper()
		var d *Section
		for sec := range s.Sections {
			if sec.Name == "d" {
				d = sec
			}
		}
		assert.Equal(t, sectionView{"d", CoverageFull, 3, false}, sectionView{d.Path(), d.Coverage, d.PayloadSize, d.DecodeErr != nil})
	}
	t.Run("in guest memory", func(t *testing.T) {
		s := early().done()
		got := parse(t, s.b)
		want(t, got)
		wantNotes(t, got)
	})
	t.Run("in a payload", func(t *testing.T) {
		s := withRAM(machine()).dev(1, "d", 0, "abc").dev(3, "e", 0, fakeDesc+"more").done()
		want(t, parse(t, s.b))
	})
	t.Run("in trailing bytes", func(t *testing.T) {
		s := withRAM(machine()).dev(1, "d", 0, "abc").done()
		end := int64(len(s.b))
		got := parse(t, s.raw(string(s.b)).b)
		want(t, got)
		wantNotes(t, got, place{rules.TrailingBytes, end, ""})
	})
	t.Run("many in trailing bytes", func(t *testing.T) {
		s := withRAM(machine()).dev(1, "d", 0, "abc").done()
		got := parse(t, s.raw(strings.Repeat(fakeDesc, 50)).b)
		want(t, got)
	})
	t.Run("many in trailing bytes, stream broken", func(t *testing.T) {
		s := withRAM(machine()).dev(1, "d", 0, "abc").mark()
		s.cmd(2, "pong!").done()
		s.b[s.marked+4] = 4 // the length fits ping, and the next item is '!'
		got, err := parseBoth(t, s.raw(strings.Repeat(fakeDesc, 50)).b, bySize, Options{})
		wantErr(t, err, rules.Framing, s.marked+5+4, "", rules.SectionType)
		whole(t, got)
	})
	t.Run("only in guest memory, own absent", func(t *testing.T) {
		got := parse(t, early().eof().b)
		for sec := range got.Sections {
			if sec.Name == "d" {
				assert.Equal(t, CoverageOpaque, sec.Coverage)
				assert.Nil(t, sec.Device)
			}
		}
	})
	t.Run("only in guest memory, cut", func(t *testing.T) {
		b := early().b
		for cut := len(b) - 30; cut < len(b); cut++ {
			_, err := parseBoth(t, b[:cut], bySize, Options{})
			path := "d"
			if cut < len(b)-5-3 { // footer and payload
				path = ""
			}
			if cut < len(b)-5-3-15 { // header
				path = "ram"
			}
			wantErr(t, err, rules.Truncated, int64(cut), path, rules.StreamEOF)
		}
	})
	t.Run("cut behind sections before RAM", func(t *testing.T) {
		s := machine().dev(1, "d", 0, "abc")
		withRAM(s).part(2, 2, inPage)
		_, err := parseBoth(t, s.b, bySize, Options{})
		wantErr(t, err, rules.Truncated, int64(len(s.b)), "", rules.StreamEOF)
	})
	t.Run("sections before RAM", func(t *testing.T) {
		s := machine().dev(1, "d", 0, "abc")
		got := parse(t, withRAM(s).part(2, 2, inPage).done().b)
		want(t, got)
	})
	t.Run("longer than the limit", func(t *testing.T) {
		s := withRAM(machine()).dev(1, "d", 0, "abc").done()
		got, err := parseBoth(t, s.b, bySize, Options{DescriptionBytes: int64(len(s.text())) - 1})
		require.NoError(t, err)
		assert.Nil(t, got.VMDesc)
		assert.Equal(t, rules.VMDescSyntax, got.Notes[len(got.Notes)-1].Rule)
	})
	// QEMU stops at a 00 that stands for a type byte; what was decoded before it
	// stays decoded.
	t.Run("type byte zeroed", func(t *testing.T) {
		s := withRAM(machine()).dev(1, "d", 0, "abc")
		at := len(s.b)
		s.dev(3, "e", 0, "x").done()
		s.b[at] = 0
		got := parse(t, s.b)
		want(t, got)
		wantNotes(t, got, place{rules.VMDescAbsent, int64(at + 1), ""}, place{rules.TrailingBytes, int64(at + 1), ""})
	})
}

func TestPageSizeFromDescription(t *testing.T) {
	for size, want := range map[int]int{1024: 1024, 16384: 16384, 0: 4096, 512: 4096, 3000: 4096} {
		n := want
		s := machine().start(2, "ram", 0, 4, be64(uint64(n)|4)+"\x01a"+be64(uint64(n))+be64(8)+"\x01a"+strings.Repeat("p", n)+be64(0x10))
		text := `{"devices": []}`
		if size != 0 {
			text = fmt.Sprintf(`{"page_size": %d, "devices": []}`, size)
		}
		got := parse(t, s.eof().desc(text).b)
		assert.Equal(t, want, got.PageSize)
	}
}

// Hostile input must not make the search for the description quadratic.
func TestManyDescriptions(t *testing.T) {
	one := string((&stream{}).eof().desc(`{"devices":[]}`).b)
	s := machine().full(1, "d", 0, 1, strings.Repeat(one, 20000))
	s.raw(strings.Repeat(one, 20000))
	got, _ := parseBoth(t, s.b, bySize, Options{})
	whole(t, got)
	s = machine().full(1, "d", 0, 1, strings.Repeat("\x00\x06\x00\x01\x00\x00{", 100000))
	_, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Truncated, int64(len(s.b)), "", rules.StreamEOF)
}

// What looks like a description, and lies in the header of a section, is none.
func TestDescriptionInAHeader(t *testing.T) {
	fake := string((&stream{}).eof().desc(`{"devices":[]}`).b)
	s := machine().head(4, 1, "a"+fake, 0, 1).raw("x")
	_, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Truncated, int64(len(s.b)), "a", rules.StreamEOF)
}
