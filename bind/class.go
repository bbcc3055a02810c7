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
func Bind(s *model.Schema) (*Class, error) { return bindShown(s, nil) }

// bindShown makes a Class whose fields are described as shown says.
func bindShown(s *model.Schema, shown map[*model.Field]*vmstate.Shown) (*Class, error) {
	b := &binder{shown: shown, classes: map[*model.Schema]*Class{}, elements: map[*model.Schema]bool{}, each: map[*model.Schema]bool{}, tmps: map[*model.Schema]bool{}}
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

var infos = map[model.Type]*vmstate.Info{
	model.TypeBool:        vmstate.InfoBool,
	model.TypeInt8:        vmstate.InfoInt8,
	model.TypeInt16:       vmstate.InfoInt16,
	model.TypeInt32:       vmstate.InfoInt32,
	model.TypeInt64:       vmstate.InfoInt64,
	model.TypeUint8:       vmstate.InfoUint8,
	model.TypeUint16:      vmstate.InfoUint16,
	model.TypeUint32:      vmstate.InfoUint32,
	model.TypeUint64:      vmstate.InfoUint64,
	model.TypeTimer:       vmstate.InfoTimer,
	model.TypeCPUDouble:   vmstate.InfoCPUDouble,
	model.TypeUint8Equal:  vmstate.InfoUint8Equal,
	model.TypeUint16Equal: vmstate.InfoUint16Equal,
	model.TypeUint32Equal: vmstate.InfoUint32Equal,
	model.TypeUint64Equal: vmstate.InfoUint64Equal,
	model.TypeInt32Equal:  vmstate.InfoInt32Equal,
	model.TypeInt32LE:     vmstate.InfoInt32LE,
	model.TypeNull:        vmstate.InfoNullptr,
	model.TypeBuffer:      vmstate.InfoBuffer,
	model.TypeUnused:      vmstate.InfoUnused,
}

// plain is the integer type that has the bytes of another one.
func plain(t model.Type) model.Type {
	switch t {
	case model.TypeTimer:
		return model.TypeInt64
	case model.TypeCPUDouble, model.TypeUint64Equal:
		return model.TypeUint64
	case model.TypeUint8Equal:
		return model.TypeUint8
	case model.TypeUint16Equal:
		return model.TypeUint16
	case model.TypeUint32Equal:
		return model.TypeUint32
	case model.TypeInt32Equal, model.TypeInt32LE:
		return model.TypeInt32
	}
	return t
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

// varrays are the flags for the types of count that QEMU has.
var varrays = map[model.Type]vmstate.Flags{
	model.TypeInt32:  vmstate.VArrayInt32,
	model.TypeUint8:  vmstate.VArrayUint8,
	model.TypeUint16: vmstate.VArrayUint16,
	model.TypeUint32: vmstate.VArrayUint32,
}

// describe fills in a Description once all offsets are known.
func (b *binder) describe(d *vmstate.Description, t *body) {
	d.Name = t.schema.Name
	d.VersionID = t.schema.Version
	d.MinimumVersionID = t.schema.Minimum
	d.PreLoad, d.PreSave, d.PostSave = t.hook(t.schema.Hooks.PreLoad), t.hook(t.schema.Hooks.PreSave), t.hook(t.schema.Hooks.PostSave)
	if hook := t.hook(t.schema.Hooks.PostLoad); hook != nil {
		d.PostLoad = func(obj unsafe.Pointer, _ uint32) error { return hook(obj) }
	}
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
	v := m.shape()
	if f.When != nil {
		holds := t.condition(f.When)
		v.Exists = func(obj unsafe.Pointer, _ uint32) bool { return holds(obj) }
	}
	if f.Must {
		v.Flags |= vmstate.MustExist
	}
	return v
}

func (m *member) shape() vmstate.Field {
	f := m.f
	v := vmstate.Field{Name: f.Name, Offset: m.off, VersionID: f.Version, Size: m.stride, Info: infos[f.Type], Flags: vmstate.Single}
	switch f.Type {
	case model.TypeValidate:
		v.Flags = vmstate.Array | vmstate.MustExist
		return v
	case model.TypeTmp:
		return m.tmpField()
	case model.TypeBitmap:
		return m.bitmapField()
	case model.TypeStruct:
		v.Flags, v.VMSD = vmstate.Struct, m.child.Description
	case model.TypeVStruct:
		v.Flags, v.VMSD, v.StructVersionID = vmstate.VStruct, m.child.Description, f.StructVersion
	case model.TypeQueue:
		v = tailq.Field(f.Name, m.off, f.Version, m.queue())
	case model.TypeList:
		v = qlist.Field(f.Name, m.off, f.Version, m.list())
	case model.TypeTree:
		v = gtree.Field(f.Name, m.off, f.Version, m.tree)
	case model.TypeUnused:
		v.Flags, v.Size = vmstate.Buffer, uintptr(f.Size)
	case model.TypeBuffer:
		return m.bufferField(v)
	}
	v.Size = max(v.Size, m.stride)
	if m.indirect {
		v.Flags |= vmstate.Pointer
	}
	if !f.Array {
		return v
	}
	v.Flags &^= vmstate.Single
	v.Num = m.room
	if f.Pointers {
		v.Flags |= vmstate.ArrayOfPointer
	}
	if f.Marked {
		v.Flags |= vmstate.MarkAlways
		v.NewElement = m.one
	}
	if m.from == nil {
		v.Flags |= vmstate.Array
		return v
	}
	v.NumOffset = m.from.off
	if flag := varrays[plain(m.from.f.Type)]; flag != 0 {
		v.Flags |= flag
	} else {
		v.Flags |= vmstate.Array
		v.NumType = countTypes[plain(m.from.f.Type)]
	}
	if f.Times != 0 {
		v.Flags |= vmstate.MultiplyElements
		v.Num, v.Room = f.Times, m.room
	}
	if m.counted() {
		v.Flags |= vmstate.Alloc
		v.New = m.make
		if f.Times == 0 {
			v.Num = 0
		}
	}
	return v
}

func (m *member) bufferField(v vmstate.Field) vmstate.Field {
	v.Size = uintptr(m.room)
	v.Flags = vmstate.Buffer
	if m.indirect {
		v.Flags |= vmstate.Pointer
	}
	if m.from == nil {
		return v
	}
	v.Flags = vmstate.VBuffer | vmstate.Pointer
	v.SizeOffset, v.SizeType = m.from.off, countTypes[plain(m.from.f.Type)]
	if m.counted() {
		v.Flags |= vmstate.Alloc
		v.New = m.make
	} else {
		v.Num = m.room
	}
	if m.f.Times != 0 {
		v.Flags |= vmstate.Multiply
		v.Size = uintptr(m.f.Times)
	}
	return v
}

// numbered has the words of a bitmap that was loaded stand where make puts them,
// behind their number.
func (m *member) numbered(v vmstate.Field) vmstate.Field {
	get := v.ExtendGet
	v.ExtendGet = func(l *vmstate.Loader, meta any, p unsafe.Pointer, version uint32) error {
		if err := get(l, meta, p, version); err != nil {
			return err
		}
		n := bitmapWords(m.from.number(unsafe.Add(p, -int(m.off))))
		slot := (*unsafe.Pointer)(p)
		loaded := unsafe.Slice((*uint64)(*slot), n)
		*slot = m.make(n)
		copy(unsafe.Slice((*uint64)(*slot), n), loaded)
		return nil
	}
	return v
}

// bitmapWords is how many words a bitmap of so many bits has.
func bitmapWords(bits int) int { return (bits + 63) / 64 }

func (m *member) bitmapField() vmstate.Field {
	f := m.f
	off, size := m.bits, vmstate.CountInt32
	room := f.Size
	if m.from != nil {
		off, size, room = m.from.off, countTypes[plain(m.from.f.Type)], f.Room
	}
	switch {
	case m.counted():
		return m.numbered(vmstate.AllocatedBitmap(f.Name, m.off, f.Version, off, size))
	case m.indirect:
		return vmstate.BitmapField(f.Name, m.off, f.Version, off, size, room)
	}
	return vmstate.InlineBitmap(f.Name, m.off, f.Version, off, size, room)
}
