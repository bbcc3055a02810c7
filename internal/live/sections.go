package live

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"vmconform/impl/savevm"
	"vmconform/model"
)

// The shapes of what is around queues: subsections, sections, and the stream.

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// subsection draws one, as often as not one that has a queue, and changes queues.
func (m *maker) subsection() (place, bool) {
	list := m.b.subsections()
	if len(list) == 0 {
		return place{}, false
	}
	m.mix()
	around := slices.DeleteFunc(slices.Clone(list), func(p place) bool {
		return !slices.ContainsFunc(m.b.queues, func(q *queue) bool { return p.from <= q.from && q.to <= p.to })
	})
	if len(around) > 0 && m.r.IntN(2) == 0 {
		list = around
	}
	return pick(m.r, list), true
}

func (p place) path() string { return p.device.section.Path() + "/" + p.span.Path }

func (m *maker) subsectionVersion(draw func(version uint32) (uint32, bool)) (string, bool) {
	p, ok := m.subsection()
	if !ok {
		return "", false
	}
	v, ok := draw(p.span.Schema.Version)
	m.change(p.be32(), p.be32()+4, be32(v)...)
	return fmt.Sprintf("%s: version %#x in place of %d", p.path(), v, p.span.Schema.Version), ok
}

func versionSubsectionNew(m *maker) (string, bool) {
	return m.subsectionVersion(func(v uint32) (uint32, bool) {
		return uint32(between(m.r, int64(v)+1, 255)) + 256*uint32(m.r.IntN(2)*m.r.IntN(1<<24)), v < 255
	})
}

func versionSubsection256(m *maker) (string, bool) {
	return m.subsectionVersion(func(v uint32) (uint32, bool) { return v + 256*uint32(1+m.r.IntN(1<<24-1)), v < 256 })
}

func versionSubsectionOld(m *maker) (string, bool) {
	return m.subsectionVersion(func(v uint32) (uint32, bool) {
		if v == 0 {
			return 0, false
		}
		return uint32(m.r.IntN(int(min(v, 256)))), true
	})
}

// section draws one of those given and changes queues beside it.
func (m *maker) section(list []*savevm.Section) (*savevm.Section, bool) {
	if len(list) == 0 {
		return nil, false
	}
	m.mix()
	return pick(m.r, list), true
}

// full lists the sections of devices.
func (b *base) full() []*savevm.Section {
	var list []*savevm.Section
	for _, d := range b.devices {
		list = append(list, d.section)
	}
	return list
}

func (m *maker) sectionVersion(draw func(version uint32) (uint32, bool)) (string, bool) {
	s, ok := m.section(m.b.headed())
	if !ok {
		return "", false
	}
	v, ok := draw(s.VersionID)
	m.change(s.PayloadOffset-4, s.PayloadOffset, be32(v)...)
	return fmt.Sprintf("%s: version %#x in place of %d", s.Path(), v, s.VersionID), ok
}

func versionSectionNew(m *maker) (string, bool) {
	return m.sectionVersion(func(v uint32) (uint32, bool) {
		return v + uint32(between(m.r, 1, int64(pick(m.r, []int{1, 255, 1 << 30})))), true
	})
}

func versionSectionHigh(m *maker) (string, bool) {
	return m.sectionVersion(func(v uint32) (uint32, bool) { return v | 1<<31, true })
}

func versionSectionOld(m *maker) (string, bool) {
	return m.sectionVersion(func(v uint32) (uint32, bool) {
		if v == 0 {
			return 0, false
		}
		return uint32(m.r.IntN(int(v))), true
	})
}

func dropSubsection(m *maker) (string, bool) {
	p, ok := m.subsection()
	if !ok {
		return "", false
	}
	m.instead(p.from, p.to, nil)
	m.within(p.from, p.to, none)
	return p.path() + ": subsection dropped", true
}

