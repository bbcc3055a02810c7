package props

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

// A Case is one thing asked of a subject, and the answer that the rules fix for
// it. Nothing else is needed to ask again: see [Case.Text] and [Case.Token].
type Case struct {
	Property string // the id of the property that asks
	Do       Do
	Schema   *model.Schema
	Version  uint32

	// Value is what is saved, or what a load that is accepted has to read. It is nil
	// where nothing is read.
	Value *model.Struct
	// Stream is what is loaded, or what a save that is accepted has to write.
	Stream []byte
	Fault  bind.Fault    // made in memory before SaveBroken
	Before *model.Struct // what memory holds before LoadOver, and after one that is refused
	Saved  []byte        // what a LoadSave that is accepted has to write

	Times  int   // how often to load or save, for one answer; 0 stands for 1
	Memory int64 // bytes that a load may allocate; 0 stands for any number

	Refuse   *rules.Error // with class, offset, path and rule; nil where it is accepted
	Consumed int64        // by a load that is accepted
	Notes    []rules.Note // of a load that is accepted
}

// Do says what a Case asks for.
type Do string

// What can be asked for. Values, schemas and streams are never changed by it.
const (
	Load       Do = "load"
	Save       Do = "save"
	SaveBroken Do = "save-broken" // from memory whose links are broken: needs a LinkBreaker
	LoadOver   Do = "load-over"   // over an object that holds something: needs a Keeper
	LoadSave   Do = "load-save"   // and save from the memory that was loaded into, at the schema's version: needs a Keeper
)

// decoded fixes the answer to a load by what the model makes of it.
func (c Case) decoded() Case {
	c, _ = c.modelled(rules.Limits{})
	return c
}

// modelled fixes the answer to what loads by what the model makes of it. It is
// not ok where that runs into a limit on elements that is given, or is to be
// saved again and cannot: a count may be on the wire at a version where its array
// is not.
func (c Case) modelled(limits rules.Limits) (answered Case, ok bool) {
	l, err := model.Decode(c.Schema, c.Stream, c.Version, model.Options{Limits: limits, Over: c.Before})
	if limits.Elements > 0 && errors.Is(err, rules.Limit) {
		return c, false
	}
	if c.Do == LoadSave {
		if err == nil {
			c.Saved, err = model.Encode(c.Schema, l.Value, c.Schema.Version)
		}
		if err != nil {
			return c, false
		}
	}
	return c.answered(l, err), true
}

// answered fixes the answer to what is asked for, by default a load.
func (c Case) answered(l model.Loaded, err error) Case {
	if c.Do == "" {
		c.Do = Load
	}
	c.Value, c.Consumed, c.Notes, c.Refuse = l.Value, l.Consumed, l.Notes, asError(err)
	return c
}

// loads says whether something is loaded, and read.
func (c Case) loads() bool { return c.Do == Load || c.Do == LoadOver || c.Do == LoadSave }

// refused fixes the answer to a load.
func (c Case) refused(e *rules.Error) Case {
	c.Do, c.Value, c.Refuse = Load, nil, e
	return c
}

// Asks says whether s can be asked at all.
func (c Case) Asks(s Subject) bool {
	_, links := s.(LinkBreaker)
	_, memory := s.(Keeper)
	switch c.Do {
	case SaveBroken:
		return links
	case LoadOver, LoadSave:
		return memory
	}
	return true
}

// Try asks s, and says how its answer is not the one that the rules fix, or nil.
// A panic of s is a wrong answer, and so is no answer to a SaveBroken within two
// seconds. It asks for nothing that s is not able to say; that s can be asked at all
// the caller has seen to.
func (c Case) Try(s Subject) *Failure {
	return (&trial{Subject: s, property: c.Property}).check(c)
}

// check is Try of a subject that is being tried. What is passed over is no
// failure.
func (s *trial) check(c Case) *Failure {
	c.Property = s.property
	f := s.ask(c)
	if f == nil || s.passOver != nil && s.passOver(f) {
		return nil
	}
	return f
}

// agree checks that s makes of a load what the model makes of it.
func (s *trial) agree(c Case) *Failure { return s.check(c.decoded()) }

// saves checks that s saves v as the model does. A value that the model refuses
// to save is not tried: a count may be on the wire at a version where its array
// was not yet, so that v lacks it.
func (s *trial) saves(schema *model.Schema, v *model.Struct, version uint32) *Failure {
	want, err := model.Encode(schema, v, version)
	if err != nil {
		return nil
	}
	return s.check(Case{Do: Save, Schema: schema, Version: version, Value: v, Stream: want})
}

