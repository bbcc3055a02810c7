package gen

import (
	"flag"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is left of a case when all is taken away that a property does not need
// to be broken.
func TestSmallestCases(t *testing.T) {
	const (
		plainField = `{"name":"f0","type":"uint8","version":0}`
		plain      = `"version":1,"minimum":1,"fields":[` + plainField + `]`
	)
	has := func(label string) func(c Case) bool {
		return func(c Case) bool {
			labels := map[string]bool{}
			walk(c, labels)
			return labels[label]
		}
	}
	for _, test := range []struct {
		broken string
		by     func(c Case) bool
		want   string
	}{
		{
			"no case", func(Case) bool { return true },
			`version 1 of {"f0":0} in {"schema":{"name":"a",` + plain + `}}`,
		},
		{
			"no queue has two elements", has("two elements"),
			`version 1 of {"f0":[{"f0":0},{"f0":0}]} in {"schema":{"name":"a","version":1,"minimum":1,"fields":[` +
				`{"name":"f0","type":"queue","version":1,"elem":{"name":"b",` + plain + `}}]}}`,
		},
		{
			"no subsection is present", has("subsection"),
			`version 1 of {"f0":0,"/subsections":{"a/a":{"f0":0}}} in {"schema":{"name":"a",` + plain +
				`,"subsections":[{"name":"a/a",` + plain + `}]}}`,
		},
	} {
		t.Run(test.broken, func(t *testing.T) {
			require.Equal(t, test.want, fmt.Sprintf("%#v", smallest(t, test.by)))
		})
	}
}

// smallest returns the smallest case that rapid finds to break a property. Now
// and then it ends a step short of the smallest there is; the seed is fixed so
// that this does not depend on the day.
func smallest(t *testing.T, breaks func(c Case) bool) Case {
	t.Helper()
	seed := flag.Lookup("rapid.seed").Value
	before := seed.String()
	require.NoError(t, seed.Set("1"))
	require.NoError(t, flag.Set("rapid.shrinktime", "1h")) // not the clock ends it
	defer func() { require.NoError(t, seed.Set(before)) }()
	var last *Case
	ended := make(chan struct{})
	go func() { // rapid ends a check that failed with Goexit
		defer close(ended)
		rapid.Check(&quiet{}, func(t *rapid.T) {
			if c := Cases(space).Draw(t, "case"); breaks(c) {
				last = &c
				t.Fatal("broken")
			}
		})
	}()
	<-ended
	require.NotNil(t, last, "no case breaks the property")
	return *last
}

// quiet is the test that rapid believes to run in: it is to fail.
type quiet struct{ rapid.TB }

func (*quiet) Helper()               {}
func (*quiet) Name() string          { return "smallest" }
func (*quiet) Logf(string, ...any)   {}
func (*quiet) Log(...any)            {}
func (*quiet) Errorf(string, ...any) {}
func (*quiet) FailNow()              { runtime.Goexit() }
func (*quiet) Failed() bool          { return false }
