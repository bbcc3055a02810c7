package gtree

import (
	"slices"
	"unsafe"

	"vmconform/impl/vmstate"
)

// Metadata is what the hooks need to know of a tree whose types they do not see.
// Every Tree[K, V] has one layout: a slice of pairs of pointers.
type Metadata struct {
	Direct   bool                          // a key is a uint64, without description
	Key      *vmstate.Description          // unless Direct
	Value    *vmstate.Description          //
	NewKey   func() unsafe.Pointer         // a zeroed key, typed; not for Direct
	NewValue func() unsafe.Pointer         // a zeroed value, typed
	Compare  func(a, b unsafe.Pointer) int // of two keys
}

// Metadata is of a tree whose keys and values are described by key and value
// (VMSTATE_GTREE_V).
func (t Type[K, V]) Metadata(key, value *vmstate.Description) *Metadata {
	return &Metadata{
		Key:      key,
		Value:    value,
		NewKey:   func() unsafe.Pointer { return unsafe.Pointer(new(K)) },
		NewValue: func() unsafe.Pointer { return unsafe.Pointer(new(V)) },
		Compare:  t.raw,
	}
}

// Direct is the meta data of a tree whose keys are numbers
// (VMSTATE_GTREE_DIRECT_KEY_V).
func Direct[V any](t Type[uint64, V], value *vmstate.Description) *Metadata {
	m := t.Metadata(nil, value)
	m.Direct = true
	return m
}

// Descriptions are the key's, unless it is direct, and the value's. See
// vmstate.Describer.
func (m *Metadata) Descriptions() []*vmstate.Description {
	if m.Direct {
		return []*vmstate.Description{m.Value}
	}
	return []*vmstate.Description{m.Key, m.Value}
}

// A rawPair is a pair of whatever types.
type rawPair = pair[byte, byte]

// raw is the slice of the tree at p.
func raw(p unsafe.Pointer) *[]rawPair { return &(*Tree[byte, byte])(p).pairs }

func (m *Metadata) order(a, b rawPair) int {
	return m.Compare(unsafe.Pointer(a.key), unsafe.Pointer(b.key))
}

// flaw says what is wrong with pair i, whose predecessors are known to be right
// or have been complained of.
func (m *Metadata) flaw(pairs []rawPair, i int) error {
	switch p := pairs[i]; {
	case p.key == nil || p.value == nil:
		return ErrNil
	case i > 0 && pairs[i-1].key != nil && m.order(pairs[i-1], p) >= 0:
		return ErrOrder
	}
	return nil
}

// runs hold the pairs of a load. Each run is sorted and at least twice
// as long as the next, so that in whatever order n keys come, each is found in
// less than log n searches and moved in less than log n merges: a slice kept
// sorted would move half of all for each. In the order of QEMU's writer there is
// one run, which is appended to.
type runs struct {
	m    *Metadata
	list [][]rawPair
}

// find returns the pair whose key is p's, or nil.
func (r *runs) find(p rawPair) *rawPair {
	for _, run := range r.list {
		// The greatest first: in the usual order it settles the question.
		if r.m.order(run[len(run)-1], p) < 0 {
			continue
		}
		if i, there := slices.BinarySearchFunc(run, p, r.m.order); there {
			return &run[i]
		}
	}
	return nil
}

// add puts in a pair whose key is not there.
func (r *runs) add(p rawPair) {
	n := len(r.list)
	if n > 0 && r.m.order(r.list[n-1][len(r.list[n-1])-1], p) < 0 {
		r.list[n-1] = append(r.list[n-1], p)
	} else {
		r.list = append(r.list, []rawPair{p})
	}
	for n = len(r.list); n > 1 && len(r.list[n-2]) < 2*len(r.list[n-1]); n = len(r.list) {
		r.merge()
	}
}

// merge makes one of the last two runs.
func (r *runs) merge() {
	n := len(r.list)
	r.list[n-2] = r.m.merge(r.list[n-2], r.list[n-1])
	r.list = r.list[:n-1]
}

// sorted returns all pairs.
func (r *runs) sorted() []rawPair {
	for len(r.list) > 1 {
		r.merge()
	}
	if len(r.list) == 0 {
		return nil
	}
	return r.list[0]
}

// merge returns the pairs of two sorted slices in a new one. Of equal keys a's
// stays, with b's value.
func (m *Metadata) merge(a, b []rawPair) []rawPair {
	all := make([]rawPair, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := m.order(a[0], b[0]); {
		case c < 0:
			all, a = append(all, a[0]), a[1:]
		case c > 0:
			all, b = append(all, b[0]), b[1:]
		default:
			all, a, b = append(all, rawPair{a[0].key, b[0].value}), a[1:], b[1:]
		}
	}
	return append(append(all, a...), b...)
}
