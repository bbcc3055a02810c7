package input

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"

	"vmconform/corpus"
	"vmconform/internal/report"
)

// stream is one of the corpus.
func stream(t testing.TB, name string) []byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	i := slices.IndexFunc(entries, func(e corpus.Entry) bool { return e.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	b, err := entries[i].Open()
	require.NoError(t, err)
	return b
}

// recorded is a file of testdata.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".zst"))
	require.NoError(t, err)
	d, err := zstd.NewReader(nil)
	require.NoError(t, err)
	defer d.Close()
	b, err = d.DecodeAll(b, nil)
	require.NoError(t, err)
	return b
}

// file writes a file.
func file(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, b, 0o666))
	return name
}

// read gives all of the stream in a file.
func read(name string, stdin io.Reader) ([]byte, *Stream, error) {
	s, err := Open(name, stdin)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	b, err := io.ReadAll(s)
	return b, s, err
}

// unwrapped is what Open makes of a file, and of the same on standard input.
func unwrapped(t testing.TB, b []byte) ([]byte, *Stream) {
	t.Helper()
	got, s, err := read(file(t, b), nil)
	require.NoError(t, err)
	piped, p, err := read(Stdin, bytes.NewReader(b))
	require.NoError(t, err)
	require.True(t, bytes.Equal(got, piped))
	require.Equal(t, s.Offset, p.Offset)
	require.Equal(t, []any{s.Container, s.Compression, s.Findings()}, []any{p.Container, p.Compression, p.Findings()})
	require.Nil(t, p.File)
	return got, s
}

// libraries compress, as far as there are any. Each writes checksums of what it
// packs, and asks for little memory, which a thousand readers get one by one.
var libraries = map[string]func(io.Writer) (io.WriteCloser, error){
	"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithWindowSize(1<<16)) },
	"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.WriterConfig{DictCap: 1 << 16}.NewWriter(w) },
	"lz4":  func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
}

func pack(t testing.TB, name string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := libraries[name](&out)
	require.NoError(t, err)
	_, err = w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// only is the one finding about a wrapping.
func only(t testing.TB, s *Stream) report.Finding {
	t.Helper()
	require.Len(t, s.Findings(), 1)
	return s.Findings()[0]
}
