package savevm

import (
	"encoding/binary"
	"fmt"
	"math"

	"vmconform/rules"
)

// section reads a section whose type byte at off was just taken.
func (p *parser) section(kind byte, off int64) *rules.Error {
	s := &Section{Kind: kind, Offset: off, ID: p.c.be32()}
	if p.c.short {
		return truncated(p.b, "")
	}
	if kind == KindPart || kind == KindEnd {
		start := p.started[s.ID]
		if start == nil {
			return framing(off, "", rules.SectionKnown, "section %d was never started", s.ID)
		}
		s.Name, s.InstanceID, s.VersionID = start.Name, start.InstanceID, start.VersionID
	} else {
		if err := p.sectionHeader(s); err != nil {
			return err
		}
		p.started[s.ID] = s
	}
	s.PayloadOffset = p.c.off
	p.add(Item{Section: s})
	err := p.payload(s)
	if err != nil && err != errNotOurs && err.Path == "" {
		err = &rules.Error{Class: err.Class, Offset: err.Offset, Path: s.Path(), Rule: err.Rule, Detail: err.Detail}
	}
	return err
}

func (p *parser) sectionHeader(s *Section) *rules.Error {
	raw := p.c.counted()
	if p.c.short {
		return truncated(p.b, "")
	}
	s.idstr, s.Name = string(raw), string(cString(raw))
	if s.Name == "" {
		return framing(s.Offset, "", rules.SectionName, "empty idstr")
	}
	s.InstanceID, s.VersionID = p.c.be32(), p.c.be32()
	if p.c.short {
		return truncated(p.b, "")
	}
	if len(s.Name) < len(s.idstr) {
		p.note(rules.SectionNameNUL, s.Offset, s.Path(), fmt.Sprintf("%q", s.idstr))
	}
	if s.InstanceID == anyInstance {
		p.note(rules.SectionInstance, s.Offset, s.Path(), "")
	}
	return nil
}

// anyInstance stands for the first entry of a name, but for one that has an older id
// beside its own (mc146818rtc, as many of a PC), of which no description says.
const anyInstance = math.MaxUint32

// payload finds the end of a section whose header was read, and takes its
// footer.
func (p *parser) payload(s *Section) *rules.Error {
	if s.PayloadOffset > p.limit {
		return errNotOurs // the header lies over the place of the description
	}
	if known, ok := builtins[s.Name]; ok {
		return p.builtin(s, known)
	}
	if s.Kind == KindStart || s.Kind == KindFull {
		s.Device = p.device(s)
		if s.Device != nil {
			if p.seen[s.Device] {
				p.note(rules.SectionRepeated, s.Offset, s.Path(), "")
			}
			p.seen[s.Device] = true
			if v := s.Device.VMSD; v != nil && s.VersionID < v.Version {
				p.note(rules.VMDescVersion, s.Offset, s.Path(), fmt.Sprintf("the section has version %d, the description %d", s.VersionID, v.Version))
			}
			return p.described(s)
		}
		if p.desc != nil && s.Kind == KindFull {
			p.note(rules.VMDescDevice, s.Offset, s.Path(), "the description does not list this section")
		}
	}
	return p.undescribed(s)
}

// device looks the section up in the description. The description lists the
// devices in the order of their sections, so where several have one key the
// first that no section had is taken; a section that comes again has the last.
// Instance id ffffffff stands for the first of that name.
func (p *parser) device(s *Section) *Device {
	same := p.devices[deviceKey{s.Name, s.InstanceID}]
	for _, d := range same {
		if !p.seen[d] {
			return d
		}
	}
	if len(same) > 0 {
		return same[len(same)-1]
	}
	if s.InstanceID == anyInstance && p.desc != nil {
		for i := range p.desc.desc.Devices {
			if d := &p.desc.desc.Devices[i]; d.Name == s.Name {
				return d
			}
		}
	}
	return nil
}

