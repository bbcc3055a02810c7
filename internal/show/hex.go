package show

import (
	"encoding/hex"
	"slices"

	"vmconform/impl/savevm"
)

// A Run is some of a node's own bytes: those of no node within it.
type Run struct {
	Extent
	What What   `json:"what"`
	Hex  string `json:"hex"` // two digits a byte
}

// What says what the bytes of a Run are.
type What string

// What a Run may be.
const (
	WhatValue      What = "value"
	WhatHeader     What = "header"     // of a section or subsection
	WhatRecord     What = "record"     // a configuration or command
	WhatMarker     What = "marker"     // before an element of a queue
	WhatTerminator What = "terminator" // of a queue
	WhatFooter     What = "footer"     // of a section
	WhatPayload    What = "payload"    // what nothing was decoded of
)

const (
	markerSize = 1
	footerSize = 5
)

// AddHex gives each node its own bytes. Every byte of a section whose records
// are not of RAM and the like is then in exactly one Run; of those others header
// and footer are.
func (r *Report) AddHex() {
	r.hex = true
	if r.Configuration != nil {
		r.Configuration.Hex = r.runs(nil, r.Configuration.Extent, WhatRecord)
	}
	for _, c := range r.Commands {
		c.Hex = r.runs(nil, c.Extent, WhatRecord)
	}
	for _, n := range slices.Concat(r.Sections, r.Devices) {
		r.section(n)
		for _, p := range n.Parts {
			p.Hex = r.frame(p.Extent, p.payload, n.Decoded)
		}
	}
}

// section adds the bytes of a section and of what is in it.
func (r *Report) section(n *Node) {
	at := n.payload.Offset
	inner := r.inside(n, &at)
	if len(n.Fields)+len(n.Subsections) == 0 {
		n.Hex = r.frame(n.Extent, n.payload, n.Decoded)
		return
	}
	n.Hex = r.runs(nil, Extent{n.Offset, n.payload.Offset - n.Offset}, WhatHeader)
	n.Hex = append(n.Hex, inner...)
	end := n.payload.Offset + n.payload.Size
	n.Hex = r.runs(n.Hex, Extent{at, end - at}, WhatPayload)
	n.Hex = r.runs(n.Hex, Extent{end, n.Offset + n.Size - end}, WhatFooter)
}

// frame is the bytes of a section in which nothing is decoded.
func (r *Report) frame(whole, payload Extent, decoded string) []Run {
	end := payload.Offset + payload.Size
	runs := r.runs(nil, Extent{whole.Offset, payload.Offset - whole.Offset}, WhatHeader)
	if decoded != string(savevm.CoverageBuiltin) {
		runs = r.runs(runs, payload, WhatPayload)
	}
	return r.runs(runs, Extent{end, whole.Offset + whole.Size - end}, WhatFooter)
}

// node adds the bytes of a field, an element or a subsection, and of what is in
// it.
func (r *Report) node(n *Node) {
	at := n.Offset
	first, rest := WhatPayload, WhatPayload
	switch {
	case n.Kind == Subsection:
		first, at = WhatHeader, n.Offset+int64(subsectionHeader(n.Name))
	case n.Marker != nil:
		first, at = WhatMarker, n.Offset+markerSize
	case n.Value != nil || n.Fields == nil && n.Elements == nil:
		rest = WhatValue
	}
	if n.Queue() && !n.Partial {
		rest = WhatTerminator
	}
	n.Hex = r.runs(nil, Extent{n.Offset, at - n.Offset}, first)
	n.Hex = append(n.Hex, r.inside(n, &at)...)
	n.Hex = r.runs(n.Hex, Extent{at, n.Offset + n.Size - at}, rest)
}

// Queue reports whether n's elements stand behind markers, a terminator last.
func (n *Node) Queue() bool { return n.Elements != nil && !n.array }

// subsectionHeader is the size of 05, the name with its length byte, and the
// version.
func subsectionHeader(name string) int { return 1 + 1 + len(name) + 4 }

// inside adds the bytes of what is in n, which begins at *at, and returns those
// between. *at becomes the end of what is in n.
func (r *Report) inside(n *Node, at *int64) []Run {
	var runs []Run
	for c := range n.Children {
		runs = r.runs(runs, Extent{*at, c.Offset - *at}, WhatPayload)
		r.node(c)
		*at = c.Offset + c.Size
	}
	return runs
}

// runs adds a Run of the bytes at e, if there are any.
func (r *Report) runs(to []Run, e Extent, what What) []Run {
	b := r.At(e)
	if len(b) == 0 {
		return to
	}
	return append(to, Run{Extent{e.Offset, int64(len(b))}, what, hex.EncodeToString(b)})
}

// At returns the bytes of the stream at e, as far as there are any. They are
// not to be changed.
func (r *Report) At(e Extent) []byte {
	b := r.Stream.Bytes
	from := min(max(0, e.Offset), int64(len(b)))
	to := min(max(from, e.Offset+e.Size), int64(len(b)))
	return b[from:to:to]
}

// Children yields what is in n, in stream order.
func (n *Node) Children(yield func(*Node) bool) {
	for _, list := range [...][]*Node{n.Fields, n.Elements, n.Subsections} {
		for _, c := range list {
			if !yield(c) {
				return
			}
		}
	}
}
