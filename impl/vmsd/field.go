package vmsd

import (
	"fmt"
	"unsafe"

	"vmconform/impl/vmstate"
)

// A Field is one field of a T's description. Each of its methods returns the
// field with one thing more said of it.
type Field[T any] struct {
	raw   vmstate.Field
	nodes []node // the descriptions that it refers to
	wrong string // what is the matter, if anything is
}

// Since says which version brought the field (the macros' _V); otherwise all have
// it. A queue or list, and what Tmp has, is loaded at that version, too.
func (f Field[T]) Since(version uint32) Field[T] {
	f.raw.VersionID = version
	return f
}

// If has the predicate decide, alone, whether the field is there (_TEST).
func (f Field[T]) If(exists func(t *T, version uint32) bool) Field[T] {
	if exists == nil {
		return f.but("no predicate")
	}
	f.raw.Exists = func(p unsafe.Pointer, version uint32) bool { return exists((*T)(p), version) }
	return f
}

// MustExist makes it an error that the field is not there (VMS_MUST_EXIST).
func (f Field[T]) MustExist() Field[T] {
	f.raw.Flags |= vmstate.MustExist
	return f
}

// Times says that the elements of a VArray, or the bytes of a VBuffer, are n
// times as many as their count says (_MULTIPLY).
func (f Field[T]) Times(n int) Field[T] {
	if n < 1 {
		return f.but("%d times as many", n)
	}
	switch r := &f.raw; {
	case r.Flags&vmstate.VBuffer != 0:
		r.Flags |= vmstate.Multiply
		r.Size = uintptr(n)
	case r.Flags&vmstate.VArray != 0:
		if r.Flags&vmstate.MultiplyElements == 0 {
			r.Flags |= vmstate.MultiplyElements
			r.Room = r.Num
		}
		r.Num = n
	default:
		return f.but("Times of a field without a count")
	}
	return f
}

// but returns the field with something wrong; what was wrong first stays.
func (f Field[T]) but(format string, args ...any) Field[T] {
	if f.wrong == "" {
		f.wrong = fmt.Sprintf(format, args...)
	}
	return f
}

// build checks field i of a description of the given version, and what it
// refers to.
func (f Field[T]) build(b builder, path string, i int, version uint32) error {
	if f.raw.Name == "" {
		return bad(path, "field %d has no name", i)
	}
	path = join(path, f.raw.Name)
	switch {
	case f.wrong != "":
		return bad(path, "%s", f.wrong)
	case f.raw.Exists == nil && f.raw.VersionID > version:
		return bad(path, "since version %d of a description that ends at version %d", f.raw.VersionID, version)
	}
	for _, n := range f.nodes {
		if err := n.build(b, path); err != nil {
			return err
		}
	}
	return nil
}

// newField is a field with nothing wrong yet.
func newField[T any](name string, flags vmstate.Flags) Field[T] {
	return Field[T]{raw: vmstate.Field{Name: name, Flags: flags}}
}

// place returns the offset in t of what stands at m, size bytes that the
// message calls by name.
func (f *Field[T]) place(t *T, m unsafe.Pointer, size uintptr, name string) uintptr {
	if m == nil {
		*f = f.but("no %s", name)
		return 0
	}
	// Beyond the end as well as before the beginning; neither is followed.
	at := uintptr(m) - uintptr(unsafe.Pointer(t))
	if whole := unsafe.Sizeof(*t); at > whole || size > whole-at {
		*f = f.but("the %s does not lie in the %T that is described", name, *new(T))
		return 0
	}
	return at
}

// at says where in t the member is, which a field's offset means.
func at[T, M any](f *Field[T], t *T, m *M) {
	f.raw.Offset = f.place(t, unsafe.Pointer(m), unsafe.Sizeof(*m), "member")
}

// atAll does so for elements of a member array; there has to be one.
func atAll[T, M any](f *Field[T], t *T, m []M) {
	if len(m) == 0 {
		*f = f.but("an array without elements")
		return
	}
	f.raw.Offset = f.place(t, unsafe.Pointer(unsafe.SliceData(m)), uintptr(len(m))*unsafe.Sizeof(m[0]), "array")
}

// made says how much the memory holds that a member points to.
func (f *Field[T]) made(n int) {
	if n < 1 {
		*f = f.but("room for %d", n)
	}
	f.raw.Num = n
}

// A Count is what a member may be that says how many elements an array has.
type Count interface {
	~uint8 | ~uint16 | ~uint32 | ~int32
}

func counted[T any, N Count](f *Field[T], t *T, n *N) {
	f.raw.NumOffset = f.place(t, unsafe.Pointer(n), unsafe.Sizeof(*n), "count")
	switch {
	case N(0)-1 < 0:
		f.raw.Flags |= vmstate.VArrayInt32
	case unsafe.Sizeof(*n) == 1:
		f.raw.Flags |= vmstate.VArrayUint8
	case unsafe.Sizeof(*n) == 2:
		f.raw.Flags |= vmstate.VArrayUint16
	default:
		f.raw.Flags |= vmstate.VArrayUint32
	}
}

// A Size is what a member may be that says how many bytes a buffer has, or how
// many bits a bitmap.
type Size interface {
	~int32 | ~uint32 | ~uint64
}

func sized[T any, N Size](f *Field[T], t *T, n *N) (uintptr, vmstate.CountType) {
	typ := vmstate.CountUint64
	switch {
	case N(0)-1 < 0:
		typ = vmstate.CountInt32
	case unsafe.Sizeof(*n) == 4:
		typ = vmstate.CountUint32
	}
	return f.place(t, unsafe.Pointer(n), unsafe.Sizeof(*n), "size"), typ
}
