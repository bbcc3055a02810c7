package props

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/model"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A node stands in queues by two entries that know nothing of each other.
type node struct {
	id   int
	main tailq.Entry[node]
	pad  [3]byte
	side tailq.Entry[node]
}

// A list is one queue: in memory, and as the oracle has it.
type list struct {
	head  *tailq.Head[node]
	items model.Sequence[*node]
}

// lists are the queues that share an entry, over one pool of nodes.
type lists struct {
	entry func(*node) *tailq.Entry[node]
	typed tailq.Type[node]
	raw   *tailq.Metadata
	all   []*list
	pool  []*node

	remove func(h *tailq.Head[node], n *node)
}

func newLists(entry func(*node) *tailq.Entry[node], pool []*node) *lists {
	l := &lists{entry: entry, typed: tailq.Of(entry), pool: pool}
	l.raw = l.typed.Metadata(nil)
	l.remove = l.typed.Remove
	for range 3 {
		l.all = append(l.all, &list{head: &tailq.Head[node]{}}) // zero is empty, too
	}
	return l
}

// list draws a queue.
func (l *lists) list(t *rapid.T) *list {
	return l.all[rapid.IntRange(0, len(l.all)-1).Draw(t, "queue")]
}

// free draws a node that stands in no queue by this entry.
func (l *lists) free(t *rapid.T) *node {
	free := slices.DeleteFunc(slices.Clone(l.pool), func(n *node) bool {
		return slices.ContainsFunc(l.all, func(q *list) bool { return slices.Contains(q.items.Items(), n) })
	})
	if len(free) == 0 {
		t.Skip("all nodes stand in queues")
	}
	return free[rapid.IntRange(0, len(free)-1).Draw(t, "new")]
}

// held draws a node that stands in q.
func (l *lists) held(t *rapid.T, q *list) *node {
	held := q.items.Items()
	if len(held) == 0 {
		t.Skip("the queue is empty")
	}
	return held[rapid.IntRange(0, len(held)-1).Draw(t, "place")]
}

// actions are the operations of tailq, typed and raw, each done to the oracle
// as well.
func (l *lists) actions(name string) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		name + " init": func(t *rapid.T) {
			if q := l.list(t); len(q.items.Items()) == 0 {
				l.typed.Init(q.head)
			}
		},
		name + " raw init": func(t *rapid.T) {
			if q := l.list(t); len(q.items.Items()) == 0 {
				tailq.RawInit(l.raw, unsafe.Pointer(q.head))
			}
		},
		name + " insert head": func(t *rapid.T) {
			q, n := l.list(t), l.free(t)
			l.typed.InsertHead(q.head, n)
			q.items.InsertHead(n)
		},
		name + " insert tail": func(t *rapid.T) {
			q, n := l.list(t), l.free(t)
			l.typed.InsertTail(q.head, n)
			q.items.InsertTail(n)
		},
		name + " raw insert tail": func(t *rapid.T) {
			q, n := l.list(t), l.free(t)
			tailq.RawInsertTail(l.raw, unsafe.Pointer(q.head), unsafe.Pointer(n))
			q.items.InsertTail(n)
		},
		name + " insert before": func(t *rapid.T) {
			q := l.list(t)
			at, n := l.held(t, q), l.free(t)
			l.typed.InsertBefore(at, n)
			q.items.InsertBefore(at, n)
		},
		name + " insert after": func(t *rapid.T) {
			q := l.list(t)
			at, n := l.held(t, q), l.free(t)
			l.typed.InsertAfter(q.head, at, n)
			q.items.InsertAfter(at, n)
		},
		name + " remove": func(t *rapid.T) {
			q := l.list(t)
			n := l.held(t, q)
			l.remove(q.head, n)
			q.items.Remove(n)
			if *l.entry(n) != (tailq.Entry[node]{}) {
				t.Fatalf("the entry of a removed node is not zero")
			}
		},
		name + " remove while iterating": func(t *rapid.T) {
			q := l.list(t)
			odd := rapid.Bool().Draw(t, "odd")
			for n := range l.typed.All(q.head) {
				if (n.id%2 == 1) == odd {
					l.remove(q.head, n)
					q.items.Remove(n)
				}
			}
		},
		name + " concat": func(t *rapid.T) {
			dst, src := l.list(t), l.list(t)
			if dst == src {
				return
			}
			l.typed.Concat(dst.head, src.head)
			dst.items.Concat(&src.items)
		},
	}
}

// check says how memory and oracle differ.
func (l *lists) check() error {
	var heads []unsafe.Pointer
	for i, q := range l.all {
		heads = append(heads, unsafe.Pointer(q.head))
		if err := l.checkOne(q); err != nil {
			return fmt.Errorf("queue %d: %w", i, err)
		}
	}
	return tailq.Check(l.raw, heads...)
}