// takes says whether what follows the subsection is asked for by a vmsd that ends
// with it: then a subsection of that name is that vmsd's, which does not know it.
func (p place) takes(name string) bool {
	end := p.span.Offset + p.span.Size
	return slices.ContainsFunc(p.device.spans, func(s model.Span) bool {
		inside := s.Schema != nil && s.Depth > p.span.Depth && s.Offset >= p.span.Offset && s.Offset+s.Size == end
		return inside && len(name) > len(s.Schema.Name) && strings.HasPrefix(name, s.Schema.Name)
	})
}

// doubleSubsection lets it be loaded over itself.
func doubleSubsection(m *maker) (string, bool) {
	p, ok := m.subsection()
	if !ok || p.takes(p.span.Schema.Name) {
		return "", false
	}
	m.change(p.to, p.to, m.now(p.from, p.to)...)
	m.within(p.from, p.to, twice)
	return p.path() + ": subsection doubled", true
}

// doubleTaken is doubleSubsection of one whose last struct has a name that the
// subsection's begins with: as spapr_option_vector has, in
// spapr_option_vector_ov5_cas.
func doubleTaken(m *maker) (string, bool) {
	p, ok := m.subsection()
	if !ok || !p.takes(p.span.Schema.Name) {
		return "", false
	}
	m.change(p.to, p.to, m.now(p.from, p.to)...)
	return p.path() + ": subsection doubled, which is taken for one of its last struct's", true
}

// swapSubsections lets two neighbours change places.
func swapSubsections(m *maker) (string, bool) {
	list := m.b.subsections()
	type pair struct{ a, b place }
	var pairs []pair
	for _, a := range list {
		for _, b := range list {
			if a.device == b.device && a.to == b.from && a.span.Depth == b.span.Depth && !b.takes(a.span.Schema.Name) {
				pairs = append(pairs, pair{a, b})
			}
		}
	}
	if len(pairs) == 0 {
		return "", false
	}
	m.mix()
	p := pick(m.r, pairs)
	m.instead(p.a.from, p.b.to, slices.Concat(m.now(p.b.from, p.b.to), m.now(p.a.from, p.a.to)))
	return fmt.Sprintf("%s: behind %s", p.a.path(), p.b.path()), true
}

// letters draws a name that no QEMU has given to anything.
func (m *maker) letters() string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = 'a' + byte(m.r.IntN(26))
	}
	return "zz-" + string(b)
}

// insertSubsection puts a subsection at the end of a device.
func (m *maker) insertSubsection(name func(vmsd string) string) (string, bool) {
	m.mix()
	d := pick(m.r, m.b.devices)
	n := name(d.schema.Name)
	at := d.section.PayloadOffset + d.section.PayloadSize
	sub := append([]byte{savevm.KindSubsection, byte(len(n))}, n...)
	m.change(at, at, slices.Concat(sub, be32(1), drawBytes(m.r, m.r.IntN(20)))...)
	return fmt.Sprintf("%s: subsection %s added", d.section.Path(), n), len(n) < 256
}

func nameUnknown(m *maker) (string, bool) {
	return m.insertSubsection(func(vmsd string) string { return vmsd + "/" + m.letters() })
}

// nameOtherPrefix is no subsection, but bytes behind the device.
func nameOtherPrefix(m *maker) (string, bool) {
	return m.insertSubsection(func(string) string { return m.letters() })
}

// nameChanged changes the last byte of a subsection's name, behind what is its
// parent's prefix.
func nameChanged(m *maker) (string, bool) {
	p, ok := m.subsection()
	if !ok {
		return "", false
	}
	last := p.be32() - 1
	c := byte('0' + m.r.IntN(10))
	m.change(last, last+1, c)
	return fmt.Sprintf("%s: the name ends in %c", p.path(), c), m.b.b[last] != c
}

func sectionDropped(m *maker) (string, bool) {
	s, ok := m.section(m.b.full())
	if !ok {
		return "", false
	}
	m.instead(s.Offset, s.Offset+s.Size, nil)
	m.within(s.Offset, s.Offset+s.Size, none)
	return s.Path() + ": section dropped", true
}

