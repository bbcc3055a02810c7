package vmsd

import (
	"reflect"
	"unsafe"

	"vmconform/impl/vmstate"
)

// Single is the member itself (VMSTATE_SINGLE, VMSTATE_STRUCT).
func Single[T, M any](t *T, name string, m *M, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Single)
	at(&f, t, m)
	return elements(f, e)
}

// Array is a member that is an array, of which m is a slice: the whole
// (VMSTATE_ARRAY, VMSTATE_STRUCT_ARRAY) or a part (VMSTATE_SUB_ARRAY).
func Array[T, M any](t *T, name string, m []M, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Array)
	f.raw.Num = len(m)
	atAll(&f, t, m)
	return elements(f, e)
}

// Array2D is a member that is an array of arrays of M, of which m is a slice
// (VMSTATE_2DARRAY); whether A is an array of M is seen when the description is
// built.
func Array2D[T, A, M any](t *T, name string, m []A, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Array)
	atAll(&f, t, m)
	row, elem := reflect.TypeFor[A](), reflect.TypeFor[M]()
	if row.Kind() != reflect.Array || row.Elem() != elem {
		f = f.but("%s is no array of %s", row, elem)
	} else if row.Len() == 0 {
		f = f.but("an array without elements")
	} else {
		f.raw.Num = len(m) * row.Len()
	}
	return elements(f, e)
}

// VArray is as many elements as the member n says, in a member that is an array,
// of which m is a slice (VMSTATE_STRUCT_VARRAY_UINT8 and its like).
func VArray[T, M any, N Count](t *T, name string, m []M, n *N, e Elem[M]) Field[T] {
	f := newField[T](name, 0)
	f.raw.Num = len(m)
	atAll(&f, t, m)
	counted(&f, t, n)
	return elements(f, e)
}

// Pointer is what a member points to, which is there (VMSTATE_POINTER,
// VMSTATE_STRUCT_POINTER).
func Pointer[T, M any](t *T, name string, m **M, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Single|vmstate.Pointer)
	at(&f, t, m)
	return elements(f, e)
}

// ArrayPointer is the n elements to whose first a member points
// (VMSTATE_STRUCT_VARRAY_POINTER_KNOWN).
func ArrayPointer[T, M any](t *T, name string, m **M, n int, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Array|vmstate.Pointer)
	at(&f, t, m)
	f.made(n)
	return elements(f, e)
}

// VArrayPointer is as many elements as the member n says, where a member points
// to memory for room of them (VMSTATE_VARRAY_UINT32,
// VMSTATE_STRUCT_VARRAY_POINTER_UINT32 and their like).
func VArrayPointer[T, M any, N Count](t *T, name string, m **M, room int, n *N, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Pointer)
	at(&f, t, m)
	f.made(room)
	counted(&f, t, n)
	return elements(f, e)
}

// VArrayAlloc is as many elements as the member n says, in memory that Load makes
// and has the member point to (VMSTATE_VARRAY_UINT32_ALLOC and its like).
func VArrayAlloc[T, M any, N Count](t *T, name string, m **M, n *N, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Pointer|vmstate.Alloc)
	at(&f, t, m)
	counted(&f, t, n)
	f.raw.New = func(n int) unsafe.Pointer {
		if n == 0 {
			return nil
		}
		return unsafe.Pointer(unsafe.SliceData(make([]M, n)))
	}
	return elements(f, e)
}

// ArrayOfPointers is what the pointers of a member array point to, of which m is
// a slice; nil is NULL (VMSTATE_ARRAY_OF_POINTER and its like).
func ArrayOfPointers[T, M any](t *T, name string, m []*M, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.Array|vmstate.ArrayOfPointer)
	f.raw.Num = len(m)
	atAll(&f, t, m)
	return elements(f, e)
}

// VArrayOfPointers is what as many pointers point to as the member n says, of
// those to whose first a member points, with memory for room of them
// (VMSTATE_VARRAY_OF_POINTER_UINT32).
func VArrayOfPointers[T, M any, N Count](t *T, name string, m ***M, room int, n *N, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.ArrayOfPointer|vmstate.Pointer)
	at(&f, t, m)
	f.made(room)
	counted(&f, t, n)
	return elements(f, e)
}

// VArrayOfPointersAlloc is what as many pointers point to as the member n says,
// each marked 30 or 31, in an array that Load makes with all that is not NULL
// (VMSTATE_VARRAY_OF_POINTER_TO_STRUCT_UINT32_ALLOC; QEMU 11.1).
func VArrayOfPointersAlloc[T, M any, N Count](t *T, name string, m ***M, n *N, e Elem[M]) Field[T] {
	f := newField[T](name, vmstate.ArrayOfPointer|vmstate.Pointer|vmstate.Alloc|vmstate.MarkAlways)
	at(&f, t, m)
	counted(&f, t, n)
	f.raw.New = func(n int) unsafe.Pointer {
		if n == 0 {
			return nil
		}
		return unsafe.Pointer(unsafe.SliceData(make([]*M, n)))
	}
	f.raw.NewElement = func() unsafe.Pointer { return unsafe.Pointer(new(M)) }
	return elements(f, e)
}