func (l *lists) checkOne(q *list) error {
	want := q.items.Items()
	// A walk that trusts nothing comes first: the others follow links blindly.
	got, err := walk(q.head, l.entry, len(l.pool))
	if err != nil {
		return err
	}
	raw := []*node{}
	for p := range tailq.RawForEach(l.raw, unsafe.Pointer(q.head)) {
		raw = append(raw, (*node)(p))
	}
	for i, got := range [][]*node{got, slices.Collect(l.typed.All(q.head)), raw} {
		if !slices.Equal(want, got) {
			return fmt.Errorf("want %v, %s gives %v", ids(want), []string{"the walk", "All", "RawForEach"}[i], ids(got))
		}
	}
	first, _ := q.items.First()
	last, _ := q.items.Last()
	if l.typed.First(q.head) != first || l.typed.Last(q.head) != last || l.typed.Empty(q.head) != (len(want) == 0) {
		return fmt.Errorf("First, Last or Empty of %v is wrong", ids(want))
	}
	for _, n := range want {
		next, _ := q.items.Next(n)
		prev, _ := q.items.Prev(n)
		if l.typed.Next(n) != next || l.typed.Prev(n) != prev {
			return fmt.Errorf("Next or Prev of %d in %v is wrong", n.id, ids(want))
		}
	}
	return nil
}

// walk follows the links as <sys/queue.h> defines them, to at most the given
// number of nodes, and checks each before it is followed.
func walk(h *tailq.Head[node], entry func(*node) *tailq.Entry[node], most int) ([]*node, error) {
	var nodes []*node
	slot := &h.First
	for n := *slot; n != nil; n = *slot {
		if len(nodes) == most {
			return nil, fmt.Errorf("more than %d nodes", most)
		}
		if entry(n).Prev != slot {
			return nil, fmt.Errorf("prev of node %d, at place %d, is wrong", n.id, len(nodes))
		}
		nodes = append(nodes, n)
		slot = &entry(n).Next
	}
	if h.Last != slot && (h.Last != nil || len(nodes) > 0) {
		return nil, fmt.Errorf("last is wrong after %v", ids(nodes))
	}
	return nodes, nil
}

func ids(nodes []*node) []int {
	list := []int{}
	for _, n := range nodes {
		list = append(list, n.id)
	}
	return list
}

// operate runs random operations on queues of both entries; plant may break
// one.
func operate(plant func(l *lists)) func(*rapid.T) {
	return func(t *rapid.T) {
		var pool []*node
		for i := range 6 {
			pool = append(pool, &node{id: i})
		}
		main := newLists(func(n *node) *tailq.Entry[node] { return &n.main }, pool)
		side := newLists(func(n *node) *tailq.Entry[node] { return &n.side }, pool)
		plant(main)
		actions := main.actions("main")
		for name, do := range side.actions("side") {
			actions[name] = do
		}
		actions[""] = func(t *rapid.T) {
			for _, l := range []*lists{main, side} {
				if err := l.check(); err != nil {
					t.Fatal(err)
				}
			}
			for _, n := range pool {
				if n.pad != [3]byte{} {
					t.Fatalf("node %d was written to beside its entries", n.id)
				}
			}
		}
		t.Repeat(actions)
	}
}

func TestListOperations(t *testing.T) {
	rapid.Check(t, operate(func(*lists) {}))
}

// What the state machine is there to find.
func TestListOperationsFindDefects(t *testing.T) {
	for name, plant := range map[string]func(l *lists){
		"last is forgotten": func(l *lists) {
			l.remove = func(_ *tailq.Head[node], n *node) {
				e := l.entry(n)
				if e.Next != nil {
					l.entry(e.Next).Prev = e.Prev
				}
				*e.Prev = e.Next
				*e = tailq.Entry[node]{}
			}
		},
		"prev is forgotten": func(l *lists) {
			l.remove = func(h *tailq.Head[node], n *node) {
				e := l.entry(n)
				if e.Next == nil {
					h.Last = e.Prev
				}
				*e.Prev = e.Next
				*e = tailq.Entry[node]{}
			}
		},
		"entry is kept": func(l *lists) {
			l.remove = func(h *tailq.Head[node], n *node) {
				before := *l.entry(n)
				l.typed.Remove(h, n)
				*l.entry(n) = before
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := recorder{name: t.Name()}
			for range 20 { // rounds: whether the first finds it is a matter of luck
				if log.check(operate(plant)); log.failed {
					break
				}
			}
			require.Contains(t, log.errors, "failed after")
			t.Log(log.errors)
		})
	}
}
