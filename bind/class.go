package bind

import (
	"slices"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/model"
)

// A Class is a Schema bound to memory: a Description, and where each field of
// the Schema lies in an object. Scalars, small buffers, arrays and structs
// without pointers lie in the object itself; what is larger, or holds
// pointers, or has a length from the state, hangs from a pointer slot; a
// queue's head and an element's entry are slots of the object.
type Class struct {
	Description *vmstate.Description

	schema   *model.Schema
	layout   *layout
	data     uintptr // bytes, where the object has no pointers: then it can lie inside another
	pointers bool
	meta     *tailq.Metadata // where objects are elements of a queue
	body     body
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
	indirect bool   // off is a pointer slot
	child    *Class // struct, queue
	stride   uintptr
	count    int // index of the member that CountFrom or SizeFrom names; -1: none
}

// inlineMax is the largest array or buffer, in bytes, that lies in the object.
const inlineMax = 256

// Bind makes the Class of a schema, which must have passed Check.
func Bind(s *model.Schema) (*Class, error) { return bindShown(s, nil) }

// bindShown makes a Class whose fields are described as shown says.
func bindShown(s *model.Schema, shown map[*model.Field]*vmstate.Shown) (*Class, error) {
	b := &binder{shown: shown, classes: map[*model.Schema]*Class{}, elements: map[*model.Schema]bool{}}
	b.findElements(s, map[*model.Schema]bool{})
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
	classes  map[*model.Schema]*Class
	elements map[*model.Schema]bool // schemas whose objects stand in queues
	waiting  []*model.Schema        // elements met, to be laid out when no struct is open
	n        int
}

func (b *binder) findElements(s *model.Schema, seen map[*model.Schema]bool) {
	if seen[s] {
		return
	}
	seen[s] = true
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Type == model.TypeQueue {
			b.elements[f.Elem] = true
		}
		if f.Elem != nil {
			b.findElements(f.Elem, seen)
		}
	}
	for _, sub := range s.Subsections {
		b.findElements(sub, seen)
	}
}

// shell returns the class of s, perhaps not laid out yet.
func (b *binder) shell(s *model.Schema) *Class {
	c := b.classes[s]
	if c == nil {
		c = &Class{schema: s, Description: &vmstate.Description{}}
		if b.elements[s] {
			c.meta = &tailq.Metadata{VMSD: c.Description}
		}
		b.classes[s] = c
	}
	return c
}

func (b *binder) class(s *model.Schema) *Class {
	c := b.shell(s)
	if c.layout != nil {
		return c
	}
	p := &placer{}
	if m := c.meta; m != nil {
		p.slots(2, func(off uintptr) { m.Entry = off })
	}
	c.body = b.body(s, p)
	b.n++
	c.layout, c.data = p.place(split(b.n % int(splits)))
	c.pointers = p.pointers > 0
	if m := c.meta; m != nil {
		m.Last, m.Prev = pointerSize, pointerSize
		m.Size = c.layout.size
		m.New = c.new
	}
	b.describe(c.Description, &c.body)
	return c
}

