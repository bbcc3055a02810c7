package vmstate

import (
	"sync/atomic"
	"unsafe"
)

// A Description (QEMU: VMStateDescription, "vmsd") says how an object in
// memory travels. It may refer to itself through a hook's meta data: a node
// with a queue of nodes. It must not be changed once it has been used.
type Description struct {
	Name             string // 1 to 255 bytes
	VersionID        uint32 // what Save writes, and the newest that Load takes
	MinimumVersionID uint32 // the oldest that Load takes
	Fields           []Field
	Subsections      []*Description // in the order they are saved; each gets this description's object

	// Needed says whether the object is to be saved. It counts for subsections,
	// and for what calls Save; nil means yes.
	Needed func(obj unsafe.Pointer) bool
	// The hooks. An error of theirs ends the operation with class hook. Once
	// PreSave has succeeded PostSave is called, whether the save did or not.
	//
	// What the hooks of a load change in the object's described fields is undone
	// with the load. What they change elsewhere, behind pointers or in fields
	// with hooks of their own (CSTM, an Info's Get), they undo themselves.
	PreLoad  func(obj unsafe.Pointer) error
	PostLoad func(obj unsafe.Pointer, version uint32) error
	PreSave  func(obj unsafe.Pointer) error
	PostSave func(obj unsafe.Pointer) error

	compiled atomic.Pointer[plan]
}

// A Field (QEMU: VMStateField) is one member of a Description. Offsets count
// bytes from the object's first byte.
type Field struct {
	Name   string // "": not in a description, for a mark that takes no bytes
	Offset uintptr
	Flags  Flags
	Info   *Info        // what to do with one element, unless STRUCT or CSTM says; its Name is the type's name in a description
	VMSD   *Description // STRUCT, VSTRUCT
	Shown  *Shown       // how it is described; nil: as it is

	// VersionID is the version since which the field exists, and for a field
	// flagged CSTM also what its hook is told.
	VersionID uint32
	// StructVersionID is the version of a VSTRUCT's child.
	StructVersionID uint32
	// Exists, where given, decides alone whether the field is on the wire.
	Exists func(obj unsafe.Pointer, version uint32) bool

	Size       uintptr   // bytes of one element in memory (of the pointed-at one for POINTER); with MULTIPLY the factor of a VBUFFER
	SizeOffset uintptr   // VBUFFER: where the member stands that holds the size
	SizeType   CountType // VBUFFER: that member's type; zero means int32, as in QEMU
	Num        int       // ARRAY: elements; VARRAY: how many the array in memory can hold (0: no bound, only with ALLOC); with MULTIPLY_ELEMENTS the factor of a VARRAY's count
	Room       int       // MULTIPLY_ELEMENTS without ALLOC: how many elements the array in memory can hold
	NumOffset  uintptr   // VARRAY: where the member stands that holds the count
	NumType    CountType // VARRAY: that member's type where no VARRAY flag names it

	// New allocates n zeroed elements for ALLOC, typed, so that the collector
	// sees their pointers; of an ARRAY_OF_POINTER those are the pointers. It may
	// be nil for memory without pointers.
	New func(n int) unsafe.Pointer
	// NewElement allocates what a pointer under MARK_ALWAYS points to: one
	// zeroed element, typed.
	NewElement func() unsafe.Pointer

	// CSTM: the meta data, perhaps a Describer, and the two hooks that get it.
	Meta      any
	ExtendGet func(l *Loader, meta any, p unsafe.Pointer, version uint32) error
	ExtendPut func(s *Saver, meta any, p unsafe.Pointer) error
}

// A Describer is meta data that holds descriptions of its own, those of a
// queue's elements for instance. Compile checks them with the field's.
type Describer interface {
	Descriptions() []*Description
}

// An Info (QEMU: VMStateInfo) loads and saves one element. The ones of this
// package are built in; others bring Get and Put.
type Info struct {
	Name string // the type's name in a description
	Min  int    // a number of bytes that Get never takes less of; ALLOC goes by it
	Get  func(l *Loader, p unsafe.Pointer, f *Field) error
	Put  func(s *Saver, p unsafe.Pointer, f *Field) error

	kind  kind
	width int // bytes of a scalar, in memory and on the wire
}

// Flags of a Field (QEMU: enum VMStateFlags). They never reach the wire.
type Flags uint32

// The flags. The seed's CSTM and later QEMU's VSTRUCT share the value 0x8000
// in C; here they are two bits. MarkAlways is QEMU 11.1's, and its bit ours.
const (
	Single           Flags = 0x0001  // one element
	Pointer          Flags = 0x0002  // the member points to the elements
	Array            Flags = 0x0004  // Num elements
	Struct           Flags = 0x0008  // each element is an object of VMSD
	VArrayInt32      Flags = 0x0010  // count in an int32 member
	Buffer           Flags = 0x0020  // one element of Size bytes
	ArrayOfPointer   Flags = 0x0040  // each element is a pointer; NULL is the byte 30
	VArrayUint16     Flags = 0x0080  // count in a uint16 member
	VBuffer          Flags = 0x0100  // one element of as many bytes as a member says
	Multiply         Flags = 0x0200  // a VBUFFER's size is that member times Size
	VArrayUint8      Flags = 0x0400  // count in a uint8 member
	VArrayUint32     Flags = 0x0800  // count in a uint32 member
	MustExist        Flags = 0x1000  // the predicate has to hold
	Alloc            Flags = 0x2000  // with Pointer: Load allocates the elements
	MultiplyElements Flags = 0x4000  // the count is that member times Num
	VStruct          Flags = 0x8000  // as Struct, at StructVersionID
	CSTM             Flags = 0x10000 // the field's own hooks, with its meta data
	MarkAlways       Flags = 0x20000 // with ArrayOfPointer: 30 or 31 before each element, which Load allocates
)

const allFlags = MarkAlways<<1 - 1

// VArray is any of the flags that say that the count is in a member.
const VArray = VArrayInt32 | VArrayUint16 | VArrayUint8 | VArrayUint32

// A CountType is the type of a member that holds a count or a size.
type CountType uint8

// The count types.
const (
	CountInt8 CountType = iota + 1
	CountInt16
	CountInt32
	CountInt64
	CountUint8
	CountUint16
	CountUint32
	CountUint64
)

// read returns the member's value. A negative number and one above the
// largest int64 come back negative.
func (t CountType) read(p unsafe.Pointer) int64 {
	switch t {
	case CountInt8:
		return int64(*(*int8)(p))
	case CountInt16:
		return int64(*(*int16)(p))
	case CountInt64, CountUint64:
		return *(*int64)(p)
	case CountUint8:
		return int64(*(*uint8)(p))
	case CountUint16:
		return int64(*(*uint16)(p))
	case CountUint32:
		return int64(*(*uint32)(p))
	default:
		return int64(*(*int32)(p))
	}
}
