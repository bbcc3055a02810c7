package model

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vmconform/rules"
)

// equal compares with go-cmp, for which a nil slice is not an empty one.
func equal(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wire reads hex digits, with blanks and brackets anywhere.
func wire(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "", "\t", "", "(", "", ")", "").Replace(digits))
	noError(t, err)
	return b
}

// A verdict is what is compared of an error.
type verdict struct {
	Class  rules.Class
	Offset int64
	Path   string
	Rule   rules.ID
}

func verdictOf(t testing.TB, err error) verdict {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("want a *rules.Error, got %v", err)
	}
	return verdict{e.Class, e.Offset, e.Path, e.Rule}
}

// loads demands that stream loads whole, without notes, to want, and that want
// is saved to the same bytes.
func loads(t *testing.T, s *Schema, stream []byte, want *Struct) {
	t.Helper()
	noError(t, s.Check())
	got, err := Decode(s, stream, s.Version, Options{All: true})
	noError(t, err)
	equal(t, want, got.Value)
	equal(t, int64(len(stream)), got.Consumed)
	equal(t, []rules.Note(nil), got.Notes)
	saved, err := Encode(s, want, s.Version)
	noError(t, err)
	equal(t, stream, saved)
}

// refused demands an error and that nothing but spans comes with it.
func refused(t *testing.T, s *Schema, stream []byte, o Options, want verdict) {
	t.Helper()
	noError(t, s.Check())
	got, err := Decode(s, stream, s.Version, o)
	equal(t, want, verdictOf(t, err))
	got.Spans = nil
	equal(t, Loaded{}, got)
}

// A remark is what is compared of a note.
type remark struct {
	Rule   rules.ID
	Offset int64
	Path   string
}

func remarks(notes []rules.Note) []remark {
	var r []remark
	for _, n := range notes {
		r = append(r, remark{n.Rule, n.Offset, n.Path})
	}
	return r
}

func field(name string, t Type) Field { return Field{Name: name, Type: t} }

func vmsd(name string, fields ...Field) *Schema {
	return &Schema{Name: name, Version: 1, Minimum: 1, Fields: fields}
}

func value(fields ...Value) *Struct {
	return &Struct{Fields: append([]Value{}, fields...), Subs: []*Struct{}}
}

// The elements of a queue load at the field's version_id.
func queueOf(name string, elem *Schema) Field {
	return Field{Name: name, Type: TypeQueue, Version: elem.Version, Elem: elem}
}
