// Command matrix tries every property on every defect of package defects and
// writes docs/defects.md: which property finds which defect, after how many
// cases, and how small the case becomes. Run it in the module, by make defects.
//
// It exits with 1 if the harness does not find what it has to.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"vmconform/props"
	"vmconform/props/defects"
)

func main() {
	testing.Init() // for rapid
	flag.Parse()
	var err error
	if flag.NArg() == 0 {
		err = run()
	} else { // started by another matrix
		err = answer(os.Stdin, os.Stdout, flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "matrix")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	rows, err := tryAll(root, work)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "defects.md"), page(rows), 0o666); err != nil {
		return err
	}
	return errors.Join(findings(rows)...)
}

// A trial is one row to be made, and how to get its subject.
type trial struct {
	row
	binary func() (string, error)
	defect string
}

// trials lists the rows to be made, the reference's first.
func trials(root, work string) []trial {
	list := []trial{{row{id: reference}, os.Executable, reference}}
	for _, p := range defects.Patches {
		patched := func() (string, error) { return build(p, root, work) }
		list = append(list, trial{row{id: p.ID, sentence: p.Sentence, property: p.Property, links: p.OfLinks(), file: p.File}, patched, reference})
	}
	for _, d := range defects.All {
		list = append(list, trial{row{id: d.ID, sentence: d.Sentence, property: d.Property, links: d.OfLinks()}, os.Executable, d.ID})
	}
	return list
}

// tryAll makes the rows, as many at a time as there are processors. It begins
// none after an error.
func tryAll(root, work string) ([]row, error) {
	list := trials(root, work)
	rows, errs := make([]row, len(list)), make([]error, len(list))
	var begun atomic.Int64
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for i := begun.Add(1) - 1; int(i) < len(list); i = begun.Add(1) - 1 {
				if rows[i], errs[i] = list[i].try(); errs[i] != nil {
					begun.Store(int64(len(list)))
					return
				}
				fmt.Fprintf(os.Stderr, "%d of %d: %v\n", i+1, len(list), rows[i])
			}
		})
	}
	wg.Wait()
	return rows, errors.Join(errs...)
}

// How far a property is tried on a defect.
const (
	seeds      = 20
	namedCases = 1000 // of a seed, where the property has to find the defect
	otherCases = 100  // and where it does not
)

// try tries every property.
func (t trial) try() (row, error) {
	binary, err := t.binary()
	if err != nil {
		return t.row, err
	}
	s := &subject{binary: binary, defect: t.defect, silence: silence}
	defer s.end()
	r := t.row
	for _, p := range props.All {
		c, err := s.cell(p.ID, p.ID == r.property)
		if err != nil {
			return r, fmt.Errorf("%s: %s: %w", r.id, p.ID, err)
		}
		r.cells = append(r.cells, c)
	}
	return r, nil
}

// cell tries one property, as often as it takes.
func (s *subject) cell(property string, named bool) (cell, error) {
	c := cell{limit: otherCases}
	if named {
		c.limit = namedCases
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		a, err := s.ask(question{Property: property, Seed: seed, Cases: c.limit, Shrink: seed == 1})
		if err != nil {
			return c, err
		}
		c.killed = append(c.killed, a.Killed)
		if seed == 1 {
			c.shrunk = a.Shrunk
			if a.Killed == 0 {
				break
			}
		}
	}
	return c, nil
}
