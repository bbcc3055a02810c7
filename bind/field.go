package bind

import (
	"unsafe"

	"vmconform/impl/gtree"
	"vmconform/impl/qlist"
	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/model"
)

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
	if b.change != nil {
		b.change(d)
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
