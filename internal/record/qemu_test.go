package record_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/internal/record"
	"vmconform/internal/record/recordtest"
)

// onEach runs a test on each of the two QEMUs.
func onEach(t *testing.T, target string, args []string, test func(*testing.T, context.Context, record.Options)) {
	for _, install := range record.Installs() {
		t.Run(install.Name, func(t *testing.T) {
			options := recordtest.Need(t, install.Name, target, args...)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			test(t, ctx, options)
		})
	}
}

var (
	machineNone = []string{"-machine", "none", "-nodefaults"}
	magic       = []byte("QEVM\x00\x00\x00\x03")
)

func pseries(t *testing.T) []string {
	bios := filepath.Join(t.TempDir(), "blank")
	require.NoError(t, os.WriteFile(bios, make([]byte, 4096), 0o666))
	return []string{"-machine", "pseries", "-m", "256M", "-nodefaults", "-bios", bios}
}

func TestMachineNone(t *testing.T) {
	onEach(t, "x86_64", machineNone, func(t *testing.T, ctx context.Context, options record.Options) {
		path := filepath.Join(t.TempDir(), "it's none, yet")
		_, err := record.Record(ctx, options, path)
		require.NoError(t, err)
		stream, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(stream, magic))
		require.True(t, bytes.HasSuffix(stream, []byte("]}")), "the description is whole")
		require.NoError(t, record.Load(ctx, options, path))
	})
}

// A stream of pseries has an element in its queue for each system_powerdown, and
// what a QEMU has loaded it saves again.
func TestPseriesWithPendingEvents(t *testing.T) {
	onEach(t, "ppc64", pseries(t), func(t *testing.T, ctx context.Context, options record.Options) {
		element := []byte(`"vmsd_name": "spapr_event_log_entry"`)
		path := filepath.Join(t.TempDir(), "stream")
		first := options
		first.Commands = slices.Repeat([]record.Command{{HMP: "system_powerdown"}}, 3)
		_, err := record.Record(ctx, first, path)
		require.NoError(t, err)
		stream, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, 3, bytes.Count(stream, element))

		var again bytes.Buffer
		second := options
		second.Incoming = path
		second.Commands = []record.Command{{QMP: []byte(`{"execute": "system_powerdown"}`)}}
		_, err = record.RecordTo(ctx, second, &again)
		require.NoError(t, err)
		require.Equal(t, 4, bytes.Count(again.Bytes(), element))
	})
}

func TestQEMURefusesABrokenStream(t *testing.T) {
	onEach(t, "x86_64", machineNone, func(t *testing.T, ctx context.Context, options record.Options) {
		var stream bytes.Buffer
		_, err := record.RecordTo(ctx, options, &stream)
		require.NoError(t, err)
		for name, broken := range map[string][]byte{
			"truncated": stream.Bytes()[:40],
			"no stream": []byte("Now is the winter of our discontent"),
		} {
			path := filepath.Join(t.TempDir(), "stream")
			require.NoError(t, os.WriteFile(path, broken, 0o666))
			var refused *record.RefusedError
			require.ErrorAs(t, record.Load(ctx, options, path), &refused, name)
			require.Contains(t, refused.Reason, "load of migration failed", name)
			require.False(t, refused.Crashed, name)
		}
	})
}

func TestQEMURefusesACommand(t *testing.T) {
	for command, message := range map[string]string{
		"device_add none-such": "QEMU refused device_add none-such: Error: 'none-such' is not a valid device model name",
		"dance":                "QEMU refused dance: unknown command: 'dance'",
		"stop now":             `QEMU refused stop now: stop|s: extraneous characters at the end of line; Try "help stop" for more information`,
		"sendkey nonesuch":     "QEMU refused sendkey nonesuch: invalid parameter: nonesuch",
	} {
		onEach(t, "x86_64", machineNone, func(t *testing.T, ctx context.Context, options record.Options) {
			options.Commands = []record.Command{{HMP: command}}
			_, err := record.RecordTo(ctx, options, &bytes.Buffer{})
			require.EqualError(t, err, message)
		})
	}
	onEach(t, "x86_64", machineNone, func(t *testing.T, ctx context.Context, options record.Options) {
		options.Commands = []record.Command{{QMP: []byte(`{"execute":"device_add","arguments":{"driver":"none-such"}}`)}}
		_, err := record.RecordTo(ctx, options, &bytes.Buffer{})
		require.EqualError(t, err, `QEMU refused {"execute":"device_add","arguments":{"driver":"none-such"}}: 'none-such' is not a valid device model name`)
	})
}

func TestQEMUDoesNotStart(t *testing.T) {
	onEach(t, "x86_64", []string{"-machine", "none-such"}, func(t *testing.T, ctx context.Context, options record.Options) {
		_, err := record.RecordTo(ctx, options, &bytes.Buffer{})
		require.ErrorAs(t, err, new(*record.ExitError))
		require.ErrorContains(t, err, "starting qemu-system-x86_64: QEMU exited (exit status 1): ")
	})
}

// An empty stream is one that QEMU waits for.
func TestLoadEndsAtItsDeadline(t *testing.T) {
	onEach(t, "x86_64", machineNone, func(t *testing.T, ctx context.Context, options record.Options) {
		path := filepath.Join(t.TempDir(), "empty")
		require.NoError(t, os.WriteFile(path, nil, 0o666))
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err := record.Load(ctx, options, path)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "loading empty: timed out")
	})
}

func TestADeviceThatBlocksMigration(t *testing.T) {
	onEach(t, "x86_64", []string{"-machine", "q35", "-m", "1M", "-nodefaults",
		"-object", "cryptodev-backend-builtin,id=crypto", "-device", "virtio-crypto-pci,cryptodev=crypto"},
		func(t *testing.T, ctx context.Context, options record.Options) {
			_, err := record.RecordTo(ctx, options, &bytes.Buffer{})
			require.ErrorContains(t, err, "saving the stream: QEMU says: State blocked by non-migratable device")
		})
}
