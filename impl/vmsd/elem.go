package vmsd

import (
	"unsafe"

	"vmconform/impl/vmstate"
)

// An Elem says how one M travels: it is an Info, a *Description or a CSTM.
type Elem[M any] interface {
	describe(*M, *vmstate.Field) (nodes []node, wrong string)
}

// An Info says that an M travels by itself, as a number does.
type Info[M any] struct {
	raw *vmstate.Info
}

func (i Info[M]) describe(_ *M, f *vmstate.Field) ([]node, string) {
	f.Info = i.raw
	if i.raw == nil {
		return nil, "no Info"
	}
	return nil, ""
}

// The Infos of QEMU's core.
var (
	InfoBool   = Info[bool]{vmstate.InfoBool}
	InfoInt8   = Info[int8]{vmstate.InfoInt8}
	InfoInt16  = Info[int16]{vmstate.InfoInt16}
	InfoInt32  = Info[int32]{vmstate.InfoInt32}
	InfoInt64  = Info[int64]{vmstate.InfoInt64}
	InfoUint8  = Info[uint8]{vmstate.InfoUint8}
	InfoUint16 = Info[uint16]{vmstate.InfoUint16}
	InfoUint32 = Info[uint32]{vmstate.InfoUint32}
	InfoUint64 = Info[uint64]{vmstate.InfoUint64}

	InfoTimer     = Info[int64]{vmstate.InfoTimer}       // vmstate.TimerOff: not set
	InfoCPUDouble = Info[float64]{vmstate.InfoCPUDouble} // its bits

	// What is loaded has to be what is there.
	InfoUint8Equal  = Info[uint8]{vmstate.InfoUint8Equal}
	InfoUint16Equal = Info[uint16]{vmstate.InfoUint16Equal}
	InfoInt32Equal  = Info[int32]{vmstate.InfoInt32Equal}
	InfoUint32Equal = Info[uint32]{vmstate.InfoUint32Equal}
	InfoUint64Equal = Info[uint64]{vmstate.InfoUint64Equal}

	InfoInt32LE = Info[int32]{vmstate.InfoInt32LE} // … or less, from 0
)

// NewInfo makes an Info of hooks; name is the type's in a description. What get
// changes it announces by Loader.WillChange, so that it can be undone.
func NewInfo[M any](name string, get func(*vmstate.Loader, *M) error, put func(*vmstate.Saver, *M) error) Info[M] {
	if get == nil || put == nil {
		return Info[M]{&vmstate.Info{Name: name}} // which Build refuses
	}
	return Info[M]{&vmstate.Info{
		Name: name,
		Get:  func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error { return get(l, (*M)(p)) },
		Put:  func(s *vmstate.Saver, p unsafe.Pointer, _ *vmstate.Field) error { return put(s, (*M)(p)) },
	}}
}

// A Description says that an M travels as an object, at the version_id of the
// description.
func (d *Description[M]) describe(_ *M, f *vmstate.Field) ([]node, string) {
	if d == nil {
		return nil, "no description"
	}
	f.Flags |= vmstate.Struct
	f.VMSD = &d.raw
	return []node{d}, ""
}

// At says that a T travels as an object at the given version (VMSTATE_VSTRUCT).
func (d *Description[T]) At(version uint32) Elem[T] { return versioned[T]{d, version} }

type versioned[M any] struct {
	d       *Description[M]
	version uint32
}

func (v versioned[M]) describe(m *M, f *vmstate.Field) ([]node, string) {
	nodes, wrong := v.d.describe(m, f)
	if wrong == "" && (v.version < v.d.MinimumVersionID || v.version > v.d.VersionID) {
		wrong = "a version that the description does not have"
	}
	f.Flags ^= vmstate.Struct | vmstate.VStruct
	f.StructVersionID = v.version
	return nodes, wrong
}

// A CSTM says that an M travels by hooks that get meta data: see vmstate.Field.
// The packages of containers make them.
type CSTM[M any] struct {
	field vmstate.Field
	nodes []node
}

// NewCSTM makes a CSTM; the info lends its name to a description, and holds are
// the descriptions in the meta data.
func NewCSTM[M any](info *vmstate.Info, meta any, get func(*vmstate.Loader, any, unsafe.Pointer, uint32) error,
	put func(*vmstate.Saver, any, unsafe.Pointer) error, holds ...AnyDescription) CSTM[M] {
	c := CSTM[M]{field: vmstate.CSTMField("", 0, unsafe.Sizeof(*new(M)), 0, info, meta, get, put)}
	for _, d := range holds {
		c.nodes = append(c.nodes, d)
	}
	return c
}

// AnyDescription is a *Description of whatever type.
type AnyDescription interface{ node }

func (c CSTM[M]) describe(_ *M, f *vmstate.Field) ([]node, string) {
	f.Flags |= vmstate.CSTM
	f.Info, f.Meta, f.ExtendGet, f.ExtendPut = c.field.Info, c.field.Meta, c.field.ExtendGet, c.field.ExtendPut
	return c.nodes, ""
}

// elements says what the elements of a field are: M, by e.
func elements[T, M any](f Field[T], e Elem[M]) Field[T] {
	f.raw.Size = unsafe.Sizeof(*new(M))
	if e == nil {
		return f.but("nothing says how an element travels")
	}
	nodes, wrong := e.describe(nil, &f.raw)
	f.nodes = nodes
	if wrong != "" {
		return f.but("%s", wrong)
	}
	return f
}
