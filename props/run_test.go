package props

import (
	"bytes"
	"testing"

	"vmconform/model"
	"vmconform/rules"

	"github.com/stretchr/testify/require"
)

// silent is wrong in two ways at once: it gives no notes of markers, and takes
// one byte less than it should of what it reads without any.
func silent() *altered {
	s := &altered{}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		l, err := s.reference.Load(schema, stream, version)
		if len(l.Notes) == 0 {
			l.Consumed--
		}
		l.Notes = nil
		return l, err
	}
	return s
}

func TestRunFindsBothOfTwoFaults(t *testing.T) {
	r := Run(markerValues, silent(), Options{Seed: 1, Cases: 200})
	require.Equal(t, 200, r.Cases)
	var found []string
	for _, f := range r.Found {
		found = append(found, string(f.Rule)+" "+f.Fingerprint())
	}
	require.Subset(t, found, []string{
		"vmstate/round-trip links/marker-values:load:consumed",
		"qtailq/marker-canonical links/marker-values:load:notes",
	})
}

func TestRunPassesOverWhatIsKnown(t *testing.T) {
	known := func(f *Failure) bool { return f.Kind == "notes" }
	r := Run(markerValues, silent(), Options{Seed: 1, Cases: 50, Known: known})
	require.Len(t, r.Found, 1)
	require.Equal(t, "consumed", r.Found[0].Kind)
}

func TestRunIsTheSameTwice(t *testing.T) {
	for _, o := range []Options{{Seed: 7, Cases: 60}, {Seed: 7, Cases: 60, Quick: true}} {
		one, two := Run(agreeOnLoad, silent(), o), Run(agreeOnLoad, silent(), o)
		require.NotEmpty(t, one.Found)
		require.Equal(t, one.Report("-"), two.Report("-"))
	}
}

// A seed draws the case that it is said to draw.
func TestTheSeedRepeats(t *testing.T) {
	r := Run(argumentVersion, anyVersion(), Options{Seed: 3, Cases: 10, First: true})
	require.NotEmpty(t, r.Found)
	f := r.Found[0]
	require.Equal(t, rules.VersionRange, f.Rule)
	require.Equal(t, "accepts-version-too-new", f.Kind)
	drawn, _ := Try(argumentVersion, anyVersion(), f.Seed)
	require.True(t, drawn.same(f.Failure))
	again := Run(argumentVersion, anyVersion(), Options{Seed: f.Seed, Cases: 1})
	require.Equal(t, f.Token(), again.Found[0].Token())
}

// anyVersion compares the version with itself.
func anyVersion() *altered {
	s := &altered{}
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		if version > schema.Version {
			version = schema.Version
		}
		return s.reference.Load(schema, stream, version)
	}
	return s
}

func TestRunEndsWhenTold(t *testing.T) {
	drawn := 0
	r := Run(roundTrip, Reference(), Options{Seed: 1, Cases: 100, Begun: func() { drawn++ }, Until: func() bool { return drawn == 5 }})
	require.True(t, r.Ended)
	require.Equal(t, 5, r.Cases)
	require.True(t, r.Held())
}

// Every property's cases can be written down and asked again: those of a subject
// that answers everything wrongly.
func TestCasesSurviveTheirText(t *testing.T) {
	for _, p := range All {
		t.Run(p.ID, func(t *testing.T) {
			asked := 0
			for seed := range uint64(300) {
				s := &trial{Subject: Reference(), property: p.ID, passOver: func(f *Failure) bool { return true }}
				wrong := &altered{}
				wrong.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
					return model.Loaded{}, &rules.Error{Class: "none"}
				}
				wrong.keep = func() error { return &rules.Error{Class: "none"} }
				wrong.broken = func() ([]byte, error) { return nil, nil }
				s.Subject = wrong
				s.passOver = func(f *Failure) bool {
					asked++
					text := f.Text()
					c, err := ParseCase(text)
					require.NoError(t, err, "%s", text)
					require.Equal(t, string(text), string(c.Text()))
					c, err = ParseToken(f.Token())
					require.NoError(t, err)
					require.Equal(t, string(text), string(c.Text()))
					require.True(t, c.Try(wrong).same(f), "%s", text)
					require.Nil(t, c.Try(Reference()), "%s", text)
					return true
				}
				s.draw(p, seed+1)
				if asked > 60 {
					break
				}
			}
			require.Greater(t, asked, 20)
		})
	}
}

