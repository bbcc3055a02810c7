package savevm

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

// Bridging finds the one footer that an item follows.
func TestBridging(t *testing.T) {
	for name, next := range map[string]func(*stream) *stream{
		"FULL":    func(s *stream) *stream { return s.full(9, "n", 0, 1, "") },
		"START":   func(s *stream) *stream { return s.start(9, "a longer name/with:#signs", 0, 1, "") },
		"PART":    func(s *stream) *stream { return s.part(2, 5, "") },
		"END":     func(s *stream) *stream { return s.part(3, 2, be64(0x10)) },
		"command": func(s *stream) *stream { return s.cmd(11, "") },
		"end":     func(s *stream) *stream { return s },
	} {
		for _, described := range []bool{true, false} {
			s := withRAM(machine())
			at := int64(len(s.b))
			s.full(5, "five", 1, 1, fake(5, false))
			next(s).eof()
			eof := int64(len(s.b)) - 1
			if described {
				s.desc(s.text())
			}
			got := parse(t, s.b)
			assert.Equal(t, eof, got.EOF, name)
			var five *Section
			for sec := range got.Sections {
				if sec.Offset == at {
					five = sec
				}
			}
			require.NotNil(t, five, name)
			assert.Equal(t, int64(len(fake(5, false))), five.PayloadSize, name)
			assert.Equal(t, CoverageOpaque, five.Coverage, name)
		}
	}
}

// Bridging notes each section id once.
func TestBridgedOnce(t *testing.T) {
	s := machine()
	at := int64(len(s.b))
	s.start(6, "pbs-state", 0, 1, "abc").part(2, 6, "d").part(3, 6, "e")
	vfio := int64(len(s.b))
	s.start(7, "0000:00:02.0/vfio", 0, 1, be64(0xffffffffef100003)+be64(0xffffffffef100001)).part(3, 7, be64(0xffffffffef100001)).done()
	wantNotes(t, parse(t, s.b), place{rules.SectionBridged, at, "pbs-state"}, place{rules.SectionBridged, vfio, "0000:00:02.0/vfio"})
}

// What stands where decoding ends decides; where nothing does, the stream goes on
// at the next footer and the section is partial.
func TestDecoder(t *testing.T) {
	broken := errors.New("broken")
	ends := func(n int64, err error) Decoder {
		return decodeFunc(func(s *Section, b []byte) (int64, error) {
			if s.Name != "d" {
				return bySize(s, b)
			}
			return n, err
		})
	}
	for _, c := range []struct {
		name     string
		d        Decoder
		payload  string // of d
		declared int    // size that the description gives
		want     sectionView
		decoded  int64
		diverged int64 // in the payload
		rule     rules.ID
	}{
		{"fits", ends(6, nil), "abcdef", 6, sectionView{"d", CoverageFull, 6, false}, 6, 0, ""},
		{"fits, described wrongly", ends(6, nil), "abcdef", 2, sectionView{"d", CoverageFull, 6, false}, 6, 0, ""},
		{"no decoder", nil, "abcdef", 6, sectionView{"d", CoverageOpaque, 6, false}, 0, 0, ""},
		{"error", ends(4, broken), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 4, 4, ""},
		{"error at the end", ends(6, broken), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 6, 6, ""},
		{"error behind the end", ends(9, broken), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 6, 9, ""},
		{"too short", ends(4, nil), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 4, 4, rules.SectionPayload},
		{"too short, described wrongly", ends(4, nil), "abcdef", 4, sectionView{"d", CoveragePartial, 6, true}, 4, 4, rules.SectionPayload},
		{"too long", ends(8, nil), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 6, 8, rules.SectionPayload},
		{"beyond the input", ends(1<<40, nil), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 6, -1, rules.SectionPayload},
		{"negative", ends(-5, broken), "abcdef", 6, sectionView{"d", CoveragePartial, 6, true}, 0, 0, ""},
		{"error, the description helps", ends(0, broken), "\x7e\x00\x00\x00\x01\x04\x00\x00\x00\x00\x01zabcdefgh", 21 - 1, sectionView{"d", CoveragePartial, 20, true}, 0, 0, ""},
		{"no decoder, described wrongly", nil, "abcdef", 100, sectionView{"d", CoverageOpaque, 6, true}, 0, -1, rules.SectionPayload},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withRAM(machine())
			at := int64(len(s.b))
			s.dev(1, "d", 0, strings.Repeat(".", c.declared))
			s.b = s.b[:at]
			s.full(1, "d", 0, 1, c.payload).dev(2, "e", 0, "xyz").done()
			got, err := parseBoth(t, s.b, c.d, Options{})
			require.NoError(t, err)
			whole(t, got)
			wantNotes(t, got)
			e := sectionView{"e", CoverageFull, 3, false}
			if c.d == nil {
				e.Coverage = CoverageOpaque
			}
			wantSections(t, got, sectionView{"ram", CoverageBuiltin, 36, false}, c.want, e)
			d := got.Items[1].Section
			assert.Equal(t, c.decoded, d.DecodedSize)
			if c.want.Err && c.diverged >= 0 {
				assert.Equal(t, d.PayloadOffset+c.diverged, d.Diverged)
			}
			if c.rule != "" {
				wantErr(t, d.DecodeErr, rules.Framing, d.Diverged, "d", c.rule)
			}
		})
	}
}

