package defects

// Faults of tailq and qlist.
var linkPatches = []Patch{
	{
		"prev-of-second", "Insertion has every prev point at the head, which is right for the first element only.", "links/elements",
		"impl/tailq/raw.go", []string{
			`*m.prev(elem) = *m.last(head)`,
			`*m.prev(elem) = m.first(head)`,
		},
	},
	{
		"prev-of-last", "Once a queue is loaded, its last element's prev points at the head.", "links/terminator",
		"impl/tailq/hooks.go", []string{
			`		if b[0] == terminator {
`,
			`		if b[0] == terminator {
			if i > 0 {
				*m.prev(unsafe.Add(unsafe.Pointer(*m.last(head)), -int(m.Entry+m.Next))) = m.first(head)
			}
`,
		},
	},
	{
		"last-stays", "Insertion leaves the last pointer where it was, so that each element takes the place of the one before.", "links/elements",
		"impl/tailq/raw.go", []string{
			`	*m.last(head) = m.next(elem)
`,
			``,
		},
	},
	{
		"last-not-undone", "When an element fails, the queue's last pointer is left at an element that is gone.", "links/terminator",
		"impl/tailq/hooks.go", []string{
			`	l.WillChangePointer((*unsafe.Pointer)(unsafe.Pointer(m.last(head))))
`,
			``,
		},
	},
	{
		"element-leaked", "An element is linked before it is loaded, and stays in the list when that fails.", "links/truncation",
		"impl/qlist/hooks.go", []string{
			`	l.WillChangePointer(tail)
`,
			``,
			`		if err := l.LoadElement(is.VMSD, e, version, at); err != nil {
			return err
		}
		m.insert(tail, e)
`,
			`		m.insert(tail, e)
		if err := l.LoadElement(is.VMSD, e, version, at); err != nil {
			return err
		}
`,
		},
	},
	{
		"list-reversed", "Each element of a list is inserted first.", "links/elements",
		"impl/qlist/hooks.go", []string{
			`		m.insert(tail, e)
		tail = m.next(e)
`,
			`		m.insert(m.first(head), e)
`,
		},
	},
	{
		"cycle-followed", "A list is saved without a look at prev, a cycle for ever.", "links/memory",
		"impl/qlist/hooks.go", []string{
			`		if *m.prev(e) != at {
			return broken(s.Fail(rules.BadLink, rules.ListLinks, "the links of the list are broken"))
		}
`,
			``,
		},
	},
	{
		"elements-at-own-version", "Elements are loaded at their vmsd's version, not at the queue's.", "version/queue",
		"impl/tailq/hooks.go", []string{
			`l.LoadElement(is.VMSD, e, version, at)`,
			`l.LoadElement(is.VMSD, e, is.VMSD.VersionID, at)`,
		},
	},
	{
		"elements-by-load", "Elements that differ in their vmsd go by their place among those of this load.", "memory/load-over",
		"impl/tailq/hooks.go", []string{
			`m.element(there + i)`,
			`m.element(i + 0*there)`,
		},
	},
}

// Faults of gtree.
var treePatches = []Patch{
	{
		"tree-too-few", "A tree's terminator is taken wherever it comes.", "links/tree",
		"impl/gtree/hooks.go", []string{
			`if i < int(count) {`,
			`if false {`,
		},
	},
	{
		"tree-too-many", "A tree takes more pairs than its count.", "links/tree",
		"impl/gtree/hooks.go", []string{
			`if i == int(count) {`,
			`if false {`,
		},
	},
	{
		"tree-first-value", "The first value stays of a key that comes twice.", "links/tree",
		"impl/gtree/hooks.go", []string{
			`			known.value = p.value
`,
			``,
		},
	},
	{
		"tree-order-by-neighbour", "A key is out of order if the one right before it is greater, not any.", "links/tree",
		"impl/gtree/hooks.go", []string{
			`"this key comes after a greater one")
		default:
			greatest = p
		}
`,
			`"this key comes after a greater one")
		}
		greatest = p
`,
		},
	},
	{
		"tree-unsorted", "A tree keeps its pairs in the order of the wire.", "links/tree",
		"impl/gtree/raw.go", []string{
			`if n > 0 && r.m.order(r.list[n-1][len(r.list[n-1])-1], p) < 0 {`,
			`if n > 0 {`,
		},
	},
	{
		"tree-twice-saved", "A key that stands twice in memory is saved twice.", "links/memory",
		"impl/gtree/raw.go", []string{
			`m.order(pairs[i-1], p) >= 0`,
			`m.order(pairs[i-1], p) > 0`,
		},
	},
	{
		"tree-half-filled", "A tree keeps its pairs though what follows fails.", "links/tree",
		"impl/gtree/hooks.go", []string{
			`	if l.First(pairs) {
		l.OnUndo(func() { *pairs = was })
	}
`,
			``,
		},
	},
}
