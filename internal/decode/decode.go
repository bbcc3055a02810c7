// Package decode decodes the described sections of a stream by the model, and
// keeps what it learnt of each: what both judging and showing a stream begin
// with.
package decode

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// A Decoder is a savevm.Decoder. The zero value is ready.
type Decoder struct {
	sections map[*savevm.Section]*Section
}

// A Section is what was learnt of one section.
type Section struct {
	Described *bind.Described
	Input     []byte       // what was decoded, and what the stream has behind; nil if nothing was tried
	Loaded    model.Loaded // with spans; without a value if nothing can be told for sure
	Size      int64        // bytes decoded
	Err       error        // why decoding stopped there, before the payload's end

	gap *rules.Note // see Gap
}

// Section returns what was learnt of s, or nil if it was not decoded.
func (d *Decoder) Section(s *savevm.Section) *Section { return d.sections[s] }

// Decode decodes a section by the model for savevm.Parse. Of the readings that
// the description allows it takes the first that ends at the section's end.
// Where the description is known not to say all, what it does say is decoded,
// and the rest left.
func (d *Decoder) Decode(s *savevm.Section, b []byte) (int64, error) {
	var first *Section
	for choice := 0; ; choice++ {
		got, err := read(s, b, choice)
		if err != nil {
			return 0, err
		}
		if first == nil {
			first = got
		}
		if got.Err == nil && fits(s, b[got.Size:]) {
			d.keep(s, got)
			return got.Size, nil
		}
		if choice+1 >= got.Described.Choices {
			break
		}
	}
	d.keep(s, first)
	return first.Size, first.Err
}

// read decodes a section in one reading of its description. Elements that are
// no NULL in an array of known ones, described by a NULL, are found one by one.
func read(s *savevm.Section, b []byte, choice int) (*Section, error) {
	var solid []int
	var notes []rules.Note
	for {
		described, err := bind.Describe(s.Device.VMSD, choice, solid...)
		if err != nil {
			return nil, err
		}
		described.Notes = append(described.Notes, notes...)
		i, at, ok := firstSolid(described, s.VersionID, b)
		if !ok {
			return decode(described, s.VersionID, b), nil
		}
		solid = append(solid, i)
		notes = append(notes, rules.Note{
			Rule: rules.VMDescNullArray, Offset: at.Offset, Path: at.Path,
			Detail: "the description knows NULLs only; this element is not NULL, and is decoded as what is known of it",
		})
	}
}

func (d *Decoder) keep(s *savevm.Section, got *Section) {
	if d.sections == nil {
		d.sections = map[*savevm.Section]*Section{}
	}
	d.sections[s] = got
}

// fits: the section's footer stands behind what was decoded. Without footers
// there is no telling.
func fits(s *savevm.Section, rest []byte) bool {
	return len(rest) >= 5 && rest[0] == savevm.KindFooter && binary.BigEndian.Uint32(rest[1:]) == s.ID
}

func decode(described *bind.Described, version uint32, b []byte) *Section {
	s := &Section{Described: described}
	if n := fixedSize(described.Schema, map[*model.Schema]int64{}); n > int64(len(b)) {
		s.Err = &rules.Error{Class: rules.BadDescription, Rule: rules.VMDescFits, Detail: "the description speaks of more bytes than there are"}
		return s
	}
	s.Input = b
	s.Loaded, s.Err = model.Decode(described.Schema, b, version, model.Options{Spans: true})
	s.Size = s.Loaded.Consumed
	if s.gap = s.findGap(); s.gap != nil {
		// What stands before that can be told for sure.
		short := bind.Prefix(described.Schema, s.Loaded.Spans)
		if s.gap.Rule == rules.VMDescSubsection {
			b = b[:s.gap.Offset] // where it would be asked for again
		}
		loaded, err := model.Decode(short, b, version, model.Options{Spans: true})
		if err == nil {
			described.Schema, s.Input, s.Loaded, s.Size = short, b, loaded, loaded.Consumed
		}
	}
	return s
}

// Stop says what ended the decoding of a section before its end.
func (d *Decoder) Stop(s *savevm.Section) (report.Finding, bool) {
	var e *rules.Error
	got := d.sections[s]
	switch {
	case got == nil && errors.As(s.DecodeErr, &e) && e.Class == rules.BadDescription: // the description is of no use
		n := rules.Note{Rule: e.Rule, Offset: e.Offset, Path: e.Path, Detail: e.Detail}
		return report.Noted(n, s.PayloadOffset, s.Path()), true
	case got != nil && errors.As(got.Err, &e):
		if n, ok := got.Gap(); ok {
			return report.Noted(n, s.PayloadOffset, s.Path()), true
		}
		return report.Broken(e, s.PayloadOffset, s.Path()), true
	case errors.As(s.DecodeErr, &e): // the container's own word, with its own offset and path
		return report.Broken(e, 0, ""), true
	}
	return report.Finding{}, false
}

