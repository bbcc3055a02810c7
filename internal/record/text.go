package record

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
)

// tail is a writer that keeps the last lines written to it, and copies all of
// them.
type tail struct {
	copy  io.Writer // or nil
	mu    sync.Mutex
	lines []string // complete ones, none empty
	rest  []byte   // what follows the last newline
}

// Bounds of what a tail keeps.
const (
	maxLines = 16
	maxLine  = 4096
)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(p) {
		t.rest = append(t.rest, line[:min(len(line), maxLine-len(t.rest))]...)
		if bytes.HasSuffix(line, []byte("\n")) {
			t.endLine()
		}
	}
	if t.copy != nil {
		return t.copy.Write(p)
	}
	return len(p), nil
}

// pass copies text without keeping it.
func (t *tail) pass(text string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.copy == nil {
		return nil
	}
	_, err := io.WriteString(t.copy, text)
	return err
}

func (t *tail) endLine() {
	if line := strings.TrimSpace(string(t.rest)); line != "" {
		if len(t.lines) == maxLines {
			t.lines = t.lines[1:]
		}
		t.lines = append(t.lines, line)
	}
	t.rest = t.rest[:0]
}

// take returns the lines so far, joined, and forgets them.
func (t *tail) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLine()
	lines := t.lines
	t.lines = nil
	return strings.Join(lines, "; ")
}

// last returns the last line.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLine()
	if len(t.lines) == 0 {
		return ""
	}
	return t.lines[len(t.lines)-1]
}

// hmpError matches what the human monitor prints when it refuses a line, which
// is all that it does to say so.
var hmpError = regexp.MustCompile(`(?m)^(Error: |unknown command: |invalid |Try "help )`)

func refusesHMP(printed string) bool { return hmpError.MatchString(printed) }

// oneLine makes one line of what was printed on several.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
