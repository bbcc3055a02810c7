package live

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"vmconform/model"
)

// The shapes of queues: their elements, markers, counts and lengths.

func addOne(m *maker) (string, bool) {
	q, ok := m.fill(0)
	if !ok {
		return "", false
	}
	i := m.r.IntN(len(q.list) + 1)
	m.put(q.queue, slices.Insert(q.list, i, m.element(q.queue, 1<<17)))
	return fmt.Sprintf("%s: an element added at [%d]", q.path, i), true
}

func addSeveral(m *maker) (string, bool) {
	q, ok := m.fill(0)
	if !ok {
		return "", false
	}
	var at []string
	for range 2 + m.r.IntN(5) {
		i := m.r.IntN(len(q.list) + 1)
		q.list = slices.Insert(q.list, i, m.element(q.queue, maxSize))
		at = append(at, fmt.Sprintf("[%d]", i))
	}
	m.put(q.queue, q.list)
	return fmt.Sprintf("%s: elements added at %s", q.path, strings.Join(at, ", ")), true
}

func removeSome(m *maker) (string, bool) {
	q, ok := m.fill(2)
	if !ok {
		return "", false
	}
	var at []string
	for range 1 + m.r.IntN(len(q.list)-1) {
		i := m.r.IntN(len(q.list))
		q.list = slices.Delete(q.list, i, i+1)
		at = append(at, fmt.Sprintf("[%d]", i))
	}
	m.put(q.queue, q.list)
	return fmt.Sprintf("%s: elements removed at %s", q.path, strings.Join(at, ", ")), true
}

func removeAll(m *maker) (string, bool) {
	q, ok := m.fill(0)
	if !ok {
		return "", false
	}
	m.put(q.queue, model.List{})
	return q.path + ": all elements removed", true
}

func repeatOne(m *maker) (string, bool) {
	q, ok := m.fill(1)
	if !ok {
		return "", false
	}
	i, times := m.r.IntN(len(q.list)), 1+m.r.IntN(5)
	at := m.r.IntN(len(q.list) + 1)
	m.put(q.queue, slices.Insert(q.list, at, slices.Repeat(model.List{q.list[i]}, times)...))
	return fmt.Sprintf("%s: element [%d] repeated %d times at [%d]", q.path, i, times, at), true
}

func reorder(m *maker) (string, bool) {
	q, ok := m.fill(2)
	if !ok {
		return "", false
	}
	order := m.r.Perm(len(q.list))
	if slices.IsSorted(order) {
		return "", false
	}
	list := make(model.List, len(order))
	for i, j := range order {
		list[i] = q.list[j]
	}
	m.put(q.queue, list)
	return fmt.Sprintf("%s: elements in the order %v", q.path, order), true
}

// madeCounts are those of the first variants, before others are drawn.
var madeCounts = []int{1, 2, 17, 500}

// madeQueue has no element of the base's.
func madeQueue(m *maker) (string, bool) {
	q, ok := m.fill(0)
	if !ok {
		return "", false
	}
	n := 1 + drawSize(m.r, 500)
	if m.n < len(madeCounts) {
		n = madeCounts[m.n]
	}
	list := make(model.List, n)
	for i := range list {
		list[i] = m.element(q.queue, maxSize)
	}
	b, _ := m.put(q.queue, list)
	return fmt.Sprintf("%s: %s made, %d bytes", q.path, many(n, "element"), len(b)), true
}

// starts are the offsets of the markers in the spans of a queue.
func starts(spans []model.Span) []int64 {
	var list []int64
	for _, s := range spans {
		if s.Depth == 1 {
			list = append(list, s.Offset)
		}
	}
	return list
}

func markerOther(m *maker) (string, bool) {
	q, ok := m.fill(1)
	if !ok {
		return "", false
	}
	b, spans := m.put(q.queue, q.list)
	at := starts(spans)
	var said []string
	for _, i := range m.r.Perm(len(at))[:1+m.r.IntN(len(at))] {
		marker := pick(m.r, []byte{0x02, 0x05, 0x7e, 0x80, 0xff, byte(2 + m.r.IntN(254))})
		b[at[i]] = marker
		said = append(said, fmt.Sprintf("%02x at [%d]", marker, i))
	}
	m.instead(q.from, q.to, b)
	return fmt.Sprintf("%s: markers %s", q.path, strings.Join(said, ", ")), true
}

// markerEarly ends the queue where an element begins; the next thing is its
// first field.
func markerEarly(m *maker) (string, bool) {
	q, ok := m.fill(1)
	if !ok {
		return "", false
	}
	b, spans := m.put(q.queue, q.list)
	i := m.r.IntN(len(q.list))
	b[starts(spans)[i]] = 0
	m.instead(q.from, q.to, b)
	return fmt.Sprintf("%s: marker 00 at [%d]", q.path, i), true
}

