package model

import (
	"reflect"
	"testing"

	"vmconform/rules"
)

// A line is what is compared of a span.
type line struct {
	Kind         SpanKind
	Depth        int
	Offset, Size int64
	Path         string
	Value        Value
}

func linesOf(spans []Span) []line {
	var l []line
	for _, s := range spans {
		l = append(l, line{s.Kind, s.Depth, s.Offset, s.Size, s.Path, s.Value})
	}
	return l
}

func spanSchema() *Schema {
	inner := vmsd("in", field("x", TypeUint8))
	s := vmsd("dev",
		field("n", TypeUint16),
		Field{Name: "buf", Type: TypeBuffer, Size: 2},
		Field{Name: "gap", Type: TypeUnused, Size: 1},
		Field{Name: "late", Type: TypeUint8, Version: 9},
		Field{Name: "in", Type: TypeStruct, Elem: inner},
		Field{Name: "ints", Type: TypeInt8, Array: true, Count: 2},
		Field{Name: "ins", Type: TypeStruct, Array: true, Count: 1, Elem: inner},
		queueOf("q", inner))
	s.Subsections = []*Schema{vmsd("dev/s", queueOf("q", inner))}
	return s
}

const spanStream = "0102 aabb 00 07 ff02 08 01 09 01 0a 00" + "05 05 6465762f73 00000001 00"

var spanLines = []line{
	{SpanField, 0, 0, 2, "n", Uint(0x102)},
	{SpanField, 0, 2, 2, "buf", Bytes{0xaa, 0xbb}},
	{SpanField, 0, 4, 1, "gap", Null{}},
	{SpanField, 0, 5, 1, "in", nil},
	{SpanField, 1, 5, 1, "in/x", Uint(7)},
	{SpanField, 0, 6, 2, "ints", List{Int(-1), Int(2)}}, // integers share one span
	{SpanField, 0, 8, 1, "ins", nil},
	{SpanElement, 1, 8, 1, "ins[0]", nil},
	{SpanField, 2, 8, 1, "ins[0]/x", Uint(8)},
	{SpanField, 0, 9, 5, "q", nil},
	{SpanElement, 1, 9, 2, "q[0]", nil},
	{SpanField, 2, 10, 1, "q[0]/x", Uint(9)},
	{SpanElement, 1, 11, 2, "q[1]", nil},
	{SpanField, 2, 12, 1, "q[1]/x", Uint(10)},
	{SpanSubsection, 0, 14, 12, "dev/s", nil},
	{SpanField, 1, 25, 1, "dev/s/q", nil},
}

func TestSpans(t *testing.T) {
	s, stream := spanSchema(), wire(t, spanStream)
	noError(t, s.Check())
	got, err := Decode(s, stream, 1, Options{All: true, Spans: true})
	noError(t, err)
	equal(t, spanLines, linesOf(got.Spans))

	without, err := Decode(s, stream, 1, Options{All: true})
	noError(t, err)
	equal(t, 0, len(without.Spans))
	equal(t, without.Value, got.Value)

	in, ints, q, sub := got.Spans[3], got.Spans[5], got.Spans[10], got.Spans[14]
	equal(t, true, in.Field == &s.Fields[4] && in.Schema == s.Fields[4].Elem)
	equal(t, true, ints.Field == &s.Fields[5] && ints.Schema == nil)
	equal(t, true, q.Field == &s.Fields[7] && q.Schema == s.Fields[7].Elem)
	equal(t, true, sub.Field == nil && sub.Schema == s.Subsections[0])
}

// After an error the spans are those of what was decoded, and -1 is the size
// of what holds the fault.
func TestSpansBeforeError(t *testing.T) {
	cases := []struct {
		cut  int
		want int // spans of the whole list
		open []int
	}{
		{0, 0, nil},
		{1, 0, nil},
		{2, 1, nil},
		{5, 4, []int{3}},        // in is open, in/x not there
		{7, 6, []int{5}},        // ints[1] not there
		{9, 10, []int{9}},       // no marker
		{10, 11, []int{9, 10}},  // q[0]/x not there
		{11, 12, []int{9}},      // q[0] is whole, q[1] has no marker
		{13, 14, []int{9}},      // no terminator
		{21, 15, []int{14}},     // the subsection has no version
		{25, 16, []int{14, 15}}, // its queue no terminator
		{3, 1, nil},             // buf cut in the middle
	}
	stream := wire(t, spanStream)
	for _, c := range cases {
		got, err := Decode(spanSchema(), stream[:c.cut], 1, Options{Spans: true})
		equal(t, rules.Truncated, verdictOf(t, err).Class)
		want := append([]line(nil), spanLines[:c.want]...)
		for _, i := range c.open {
			want[i].Size, want[i].Value = -1, nil
		}
		equal(t, want, linesOf(got.Spans))
		equal(t, true, got.Value == nil && got.Consumed == 0 && got.Notes == nil)
	}
}

// The first of all spans, of an array whose integers have no spans of their own,
// says what they are.
func TestSpanOfAnArrayThatIsFirst(t *testing.T) {
	s := &Schema{Name: "a", Version: 1, Minimum: 1, Fields: []Field{{Name: "x", Type: TypeUint8, Array: true, Count: 2}}}
	l, err := Decode(s, []byte{7, 9}, 1, Options{Spans: true})
	if err != nil {
		t.Fatal(err)
	}
	want := Span{Path: "x", Size: 2, Field: &s.Fields[0], Value: List{Uint(7), Uint(9)}, Kind: SpanField}
	if len(l.Spans) != 1 || !reflect.DeepEqual(l.Spans[0], want) {
		t.Errorf("%+v, want %+v", l.Spans, want)
	}
}
