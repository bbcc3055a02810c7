package bind

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"unsafe"

	"vmconform/impl/gtree"
	"vmconform/model"
)

// A treeHead is a gtree.Tree as it lies in memory: the pairs in the order of
// their keys. It is filled and read here without that package, so that a fault
// of its order shows.
type treeHead struct {
	pairs  []treePair
	number int // of the elements that follow: see member.make
}

type treePair struct{ key, value unsafe.Pointer }

// placeTree makes the meta data of a tree; its keys are laid out later.
func (b *binder) placeTree(m *member) {
	value := m.child
	m.tree = &gtree.Metadata{
		Direct:   m.f.Key == nil,
		Value:    value.Description,
		NewValue: value.new,
		NewKey:   func() unsafe.Pointer { return unsafe.Pointer(new(uint64)) },
		Compare:  func(a, b unsafe.Pointer) int { return cmp.Compare(*(*uint64)(a), *(*uint64)(b)) },
	}
	if m.f.Key != nil {
		m.key = b.later(m.f.Key)
		m.tree.Key = m.key.Description
		m.tree.NewKey = m.key.new
		m.tree.Compare = func(a, b unsafe.Pointer) int {
			return bytes.Compare(m.key.body.wire(a), m.key.body.wire(b))
		}
	}
}

// wire is what a key is on the wire: integers, bools and buffers of fixed size,
// and arrays of them. The engine has no part in it.
func (t *body) wire(obj unsafe.Pointer) []byte {
	var out []byte
	for i := range t.members {
		m := &t.members[i]
		base, n := m.in(obj)
		if m.f.Type == model.TypeBuffer {
			out = append(out, unsafe.Slice((*byte)(base), n)...)
			continue
		}
		for j := range n {
			_, low := split64(m.integer(m.at(base, j)))
			out = append(out, binary.BigEndian.AppendUint64(nil, low)[8-m.stride:]...)
		}
	}
	return out
}

func (m *member) fillTree(p unsafe.Pointer, tree model.Tree) *misfit {
	head := (*treeHead)(p)
	head.pairs = make([]treePair, len(tree))
	for i, pair := range tree {
		key, bad := m.newKey(pair.Key)
		if bad == nil && pair.Value == nil {
			bad = &misfit{detail: "a pair without value"}
		}
		if bad != nil {
			return bad.in("[%d]", i)
		}
		value := m.child.new()
		if bad := m.child.body.fill(value, pair.Value); bad != nil {
			return bad.in("[%d]", i)
		}
		head.pairs[i] = treePair{key, value}
	}
	return nil
}

func (m *member) newKey(v model.Value) (unsafe.Pointer, *misfit) {
	key := m.tree.NewKey()
	switch v := v.(type) {
	case model.Uint:
		if m.key == nil {
			*(*uint64)(key) = uint64(v)
			return key, nil
		}
	case *model.Struct:
		if m.key != nil {
			return key, m.key.body.fill(key, v)
		}
	}
	return nil, &misfit{detail: "a key of another kind"}
}

func (m *member) readTree(p unsafe.Pointer) (model.Value, error) {
	tree := model.Tree{}
	for i, pair := range (*treeHead)(p).pairs {
		var key model.Value
		var err error
		if m.key == nil {
			key = model.Uint(*(*uint64)(pair.key))
		} else if key, err = structValue(m.key.body.read(pair.key)); err != nil {
			return nil, in(err, index(i))
		}
		value, err := m.child.body.read(pair.value)
		if err != nil {
			return nil, in(err, index(i))
		}
		tree = append(tree, model.Pair{Key: key, Value: value})
	}
	return tree, nil
}
