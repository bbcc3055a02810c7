package show

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vmconform/internal/report"
	"vmconform/model"
)

// Select returns the node at path. The error is one line that names the longest
// part of path that there is.
func (r *Report) Select(path string) (*Selection, error) {
	f := finder{path: path}
	n := f.among(slices.Concat(r.Devices, r.Sections), path, func(n *Node) string { return n.Path })
	if n != nil {
		return &Selection{Head: r.Head, Path: path, Selected: n, Errors: r.Errors, hex: r.hex}, nil
	}
	switch p := f.closest; {
	case p == nil:
		return nil, fmt.Errorf("there is no device %s", report.Clean(path))
	case p.Count != nil && strings.HasPrefix(path[f.reached:], "["):
		return nil, fmt.Errorf("there is no %s; %s has %s", report.Clean(path), report.Clean(p.Path), elements(*p.Count))
	case p.Decoded != "" && p.Decoded != "full":
		return nil, fmt.Errorf("there is no %s; there is %s, which is %s", report.Clean(path), report.Clean(p.Path), p.Decoded)
	default:
		return nil, fmt.Errorf("there is no %s; there is %s", report.Clean(path), report.Clean(p.Path))
	}
}

// A finder resolves a path against the tree. Names contain slashes and
// brackets, so the longest name that fits goes first, and others follow.
type finder struct {
	path    string
	reached int // bytes of path that lead to closest
	closest *Node
}

// among finds rest, the end of path, among nodes with those names.
func (f *finder) among(nodes []*Node, rest string, name func(*Node) string) *Node {
	var fit []*Node
	for _, n := range nodes {
		if after, ok := strings.CutPrefix(rest, name(n)); ok && (after == "" || after[0] == '/' || after[0] == '[') {
			fit = append(fit, n)
		}
	}
	slices.SortStableFunc(fit, func(a, b *Node) int { return cmp.Compare(len(name(b)), len(name(a))) })
	for _, n := range fit {
		if found := f.in(n, rest[len(name(n)):]); found != nil {
			return found
		}
	}
	return nil
}

// in finds rest within n.
func (f *finder) in(n *Node, rest string) *Node {
	if rest == "" {
		return n
	}
	if at := len(f.path) - len(rest); f.closest == nil || at > f.reached {
		f.closest, f.reached = n, at
	}
	if rest[0] == '/' {
		return f.among(slices.Concat(n.Fields, n.Subsections), rest[1:], func(n *Node) string { return n.Name })
	}
	if n.Elements != nil {
		return f.among(n.Elements, rest, func(n *Node) string { return "[" + strconv.Itoa(*n.Index) + "]" })
	}
	return n.integer(rest)
}

// integer is the element of an array of integers that rest, "[i]", names.
func (n *Node) integer(rest string) *Node {
	digits := strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	i, err := strconv.Atoi(digits)
	if err != nil || rest != fmt.Sprintf("[%d]", i) || i < 0 || i >= n.Integers() {
		return nil
	}
	return n.Integer(i)
}

// Integers is the number of elements of an array of integers; of anything else
// it is 0.
func (n *Node) Integers() int {
	if n.Value == nil {
		return 0
	}
	list, _ := n.Value.value.(model.List)
	return len(list)
}

// Integer is element i of an array of integers.
func (n *Node) Integer(i int) *Node {
	list := n.Value.value.(model.List)
	size := n.Size / int64(len(list))
	at := int64(i) * size
	one := *n.Value.field
	one.Array, one.Count, one.CountFrom = false, 0, ""
	e := &Node{
		Kind: Element, Index: &i, Path: n.Path + "[" + strconv.Itoa(i) + "]", Type: n.Type,
		Extent: Extent{n.Offset + at, size}, Value: &Value{&one, list[i]},
	}
	for _, r := range n.Hex { // one, or none
		e.Hex = []Run{{e.Extent, r.What, r.Hex[2*at : 2*(at+size)]}}
	}
	return e
}
