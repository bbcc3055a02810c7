package bind

import (
	"slices"
	"unsafe"

	"vmconform/impl/gtree"
	"vmconform/impl/qlist"
	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/model"
)

// A Class is a Schema bound to memory: a Description, and where each field of
// the Schema lies in an object. Scalars, small buffers, arrays and structs
// without pointers lie in the object itself; what is larger, or holds
// pointers, or has a length from the state, hangs from a pointer slot, and so do
// timers, trees and what a tmp leaves behind; a queue's or list's head and an
// element's entry are slots of the object.
type Class struct {
	Description *vmstate.Description

	schema   *model.Schema
	layout   *layout
	data     uintptr // bytes, where the object has no pointers: then it can lie inside another
	pointers bool
	body     body

	entry  uintptr // where objects are elements: of the two slots next and prev
	queue  *tailq.Metadata
	list   *qlist.Metadata
	parent uintptr // where objects are those of a tmp: of the slot that points to the parent's
}

// A body is what a vmsd, top or subsection, has in the object.
type body struct {
	schema  *model.Schema
	members []member // parallel to schema.Fields
	subs    []sub    // parallel to schema.Subsections
}

type sub struct {
	present uintptr // offset of a byte: 1 once the subsection is there
	body    body
}

type member struct {
	f        *model.Field
	off      uintptr
	indirect bool     // off is a pointer slot
	child    *Class   // of Elem
	key      *Class   // of Key
	each     []*Class // of Elems
	tree     *gtree.Metadata
	stride   uintptr
	room     int     // elements that memory has, of a buffer bytes; not where it is counted
	from     *member // the member that CountFrom or SizeFrom names
	bits     uintptr // bitmap of fixed size: where the number of its bits lies, an int32
}

// counted says that memory has as many elements as another member says when it
// is made.
func (m *member) counted() bool { return m.from != nil && m.f.Room == 0 }

// inlineMax is the largest array or buffer, in bytes, that lies in the object.
const inlineMax = 256

// Bind makes the Class of a schema, which must have passed Check.
func Bind(s *model.Schema) (*Class, error) { return bind(s, nil, nil) }

// bind makes a Class whose fields are described as shown says, and whose
// descriptions change has changed.
func bind(s *model.Schema, shown map[*model.Field]*vmstate.Shown, change func(*vmstate.Description)) (*Class, error) {
	b := &binder{shown: shown, change: change, classes: map[*model.Schema]*Class{}, elements: map[*model.Schema]bool{}, each: map[*model.Schema]bool{}, tmps: map[*model.Schema]bool{}}
	b.find(s, map[*model.Schema]bool{})
	c := b.class(s)
	for len(b.waiting) > 0 {
		next := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.class(next)
	}
	return c, c.Description.Compile()
}

type binder struct {
	shown    map[*model.Field]*vmstate.Shown
	change   func(*vmstate.Description) // nil for none
	classes  map[*model.Schema]*Class
	elements map[*model.Schema]bool // schemas whose objects stand in queues or lists
	each     map[*model.Schema]bool // those of them that stand there beside others
	tmps     map[*model.Schema]bool // schemas whose objects are those of a tmp
	waiting  []*model.Schema        // met behind pointers, to be laid out when no struct is open
	n        int
}

