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
	LoadAndSave(s *model.Schema, stream []byte, version uint32) (model.Loaded, []byte, error)
	LoadOver(s *model.Schema, before *model.Struct, stream []byte, version uint32) (*model.Struct, model.Loaded, error)
	// limit sets what it loads and saves within.
	limit(rules.Limits)
}

type reference struct{ bind.Reference }

func (*reference) Caps() props.Caps        { return props.Caps{} }
func (r *reference) limit(to rules.Limits) { r.Limits = to }

// property is the one that asks for such loads, and for saves of what was loaded.
const property = "agree-on-load"

// asked is the load as a case, which is one at the default limits.
func (l load) asked() props.Case {
	loaded, err := model.Decode(l.schema, l.stream, l.version, model.Options{})
	return props.Case{
		Property: property, Do: props.Load, Schema: l.schema, Version: l.version, Stream: l.stream,
		Value: loaded.Value, Consumed: loaded.Consumed, Notes: loaded.Notes, Refuse: asError(err),
	}
}

// saves is the case of saving v, which was loaded.
func (l load) saves(v *model.Struct) props.Case {
	stream, err := model.Encode(l.schema, v, l.version)
	return props.Case{
		Property: property, Do: props.Save, Schema: l.schema, Version: l.version, Value: v,
		Stream: stream, Refuse: asError(err),
	}
}

// failf fails with the load as a case.
func (l load) failf(t testing.TB, format string, args ...any) {
	t.Helper()
	l.fail(t, l.asked(), format, args...)
}

// fail fails with a case, and how to repeat it. Not all that fails here does so
// as a case: limits are others, a load is over what is there, or what is wrong
// is not what the reference answers.
func (l load) fail(t testing.TB, c props.Case, format string, args ...any) {
	t.Helper()
	l.ref.limit(rules.Limits{})
	repeat := "no case: at the default limits, and into fresh memory, the reference answers this rightly"
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

// A fault changes an answer. Either may be nil.
type fault struct {
	load func(l *model.Loaded, err *error)
	save func(out []byte, err *error)
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

func (l load) agreesAndResaves(t testing.TB) {
	l.ref.limit(l.limits)
	if loaded, err := l.agree(t, true); err == nil {
		l.resaves(t, loaded)
	}
}

var replay = regexp.MustCompile(`(?m)^conform replay (\S+)$`)

// What a target finds wrong in the reference can be repeated by one command, and
// is a seed of FuzzLoadState.
func TestFailureIsACase(t *testing.T) {
	const marker = 1 + 4 + 4 // of the second element
	events := topOf(model.Field{Name: "q", Type: model.TypeQueue, Version: 1, Elem: eventElem})
	stream := []byte{1, 0, 0, 0, 7, 0, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 1, 0xee, 0}
	first := func(l *model.Loaded) *model.Struct { return l.Value.Fields[0].(model.List)[0].(*model.Struct) }
	for name, test := range map[string]struct {
		fault  fault
		stream []byte
		do     props.Do
	}{
		"another value": {fault{load: func(l *model.Loaded, _ *error) {
			first(l).Fields[0] = model.Uint(6)
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
		"a panic of save": {fault{save: func([]byte, *error) { panic("planted") }}, stream, props.Save},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wrong{fault: test.fault}
			l := load{events, 1, test.stream, limitSets[1], w}
			text := message(t, l.agreesAndResaves)
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
				seed, ok := stateSeedOf(load{schema: c.Schema, version: c.Version, stream: c.Stream}, 1)
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
		{limited, "s", "no case: at the default limits, and into fresh memory, the reference answers this rightly"},
		{always, "\xff", "no case can be written: case: schema: "},
	} {
		s := &model.Schema{Name: test.name, Fields: []model.Field{scalar("x", model.TypeUint8, 0)}}
		text := message(t, load{s, 0, []byte{7}, limitSets[1], test.ref}.agreesAndResaves)
		require.Contains(t, text, test.why)
		require.NotRegexp(t, replay, text)
	}
}
