package diff

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vmconform/internal/report"
)

const (
	mostAlike = 8 // differences of one name, but for indices, that are all shown
	someAlike = 4 // of more, so many are
	shown     = 8 // bytes of a value from the first that differs
)

// WriteText writes the report for people: a line with the verdict, then the
// differences by device, with their offsets in A and B. When quiet, there is no
// more than that line, and none if there is no difference.
func (r *Report) WriteText(w io.Writer, ink report.Ink, quiet bool) error {
	if quiet && r.Verdict != Differ {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s: %s\n", r.word(ink), report.Clean(r.A.Name), report.Clean(r.B.Name), r.summary())
	if len(r.Differences) > 0 && !quiet {
		r.list(&b, ink)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// word is the verdict, coloured.
func (r *Report) word(ink report.Ink) string {
	word := fmt.Sprintf("%-9s", r.Verdict)
	switch {
	case r.Verdict == Identical || r.Verdict == Equal:
		return ink.Verdict(report.Pass, word)
	case r.Verdict == Undecided || r.Verdict == Differ && r.Totals.Clocks == r.Totals.Differences:
		return ink.Verdict(report.Undecided, word)
	}
	return ink.Verdict(report.Fail, word)
}

// summary is the difference in one line.
func (r *Report) summary() string {
	t := r.Totals
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch r.Verdict {
	case Identical:
		return fmt.Sprintf("the same %d bytes", r.A.Bytes)
	case Differ:
		add("%s", count(t.Differences, "difference"))
		if t.Differing > 0 {
			parts[0] += fmt.Sprintf(" in %d of %s", t.Differing, count(t.Devices, "device"))
		}
		if t.Clocks == t.Differences {
			add("only clocks")
		} else if t.Clocks > 0 {
			add("%d of them clocks", t.Clocks)
		}
		if t.DifferPages > 0 {
			add("%d of %s of RAM", t.DifferPages, count(t.Pages, "page"))
		}
	case Undecided:
		add("no difference was found")
		if r.A.Undecoded || r.B.Undecoded {
			add("but nothing of the device state could be decoded")
		}
	case Broken:
		add("no difference as far as both go")
	default:
		add("no difference in %s", count(t.Devices, "device"))
	}
	if t.Unknown > 0 {
		add("%s of RAM cannot be compared", count(t.Unknown, "page"))
	}
	if t.Ignored > 0 {
		add("%d ignored", t.Ignored)
	}
	return strings.Join(parts, ", ")
}

func count[T int | int64](n T, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// A line is one difference, or the words for several.
type line struct {
	a, b               string // offsets
	mark               string
	name, kind, values string
	clock              bool
}

// list writes the differences, grouped by what they are in.
func (r *Report) list(b *strings.Builder, ink report.Ink) {
	width := len("offset A")
	for _, f := range []File{r.A, r.B} {
		width = max(width, len(strconv.FormatInt(f.Bytes, 10)))
	}
	fmt.Fprintf(b, "%*s  %*s\n", width, "offset A", width, "offset B")
	for rest := r.Differences; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].In == rest[0].In {
			n++
		}
		group(b, ink, width, rest[:n])
		rest = rest[n:]
	}
}

// group writes the differences in one thing under its name.
func group(b *strings.Builder, ink report.Ink, width int, all []*Difference) {
	clocks := 0
	for _, d := range all {
		if d.Clock {
			clocks++
		}
	}
	remark := ""
	if clocks == len(all) {
		remark = "  (only clocks)"
	}
	fmt.Fprintf(b, "%s%s\n", report.Clean(all[0].In), remark)
	var lines []line
	for i := 0; i < len(all); {
		n := alike(all[i:])
		some := n
		if n > mostAlike {
			some = someAlike
		}
		for _, d := range all[i : i+some] {
			lines = append(lines, d.line())
		}
		if some < n {
			lines = append(lines, line{mark: "…", name: fmt.Sprintf("and %d more", n-some), kind: pattern(all[i].Path[len(all[i].In):])})
		}
		i += n
	}
	var mark, name, kind int
	for _, l := range lines {
		mark = max(mark, utf8.RuneCountInString(l.mark))
		name = max(name, min(widest, utf8.RuneCountInString(l.name)))
		kind = max(kind, min(widest, utf8.RuneCountInString(l.kind)))
	}
	for _, l := range lines {
		padded := fmt.Sprintf("%-*s", mark, l.mark)
		if l.clock {
			padded = ink.Verdict(report.Undecided, padded)
		} else {
			padded = ink.Wrong(padded)
		}
		text := fmt.Sprintf("%*s  %*s    %s  %-*s  %-*s  %s", width, l.a, width, l.b, padded, name, l.name, kind, l.kind, l.values)
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

const widest = 40 // name or kind beyond which a line goes its own way

// pattern is a path without its indices, for people.
func pattern(path string) string {
	return report.Clean(strings.TrimPrefix(index.ReplaceAllString(path, "[*]"), "/"))
}

// alike counts the differences at the beginning of all that differ in the same
// way in paths that are the same but for indices.
func alike(all []*Difference) int {
	n := 1
	for n < len(all) && all[n].Kind == all[0].Kind && all[n].What == all[0].What && pattern(all[n].Path) == pattern(all[0].Path) {
		n++
	}
	return n
}

// marks are the words for kinds.
var marks = map[Kind]string{Changed: "changed", OnlyInA: "only in A", OnlyInB: "only in B", Moved: "moved"}

// line is the difference in words.
func (d *Difference) line() line {
	l := line{mark: marks[d.Kind], kind: d.kind(), clock: d.Clock}
	if d.Clock && d.Kind == Changed {
		l.mark = "clock"
	}
	l.name = strings.TrimPrefix(strings.TrimPrefix(d.Path, d.In), "/")
	if d.B != nil && d.B.Path != "" {
		l.name += " (in B " + strings.TrimPrefix(strings.TrimPrefix(d.B.Path, d.In), "/") + ")"
	}
	l.name = report.Clean(l.name)
	if d.A != nil {
		l.a = strconv.FormatInt(d.A.Offset, 10)
	}
	if d.B != nil {
		l.b = strconv.FormatInt(d.B.Offset, 10)
	}
	l.values = d.values()
	return l
}

// kind is the word for what differs.
func (d *Difference) kind() string {
	switch {
	case d.Type != "":
		return report.Clean(d.Type)
	case d.What == WhatStream:
		return ""
	}
	return string(d.What)
}

// values says what is in A and B.
func (d *Difference) values() string {
	switch {
	case d.A == nil:
		return d.B.words()
	case d.B == nil:
		return d.A.words()
	case d.What == WhatBlock:
		return d.pages()
	case d.Bytes != nil:
		return d.bytes()
	}
	a, b := d.A.words(), d.B.words()
	if d.Clock { // large numbers that mean little
		a, _, _ = strings.Cut(a, " (0x")
		b, _, _ = strings.Cut(b, " (0x")
	}
	if a == b { // the same value in other bytes
		a, b = strings.TrimSpace(fmt.Sprintf("%s %x", a, d.A.raw)), strings.TrimSpace(fmt.Sprintf("%s %x", b, d.B.raw))
	}
	return a + " -> " + b
}

// words is the value in short.
func (s *Side) words() string {
	if s.Block != nil {
		return s.Block.words()
	}
	if s.text == "" && s.Value == nil {
		return count(s.Size, "byte")
	}
	return report.Clean(s.text)
}

// bytes shows two values that are bytes from where they differ.
func (d *Difference) bytes() string {
	size := count(len(d.A.raw), "byte")
	if len(d.A.raw) != len(d.B.raw) {
		size = fmt.Sprintf("%d -> %s", len(d.A.raw), count(len(d.B.raw), "byte"))
	}
	from := func(b []byte) string {
		b = b[min(d.Bytes.First, int64(len(b))):]
		switch {
		case len(b) == 0:
			return "nothing"
		case len(b) > shown:
			return fmt.Sprintf("%x…", b[:shown])
		}
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%s, %d differ, at +%d %s -> %s", size, d.Bytes.Differ, d.Bytes.First, from(d.A.raw), from(d.B.raw))
}

// words is the block in short.
func (b *Block) words() string {
	parts := []string{b.UsedLength + " bytes"}
	for _, kind := range slices.Sorted(maps.Keys(b.Pages)) {
		parts = append(parts, fmt.Sprintf("%d %s", b.Pages[kind], kind))
	}
	return strings.Join(parts, ", ")
}

// pages says how two blocks differ.
func (d *Difference) pages() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if a, b := d.A.Block.UsedLength, d.B.Block.UsedLength; a != b {
		add("%s -> %s bytes", a, b)
	}
	if p := d.Pages; p != nil {
		if p.Differ > 0 {
			add("%s differing", count(p.Differ, "page"))
		}
		if p.OnlyInA > 0 {
			add("%s only in A", count(p.OnlyInA, "page"))
		}
		if p.OnlyInB > 0 {
			add("%s only in B", count(p.OnlyInB, "page"))
		}
		if p.Unknown > 0 {
			add("%s cannot be compared", count(p.Unknown, "page"))
		}
		if n, err := strconv.ParseUint(p.First, 10, 64); err == nil {
			add("first at %#x", n)
		}
	}
	a, b := d.A.Block.Pages, d.B.Block.Pages
	kinds := map[string]bool{}
	for k := range a {
		kinds[k] = true
	}
	for k := range b {
		kinds[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		if a[k] != b[k] {
			add("%s %d -> %d", k, a[k], b[k])
		}
	}
	return strings.Join(parts, ", ")
}
