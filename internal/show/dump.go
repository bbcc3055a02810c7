package show

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

const (
	longestDump = 64 // bytes of one Run, where not one node is asked for
	besideBytes = 8  // bytes that have room in a line beside what they are
	besideWidth = 3*besideBytes - 1
	rowBytes    = 16
	rowWidth    = 3*rowBytes - 1
)

func (t *table) bytesTitle() string {
	if t.hex {
		return "  bytes"
	}
	return ""
}

// dumps adds the bytes of several Runs.
func (t *table) dumps(depth int, runs []Run) {
	for _, r := range runs {
		t.dump(depth, r)
	}
}

// dump adds the bytes of a Run: beside what was added last if they begin it and
// are few, else in lines of their own.
func (t *table) dump(depth int, r Run) {
	b, _ := hex.DecodeString(r.Hex) // as it was encoded
	last := &t.rows[len(t.rows)-1]
	switch {
	case len(b) > besideBytes:
		t.rowsOf(r, b)
	case last.Offset == r.Offset && last.Size >= r.Size: // not something empty that stands there
		last.bytes = spaced(b)
	default:
		t.add(depth, r.Extent, string(r.What), "", "")
		t.rows[len(t.rows)-1].bytes = spaced(b)
	}
}

// rowsOf adds rows of 16 bytes, with what they are as text.
func (t *table) rowsOf(r Run, b []byte) {
	label := "  " + string(r.What)
	if r.What == WhatValue {
		label = ""
	}
	shown := b[:min(len(b), t.longest)]
	for at := 0; at < len(shown); at += rowBytes {
		row := shown[at:min(at+rowBytes, len(shown))]
		t.add(0, Extent{r.Offset + int64(at), int64(len(row))}, "", "", "")
		t.rows[len(t.rows)-1].bytes = fmt.Sprintf("%-*s  |%s|%s", rowWidth, spaced(row), visible(row), label)
		label = ""
	}
	if n := len(b) - len(shown); n > 0 {
		t.remark(0, fmt.Sprintf("… %d more bytes", n))
	}
}

// spaced writes two digits a byte, with a space between.
func spaced(b []byte) string { return fmt.Sprintf("% x", b) }

// visible is b as ASCII, a dot for what is not visible.
func visible(b []byte) string {
	text := bytes.Clone(b)
	for i, c := range text {
		if c < ' ' || c > '~' {
			text[i] = '.'
		}
	}
	return string(text)
}
