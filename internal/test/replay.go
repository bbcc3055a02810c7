package test

import (
	"fmt"
	"io"
	"strings"

	"vmconform/internal/report"
	"vmconform/props"
)

// A Replayed is the report of `conform replay`.
type Replayed struct {
	Tool     string         `json:"tool"`
	Command  string         `json:"command"`
	Verdict  report.Verdict `json:"verdict"`
	Target   string         `json:"target"`
	Property string         `json:"property"` // "" where the case is of none
	Failure  *Failure       `json:"failure,omitempty"`
}

// Replay asks a target for what one case says.
func Replay(c props.Case, target func() (props.Subject, error)) (*Replayed, error) {
	s, err := target()
	if err != nil {
		return nil, err
	}
	r := &Replayed{Tool: report.Tool, Command: "replay", Verdict: report.Pass, Target: s.Name(), Property: c.Property}
	if !c.Asks(s) {
		return nil, fmt.Errorf("%s: it does not show its memory, as the case asks for", s.Name())
	}
	if f := c.Try(s); f != nil {
		failure := failureOf(f)
		r.Verdict, r.Failure = report.Fail, &failure
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
	if r.Failure != nil {
		r.Failure.text(&b, ink)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
