package savevm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vmconform/rules"
)

// stream builds a stream from the tables of the wire format. It knows nothing
// of the package's own encoder.
type stream struct {
	b         []byte
	noFooters bool

	marked int64          // the place a test expects an error or note at
	open   []openSection  // where each section is open, for truncation
	devs   []string       // descriptions of devices so far
	by     BytesBy        // what the bytes are, by construction
	names  map[int]string // idstr by section id
}

type openSection struct {
	path     string
	from, to int64
	fakes    bool // it holds footers of its own: cut behind one, it may be closed for all one can see
}

func begin() *stream {
	s := &stream{names: map[int]string{}}
	s.raw("QEVM").be32(3)
	s.by.Framing = 8
	return s
}

// machine begins a stream with a configuration.
func machine() *stream { return begin().config("m") }

func (s *stream) raw(p string) *stream    { s.b = append(s.b, p...); return s }
func (s *stream) u8(v byte) *stream       { s.b = append(s.b, v); return s }
func (s *stream) be16(v int) *stream      { s.b = binary.BigEndian.AppendUint16(s.b, uint16(v)); return s }
func (s *stream) be32(v uint32) *stream   { s.b = binary.BigEndian.AppendUint32(s.b, v); return s }
func (s *stream) be64(v uint64) *stream   { s.b = binary.BigEndian.AppendUint64(s.b, v); return s }
func (s *stream) str(name string) *stream { return s.u8(byte(len(name))).raw(name) }
func (s *stream) mark() *stream           { s.marked = int64(len(s.b)); return s }
func (s *stream) framing(from int) *stream {
	s.by.Framing += int64(len(s.b) - from)
	return s
}

func (s *stream) config(name string, subsections ...string) *stream {
	from := len(s.b)
	s.u8(7).be32(uint32(len(name))).raw(name)
	// Cut before a subsection, the configuration is whole for all one can see.
	s.open = append(s.open, openSection{path: "configuration", from: int64(from + 1), to: int64(len(s.b))})
	for _, sub := range subsections {
		at := int64(len(s.b))
		s.raw(sub)
		s.open = append(s.open, openSection{path: "configuration", from: at + 1, to: int64(len(s.b))})
	}
	return s.framing(from)
}

// sub is a subsection as a string.
func sub(name string, version uint32, value string) string {
	return string((&stream{}).u8(5).str(name).be32(version).raw(value).b)
}

func be32(v uint32) string { return string(binary.BigEndian.AppendUint32(nil, v)) }
func be64(v uint64) string { return string(binary.BigEndian.AppendUint64(nil, v)) }

func (s *stream) head(kind byte, id int, name string, instance, version uint32) *stream {
	s.names[id] = name
	if instance != 0 {
		s.names[id] = fmt.Sprintf("%s#%d", name, instance)
	}
	return s.u8(kind).be32(uint32(id)).str(name).be32(instance).be32(version)
}

// body ends a section whose header began at from.
func (s *stream) body(from, id int, payload string) *stream {
	at := len(s.b)
	s.raw(payload)
	s.by.Framing += int64(at - from)
	switch name := s.names[id]; {
	case strings.HasPrefix(name, "ram"):
		s.by.RAM += int64(len(payload))
	case slices.Contains([]string{"spapr/htab", "s390-storage_attributes", "dirty-bitmap", "block"}, name):
		s.by.Builtin += int64(len(payload))
	default:
		s.by.Opaque += int64(len(payload))
	}
	if !s.noFooters {
		s.u8(0x7e).be32(uint32(id))
		s.by.Framing += 5
	}
	s.open = append(s.open, openSection{s.names[id], int64(at), int64(len(s.b)), strings.Contains(payload, "\x7e"+be32(uint32(id)))})
	return s
}

func (s *stream) start(id int, name string, instance, version uint32, payload string) *stream {
	from := len(s.b)
	return s.head(1, id, name, instance, version).body(from, id, payload)
}

func (s *stream) full(id int, name string, instance, version uint32, payload string) *stream {
	from := len(s.b)
	return s.head(4, id, name, instance, version).body(from, id, payload)
}

func (s *stream) part(kind byte, id int, payload string) *stream {
	from := len(s.b)
	return s.u8(kind).be32(uint32(id)).body(from, id, payload)
}

