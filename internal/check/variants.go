package check

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

const (
	variantsPerQueue  = 256
	variantsPerStream = 16 << 10
	bytesOfVariants   = 16 << 20 // of all variants of a stream together
)

// An expectation is what a rule fixes for a variant.
type expectation uint8

const (
	accept expectation = iota
	warn
	refuse
)

// A variant is a stream of a schema with what has to become of it.
type variant struct {
	what    string
	schema  *model.Schema
	version uint32
	stream  []byte
	expect  expectation
	value   *model.Struct // accept, warn
	class   rules.Class   // refuse
	offset  int64         // warn: of the one note; refuse: of the error
	rule    rules.ID      // warn
}

// vary tries the variants of one queue: in a schema of its own, whose stream
// is the queue in canonical form, so that each variant differs in one point.
func (c *checker) vary(s *savevm.Section, d *decode.Section, at int, elements []model.Span) {
	q := &d.Loaded.Spans[at]
	f := *q.Field
	f.Array, f.Count, f.CountFrom = false, 0, ""
	schema := &model.Schema{Name: "queue", Fields: []model.Field{f}}
	list, ok := queueValue(schema, c.stream.Bytes[s.PayloadOffset+q.Offset:][:q.Size], len(elements))
	if !ok {
		return // another reading than in its section: bytes that look like a subsection
	}
	list = slices.Clip(list)
	stream, starts, ok := encode(schema, list)
	if !ok {
		return
	}
	v := varier{c: c, schema: schema, stream: stream, starts: starts, list: list, path: report.Join(s.Path(), q.Path), offset: s.PayloadOffset + q.Offset}
	if len(f.Elems) == 0 { // else an element's layout goes by its place
		v.elements()
	}
	v.markers()
	v.subsection(s, d, at)
	v.cuts()
}

// queueValue decodes a queue by itself.
func queueValue(schema *model.Schema, b []byte, n int) (model.List, bool) {
	l, err := model.Decode(schema, b, 0, model.Options{All: true})
	if err != nil {
		return nil, false
	}
	list := l.Value.Fields[0].(model.List)
	return list, len(list) == n
}

// encode writes the queue, and says where each marker stands, the terminator
// being the last.
func encode(schema *model.Schema, list model.List) (stream []byte, starts []int64, ok bool) {
	stream, err := model.Encode(schema, queueOf(list), 0)
	if err != nil {
		return nil, nil, false
	}
	l, err := model.Decode(schema, stream, 0, model.Options{All: true, Spans: true})
	if err != nil || len(l.Notes) > 0 {
		return nil, nil, false
	}
	for _, e := range elementsOf(l.Spans, 0) {
		starts = append(starts, e.Offset)
	}
	return stream, append(starts, int64(len(stream)-1)), len(starts) == len(list)
}

func queueOf(l model.List) *model.Struct { return &model.Struct{Fields: []model.Value{l}} }

// A varier makes the variants of one queue.
type varier struct {
	c      *checker
	schema *model.Schema
	stream []byte
	starts []int64 // of the markers, then the terminator
	list   model.List
	path   string
	offset int64
	tried  int
}

// picks are the first, the middle and the last of n.
func picks(n int) []int {
	switch n {
	case 0:
		return nil
	case 1:
		return []int{0}
	case 2:
		return []int{0, 1}
	}
	return []int{0, n / 2, n - 1}
}

// part is the bytes of element i, marker included.
func (v *varier) part(i int) []byte { return v.stream[v.starts[i]:v.starts[i+1]] }

// splice replaces elements i up to j.
func (v *varier) splice(i, j int, parts ...[]byte) []byte {
	out := slices.Clone(v.stream[:v.starts[i]])
	for _, p := range parts {
		out = append(out, p...)
	}
	return append(out, v.stream[v.starts[j]:]...)
}

func (v *varier) elements() {
	for _, i := range picks(len(v.list)) {
		v.try(variant{what: fmt.Sprintf("element %d removed", i), expect: accept,
			stream: v.splice(i, i+1), value: queueOf(slices.Delete(slices.Clone(v.list), i, i+1))})
		v.try(variant{what: fmt.Sprintf("element %d repeated", i), expect: accept,
			stream: v.splice(i, i, v.part(i)), value: queueOf(slices.Insert(slices.Clone(v.list), i, v.list[i]))})
		if i+1 < len(v.list) {
			l := slices.Clone(v.list)
			l[i], l[i+1] = l[i+1], l[i]
			v.try(variant{what: fmt.Sprintf("elements %d and %d swapped", i, i+1), expect: accept,
				stream: v.splice(i, i+2, v.part(i+1), v.part(i)), value: queueOf(l)})
		}
	}
}

