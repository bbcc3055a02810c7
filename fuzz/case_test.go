package fuzz

import (
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

// A subject is the reference, or one that a test has made wrong.
type subject interface {
	props.Subject
	props.Keeper
	// limit sets what it loads and saves within.
	limit(rules.Limits)
}

type reference struct{ bind.Reference }

func (*reference) Caps() props.Caps        { return props.Caps{} }
func (r *reference) limit(to rules.Limits) { r.Limits = to }

// caseOf is a load as a case of a property: it is one at the default limits.
func (l load) caseOf(property string, do props.Do, before *model.Struct) props.Case {
	loaded, err := model.Decode(l.schema, l.stream, l.version, model.Options{Over: before})
	return props.Case{
		Property: property, Do: do, Schema: l.schema, Version: l.version, Before: before, Stream: l.stream,
		Value: loaded.Value, Consumed: loaded.Consumed, Notes: loaded.Notes, Refuse: asError(err),
	}
}

// asked is the load into fresh memory.
func (l load) asked() props.Case { return l.caseOf("agree-on-load", props.Load, nil) }

// asksOver is the load over an object that holds before.
func (l load) asksOver(before *model.Struct) props.Case {
	return l.caseOf("memory/load-over", props.LoadOver, before)
}

// asksToKeep is the load, and saving from the memory that it went to.
func (l load) asksToKeep(saved []byte) props.Case {
	c := l.caseOf("memory/saved-again", props.LoadSave, nil)
	c.Saved = saved
	return c
}

// asksToSave is saving v, which was loaded.
func (l load) asksToSave(v *model.Struct) props.Case {
	stream, err := model.Encode(l.schema, v, l.version)
	return props.Case{
		Property: "agree-on-load", Do: props.Save, Schema: l.schema, Version: l.version, Value: v,
		Stream: stream, Refuse: asError(err),
	}
}

// failf fails with the load as a case.
func (l load) failf(t testing.TB, format string, args ...any) {
	t.Helper()
	l.fail(t, l.asked(), format, args...)
}

// fail fails with a case, and how to repeat it. Not all that fails here does so
// as a case: limits are others, or it is not the reference's answer that is wrong.
func (l load) fail(t testing.TB, c props.Case, format string, args ...any) {
	t.Helper()
	l.ref.limit(rules.Limits{})
	repeat := "no case: at the default limits the reference answers this rightly"
	if c.Try(l.ref) != nil {
		token := c.Token()
		repeat = "conform replay " + token
		if _, err := props.ParseToken(token); err != nil {
			repeat = fmt.Sprintf("no case can be written: %v", err)
		}
	}
	t.Fatalf("%s\nat the limits %+v\n%s%s", fmt.Sprintf(format, args...), l.limits, c.Text(), repeat)
}

// panics fails if the function that defers it panics, with what was asked for.
func (l load) panics(t testing.TB, asked func() props.Case) {
	if p := recover(); p != nil {
		l.fail(t, asked(), "panic: %v\n%s", p, debug.Stack())
	}
}

// A wrong is the reference with a fault in what it loads or saves.
type wrong struct {
	reference
	fault
}

// A fault changes an answer. Each may be nil.
type fault struct {
	load func(l *model.Loaded, err *error)
	save func(out []byte, err *error)
	over func(after *model.Struct)
	keep func(saved []byte)
}

func (w *wrong) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	l, err := w.reference.Load(s, stream, version)
	if w.load != nil {
		w.load(&l, &err)
	}
	return l, err
}

func (w *wrong) Save(s *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
	out, err := w.reference.Save(s, v, version)
	if w.save != nil {
		w.save(out, &err)
	}
	return out, err
}

func (w *wrong) LoadOver(s *model.Schema, before *model.Struct, stream []byte, version uint32) (*model.Struct, model.Loaded, error) {
	after, l, err := w.reference.LoadOver(s, before, stream, version)
	if w.over != nil {
		w.over(after)
	}
	return after, l, err
}

func (w *wrong) LoadAndSave(s *model.Schema, stream []byte, version uint32) (model.Loaded, []byte, error) {
	l, saved, err := w.reference.LoadAndSave(s, stream, version)
	if w.keep != nil {
		w.keep(saved)
	}
	return l, saved, err
}

