package show

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vmconform/impl/savevm"
	"vmconform/internal/report"
)

const headerSize = 8

// WriteText writes the stream as a tree: a line for each thing, with its offset
// and size.
func (r *Report) WriteText(w io.Writer, ink report.Ink) error {
	t := table{hex: r.hex, longest: longestDump}
	if r.Bytes >= headerSize {
		t.add(0, Extent{0, headerSize}, "header", "", "QEVM, version "+strconv.FormatUint(uint64(r.Version), 10))
		if r.hex {
			t.dumps(1, r.runs(nil, Extent{0, headerSize}, WhatHeader))
		}
	}
	if c := r.Configuration; c != nil {
		t.add(0, c.Extent, "configuration", "", c.text())
		t.dumps(1, c.Hex)
	}
	for _, x := range r.order {
		switch x := x.(type) {
		case *Command:
			t.add(0, x.Extent, "command", "", x.Name)
			t.dumps(1, x.Hex)
		case part:
			t.add(0, x.Extent, x.name, x.Kind, "")
			t.dumps(1, x.Hex)
		case *Node:
			t.node(0, x, report.Clean(x.Path))
		}
	}
	if r.End != nil {
		t.add(0, Extent{*r.End, 1}, "end", "", "")
	}
	if d := r.Description; d != nil {
		t.add(0, *d, "description", "", "")
	}
	if x := r.Trailing; x != nil {
		t.add(0, *x, "trailing bytes", "", "")
	}
	return t.write(w, ink, r.Bytes)
}

// WriteText writes the node as a tree, its path first.
func (s *Selection) WriteText(w io.Writer, ink report.Ink) error {
	t := table{hex: s.hex, longest: math.MaxInt}
	t.node(0, s.Selected, report.Clean(s.Selected.Path))
	for _, p := range s.Selected.Parts {
		if s.hex {
			t.add(0, p.Extent, report.Clean(s.Selected.Path), p.Kind, "")
			t.dumps(1, p.Hex)
		}
	}
	return t.write(w, ink, s.Bytes)
}

func (c *Configuration) text() string {
	parts := []string{"machine " + report.Clean(c.Machine)}
	if c.PageBits != 0 {
		parts = append(parts, fmt.Sprintf("page bits %d", c.PageBits))
	}
	if len(c.Capabilities) > 0 {
		parts = append(parts, "capabilities "+report.Clean(strings.Join(c.Capabilities, " ")))
	}
	if c.UUID != "" {
		parts = append(parts, "uuid "+c.UUID)
	}
	return strings.Join(parts, ", ")
}

// A row is a line; rows of one group have their columns aligned.
type row struct {
	Extent
	depth             int
	group             int
	name, kind, value string
	bytes             string // in hexadecimal: beside, or a whole row of them
	plain             bool   // only a remark, of no place
	wrong             bool
}

type table struct {
	hex     bool // has a column for bytes
	longest int  // bytes that are shown of one Run

	rows   []row
	groups int
	group  int
}

func (t *table) add(depth int, at Extent, name, kind, value string) {
	t.rows = append(t.rows, row{Extent: at, depth: depth, group: t.group, name: name, kind: kind, value: value})
}

func (t *table) remark(depth int, text string) {
	t.rows = append(t.rows, row{depth: depth, value: text, plain: true})
}

// node adds n under the given name, and what is in it.
func (t *table) node(depth int, n *Node, name string) {
	t.add(depth, n.Extent, name, n.kind(), n.text())
	outer := t.group
	t.groups++
	t.group = t.groups
	if n.RAM != nil {
		n.RAM.rows(t, depth+1)
	}
	own := n.Hex
	for c := range n.Children {
		for len(own) > 0 && own[0].Offset < c.Offset {
			t.dump(depth+1, own[0])
			own = own[1:]
		}
		label := report.Clean(c.Name)
		if c.Index != nil {
			label = "[" + strconv.Itoa(*c.Index) + "]"
		}
		t.node(depth+1, c, label)
	}
	t.dumps(depth+1, own)
	if n.Suspect != nil {
		t.remark(depth+1, "nothing is certain from here on: "+report.Clean(n.Suspect.Line()))
	}
	if n.Stopped != nil {
		t.remark(depth+1, "decoding stopped: "+report.Clean(n.Stopped.Line()))
		t.rows[len(t.rows)-1].wrong = true
	}
	t.group = outer
}