func sectionDoubled(m *maker) (string, bool) {
	s, ok := m.section(m.b.full())
	if !ok {
		return "", false
	}
	end := s.Offset + s.Size
	m.change(end, end, m.now(s.Offset, end)...)
	m.within(s.Offset, end, twice)
	return s.Path() + ": section doubled", true
}

func sectionSwapped(m *maker) (string, bool) {
	list := m.b.full()
	type pair struct{ a, b *savevm.Section }
	var pairs []pair
	for _, a := range list {
		for _, b := range list {
			if a.Offset+a.Size == b.Offset {
				pairs = append(pairs, pair{a, b})
			}
		}
	}
	if len(pairs) == 0 {
		return "", false
	}
	m.mix()
	p := pick(m.r, pairs)
	end := p.b.Offset + p.b.Size
	m.instead(p.a.Offset, end, slices.Concat(m.now(p.b.Offset, end), m.now(p.a.Offset, p.b.Offset)))
	return fmt.Sprintf("%s: behind %s", p.a.Path(), p.b.Path()), true
}

func sectionStarted(m *maker) (string, bool) {
	s, ok := m.section(m.b.full())
	if !ok {
		return "", false
	}
	m.change(s.Offset, s.Offset+1, savevm.KindStart)
	return s.Path() + ": a section that is started, and not ended", true
}

func sectionID(m *maker) (string, bool) {
	s, ok := m.section(m.b.full())
	if !ok {
		return "", false
	}
	id := m.r.Uint32()
	m.change(s.Offset+1, s.Offset+5, be32(id)...)
	m.change(s.Offset+s.Size-4, s.Offset+s.Size, be32(id)...)
	return fmt.Sprintf("%s: section id %d in place of %d", s.Path(), id, s.ID), true
}

// sectionInstance is tried where there is one device of the name. QEMU loads it unless
// that has an older id beside its own, as mc146818rtc has, and no description says that.
func sectionInstance(m *maker) (string, bool) {
	named := map[string]int{}
	for s := range m.b.stream.Sections {
		if s.Kind == savevm.KindFull || s.Kind == savevm.KindStart {
			named[s.Name]++
		}
	}
	s, ok := m.section(slices.DeleteFunc(m.b.full(), func(s *savevm.Section) bool { return named[s.Name] > 1 }))
	if !ok {
		return "", false
	}
	m.change(s.PayloadOffset-8, s.PayloadOffset-4, 0xff, 0xff, 0xff, 0xff)
	return s.Path() + ": instance id ffffffff", true
}

// nameAt is where the length of a section's idstr stands.
func nameAt(s *savevm.Section) int64 { return s.Offset + 5 }

func sectionNUL(m *maker) (string, bool) {
	s, ok := m.section(m.b.full())
	if !ok {
		return "", false
	}
	name := s.Name + "\x00" + m.letters()
	m.change(nameAt(s), s.PayloadOffset-8, append([]byte{byte(len(name))}, name...)...)
	return fmt.Sprintf("%s: idstr %q", s.Path(), name), len(name) < 256
}

// sectionType gives it a type that there is not: 06 is of the description, and
// stands in no other place, as do 05, 07 and 7e.
func sectionType(m *maker) (string, bool) {
	s, ok := m.section(m.b.headed())
	if !ok {
		return "", false
	}
	kind := pick(m.r, []byte{savevm.KindSubsection, savevm.KindVMDesc, savevm.KindConfiguration, savevm.KindFooter, byte(9 + m.r.IntN(247))})
	m.change(s.Offset, s.Offset+1, kind)
	return fmt.Sprintf("%s: section type %02x", s.Path(), kind), true
}

func lengthName(m *maker) (string, bool) {
	s, ok := m.section(m.b.headed())
	if !ok {
		return "", false
	}
	m.change(nameAt(s), s.PayloadOffset-8, 0)
	return s.Path() + ": idstr of length 0", true
}

