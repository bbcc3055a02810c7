package savevm

import (
	"bytes"
	"encoding/binary"
)

// A match says whether something stands at a place.
type match int

const (
	no  match = iota
	cut       // the input ends there or inside, and what is there fits
	yes
)

// matchBytes compares what stands at off with want.
func matchBytes(b []byte, off int64, want []byte) match {
	have := b[off:]
	if len(have) >= len(want) {
		if bytes.Equal(have[:len(want)], want) {
			return yes
		}
		return no
	}
	if bytes.Equal(have, want[:len(have)]) {
		return cut
	}
	return no
}

func footerOf(id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{KindFooter}, id)
}

// itemAt says whether an item, or the end marker, can stand at off.
func (p *parser) itemAt(off int64) match {
	c := cursor{b: p.b, off: off}
	if c.left() > 0 && p.b[off] == KindEOF {
		c.u8()
		if p.within != nil {
			// What is behind the end marker of a package is ignored, but nobody
			// writes anything there.
			if c.left() == 0 {
				return yes
			}
			return no
		}
		if p.desc != nil {
			if off == p.desc.eof {
				return yes
			}
			return no
		}
		return descriptionAt(c)
	}
	return recordAt(c, func(id uint32) bool { return p.started[id] != nil })
}

// recordAt says whether a section or a command can stand at c; started says which
// sections were.
func recordAt(c cursor, started func(id uint32) bool) match {
	switch c.u8() {
	case KindStart, KindFull:
		c.be32()
		n := int64(c.u8())
		if c.short {
			return cut
		}
		if n == 0 || !printable(c.b[c.off:min(c.off+n, int64(len(c.b)))]) {
			return no
		}
		c.bytes(n + 8)
	case KindPart, KindEnd:
		id := c.be32()
		if !c.short && !started(id) {
			return no
		}
	case KindCommand:
		code, n := c.be16(), c.be16()
		if !c.short && !commandFits(code, n) {
			return no
		}
		c.bytes(int64(n))
	default:
		if !c.short {
			return no
		}
	}
	if c.short {
		return cut
	}
	return yes
}

// descriptionAt looks behind an end marker: a description, or the end of the
// input.
func descriptionAt(c cursor) match {
	if c.left() == 0 {
		return cut
	}
	if c.u8() != KindVMDesc {
		return no
	}
	c.be32()
	first := c.u8()
	switch {
	case c.short:
		return cut
	case first == '{':
		return yes
	}
	return no
}

func printable(name []byte) bool {
	for _, ch := range name {
		if ch < 0x20 || ch > 0x7e {
			return false
		}
	}
	return true
}

// bridge finds the footer of s at or behind from, followed by an item; -1: there
// is none. It takes time linear in what it passes over.
func (p *parser) bridge(s *Section, from int64) int64 {
	footer := footerOf(s.ID)
	for {
		at := findFrom(p.b[:p.limit], footer, from)
		if at < 0 || p.itemAt(at+int64(len(footer))) != no {
			return at
		}
		from = at + 1
	}
}

// anyFooter finds the footer of s with anything behind it, or else some footer
// with a whole item behind it. It is asked only when a description proves that
// the input is not cut: then one of them is where a broken footer or a broken
// item begins.
func (p *parser) anyFooter(s *Section, from int64) (at int64, own bool) {
	if at = findFrom(p.b[:p.limit], footerOf(s.ID), from); at >= 0 {
		return at, true
	}
	for {
		at = findFrom(p.b[:p.limit], []byte{KindFooter}, from)
		if at < 0 || p.itemAt(at+5) == yes {
			return at, false
		}
		from = at + 1
	}
}

// findFrom is bytes.Index beginning at from.
func findFrom(b, pattern []byte, from int64) int64 {
	if from >= int64(len(b)) {
		return -1
	}
	i := bytes.Index(b[from:], pattern)
	if i < 0 {
		return -1
	}
	return from + int64(i)
}
