package live

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/model"
)

// A base is the stream that variants are made of, as far as it is described.
// Offsets count from its first byte.
type base struct {
	b       []byte
	stream  *savevm.Stream
	devices []*device // in stream order
	byPath  map[string]*device
	queues  []*queue
}

// A device is a section that is decoded whole.
type device struct {
	section *savevm.Section
	schema  *model.Schema
	spans   []model.Span // offsets count from the payload
	ref     bind.Reference
}

// A queue is one of a device's that is in no element of another.
type queue struct {
	device   *device
	path     string
	from, to int64 // from the first marker through the terminator
	field    *model.Field
	schema   *model.Schema // of the queue alone
	list     model.List    // the elements that the base has
	steps    []step        // from the device's value to the queue
}

// A step leads from a struct to what it holds: a subsection, or a field.
type step struct {
	sub bool
	i   int
}

// newBase reads a stream that QEMU has written.
func newBase(b []byte) (*base, error) {
	var decoder decode.Decoder
	s, err := savevm.Parse(b, &decoder, savevm.Options{})
	switch {
	case err != nil:
		return nil, fmt.Errorf("the stream that QEMU saved is broken: %w", err)
	case s.VMDesc == nil || !s.Footers || s.Config == nil:
		return nil, errors.New("the machine's stream has no configuration, no footers or no description: nothing would fix a verdict")
	}
	out := &base{b: b, stream: s, byPath: map[string]*device{}}
	twice := map[string]bool{}
	for sec := range s.Sections {
		d := decoder.Section(sec)
		if sec.Kind != savevm.KindFull || sec.Coverage != savevm.CoverageFull || d == nil {
			continue
		}
		path := sec.Path()
		if out.byPath[path] != nil {
			twice[path] = true
			continue
		}
		out.byPath[path] = &device{section: sec, schema: d.Described.Schema, spans: d.Loaded.Spans}
		out.devices = append(out.devices, out.byPath[path])
		out.byPath[path].findQueues(out, d.Loaded.Value)
	}
	out.devices = slices.DeleteFunc(out.devices, func(d *device) bool { return twice[d.section.Path()] })
	out.queues = slices.DeleteFunc(out.queues, func(q *queue) bool { return twice[q.device.section.Path()] })
	for path := range twice { // which of them is meant, the path does not say
		delete(out.byPath, path)
	}
	if len(out.devices) == 0 {
		return nil, errors.New("no device of the machine's stream is described")
	}
	return out, nil
}

// findQueues adds the queues whose elements have one layout that is known.
func (d *device) findQueues(b *base, v *model.Struct) {
	behind := int64(-1)
	for i := range d.spans {
		s := &d.spans[i]
		f := s.Field
		if s.Kind != model.SpanField || s.Offset < behind || f == nil || f.Type != model.TypeQueue && f.Type != model.TypeList || f.Array {
			continue
		}
		behind = s.Offset + s.Size
		steps, ok := stepsTo(d.schema, f)
		if !ok || len(f.Elems) > 0 || !drawable(f.Elem) {
			continue
		}
		from := d.section.PayloadOffset + s.Offset
		q := &queue{
			device: d, path: report.Join(d.section.Path(), s.Path), from: from, to: from + s.Size,
			field: f, schema: &model.Schema{Name: "queue", Fields: []model.Field{*f}}, steps: steps,
		}
		q.list = q.in(v)
		if again, _, err := q.encode(q.list); err != nil || !bytes.Equal(again, b.b[q.from:q.to]) {
			continue
		}
		b.queues = append(b.queues, q)
	}
}

// stepsTo finds the way to a field that no array holds.
func stepsTo(s *model.Schema, want *model.Field) ([]step, bool) {
	for i := range s.Fields {
		f := &s.Fields[i]
		if f == want {
			return []step{{i: i}}, true
		}
		if f.Type != model.TypeStruct || f.Array {
			continue
		}
		if rest, ok := stepsTo(f.Elem, want); ok {
			return append([]step{{i: i}}, rest...), true
		}
	}
	for i, sub := range s.Subsections {
		if rest, ok := stepsTo(sub, want); ok {
			return append([]step{{true, i}}, rest...), true
		}
	}
	return nil, false
}

// in gives the elements that a value of the device has in the queue: none where
// the device, or a subsection around the queue, is not there.
func (q *queue) in(v *model.Struct) model.List {
	for _, s := range q.steps {
		switch {
		case v == nil:
			return model.List{}
		case s.sub:
			v = v.Subs[s.i]
		default:
			switch x := v.Fields[s.i].(type) {
			case model.List:
				return x
			case *model.Struct:
				v = x
			}
		}
	}
	return model.List{}
}

// encode writes the queue, and says what stands where in it.
func (q *queue) encode(l model.List) ([]byte, []model.Span, error) {
	b, err := model.Encode(q.schema, &model.Struct{Fields: []model.Value{l}}, 0)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := model.Decode(q.schema, b, 0, model.Options{All: true, Spans: true})
	return b, loaded.Spans, err
}

// headed lists the sections whose header is followed by a payload of known
// layout.
func (b *base) headed() []*savevm.Section {
	var list []*savevm.Section
	for s := range b.stream.Sections {
		if (s.Kind == savevm.KindFull || s.Kind == savevm.KindStart) && b.known(s) {
			list = append(list, s)
		}
	}
	return list
}

// footed lists the sections of known layout, which end with a footer.
func (b *base) footed() []*savevm.Section {
	var list []*savevm.Section
	for s := range b.stream.Sections {
		if b.known(s) {
			list = append(list, s)
		}
	}
	return list
}

func (b *base) known(s *savevm.Section) bool {
	return s.Coverage == savevm.CoverageBuiltin || b.byPath[s.Path()] != nil
}

// A place is a subsection in the stream.
type place struct {
	device   *device
	span     model.Span
	from, to int64
}

// be32 is where the subsection's version stands.
func (p place) be32() int64 { return p.from + 2 + int64(len(p.span.Schema.Name)) }

// subsections lists those that are in no queue. Those of one vmsd stand side by
// side.
func (b *base) subsections() []place {
	var list []place
	for _, d := range b.devices {
		for _, s := range d.spans {
			if s.Kind != model.SpanSubsection {
				continue
			}
			from := d.section.PayloadOffset + s.Offset
			if slices.ContainsFunc(d.spans, func(q model.Span) bool {
				return q.Kind == model.SpanElement && q.Offset < s.Offset && s.Offset < q.Offset+q.Size
			}) {
				continue
			}
			list = append(list, place{d, s, from, from + s.Size})
		}
	}
	return list
}
