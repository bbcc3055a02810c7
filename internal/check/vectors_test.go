package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/internal/check"
	"vmconform/internal/report"
	"vmconform/rules"
)

// The hand-made streams of the corpus: each has nothing to be said of it, or the
// one thing that its file says.
func TestStreamVectors(t *testing.T) {
	vectors, err := corpus.StreamVectors()
	require.NoError(t, err)
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			require.NotEmpty(t, v.Rules)
			if v.Expect == "none" {
				_, err := check.Stream(v.Stream, check.Options{})
				require.ErrorIs(t, err, check.ErrNoStream)
				return
			}
			f := judge(t, v.Stream, false)
			if v.Expect == "pass" {
				require.Empty(t, f.Findings)
				require.Equal(t, report.Pass, f.Verdict)
				require.Equal(t, report.Identical, f.Roundtrip)
				require.Equal(t, report.Identical, f.VMDesc.Roundtrip)
				return
			}
			require.Len(t, v.Rules, 1)
			var found []string
			for _, x := range f.Findings {
				found = append(found, string(x.Rule))
			}
			require.ElementsMatch(t, append(v.Rules, v.Also...), found, "%v", f.Findings)
			x := of(t, f, rules.ID(v.Rules[0]))
			require.Equal(t, v.Offset, x.Offset, "%v", x)
			require.Equal(t, v.Path, x.Path, "%v", x)
			require.Equal(t, v.Class, string(x.Class), "%v", x)
			if v.Expect == "fail" {
				require.Equal(t, rules.SeverityError, x.Severity)
				require.Equal(t, report.Fail, f.Verdict)
				return
			}
			require.Equal(t, "warn", v.Expect)
			require.NotEqual(t, rules.SeverityError, x.Severity)
			require.NotEqual(t, report.Fail, f.Verdict)
		})
	}
}
