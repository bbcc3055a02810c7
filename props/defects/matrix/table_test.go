package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmconform/props"

	"github.com/stretchr/testify/require"
)

// all gives cells in which every property finds a defect in its first case.
func all() []cell {
	cells := make([]cell, len(props.All))
	for i := range cells {
		cells[i] = cell{limit: 100, killed: []int{1}}
	}
	return cells
}

// sound gives rows that show a sound harness.
func sound() []row {
	some := row{id: "some", sentence: "Does it wrong.", property: props.All[0].ID, links: true, cells: all()}
	some.cells[0] = cell{limit: 1000, killed: []int{100, 100, 1000}, shrunk: &size{3, 20, 1}}
	other := row{id: "other", sentence: "Does another thing.", property: props.All[1].ID, file: "impl/a.go", cells: all()}
	return []row{{id: reference, cells: make([]cell, len(props.All))}, some, other}
}

func TestFindings(t *testing.T) {
	require.Empty(t, findings(sound()))
	for want, spoil := range map[string]func(reference, some *row){
		"some: round-trip does not find it":                               func(_, some *row) { some.cells[0].killed = []int{0} },
		"some: round-trip takes 101 cases, more than 100":                 func(_, some *row) { some.cells[0].killed = []int{101, 100, 101} },
		"some: round-trip takes >1000 cases, more than 100":               func(_, some *row) { some.cells[0].killed = []int{1, 0, 0} },
		"some: the shrunk case of round-trip has 4 elements, more than 3": func(_, some *row) { some.cells[0].shrunk.Elements = 4 },
		props.All[2].ID + " finds a fault in the reference, in case 9":    func(reference, _ *row) { reference.cells[2].killed = []int{9} },
	} {
		rows := sound()
		spoil(&rows[0], &rows[1])
		list := findings(rows)
		require.Len(t, list, 1, want)
		require.EqualError(t, list[0], want)
	}
	rows := sound()
	rows[2].cells[1].shrunk = &size{4, 20, 1} // it is not of links
	require.Empty(t, findings(rows))
	rows[1].cells[2].killed, rows[2].cells[2].killed = []int{0}, []int{0}
	require.EqualError(t, findings(rows)[0], props.All[2].ID+" finds no defect")
}

func TestPage(t *testing.T) {
	rows := sound()
	rows[2].cells[0].killed = []int{0}
	rows[2].cells[2].killed = []int{7, 0, 9, 5}
	text := string(page(rows))
	for _, part := range []string{
		"harness is worth: 2 implementations",
		"each. 1 of them are layers",
		"(props/defects), 1 are patches",
		"Of the 2 defects 1 are meant to be found by the plain round trip. It finds 1,\nif it is given 100 cases.",
		"\n| other | Does another thing. `impl/a.go` | " + props.All[1].ID + " | 1 | 1 | – | – | – |\n| some | Does it wrong. | round-trip | 100 | 1000 | 3 | 20 | 1 |\n",
		"\n| other |  | **1 / 1** | 9 / >100 | 1 / 1 |",
		"\n| some | **100 / 1000 (3, 20, 1)** | 1 / 1 |",
		"\n| found | 1 | 2 | 2 |",
	} {
		require.Contains(t, text, part)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| other |  |") {
			require.Equal(t, len(props.All)+2, strings.Count(line, "|"))
		}
	}
}

// What make defects has written is of the defects and properties that there are.
func TestPageIsUpToDate(t *testing.T) {
	written, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "defects.md"))
	require.NoError(t, err)
	var want, got []string
	for _, trial := range trials("", "")[1:] {
		want = append(want, trial.described())
	}
	slices.Sort(want)
	table, _, _ := strings.Cut(string(written), "\n## Every defect")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| defect |") {
			got = append(got, strings.Join(strings.SplitAfterN(line, "|", 5)[:4], ""))
		}
	}
	require.Equal(t, want, got, "run make defects")
	var ids []string
	for _, p := range props.All {
		ids = append(ids, p.ID)
	}
	require.Contains(t, string(written), "\n| defect | "+strings.Join(ids, " | ")+" |\n", "run make defects")
}

// The elements of a queue may go by their place, which those that are there before
// the load have their part in: one there, of no bytes, and one in the stream.
func TestSizeOfALoadOver(t *testing.T) {
	c, err := props.ParseCase([]byte(`do: load-over
schema: {"schema":{"name":"a","version":1,"minimum":1,"fields":[{"name":"q","type":"queue","version":1,"elem":{"name":"b","version":1,"minimum":1,"fields":[]},"elems":[{"name":"c","version":1,"minimum":1,"fields":[]},{"name":"d","version":1,"minimum":1,"fields":[{"name":"x","type":"uint32","version":1}]}]}]}}
version: 1
before: {"q":[{}]}
value: {"q":[{},{"x":16843009}]}
stream: 010101010100
expect: accept
consumed: 6
`))
	require.NoError(t, err)
	require.Equal(t, &size{Elements: 2, Bytes: 6, Fields: 2}, sizeOf(c))
}
