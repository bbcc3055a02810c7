package defects

import (
	"os"
	"path/filepath"
	"testing"

	"vmconform/props"

	"github.com/stretchr/testify/require"
)

func TestPatchesFitTheirFiles(t *testing.T) {
	for _, p := range Patches {
		t.Run(p.ID, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(p.File)))
			require.NoError(t, err)
			patched, err := p.Apply(string(source))
			require.NoError(t, err)
			require.NotEqual(t, string(source), patched)
		})
	}
}

func TestPatchesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range All {
		seen[d.ID] = true
	}
	for _, p := range Patches {
		require.False(t, seen[p.ID], "%s is not the only one of that name", p.ID)
		seen[p.ID] = true
		require.NotEmpty(t, p.Sentence, p.ID)
		_, ok := props.Lookup(p.Property)
		require.True(t, ok, "%s is to be found by %s, which is no property", p.ID, p.Property)
		require.Regexp(t, "^(impl/(vmstate|tailq|qlist|gtree)|bind)/[a-z]+\\.go$", p.File, p.ID)
	}
}

func TestPatchThatDoesNotFit(t *testing.T) {
	p := Patch{ID: "x", File: "a.go", change: []string{"one", "two", "three", "four"}}
	for source, want := range map[string]string{
		"one, three":      "",
		"three":           "stands 0 times",
		"one, one, three": "stands 2 times",
		"one":             "stands 0 times", // the second of the two
	} {
		patched, err := p.Apply(source)
		if want == "" {
			require.NoError(t, err)
			require.Equal(t, "two, four", patched)
			continue
		}
		require.ErrorContains(t, err, want, source)
	}
}
