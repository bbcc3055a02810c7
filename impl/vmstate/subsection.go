package vmstate

import (
	"encoding/binary"
	"unsafe"

	"vmconform/rules"
)

const subsectionMark = 0x05

// subsections loads what the peek rule says are subsections of d's object
// (migration/vmstate.c vmstate_subsection_load). A 05 that is none is left to
// whoever reads on.
func (l *Loader) subsections(d *Description, obj unsafe.Pointer) error {
	var few [64]bool // most vmsds have fewer: nothing to allocate
	seen := few[:]
	if len(d.Subsections) > len(few) {
		seen = make([]bool, len(d.Subsections))
	}
	last := -1
	for {
		name, ok := l.peekSubsection(d.Name)
		if !ok {
			if l.trace != nil && l.pos < len(l.in) && l.in[l.pos] == subsectionMark {
				l.trace(Event{Kind: TraceNoSubsection, Name: d.Name, Offset: l.Offset()})
			}
			return nil
		}
		if l.trace != nil {
			l.trace.subsection(d, string(name), l.Offset())
		}
		if err := l.roomForSubsection(name); err != nil {
			return err
		}
		i := indexOf(d.Subsections, name)
		if i < 0 {
			return l.Fail(rules.UnknownSubsection, rules.SubsectionKnown, l.Offset(), "%s has no subsection %q", d.Name, name)
		}
		s := d.Subsections[i]
		l.trail.push(s.Name)
		switch {
		case seen[i]:
			l.Note(rules.SubsectionRepeated, l.Offset(), "%s comes again", s.Name)
		case i < last:
			l.Note(rules.SubsectionOrder, l.Offset(), "%s comes after %s", s.Name, d.Subsections[last].Name)
		}
		seen[i], last = true, i
		if err := l.subsection(s, obj); err != nil {
			return err
		}
		l.trail.pop()
	}
}

// peekSubsection is the rule that decides what a 05 is. The name stays the
// stream's.
func (l *Loader) peekSubsection(parent string) ([]byte, bool) {
	b := l.in[l.pos:]
	if len(b) < 2 || b[0] != subsectionMark {
		return nil, false
	}
	n := int(b[1])
	if n < len(parent)+1 || len(b) < 2+n {
		return nil, false
	}
	name := b[2 : 2+n]
	return name, string(name[:len(parent)]) == parent
}

// roomForSubsection applies the limits, which come before the question whether
// the name is known.
func (l *Loader) roomForSubsection(name []byte) error {
	if l.depth < l.limits.Depth && int64(l.pos+2+len(name)) <= l.limits.Bytes {
		return nil
	}
	l.trail.push(string(name))
	if _, err := l.Take(2 + len(name)); err != nil {
		return err
	}
	return l.enter(l.Offset() - int64(2+len(name)))
}

func indexOf(list []*Description, name []byte) int {
	for i, s := range list {
		if s.Name == string(name) {
			return i
		}
	}
	return -1
}

func (l *Loader) subsection(s *Description, obj unsafe.Pointer) error {
	pl, err := s.plan()
	if err != nil {
		return err
	}
	l.depth++
	defer l.leave()
	l.pos += 2 + len(s.Name)
	at := l.Offset()
	b, err := l.Take(4)
	if err != nil {
		return err
	}
	wire := binary.BigEndian.Uint32(b)
	version := wire & 0xff
	if err := l.version(s, version, rules.SubsectionVersion, at); err != nil {
		return err
	}
	if wire != version {
		l.Note(rules.SubsectionVersion256, at, "version %d loads as %d", wire, version)
	}
	return l.contents(s, pl, obj, version)
}
