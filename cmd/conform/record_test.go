package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/internal/record"
	"vmconform/internal/record/recordtest"
	"vmconform/internal/report"
)

// A stream that is recorded now, with so many elements as there were commands,
// is checked.
func TestRecordedStreamsConform(t *testing.T) {
	for _, c := range []struct {
		target  string
		machine []string
		command []string
		counts  []int
		path    string
		absent  bool // without elements there is no queue at all
	}{{
		target:  "ppc64",
		machine: []string{"-machine", "pseries", "-m", "256M"},
		command: []string{"--hmp", "system_powerdown"},
		counts:  []int{0, 1, 5, 40},
		path:    "spapr/spapr_pending_events/pending_events",
		absent:  true,
	}, {
		target:  "s390x",
		machine: []string{"-machine", "s390-ccw-virtio", "-m", "4M"},
		command: []string{"--qmp", `{"execute":"device_add","arguments":{"driver":"virtio-rng-ccw"}}`},
		counts:  []int{0, 3},
		path:    "s390_css/pending_crws",
	}} {
		for _, install := range record.Installs() {
			for _, n := range c.counts {
				t.Run(fmt.Sprintf("%s on %s with %d", c.target, install.Name, n), func(t *testing.T) {
					dir := t.TempDir()
					file, bios := filepath.Join(dir, "vm.bin"), filepath.Join(dir, "blank")
					require.NoError(t, os.WriteFile(bios, make([]byte, 4096), 0o666))
					qemu := recordtest.Need(t, install.Name, c.target, append(c.machine, "-nodefaults", "-bios", bios)...)
					for _, e := range qemu.Env {
						name, value, _ := strings.Cut(e, "=")
						t.Setenv(name, value)
					}
					args := slices.Concat([]string{"record", "-o", file}, slices.Repeat(c.command, n), []string{"--"}, qemu.Args)
					status, out, errs := conform(t, nil, args...)
					require.Zero(t, status, errs)
					require.Empty(t, out)

					status, out, errs = conform(t, nil, "check", "--format", "json", file)
					require.Zero(t, status, out)
					require.Empty(t, errs)
					r := unmarshal[report.Check](t, out)
					require.Equal(t, report.Pass, r.Verdict)
					require.Len(t, r.Files, 1)
					require.Equal(t, report.Pass, r.Files[0].Verdict)
					require.Equal(t, report.Identical, r.Files[0].Roundtrip)
					i := slices.IndexFunc(r.Files[0].Queues, func(q report.Queue) bool { return q.Path == c.path })
					if n == 0 && c.absent {
						require.Negative(t, i)
						return
					}
					require.GreaterOrEqual(t, i, 0)
					require.Equal(t, n, r.Files[0].Queues[i].Elements)
				})
			}
		}
	}
}
