// Command mutate runs the mutation tests of one package: gremlins changes one
// operator at a time and runs the tests, and a mutant that no test notices is a
// survivor. Survivors are reviewed one by one: most fall to a new test case, and
// what is left is equivalent, which a list says with the reason.
//
//	go run ./internal/mutate PACKAGE [FILE…]
//
// PACKAGE is a folder of the module (impl/tailq); FILEs, named without it, narrow
// the run and its report. It is run in the module's root, wants bash and works in
// a temporary copy of the tree.
//
// docs/mutation/impl-tailq.txt is the list, and docs/mutation/impl-tailq.md the
// report of the last run. A survivor that is not in the list
// (printed in its form), and an entry of the list that does not survive, make
// the exit status 1; it is 2 where the run failed.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/mutate PACKAGE [FILE…]")
		os.Exit(2)
	}
	ok, err := mutate(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// mutate says whether the survivors are those of the list.
func mutate(pkg string, files []string) (bool, error) {
	base := "docs/mutation/" + strings.ReplaceAll(pkg, "/", "-")
	list, err := os.ReadFile(base + ".txt")
	if err != nil && !os.IsNotExist(err) {
		return false, err
	}
	reviewed, err := parseReviewed(string(list))
	if err != nil {
		return false, fmt.Errorf("%s.txt: %w", base, err)
	}
	mutants, err := unleash(pkg, files)
	if err != nil {
		return false, err
	}
	if len(mutants) == 0 {
		return false, fmt.Errorf("%s has no mutants", pkg)
	}
	if len(files) > 0 {
		reviewed = slices.DeleteFunc(reviewed, func(r review) bool { return !slices.Contains(files, r.file) })
	}
	open, stale := compare(mutants, reviewed)
	if err := os.WriteFile(base+".md", []byte(report(pkg, files, mutants, reviewed, open)), 0o666); err != nil {
		return false, err
	}
	fmt.Println(count(mutants))
	for _, m := range open {
		fmt.Printf("\nnot reviewed, %s:\n%v\n", m.status, m.id)
	}
	for _, r := range stale {
		fmt.Printf("\nreviewed, but does not survive:\n%v\n", r.id)
	}
	return len(open)+len(stale) == 0, nil
}
