package rulebook

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/internal/report"
	"vmconform/props"
	"vmconform/props/defects"
	"vmconform/rules"
)

// A rule that nothing breaks may be one that is never asked.
func TestEveryRuleHasCases(t *testing.T) {
	r, err := Match("*/*")
	require.NoError(t, err)
	require.NoError(t, r.Cover())
	require.Len(t, r.Rules, len(rules.Registry))
	for _, x := range r.Rules {
		if len(x.Cases.Accepting) == 0 {
			t.Errorf("%s has no case that accepts", x.ID)
		}
		if len(x.Cases.Rejecting) == 0 {
			t.Errorf("%s has no case that rejects", x.ID)
		}
	}
	require.Equal(t, t.Failed(), r.Lacks())
}

func TestCasesAreOfRules(t *testing.T) {
	all, err := collect()
	require.NoError(t, err)
	for id := range all {
		_, ok := rules.Lookup(id)
		require.True(t, ok, "there is no rule %q", id)
	}
}

// A defect that is said to break a rule is found by a property that checks it.
// That it is found is what the tests of props/defects are for.
func TestDefectsBreakTheirRules(t *testing.T) {
	finds := map[string]string{}
	for _, d := range defects.All {
		finds[d.ID] = d.Property
	}
	for _, d := range defects.Patches {
		finds[d.ID] = d.Property
	}
	for _, b := range broken {
		p, ok := props.Lookup(finds[b.defect])
		require.True(t, ok, "there is no defect %s", b.defect)
		require.Contains(t, p.Rules, b.rule, "%s finds %s", p.ID, b.defect)
	}
}

func TestTestsAreThere(t *testing.T) {
	for _, x := range tested {
		for _, name := range []string{x.accepts, x.rejects} {
			folder, test, _ := strings.Cut(name, ".")
			files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(files, func(file string) bool {
				text, err := os.ReadFile(file)
				return err == nil && strings.Contains(string(text), "func "+test+"(t *testing.T)")
			}), "there is no test %s", name)
		}
	}
}

func TestMatch(t *testing.T) {
	for glob, want := range map[string][]rules.ID{
		"qtailq/links":  {rules.QueueLinks},
		"*/version":     {rules.StreamVersion, rules.VMDescVersion},
		"globalstate/*": {rules.RunState, rules.RunStateSize},
		"*":             nil, // no rule is without a slash
		"qtailq":        nil,
	} {
		r, err := Match(glob)
		require.NoError(t, err)
		var got []rules.ID
		for _, x := range r.Rules {
			got = append(got, x.ID)
		}
		require.Equal(t, want, got, glob)
	}
	_, err := Match("qtailq/[")
	require.Error(t, err)
}

// The report of rules of which one has no case that rejects.
func TestALack(t *testing.T) {
	r := Report{
		Rules: []Rule{
			{ID: "a/b", Severity: rules.SeverityError, Sentence: "B.", Source: "s", Cases: &Cases{
				Accepting: []Case{{Vector, "v"}, {Property, "p"}}, Rejecting: []Case{{Defect, "d"}}}},
			{ID: "a/c", Severity: rules.SeverityNote, Sentence: "C.", Source: "s", Cases: &Cases{Accepting: []Case{{Test, "x.T"}}}},
		},
		Totals: &Totals{Rules: 2, Covered: 1, Cases: map[Kind]int{Vector: 1, Property: 1, Defect: 1, Test: 1}},
	}
	require.True(t, r.Lacks())
	var b strings.Builder
	require.NoError(t, r.WriteText(&b, report.Ink(false)))
	require.Equal(t, `error   a/b
  B.
  source: s
  accepting: vector v, property p
  rejecting: defect d
note    a/c
  C.
  source: s
  accepting: test x.T
  rejecting: none
1 of 2 rules have a case that accepts and one that rejects: 1 vectors, 0 streams, 1 properties, 1 defects, 1 tests
`, b.String())
}