// A recorder keeps what a test would end with.
type recorder struct {
	testing.TB
	message string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// message is what f fails with, "" where it does not.
func message(t *testing.T, f func(t testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.message
}

func (l load) isRight(t testing.TB) {
	l.ref.limit(l.limits)
	if loaded, err := l.agree(t, true); err == nil {
		l.resaves(t, loaded)
		l.leavesMemory(t, loaded)
	}
}

var replay = regexp.MustCompile(`(?m)^conform replay (\S+)$`)

// What a target finds wrong in the reference can be repeated by one command, and
// is a seed of FuzzLoadState.
func TestFailureIsACase(t *testing.T) {
	const marker = 1 + 4 + 4 // of the second element
	events := &model.Schema{Name: "top", Version: 1, Fields: []model.Field{{Name: "q", Type: model.TypeQueue, Version: 1, Elem: eventElem}}}
	stream := []byte{1, 0, 0, 0, 7, 0, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 1, 0xee, 0}
	first := func(v *model.Struct) *model.Struct { return v.Fields[0].(model.List)[0].(*model.Struct) }
	for name, test := range map[string]struct {
		fault  fault
		stream []byte
		do     props.Do
	}{
		"another value": {fault{load: func(l *model.Loaded, _ *error) {
			first(l.Value).Fields[0] = model.Uint(6)
		}}, stream, props.Load},
		"a byte too many": {fault{load: func(l *model.Loaded, _ *error) { l.Consumed++ }}, stream, props.Load},
		"no note":         {fault{load: func(l *model.Loaded, _ *error) { l.Notes = nil }}, stream, props.Load},
		"refused": {fault{load: func(_ *model.Loaded, err *error) {
			*err = &rules.Error{Rule: rules.QueueMarker, Class: rules.OutOfRange, Offset: marker}
		}}, stream, props.Load},
		"accepted": {fault{load: func(l *model.Loaded, err *error) {
			*l, *err = model.Loaded{Value: model.Zero(events)}, nil
		}}, stream[:marker], props.Load},
		"another offset": {fault{load: func(_ *model.Loaded, err *error) {
			(*err).(*rules.Error).Offset--
		}}, stream[:marker], props.Load},
		"an error without class": {fault{load: func(_ *model.Loaded, err *error) {
			*err = bind.ErrHalfLoaded
		}}, stream[:marker], props.Load},
		"a panic": {fault{load: func(*model.Loaded, *error) { panic("planted") }}, stream, props.Load},
		"another byte saved": {fault{save: func(out []byte, _ *error) {
			out[0] = 2
		}}, stream, props.Save},
		"not saved": {fault{save: func(_ []byte, err *error) {
			*err = &rules.Error{Rule: rules.QueueLinks, Class: rules.BadLink}
		}}, stream, props.Save},
		"a panic of save":                {fault{save: func([]byte, *error) { panic("planted") }}, stream, props.Save},
		"memory changed":                 {fault{over: func(after *model.Struct) { first(after).Fields[0] = model.Uint(6) }}, stream, props.LoadOver},
		"a panic over it":                {fault{over: func(*model.Struct) { panic("planted") }}, stream, props.LoadOver},
		"another byte saved from memory": {fault{keep: func(saved []byte) { saved[0] = 2 }}, stream, props.LoadSave},
		"a panic in saving from memory":  {fault{keep: func([]byte) { panic("planted") }}, stream, props.LoadSave},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wrong{fault: test.fault}
			l := load{events, 1, test.stream, limitSets[1], w}
			text := message(t, l.isRight)
			token := replay.FindStringSubmatch(text)
			require.NotNil(t, token, text)
			c, err := props.ParseToken(token[1])
			require.NoError(t, err)
			require.Contains(t, text, string(c.Text()))
			require.Equal(t, test.do, c.Do)
			require.NotNil(t, c.Try(w))
			require.Nil(t, c.Try(props.Reference()))
			_, known := props.Lookup(c.Property)
			require.True(t, known, c.Property)
			if c.Do == props.Load {
				v, err := c.Vector()
				require.NoError(t, err)
				seed, ok := stateSeedOf(loadOfVector(t, v), 0)
				require.True(t, ok)
				require.Equal(t, spell(t, l.schema), spell(t, seed.load().schema))
				require.Equal(t, l.stream, seed.load().stream)
				require.Equal(t, l.version, seed.load().version)
			}
		})
	}
}

// A case is asked at the default limits, and its names are UTF-8.
func TestFailureIsNoCase(t *testing.T) {
	limited, always := &wrong{}, &wrong{}
	limited.load = func(l *model.Loaded, _ *error) {
		if limited.Limits == limitSets[1] {
			l.Consumed++
		}
	}
	always.load = func(l *model.Loaded, _ *error) { l.Consumed++ }
	for _, test := range []struct {
		ref  subject
		name string // of the schema
		why  string
	}{
		{limited, "s", "no case: at the default limits the reference answers this rightly"},
		{always, "\xff", "no case can be written: case: schema: "},
	} {
		s := &model.Schema{Name: test.name, Fields: []model.Field{scalar("x", model.TypeUint8, 0)}}
		text := message(t, load{s, 0, []byte{7}, limitSets[1], test.ref}.isRight)
		require.Contains(t, text, test.why)
		require.NotRegexp(t, replay, text)
	}
}
