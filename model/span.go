package model

import "slices"

// A Span is one thing found on the wire. Spans are listed in pre-order: what
// contains others precedes them.
type Span struct {
	Path   string // as in errors
	Offset int64  // of the first byte
	Size   int64  // in bytes; -1 for what an error left open
	Depth  int    // how many spans of the list contain this one
	Field  *Field // the field; for an element or a key, the array, queue, list or tree; nil for a subsection
	// Schema is the vmsd that opens here (a struct, an element of an array of
	// structs or of a queue or list, a tree's value or key, a subsection), else
	// nil.
	Schema *Schema
	Value  Value // of an integer, bool, buffer, unused, bitmap, NULL, direct key, or an array of them; nil for what contains others
	Kind   SpanKind
}

// A SpanKind says what a Span is of.
type SpanKind uint8

// The kinds of spans.
const (
	SpanField      SpanKind = iota + 1 // a field; a queue or list runs from its first marker, a tree from its count, through its terminator
	SpanElement                        // of an array, unless of integers or bools that are no pointers; or of a queue, list or tree, from its marker to its end
	SpanSubsection                     // from its 05 to its end
	SpanKey                            // a tree's key

	spanNone SpanKind = 0 // no span: the array has one for all
)

// spanList collects the spans of one load; it does nothing unless on.
type spanList struct {
	on    bool
	spans []Span
	open  int // containers begun and not yet ended
}

// add adds a span. There may be tens of thousands, each of them large, so there
// is room for twice as many each time.
func (l *spanList) add(s Span) {
	if len(l.spans) == cap(l.spans) {
		l.spans = slices.Grow(l.spans, max(64, len(l.spans)))
	}
	l.spans = append(l.spans, s)
}

// leaf adds a finished span that contains no other.
func (l *spanList) leaf(kind SpanKind, f *Field, path trail, offset, size int, v Value) {
	if l.on && kind != spanNone {
		l.add(Span{Path: path.String(), Offset: int64(offset), Size: int64(size), Depth: l.open, Field: f, Value: v, Kind: kind})
	}
}

// begin adds a span whose end is not known yet; the result is for end.
func (l *spanList) begin(kind SpanKind, f *Field, s *Schema, path trail, offset int) int {
	if !l.on {
		return -1
	}
	l.add(Span{Path: path.String(), Offset: int64(offset), Size: -1, Depth: l.open, Field: f, Schema: s, Kind: kind})
	l.open++
	return len(l.spans) - 1
}

// end closes the span that begin returned, which ends before offset.
func (l *spanList) end(i, offset int) {
	if i < 0 {
		return
	}
	l.spans[i].Size = int64(offset) - l.spans[i].Offset
	l.open--
}
