package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// A tally is what go's output says of one target.
type tally struct {
	execs       int    // inputs tried, the seeds among them; 0 where it got no further than those
	interesting int    // inputs that reached code which none before had reached
	crasher     string // target/name of an input that it fails on, "" for none
	written     bool   // the crasher is a new file in testdata/fuzz
}

var (
	progress = regexp.MustCompile(`(?m)^fuzz: elapsed: \S+, execs: (\d+) \(\d+/sec\), new interesting: (\d+) \(total: \d+\)$`)
	written  = regexp.MustCompile(`(?m)^ +Failing input written to testdata/fuzz/(\S+)$`)
	known    = regexp.MustCompile(`(?m)^failure while testing seed corpus entry: (\S+)$`)
)

// parse reads the output of go test -fuzz. The last line of progress counts.
func parse(output string) tally {
	var t tally
	if all := progress.FindAllStringSubmatch(output, -1); all != nil {
		last := all[len(all)-1]
		t.execs, _ = strconv.Atoi(last[1]) // digits; 0 if there are too many
		t.interesting, _ = strconv.Atoi(last[2])
	}
	if m := written.FindStringSubmatch(output); m != nil {
		t.crasher, t.written = m[1], true
	} else if m := known.FindStringSubmatch(output); m != nil {
		t.crasher = m[1]
	}
	return t
}

// row is a line of the table; sum is of the executions up to this one.
func row(date, target, fuzztime string, t tally, sum int) string {
	crashers := 0
	if t.crasher != "" {
		crashers = 1
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %d | %d | %d | %d |\n", date, target, fuzztime, cores(), t.execs, t.interesting, crashers, sum)
}

// rule ends the head of the table.
const rule = "|---|---|---|--:|--:|--:|--:|--:|"

var lastSum = regexp.MustCompile(`\| (\d+) \|\n$`)

// sumOf is the sum of executions that the last row of a table gives: 0 if it has
// none.
func sumOf(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	_, rows, ok := strings.Cut(string(text), rule+"\n")
	last := lastSum.FindStringSubmatch(rows)
	switch {
	case ok && rows == "":
		return 0, nil
	case last == nil:
		return 0, fmt.Errorf("%s: it does not end with its table", file)
	}
	return strconv.Atoi(last[1])
}

// add appends a row; earlier ones stay as they are.
func add(file, row string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(row); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