// cutAnywhere leaves at least a byte: QEMU waits for the first one.
func cutAnywhere(m *maker) (string, bool) {
	m.cut = between(m.r, 1, m.b.stream.EOF)
	return fmt.Sprintf("cut after %s", many(int(m.cut), "byte")), true
}

func cutQueue(m *maker) (string, bool) {
	q, ok := m.fill(0)
	if !ok {
		return "", false
	}
	b, _ := m.put(q.queue, q.list)
	n := between(m.r, 0, int64(len(b)-1))
	m.cut = q.from + n
	return fmt.Sprintf("%s, %s: cut after %d", q.path, many(len(b), "byte"), n), true
}

// descriptionAt is the offset of the description's 06; its be32 and its text
// follow.
func (b *base) descriptionAt() int64 { return b.stream.EOF + 1 }

func cutDescription(m *maker) (string, bool) {
	m.cut = between(m.r, m.b.descriptionAt()+1, int64(len(m.b.b))-1)
	return fmt.Sprintf("cut after %d bytes, in the description", m.cut), true
}

func cutOff(m *maker) (string, bool) {
	m.mix()
	m.instead(m.b.descriptionAt(), int64(len(m.b.b)), nil)
	return "no description", true
}

func (m *maker) descriptionLength(n int64) string {
	m.mix()
	at := m.b.descriptionAt() + 1
	m.change(at, at+4, be32(uint32(n))...)
	return fmt.Sprintf("the description is said to have %d bytes, not %d", n, m.b.stream.VMDescSize)
}

func lengthDescriptionLong(m *maker) (string, bool) {
	return m.descriptionLength(m.b.stream.VMDescSize + between(m.r, 1, 1<<20)), true
}

func lengthDescriptionShort(m *maker) (string, bool) {
	return m.descriptionLength(between(m.r, 1, m.b.stream.VMDescSize-1)), true
}

// machineNameAt is the offset of the be32 before the machine's name.
func (b *base) machineNameAt() int64 { return b.stream.Config.Offset + 1 }

// countMachineName says that the name has more bytes than the stream.
func countMachineName(m *maker) (string, bool) {
	at := m.b.machineNameAt()
	n := int64(len(m.b.b)) + between(m.r, 0, 64<<20)
	m.change(at, at+4, be32(uint32(n))...)
	return fmt.Sprintf("configuration: a machine name of %d bytes", n), true
}

func countMachineNameNegative(m *maker) (string, bool) {
	at := m.b.machineNameAt()
	n := negative(m)
	m.change(at, at+4, be32(n)...)
	return fmt.Sprintf("configuration: a machine name of %d bytes", n), true
}

func footerType(m *maker) (string, bool) {
	s, ok := m.section(m.b.footed())
	if !ok {
		return "", false
	}
	at, c := s.Offset+s.Size-5, byte(m.r.IntN(256))
	m.change(at, at+1, c)
	return fmt.Sprintf("%s: %02x in place of the footer's 7e", s.Path(), c), c != savevm.KindFooter
}

func footerID(m *maker) (string, bool) {
	s, ok := m.section(m.b.footed())
	if !ok {
		return "", false
	}
	id := s.ID + pick(m.r, []uint32{1, 1 << 31, 1 + m.r.Uint32()>>1})
	m.change(s.Offset+s.Size-4, s.Offset+s.Size, be32(id)...)
	return fmt.Sprintf("%s: footer of section %d in place of %d", s.Path(), id, s.ID), true
}

func footerMissing(m *maker) (string, bool) {
	s, ok := m.section(m.b.footed())
	if !ok {
		return "", false
	}
	m.change(s.Offset+s.Size-5, s.Offset+s.Size)
	return s.Path() + ": footer missing", true
}

func footerSecond(m *maker) (string, bool) {
	s, ok := m.section(m.b.footed())
	if !ok {
		return "", false
	}
	end := s.Offset + s.Size
	m.change(end, end, m.b.b[end-5:end]...)
	return s.Path() + ": a second footer", true
}
