package fuzz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

// limitSets are what a target chooses from. Small ones are reached by short
// inputs; the first still keeps time and memory of one load small.
var limitSets = []rules.Limits{
	{Depth: 100, Elements: 1 << 15, Bytes: 1 << 20},
	{Depth: 3, Elements: 5, Bytes: 40},
	{Depth: 100, Elements: 3, Bytes: 1 << 20},
	{Depth: 2, Elements: 1 << 15, Bytes: 1 << 20},
}

// maxWork is what a call may take of the processors: on a busy machine that says
// more than a clock.
const maxWork = 20 * time.Second

// hangs ends the process, and so the fuzzing, when a call takes far too long;
// what it returns calls that off.
func hangs() (stop func()) {
	start := worked()
	done := make(chan struct{})
	go func() {
		for tick := time.Tick(time.Second); ; {
			select {
			case <-done:
				return
			case <-tick:
			}
			if worked()-start > maxWork {
				panic(fmt.Sprintf("no answer within %v of work", maxWork))
			}
		}
	}()
	return func() { close(done) }
}

// worked is how long this process has had a processor.
func worked() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		panic(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// A load is one stream to be loaded by both sides: the model, and ref.
type load struct {
	schema  *model.Schema
	version uint32
	stream  []byte
	limits  rules.Limits
	ref     subject
}

// loadOf has the reference load at the same limits as the model.
func loadOf(s *model.Schema, version uint32, stream []byte, limits rules.Limits) load {
	return load{s, version, stream, limits, &reference{bind.Reference{Limits: limits}}}
}

// with is the same load of another stream.
func (l load) with(stream []byte) load {
	l.stream = stream
	return l
}

// agree loads by both sides and fails unless they say the same: value, bytes
// taken and notes, or class, offset and path of the error. It returns what the
// model says; spans asks for the model's spans.
func (l load) agree(t testing.TB, spans bool) (model.Loaded, *rules.Error) {
	t.Helper()
	defer l.panics(t, l.asked)
	want, err := model.Decode(l.schema, l.stream, l.version, model.Options{Limits: l.limits, Spans: spans})
	wantErr := l.typed(t, "model", err)
	got, err := l.ref.Load(l.schema, l.stream, l.version)
	gotErr := l.typed(t, "reference", err)
	if (wantErr == nil) != (gotErr == nil) || wantErr != nil && differ(wantErr, gotErr) {
		l.failf(t, "outcome\nmodel     %s\nreference %s", outcome(wantErr), outcome(gotErr))
	}
	if wantErr != nil {
		return want, wantErr
	}
	if !model.Equal(want.Value, got.Value) {
		l.failf(t, "value (want: model, got: reference) %q", model.Diff(want.Value, got.Value, l.schema))
	}
	if want.Consumed != got.Consumed {
		l.failf(t, "the model takes %d bytes, the reference %d", want.Consumed, got.Consumed)
	}
	if w, g := spellNotes(want.Notes), spellNotes(got.Notes); w != g {
		l.failf(t, "notes\nmodel     %s\nreference %s", w, g)
	}
	return want, nil
}

// typed makes sure that an error is what errors have to be.
func (l load) typed(t testing.TB, who string, err error) *rules.Error {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := err.(*rules.Error)
	if !ok {
		l.failf(t, "%s: an error without class: %v", who, err)
	}
	if e.Class == "" || e.Offset < 0 || e.Offset > int64(len(l.stream)) {
		l.failf(t, "%s: class or offset is impossible: %v", who, err)
	}
	return e
}

func differ(a, b *rules.Error) bool {
	return a.Class != b.Class || a.Offset != b.Offset || a.Path != b.Path
}

func outcome(err *rules.Error) string {
	if err == nil {
		return "accepts"
	}
	return err.Error()
}

// spellNotes writes what two sides must have in common of their notes.
func spellNotes(notes []rules.Note) string {
	var b bytes.Buffer
	for _, n := range notes {
		fmt.Fprintf(&b, "%s at %d in %q; ", n.Rule, n.Offset, n.Path)
	}
	return b.String()
}

// resaves saves what an accepted stream meant. Both sides must write the same
// bytes, or refuse alike. Where everything was loaded at the version at which it
// is saved, those are the canonical form of what was taken: the bytes taken, if
// there was nothing to note, and else bytes that mean the same without a note.
func (l load) resaves(t testing.TB, loaded model.Loaded) {
	t.Helper()
	c := l.asksToSave(loaded.Value)
	defer l.panics(t, func() props.Case { return c })
	// What was too old to be loaded may stand deeper.
	deeper := l.limits
	deeper.Depth = 1 << 10
	l.ref.limit(deeper)
	defer l.ref.limit(l.limits)
	whole := l.wholeVersions(loaded) && !looksAhead(l.schema, map[*model.Schema]bool{})
	if c.Refuse != nil {
		l.refusesToSave(t, c, whole)
		return
	}
	want := c.Stream
	got, err := l.ref.Save(l.schema, loaded.Value, l.version)
	if err != nil {
		l.fail(t, c, "the reference cannot save what it loaded: %v", err)
	}
	if !bytes.Equal(want, got) {
		l.fail(t, c, "saved again\nmodel     %x\nreference %x", want, got)
	}
	if l.version == l.schema.Version {
		l.keeps(t, want)
	}
	if !whole {
		return
	}
	if len(loaded.Notes) == 0 {
		if taken := l.stream[:loaded.Consumed]; !bytes.Equal(got, taken) {
			l.failf(t, "taken without a note, saved as\n        %x", got)
		}
		return
	}
	if subsectionsMoved(loaded.Notes) {
		return // which bytes are a subsection depends on what stands before them
	}
	again, err := model.Decode(l.schema, got, l.version, model.Options{Limits: l.limits, All: true})
	if err != nil || len(again.Notes) > 0 || !model.Equal(again.Value, loaded.Value) {
		l.failf(t, "the canonical form %x means something else: %v %s%q", got, err, spellNotes(again.Notes), model.Diff(loaded.Value, again.Value, l.schema))
	}
}

// keeps fails unless the reference saves want from the memory that it loads into.
func (l load) keeps(t testing.TB, want []byte) {
	t.Helper()
	asked := func() props.Case { return l.asksToKeep(want) }
	defer l.panics(t, asked)
	_, kept, err := l.ref.LoadAndSave(l.schema, l.stream, l.version)
	if err != nil || !bytes.Equal(kept, want) {
		l.fail(t, asked(), "saved from the memory that it was loaded into: %v\nmodel     %x\nreference %x", err, want, kept)
	}
}

// refusesToSave fails unless the reference refuses to save what the model does, c:
// conditions that were not asked in loading may not hold. A value that does not
// fit is another matter. An array that older elements do not have, or that was
// not there by a condition which holds now, is not in memory as its count says.
func (l load) refusesToSave(t testing.TB, c props.Case, whole bool) {
	t.Helper()
	want := c.Refuse
	if want.Class != rules.Hook && want.Class != rules.MissingField && want.Rule != rules.Validate {
		if whole {
			l.failf(t, "the model cannot save what it loaded: %v", want)
		}
		return
	}
	_, err := l.ref.Save(c.Schema, c.Value, c.Version)
	got := asError(err)
	if got == nil || differ(want, got) && (whole || got.Rule != rules.CountRange) {
		l.fail(t, c, "saved again\nmodel     %v\nreference %v", want, err)
	}
}

// wholeVersions says whether each element, key, temporary struct and subsection
// was loaded at the version at which it is saved. It needs spans.
func (l load) wholeVersions(loaded model.Loaded) bool {
	if l.version != l.schema.Version && gated(l.schema, l.version) {
		return false
	}
	for _, s := range loaded.Spans {
		switch {
		case s.Kind == model.SpanSubsection:
			at := s.Offset + 2 + int64(len(s.Schema.Name))
			if binary.BigEndian.Uint32(l.stream[at:])&0xff != s.Schema.Version {
				return false
			}
		case s.Schema != nil && (isRepeated(s.Field.Type) || s.Field.Type == model.TypeTmp):
			if s.Field.Version != s.Schema.Version {
				return false
			}
		}
	}
	return true
}

// gated says whether a field that is off the wire at a version goes by a count
// that is on it.
func gated(s *model.Schema, version uint32) bool {
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Version > version && f.SizeFrom+f.CountFrom != "" {
			return true
		}
	}
	return false
}

