package main

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The recordings are of go 1.26, with the case that a failure prints left out.
// The numbers expected are those of their last lines of progress.
func TestParse(t *testing.T) {
	for name, want := range map[string]tally{
		"clean": {execs: 109315, interesting: 13},
		"crash": {execs: 12718, interesting: 13, crasher: "FuzzLoadState/c6bd38b4e27656b3", written: true},
		"known": {crasher: "FuzzLoadState/c6bd38b4e27656b3"},
	} {
		text, err := os.ReadFile("testdata/" + name + ".txt")
		require.NoError(t, err)
		require.Equal(t, want, parse(string(text)), name)
	}
	require.Equal(t, tally{}, parse("fuzz: elapsed: 9s, gathering baseline coverage: 84/1073 completed\nPASS\n"))
}

// fakeGo puts a go into the path: a shell script, run among the recordings.
func fakeGo(t *testing.T, script string) {
	t.Helper()
	recordings, err := filepath.Abs("testdata")
	require.NoError(t, err)
	dir := t.TempDir()
	text := "#!/bin/sh\ncd " + recordings + "\n" + script
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), []byte(text), 0o777))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// tableOf makes a file that a row can be added to, or not.
func tableOf(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fuzzing.md")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o666))
	return file
}

const head = "# x\n\n| date | target |\n" + rule + "\n"

// Each target is run, whatever became of the one before; each that tried
// something, or crashed, has its row, and the rows before are kept.
func TestFuzz(t *testing.T) {
	fakeGo(t, `case "$*" in
"test -list ^Fuzz ./fuzz") printf 'FuzzCrash\nFuzzBroken\nFuzzKnown\nFuzzClean\nFuzzSlow\nok  \tvmconform/fuzz\t0.1s\n' ;;
"test -run ^$ -fuzz ^FuzzCrash$ -fuzztime 1m -fuzzminimizetime 10x ./fuzz") sed 's/FuzzLoadState/FuzzCrash/' crash.txt; exit 1 ;;
*FuzzKnown*) sed 's/FuzzLoadState/FuzzKnown/' known.txt; exit 1 ;;
*FuzzClean*) cat clean.txt ;;
*FuzzSlow*) echo PASS ;;
*) exit 3 ;;
esac`)
	before := head + "| 2026-01-02 | FuzzOld | 1m | 8 | 1000 | 5 | 0 | 5000 |\n"
	file := tableOf(t, before)
	var out strings.Builder
	err := fuzz(&out, file, "1m")
	require.ErrorContains(t, err, "FuzzCrash: fails on fuzz/testdata/fuzz/FuzzCrash/c6bd38b4e27656b3\n  go test ./fuzz -run '^FuzzCrash$/^c6bd38b4e27656b3$'")
	require.ErrorContains(t, err, "FuzzKnown: fails on FuzzKnown/c6bd38b4e27656b3\n  go test ./fuzz -run '^FuzzKnown$/^c6bd38b4e27656b3$'")
	require.ErrorContains(t, err, "FuzzBroken: go test: exit status 3, without an input that it fails on")
	require.ErrorContains(t, err, "FuzzSlow: nothing was tried")
	require.NotContains(t, err.Error(), "FuzzClean")
	require.Contains(t, out.String(), "fuzz: elapsed: 36s, execs: 4338 (530/sec), new interesting: 1 (total: 2099)\n", "go's progress")

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	added, ok := strings.CutPrefix(string(text), before)
	require.True(t, ok, "%s", text)
	var rows [][]string
	for line := range strings.Lines(added) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		require.Regexp(t, `^\d{4}-\d\d-\d\d$`, cells[0])
		require.Equal(t, strconv.Itoa(cores()), cells[3])
		rows = append(rows, append(cells[1:3:3], cells[4:]...))
	}
	require.Equal(t, [][]string{
		{"FuzzCrash", "1m", "12718", "13", "1", "17718"}, // 5000 + 12718
		{"FuzzKnown", "1m", "0", "0", "1", "17718"},
		{"FuzzClean", "1m", "109315", "13", "0", "127033"}, // + 109315
	}, rows)
}

func TestNoCrasherIsNoError(t *testing.T) {
	fakeGo(t, `case "$*" in *-list*) echo FuzzOne ;; *) echo 'fuzz: elapsed: 3s, execs: 7 (2/sec), new interesting: 0 (total: 5)' ;; esac`)
	file := tableOf(t, head)
	require.NoError(t, fuzz(io.Discard, file, "3s"))
	sum, err := sumOf(file)
	require.NoError(t, err)
	require.Equal(t, 7, sum)
}

func TestNoTargets(t *testing.T) {
	fakeGo(t, "echo ok")
	require.ErrorContains(t, fuzz(io.Discard, tableOf(t, head), "3s"), "no fuzz targets")
	fakeGo(t, "echo FuzzOne; exit 1")
	require.ErrorContains(t, fuzz(io.Discard, tableOf(t, head), "3s"), "go test -list: exit status 1")
}

// A table that cannot be added to is refused before anything runs.
func TestNoTable(t *testing.T) {
	fakeGo(t, "exit 3")
	for _, text := range []string{
		"", "# x\n", "| a | 5 |\n", strings.TrimSuffix(head, "\n"), head + "| a | 5 |", head + "| a | 5 |\nmore\n", head + "| a | many |\n",
		head + "| a | 99999999999999999999 |\n",
	} {
		err := fuzz(io.Discard, tableOf(t, text), "3s")
		require.Error(t, err, "%q", text)
		require.NotContains(t, err.Error(), "exit status", "%q", text)
	}
}

// The rows of the module's own table add up.
func TestTableAddsUp(t *testing.T) {
	file := filepath.Join("..", "..", table)
	sum, err := sumOf(file)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	_, rows, ok := strings.Cut(string(text), rule+"\n")
	require.True(t, ok)
	total := 0
	for line := range strings.Lines(rows) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		n, err := strconv.Atoi(cells[4])
		require.NoError(t, err, line)
		total += n
		require.Equal(t, strconv.Itoa(total), cells[7], line)
	}
	require.Equal(t, total, sum)
}
