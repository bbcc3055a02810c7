package test

import (
	"fmt"
	"io"
	"strings"

	"vmconform/internal/report"
	"vmconform/rules"
)

// WriteText writes the report for people: a line for each property and what
// breaks it. When quiet, properties that hold are left out.
func (r *Report) WriteText(w io.Writer, ink report.Ink, quiet bool) error {
	var b strings.Builder
	r.Unfit.text(&b, ink, r.Target)
	for _, p := range r.Properties {
		if quiet && p.Verdict == report.Pass || r.Unfit != nil && r.Unfit.When == "first" {
			continue
		}
		fmt.Fprintf(&b, "%s %s: %s\n", ink.Verdict(p.Verdict, fmt.Sprintf("%-9s", p.Verdict)), p.ID, p.summary())
		for i, f := range p.Failures {
			f.text(&b, ink)
			if i+1 < len(p.Failures) {
				b.WriteByte('\n')
			}
		}
	}
	for _, e := range r.Known {
		if e.Status != Fails {
			b.WriteString(e.Line(ink, quiet))
		}
	}
	if !quiet {
		g := r.Generator
		skipped := 0
		for _, p := range r.Properties {
			if p.Verdict == Skipped {
				skipped++
			}
		}
		not := ""
		if skipped > 0 {
			not = fmt.Sprintf(" (%d of them skipped)", skipped)
		}
		fmt.Fprintf(&b, "%s %s: %d properties%s, %d cases, seed %d; %d draws discarded, up to %d vmsds deep, queues in %s of the cases, queues in queues in %s\n",
			ink.Verdict(r.Verdict, fmt.Sprintf("%-9s", r.Verdict)), report.Clean(r.Target), len(r.Properties), not, r.Cases, r.Seed,
			g.Discarded, max(0, len(g.Depth)-1), percent(g.Labels["queue"], g.Cases), percent(g.Labels["queue in a queue"], g.Cases))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Line says what became of a known failure, for people.
func (e KnownEntry) Line(ink report.Ink, quiet bool) string {
	word := string(e.Status)
	switch {
	case e.Status == NotTried && quiet:
		return ""
	case e.Status == Passes || e.Status == Unmatched:
		word = ink.Wrong(word)
	}
	return fmt.Sprintf("known     %s: %s %s (%s)\n", word, report.Clean(string(e.Rule)), report.Clean(e.Fingerprint), report.Clean(e.Reason))
}

// text writes why a target is unfit, if it is.
func (u *Unfit) text(b *strings.Builder, ink report.Ink, target string) {
	if u == nil {
		return
	}
	nothing := ""
	if u.When == "first" {
		nothing = "; nothing else is tried"
	}
	fmt.Fprintf(b, "%s %s: unfit: %s%s\n", ink.Verdict(u.verdict(), fmt.Sprintf("%-9s", u.verdict())), report.Clean(target), u.Problem, nothing)
	if u.Failure != nil {
		u.Failure.text(b, ink)
	}
}

func (p Property) summary() string {
	s := fmt.Sprintf("%d cases", p.Cases)
	if p.Tried < p.Cases {
		s += fmt.Sprintf(", %d of them to the point", p.Tried)
	}
	if p.Skipped > 0 {
		s += fmt.Sprintf(", %d requests skipped by the target", p.Skipped)
	}
	if p.Ended {
		s += ", ended early"
	}
	switch n := len(p.Failures); {
	case n == 1:
		s += ", fails in 1 way"
	case n > 1:
		s += fmt.Sprintf(", fails in %d ways", n)
	}
	if p.Problem != "" {
		s += ", " + p.Problem
	}
	return s
}

func percent(part, whole int) string {
	if whole == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

func sentence(id rules.ID) string {
	r, _ := rules.Lookup(id)
	return fmt.Sprintf("%s: %s", id, r.Sentence)
}

// longestLine bounds a line of a case in a report for people, in bytes.
const longestLine = 2000

// text writes a failure under the line that says what it is one of.
func (f Failure) text(b *strings.Builder, ink report.Ink) {
	for i, line := range strings.Split(f.What, "\n") { // a panic says where
		if line = report.Clean(line); i == 0 {
			line = ink.Wrong(line)
		}
		fmt.Fprintf(b, "  %s\n", line)
	}
	for _, d := range f.Diff {
		fmt.Fprintf(b, "    %s\n", report.Clean(d))
	}
	if f.Again != nil {
		fmt.Fprintf(b, "  %s, then %s\n", ink.Wrong("flaky: "+report.Clean(f.Attribution.Target)), report.Clean(strings.Join(f.Again, ", ")))
	}
	fmt.Fprintf(b, "  %s\n", report.Clean(f.said))
	fmt.Fprintf(b, "  breaks: %s\n  %s", sentence(f.Rule), f.Fingerprint)
	if f.Case > 0 {
		fmt.Fprintf(b, ", first at case %d", f.Case)
	}
	b.WriteByte('\n')
	for line := range strings.Lines(f.Text) {
		if len(line) > longestLine {
			line = strings.ToValidUTF8(line[:longestLine], "") + "… (cut; --format json and the word below have it whole)\n"
		}
		fmt.Fprintf(b, "    %s", line)
	}
	fmt.Fprintf(b, "  replay: conform replay %s\n", f.Token)
}