func (s *stream) cmd(code int, data string) *stream {
	from := len(s.b)
	return s.u8(8).be16(code).be16(len(data)).raw(data).framing(from)
}

// pack adds a package of what fill adds, and behind its own end marker more.
func (s *stream) pack(fill func(*stream), more string) *stream {
	from := len(s.b)
	s.u8(8).be16(7).be16(4).be32(0).framing(from)
	at := len(s.b)
	fill(s)
	s.eof().raw(more)
	s.by.Opaque += int64(len(more))
	return s.sized(at)
}

// sized gives the package that begins at at its length.
func (s *stream) sized(at int) *stream {
	binary.BigEndian.PutUint32(s.b[at-4:], uint32(len(s.b)-at))
	return s
}

func (s *stream) eof() *stream { s.by.Framing++; return s.u8(0) }

func (s *stream) desc(text string) *stream {
	from := len(s.b)
	return s.u8(6).be32(uint32(len(text))).raw(text).framing(from)
}

// dev adds a described FULL section whose payload is n buffers of the given
// contents.
func (s *stream) dev(id int, name string, instance uint32, buffers ...string) *stream {
	var fields []string
	for i, p := range buffers {
		fields = append(fields, fmt.Sprintf(`{"name": "f%d", "type": "buffer", "size": %d}`, i, len(p)))
	}
	s.devs = append(s.devs, fmt.Sprintf(`{"name": %q, "instance_id": %d, "vmsd_name": %q, "version": 1, "fields": [%s]}`,
		name, instance, name, strings.Join(fields, ", ")))
	return s.full(id, name, instance, 1, strings.Join(buffers, ""))
}

// done ends the stream with the description of what dev added.
func (s *stream) done() *stream { return s.eof().desc(s.text()) }

func (s *stream) text() string {
	return `{"page_size": 4096, "devices": [` + strings.Join(s.devs, ", ") + `]}`
}

// The RAM section's START with blocks a (two pages) and b (one page).
func ramStart() string {
	return be64(3*4096|4) + "\x01a" + be64(2*4096) + "\x01b" + be64(4096) + be64(0x10)
}

func page(fill byte) string { return strings.Repeat(string(rune(fill)), 4096) }

// withRAM adds it in a FULL, which is a START that needs no END.
func withRAM(s *stream) *stream { return s.full(2, "ram", 0, 4, ramStart()) }

// fakes are what bridging must not be taken in by, behind the bytes of a footer:
// things that are no items.
var fakes = []string{
	"", "\x00\x7e", "\x00\x00\x06", "\x00\x06\x00\x00\x00\x02[]",
	"\x04\x00\x00\x00\x09\x00", "\x04\x00\x00\x00\x09\x03a\x01b", "\x01\x00\x00\x00\x09\x01\x7f",
	"\x02\x00\x00\x00\x4d", "\x03\x00\x00\x00\x4e",
	"\x08\x00\x0c\x00\x00", "\x08\x00\x00\x00\x00", "\x08\x00\x02\x00\x05", "\x05\x04name", "\x06\x00", "\x07\x00", "\x7e", "U",
}

// fake is a payload of section id with a footer before each of the fakes. With
// cuttable, those are left out that are the end of a stream when cut.
func fake(id int, cuttable bool) string {
	var p string
	for _, f := range fakes {
		if !cuttable || !strings.HasPrefix(f, "\x00") {
			p += "\x7e" + be32(uint32(id)) + f
		}
	}
	return p + "\xff"
}

type decodeFunc func(s *Section, b []byte) (int64, error)

func (f decodeFunc) Decode(s *Section, b []byte) (int64, error) { return f(s, b) }

// bySize decodes by the sizes of the description.
var bySize = decodeFunc(func(s *Section, b []byte) (int64, error) {
	n := s.Device.VMSD.WireSize()
	if n > int64(len(b)) {
		return int64(len(b)), errors.New("too short")
	}
	return n, nil
})

func wantErr(t *testing.T, err error, class rules.Class, off int64, path string, rule rules.ID) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s at %d", err, class, off)
	}
	got := rules.Error{Class: e.Class, Offset: e.Offset, Path: e.Path, Rule: e.Rule}
	want := rules.Error{Class: class, Offset: off, Path: path, Rule: rule}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%v (-want +got):\n%s", e, d)
	}
}