// body asks for the places of a vmsd's fields, subsections included: they load
// into their parent's object.
func (b *binder) body(s *model.Schema, p *placer) body {
	d := body{schema: s, members: make([]member, len(s.Fields)), subs: make([]sub, len(s.Subsections))}
	for i := range s.Fields {
		m := &d.members[i]
		m.f = &s.Fields[i]
		m.count = -1
		if from := m.f.CountFrom + m.f.SizeFrom; from != "" {
			m.count = slices.IndexFunc(s.Fields[:i], func(f model.Field) bool { return f.Name == from })
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

func (b *binder) place(m *member, p *placer) {
	f := m.f
	set := func(off uintptr) { m.off = off }
	n := uintptr(1)
	if f.Array {
		n = uintptr(f.Count)
	}
	variable := m.count >= 0
	var align uintptr = 1
	switch f.Type {
	case model.TypeUnused, model.TypeNull:
		if !variable {
			return // nothing in memory
		}
		m.stride = 1
	case model.TypeBuffer:
		m.stride = uintptr(f.Size)
		if variable {
			m.stride = 1
		}
	case model.TypeStruct:
		m.child = b.class(f.Elem)
		m.stride = m.child.layout.size
		if !m.child.pointers && !variable {
			if inner := alignUp(m.child.data, wordSize); inner*n <= inlineMax {
				m.stride = inner
				p.data(inner*n, wordSize, set)
				return
			}
		}
		m.indirect = true
		p.slots(1, set)
		return
	case model.TypeQueue:
		m.child = b.shell(f.Elem)
		b.waiting = append(b.waiting, f.Elem)
		m.stride = 2 * pointerSize
		if !variable && n*m.stride <= inlineMax {
			p.slots(2*int(n), set)
			return
		}
		m.indirect = true
		m.stride = heads.size
		p.slots(1, set)
		return
	default:
		m.stride = uintptr(infos[f.Type].Min)
		align = m.stride
	}
	if variable || n*m.stride > inlineMax {
		m.indirect = true
		p.slots(1, set)
		return
	}
	p.data(n*m.stride, align, set)
}

// heads is the layout of a queue head that hangs from a slot.
var heads = layoutFor(0, 2, 0)

var infos = map[model.Type]*vmstate.Info{
	model.TypeBool:   vmstate.InfoBool,
	model.TypeInt8:   vmstate.InfoInt8,
	model.TypeInt16:  vmstate.InfoInt16,
	model.TypeInt32:  vmstate.InfoInt32,
	model.TypeInt64:  vmstate.InfoInt64,
	model.TypeUint8:  vmstate.InfoUint8,
	model.TypeUint16: vmstate.InfoUint16,
	model.TypeUint32: vmstate.InfoUint32,
	model.TypeUint64: vmstate.InfoUint64,
	model.TypeNull:   vmstate.InfoNullptr,
	model.TypeBuffer: vmstate.InfoBuffer,
	model.TypeUnused: vmstate.InfoUnused,
}

var countTypes = map[model.Type]vmstate.CountType{
	model.TypeInt8:   vmstate.CountInt8,
	model.TypeInt16:  vmstate.CountInt16,
	model.TypeInt32:  vmstate.CountInt32,
	model.TypeInt64:  vmstate.CountInt64,
	model.TypeUint8:  vmstate.CountUint8,
	model.TypeUint16: vmstate.CountUint16,
	model.TypeUint32: vmstate.CountUint32,
	model.TypeUint64: vmstate.CountUint64,
}

// describe fills in a Description once all offsets are known.
func (b *binder) describe(d *vmstate.Description, t *body) {
	d.Name = t.schema.Name
	d.VersionID = t.schema.Version
	d.MinimumVersionID = t.schema.Minimum
	for i := range t.members {
		f := t.field(&t.members[i])
		f.Shown = b.shown[t.members[i].f]
		d.Fields = append(d.Fields, f)
	}
	for i := range t.subs {
		u := &t.subs[i]
		s := &vmstate.Description{
			Needed: func(obj unsafe.Pointer) bool { return *(*byte)(unsafe.Add(obj, u.present)) != 0 },
		}
		b.describe(s, &u.body)
		s.Fields = append(s.Fields, vmstate.Field{Offset: u.present, Flags: vmstate.Single, Info: presence})
		d.Subsections = append(d.Subsections, s)
	}
}

// presence is the mark that a subsection was loaded: a field that takes no
// bytes.
var presence = &vmstate.Info{
	Get: func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error {
		l.WillChange(p, 1)
		*(*byte)(p) = 1
		return nil
	},
	Put: func(*vmstate.Saver, unsafe.Pointer, *vmstate.Field) error { return nil },
}

// field says in flags what the member's shape is.
func (t *body) field(m *member) vmstate.Field {
	f := m.f
	v := vmstate.Field{Name: f.Name, Offset: m.off, VersionID: f.Version, Size: m.stride, Info: infos[f.Type]}
	switch f.Type {
	case model.TypeStruct:
		v.Flags, v.VMSD = vmstate.Struct, m.child.Description
	case model.TypeQueue:
		q := tailq.Field(f.Name, m.off, f.Version, m.child.meta)
		q.Size = m.stride
		v = q
	case model.TypeUnused:
		v.Flags, v.Size = vmstate.Buffer, uintptr(f.Size)
	case model.TypeBuffer:
		v.Flags = vmstate.Buffer
	default:
		v.Flags = vmstate.Single
	}
	if m.indirect {
		v.Flags |= vmstate.Pointer
	}
	if f.Array {
		v.Flags = v.Flags&^vmstate.Single | vmstate.Array
		v.Num = f.Count
	}
	if m.count < 0 {
		return v
	}
	count := &t.members[m.count]
	if f.Type == model.TypeBuffer {
		v.Flags = vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc
		v.SizeOffset, v.SizeType = count.off, countTypes[count.f.Type]
	} else {
		v.NumOffset, v.NumType = count.off, countTypes[count.f.Type]
		v.Flags |= vmstate.Alloc
		v.Num = 0
	}
	v.New = m.counted
	return v
}
