package vmstate

// kind is how the engine handles an element itself; kindHook leaves it to the
// Info's Get and Put.
type kind uint8

const (
	kindHook kind = iota
	kindBool
	kindScalar
	kindNull
	kindBuffer
	kindUnused
)

// The built-in Infos, named as they are in a description
// (migration/vmstate-types.c). Scalars are big-endian on the wire and in the
// machine's own order in memory.
var (
	InfoBool    = scalar("bool", kindBool, 1)
	InfoInt8    = scalar("int8", kindScalar, 1)
	InfoInt16   = scalar("int16", kindScalar, 2)
	InfoInt32   = scalar("int32", kindScalar, 4)
	InfoInt64   = scalar("int64", kindScalar, 8)
	InfoUint8   = scalar("uint8", kindScalar, 1)
	InfoUint16  = scalar("uint16", kindScalar, 2)
	InfoUint32  = scalar("uint32", kindScalar, 4)
	InfoUint64  = scalar("uint64", kindScalar, 8)
	InfoNullptr = &Info{Name: "nullptr", Min: 1, kind: kindNull}
	InfoBuffer  = &Info{Name: "buffer", kind: kindBuffer}
	InfoUnused  = &Info{Name: "unused_buffer", kind: kindUnused}
)

// nullMarker stands for a NULL in an array of pointers: the digit 0
// (VMS_NULLPTR_MARKER, commit 07d4e69147). Where every pointer is marked the
// digit 1 stands before one that is not NULL (QEMU 11.1).
const (
	nullMarker  = 0x30
	validMarker = 0x31
)

// ptrMarker is the type's name of a marker in a description.
const ptrMarker = "ptr-marker"

func scalar(name string, k kind, width int) *Info {
	return &Info{Name: name, Min: width, kind: k, width: width}
}
