package vmstate

import "unsafe"

// Scalar is one member of a built-in type (VMSTATE_UINT32_V and its like).
func Scalar(name string, offset uintptr, version uint32, info *Info) Field {
	return Field{Name: name, Offset: offset, VersionID: version, Flags: Single, Info: info, Size: uintptr(info.width)}
}

// ScalarArray is an array of n of them (VMSTATE_UINT32_ARRAY_V).
func ScalarArray(name string, offset uintptr, version uint32, info *Info, n int) Field {
	return Field{Name: name, Offset: offset, VersionID: version, Flags: Array, Info: info, Size: uintptr(info.width), Num: n}
}

// BufferField is a member of size bytes (VMSTATE_BUFFER_V).
func BufferField(name string, offset uintptr, version uint32, size uintptr) Field {
	return Field{Name: name, Offset: offset, VersionID: version, Flags: Buffer, Info: InfoBuffer, Size: size}
}

// UnusedField stands for size bytes that older versions used
// (VMSTATE_UNUSED_V).
func UnusedField(name string, version uint32, size uintptr) Field {
	return Field{Name: name, VersionID: version, Flags: Buffer, Info: InfoUnused, Size: size}
}

// AllocatedBuffer is a pointer to as many bytes as the member at sizeOffset
// says, allocated by Load (VMSTATE_VBUFFER_ALLOC_UINT32).
func AllocatedBuffer(name string, offset uintptr, version uint32, sizeOffset uintptr, sizeType CountType) Field {
	return Field{Name: name, Offset: offset, VersionID: version, Flags: VBuffer | Pointer | Alloc, Info: InfoBuffer, SizeOffset: sizeOffset, SizeType: sizeType}
}

// StructField is a member described by d (VMSTATE_STRUCT).
func StructField(name string, offset uintptr, version uint32, d *Description) Field {
	return Field{Name: name, Offset: offset, VersionID: version, Flags: Struct, VMSD: d}
}

// CSTMField is a member of size bytes that travels by hooks of its own, which
// get meta (the seed's VMSTATE_CSTM_V). The info lends its name to the
// description, and may be nil.
func CSTMField(name string, offset, size uintptr, version uint32, info *Info, meta any,
	get func(*Loader, any, unsafe.Pointer, uint32) error, put func(*Saver, any, unsafe.Pointer) error) Field {
	return Field{Name: name, Offset: offset, Size: size, VersionID: version, Flags: Single | CSTM, Info: info, Meta: meta, ExtendGet: get, ExtendPut: put}
}