// markerNone makes an element of what follows the queue, up to the stream's end.
func markerNone(m *maker) (string, bool) {
	q, ok := m.fill(0)
	if !ok {
		return "", false
	}
	b, _ := m.put(q.queue, q.list)
	marker := byte(1 + m.r.IntN(255))
	b[len(b)-1] = marker
	m.instead(q.from, q.to, b)
	return fmt.Sprintf("%s: %02x in place of the terminator", q.path, marker), true
}

func countElements(m *maker) (string, bool) {
	q, ok := m.fill(1)
	if !ok {
		return "", false
	}
	n := pick(m.r, []int{0, 1, drawSize(m.r, 600), drawSize(m.r, 600)})
	list := make(model.List, n)
	for i := range list {
		list[i] = q.list[i%len(q.list)]
	}
	m.put(q.queue, list)
	return fmt.Sprintf("%s: %s", q.path, many(n, "element")), true
}

// sized is an element's buffer and the integer that counts it, and where they
// stand in the queue's bytes.
type sized struct {
	filled
	bytes     []byte
	i         int // the element
	counter   model.Span
	buffer    model.Span
	counterAt int // index of the counter among the element's fields
}

// size draws an element that has a buffer of a size that the element says.
func (m *maker) size() (sized, bool) {
	q, ok := m.fill(1)
	if !ok {
		return sized{}, false
	}
	var buffers []int
	for i := range q.field.Elem.Fields {
		f := &q.field.Elem.Fields[i]
		if f.SizeFrom != "" && bitsOf[q.field.Elem.Fields[fieldOf(q.field.Elem, f.SizeFrom)].Type] == 32 {
			buffers = append(buffers, i)
		}
	}
	if len(buffers) == 0 {
		return sized{}, false
	}
	b, spans := m.put(q.queue, q.list)
	s := sized{filled: q, bytes: b, i: m.r.IntN(len(q.list))}
	buffer := &q.field.Elem.Fields[pick(m.r, buffers)]
	s.counterAt = fieldOf(q.field.Elem, buffer.SizeFrom)
	element := fmt.Sprintf("%s[%d]/", q.field.Name, s.i)
	for _, x := range spans {
		switch x.Path {
		case element + buffer.Name:
			s.buffer = x
		case element + buffer.SizeFrom:
			s.counter = x
		}
	}
	return s, true
}

// say writes another size and tells it.
func (s *sized) say(m *maker, n uint32) string {
	binary.BigEndian.PutUint32(s.bytes[s.counter.Offset:], n)
	m.instead(s.from, s.to, s.bytes)
	return fmt.Sprintf("%s[%d]/%s: %d in place of %d", s.path, s.i, s.counter.Field.Name, n, s.buffer.Size)
}

// lengthFitting changes a buffer together with its size.
func lengthFitting(m *maker) (string, bool) {
	s, ok := m.size()
	if !ok {
		return "", false
	}
	n := drawSize(m.r, 1<<17)
	e := s.list[s.i].(*model.Struct)
	fields := slices.Clone(e.Fields)
	fields[s.counterAt] = integer(s.counter.Field.Type, uint64(n))
	fields[fieldOf(s.field.Elem, s.buffer.Field.Name)] = drawBytes(m.r, n)
	list := slices.Clone(s.list)
	list[s.i] = &model.Struct{Fields: fields, Subs: e.Subs}
	b, _ := m.put(s.queue, list)
	m.instead(s.from, s.to, b)
	return fmt.Sprintf("%s[%d]/%s: %s in place of %d", s.path, s.i, s.buffer.Field.Name, many(n, "byte"), s.buffer.Size), true
}

// lengthOff lets a size differ from its buffer by less than what an element has
// beside it, so that no element ends where one began.
func lengthOff(m *maker) (string, bool) {
	s, ok := m.size()
	if !ok {
		return "", false
	}
	most := s.counter.Size
	by := between(m.r, 1, most)
	if m.r.IntN(2) == 0 && s.buffer.Size > 0 {
		by = -between(m.r, 1, min(most, s.buffer.Size))
	}
	return s.say(m, uint32(s.buffer.Size+by)), true
}

// lengthBeyond asks for more bytes than the stream has, but for no more than a
// QEMU can allocate.
func lengthBeyond(m *maker) (string, bool) {
	s, ok := m.size()
	if !ok {
		return "", false
	}
	left := int64(len(s.bytes)) - s.buffer.Offset + int64(len(m.b.b)) - s.to
	return s.say(m, uint32(between(m.r, left+1, left+64<<20))), true
}

// lengthNegative is negative as a C int.
func lengthNegative(m *maker) (string, bool) {
	s, ok := m.size()
	if !ok {
		return "", false
	}
	return s.say(m, negative(m)), true
}

func negative(m *maker) uint32 {
	return pick(m.r, []uint32{1 << 31, math.MaxUint32, 1<<31 | m.r.Uint32()})
}
