package gtree

import "vmconform/impl/vmsd"

// Pairs says that a tree travels with its keys and values, which key and value
// describe (VMSTATE_GTREE_V).
func (t Type[K, V]) Pairs(key *vmsd.Description[K], value *vmsd.Description[V]) vmsd.CSTM[Tree[K, V]] {
	return vmsd.NewCSTM[Tree[K, V]](Info, t.Metadata(key.Raw(), value.Raw()), Get, Put, key, value)
}

// DirectPairs is Pairs where the keys are numbers, which need no description
// (VMSTATE_GTREE_DIRECT_KEY_V).
func DirectPairs[V any](t Type[uint64, V], value *vmsd.Description[V]) vmsd.CSTM[Tree[uint64, V]] {
	return vmsd.NewCSTM[Tree[uint64, V]](Info, Direct(t, value.Raw()), Get, Put, value)
}