func (p *parser) builtin(s *Section, known builtin) *rules.Error {
	at := s.PayloadOffset - 4
	switch {
	case s.Kind == KindPart || s.Kind == KindEnd:
	case s.VersionID > known.version:
		return &rules.Error{Class: rules.VersionTooNew, Offset: at, Rule: rules.VersionRange}
	case s.VersionID < known.version:
		return &rules.Error{Class: rules.VersionTooOld, Offset: at, Rule: rules.VersionRange}
	}
	s.Coverage = CoverageBuiltin
	read := p.readRecords
	if known.records == nil {
		read = p.readRAM
	}
	if err := read(s); err == errShort {
		return truncated(p.b, s.Path())
	} else if err != nil {
		return err
	}
	s.DecodedSize = p.c.off - s.PayloadOffset
	return p.footer(s, p.c.off)
}

// footer takes the footer of a section whose payload ends at end for certain.
// The first such section decides whether the stream has footers at all.
func (p *parser) footer(s *Section, end int64) *rules.Error {
	missing := framing(end, "", rules.SectionFooter, "no footer of section %d", s.ID)
	m := matchBytes(p.b, end, footerOf(s.ID))
	configured := p.s.Config != nil
	switch {
	case m == yes && p.footers == footersNo:
		return framing(p.noFooter.PayloadOffset+p.noFooter.PayloadSize, p.noFooter.Path(), rules.SectionFooter, "no footer, where other sections have one")
	case m == yes:
		p.footers = footersYes
		p.finish(s, end, true)
		return nil
	case p.footers == footersNo:
	case m == cut && (configured || p.footers == footersYes || end < int64(len(p.b))):
		return truncated(p.b, s.Path())
	case p.footers == footersYes, configured && p.itemAt(end) == no:
		return missing
	default:
		p.footers, p.noFooter = footersNo, s
	}
	p.finish(s, end, false)
	return nil
}

// finish closes a section.
func (p *parser) finish(s *Section, end int64, footer bool) {
	s.PayloadSize = end - s.PayloadOffset
	s.HasFooter = footer
	s.complete = true
	if footer {
		end += footerSize
	}
	s.Size = end - s.Offset
	p.c.off = end
}

const footerSize = 5

// described handles a section that the description lists.
func (p *parser) described(s *Section) *rules.Error {
	start := s.PayloadOffset
	room := p.limit - start
	if room < 0 {
		return errNotOurs
	}
	size := s.Device.Size
	if s.Device.VMSD != nil {
		size = s.Device.VMSD.WireSize()
	}
	n, decoded := min(size, room), false
	fits := size <= room
	if s.Device.VMSD != nil && p.d != nil {
		decoded = true
		n, s.DecodeErr = p.d.Decode(s, p.b[start:p.limit:p.limit])
		n = max(0, min(n, room))
		fits = s.DecodeErr == nil
	}
	end := start + n
	if fits && p.endsAt(s, end, n == size) {
		if decoded {
			s.DecodedSize = n
			p.cover(s, CoverageFull)
		} else {
			p.cover(s, CoverageOpaque)
		}
		return p.footer(s, end)
	}

	if s.DecodeErr == nil {
		s.DecodeErr = framing(end, s.Path(), rules.SectionPayload, "the payload does not end here")
	}
	s.Diverged = end
	if decoded {
		s.DecodedSize = n
		p.cover(s, CoveragePartial)
	} else {
		p.cover(s, CoverageOpaque)
	}
	return p.resync(s, end, size, fits)
}

func (p *parser) cover(s *Section, c Coverage) {
	if s.Coverage == "" || c != CoverageFull {
		s.Coverage = c
	}
}

// endsAt says whether what stands at end agrees that the payload of s ends
// there. Without footers that is an item, or else the description's own opinion.
func (p *parser) endsAt(s *Section, end int64, sized bool) bool {
	if p.footers != footersNo && matchBytes(p.b, end, footerOf(s.ID)) == yes {
		return true
	}
	if p.footers == footersYes || p.footers == footersUnknown && p.s.Config != nil {
		return false
	}
	return sized || p.itemAt(end) == yes
}