// whole checks what holds for every Stream: the bytes are accounted for and the
// stream is written again as it was.
func whole(t *testing.T, s *Stream) {
	t.Helper()
	by := s.BytesBy()
	if by.Total() != int64(len(s.Bytes)) || by.Framing < 0 || by.RAM < 0 || by.Builtin < 0 || by.Decoded < 0 || by.Opaque < 0 {
		t.Fatalf("%d bytes are accounted for as %+v", len(s.Bytes), by)
	}
	diff, n := s.Differs(Again{})
	if diff != -1 || n.Total() != int64(len(s.Bytes)) {
		t.Fatalf("written again, %d of %d bytes (%+v), the first to differ at %d", n.Total(), len(s.Bytes), n, diff)
	}
}

// pieces reads a few bytes at a time.
type pieces struct{ io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), 97)]) }

// parseBoth parses a stream in memory, and as it is read in pieces and its
// guest memory left out: that has to give the same.
func parseBoth(t *testing.T, b []byte, d Decoder, o Options) (*Stream, error) {
	t.Helper()
	s, err := Parse(b, d, o)
	pages := int64(0)
	count := func(r *RAMRecord) error {
		if r.In != nil {
			pages++
		}
		return nil
	}
	src, readErr := Read(iotest.DataErrReader(pieces{bytes.NewReader(b)}), ReadOptions{Size: int64(len(b)) / 2, Record: count})
	if readErr != nil {
		t.Fatal(readErr)
	}
	defer src.Close()
	if s == nil {
		if _, again := ParseSource(src, d, o); again == nil || again.Error() != err.Error() {
			t.Fatalf("in memory %v, read %v", err, again)
		}
		return s, err
	}
	if len(src.Bytes) != len(b) {
		t.Fatalf("read %d of %d bytes", len(src.Bytes), len(b))
	}
	again, errAgain := ParseSource(src, d, o)
	diff := cmp.Diff(s, again, cmpopts.IgnoreFields(Stream{}, "Bytes"), cmp.AllowUnexported(Section{}, Command{}), cmpopts.IgnoreUnexported(Memory{}, VMDesc{}, Stream{}), cmp.Comparer(func(x, y error) bool { return fmt.Sprint(x) == fmt.Sprint(y) }))
	if diff != "" || fmt.Sprint(err) != fmt.Sprint(errAgain) {
		t.Fatalf("in memory %v, read %v, (-in memory +read):\n%s", err, errAgain, diff)
	}
	if again.KeptMemory(count); err == nil {
		for sec := range s.Sections {
			if m := sec.RAM; m != nil {
				pages -= m.Zero + m.Normal + m.XBZRLE + m.Compressed
			}
		}
		if pages != 0 {
			t.Fatalf("told of %+d pages", pages)
		}
	}
	at, n := s.Differs(Again{})
	atAgain, nAgain := again.Differs(Again{})
	if at != atAgain || n != nAgain {
		t.Fatalf("in memory %d, %+v, read %d, %+v", at, n, atAgain, nAgain)
	}
	return s, err
}

func parse(t *testing.T, b []byte) *Stream {
	t.Helper()
	s, err := parseBoth(t, b, bySize, Options{})
	if err != nil {
		t.Fatal(err)
	}
	whole(t, s)
	return s
}

type place struct {
	Rule   rules.ID
	Offset int64
	Path   string
}

func wantNotes(t *testing.T, s *Stream, want ...place) {
	t.Helper()
	var got []place
	for _, n := range s.Notes {
		got = append(got, place{n.Rule, n.Offset, n.Path})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("notes (-want +got):\n%s", d)
	}
}

type sectionView struct {
	Path     string
	Coverage Coverage
	Payload  int64
	Err      bool
}

func wantSections(t *testing.T, s *Stream, want ...sectionView) {
	t.Helper()
	var got []sectionView
	for sec := range s.Sections {
		got = append(got, sectionView{sec.Path(), sec.Coverage, sec.PayloadSize, sec.DecodeErr != nil})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("sections (-want +got):\n%s", d)
	}
}
