// Command fuzzlong runs every fuzz target in turn, each for the same time, and
// adds a row for each to the table of docs/fuzzing.md, which sums what was tried
// over all runs.
//
//	go run ./internal/fuzzlong FUZZTIME
//
// FUZZTIME is what go test -fuzztime takes. It is run in the module's root;
// progress is go's own. A target that finds a crasher does not keep the others
// from running. The exit status is 1 where there was one, or where a target did
// not run.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

const table = "docs/fuzzing.md"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/fuzzlong FUZZTIME")
		os.Exit(1)
	}
	if err := fuzz(os.Stdout, table, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "fuzzlong:", err)
		os.Exit(1)
	}
}

// fuzz runs all targets and adds their rows to a table. Its error names each
// crasher, and the command that repeats it.
func fuzz(out io.Writer, table, fuzztime string) error {
	sum, err := sumOf(table) // half an hour for a row that goes nowhere is too late
	if err != nil {
		return err
	}
	targets, err := list()
	if err != nil {
		return err
	}
	var failed []error
	for i, target := range targets {
		fmt.Fprintf(out, "== %s for %s (%d of %d)\n", target, fuzztime, i+1, len(targets))
		date := time.Now().UTC().Format(time.DateOnly)
		t, failure := run(out, target, fuzztime)
		if failure != nil {
			failed = append(failed, fmt.Errorf("%s: %w", target, failure))
		}
		if t.execs == 0 && t.crasher == "" {
			continue
		}
		sum += t.execs
		if err := add(table, row(date, target, fuzztime, t, sum)); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "== %d executions in all, see %s\n", sum, table)
	return errors.Join(failed...)
}

// list names the targets.
func list() ([]string, error) {
	out, err := goTest(io.Discard, "-list", "^Fuzz", "./fuzz")
	if err != nil {
		return nil, fmt.Errorf("go test -list: %w\n%s", err, out)
	}
	var targets []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Fuzz") {
			targets = append(targets, line)
		}
	}
	if len(targets) == 0 {
		return nil, errors.New("no fuzz targets in fuzz/")
	}
	return targets, nil
}

// run fuzzes one target. Its error says what is to be done about a crasher. A
// target that has tried nothing has failed.
func run(out io.Writer, target, fuzztime string) (tally, error) {
	// Without a limit Go makes each interesting input smaller for up to a minute.
	text, err := goTest(out, "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", fuzztime, "-fuzzminimizetime", "10x", "./fuzz")
	t := parse(text)
	switch {
	case err == nil && t.execs == 0:
		return t, errors.New("nothing was tried beyond the seeds: more time is needed")
	case err == nil:
		return t, nil
	case t.crasher == "":
		return t, fmt.Errorf("go test: %w, without an input that it fails on", err)
	}
	name := t.crasher
	if t.written {
		name = "fuzz/testdata/fuzz/" + t.crasher
	}
	entry := strings.TrimPrefix(t.crasher, target+"/")
	return t, fmt.Errorf("fails on %s\n  go test ./fuzz -run '^%s$/^%s$'", name, target, entry)
}

// goTest runs go test and returns its standard output, which out gets as it
// comes.
func goTest(out io.Writer, args ...string) (string, error) {
	var text bytes.Buffer
	cmd := exec.Command("go", append([]string{"test"}, args...)...)
	cmd.Stdout = io.MultiWriter(out, &text)
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	return text.String(), err
}

// cores are those that go fuzzes with.
func cores() int { return runtime.GOMAXPROCS(0) }