// looksAhead says whether s has a field that is there by what a later one holds:
// in loading that is not known yet.
func looksAhead(s *model.Schema, seen map[*model.Schema]bool) bool {
	if s == nil || seen[s] {
		return false
	}
	seen[s] = true
	known := map[string]bool{"": true}
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.When != nil && !(known[f.When.Field] && known[f.When.Other]) || looksAhead(f.Elem, seen) {
			return true
		}
		for _, e := range f.Elems {
			if looksAhead(e, seen) {
				return true
			}
		}
		known[f.Name] = true
	}
	return slices.ContainsFunc(s.Subsections, func(sub *model.Schema) bool { return looksAhead(sub, seen) })
}

func subsectionsMoved(notes []rules.Note) bool {
	for _, n := range notes {
		if n.Rule == rules.SubsectionOrder || n.Rule == rules.SubsectionRepeated {
			return true
		}
	}
	return false
}

// isElement says whether a span is an element of a queue or list, or a pair of a
// tree.
func isElement(s model.Span) bool {
	return s.Kind == model.SpanElement && isRepeated(s.Field.Type) && s.Schema != nil
}

// isQueue says whether a span is a whole queue, list or tree. One that is marked
// begins with its 31.
func isQueue(s model.Span) bool {
	whole := model.SpanField
	if s.Field != nil && s.Field.Array {
		whole = model.SpanElement
	}
	return s.Kind == whole && isRepeated(s.Field.Type) && s.Schema == nil && s.Value == nil
}

// asError is err as a *rules.Error, nil if it is none.
func asError(err error) *rules.Error {
	var e *rules.Error
	errors.As(err, &e)
	return e
}
