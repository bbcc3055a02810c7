package diff

import (
	"cmp"
	"fmt"
	"slices"

	"vmconform/internal/show"
)

// A pair is what is held against each other; one of the two may be missing.
type pair struct {
	label string // tells pairs apart
	a, b  *show.Node
}

// pairs joins nodes of one name; of several with one name the first with the
// first, and so on. Those of A come first, in their order.
func pairs(a, b []*show.Node, name func(*show.Node) string) []pair {
	var all []pair
	at := map[string]int{}
	seen := map[string]int{}
	label := func(n *show.Node) string {
		s := name(n)
		seen[s]++
		return fmt.Sprintf("%d %s", seen[s], s)
	}
	for _, n := range a {
		l := label(n)
		at[l] = len(all)
		all = append(all, pair{label: l, a: n})
	}
	clear(seen)
	for _, n := range b {
		l := label(n)
		if i, ok := at[l]; ok {
			all[i].b = n
		} else {
			all = append(all, pair{label: l, b: n})
		}
	}
	return all
}

// sections compares RAM, devices and the like, by their paths.
func (c *comparer) sections() {
	a, b := inOrder(c.a), inOrder(c.b)
	all := pairs(a, b, func(n *show.Node) string { return n.Path })
	moved := movedOf(all)
	t := &c.report.Totals
	for _, p := range all {
		before := t.Differences
		c.section(p, moved[p.label], a, b)
		if either(p.a, p.b).Kind == show.Device {
			t.Devices++
			if t.Differences > before {
				t.Differing++
			}
		}
	}
}

// either is the one of two that is there, A's if both are.
func either(a, b *show.Node) *show.Node {
	if a != nil {
		return a
	}
	return b
}

// inOrder lists the sections of a stream as they stand in it.
func inOrder(r *show.Report) []*show.Node {
	all := slices.Concat(r.Sections, r.Devices)
	slices.SortFunc(all, func(a, b *show.Node) int { return cmp.Compare(a.Offset, b.Offset) })
	return all
}

// movedOf gives the labels of pairs that do not stand in the same order in both
// streams: the fewest without which all others do.
func movedOf(all []pair) map[string]bool {
	var both []pair
	for _, p := range all {
		if p.a != nil && p.b != nil {
			both = append(both, p)
		}
	}
	labels := func(pairs []pair) []string {
		var l []string
		for _, p := range pairs {
			l = append(l, p.label)
		}
		return l
	}
	inA := labels(both)
	slices.SortFunc(both, func(p, q pair) int { return cmp.Compare(p.b.Offset, q.b.Offset) })
	leftOver, _ := apart(inA, labels(both))
	moved := map[string]bool{}
	for _, i := range leftOver {
		moved[inA[i]] = true
	}
	return moved
}

// section compares two sections. What is missing in a stream that does not
// reach its end may be missing only there.
func (c *comparer) section(p pair, moved bool, a, b []*show.Node) {
	c.devices = [2]*show.Node{p.a, p.b}
	c.in = either(p.a, p.b).Path
	if p.a == nil || p.b == nil {
		if end := [2]*int64{c.a.End, c.b.End}; p.a == nil && end[0] != nil || p.b == nil && end[1] != nil {
			c.only(p.a, p.b)
		}
		return
	}
	if moved {
		place := func(n *show.Node, all []*show.Node) *Side {
			i := slices.Index(all, n)
			return &Side{Offset: n.Offset, Size: n.Size, Value: i, text: fmt.Sprintf("section %d", i)}
		}
		c.add(&Difference{Kind: Moved, What: what(p.a), A: place(p.a, a), B: place(p.b, b)}, p.a.Path, p.b.Path)
	}
	c.version(p.a, p.b)
	switch {
	case p.a.RAM != nil && p.b.RAM != nil:
		c.ram()
	case decoded(p.a) && decoded(p.b):
		c.children(p.a, p.b)
		c.rest(p.a, p.b)
	default:
		c.bytes(WhatPayload, p.a.Path, p.a.Payload(), p.b.Payload())
		c.parts(p.a, p.b)
	}
}

// version compares the versions of sections or subsections.
func (c *comparer) version(a, b *show.Node) {
	if *a.Version == *b.Version {
		return
	}
	side := func(n *show.Node) *Side {
		return &Side{Offset: n.Offset, Size: n.Size, Value: *n.Version, text: fmt.Sprint(*n.Version)}
	}
	c.add(&Difference{Kind: Changed, What: WhatVersion, A: side(a), B: side(b)}, a.Path, b.Path)
}

// parts compares the PART and END sections of a section that is not decoded.
func (c *comparer) parts(a, b *show.Node) {
	n := min(len(a.Parts), len(b.Parts))
	for i := range n {
		c.bytes(WhatPart, a.Path, a.Parts[i].Payload(), b.Parts[i].Payload())
	}
	side := func(p *show.Part) *Side { return &Side{Offset: p.Offset, Size: p.Size, Value: p.Kind, text: p.Kind} }
	if c.b.End != nil {
		for _, p := range a.Parts[n:] {
			c.add(&Difference{Kind: OnlyInA, What: WhatPart, A: side(p)}, a.Path, b.Path)
		}
	}
	if c.a.End != nil {
		for _, p := range b.Parts[n:] {
			c.add(&Difference{Kind: OnlyInB, What: WhatPart, B: side(p)}, a.Path, b.Path)
		}
	}
}

// rest compares what follows in two devices where decoding stopped.
func (c *comparer) rest(a, b *show.Node) {
	x, y := undecoded(a), undecoded(b)
	switch {
	case incomplete(a) && incomplete(b):
		c.bytes(WhatPayload, a.Path, x, y)
	case incomplete(a) || incomplete(b):
		side := func(n *show.Node, rest show.Extent) *Side {
			return &Side{Offset: rest.Offset, Size: rest.Size, Value: n.Decoded, text: "decoded: " + n.Decoded}
		}
		c.add(&Difference{Kind: Changed, What: WhatDecoded, A: side(a, x), B: side(b, y)}, a.Path, b.Path)
	}
}

// undecoded is what follows the last thing that was decoded of a device.
func undecoded(n *show.Node) show.Extent {
	p := n.Payload()
	at, end := p.Offset, p.Offset+p.Size
	for c := range n.Children {
		at = c.Offset + c.Size
	}
	return show.Extent{Offset: at, Size: max(0, end-at)}
}