func (v *varier) markers() {
	rule := rules.QueueMarker
	if v.schema.Fields[0].Type == model.TypeList {
		rule = rules.ListMarker
	}
	for _, i := range picks(len(v.list)) {
		for _, marker := range []byte{0x02, 0x80, 0xff} {
			b := slices.Clone(v.stream)
			b[v.starts[i]] = marker
			v.try(variant{what: fmt.Sprintf("marker of element %d is %02x", i, marker), expect: warn,
				stream: b, value: queueOf(v.list), rule: rule, offset: v.starts[i]})
		}
	}
}

// subsection makes the subsection around the queue, if there is one, newer
// than it is known.
func (v *varier) subsection(s *savevm.Section, d *decode.Section, at int) {
	spans := d.Loaded.Spans
	for i := at - 1; i >= 0; i-- {
		sub := &spans[i]
		if sub.Kind != model.SpanSubsection || sub.Offset+sub.Size <= spans[at].Offset || sub.Schema.Version >= 0xff {
			continue
		}
		be32 := sub.Offset + 2 + int64(len(sub.Schema.Name))
		b := slices.Clone(v.c.stream.Bytes[s.PayloadOffset:][:d.Size])
		binary.BigEndian.PutUint32(b[be32:], sub.Schema.Version+1)
		v.try(variant{what: "version of subsection " + sub.Schema.Name + " one too high", expect: refuse,
			schema: d.Described.Schema, version: s.VersionID, stream: b, class: rules.VersionTooNew, offset: be32})
		return
	}
}

// cuts ends the stream early: before the terminator, and at as many other
// places as there is room for, evenly spread.
func (v *varier) cuts() {
	n := len(v.stream)
	room := max(1, min(n, variantsPerQueue-v.tried))
	for k := range room {
		at := n - 1 - k*n/room
		what := fmt.Sprintf("cut after %d bytes", at)
		if at == n-1 {
			what = "terminator missing"
		}
		v.try(variant{what: what, expect: refuse, stream: v.stream[:at], class: rules.Truncated, offset: int64(at)})
	}
}

// try gives a variant to the reference and to the model.
func (v *varier) try(x variant) {
	c := v.c
	if v.tried >= variantsPerQueue || c.variants >= variantsPerStream || c.variantBytes > bytesOfVariants {
		return
	}
	c.variantBytes += len(x.stream)
	v.tried++
	c.variants++
	if x.schema == nil {
		x.schema = v.schema
	}
	n := &c.file.Variants
	n.Tried++
	switch x.expect {
	case accept:
		n.ByExpectation.Accept++
	case warn:
		n.ByExpectation.Warn++
	case refuse:
		n.ByExpectation.Refuse++
	}
	ref, err := c.reference.Load(x.schema, x.stream, x.version)
	wrong := x.judge("reference", ref, err)
	if wrong == "" {
		mod, err := model.Decode(x.schema, x.stream, x.version, model.Options{})
		wrong = x.judge("model", mod, err)
	}
	if wrong == "" {
		n.AsExpected++
		return
	}
	c.add(report.Finding{Rule: rules.QueueVariants, Severity: rules.SeverityError, Path: v.path, Offset: v.offset, Message: x.what + ": " + wrong})
}

// judge says what is wrong with an outcome.
func (x *variant) judge(who string, l model.Loaded, err error) string {
	var e *rules.Error
	switch {
	case x.expect == refuse && err == nil:
		return who + " accepts it"
	case x.expect == refuse && (!errors.As(err, &e) || e.Class != x.class || e.Offset != x.offset):
		return fmt.Sprintf("%s says %v, want %s at %d", who, err, x.class, x.offset)
	case x.expect == refuse:
		return ""
	case err != nil:
		return fmt.Sprintf("%s says %v", who, err)
	case l.Consumed != int64(len(x.stream)):
		return fmt.Sprintf("%s takes %d of %d bytes", who, l.Consumed, len(x.stream))
	case !model.Equal(l.Value, x.value):
		return who + " reads another value"
	case x.expect == accept && len(l.Notes) > 0:
		return fmt.Sprintf("%s notes %v", who, l.Notes)
	case x.expect == warn && (len(l.Notes) != 1 || l.Notes[0].Rule != x.rule || l.Notes[0].Offset != x.offset):
		return fmt.Sprintf("%s notes %v, want %s at %d", who, l.Notes, x.rule, x.offset)
	}
	return ""
}