func (s *trial) ask(c Case) *Failure {
	switch c.Do {
	case Load:
		return s.askLoad(c)
	case Save:
		return s.askSave(c)
	case SaveBroken:
		_, err := s.SaveBroken(c.Schema, c.Value, c.Fault)
		return c.judge(s, err)
	case LoadOver:
		after, got, err := s.LoadOver(c.Schema, c.Before, c.Stream, c.Version)
		if asError(err) != nil && !model.Equal(c.Before, after) {
			return c.fail(rules.AllOrNothing, "half-loaded", model.Diff(c.Before, after, c.Schema), "changes memory, and refuses: %v", err)
		}
		got.Value = after
		return c.judgeLoad(s, got, err)
	case LoadSave:
		got, saved, err := s.LoadAndSave(c.Schema, c.Stream, c.Version)
		if f := c.judgeLoad(s, got, err); f != nil || err != nil {
			return f
		}
		return c.saved(c.Saved, c.Schema.Version, saved)
	}
	panic(fmt.Sprintf("props: a case that asks for %q", c.Do))
}

// askLoad gives every load a stream of its own, and takes it away before it looks
// at the answers.
func (s *trial) askLoad(c Case) *Failure {
	if c.Memory > 0 {
		if n := s.allocates(c); n > c.Memory {
			return c.fail(rules.Bounded, "allocates", nil, "allocates more than %d bytes", c.Memory)
		}
	}
	if c.Times <= 1 {
		got, err := s.Load(c.Schema, c.Stream, c.Version)
		return c.judgeLoad(s, got, err)
	}
	got, errs := make([]model.Loaded, c.Times), make([]error, c.Times)
	for i := range c.Times {
		stream := bytes.Clone(c.Stream)
		got[i], errs[i] = s.Load(c.Schema, stream, c.Version)
		if !bytes.Equal(stream, c.Stream) {
			return c.fail(rules.RoundTrip, "changes-stream", nil, "changes the stream that it loads")
		}
		clear(stream)
	}
	for i := range c.Times {
		if f := c.judgeLoad(s, got[i], errs[i]); f != nil {
			return f
		}
	}
	return nil
}

// askSave looks at what was saved when all is saved, and takes away each before it
// looks at the next.
func (s *trial) askSave(c Case) *Failure {
	got, errs := make([][]byte, max(1, c.Times)), make([]error, max(1, c.Times))
	for i := range got {
		got[i], errs[i] = s.Save(c.Schema, c.Value, c.Version)
	}
	for i := range got {
		f := c.judgeSave(s, got[i], errs[i])
		if f != nil {
			return f
		}
		clear(got[i])
	}
	return nil
}

func (c Case) judgeSave(s Subject, got []byte, err error) *Failure {
	if c.Refuse != nil || err != nil {
		return c.judge(s, err)
	}
	return c.saved(c.Stream, c.Version, got)
}

func (c Case) judgeLoad(s Subject, got model.Loaded, err error) *Failure {
	if c.Refuse != nil || err != nil {
		return c.judge(s, err)
	}
	return c.loaded(s, got)
}

// judge compares errors where there is one or has to be.
func (c Case) judge(s Subject, got error) *Failure {
	want, g := c.Refuse, asError(got)
	switch {
	case want == nil && g == nil:
		return c.unclassed(rules.RoundTrip, got)
	case want == nil:
		return c.fail(rules.RoundTrip, "refuses-"+string(g.Class), nil, "refuses what the rules accept: %v", got)
	case got == nil:
		return c.fail(want.Rule, "accepts-"+string(want.Class), nil, "accepts what is to be refused: %v", want)
	case s.Caps().VerdictOnly:
		return nil
	case g == nil:
		return c.unclassed(want.Rule, got)
	}
	if kind, diff := errorDiff(want, g); diff != nil {
		return c.fail(want.Rule, kind, diff, "refuses with another error")
	}
	return nil
}

// unclassed is the failure of a subject whose error is no answer: it has no
// class.
func (c Case) unclassed(rule rules.ID, err error) *Failure {
	kind := "no-class"
	switch {
	case errors.Is(err, errPanic):
		kind = "panics"
	case errors.Is(err, errHang):
		kind = "hangs"
	case errors.Is(err, bind.ErrHalfLoaded):
		rule, kind = rules.AllOrNothing, "half-loaded"
	case errors.Is(err, bind.ErrLinks):
		rule, kind = rules.QueueLinks, "links-after-load"
	}
	return c.fail(rule, kind, nil, "gives no answer: %v", err)
}

