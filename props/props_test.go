package props

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"vmconform/rules"

	"github.com/stretchr/testify/require"
)

// The state machine is checked by rapid itself: no file is left behind that would
// replay before the seed.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// enough cases to say how many of them a property is tried on: with 2 in 10, which
// links/tree has, 1 in 20 of 100 or less comes once in a million runs.
const enough = 100

func TestProperties(t *testing.T) {
	for _, p := range All {
		t.Run(p.ID, func(t *testing.T) {
			for _, s := range subjects {
				t.Run(s.Name(), func(t *testing.T) {
					if !p.Asks(s) {
						t.Skip("the subject does not show its memory")
					}
					// One that draws little to be tried on holds for no reason. All are
					// tried on more than two cases in ten; few cases can miss a twentieth.
					cases, tried := 0, 0
					for cases < enough {
						r := Check(p, s)
						// A short run of 20 cases may draw none to try it on.
						if !r.Held() && (r.Tried > 0 || len(r.Found) > 0) {
							t.Fatal("\n" + r.Report(command(t)))
						}
						cases, tried = cases+r.Cases, tried+r.Tried
					}
					require.Greater(t, 20*tried, cases, "tried on %d of %d cases", tried, cases)
				})
			}
		})
	}
}

// command is what runs this one test again.
func command(t *testing.T) string {
	parts := strings.Split(t.Name(), "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return fmt.Sprintf("go test ./props -run '%s'", strings.Join(parts, "/"))
}

func TestPropertiesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range All {
		require.NotEmpty(t, p.Sentence, p.ID)
		require.False(t, seen[p.ID], p.ID)
		seen[p.ID] = true
		require.NotEmpty(t, p.Rules, p.ID)
		for _, id := range p.Rules {
			_, ok := rules.Lookup(id)
			require.True(t, ok, "%s checks %s, which is no rule", p.ID, id)
		}
		found, ok := Lookup(p.ID)
		require.True(t, ok)
		require.Equal(t, p.Sentence, found.Sentence)
	}
}
