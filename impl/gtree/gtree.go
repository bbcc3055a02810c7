package gtree

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"unsafe"

	"vmconform/rules"
)

// A Tree maps keys to values. The zero Tree is empty. What a key compares by must
// not change while the key is in a tree, nor the tree while All goes through it.
type Tree[K, V any] struct {
	pairs []pair[K, V]
}

type pair[K, V any] struct {
	key   *K
	value *V
}

// A Type knows the order of the keys.
type Type[K, V any] struct {
	compare func(a, b *K) int
}

// Of makes a Type from a comparison, which is negative where a comes before b,
// positive where it comes after b, and 0 where they are one key.
func Of[K, V any](compare func(a, b *K) int) Type[K, V] { return Type[K, V]{compare} }

func (t Type[K, V]) find(tree *Tree[K, V], key *K) (int, bool) {
	return slices.BinarySearchFunc(tree.pairs, key, func(p pair[K, V], k *K) int { return t.compare(p.key, k) })
}

// Len returns the number of pairs.
func (t Type[K, V]) Len(tree *Tree[K, V]) int { return len(tree.pairs) }

// Insert gives key the value. A key that the tree has stays, with the new value
// (g_tree_insert).
func (t Type[K, V]) Insert(tree *Tree[K, V], key *K, value *V) {
	i, there := t.find(tree, key)
	if there {
		tree.pairs[i].value = value
		return
	}
	tree.pairs = slices.Insert(tree.pairs, i, pair[K, V]{key, value})
}

// Lookup returns the key's value, or nil.
func (t Type[K, V]) Lookup(tree *Tree[K, V], key *K) *V {
	i, there := t.find(tree, key)
	if !there {
		return nil
	}
	return tree.pairs[i].value
}

// Remove takes the key out, and reports whether it was there.
func (t Type[K, V]) Remove(tree *Tree[K, V], key *K) bool {
	i, there := t.find(tree, key)
	if there {
		tree.pairs = slices.Delete(tree.pairs, i, i+1)
	}
	return there
}

// All goes through the pairs from the least key to the greatest.
func (t Type[K, V]) All(tree *Tree[K, V]) iter.Seq2[*K, *V] {
	return func(yield func(*K, *V) bool) {
		for _, p := range tree.pairs {
			if !yield(p.key, p.value) {
				return
			}
		}
	}
}

// What may be wrong with a tree in memory. Each is the cause of a *rules.Error
// of class bad-link.
var (
	ErrNil   = errors.New("a pair without key or value")
	ErrOrder = errors.New("a key that is not greater than the one before")
)

// Check returns every pair that is not whole or not in its place, joined. Each
// error is a *rules.Error whose path is "tree[I]". A key is compared with the one
// before it; one that is not there is compared with none.
func (t Type[K, V]) Check(tree *Tree[K, V]) error {
	m := &Metadata{Compare: t.raw}
	var found []error
	pairs := *raw(unsafe.Pointer(tree))
	for i := range pairs {
		if err := m.flaw(pairs, i); err != nil {
			found = append(found, &rules.Error{Class: rules.BadLink, Rule: rules.TreeSorted, Path: fmt.Sprintf("tree[%d]", i), Cause: err})
		}
	}
	return errors.Join(found...)
}

func (t Type[K, V]) raw(a, b unsafe.Pointer) int { return t.compare((*K)(a), (*K)(b)) }
