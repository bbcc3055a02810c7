package vmsd

import (
	"reflect"
	"unsafe"

	"vmconform/impl/vmstate"
)

// Buffer is a member that is an array of bytes, of which m is a slice: the whole
// (VMSTATE_BUFFER) or a part (VMSTATE_PARTIAL_BUFFER and its like).
func Buffer[T any](t *T, name string, m []byte) Field[T] {
	f := newField[T](name, vmstate.Buffer)
	atAll(&f, t, m)
	return bytes(f, len(m))
}

// BufferUnsafe is a member as it lies in memory, in the host's byte order. It may
// hold no pointers (VMSTATE_BUFFER_UNSAFE).
func BufferUnsafe[T, M any](t *T, name string, m *M) Field[T] {
	f := newField[T](name, vmstate.Buffer)
	at(&f, t, m)
	if typ := reflect.TypeFor[M](); !plain(typ) {
		f = f.but("%s is more than bytes, and cannot be a buffer", typ)
	}
	return bytes(f, int(unsafe.Sizeof(*m)))
}

// plain says whether any bytes are a value of the type.
func plain(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return k >= reflect.Int && k <= reflect.Complex128 && k != reflect.Uintptr
	}
}

// BufferPointer is the size bytes that a member points to
// (VMSTATE_BUFFER_POINTER_UNSAFE).
func BufferPointer[T any](t *T, name string, m **byte, size int) Field[T] {
	f := newField[T](name, vmstate.Buffer|vmstate.Pointer)
	at(&f, t, m)
	if size < 0 {
		f = f.but("a buffer of %d bytes", size)
	}
	return bytes(f, size)
}

// VBuffer is as many bytes as the member n says, where a member points to memory
// for room of them (VMSTATE_VBUFFER and its like).
func VBuffer[T any, N Size](t *T, name string, m **byte, room int, n *N) Field[T] {
	f := newField[T](name, vmstate.VBuffer|vmstate.Pointer)
	at(&f, t, m)
	f.made(room)
	f.raw.SizeOffset, f.raw.SizeType = sized(&f, t, n)
	return bytes(f, 0)
}

// VBufferAlloc is as many bytes as the member n says, in memory that Load makes
// and has the member point to (VMSTATE_VBUFFER_ALLOC_UINT32).
func VBufferAlloc[T any, N Size](t *T, name string, m **byte, n *N) Field[T] {
	f := newField[T](name, vmstate.VBuffer|vmstate.Pointer|vmstate.Alloc)
	at(&f, t, m)
	f.raw.SizeOffset, f.raw.SizeType = sized(&f, t, n)
	return bytes(f, 0)
}

// bytes makes a field one of bytes, and says how many where that is known.
func bytes[T any](f Field[T], size int) Field[T] {
	f.raw.Info = vmstate.InfoBuffer
	f.raw.Size = uintptr(max(0, size))
	return f
}

// Bitmap is as many bits as the member n says, where a member points to words for
// room of them (VMSTATE_BITMAP).
func Bitmap[T any, N Size](t *T, name string, m **uint64, room int, n *N) Field[T] {
	var f Field[T]
	at(&f, t, m)
	f.made(room)
	size, typ := sized(&f, t, n)
	f.raw = vmstate.BitmapField(name, f.raw.Offset, 0, size, typ, room)
	return f
}

// BitmapInline is Bitmap for words that lie in a member array, of which m is a
// slice.
func BitmapInline[T any, N Size](t *T, name string, m []uint64, n *N) Field[T] {
	var f Field[T]
	atAll(&f, t, m)
	size, typ := sized(&f, t, n)
	f.raw = vmstate.InlineBitmap(name, f.raw.Offset, 0, size, typ, 64*len(m))
	return f
}

// BitmapAlloc is Bitmap for words that Load makes.
func BitmapAlloc[T any, N Size](t *T, name string, m **uint64, n *N) Field[T] {
	var f Field[T]
	at(&f, t, m)
	size, typ := sized(&f, t, n)
	f.raw = vmstate.AllocatedBitmap(name, f.raw.Offset, 0, size, typ)
	return f
}
