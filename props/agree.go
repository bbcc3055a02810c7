package props

import (
	"errors"
	"fmt"

	"vmconform/model"
	"vmconform/rules"
)

// A load is one stream to be loaded, and what it was made from.
type load struct {
	schema  *model.Schema
	value   *model.Struct // nil where the stream was made from nothing else
	version uint32
	stream  []byte
}

// fail makes a Failure of this load.
func (l load) fail(rule rules.ID, diff []string, format string, args ...any) *Failure {
	return &Failure{
		Rule: rule, What: fmt.Sprintf(format, args...), Diff: diff,
		Schema: l.schema, Value: l.value, Version: l.version, Stream: l.stream,
	}
}

// agree says how s and the model differ on l, or nil: in value, consumed bytes
// and notes where the model accepts, in class, offset and path of the error
// where it refuses.
func (l load) agree(s Subject) *Failure {
	want, wantErr := model.Decode(l.schema, l.stream, l.version, model.Options{})
	return l.as(s, want, wantErr)
}

// as says how the load of s differs from what the model makes of l.
func (l load) as(s Subject, want model.Loaded, wantErr error) *Failure {
	got, gotErr := s.Load(l.schema, l.stream, l.version)
	if wantErr != nil {
		return l.refused(s, gotErr, wantErr)
	}
	if gotErr != nil {
		return l.fail(rules.RoundTrip, nil, "refuses what the model accepts: %v", gotErr)
	}
	if s.Caps().VerdictOnly {
		return nil
	}
	if !model.Equal(want.Value, got.Value) {
		return l.fail(rules.RoundTrip, model.Diff(want.Value, got.Value, l.schema), "reads another value")
	}
	if got.Consumed != want.Consumed {
		return l.fail(rules.RoundTrip, nil, "takes %d bytes, not %d", got.Consumed, want.Consumed)
	}
	return l.sameNotes(want.Notes, got.Notes)
}

// refuse says how s fails to refuse l with just this error.
func (l load) refuse(s Subject, want *rules.Error) *Failure {
	_, err := s.Load(l.schema, l.stream, l.version)
	return l.refused(s, err, want)
}

// refused says how got, the outcome of s, is not the error wanted.
func (l load) refused(s Subject, got, want error) *Failure {
	w := asError(want)
	g := asError(got)
	switch {
	case got == nil:
		return l.fail(w.Rule, nil, "accepts what is to be refused: %v", want)
	case s.Caps().VerdictOnly:
		return nil
	case g == nil:
		return l.fail(w.Rule, nil, "returns an error without class: %v", got)
	}
	if diff := errorDiff(w, g); diff != nil {
		return l.fail(w.Rule, diff, "refuses with another error")
	}
	return nil
}

// errorDiff compares what is specified of two errors.
func errorDiff(want, got *rules.Error) []string {
	var diff []string
	add := func(what string, want, got any) {
		if want != got {
			diff = append(diff, fmt.Sprintf("%s: want %v, got %v", what, want, got))
		}
	}
	add("class", want.Class, got.Class)
	add("offset", want.Offset, got.Offset)
	add("path", want.Path, got.Path)
	return diff
}

func asError(err error) *rules.Error {
	var e *rules.Error
	errors.As(err, &e)
	return e
}

// sameNotes compares notes one by one; their details are for people.
func (l load) sameNotes(want, got []rules.Note) *Failure {
	for i := range max(len(want), len(got)) {
		var w, g rules.Note
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		w.Detail, g.Detail = "", ""
		if w == g {
			continue
		}
		rule := w.Rule
		if rule == "" {
			rule = g.Rule
		}
		diff := []string{fmt.Sprintf("note %d: want %s, got %s", i, noteString(w), noteString(g))}
		return l.fail(rule, diff, "gives other notes")
	}
	return nil
}

func noteString(n rules.Note) string {
	if n.Rule == "" {
		return "none"
	}
	return fmt.Sprintf("%s at offset %d in %q", n.Rule, n.Offset, n.Path)
}
