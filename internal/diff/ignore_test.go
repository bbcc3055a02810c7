package diff

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGlobs(t *testing.T) {
	for pattern, want := range map[string]struct{ matches, not []string }{
		"timer":          {[]string{"timer", "timer/x", "timer/x/y"}, []string{"timers", "a/timer", "timer#1"}},
		"spapr/tb":       {[]string{"spapr/tb", "spapr/tb/guest"}, []string{"spapr", "spapr/tb2"}},
		"*":              {[]string{"cpu", "cpu/x", "a[1]/b"}, []string{}},
		"*/x":            {[]string{"a/x", "a/x/y", "a/x[3]"}, []string{"a/b/x", "x"}},
		"**/x":           {[]string{"a/x", "a/b/x", "a/b/x/c"}, []string{"x", "a/bx"}},
		"cpu/gpr[3]":     {[]string{"cpu/gpr[3]"}, []string{"cpu/gpr[33]", "cpu/gpr3", "cpu/gpr"}},
		"cpu/gpr[*]":     {[]string{"cpu/gpr[3]", "cpu/gpr[33]", "cpu/gpr[3]/x"}, []string{"cpu/gpr"}},
		"cpu/gpr":        {[]string{"cpu/gpr[3]", "cpu/gpr"}, []string{"cpu/gprs"}},
		"a?c":            {[]string{"abc", "a.c/x"}, []string{"a/c", "ac"}},
		"env.x":          {[]string{"env.x"}, []string{"envyx"}},
		"0000:00:**/net": {[]string{"0000:00:02.0/virtio/net", "0000:00:02.0/net"}, []string{"0000:00:net"}},
	} {
		g, err := parseGlob(pattern)
		require.NoError(t, err)
		for _, path := range want.matches {
			require.True(t, g.matches(path), "%s %s", pattern, path)
		}
		for _, path := range want.not {
			require.False(t, g.matches(path), "%s %s", pattern, path)
		}
	}
	for _, pattern := range []string{"", "\xff"} {
		_, err := Streams(of(t, "", nil), of(t, "", nil), Options{Ignore: []string{pattern}})
		require.ErrorContains(t, err, "--ignore")
	}
}

// Each glob counts what it hides, and what several hide counts once in all. The
// path in either stream will do.
func TestIgnored(t *testing.T) {
	a, b := of(t, "a", rich.bytes()), of(t, "b", changed.bytes())
	r, err := Streams(a, b, Options{Ignore: []string{"one", "one/*", "nothing", "ram", "raw"}})
	require.NoError(t, err)
	require.Equal(t, []Ignored{{"one", 4}, {"one/*", 3}, {"nothing", 0}, {"ram", 3}, {"raw", 1}}, r.Ignored)
	require.Equal(t, Totals{Differences: 15 - 4 - 3 - 1, Ignored: 4 + 3 + 1, Devices: 6, Differing: 3}, r.Totals)
	r, err = Streams(a, b, Options{Ignore: []string{"**"}})
	require.NoError(t, err)
	require.Equal(t, Equal, r.Verdict)
	require.Equal(t, 15, r.Totals.Ignored)
	require.Empty(t, r.Differences)
}
