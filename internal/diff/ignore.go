package diff

import (
	"errors"
	"regexp"
	"strings"
)

// A glob hides differences by their path.
type glob struct {
	text string
	re   *regexp.Regexp
	hits int
}

// parseGlob reads a pattern over paths: * stands for anything but a slash, as
// in path.Match, ** for anything, ? for one character but a slash; brackets
// stand for themselves, as paths have them. What matches hides all that is in
// it, too.
func parseGlob(text string) (*glob, error) {
	if text == "" {
		return nil, errors.New("an empty pattern")
	}
	var b strings.Builder
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "**"):
			b.WriteString(`(?s:.*)`)
			rest = rest[2:]
			continue
		case rest[0] == '*':
			b.WriteString(`[^/]*`)
		case rest[0] == '?':
			b.WriteString(`[^/]`)
		default:
			literal := rest
			if i := strings.IndexAny(rest, "*?"); i >= 0 {
				literal = rest[:i]
			}
			b.WriteString(regexp.QuoteMeta(literal))
			rest = rest[len(literal):]
			continue
		}
		rest = rest[1:]
	}
	re, err := regexp.Compile(`^` + b.String() + `(?s:$|[/\[].*$)`)
	if err != nil {
		return nil, errors.New("not UTF-8")
	}
	return &glob{text: text, re: re}, nil
}

func (g *glob) matches(path string) bool { return g.re.MatchString(path) }
