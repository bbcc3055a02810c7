package vmsd

import (
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// Unused is size bytes that older versions used: zeros when saved
// (VMSTATE_UNUSED). The T says whose field it is, no more.
func Unused[T any](_ *T, size int) Field[T] {
	f := newField[T]("unused", vmstate.Buffer)
	f.raw.Info = vmstate.InfoUnused
	if size < 0 {
		return f.but("%d unused bytes", size)
	}
	f.raw.Size = uintptr(size)
	return f
}

// UnusedVArray is as many times size bytes as the member n says
// (VMSTATE_UNUSED_VARRAY_UINT32).
func UnusedVArray[T any, N Count](t *T, n *N, size int) Field[T] {
	f := Unused(t, size)
	f.raw.Num = rules.MaxCount // no memory bounds them
	counted(&f, t, n)
	return f
}

// Validate takes no bytes: the predicate has to hold where it stands
// (VMSTATE_VALIDATE).
func Validate[T any](_ *T, name string, holds func(t *T, version uint32) bool) Field[T] {
	return newField[T](name, vmstate.Array|vmstate.MustExist).If(holds)
}

// Tmp is the object itself in the shape of a C, which d describes and which
// exists while the field travels, its member parent being the T: see
// vmstate.TmpField (VMSTATE_WITH_TMP).
func Tmp[T, C any](_ *T, parent func(*C) **T, d *Description[C]) Field[T] {
	const name = "tmp"
	f := newField[T](name, 0)
	f.nodes = []node{d}
	if parent == nil {
		return f.but("no parent")
	}
	c := new(C)
	in := newField[C](name, 0)
	at(&in, c, parent(c))
	if in.wrong != "" {
		return f.but("the parent: %s", in.wrong)
	}
	f.raw = vmstate.TmpField(name, 0, parent, d.Raw())
	return f
}
