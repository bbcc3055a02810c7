package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"vmconform/corpus"
	"vmconform/internal/record"
)

// scriptCommands are what the scripts have beside testscript's own commands.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"status":  scriptStatus,
	"oneline": scriptOneLine,
	"corpus":  scriptCorpus,
	"locate":  scriptLocate,
	"add":     scriptAdd,
	"patch":   scriptPatch,
	"cut":     scriptCut,
	"remove":  scriptRemove,
	"json":    scriptJSON,
	"qemu":    scriptQEMU,
	"waitfor": scriptWaitFor,
}

func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

// status N COMMAND ARG…: the command exits with N.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "status N COMMAND ARG…")
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := number(ts, args[0]); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// oneline: the last command printed one line to standard error.
func scriptOneLine(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "oneline")
	text := ts.ReadFile("stderr")
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") || !strings.HasPrefix(text, "conform: ") {
		ts.Fatalf("not one line: %q", text)
	}
}

// corpus NAME FILE: writes a stream of the corpus.
func scriptCorpus(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "corpus NAME FILE")
	entries, err := corpus.Entries()
	ts.Check(err)
	i := slices.IndexFunc(entries, func(e corpus.Entry) bool { return e.Name == args[0] })
	if i < 0 {
		ts.Fatalf("the corpus has no %s", args[0])
	}
	b, err := entries[i].Open()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o666))
}

// edit rewrites a file.
func edit(ts *testscript.TestScript, file string, f func(b []byte) []byte) {
	name := ts.MkAbs(file)
	b, err := os.ReadFile(name)
	ts.Check(err)
	ts.Check(os.WriteFile(name, f(b), 0o666))
}

// locate VAR FILE TEXT [HEX]: VAR becomes the offset behind the one place where
// FILE has these bytes.
func scriptLocate(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 3 || len(args) == 4), "locate VAR FILE TEXT [HEX]")
	mark := []byte(args[2])
	if len(args) == 4 {
		tail, err := hex.DecodeString(args[3])
		ts.Check(err)
		mark = append(mark, tail...)
	}
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	if n := bytes.Count(b, mark); n != 1 {
		ts.Fatalf("%q is there %d times", mark, n)
	}
	ts.Setenv(args[0], strconv.Itoa(bytes.Index(b, mark)+len(mark)))
}

// add VAR N…: VAR becomes the sum.
func scriptAdd(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) > 1, "add VAR N…")
	sum := 0
	for _, a := range args[1:] {
		sum += number(ts, a)
	}
	ts.Setenv(args[0], strconv.Itoa(sum))
}

// patch FILE OFFSET HEX: writes bytes over those of FILE.
func scriptPatch(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "patch FILE OFFSET HEX")
	with, err := hex.DecodeString(args[2])
	ts.Check(err)
	edit(ts, args[0], func(b []byte) []byte {
		copy(b[number(ts, args[1]):], with)
		return b
	})
}

// cut FILE N: leaves the first N bytes of FILE, or all but the last -N.
func scriptCut(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "cut FILE N")
	edit(ts, args[0], func(b []byte) []byte {
		n := number(ts, args[1])
		if n < 0 {
			n += len(b)
		}
		return b[:n]
	})
}

// remove FILE OFFSET N: takes N bytes out of FILE.
func scriptRemove(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "remove FILE OFFSET N")
	edit(ts, args[0], func(b []byte) []byte {
		at := number(ts, args[1])
		return slices.Delete(b, at, at+number(ts, args[2]))
	})
}

// [!] json FILE PATH VALUE: what stands at PATH is VALUE. PATH has keys and
// indices joined by dots, length for that of an array, and key=value for the first object of
// an array that has that. ! json FILE PATH: nothing stands there.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 3 && !neg || len(args) == 2 && neg, "json FILE PATH VALUE, or ! json FILE PATH")
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	var x any
	ts.Check(d.Decode(&x))
	for _, step := range strings.Split(args[1], ".") {
		next, ok := follow(x, step)
		if !ok && neg {
			return
		}
		if !ok {
			ts.Fatalf("%s: there is no %s", args[1], step)
		}
		x = next
	}
	switch got := fmt.Sprint(x); {
	case neg:
		ts.Fatalf("%s is there: %s", args[1], got)
	case got != args[2]:
		ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
	}
}

func follow(x any, step string) (any, bool) {
	switch x := x.(type) {
	case map[string]any:
		v, ok := x[step]
		return v, ok
	case []any:
		if step == "length" {
			return len(x), true
		}
		if key, value, ok := strings.Cut(step, "="); ok {
			i := slices.IndexFunc(x, func(e any) bool {
				v, ok := follow(e, key)
				return ok && fmt.Sprint(v) == value
			})
			if i < 0 {
				return nil, false
			}
			return x[i], true
		}
		i, err := strconv.Atoi(step)
		if err == nil && i < len(x) {
			return x[i], true
		}
	}
	return nil, false
}

// findQEMU finds the program of install ("system", "qemu10") for target. Where
// it is missing, ok is false, which is an error if CI=true.
func findQEMU(install, target string) (i record.Install, program string, ok bool, err error) {
	all := record.Installs()
	at := slices.IndexFunc(all, func(i record.Install) bool { return i.Name == install })
	if at < 0 {
		return i, "", false, fmt.Errorf("no installation is called %s", install)
	}
	program, err = all[at].Find(target)
	if err != nil && os.Getenv("CI") != "true" {
		return all[at], "", false, nil
	}
	return all[at], program, err == nil, err
}

// condition is [qemu:INSTALL:TARGET], or [race].
func condition(cond string) (bool, error) {
	if cond == "race" {
		return raceEnabled, nil
	}
	parts := strings.Split(cond, ":")
	if len(parts) != 3 || parts[0] != "qemu" {
		return false, fmt.Errorf("unknown condition %s", cond)
	}
	_, _, ok, err := findQEMU(parts[1], parts[2])
	return ok, err
}

// qemu INSTALL TARGET: sets QEMU to the program and QEMUDATA to its -L.
func scriptQEMU(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "qemu INSTALL TARGET")
	install, program, _, err := findQEMU(args[0], args[1])
	ts.Check(err)
	ts.Setenv("QEMU", program)
	ts.Setenv("QEMUDATA", "/usr/share/qemu")
	if a := install.Args(); len(a) == 2 {
		ts.Setenv("QEMUDATA", a[1])
	}
	for _, e := range install.Env() {
		name, value, _ := strings.Cut(e, "=")
		ts.Setenv(name, value)
	}
}

// waitfor FILE: waits until a command in the background has made it.
func scriptWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "waitfor FILE")
	for range 200 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s was never made", args[0])
}
