package defects

import (
	"regexp"
	"testing"

	"vmconform/model"
	"vmconform/props"

	"github.com/stretchr/testify/require"
)

// cases bounds how often a property is tried before a defect counts as not found.
// The slowest is found in less than a hundred as a rule; the seed is always the
// same.
const cases = 2000

// Past faults among them: list-order is insert-at-head and save-backwards.
func TestEveryDefectIsFound(t *testing.T) {
	for _, d := range All {
		t.Run(d.ID, func(t *testing.T) {
			p, ok := props.Lookup(d.Property)
			require.True(t, ok, d.Property)
			r := props.Run(p, d.Subject(), props.Options{Seed: 1, Cases: cases, First: true})
			require.NotEmpty(t, r.Found, r.Problem)
			f := r.Found[0].Failure
			t.Log("\n" + f.String())
			if d.OfLinks() && f.Kind != "hangs" { // such a case is not made smaller
				require.LessOrEqual(t, elements(f.Case), 3)
			}
		})
	}
}

// elements counts those of queues and lists and the pairs of trees on the wire.
func elements(c props.Case) int {
	l, _ := model.Decode(c.Schema, c.Stream, c.Version, model.Options{Spans: true, Over: c.Before})
	n := 0
	for _, s := range l.Spans {
		if s.Kind != model.SpanElement || s.Schema == nil {
			continue
		}
		switch s.Field.Type {
		case model.TypeQueue, model.TypeList, model.TypeTree:
			n++
		}
	}
	return n
}

// A property that no defect is planted for may be unable to fail.
func TestEveryPropertyFindsADefect(t *testing.T) {
	found := map[string]bool{}
	for _, d := range All {
		found[d.Property] = true
	}
	for _, p := range props.All {
		require.True(t, found[p.ID], "no defect is there to be found by %s", p.ID)
	}
}

// Most defects are such that saving a value and loading it again does not show
// them: the other properties are what the harness is for.
func TestFewDefectsFallToTheRoundTrip(t *testing.T) {
	roundTrip, ok := props.Lookup("round-trip")
	require.True(t, ok)
	named, fall := 0, 0
	for _, d := range All {
		if d.Property == roundTrip.ID {
			named++
		}
		r := props.Run(roundTrip, d.Subject(), props.Options{Seed: 1, Cases: 100, First: true, Quick: true})
		if len(r.Found) > 0 {
			fall++
			t.Log(d.ID)
		}
	}
	require.LessOrEqual(t, 3*named, len(All), "%d name it", named)
	require.LessOrEqual(t, 3*fall, len(All), "%d fall to it", fall)
}

func TestDefectsAreDescribed(t *testing.T) {
	words := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, d := range All {
		require.Regexp(t, words, d.ID)
		require.False(t, seen[d.ID], d.ID)
		seen[d.ID] = true
		require.Regexp(t, `^[^ ].*\.$`, d.Sentence, d.ID)
		require.Equal(t, "ref+"+d.ID, d.Subject().Name())
	}
}
