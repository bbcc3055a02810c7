package model

import "vmconform/rules"

// Options of a load. The zero value is ready for use.
type Options struct {
	Limits rules.Limits
	All    bool // bytes left over are the error trailing-data
	// Spans asks for the list of what was found where. It holds a path for
	// every item, so that its size is bounded by items times nesting, and not
	// by the input alone as Loaded.Value is.
	Spans bool
}

// Loaded is the outcome of a load. After an error only Spans is set, to what
// was decoded before it.
type Loaded struct {
	Value    *Struct
	Consumed int64 // bytes taken from the input
	Notes    []rules.Note
	Spans    []Span // if asked for
}

// Decode loads a payload of s, which Check accepts, at the given version. The
// value holds copies, never parts of stream. Every error is a *rules.Error.
//
//	payload    = *field *subsection
//	subsection = 05 u8 n name be32 version payload
//	queue      = *(marker payload) 00    ; marker 01; any but 00 loads as well
//
// Memory grows with the input that has been taken, never with a count that
// was merely read. Source: wire-format.md §1, §3, §4 and rules/fine-points.md.
func Decode(s *Schema, stream []byte, version uint32, o Options) (Loaded, error) {
	d := &decoder{in: stream, limits: o.Limits.WithDefaults(), spanList: spanList{on: o.Spans}}
	v := fresh(s)
	if err := d.top(s, v, version, o.All); err != nil {
		return Loaded{Spans: d.spans}, err
	}
	return Loaded{Value: v, Consumed: int64(d.pos), Notes: d.notes, Spans: d.spans}, nil
}

// A decoder is one load. Its methods leave the trail as it is when they fail:
// nothing is decoded after an error.
type decoder struct {
	in       []byte
	pos      int // 0 ≤ pos ≤ len(in)
	limits   rules.Limits
	depth    int // vmsds open
	elements int // counted so far
	trail    trail
	notes    []rules.Note
	paths    int // bytes of all notes' paths
	spanList
}

func (d *decoder) top(s *Schema, v *Struct, version uint32, all bool) error {
	if err := d.checkVersion(s, version, rules.VersionRange, 0); err != nil {
		return err
	}
	if err := d.vmsd(s, v, version, 0); err != nil {
		return err
	}
	if all && d.pos < len(d.in) {
		return d.fail(rules.TrailingData, d.pos, rules.NoTrailing, "bytes left over")
	}
	return nil
}

// vmsd loads the fields and subsections of s over v. The item that opens s
// stands at offset at; that is where a depth limit is reported.
func (d *decoder) vmsd(s *Schema, v *Struct, version uint32, at int) error {
	if d.depth >= d.limits.Depth {
		return d.fail(rules.Limit, at, rules.Bounded, "nested too deeply")
	}
	d.depth++
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Version > version {
			if v.Fields[i] == nil {
				v.Fields[i] = zeroField(f)
			}
			continue
		}
		d.trail.push(f.Name)
		x, err := d.field(s, f, v, v.Fields[i])
		if err != nil {
			return err
		}
		d.trail.pop()
		v.Fields[i] = x
	}
	if err := d.subsections(s, v); err != nil {
		return err
	}
	d.depth--
	return nil
}

// field loads f over old, which is nil for fresh memory.
func (d *decoder) field(s *Schema, f *Field, v *Struct, old Value) (Value, error) {
	if !f.Array && f.Type.info().kind == kindContainer {
		return d.container(f, old, SpanField)
	}
	if !f.Array {
		n, ok := s.length(f, v)
		if !ok {
			return nil, d.fail(rules.OutOfRange, d.pos, rules.CountRange, f.SizeFrom+" is no size")
		}
		return d.leafItem(f, n, SpanField)
	}
	span := d.begin(SpanField, f, nil, d.trail, d.pos)
	n, ok := s.length(f, v)
	if !ok {
		return nil, d.fail(rules.OutOfRange, d.pos, rules.CountRange, f.CountFrom+" is no count")
	}
	l, err := d.array(f, n, old)
	if err != nil {
		return nil, err
	}
	d.end(span, d.pos)
	if span >= 0 && f.Type.info().kind != kindContainer {
		d.spans[span].Value = l
	}
	return l, nil
}

// array loads n elements. A fixed array is loaded over the elements that are
// there; one with a count from the state is a new one each time.
func (d *decoder) array(f *Field, n int, old Value) (List, error) {
	before, _ := old.(List)
	if f.CountFrom != "" {
		before = nil
	}
	l := List{}
	for i := range n {
		d.trail.pushIndex(i)
		at := d.pos
		var was, x Value
		var err error
		if i < len(before) {
			was = before[i]
		}
		if f.Type.info().kind == kindContainer {
			if err = d.countElement(d.pos); err == nil {
				x, err = d.container(f, was, SpanElement)
			}
		} else {
			kind := SpanElement
			if f.Type != TypeNull {
				kind = spanNone
			}
			x, err = d.leafItem(f, 0, kind)
		}
		if err != nil {
			return nil, err
		}
		if d.pos == at {
			d.elements += rules.EmptyElementCost - 1
		}
		l = append(l, x)
		d.trail.pop()
	}
	return l, nil
}

// container loads one struct or queue over old.
func (d *decoder) container(f *Field, old Value, kind SpanKind) (Value, error) {
	if f.Type == TypeQueue {
		span := d.begin(kind, f, nil, d.trail, d.pos)
		l, err := d.queue(f, old)
		if err != nil {
			return nil, err
		}
		d.end(span, d.pos)
		return l, nil
	}
	v, _ := old.(*Struct)
	if v == nil {
		v = fresh(f.Elem)
	}
	span := d.begin(kind, f, f.Elem, d.trail, d.pos)
	if err := d.vmsd(f.Elem, v, f.Elem.Version, d.pos); err != nil {
		return nil, err
	}
	d.end(span, d.pos)
	return v, nil
}

// queue loads elements up to the terminator, after those that are there.
func (d *decoder) queue(f *Field, old Value) (List, error) {
	if err := d.checkVersion(f.Elem, f.Version, rules.QueueVersion, d.pos); err != nil {
		return nil, err
	}
	l, _ := old.(List)
	if l == nil {
		l = List{}
	}
	for i := 0; ; i++ {
		d.trail.pushIndex(i)
		at := d.pos
		marker, err := d.take(1, rules.QueueTerminator)
		if err != nil {
			return nil, err
		}
		if marker[0] == 0 {
			d.trail.pop()
			return l, nil
		}
		if marker[0] != 1 {
			d.note(rules.QueueMarker, at, "marker is neither 00 nor 01")
		}
		if err := d.countElement(at); err != nil {
			return nil, err
		}
		span := d.begin(SpanElement, f, f.Elem, d.trail, at)
		v := fresh(f.Elem)
		if err := d.vmsd(f.Elem, v, f.Version, at); err != nil {
			return nil, err
		}
		d.end(span, d.pos)
		l = append(l, v)
		d.trail.pop()
	}
}
