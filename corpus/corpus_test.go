package corpus_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

func entries(t *testing.T) []corpus.Entry {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	return entries
}

func open(t *testing.T, e corpus.Entry) []byte {
	t.Helper()
	stream, err := e.Open()
	require.NoError(t, err)
	return stream
}

func TestManifestAndFilesAgree(t *testing.T) {
	var names, listed []string
	for _, e := range entries(t) {
		names = append(names, e.Name)
		listed = append(listed, e.File)
	}
	require.True(t, slices.IsSorted(names))
	require.Len(t, slices.Compact(slices.Clone(names)), len(names), "a name stands twice")

	files, err := filepath.Glob("streams/*")
	require.NoError(t, err)
	slices.Sort(listed)
	require.Equal(t, files, listed)
}

func TestEntriesAreComplete(t *testing.T) {
	for _, e := range entries(t) {
		require.Equal(t, "stream", e.Kind, e.Name)
		require.NotEmpty(t, e.QEMU, e.Name)
		require.True(t, strings.HasPrefix(e.Command, "conform record -o "+e.Name+".bin "), e.Name)
		require.Contains(t, []string{"pass", "fail", "undecided"}, e.Expected.Verdict, e.Name)
		require.Equal(t, e.Expected.Verdict == "fail", e.Expected.Class != "" && e.Expected.Offset != nil, e.Name)
		require.True(t, bytes.HasPrefix(open(t, e), []byte("QEVM\x00\x00\x00\x03")), e.Name)
	}
}

func TestOpenComparesWithTheManifest(t *testing.T) {
	e := entries(t)[0]
	other := entries(t)[1]
	e.SHA256 = other.SHA256
	_, err := e.Open()
	require.ErrorContains(t, err, "not the stream that the manifest describes")
	e.File = "streams/none"
	_, err = e.Open()
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestTheCorpusIsSmall(t *testing.T) {
	total := int64(0)
	files, err := filepath.Glob("streams/*")
	require.NoError(t, err)
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		total += info.Size()
	}
	require.Less(t, total, int64(2<<20))
}
