package savevm

import (
	"errors"
	"fmt"

	"vmconform/rules"
)

// A description is a place that looks like the stream's description.
type description struct {
	eof  int64 // offset of the 00 before it
	desc *VMDesc
}

// maxDescriptions bounds how many places are tried as the description; a real
// stream has one, and one per stream that lies in its guest's memory.
const maxDescriptions = 8

// findDescriptions finds every `00 06 be32 n {` from off on whose n bytes are a
// description. It takes time linear in the input: JSON holds no 00, so that no
// two attempts read the same bytes further than to the first 00.
func findDescriptions(b []byte, off, longest int64) []description {
	var found []description
	for {
		off = findFrom(b, []byte{KindEOF, KindVMDesc}, off)
		if off < 0 {
			return found
		}
		c := cursor{b: b, off: off + 2}
		n := int64(c.be32())
		text := c.bytes(n)
		if c.short || n > longest || n == 0 || text[0] != '{' || text[n-1] != '}' {
			off++
			continue
		}
		d, err := ParseVMDesc(text)
		if err != nil {
			off++
			continue
		}
		if len(found) == maxDescriptions {
			found = append(found[:0], found[1:]...)
		}
		found = append(found, description{off, d})
		off = c.off
	}
}

// tail reads what stands behind the end marker. Nothing there is an error:
// QEMU's loader stops at the marker.
func (p *parser) tail(o Options) {
	s := &p.s
	if s.EOF < 0 {
		return
	}
	size := int64(len(p.b))
	s.End = s.EOF + 1
	c := cursor{b: p.b, off: s.End}
	if c.left() == 0 || p.b[s.End] != KindVMDesc {
		p.note(rules.VMDescAbsent, s.End, "", "no description behind the end marker")
	} else {
		s.VMDescOffset = c.off
		c.u8()
		n := int64(c.be32())
		if c.short || n > c.left() {
			s.End = size
			if !c.short {
				s.VMDescSize = c.left()
			}
			p.note(rules.VMDescTruncated, size, "", "the input ends inside the description")
		} else {
			s.VMDescSize = n
			at := c.off
			p.readDescription(at, c.bytes(n), o)
			s.End = c.off
		}
	}
	if s.End < size {
		p.note(rules.TrailingBytes, s.End, "", fmt.Sprintf("%d bytes", size-s.End))
	}
}

func (p *parser) readDescription(at int64, text []byte, o Options) {
	switch {
	case p.desc != nil && p.desc.eof == p.s.EOF:
		p.s.VMDesc = p.desc.desc
		p.unseenDevices()
	case int64(len(text)) > o.DescriptionBytes:
		p.note(rules.VMDescSyntax, at, "", "longer than the limit: not read")
	default:
		d, err := ParseVMDesc(text)
		if err == nil {
			p.s.VMDesc = d
			return
		}
		var e *rules.Error
		if errors.As(err, &e) {
			p.note(rules.VMDescSyntax, at+e.Offset, "", e.Detail)
		}
	}
}

func (p *parser) unseenDevices() {
	for i := range p.desc.desc.Devices {
		d := &p.desc.desc.Devices[i]
		if !p.seen[d] {
			s := Section{Name: d.Name, InstanceID: d.InstanceID}
			p.note(rules.VMDescDevice, p.s.VMDescOffset, s.Path(), "listed, but the stream has no such section")
		}
	}
}
