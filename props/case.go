package props

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props/gen"
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

// Lacks says what s would need to be asked, in words; "" where it can be asked.
func (c Case) Lacks(s Subject) string {
	caps := s.Caps()
	_, links := s.(LinkBreaker)
	_, memory := s.(Keeper)
	switch {
	case c.Do == SaveBroken && !links, (c.Do == LoadOver || c.Do == LoadSave) && !memory:
		return "it does not show its memory, as the case asks for"
	case caps.NoLoad && c.loads():
		return "it does not load"
	case caps.NoSave && !c.loads():
		return "it does not save"
	case caps.NoLimits && atLimit(c):
		return "it has no limits"
	case caps.Never&gen.Subsections != 0 && c.Refuse != nil && c.Refuse.Class == rules.UnknownSubsection:
		return "it does not look for subsections"
	case caps.Never != 0 && caps.Never&gen.Uses(c.Schema) != 0:
		return "it does not support what the schema holds"
	case caps.Types == nil:
		return ""
	}
	for _, s := range gen.VMSDs(c.Schema) {
		for i := range s.Fields {
			if t := s.Fields[i].Type; !slices.Contains(caps.Types, t) {
				return fmt.Sprintf("it does not support the type %v", t)
			}
		}
	}
	return ""
}

// Try asks s, and says how its answer is not the one that the rules fix, or nil.
// A panic of s is a wrong answer, and so is no answer to a SaveBroken within two
// seconds. It asks for nothing that s is not able to say; that s can be asked at all
// the caller has seen to. A wrong answer that a Restarter gives is asked for again.
func (c Case) Try(s Subject) *Failure {
	f, _ := c.TryAsked(s)
	return f
}

