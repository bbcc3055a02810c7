package props

import (
	"errors"
	"fmt"
	"strings"

	"vmconform/rules"
)

// A Failure is one Case that a subject answers wrongly.
type Failure struct {
	Case
	Rule rules.ID // the rule that is broken
	Kind string   // how, in a word: the same for all cases of one fault, as far as that can be told
	What string   // how, for people
	Diff []string // want and got, part by part

	// Again is what the subject answered when it was asked once more, where that
	// was something else: in the same process, and in a new one.
	Again       []string
	Attribution Attribution

	answer *answer // that fails; nil where no single one does
}

// slow says whether the failure took time to see.
func (f *Failure) slow() bool {
	b, down := errors.AsType[*Breakdown](f.given().err)
	return down && b.slow()
}

// Decides says whether the failure is one for sure: not where the subject is flaky,
// or said nothing in time.
func (f *Failure) Decides() bool { return f.Again == nil && f.Kind != string(Silent) }

func (c Case) fail(rule rules.ID, kind string, diff []string, format string, args ...any) *Failure {
	return &Failure{Case: c, Rule: rule, Kind: kind, What: fmt.Sprintf(format, args...), Diff: diff}
}

// Fingerprint says what failed and how, in words without blanks. Together with
// the rule it tells failures apart.
func (f *Failure) Fingerprint() string {
	return fmt.Sprintf("%s:%s:%s", f.Property, f.Do, f.Kind)
}

// same says whether two failures are told apart by nothing.
func (f *Failure) same(g *Failure) bool {
	return f.Rule == g.Rule && f.Fingerprint() == g.Fingerprint()
}

// String prints what went wrong, and the case. Nothing in it changes from one
// run to the next.
func (f *Failure) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "failure: %s\n", f.What)
	for _, d := range f.Diff {
		fmt.Fprintf(&b, "         %s\n", d)
	}
	for _, again := range f.Again {
		fmt.Fprintf(&b, "again:   %s\n", again)
	}
	fmt.Fprintf(&b, "alone:   %v\n", f.Attribution)
	if r, ok := rules.Lookup(f.Rule); ok {
		fmt.Fprintf(&b, "breaks: %s: %s\n", r.ID, r.Sentence)
	}
	fmt.Fprintf(&b, "fingerprint: %s\n", f.Fingerprint())
	b.Write(f.Case.Text())
	return b.String()
}
