package model

import (
	"encoding/binary"
	"strings"

	"vmconform/rules"
)

// subsectionMark is the byte before a subsection's name.
const subsectionMark = 0x05

// peekSubsection says whether rest begins with what QEMU takes for a
// subsection of the vmsd called parent, and with which name. It looks at the
// bytes that are there and knows nothing of the parent's list.
//
// Source: wire-format.md §1, migration/vmstate.c vmstate_subsection_load.
func peekSubsection(rest []byte, parent string) (string, bool) {
	if len(rest) < 2 || rest[0] != subsectionMark {
		return "", false
	}
	n := int(rest[1])
	if n < len(parent)+1 || len(rest)-2 < n {
		return "", false
	}
	name := string(rest[2 : 2+n])
	return name, strings.HasPrefix(name, parent)
}

// subsections loads the subsections that follow the fields of s.
func (d *decoder) subsections(s *Schema, v *Struct) error {
	previous := -1
	var read []bool // by place in the list; nil while none was read
	for {
		at := d.pos
		name, ok := peekSubsection(d.in[at:], s.Name)
		if !ok {
			return nil
		}
		i := s.subsection(name)
		d.trail.push(name)
		// Within the header's item limits come before the value, which is the
		// name: both are asked before whether the name is known.
		if _, err := d.take(2+len(name), rules.ItemComplete); err != nil {
			return err
		}
		if d.depth >= d.limits.Depth {
			return d.fail(rules.Limit, at, rules.Bounded, "nested too deeply")
		}
		if i < 0 {
			d.trail.pop()
			return d.fail(rules.UnknownSubsection, at, rules.SubsectionKnown, name)
		}
		if read == nil {
			read = make([]bool, len(s.Subsections))
		}
		switch {
		case read[i]:
			d.note(rules.SubsectionRepeated, at, "subsection was read before")
		case i < previous:
			d.note(rules.SubsectionOrder, at, "subsection stands before one that precedes it in the list")
		}
		read[i], previous = true, i
		if v.Subs[i] == nil {
			v.Subs[i] = fresh(s.Subsections[i])
		}
		if err := d.subsection(s.Subsections[i], v.Subs[i], at); err != nil {
			return err
		}
		d.trail.pop()
	}
}

// subsection loads version and payload of s, whose header at offset at has
// been taken.
func (d *decoder) subsection(s *Schema, v *Struct, at int) error {
	span := d.begin(SpanSubsection, nil, s, d.trail, at)
	atVersion := d.pos
	b, err := d.take(4, rules.ItemComplete)
	if err != nil {
		return err
	}
	wire := binary.BigEndian.Uint32(b)
	version := wire & 0xff
	if err := d.checkVersion(s, version, rules.SubsectionVersion, atVersion); err != nil {
		return err
	}
	if wire != version {
		d.note(rules.SubsectionVersion256, atVersion, "version is above 255")
	}
	if err := d.vmsd(s, v, version, at); err != nil {
		return err
	}
	d.end(span, d.pos)
	return nil
}

// subsection returns the place of the subsection called name, -1 for none.
func (s *Schema) subsection(name string) int {
	for i, sub := range s.Subsections {
		if sub.Name == name {
			return i
		}
	}
	return -1
}
