package test

import (
	"fmt"
	"io"
	"strings"

	"vmconform/internal/report"
	"vmconform/internal/target"
	"vmconform/props"
)

// A Replayed is the report of `conform replay`.
type Replayed struct {
	Tool     string         `json:"tool"`
	Command  string         `json:"command"`
	Verdict  report.Verdict `json:"verdict"`
	Target   string         `json:"target"`
	Says     *target.Hello  `json:"implementation,omitempty"` // what a target outside says of itself
	Property string         `json:"property"`                 // "" where the case is of none
	Problem  string         `json:"problem,omitempty"`        // why there is no verdict
	Failure  *Failure       `json:"failure,omitempty"`
}

// Replay asks a target for what one case says. The target is closed in the end, if
// it is an io.Closer.
func Replay(c props.Case, newTarget func() (props.Subject, error)) (*Replayed, error) {
	s, err := newTarget()
	if err != nil {
		return nil, err
	}
	if closer, ok := s.(io.Closer); ok {
		defer closer.Close() // it ends
	}
	r := &Replayed{Tool: report.Tool, Command: "replay", Verdict: report.Pass, Target: s.Name(), Property: c.Property}
	if t, ok := s.(*target.Subject); ok {
		hello := t.Hello()
		r.Says = &hello
	}
	if lacks := c.Lacks(s); lacks != "" {
		return nil, fmt.Errorf("%s: %s", s.Name(), lacks)
	}
	switch f, asked := c.TryAsked(s); {
	case f != nil:
		failure := failureOf(f)
		r.Verdict, r.Failure = failure.Verdict, &failure
	case !asked:
		r.Verdict, r.Problem = report.Undecided, "the target skips the case"
	}
	return r, nil
}

// WriteText writes the report for people.
func (r *Replayed) WriteText(w io.Writer, ink report.Ink) error {
	what := "the case"
	if r.Property != "" {
		what = "a case of " + report.Clean(r.Property)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", ink.Verdict(r.Verdict, fmt.Sprintf("%-9s", r.Verdict)), report.Clean(r.Target), what)
	if r.Problem != "" {
		fmt.Fprintf(&b, "  %s\n", r.Problem)
	}
	if r.Failure != nil {
		r.Failure.text(&b, ink)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
