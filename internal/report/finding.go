package report

import (
	"fmt"
	"strings"

	"vmconform/rules"
)

// Broken makes a finding of an error whose offset counts from base and whose
// path goes on from prefix.
func Broken(e *rules.Error, base int64, prefix string) Finding {
	detail := e.Detail
	if e.Cause != nil {
		detail = strings.TrimPrefix(detail+": "+e.Cause.Error(), ": ")
	}
	return Finding{
		Rule: e.Rule, Severity: rules.SeverityError, Class: e.Class,
		Path: Join(prefix, e.Path), Offset: base + e.Offset, Message: sentence(e.Rule, detail),
	}
}

// Noted makes a finding of a note, with the severity of its rule.
func Noted(n rules.Note, base int64, prefix string) Finding {
	r, _ := rules.Lookup(n.Rule)
	return Finding{
		Rule: n.Rule, Severity: r.Severity,
		Path: Join(prefix, n.Path), Offset: base + n.Offset, Message: sentence(n.Rule, n.Detail),
	}
}

// Join joins two paths, each of which may be empty.
func Join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "/" + b
}

// sentence says what is wrong, or where there is nothing to say the rule.
func sentence(id rules.ID, detail string) string {
	if detail != "" {
		return detail
	}
	r, _ := rules.Lookup(id)
	return r.Sentence
}

// Line is the finding in one line.
func (x Finding) Line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", x.Severity, x.Rule)
	if x.Class != "" {
		fmt.Fprintf(&b, " (%s)", x.Class)
	}
	fmt.Fprintf(&b, " at %d", x.Offset)
	if x.Path != "" {
		fmt.Fprintf(&b, " in %s", x.Path)
	}
	return Clean(b.String() + ": " + x.Message)
}
