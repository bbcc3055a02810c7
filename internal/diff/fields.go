package diff

import (
	"bytes"

	"vmconform/impl/savevm"
	"vmconform/internal/show"
)

// what says which thing n is.
func what(n *show.Node) What {
	switch n.Kind {
	case show.Section:
		return WhatSection
	case show.Device:
		return WhatDevice
	case show.Subsection:
		return WhatSubsection
	case show.Element:
		return WhatElement
	}
	return WhatField
}

// incomplete: decoding stopped in n, so that more may be in it than is known.
func incomplete(n *show.Node) bool {
	return n.Partial || n.Decoded != "" && n.Decoded != string(savevm.CoverageFull)
}

// leaf: n has a value, or bytes that mean nothing, and not others in it.
func leaf(n *show.Node) bool {
	return n.Value != nil || n.Fields == nil && n.Elements == nil
}

// only adds what is in one stream only: the other one is nil.
func (c *comparer) only(a, b *show.Node) {
	n := either(a, b)
	d := &Difference{Kind: OnlyInA, What: what(n), Type: n.Type}
	if a == nil {
		d.Kind, d.B = OnlyInB, c.side(c.b, b)
	} else {
		d.A = c.side(c.a, a)
	}
	c.add(d, n.Path, n.Path)
}

// side is n, with its value if it has one.
func (c *comparer) side(r *show.Report, n *show.Node) *Side {
	s := &Side{Offset: n.Offset, Size: n.Size, raw: r.At(n.Extent)}
	if n.Value != nil {
		s.Value, s.text = n.Value, n.Value.Text()
	}
	return s
}

// children compares what is in two nodes.
func (c *comparer) children(a, b *show.Node) {
	name := func(n *show.Node) string { return n.Name }
	for _, p := range pairs(a.Fields, b.Fields, name) {
		c.pair(a, b, p)
	}
	switch {
	case a.Queue() && b.Queue() && !incomplete(a) && !incomplete(b):
		c.queue(a.Elements, b.Elements)
	default:
		c.byPlace(a, b, a.Elements, b.Elements)
	}
	for _, p := range pairs(a.Subsections, b.Subsections, name) {
		c.pair(a, b, p)
	}
}

// pair compares two things in a and b, one of which may be missing. What is
// missing behind the place where decoding stopped is not known to be.
func (c *comparer) pair(a, b *show.Node, p pair) {
	switch {
	case p.a == nil && incomplete(a), p.b == nil && incomplete(b):
	case p.a == nil, p.b == nil:
		c.only(p.a, p.b)
	default:
		c.node(p.a, p.b)
	}
}

// byPlace compares elements of a and b that have the same index.
func (c *comparer) byPlace(a, b *show.Node, x, y []*show.Node) {
	at := func(list []*show.Node, i int) *show.Node {
		if i < len(list) {
			return list[i]
		}
		return nil
	}
	for i := range max(len(x), len(y)) {
		c.pair(a, b, pair{a: at(x, i), b: at(y, i)})
	}
}

// queue compares the elements of two queues. Those that hold the same belong
// together; between two such, the others by their place, and those that are
// left are in one queue only.
func (c *comparer) queue(x, y []*show.Node) {
	contents := func(r *show.Report, list []*show.Node) []string {
		var s []string
		for _, n := range list {
			s = append(s, string(r.At(n.Extent)[1:])) // without its marker
		}
		return s
	}
	i, j := 0, 0
	for _, p := range append(align(contents(c.a, x), contents(c.b, y)), [2]int{len(x), len(y)}) {
		for ; i < p[0] && j < p[1]; i, j = i+1, j+1 {
			c.node(x[i], y[j])
		}
		for ; i < p[0]; i++ {
			c.only(x[i], nil)
		}
		for ; j < p[1]; j++ {
			c.only(nil, y[j])
		}
		if i < len(x) && j < len(y) {
			c.node(x[i], y[j]) // their markers may differ
		}
		i, j = i+1, j+1
	}
}

// node compares two fields, elements or subsections.
func (c *comparer) node(a, b *show.Node) {
	if a.Kind == show.Subsection {
		c.version(a, b)
	}
	if a.Marker != nil && b.Marker != nil && *a.Marker != *b.Marker {
		side := func(r *show.Report, n *show.Node) *Side {
			return &Side{Offset: n.Offset, Size: 1, Value: *n.Marker, raw: r.At(show.Extent{Offset: n.Offset, Size: 1})}
		}
		c.add(&Difference{Kind: Changed, What: WhatMarker, A: side(c.a, a), B: side(c.b, b)}, a.Path, b.Path)
	}
	if a.Type != b.Type {
		side := func(n *show.Node) *Side {
			return &Side{Offset: n.Offset, Size: n.Size, Value: n.Type, text: n.Type}
		}
		c.add(&Difference{Kind: Changed, What: WhatType, A: side(a), B: side(b)}, a.Path, b.Path)
	}
	switch {
	case !leaf(a) && !leaf(b):
		c.children(a, b)
	case a.Integers() > 0 && b.Integers() > 0:
		c.byPlace(a, b, integers(a), integers(b))
	case !leaf(a) || !leaf(b) || !bytes.Equal(c.a.At(a.Extent), c.b.At(b.Extent)):
		d := &Difference{Kind: Changed, What: WhatValue, A: c.side(c.a, a), B: c.side(c.b, b)}
		if a.Type == b.Type {
			d.Type = a.Type
		}
		d.Clock = c.clock(a.Path, b.Path, d.Type)
		if a.IsBytes() && b.IsBytes() {
			d.Bytes = differ(d.A.raw, d.B.raw)
		}
		c.add(d, a.Path, b.Path)
	}
}

func integers(n *show.Node) []*show.Node {
	var list []*show.Node
	for i := range n.Integers() {
		list = append(list, n.Integer(i))
	}
	return list
}
