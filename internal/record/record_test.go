package record_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/internal/record"
)

// fake returns options for a QEMU that misbehaves in the given way, and makes
// sure that no temporary file outlives the test.
func fake(t *testing.T, how string) record.Options {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	dir, err := os.MkdirTemp("", "fake-") // short enough for the path of a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() { require.Empty(t, list(t, dir)) })
	return record.Options{Args: []string{binary}, Env: []string{fakeVariable + "=" + how}}
}

func TestRecordToWritesAllOfTheStream(t *testing.T) {
	options := fake(t, "behaves")
	var stream, printed bytes.Buffer
	var phases []string
	options.Stderr = &printed
	options.Progress = func(phase string) { phases = append(phases, phase) }
	options.Commands = []record.Command{
		{HMP: "info x"},
		{QMP: []byte(`{"execute": "stop", "arguments": {}}`)},
	}
	version, err := record.RecordTo(t.Context(), options, &stream)
	require.NoError(t, err)
	require.Equal(t, "9.8.7", version.String())
	require.Equal(t, fakeStream+", and the rest", stream.String())
	require.Equal(t, "you said info x\n", printed.String())
	require.Equal(t, []string{
		"starting record.test",
		"command 1 of 2: info x",
		`command 2 of 2: {"execute": "stop", "arguments": {}}`,
		"saving the stream",
		"stopping QEMU",
	}, phases)
}

func TestFailuresSayWhy(t *testing.T) {
	for how, message := range map[string]string{
		"exits at once":      "starting record.test: QEMU exited (exit status 1): fake: no such machine",
		"exits in silence":   "starting record.test: QEMU exited (exit status 0) without a message",
		"exits while saving": "saving the stream: QEMU exited (exit status 1): fake: out of memory",
		"saves half":         "saving the stream: migration failed: Unable to; write",
	} {
		t.Run(how, func(t *testing.T) {
			_, err := record.RecordTo(t.Context(), fake(t, how), io.Discard)
			require.EqualError(t, err, message)
		})
	}
}

func TestNoQEMU(t *testing.T) {
	_, err := record.RecordTo(t.Context(), record.Options{}, io.Discard)
	require.EqualError(t, err, "no QEMU given")
	_, err = record.RecordTo(t.Context(), record.Options{Args: []string{"qemu-system-vax"}}, io.Discard)
	require.EqualError(t, err, `cannot start QEMU: exec: "qemu-system-vax": executable file not found in $PATH`)
}

func TestACommandThatIsNone(t *testing.T) {
	for _, text := range []string{`{}`, `7`, `{"execute": "stop", "arguments": {}, "id": 4}`, `{"execute": "stop"} {}`, `{"exec`} {
		options := fake(t, "behaves")
		options.Commands = []record.Command{{QMP: []byte(text)}}
		_, err := record.RecordTo(t.Context(), options, io.Discard)
		require.EqualError(t, err, text+` is not a QMP command, {"execute": …, "arguments": {…}}`)
	}
}

func TestTimeOutsNameThePhase(t *testing.T) {
	for how, phase := range map[string]string{
		"never connects":  "starting record.test",
		"never completes": "saving the stream",
	} {
		t.Run(how, func(t *testing.T) {
			options := fake(t, how)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			options.Progress = func(now string) {
				if now == phase {
					cancel(errors.New("enough"))
				}
			}
			_, err := record.RecordTo(ctx, options, io.Discard)
			require.ErrorIs(t, err, context.Canceled)
			require.EqualError(t, err, phase+": interrupted: context canceled")
		})
	}
}

func TestAQEMUThatStaysIsKilled(t *testing.T) {
	t.Cleanup(record.SetStopGrace(10 * time.Millisecond))
	for how, message := range map[string]string{
		"does not quit":         "",
		"speaks something else": "starting record.test: qmp: invalid character 'm'",
	} {
		t.Run(how, func(t *testing.T) {
			_, err := record.RecordTo(t.Context(), fake(t, how), io.Discard)
			if message == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, message)
			}
		})
	}
}

func TestADeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := record.RecordTo(ctx, fake(t, "never connects"), io.Discard)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "starting record.test: timed out: context deadline exceeded")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestAnOutputThatFailsIsReportedAsThat(t *testing.T) {
	_, err := record.RecordTo(t.Context(), fake(t, "behaves"), fullDisk{})
	require.ErrorIs(t, err, syscall.ENOSPC)
}

func TestACrashWhileLoadingIsARefusal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stream")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	err := record.Load(t.Context(), fake(t, "behaves"), path)
	require.Equal(t, &record.RefusedError{Reason: "fake: about to crash", Crashed: true}, err)
	require.EqualError(t, err, "QEMU crashed while loading the stream: fake: about to crash")
}

func TestLoadOfAFileThatIsNotThere(t *testing.T) {
	err := record.Load(t.Context(), fake(t, "behaves"), filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRecordReplacesTheFile(t *testing.T) {
	options := fake(t, "behaves")
	dir := t.TempDir()
	path := filepath.Join(dir, "it's a, stream")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o666))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(path, link))

	_, err := record.Record(t.Context(), options, link)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, fakeStream+", and the rest", string(text))
	require.Equal(t, []string{"it's a, stream", "link"}, list(t, dir))
}

func TestRecordLeavesTheFileWhenItFails(t *testing.T) {
	options := fake(t, "saves half")
	dir := t.TempDir()
	path := filepath.Join(dir, "stream")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o666))
	_, err := record.Record(t.Context(), options, path)
	require.Error(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
	require.Equal(t, []string{"stream"}, list(t, dir))
}

func TestRecordIntoWhatIsNoRegularFile(t *testing.T) {
	options := fake(t, "behaves")
	_, err := record.Record(t.Context(), options, os.DevNull)
	require.NoError(t, err)
	info, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, info.Mode().IsRegular(), "it was replaced")

	dir := t.TempDir()
	_, err = record.Record(t.Context(), options, dir)
	require.EqualError(t, err, dir+" is a directory")
	_, err = record.Record(t.Context(), options, filepath.Join(dir, "no", "stream"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestLongTemporaryFolders(t *testing.T) {
	options := fake(t, "behaves")
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	require.NoError(t, os.Mkdir(long, 0o777))
	t.Setenv("TMPDIR", long)
	_, err := record.RecordTo(t.Context(), options, io.Discard)
	require.NoError(t, err)
}
