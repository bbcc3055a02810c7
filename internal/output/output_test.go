package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestFileIsThereWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, Write(path, write("one")))
	require.NoError(t, os.Chmod(path, 0o600))
	broken := errors.New("broken")
	require.ErrorIs(t, Write(path, func(w io.Writer) error { return errors.Join(write("half")(w), broken) }), broken)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "one", string(b))

	require.NoError(t, Write(path, write("two")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestWhatIsNoFileStays(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan string)
	go func() {
		b, _ := os.ReadFile(pipe)
		read <- string(b)
	}()
	require.NoError(t, Write(pipe, write("text")))
	require.Equal(t, "text", <-read)
	info, err := os.Stat(pipe)
	require.NoError(t, err)
	require.Equal(t, os.ModeNamedPipe, info.Mode().Type())

	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, nil, 0o600))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, Write(link, write("through")))
	b, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "through", string(b))

	require.ErrorContains(t, Write(dir, write("")), "is a directory")
	require.ErrorContains(t, Write(filepath.Join(dir, "none", "f"), write("")), "cannot write "+filepath.Join(dir, "none", "f"))
}