// errorDiff compares what is specified of two errors: the first that differs, in
// words, and all that does.
func errorDiff(want, got *rules.Error) (kind string, diff []string) {
	add := func(what string, same bool, want, got any) {
		if same {
			return
		}
		if kind == "" {
			kind = what
		}
		diff = append(diff, fmt.Sprintf("%s: want %v, got %v", what, want, got))
	}
	add("class", want.Class == got.Class, want.Class, got.Class)
	add("offset", want.Offset == got.Offset, want.Offset, got.Offset)
	add("path", want.Path == got.Path, want.Path, got.Path)
	return fmt.Sprintf("%s-of-%s", kind, want.Class), diff
}

func asError(err error) *rules.Error {
	var e *rules.Error
	errors.As(err, &e)
	return e
}

// loaded compares what a load gave.
func (c Case) loaded(s Subject, got model.Loaded) *Failure {
	if s.Caps().VerdictOnly {
		return nil
	}
	if !model.Equal(c.Value, got.Value) {
		return c.fail(rules.RoundTrip, "value-of-"+c.placeOfValue(got.Value), model.Diff(c.Value, got.Value, c.Schema), "reads another value")
	}
	if got.Consumed != c.Consumed {
		return c.fail(rules.RoundTrip, "consumed", nil, "takes %d bytes, not %d", got.Consumed, c.Consumed)
	}
	for i := range max(len(c.Notes), len(got.Notes)) {
		var w, g rules.Note
		if i < len(c.Notes) {
			w = c.Notes[i]
		}
		if i < len(got.Notes) {
			g = got.Notes[i]
		}
		w.Detail, g.Detail = "", "" // for people
		if w == g {
			continue
		}
		rule := w.Rule
		if rule == "" {
			rule = g.Rule
		}
		diff := []string{fmt.Sprintf("note %d: want %s, got %s", i, noteString(w), noteString(g))}
		return c.fail(rule, "notes", diff, "gives other notes")
	}
	return nil
}

func noteString(n rules.Note) string {
	if n.Rule == "" {
		return "none"
	}
	return fmt.Sprintf("%s at offset %d in %q", n.Rule, n.Offset, n.Path)
}

// saved compares what a save at a version wrote with what it has to write.
func (c Case) saved(want []byte, version uint32, got []byte) *Failure {
	if bytes.Equal(want, got) {
		return nil
	}
	at := firstDifference(want, got)
	diff := []string{fmt.Sprintf("offset %d: want %s, got %s", at, byteAt(want, at), byteAt(got, at))}
	if read, err := model.Decode(c.Schema, got, version, model.Options{All: true}); err != nil {
		diff = append(diff, fmt.Sprintf("to the model these bytes are %v", err))
	} else {
		diff = append(diff, model.Diff(c.Value, read.Value, c.Schema)...)
	}
	return c.fail(rules.RoundTrip, "bytes-of-"+c.placeAt(want, at, version), diff, "saves other bytes: %x", got)
}

func firstDifference(a, b []byte) int {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	return at
}

func byteAt(b []byte, at int) string {
	if at == len(b) {
		return "the end"
	}
	return fmt.Sprintf("%02x", b[at])
}

// placeOfValue says in what kind of place a value differs first from the one of
// c, in the order of the wire.
func (c Case) placeOfValue(got *model.Struct) string {
	want, err := model.Encode(c.Schema, c.Value, c.Version)
	other, otherErr := model.Encode(c.Schema, got, c.Version)
	if err != nil || otherErr != nil || bytes.Equal(want, other) {
		return "what-is-not-saved"
	}
	return c.placeAt(want, firstDifference(want, other), c.Version)
}

// placeAt names the kind of the innermost thing that the model finds at an
// offset of a stream at a version: "uint8", "queue", "subsection".
func (c Case) placeAt(stream []byte, at int, version uint32) string {
	l, _ := model.Decode(c.Schema, stream, version, model.Options{Spans: true})
	place := "end"
	for _, s := range l.Spans { // in pre-order: the last one that holds it is the innermost
		if s.Offset > int64(at) || s.Size >= 0 && s.Offset+s.Size <= int64(at) {
			continue
		}
		switch {
		case s.Kind == model.SpanSubsection:
			place = "subsection"
		case s.Field != nil:
			place = strings.ReplaceAll(s.Field.Type.String(), " ", "-")
		}
	}
	return place
}