// TryAsked is Try, and says whether s has answered at all.
func (c Case) TryAsked(s Subject) (f *Failure, asked bool) {
	t := &trial{Subject: s, property: c.Property}
	if f = t.check(c); f != nil {
		t.explain(f)
	}
	return f, t.asked
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

// An answer is what a subject made of a case. Loaded.Value is after a LoadOver what
// memory holds, whatever became of it.
type answer struct {
	loaded model.Loaded
	saved  []byte
	err    error
}

// ask asks for what the case says, each time of a load with a stream of its own,
// and looks at all answers when they are there. It takes away what was loaded
// before it looks at what was read, and what was saved before it looks at the next.
// What s cannot be asked, or skips, is no failure.
func (s *trial) ask(c Case) *Failure {
	if s.spent() || c.Lacks(s.Subject) != "" {
		return nil
	}
	return s.put(c)
}

// put is ask of a case that can be asked.
func (s *trial) put(c Case) *Failure {
	caps := s.Caps()
	if c.Memory > 0 && !caps.Apart {
		if n := s.allocates(c); n > c.Memory {
			return c.fail(rules.Bounded, "allocates", nil, "allocates more than %d bytes", c.Memory)
		}
	}
	answers := make([]answer, max(1, c.Times))
	for i := range answers {
		once := c
		if len(answers) > 1 {
			once.Stream = bytes.Clone(c.Stream)
		}
		answers[i] = s.answer(once)
		if _, skipped := errors.AsType[*Skipped](answers[i].err); skipped {
			return nil
		}
		if len(answers) == 1 {
			break
		}
		if !bytes.Equal(once.Stream, c.Stream) {
			return c.fail(rules.RoundTrip, "changes-stream", nil, "changes the stream that it loads")
		}
		clear(once.Stream)
	}
	for i := range answers {
		if f := c.judge(caps, answers[i]); f != nil {
			f.answer = &answers[i]
			return f
		}
		if c.Do == Save {
			clear(answers[i].saved)
		}
	}
	return nil
}

// answer asks once.
func (s *trial) answer(c Case) (a answer) {
	switch c.Do {
	case Load:
		a.loaded, a.err = s.Load(c.Schema, c.Stream, c.Version)
	case Save:
		a.saved, a.err = s.Save(c.Schema, c.Value, c.Version)
	case SaveBroken:
		a.saved, a.err = s.SaveBroken(c.Schema, c.Value, c.Fault)
	case LoadOver:
		var after *model.Struct
		after, a.loaded, a.err = s.LoadOver(c.Schema, c.Before, c.Stream, c.Version)
		a.loaded.Value = after
	case LoadSave:
		a.loaded, a.saved, a.err = s.LoadAndSave(c.Schema, c.Stream, c.Version)
	default:
		panic(fmt.Sprintf("props: a case that asks for %q", c.Do))
	}
	return a
}

// judge compares an answer with the one that the case says.
func (c Case) judge(caps Caps, a answer) *Failure {
	if c.Do == LoadOver && asError(a.err) != nil && !model.Equal(c.Before, a.loaded.Value) {
		return c.fail(rules.AllOrNothing, "half-loaded", model.Diff(c.Before, a.loaded.Value, c.Schema), "changes memory, and refuses: %v", a.err)
	}
	if c.Refuse != nil || a.err != nil {
		return c.judgeError(caps, a.err)
	}
	if c.loads() {
		if f := c.loaded(caps, a.loaded); f != nil {
			return f
		}
	}
	switch c.Do {
	case Save:
		return c.saved(c.Stream, c.Version, a.saved)
	case LoadSave:
		return c.saved(c.Saved, c.Schema.Version, a.saved)
	}
	return nil
}

// judgeError compares errors where there is one or has to be.
func (c Case) judgeError(caps Caps, got error) *Failure {
	want, g := c.Refuse, asError(got)
	switch {
	case want == nil && g == nil:
		return c.unclassed(rules.RoundTrip, got)
	case want == nil:
		return c.fail(rules.RoundTrip, "refuses-"+string(g.Class), nil, "refuses what the rules accept: %v", got)
	case got == nil:
		return c.fail(want.Rule, "accepts-"+string(want.Class), nil, "accepts what is to be refused: %v", want)
	case caps.VerdictOnly && !brokenDown(got):
		return nil
	case g == nil:
		return c.unclassed(want.Rule, got)
	}
	if kind, diff := errorDiff(caps, want, g); diff != nil {
		return c.fail(want.Rule, kind, diff, "refuses with another error")
	}
	return nil
}

// unclassed is the failure of a subject whose error is no answer: it has no
// class.
func (c Case) unclassed(rule rules.ID, err error) *Failure {
	kind := "no-class"
	b, down := errors.AsType[*Breakdown](err)
	switch {
	case down:
		rule, kind = rules.Answers, string(b.Kind)
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
func errorDiff(caps Caps, want, got *rules.Error) (kind string, diff []string) {
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
	add("offset", caps.NoOffsets || want.Offset == got.Offset, want.Offset, got.Offset)
	add("path", caps.NoPaths || want.Path == got.Path, elided(want.Path), elided(got.Path))
	return fmt.Sprintf("%s-of-%s", kind, want.Class), diff
}

// elided leaves out the middle of a long path: of one through a thousand vmsds the
// ends tell most.
func elided(path string) string {
	const head, tail = 60, 100
	if len(path) <= head+tail {
		return path
	}
	return strings.ToValidUTF8(path[:head], "") + "…" + strings.ToValidUTF8(path[len(path)-tail:], "")
}

func brokenDown(err error) bool {
	_, ok := errors.AsType[*Breakdown](err)
	return ok
}

func asError(err error) *rules.Error {
	var e *rules.Error
	errors.As(err, &e)
	return e
}

// loaded compares what a load gave.
func (c Case) loaded(caps Caps, got model.Loaded) *Failure {
	if caps.VerdictOnly {
		return nil
	}
	if !model.Equal(c.Value, got.Value) {
		return c.fail(rules.RoundTrip, "value-of-"+c.placeOfValue(got.Value), model.Diff(c.Value, got.Value, c.Schema), "reads another value")
	}
	if got.Consumed != c.Consumed {
		return c.fail(rules.RoundTrip, "consumed", nil, "takes %d bytes, not %d", got.Consumed, c.Consumed)
	}
	if caps.NoNotes {
		return nil
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
		if caps.NoOffsets {
			g.Offset = w.Offset
		}
		if caps.NoPaths {
			g.Path = w.Path
		}
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