// Gap reports whether decoding stopped where the description is known not to
// say all, and the stream is not to blame. The note says what is missing; its
// offset and path count from the payload.
func (s *Section) Gap() (rules.Note, bool) {
	if s.gap == nil {
		return rules.Note{}, false
	}
	return *s.gap, true
}

func (s *Section) findGap() *rules.Note {
	var e *rules.Error
	switch {
	case !errors.As(s.Err, &e):
	case e.Class == rules.Limit && strings.HasSuffix(e.Path, "/"+bind.Undescribed):
		return &rules.Note{
			Rule: rules.VMDescElementUnknown, Offset: s.openElement(), Path: strings.TrimSuffix(e.Path, "/"+bind.Undescribed),
			Detail: "an element whose layout is not known: what follows in the section is not decoded",
		}
	case e.Class == rules.UnknownSubsection:
		return &rules.Note{
			Rule: rules.VMDescSubsection, Offset: e.Offset, Path: e.Path,
			Detail: "a subsection that the description does not list: what follows in the section is not decoded",
		}
	case s.nullArray(e) != nil:
		return &rules.Note{
			Rule: rules.VMDescNullArray, Offset: e.Offset, Path: e.Path,
			Detail: "the description knows NULLs only, and here stands something else: what follows in the section is not decoded",
		}
	}
	return nil
}

// openElement is the offset of the element in which the load stopped, its marker's.
func (s *Section) openElement() int64 {
	for _, x := range slices.Backward(s.Loaded.Spans) {
		if x.Kind == model.SpanElement && x.Size < 0 {
			return x.Offset
		}
	}
	return s.Size
}

// nullArray returns the array in which the load stopped, of which the
// description shows the first element only, a NULL; or nil.
func (s *Section) nullArray(e *rules.Error) *model.Field {
	if e.Class != rules.Mismatch || e.Rule != rules.NullMarker {
		return nil
	}
	for f := range s.Described.NullArrays {
		element := e.Path
		if f.Array {
			element, _, _ = cutIndex(e.Path)
		}
		if element == f.Name || strings.HasSuffix(element, "/"+f.Name) {
			return f
		}
	}
	return nil
}

// firstSolid returns the first element that is no NULL though it is described as one,
// where it is known what it is.
func firstSolid(described *bind.Described, version uint32, b []byte) (int, *rules.Error, bool) {
	if len(described.NullArrays) == 0 {
		return 0, nil, false
	}
	var e *rules.Error
	s := &Section{Described: described}
	if _, err := model.Decode(described.Schema, b, version, model.Options{}); !errors.As(err, &e) {
		return 0, nil, false
	}
	f := s.nullArray(e)
	if f == nil || !described.NullArrays[f] {
		return 0, nil, false
	}
	_, i, ok := cutIndex(e.Path)
	return i, e, ok
}

// cutIndex takes the index off a path that ends in one.
func cutIndex(path string) (string, int, bool) {
	open := strings.LastIndexByte(path, '[')
	if open < 0 || path[len(path)-1] != ']' {
		return path, 0, false
	}
	i, err := strconv.Atoi(path[open+1 : len(path)-1])
	return path[:open], i, err == nil
}

// fixedSize is the fewest bytes that a payload of s takes. It saturates.
func fixedSize(s *model.Schema, known map[*model.Schema]int64) int64 {
	const most = int64(1) << 50
	if n, ok := known[s]; ok {
		return n
	}
	var n int64
	for i := range s.Fields {
		f := &s.Fields[i]
		var one int64
		switch f.Type {
		case model.TypeStruct, model.TypeVStruct:
			one = fixedSize(f.Elem, known)
		case model.TypeBuffer, model.TypeUnused:
			one = int64(f.Size)
		case model.TypeBitmap:
			one = int64(f.Size / 8)
		default:
			one = 1
		}
		switch {
		case f.Pointers: // some of which may be NULL
			one = int64(f.Count)
		case f.Array:
			if f.Count > 0 && one > most/int64(f.Count) {
				return most
			}
			one *= int64(f.Count)
		}
		if n += one; n > most {
			return most
		}
	}
	known[s] = n
	return n
}
