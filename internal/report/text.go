package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"vmconform/rules"
)

// WriteText writes the report for people: a line for each stream with what was
// found, and one for each finding. When quiet, streams without fault are left
// out.
func (r *Check) WriteText(w io.Writer, ink Ink, quiet bool) error {
	var b strings.Builder
	for _, f := range r.Files {
		agrees := f.Expected == nil || f.Expected.Agrees
		if f.Error != "" || quiet && agrees && f.Verdict == Pass && !f.Has(rules.SeverityWarning) {
			continue
		}
		f.text(&b, ink)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *File) text(b *strings.Builder, ink Ink) {
	fmt.Fprintf(b, "%s %s: %s\n", ink.Verdict(f.Verdict, fmt.Sprintf("%-9s", f.Verdict)), f.Name, f.summary())
	for _, x := range f.Findings {
		if x.Severity == rules.SeverityNote {
			continue
		}
		word, line, _ := strings.Cut(x.Line(), " ")
		fmt.Fprintf(b, "  %s %s\n", ink.Severity(x.Severity, word), line)
	}
	if f.Expected != nil && !f.Expected.Agrees {
		fmt.Fprintf(b, "  %s: %s\n", ink.Wrong("not as its manifest says"), f.Expected.Why)
	}
}

// summary says in one line what a stream holds.
func (f *File) summary() string {
	parts := []string{count(f.Bytes, "byte", "bytes")}
	if n := len(f.Devices); n > 0 {
		decoded := 0
		for _, d := range f.Devices {
			if d.Decoded == "full" {
				decoded++
			}
		}
		parts = append(parts, fmt.Sprintf("%d of %s decoded", decoded, count(int64(n), "device", "devices")))
	}
	empty := 0
	for _, q := range f.Queues {
		if q.Elements == 0 {
			empty++
			continue
		}
		parts = append(parts, fmt.Sprintf("%s in %s", count(int64(q.Elements), "element", "elements"), Clean(q.Path)))
	}
	if empty > 0 {
		parts = append(parts, count(int64(empty), "empty queue", "empty queues"))
	}
	if f.BytesBy.Opaque > 0 {
		parts = append(parts, count(f.BytesBy.Opaque, "byte", "bytes")+" opaque")
	}
	parts = append(parts, "round trip "+string(f.Roundtrip))
	if v := f.Variants; v.Tried > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s as expected", v.AsExpected, count(int64(v.Tried), "variant", "variants")))
	}
	return strings.Join(parts, ", ")
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}