// Where decoding ended and something that is not the section's footer stands
// there instead of it, the footer is wrong.
func TestFooterBehindDecoded(t *testing.T) {
	for name, footer := range map[string]string{
		"another id": "\x7e" + be32(9),
		"missing":    "",
		"garbage":    "U" + be32(1),
	} {
		s := withRAM(machine()).dev(1, "d", 3, "abcdef")
		s.b = s.b[:len(s.b)-5]
		s.mark().raw(footer).dev(2, "e", 0, "xyz").done()
		for _, d := range []Decoder{bySize, nil} {
			got, err := parseBoth(t, s.b, d, Options{})
			t.Log(name)
			wantErr(t, err, rules.Framing, s.marked, "d#3", rules.SectionFooter)
			whole(t, got)
		}
	}
}

// The same for a section that only its footer delimits; a description proves
// that the input is not cut.
func TestBridgedFooterBroken(t *testing.T) {
	s := withRAM(machine())
	s.full(1, "vendor", 0, 1, "abcdef")
	s.b = s.b[:len(s.b)-5]
	s.mark().u8(0x7e).be32(9).dev(2, "e", 0, "xyz").done()
	_, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Framing, s.marked, "vendor", rules.SectionFooter)

	s = withRAM(machine()).mark()
	s.full(1, "vendor", 0, 1, "abcdef")
	s.b = s.b[:len(s.b)-5]
	s.done()
	_, err = parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Framing, s.marked, "vendor", rules.SectionFooter)

	// Its footer is right and what follows is no item.
	s = withRAM(machine()).full(1, "vendor", 0, 1, "abcdef").mark()
	s.u8(0x55).dev(2, "e", 0, "xyz").done()
	_, err = parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Framing, s.marked, "", rules.SectionType)
}

