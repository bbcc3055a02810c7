package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const source = `package p

var shift = 1 << 3

func (q *queue[T]) push(n int) bool {
	if n < 0 || n < 0 {
		return n == -1
	}
	n++
	return n < 0 || n < 0
}

func pop(n int) bool {
	for {
		if n < 0 || n < 0 {
			break
		}
	}
	n += 2
	return n != 2
}
`

// positions of operators in source, line and column counted by hand.
func mutants() []mutant {
	at := func(line, column int, mutation, status string) mutant {
		return mutant{id: id{mutation: mutation}, line: line, column: column, status: status}
	}
	return []mutant{
		at(19, 4, "REMOVE_SELF_ASSIGNMENTS", killed),
		at(6, 7, "CONDITIONALS_BOUNDARY", lived),
		at(6, 16, "CONDITIONALS_BOUNDARY", killed),
		at(6, 11, "INVERT_LOGICAL", timedOut),
		at(3, 15, "INVERT_BITWISE", lived),
		at(7, 15, "ARITHMETIC_BASE", notCompiled),
		at(16, 4, "INVERT_LOOPCTRL", killed),
		at(15, 8, "CONDITIONALS_BOUNDARY", lived),
	}
}

func TestNamesSayWhereAMutantIs(t *testing.T) {
	m := mutants()
	require.NoError(t, name("p.go", []byte(source), m))
	var got []string
	for _, m := range m {
		got = append(got, m.String())
	}
	assert.Equal(t, []string{
		"p.go, package, INVERT_BITWISE\n\tvar shift = 1 «<<» 3",
		"p.go, queue.push, CONDITIONALS_BOUNDARY\n\tif n «<» 0 || n < 0 {",
		"p.go, queue.push, INVERT_LOGICAL\n\tif n < 0 «||» n < 0 {",
		"p.go, queue.push, CONDITIONALS_BOUNDARY\n\tif n < 0 || n «<» 0 {",
		"p.go, queue.push, ARITHMETIC_BASE\n\treturn n == «-»1",
		"p.go, pop, CONDITIONALS_BOUNDARY\n\tif n «<» 0 || n < 0 {",
		"p.go, pop, INVERT_LOOPCTRL\n\t«break»",
		"p.go, pop, REMOVE_SELF_ASSIGNMENTS\n\tn «+=» 2",
	}, got)
}

func TestEqualLinesOfAFunctionAreNumbered(t *testing.T) {
	twice := "package p\n\nfunc f(n int) {\n\tn++\n\tn++\n}\n\nfunc g(n int) {\n\tn++\n}\n"
	m := []mutant{{line: 5, column: 3}, {line: 4, column: 3}, {line: 9, column: 3}}
	require.NoError(t, name("p.go", []byte(twice), m))
	assert.Equal(t, []int{1, 2, 1}, []int{m[0].nth, m[1].nth, m[2].nth})
	assert.Contains(t, m[1].String(), ", 2\n")
}

// list names the survivors of mutants() but the one that timed out.
const list = `
p.go, package, INVERT_BITWISE
	var shift = 1 «<<» 3
	A reason.

p.go, queue.push, CONDITIONALS_BOUNDARY
	if n «<» 0 || n < 0 {
	A reason
	of two lines.


p.go, pop, CONDITIONALS_BOUNDARY
	if n «<» 0 || n < 0 {
	Another.
`

func TestSurvivorsAreComparedWithTheList(t *testing.T) {
	m := mutants()
	require.NoError(t, name("p.go", []byte(source), m))
	for _, c := range []struct {
		name        string
		list        string
		open, stale string
	}{
		{"one not reviewed", list, "INVERT_LOGICAL", ""},
		{"all reviewed", list + "\np.go, queue.push, INVERT_LOGICAL\n\tif n < 0 «||» n < 0 {\n\tEquivalent.\n",
			"", ""},
		{"one that was killed", list + "\np.go, pop, REMOVE_SELF_ASSIGNMENTS\n\tn «+=» 2\n\tNo.\n",
			"INVERT_LOGICAL", "REMOVE_SELF_ASSIGNMENTS"},
		{"one that does not compile", list + "\np.go, queue.push, ARITHMETIC_BASE\n\treturn n == «-»1\n\tNo.\n",
			"INVERT_LOGICAL", "ARITHMETIC_BASE"},
		{"one of a function that is no more", strings.Replace(list, "pop", "shift", 1),
			"INVERT_LOGICAL CONDITIONALS_BOUNDARY", "CONDITIONALS_BOUNDARY"},
		{"the second of two where there is one", strings.Replace(list, "pop, CONDITIONALS_BOUNDARY", "pop, CONDITIONALS_BOUNDARY, 2", 1),
			"INVERT_LOGICAL CONDITIONALS_BOUNDARY", "CONDITIONALS_BOUNDARY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reviewed, err := parseReviewed(c.list)
			require.NoError(t, err)
			open, stale := compare(m, reviewed)
			var got [2][]string
			for _, m := range open {
				got[0] = append(got[0], m.mutation)
			}
			for _, r := range stale {
				got[1] = append(got[1], r.mutation)
			}
			assert.Equal(t, c.open, strings.Join(got[0], " "))
			assert.Equal(t, c.stale, strings.Join(got[1], " "))
		})
	}
}

func TestAListHasAReasonForEachEntryAndEachEntryOnce(t *testing.T) {
	reviewed, err := parseReviewed(list)
	require.NoError(t, err)
	assert.Equal(t, "A reason of two lines.", reviewed[1].reason)

	for _, bad := range []string{
		"p.go, pop, INVERT_LOGICAL\n\tif n < 0 «||» n < 0 {\n",
		"p.go, pop\n\tif n < 0 «||» n < 0 {\n\tA reason.\n",
		"p.go, pop, INVERT_LOGICAL, two\n\tif n < 0 «||» n < 0 {\n\tA reason.\n",
		list + list,
	} {
		_, err := parseReviewed(bad)
		assert.Error(t, err, bad)
	}
}

// 3 of 3+3: what does not compile and what timed out count for nothing.
func TestTheScoreIsOfKilledAndAlive(t *testing.T) {
	m := mutants()
	require.NoError(t, name("p.go", []byte(source), m))
	assert.Equal(t, tally{killed: 3, alive: 3, timedOut: 1, notCompiled: 1}, count(m))
	assert.Equal(t, "50.0 %", count(m).score())

	reviewed, err := parseReviewed(list)
	require.NoError(t, err)
	open, _ := compare(m, reviewed)
	page := report("a/p", nil, m, reviewed, open)
	assert.Contains(t, page, "\n| `p.go` | 3 | 3 | 50.0 % | 1 | 1 |\n| all | 3 | 3 | 50.0 % | 1 | 1 |\n")
	listed, left, found := strings.Cut(page, "## Not reviewed")
	require.True(t, found)
	assert.Contains(t, listed, "A reason of two lines.")
	assert.Contains(t, left, "INVERT_LOGICAL")
	assert.NotContains(t, report("a/p", nil, m, reviewed, nil), "Not reviewed")
	page = report("a/p", []string{"x.go", "y.go"}, nil, nil, nil)
	assert.NotContains(t, page, "##")
	assert.Contains(t, page, "`make mutate PKG=a/p FILES=\"x.go y.go\"`")
}
