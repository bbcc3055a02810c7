package gtree_test

import (
	"slices"
	"testing"

	"vmconform/impl/gtree"
	"vmconform/rules"
)

func TestOperations(t *testing.T) {
	var o object
	for _, s := range []span{{5, 6}, {1, 2}, {9, 9}, {3, 3}} {
		spans.Insert(&o.tree, &s, &value{n: s.low})
	}
	same(t, o.spell(), "1-2:1 3-3:3 5-6:5 9-9:9")
	same(t, spans.Len(&o.tree), 4)
	same(t, spans.Lookup(&o.tree, &span{6, 8}).n, 5)
	same(t, spans.Lookup(&o.tree, &span{7, 8}), nil)

	// An equal key leaves the first where it is, with the new value.
	spans.Insert(&o.tree, &span{6, 8}, &value{n: 7})
	same(t, o.spell(), "1-2:1 3-3:3 5-6:7 9-9:9")

	same(t, spans.Remove(&o.tree, &span{7, 8}), false)
	same(t, spans.Remove(&o.tree, &span{3, 4}), true)
	same(t, o.spell(), "1-2:1 5-6:7 9-9:9")
	for k := range spans.All(&o.tree) {
		same(t, *k, span{1, 2})
		break
	}
	if err := spans.Check(&o.tree); err != nil {
		t.Fatal(err)
	}
}

func TestZeroTree(t *testing.T) {
	var tree gtree.Tree[uint64, value]
	same(t, numbers.Len(&tree), 0)
	same(t, numbers.Lookup(&tree, new(uint64)), nil)
	same(t, numbers.Remove(&tree, new(uint64)), false)
	for range numbers.All(&tree) {
		t.Fatal("a pair")
	}
	if err := numbers.Check(&tree); err != nil {
		t.Fatal(err)
	}
}

func TestCheck(t *testing.T) {
	type flaw struct {
		path  string
		cause error
	}
	for _, c := range []struct {
		name string
		harm func(k []*uint64)
		want []flaw
	}{
		{"whole", func([]*uint64) {}, nil},
		{"two swapped", func(k []*uint64) { *k[1], *k[2] = *k[2], *k[1] }, []flaw{{"tree[2]", gtree.ErrOrder}}},
		{"one twice", func(k []*uint64) { *k[1] = *k[0] }, []flaw{{"tree[1]", gtree.ErrOrder}}},
		{"two flaws", func(k []*uint64) { *k[1], *k[3] = 0, 0 }, []flaw{{"tree[1]", gtree.ErrOrder}, {"tree[3]", gtree.ErrOrder}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tree gtree.Tree[uint64, value]
			var keys []*uint64
			for n := range uint64(4) {
				k := n + 1
				keys = append(keys, &k)
				numbers.Insert(&tree, &k, &value{})
			}
			c.harm(keys)
			var got []flaw
			if err := numbers.Check(&tree); err != nil {
				for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
					e := e.(*rules.Error)
					same(t, e.Class, rules.BadLink)
					same(t, e.Rule, rules.TreeSorted)
					got = append(got, flaw{e.Path, e.Cause})
				}
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("%v, want %v", got, c.want)
			}
		})
	}
	var tree gtree.Tree[uint64, value]
	for n := range uint64(3) {
		numbers.Insert(&tree, &n, nil)
	}
	same(t, len(numbers.Check(&tree).(interface{ Unwrap() []error }).Unwrap()), 3)
}