func TestParseCaseRefuses(t *testing.T) {
	good := `do: load
schema: {"schema":{"name":"a","version":1,"minimum":1,"fields":[{"name":"x","type":"uint8","version":1}]}}
version: 1
value: {"x":7}
stream: 07
expect: accept
consumed: 1
`
	const accepted = "expect: accept\nconsumed: 1"
	c, err := ParseCase([]byte("# for people\n\n" + good))
	require.NoError(t, err)
	require.Nil(t, c.Try(Reference()))
	for _, change := range [][2]string{
		{"do: load\n", ""},
		{"do: load", "do: eat"},
		{"version: 1\n", ""},
		{"version: 1\n", "version: -1\n"},
		{"version: 1\n", "version: 4294967296\n"},
		{`"uint8"`, `"uint7"`},
		{`{"x":7}`, `{"y":7}`},
		{`value: {"x":7}` + "\n", ""},
		{"stream: 07", "stream: 0"},
		{"stream: 07", "Stream: 07"},
		{"stream: 07", "stream 07"},
		{"stream: 07", "stream: 07\nstream: 07"},
		{"expect: accept", "expect: maybe"},
		{"expect: accept", "expect: refuse"},
		{"consumed: 1", "consumed: one"},
		{"consumed: 1\n", ""},
		{"consumed: 1", "consumed: -1"},
		{"consumed: 1", "consumed: 2"},
		{"consumed: 1", "consumed: 1\nnote: qtailq/order"},
		{"do: load", "do: save-broken"},
		{"do: load", "do: save-broken\nfault: cycle 0 0"},
		{"do: load", "do: save-broken\nfault: knot 0 0 0"},
		{"do: load", "do: load-over"},
		{"do: load", "do: load-over\nbefore: {}"},
		{"do: load", "do: load\nsaved: 0"},
		{"do: load", "do: load\ntimes: 1"},
		{"do: load", "do: load\ntimes: 1000000"},
		{"do: load", "do: load\nmemory: much"},
		{"do: load", "do: load\nmemory: 0"},
		{"do: load", "do: load\nfault: cycle 0 0 0"},
		{"expect: accept", "expect: accept\noffset: 0"},
		{"consumed: 1", "consumed: 1\nnote: no/rule 0 \"\""},
		{"consumed: 1", "consumed: 1\nnote: qtailq/order -1 \"\""},
		{"consumed: 1", "consumed: 1\nnote: qtailq/order 0 \"\" 7"},
		{accepted, "expect: refuse\nrule: no/rule\nclass: limit\noffset: 0"},
		{accepted, "expect: refuse\nrule: qtailq/order\nclass: bad\noffset: 0"},
		{accepted, "expect: refuse\nrule: qtailq/order\nclass: limit\noffset: -1"},
		{accepted, "expect: refuse\nrule: qtailq/order\nclass: limit\noffset: 0\nconsumed: 1"},
		{"do: load", "do: save-broken\nfault: cycle -1 0 0"},
	} {
		bad := bytes.Replace([]byte(good), []byte(change[0]), []byte(change[1]), 1)
		require.NotEqual(t, good, string(bad))
		_, err := ParseCase(bad)
		require.Error(t, err, "%s", bad)
	}
}

func TestParseTokenRefuses(t *testing.T) {
	token := Case{Do: Save, Schema: &model.Schema{Name: "a"}, Value: &model.Struct{}}.Token()
	_, err := ParseToken(token)
	require.NoError(t, err)
	for _, bad := range []string{"", "!", token[:len(token)-4], token[:8], bomb()} {
		_, err := ParseToken(bad)
		require.Error(t, err)
	}
}

// bomb is a token of few bytes with a text of many.
func bomb() string {
	return Case{Do: Save, Schema: &model.Schema{Name: "a"}, Value: &model.Struct{}, Stream: make([]byte, maxText)}.Token()
}
