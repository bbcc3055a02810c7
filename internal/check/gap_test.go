package check_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/internal/check"
	"vmconform/internal/report"
	"vmconform/rules"
)

// renamed changes the description alone: QEMU does not look at it.
func renamed(t *testing.T, name, from, to string) []byte {
	t.Helper()
	require.Len(t, to, len(from))
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name == name {
			b, err := e.Open()
			require.NoError(t, err)
			i := bytes.LastIndex(b, []byte(`"`+from+`"`))
			require.Positive(t, i)
			return append(append(append([]byte{}, b[:i+1]...), to...), b[i+1+len(from):]...)
		}
	}
	t.Fatal("no such stream")
	return nil
}

// A subsection that the description does not list cannot be decoded, which is
// no fault of the stream; what stands before it is decoded and checked.
func TestSubsectionThatIsNotDescribed(t *testing.T) {
	b := renamed(t, "pseries-3-events-7.2", "spapr_pending_events", "spapr_pending_eventz")
	f, err := check.Stream(b, check.Options{})
	require.NoError(t, err)
	require.Equal(t, report.Pass, f.Verdict, "%v", f.Findings)
	require.Equal(t, report.Identical, f.Roundtrip)
	require.Len(t, f.Findings, 1)
	require.Equal(t, rules.VMDescSubsection, f.Findings[0].Rule)
	// The subsection's header: 05, length, name, be32; then the queue.
	require.EqualValues(t, queueOf3-4-len("spapr_pending_events")-2, f.Findings[0].Offset)
	for _, d := range f.Devices {
		if d.Name == "spapr" {
			require.Equal(t, "partial", d.Decoded)
			// What is opaque of it: from the 05 to its footer.
			require.EqualValues(t, d.Offset+d.Size-5-f.Findings[0].Offset, f.BytesBy.Opaque-builtinOfPseries)
		}
	}
}

const (
	queueOf3         = 2887502 // see pseries-3-events-7.2
	builtinOfPseries = 28      // the records of spapr/htab
)

// An element that is described otherwise than it is known is a warning: the
// stream loads.
func TestKnownElementDescribedOtherwise(t *testing.T) {
	f, err := check.Stream(renamed(t, "s390x-3-crws-10.0", "rsid", "rsix"), check.Options{})
	require.NoError(t, err)
	require.Equal(t, report.Pass, f.Verdict, "%v", f.Findings)
	require.Equal(t, rules.VMDescKnown, f.Findings[0].Rule)
}
