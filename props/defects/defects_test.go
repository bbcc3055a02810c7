package defects

import (
	"testing"

	"vmconform/props"

	"github.com/stretchr/testify/require"
)

// rounds bounds how often a property is tried before a defect counts as not
// found: most are found in the first, and luck may leave out any.
const rounds = 20

// Past faults among them: list-order is insert-at-head and save-backwards.
func TestEveryDefectIsFound(t *testing.T) {
	for _, d := range All {
		t.Run(d.ID, func(t *testing.T) {
			p, ok := props.Lookup(d.Property)
			require.True(t, ok, d.Property)
			var r props.Result
			for range rounds {
				if r = props.Check(p, d.Plant(props.Reference())); len(r.Found) > 0 {
					break
				}
			}
			require.NotEmpty(t, r.Found, r.Problem)
			require.NotZero(t, r.Found[0].Seed)
			t.Log("\n" + r.Report("go test ./props/defects -run 'TestEveryDefectIsFound/"+d.ID+"'"))
		})
	}
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
