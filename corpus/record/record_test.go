package main

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

// The manifest says what the recipes say: neither was changed without the other.
func TestManifestIsTheRecipes(t *testing.T) {
	type promise struct {
		Name, File, Command string
		Expected            corpus.Expected
	}
	var want, got []promise
	for _, r := range recipes() {
		want = append(want, promise{r.entryName(), r.file(), r.commandLine(), r.expected})
	}
	slices.SortFunc(want, func(a, b promise) int { return cmp.Compare(a.Name, b.Name) })
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for _, e := range entries {
		got = append(got, promise{e.Name, e.File, e.Command, e.Expected})
	}
	require.Equal(t, want, got)
}

func TestQuote(t *testing.T) {
	require.Equal(t, "-m", quote("-m"))
	require.Equal(t, "a=b,c=0x1:2", quote("a=b,c=0x1:2"))
	require.Equal(t, `'{"execute":"x"}'`, quote(`{"execute":"x"}`))
	require.Equal(t, `'it'\''s'`, quote("it's"))
	require.Equal(t, `''`, quote(""))
}