// resync goes on behind a section whose payload did not end at end, where
// decoding did. fits says that decoding had no error.
func (p *parser) resync(s *Section, end, size int64, fits bool) *rules.Error {
	start := s.PayloadOffset
	sized := satAdd(start, size)
	if p.footers == footersNo {
		if sized <= p.limit && p.itemAt(sized) == yes {
			s.DecodedSize = min(s.DecodedSize, size)
			p.finish(s, sized, false)
			return nil
		}
		p.hide(s)
		return nil
	}
	if fits && end < p.limit && (p.itemAt(end) == yes || p.b[end] == KindFooter && p.itemAt(end+footerSize) == yes) {
		// Decoding was right and the footer is wrong or missing.
		return framing(end, "", rules.SectionFooter, "no footer of section %d", s.ID)
	}
	at := int64(-1)
	if sized <= p.limit && matchBytes(p.b, sized, footerOf(s.ID)) == yes && p.itemAt(sized+footerSize) == yes {
		at = sized
	} else {
		at = p.bridge(s, start)
	}
	if at < 0 {
		return framing(end, "", rules.SectionFooter, "no footer of section %d", s.ID)
	}
	s.DecodedSize = min(s.DecodedSize, at-start)
	p.footers = footersYes
	p.finish(s, at, true)
	return nil
}

// undescribed handles a section of unknown layout.
func (p *parser) undescribed(s *Section) *rules.Error {
	p.cover(s, CoverageOpaque)
	if p.footers == footersNo {
		p.hide(s)
		return nil
	}
	if at := p.bridge(s, s.PayloadOffset+leastPayload(s)); at >= 0 {
		p.noteBridged(s)
		p.footers = footersYes
		p.finish(s, at, true)
		return nil
	}
	if p.desc == nil {
		if p.footers == footersYes || p.s.Config != nil {
			return truncated(p.b, s.Path())
		}
		p.hide(s)
		return nil
	}
	switch at, own := p.anyFooter(s, s.PayloadOffset); {
	case own:
		p.footers = footersYes
		p.finish(s, at, true)
		return nil
	case p.footers == footersUnknown && p.s.Config == nil:
		p.hide(s)
		return nil
	case at >= 0:
		return framing(at, "", rules.SectionFooter, "not the footer of section %d", s.ID)
	}
	return framing(s.Offset, "", rules.SectionFooter, "section %d has no footer", s.ID)
}

// noteBridged notes the first of the sections of one id: there may be very many
// (a dirty-bitmap has a PART per RAM iteration).
func (p *parser) noteBridged(s *Section) {
	if p.bridged[s.ID] {
		return
	}
	p.bridged[s.ID] = true
	p.note(rules.SectionBridged, s.Offset, s.Path(), "bridged to its footer")
}

// hide gives up finding the end of s: all up to the end marker, if a description
// says where that is, or else all of the input, becomes its payload, but nothing
// behind the package that it stands in.
func (p *parser) hide(s *Section) {
	detail := "no footers: opaque up to the end marker"
	switch {
	case p.within != nil:
		detail = "no footers: opaque up to the end of the package"
		p.hidden = true
	case p.desc == nil:
		detail = "neither footers nor a description: the rest of the stream is opaque"
		p.hidden = true
	}
	p.note(rules.SectionBridged, s.Offset, s.Path(), detail)
	p.finish(s, p.limit, false)
}

const (
	cmdPostcopyAdvise = 3
	cmdPackaged       = 7
	cmdRecvBitmap     = 10
	cmdSwitchover     = 11

	anyLength = -1
)

// commandLength is the length of each command's data. 0 is no command.
var commandLength = [...]int{
	1: 0, 2: 4, cmdPostcopyAdvise: anyLength, 4: 0, 5: 0, 6: anyLength, cmdPackaged: 4, 8: 0, 9: 0, cmdRecvBitmap: anyLength, cmdSwitchover: 0,
}

func commandFits(code, n uint16) bool {
	if code == 0 || int(code) >= len(commandLength) {
		return false
	}
	switch code {
	case cmdPostcopyAdvise:
		return n == 0 || n == 16
	case cmdRecvBitmap:
		return n > 0
	}
	return commandLength[code] == anyLength || commandLength[code] == int(n)
}

