package props

import (
	"errors"
	"flag"
	"testing"

	"vmconform/bind"
	"vmconform/model"

	"github.com/stretchr/testify/require"
)

// altered is the reference with some of its answers replaced.
type altered struct {
	reference
	caps   Caps
	load   func(s *model.Schema, stream []byte, version uint32) (model.Loaded, error)
	save   func(s *model.Schema, v *model.Struct, version uint32) ([]byte, error)
	broken func() ([]byte, error)
	keep   func() error // what LoadOver and LoadAndSave end with
}

func (a *altered) Caps() Caps { return a.caps }

func (a *altered) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	if a.load == nil {
		return a.reference.Load(s, stream, version)
	}
	return a.load(s, stream, version)
}

func (a *altered) Save(s *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
	if a.save == nil {
		return a.reference.Save(s, v, version)
	}
	return a.save(s, v, version)
}

func (a *altered) SaveBroken(*model.Schema, *model.Struct, bind.Fault) ([]byte, error) {
	return a.broken()
}

func (a *altered) LoadOver(s *model.Schema, before *model.Struct, stream []byte, version uint32) (*model.Struct, model.Loaded, error) {
	if a.keep == nil {
		return a.reference.LoadOver(s, before, stream, version)
	}
	return nil, model.Loaded{}, a.keep()
}

func (a *altered) LoadAndSave(s *model.Schema, stream []byte, version uint32) (model.Loaded, []byte, error) {
	if a.keep == nil {
		return a.reference.LoadAndSave(s, stream, version)
	}
	return model.Loaded{}, nil, a.keep()
}

// withSeed sets -rapid.seed for one test.
func withSeed(t *testing.T, seed string) {
	value := flag.Lookup("rapid.seed").Value
	before := value.String()
	require.NoError(t, value.Set(seed))
	t.Cleanup(func() { require.NoError(t, value.Set(before)) })
}

func TestReportSaysEverythingAndRepeats(t *testing.T) {
	withSeed(t, "2")
	s := &altered{}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		l, err := s.reference.Load(schema, stream, version)
		if len(l.Notes) > 0 {
			panic("a note")
		}
		return l, err
	}
	r := Check(markerValues, s)
	require.NotEmpty(t, r.Found)
	report := r.Report("go test ./props -run X")
	for _, part := range []string{
		"property links/marker-values: " + markerValues.Sentence,
		"subject  ref",
		"failure: gives no answer: panic: a note",
		"breaks: vmstate/round-trip: ",
		"fingerprint: links/marker-values:load:panics\n",
		"do: load\n",
		`schema: {"schema":{"name":"a","version":1,"minimum":1,"fields":[{"name":"f0","type":"queue","version":1,"elem":`,
		"version: 1\n",
		`value: {"f0":[{}]}`,
		"stream: 0200\n",
		"expect: accept\nconsumed: 2\n" + `note: qtailq/marker-canonical 0 "f0[0]"`,
		"repeat: go test ./props -run X -rapid.seed=",
		"replay: conform replay ",
	} {
		require.Contains(t, report, part)
	}
	require.Equal(t, report, Check(markerValues, s).Report("go test ./props -run X"))
}

func TestHangIsAFailure(t *testing.T) {
	forever := make(chan struct{})
	defer close(forever)
	s := &altered{broken: func() ([]byte, error) { <-forever; return nil, nil }}
	r := Check(brokenLinks, s)
	require.NotEmpty(t, r.Found)
	require.Contains(t, r.Found[0].What, "no answer within")
}

func TestSubjectThatOnlyAcceptsOrRefuses(t *testing.T) {
	s := &altered{caps: Caps{VerdictOnly: true}}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		if _, err := s.reference.Load(schema, stream, version); err != nil {
			return model.Loaded{}, errors.New("refused")
		}
		return model.Loaded{}, nil
	}
	for _, p := range []Property{roundTrip, agreeOnLoad, argumentVersion, truncation} {
		r := Check(p, s)
		require.True(t, r.Held(), r.Report("-"))
	}
}

func TestSubjectOfFewTypes(t *testing.T) {
	types := []model.Type{model.TypeUint8, model.TypeUint32, model.TypeQueue}
	s := &altered{caps: Caps{Types: types}}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		for _, f := range schema.Fields {
			require.Contains(t, types, f.Type)
		}
		return s.reference.Load(schema, stream, version)
	}
	for _, p := range []Property{roundTrip, terminators} {
		r := Check(p, s)
		require.True(t, r.Held(), r.Report("-"))
	}
}

func TestSubjectWithoutMemoryIsNotAsked(t *testing.T) {
	s := struct{ Subject }{Reference()}
	require.False(t, brokenLinks.Asks(s))
	r := Check(brokenLinks, s)
	require.False(t, r.Held(), "nothing tried is no success")
	require.Contains(t, r.Report("-"), "does not show its memory")
}
