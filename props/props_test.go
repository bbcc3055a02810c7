package props

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"vmconform/rules"

	"github.com/stretchr/testify/require"
)

// The state machine is checked by rapid itself: the same flags are for it.
func TestMain(m *testing.M) {
	configure()
	os.Exit(m.Run())
}

func TestProperties(t *testing.T) {
	for _, p := range All {
		t.Run(p.ID, func(t *testing.T) {
			for _, s := range subjects {
				t.Run(s.Name(), func(t *testing.T) {
					if !p.Asks(s) {
						t.Skip("the subject's links cannot be broken")
					}
					r := Check(p, s)
					if !r.Held() {
						t.Fatal("\n" + r.Report(command(t)))
					}
					// One that draws little to be tried on holds for no reason.
					require.Greater(t, 4*r.Tried, r.Cases, "tried on %d of %d cases", r.Tried, r.Cases)
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
