package qlist

import "vmconform/impl/vmsd"

// List says that a head travels with its elements, which d describes, at the
// version that the field is Since (VMSTATE_QLIST_V).
func (t Type[T]) List(d *vmsd.Description[T]) vmsd.CSTM[Head[T]] {
	return vmsd.NewCSTM[Head[T]](Info, t.Metadata(d.Raw()), Get, Put, d)
}
