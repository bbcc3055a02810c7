package report

import "vmconform/rules"

// An Ink colours words for a terminal; the zero Ink leaves them as they are.
type Ink bool

// The colours by their numbers in SGR, ECMA-48 §8.3.117.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
)

// Wrong marks what is not as it should be.
func (i Ink) Wrong(s string) string { return i.paint(red, s) }

// Verdict writes s in the colour of a verdict.
func (i Ink) Verdict(v Verdict, s string) string {
	switch v {
	case Pass:
		return i.paint(green, s)
	case Fail:
		return i.paint(red, s)
	}
	return i.paint(yellow, s)
}

// Severity writes s in the colour of a severity.
func (i Ink) Severity(v rules.Severity, s string) string {
	if v == rules.SeverityError {
		return i.paint(red, s)
	}
	return i.paint(yellow, s)
}

func (i Ink) paint(colour, s string) string {
	if !i {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[m"
}