func TestNoFootersResync(t *testing.T) {
	broken := errors.New("broken")
	wrong := func(n int64, err error) Decoder {
		return decodeFunc(func(s *Section, b []byte) (int64, error) {
			if s.Name != "d" {
				return bySize(s, b)
			}
			return n, err
		})
	}
	for _, c := range []struct {
		name     string
		d        Decoder
		declared string
		want     sectionView
	}{
		{"fits", wrong(6, nil), "......", sectionView{"d", CoverageFull, 6, false}},
		{"fits, described wrongly", wrong(6, nil), "..", sectionView{"d", CoverageFull, 6, false}},
		{"error, described right", wrong(2, broken), "......", sectionView{"d", CoveragePartial, 6, true}},
		{"ends elsewhere, described right", wrong(2, nil), "......", sectionView{"d", CoveragePartial, 6, true}},
		{"error, described wrongly", wrong(2, broken), "...", sectionView{"d", CoveragePartial, 6 + 5 + 2 + 8 + 3, true}},
		{"ends elsewhere, described wrongly", wrong(2, nil), "...", sectionView{"d", CoveragePartial, 6 + 5 + 2 + 8 + 3, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := begin()
			s.noFooters = true
			withRAM(s)
			at := int64(len(s.b))
			s.dev(1, "d", 0, c.declared)
			s.b = s.b[:at]
			s.full(1, "d", 0, 1, "abcdef").dev(2, "e", 0, "xyz").done()
			got, err := parseBoth(t, s.b, c.d, Options{})
			require.NoError(t, err)
			whole(t, got)
			want := []sectionView{{"ram", CoverageBuiltin, 36, false}, c.want}
			if c.want.Payload == 6 {
				want = append(want, sectionView{"e", CoverageFull, 3, false})
			}
			wantSections(t, got, want...)
			assert.NotEqual(t, int64(-1), got.EOF)
		})
	}

	// Decoder and description agree, and then stands no item.
	s := begin()
	s.noFooters = true
	withRAM(s).dev(1, "d", 0, "abc").mark().u8(0x55).done()
	_, err := parseBoth(t, s.b, bySize, Options{})
	wantErr(t, err, rules.Framing, s.marked, "", rules.SectionType)
}

func TestDecoderSeesUpToTheEndMarker(t *testing.T) {
	s := machine().dev(1, "d", 4, "abcdef")
	at := len(s.b) - 5 - 6
	s.done()
	eof := len(s.b) - 6 - len(s.text())
	calls := 0
	_, err := Parse(s.b, decodeFunc(func(sec *Section, b []byte) (int64, error) {
		calls++
		assert.Equal(t, s.b[at:eof], b)
		assert.Equal(t, "d", sec.Device.VMSD.Name)
		assert.Equal(t, uint32(4), sec.InstanceID)
		assert.Equal(t, int64(at), sec.PayloadOffset)
		sec.Coverage = CoveragePartial // a Decoder may know better than full
		return 6, nil
	}), Options{})
	require.NoError(t, err)
	assert.Equal(t, 1, calls)
}

func TestDeviceLookup(t *testing.T) {
	s := machine().dev(1, "d", 0, "a").dev(2, "d", 1, "bb").dev(3, "isa-ide", 0, "c").dev(4, "isa-ide", 0, "dd")
	again := []int64{int64(len(s.b))}
	repeat := func(s *stream) { again = append(again, int64(len(s.b))) }
	repeat(s.full(5, "d", 0xffffffff, 1, "x")) // any instance: the first
	repeat(s.full(6, "d", 1, 1, "yy"))         // again
	repeat(s.full(7, "isa-ide", 0, 1, "zz"))   // again: the last
	s.start(8, "d", 0, 1, "w")                 // START for FULL
	at := int64(len(s.b))
	s.full(9, "d", 2, 1, "unknown").eof() // not listed
	s.devs = append(s.devs, `{"name": "gone", "instance_id": 3, "size": 1, "fields": []}`)
	eof := int64(len(s.b)) - 1
	got := parse(t, s.desc(s.text()).b)
	var views []sectionView
	for _, v := range []string{"d 1", "d#1 2", "isa-ide 1", "isa-ide 2", "d#4294967295 1", "d#1 2", "isa-ide 2", "d 1"} {
		path, n, _ := strings.Cut(v, " ")
		views = append(views, sectionView{path, CoverageFull, int64(n[0] - '0'), false})
	}
	wantSections(t, got, append(views, sectionView{"d#2", CoverageOpaque, 7, false})...)
	wantNotes(t, got,
		place{rules.SectionInstance, again[0], "d#4294967295"}, place{rules.SectionRepeated, again[0], "d#4294967295"},
		place{rules.SectionRepeated, again[1], "d#1"}, place{rules.SectionRepeated, again[2], "isa-ide"}, place{rules.SectionRepeated, again[3], "d"},
		place{rules.VMDescDevice, at, "d#2"}, place{rules.SectionBridged, at, "d#2"},
		place{rules.SectionEnded, eof, "d"}, place{rules.VMDescDevice, eof + 1, "gone#3"})
}
