package props

import (
	"fmt"
	"testing"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"github.com/stretchr/testify/require"
)

// limited is the reference, and fails the test when it is asked for what it has
// said it does not support.
func limited(t *testing.T, caps Caps, unwanted func(s *model.Schema, stream []byte, version uint32, load bool) bool) *altered {
	s := &altered{caps: caps}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		if unwanted(schema, stream, version, true) {
			t.Errorf("%s is asked to load %x", s.Name(), stream)
		}
		return s.reference.Load(schema, stream, version)
	}
	s.save = func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		if unwanted(schema, nil, version, false) {
			t.Error("asked to save")
		}
		return s.reference.Save(schema, v, version)
	}
	return s
}

// Nothing that a subject says it does not support is asked of it, by no property and
// no variant; what it does support is.
func TestNothingIsAskedBeyondCaps(t *testing.T) {
	classOf := func(s *model.Schema, stream []byte, version uint32) rules.Class {
		_, err := model.Decode(s, stream, version, model.Options{})
		if e := asError(err); e != nil {
			return e.Class
		}
		return ""
	}
	few := []model.Type{model.TypeUint8, model.TypeUint16, model.TypeQueue, model.TypeBuffer}
	type limit struct {
		caps     Caps
		unwanted func(s *model.Schema, stream []byte, version uint32, load bool) bool
	}
	list := map[string]limit{
		"few types": {Caps{Types: few}, func(s *model.Schema, _ []byte, _ uint32, _ bool) bool {
			for _, s := range gen.VMSDs(s) {
				for _, f := range s.Fields {
					if f.Type != few[0] && f.Type != few[1] && f.Type != few[2] && f.Type != few[3] {
						return true
					}
				}
			}
			return false
		}},
		"no load": {Caps{NoLoad: true}, func(_ *model.Schema, _ []byte, _ uint32, load bool) bool { return load }},
		"no save": {Caps{NoSave: true}, func(_ *model.Schema, _ []byte, _ uint32, load bool) bool { return !load }},
		"no limits": {Caps{NoLimits: true}, func(s *model.Schema, stream []byte, version uint32, load bool) bool {
			return load && classOf(s, stream, version) == rules.Limit
		}},
	}
	for _, f := range []gen.Features{
		gen.Arrays, gen.Counts, gen.Rooms, gen.Pointers, gen.Subsections, gen.SelfReference, gen.Versions, gen.Locals,
		gen.Conditions, gen.Hooks, gen.Elements,
	} {
		list[fmt.Sprintf("never %b", f)] = limit{Caps{Never: f}, func(s *model.Schema, stream []byte, version uint32, load bool) bool {
			return gen.Uses(s)&f != 0 || load && f == gen.Subsections && classOf(s, stream, version) == rules.UnknownSubsection
		}}
	}
	for name, l := range list {
		t.Run(name, func(t *testing.T) {
			tried := 0
			for _, p := range All {
				if p.Links || p.Memory {
					continue
				}
				r := Run(p, limited(t, l.caps, l.unwanted), Options{Seed: 1, Cases: 10})
				require.Empty(t, r.Found, r.Report("-"))
				tried += r.Tried
				if r.Tried == 0 {
					require.True(t, r.Untested || !r.Held(), p.ID)
				}
			}
			require.Greater(t, tried, 30) // without load, five properties are left, at most ten cases each
		})
	}
}

// What a subject cannot say is not compared: offsets, paths, notes.
func TestWhatCannotBeSaidIsNotCompared(t *testing.T) {
	mute := func(caps Caps) *altered {
		s := &altered{caps: caps}
		s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
			l, err := s.reference.Load(schema, stream, version)
			if e := asError(err); e != nil {
				c := *e
				c.Offset, c.Path = 0, ""
				err = &c
			}
			if caps.NoNotes {
				l.Notes = nil
			}
			for i := range l.Notes {
				l.Notes[i].Offset, l.Notes[i].Path = 0, ""
			}
			return l, err
		}
		return s
	}
	for _, p := range []Property{truncation, markerValues, agreeOnLoad} {
		for _, caps := range []Caps{{NoOffsets: true, NoPaths: true}, {NoOffsets: true, NoPaths: true, NoNotes: true}} {
			r := Run(p, mute(caps), Options{Seed: 1, Cases: 60})
			require.True(t, r.Held(), r.Report("-"))
		}
		for _, caps := range []Caps{{NoOffsets: true}, {NoPaths: true}} {
			require.False(t, Run(p, mute(caps), Options{Seed: 1, Cases: 60}).Held(), p.ID)
		}
	}
	require.False(t, Run(markerValues, silent(), Options{Seed: 1, Cases: 60}).Held())
}

// A subject that skips is not tried, and fails nothing.
func TestSkippedIsNeither(t *testing.T) {
	s := &altered{}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		return model.Loaded{}, fmt.Errorf("so: %w", &Skipped{"no"})
	}
	r := Run(truncation, s, Options{Seed: 1, Cases: 20})
	require.Empty(t, r.Found)
	require.True(t, r.Untested)
	require.Zero(t, r.Tried)
	require.Positive(t, r.Skipped)
	require.False(t, r.Held())
	r = Run(again, s, Options{Seed: 1, Cases: 20}) // which saves, too
	require.True(t, r.Held())
	require.Equal(t, 20, r.Tried)
	require.Equal(t, 20, r.Skipped)
	f, asked := plainest(Caps{})[0].TryAsked(s)
	require.Nil(t, f)
	require.False(t, asked)
}