// find sees what the schemas that s reaches are used for.
func (b *binder) find(s *model.Schema, seen map[*model.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for i := range s.Fields {
		f := &s.Fields[i]
		switch f.Type {
		case model.TypeQueue, model.TypeList:
			b.elements[f.Elem] = true
		case model.TypeTmp:
			b.tmps[f.Elem] = true
		}
		for _, e := range f.Elems {
			b.elements[e], b.each[e], b.each[f.Elem] = true, true, true
			b.find(e, seen)
		}
		b.find(f.Elem, seen)
		b.find(f.Key, seen)
	}
	for _, sub := range s.Subsections {
		b.find(sub, seen)
	}
}

// shell returns the class of s, perhaps not laid out yet.
func (b *binder) shell(s *model.Schema) *Class {
	c := b.classes[s]
	if c == nil {
		c = &Class{schema: s, Description: &vmstate.Description{}}
		if b.elements[s] {
			c.queue = &tailq.Metadata{VMSD: c.Description}
			c.list = &qlist.Metadata{VMSD: c.Description}
		}
		b.classes[s] = c
	}
	return c
}

// later returns the class of s, which is laid out when no struct is open: it may
// be the one that is open.
func (b *binder) later(s *model.Schema) *Class {
	b.waiting = append(b.waiting, s)
	return b.shell(s)
}

func (b *binder) class(s *model.Schema) *Class {
	c := b.shell(s)
	if c.layout != nil {
		return c
	}
	p := &placer{}
	if c.queue != nil {
		p.slots(2, func(off uintptr) { c.entry = off })
	}
	if b.tmps[s] {
		p.slots(1, func(off uintptr) { c.parent = off })
	}
	c.body = b.body(s, p)
	b.n++
	where := split(b.n % int(splits))
	if b.each[s] {
		where = dataAfter // the entry comes first in all that stand in one queue
	}
	c.layout, c.data = p.place(where)
	c.pointers = p.pointers > 0
	if c.queue != nil {
		*c.queue = tailq.Metadata{Last: pointerSize, Prev: pointerSize, Entry: c.entry, Size: c.layout.size, New: c.new, VMSD: c.Description}
		*c.list = qlist.Metadata{Prev: pointerSize, Entry: c.entry, Size: c.layout.size, New: c.new, VMSD: c.Description}
	}
	b.describe(c.Description, &c.body)
	if b.tmps[s] {
		c.travel()
	}
	return c
}

// body asks for the places of a vmsd's fields, subsections included: they load
// into their parent's object.
func (b *binder) body(s *model.Schema, p *placer) body {
	d := body{schema: s, members: make([]member, len(s.Fields)), subs: make([]sub, len(s.Subsections))}
	for i := range s.Fields {
		m := &d.members[i]
		m.f = &s.Fields[i]
		if from := m.f.CountFrom + m.f.SizeFrom; from != "" {
			m.from = d.member(from)
		}
		b.place(m, p)
	}
	for i, t := range s.Subsections {
		u := &d.subs[i]
		p.data(1, 1, func(off uintptr) { u.present = off })
		u.body = b.body(t, p)
	}
	return d
}

func (t *body) member(name string) *member {
	return &t.members[slices.IndexFunc(t.schema.Fields, func(f model.Field) bool { return f.Name == name })]
}

// place asks for the place of one member.
func (b *binder) place(m *member, p *placer) {
	f := m.f
	set := func(off uintptr) { m.off = off }
	slot := func() {
		m.indirect = true
		p.slots(1, set)
	}
	switch m.room = 1; {
	case f.Room > 0:
		m.room = f.Room
	case f.Array:
		m.room = f.Count
	case f.Type == model.TypeBuffer:
		m.room = f.Size
	}
	var align uintptr // 0: pointers
	switch f.Type {
	case model.TypeValidate:
		return
	case model.TypeUnused, model.TypeNull:
		if !m.counted() {
			return // nothing in memory
		}
		m.stride = 1
	case model.TypeBuffer:
		m.stride, align = 1, 1
	case model.TypeBitmap:
		b.placeBitmap(m, p, set)
		return
	case model.TypeStruct, model.TypeVStruct:
		m.child = b.class(f.Elem)
		m.stride = m.child.layout.size
		if !m.child.pointers {
			m.stride, align = alignUp(m.child.data, wordSize), wordSize
		}
	case model.TypeTmp:
		m.child = b.later(f.Elem)
		slot()
		return
	case model.TypeQueue, model.TypeList:
		m.child = b.later(f.Elem)
		for _, e := range f.Elems {
			m.each = append(m.each, b.later(e))
		}
		m.stride = heads.size
	case model.TypeTree:
		m.child = b.later(f.Elem)
		b.placeTree(m)
		m.stride = unsafe.Sizeof(treeHead{})
	default:
		m.stride = uintptr(infos[f.Type].Min)
		align = m.stride
	}
	n := uintptr(m.room)
	switch queue := f.Type == model.TypeQueue || f.Type == model.TypeList; {
	case f.Pointers:
		if n*pointerSize <= inlineMax {
			p.slots(m.room, set)
			return
		}
		slot()
	case m.counted(), n*m.stride > inlineMax, f.Type == model.TypeTimer, f.SizeFrom != "", align == 0 && !queue:
		if m.child != nil && align != 0 {
			m.stride = m.child.layout.size
		}
		slot()
	case queue:
		m.stride = 2 * pointerSize
		p.slots(2*m.room, set)
	default:
		p.data(n*m.stride, align, set)
	}
}

// heads is the layout of a queue's or list's head that hangs from a slot.
var heads = layoutFor(0, 2, 0)

func (b *binder) placeBitmap(m *member, p *placer, set func(uintptr)) {
	m.stride = wordSize
	bits := m.f.Size
	if m.from == nil {
		p.data(4, 4, func(off uintptr) { m.bits = off })
	} else {
		bits = m.f.Room
	}
	if m.room = bitmapWords(bits); !m.counted() && uintptr(m.room)*m.stride <= inlineMax {
		p.data(uintptr(m.room)*m.stride, wordSize, set)
		return
	}
	m.indirect = true
	p.slots(1, set)
}