// command reads a command whose type byte at off was just taken.
func (p *parser) command(off int64) *rules.Error {
	cmd := &Command{Offset: off, Code: p.c.be16(), EOF: -1}
	n := p.c.be16()
	if p.c.short {
		return truncated(p.b, "")
	}
	if !commandFits(cmd.Code, n) {
		return framing(off, "", rules.Command, "command %d with %d bytes", cmd.Code, n)
	}
	cmd.Data = p.c.bytes(int64(n))
	if p.c.short {
		return truncated(p.b, "")
	}
	switch cmd.Code {
	case cmdPostcopyAdvise:
		p.postcopy = n > 0
	case cmdRecvBitmap:
		if int(cmd.Data[0]) != len(cmd.Data)-1 {
			return framing(off, "", rules.Command, "a name of %d bytes in %d", cmd.Data[0], n)
		}
	case cmdPackaged:
		return p.packaged(cmd)
	case cmdSwitchover:
		if p.switched {
			p.note(rules.SwitchoverOnce, off, "", "")
		}
		p.switched = true
	}
	cmd.Size = p.c.off - off
	cmd.complete = true
	p.add(Item{Command: cmd})
	return nil
}

// packaged parses what is packed in a command whose data was read. QEMU takes all
// of a package in before it looks into it: an input that ends inside is cut
// whatever is wrong before. A package in a package cannot be: QEMU looks for its
// length and contents behind the outer one (live 7.2 and 10.0).
func (p *parser) packaged(cmd *Command) *rules.Error {
	if p.within != nil {
		return framing(cmd.Offset, "", rules.Command, "a package in a package")
	}
	cmd.PackedOffset = p.c.off
	want := p.c.off + int64(binary.BigEndian.Uint32(cmd.Data))
	end := min(want, int64(len(p.b)))
	if end > p.limit {
		return errNotOurs
	}
	cmd.PackedSize = end - cmd.PackedOffset
	cmd.Size = end - cmd.Offset
	p.add(Item{Command: cmd})

	outer, limit := p.b, p.limit
	p.b, p.limit, p.within = outer[:end], end, cmd
	p.c.b = p.b
	err := p.items()
	p.b, p.limit, p.within = outer, limit, nil
	p.c = cursor{b: outer, off: end}
	p.hidden = false
	switch {
	case err == errNotOurs:
		return err
	case end < want && err != nil && err.Class == rules.Truncated:
		return truncated(outer, err.Path)
	case end < want:
		return truncated(outer, "")
	case err != nil && err.Class == rules.Truncated:
		return &rules.Error{Class: err.Class, Offset: err.Offset, Path: err.Path, Rule: err.Rule, Detail: "the package ends before its end marker"}
	case err != nil:
		return err
	}
	cmd.complete = true
	if cmd.EOF >= 0 && cmd.EOF+1 < end {
		p.note(rules.TrailingBytes, cmd.EOF+1, "", fmt.Sprintf("%d bytes behind the end marker of a package", end-cmd.EOF-1))
	}
	return nil
}

// unendedSections notes the sections that were started and never ended, at the
// end marker.
func (p *parser) unendedSections() {
	open := map[uint32]bool{}
	for s := range p.s.Sections {
		open[s.ID] = s.Kind == KindStart || s.Kind == KindPart && open[s.ID]
	}
	for s := range p.s.Sections {
		if s.Kind == KindStart && open[s.ID] {
			p.note(rules.SectionEnded, p.s.EOF, s.Path(), "")
			open[s.ID] = false
		}
	}
}

// abandon closes the section that err broke off, so that the stream's bytes
// stay accounted for.
func (p *parser) abandon(err *rules.Error) {
	p.s.Footers = p.footers == footersYes
	items := p.s.Items
	if n := len(items); n > 0 && items[n-1].Command != nil {
		items = items[n-1].Command.Items
	}
	if len(items) == 0 {
		return
	}
	s := items[len(items)-1].Section
	if s == nil || s.complete {
		return
	}
	end := max(s.PayloadOffset, min(err.Offset, int64(len(p.b))))
	s.PayloadSize = end - s.PayloadOffset
	s.Size = end - s.Offset
	s.DecodedSize = min(s.DecodedSize, s.PayloadSize)
	p.cover(s, CoverageOpaque)
}
