package rulebook

import (
	"fmt"
	"io"
	"strings"

	"vmconform/internal/report"
)

// WriteText writes the report for people: of each rule its id, severity,
// sentence and source, and where they are asked for its cases and the totals.
func (r *Report) WriteText(w io.Writer, ink report.Ink) error {
	var b strings.Builder
	for _, x := range r.Rules {
		fmt.Fprintf(&b, "%s %s\n  %s\n  source: %s\n", ink.Severity(x.Severity, fmt.Sprintf("%-7s", x.Severity)), x.ID, x.Sentence, x.Source)
		if x.Cases != nil {
			fmt.Fprintf(&b, "  accepting: %s\n  rejecting: %s\n", list(x.Cases.Accepting, ink), list(x.Cases.Rejecting, ink))
		}
	}
	if t := r.Totals; t != nil {
		said := fmt.Sprintf("%d of %d rules have a case that accepts and one that rejects", t.Covered, t.Rules)
		if r.Lacks() {
			said = ink.Wrong(said)
		}
		fmt.Fprintf(&b, "%s: %d vectors, %d streams, %d properties, %d defects, %d tests\n", said,
			t.Cases[Vector], t.Cases[Stream], t.Cases[Property], t.Cases[Defect], t.Cases[Test])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func list(cases []Case, ink report.Ink) string {
	if len(cases) == 0 {
		return ink.Wrong("none")
	}
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = string(c.Kind) + " " + c.ID
	}
	return strings.Join(names, ", ")
}