// kind is the word for what n is.
func (n *Node) kind() string {
	switch {
	case n.Kind == Device || n.Kind == Section:
		return "version " + strconv.FormatUint(uint64(*n.Version), 10)
	case n.Kind == Subsection:
		return "subsection, version " + strconv.FormatUint(uint64(*n.Version), 10)
	case n.array && n.Count != nil:
		return fmt.Sprintf("%s[%d]", report.Clean(n.Type), *n.Count)
	case n.array:
		return report.Clean(n.Type) + "[]"
	}
	return report.Clean(n.Type)
}

// text is what there is to say of n beside its kind.
func (n *Node) text() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if n.Decoded != "" && n.Decoded != string(savevm.CoverageFull) {
		add("%s", n.Decoded)
	}
	if n.Marker != nil {
		add("marker %02x", *n.Marker)
	}
	if n.Value != nil {
		add("%s", n.Value.Text())
	}
	if n.Elements != nil && n.Count != nil && !n.array {
		add("%s", elements(*n.Count))
	}
	if n.VMSD != "" && n.Kind == Field {
		add("%s", report.Clean(n.VMSD))
	}
	if n.Partial {
		add("decoded in part")
	}
	return strings.Join(parts, ", ")
}

func (r *RAM) rows(t *table, depth int) {
	for _, b := range r.Blocks {
		n, _ := strconv.ParseUint(b.UsedLength, 10, 64)
		t.remark(depth, fmt.Sprintf("block %s: %s", report.Clean(b.Name), decimalHex(n)))
	}
	var pages []string
	for _, kind := range slices.Sorted(maps.Keys(r.Pages)) {
		pages = append(pages, fmt.Sprintf("%d %s", r.Pages[kind], kind))
	}
	if pages != nil {
		t.remark(depth, "pages: "+strings.Join(pages, ", "))
	}
}

func elements(n int) string {
	if n == 1 {
		return "1 element"
	}
	return strconv.Itoa(n) + " elements"
}

// write aligns the columns: offset and size over all, name and kind within a
// group, up to a width beyond which a line goes its own way.
func (t *table) write(w io.Writer, ink report.Ink, bytes int64) error {
	const widest = 32
	number := max(len("offset"), len(strconv.FormatInt(bytes, 10)))
	type widths struct{ name, kind int }
	width := map[int]widths{}
	for _, r := range t.rows {
		if r.plain {
			continue
		}
		x := width[r.group]
		if n := utf8.RuneCountInString(r.name); n <= widest {
			x.name = max(x.name, n)
		}
		if n := utf8.RuneCountInString(r.kind); n <= widest {
			x.kind = max(x.kind, n)
		}
		width[r.group] = x
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%*s  %*s%s\n", number, "offset", number, "size", t.bytesTitle())
	for _, r := range t.rows {
		var line string
		indent := strings.Repeat("  ", r.depth)
		if r.plain {
			line = fmt.Sprintf("%*s  %s%s", 2*number+2, "", indent, (ink && report.Ink(r.wrong)).Wrong(r.value))
		} else {
			x := width[r.group]
			bytes := ""
			if t.hex {
				bytes = fmt.Sprintf("%-*s  ", besideWidth, r.bytes)
			}
			line = fmt.Sprintf("%*d  %*d  %s%s%-*s  %-*s  %s", number, r.Offset, number, r.Size, bytes, indent, x.name, r.name, x.kind, r.kind, r.value)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
