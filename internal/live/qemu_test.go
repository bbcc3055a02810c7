package live

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/internal/record/recordtest"
	"vmconform/internal/report"
)

// Each QEMU agrees with the rules, or differs as it is known to; among the variants
// are queues made here, of 1, 2, 17 and 500 elements.
func TestLiveQEMU(t *testing.T) {
	for _, c := range []struct {
		install, target, args, queue string
		variants                     int
	}{
		{"system", "ppc64", "-machine pseries -m 256 -nodefaults", "spapr/spapr_pending_events/pending_events", len(kinds)},
		{"qemu10", "ppc64", "-machine pseries -m 256 -nodefaults", "spapr/spapr_pending_events/pending_events", len(kinds)},
		{"system", "s390x", "-machine s390-ccw-virtio -m 4M -nodefaults", "s390_css/pending_crws", 5 * len(kinds)},
		{"qemu10", "s390x", "-machine s390-ccw-virtio -m 4M -nodefaults", "s390_css/pending_crws", 5 * len(kinds)},
	} {
		t.Run(c.install+" "+c.target, func(t *testing.T) {
			if raceEnabled && c.target == "ppc64" {
				t.Skip("its streams are large, and the detector slow: s390x has the same at work")
			}
			need := recordtest.Need(t, c.install, c.target)
			for _, e := range need.Env {
				name, value, _ := strings.Cut(e, "=")
				t.Setenv(name, value)
			}
			t.Setenv("TMPDIR", t.TempDir())
			command := strings.Join(append(need.Args, c.args), " ")
			o := Options{Command: command, Commands: DefaultCommands(command), Seed: 1, Variants: c.variants, Timeout: 5 * time.Minute}
			r, err := Run(context.Background(), o)
			require.NoError(t, err)
			var text strings.Builder
			require.NoError(t, r.WriteText(&text, false, false))
			require.Equal(t, report.Pass, r.Verdict, text.String())
			require.Equal(t, c.variants, r.Variants)
			require.Zero(t, r.Differ+r.Undecided)
			require.Greater(t, 10*r.Accepted, 4*r.Variants)
			require.Equal(t, c.queue, r.Base.Queues[0].Path)
			require.Positive(t, r.Base.Queues[0].Elements)

			o.Rule, o.Variants = "made", 4
			r, err = Run(context.Background(), o)
			require.NoError(t, err)
			require.Equal(t, Counts{Variants: 4, Queues: 4, Accepted: 4, Agree: 4}, r.Counts)

			// The test would notice a QEMU that does otherwise.
			o.Rule, o.Variants = "marker:not-01", 1
			o.Known = noKnown(t)
			r, err = Run(context.Background(), o)
			require.NoError(t, err)
			require.Equal(t, report.Fail, r.Verdict)
			require.Equal(t, "marker:not-01:accepts", r.Findings[0].Fingerprint)
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			require.NoError(t, err)
			require.Empty(t, left, fmt.Sprint(left))
		})
	}
}
