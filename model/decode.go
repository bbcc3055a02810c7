package model

import (
	"slices"

	"vmconform/rules"
)

// Options of a load. The zero value is ready for use.
type Options struct {
	Limits rules.Limits
	All    bool // bytes left over are the error trailing-data
	// Over is the value of s that memory holds before the load; nil is that of
	// Zero. It is not changed.
	Over *Struct
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
//	list       = queue
//	tree       = be32 n *(marker key payload) 00    ; n times
//	key        = payload | be64
//	pointer    = element | 30    ; which of them, memory says
//	marked     = 31 element | 30
//
// Memory grows with the input that has been taken, never with a count that
// was merely read. Source: wire-format.md §1, §3, §4 and rules/fine-points.md.
func Decode(s *Schema, stream []byte, version uint32, o Options) (Loaded, error) {
	d := &decoder{in: stream, limits: o.Limits.WithDefaults(), spanList: spanList{on: o.Spans}}
	v := fresh(s)
	if o.Over != nil {
		v = o.Over.clone()
	}
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
	if err := d.hook(s.Hooks.PreLoad, s, v, "pre_load"); err != nil {
		return err
	}
	for i := range s.Fields {
		d.trail.push(s.Fields[i].Name)
		if err := d.member(s, i, v, version); err != nil {
			return err
		}
		d.trail.pop()
	}
	if err := d.subsections(s, v); err != nil {
		return err
	}
	if err := d.hook(s.Hooks.PostLoad, s, v, "post_load"); err != nil {
		return err
	}
	d.depth--
	return nil
}

// hook fails where hook, of s, does not hold.
func (d *decoder) hook(hook *Condition, s *Schema, v *Struct, name string) error {
	if !hook.Holds(s, v) {
		return d.fail(rules.Hook, d.pos, rules.HookSucceeds, name+" of "+s.Name)
	}
	return nil
}

// member loads field i of s into v, unless it is not on the wire: then it keeps
// what is there.
func (d *decoder) member(s *Schema, i int, v *Struct, version uint32) error {
	f := &s.Fields[i]
	there := s.onWire(f, v, version)
	switch {
	case f.Type == TypeValidate && !there:
		return d.fail(rules.OutOfRange, d.pos, rules.Validate, "what is validated does not hold")
	case f.Type == TypeValidate:
		v.Fields[i] = Null{}
	case there:
		x, err := d.field(s, f, v, v.Fields[i])
		if err != nil {
			return err
		}
		v.Fields[i] = x
	case f.Must:
		return d.fail(rules.MissingField, d.pos, rules.MustExist, "the field is not on the wire")
	case v.Fields[i] == nil:
		v.Fields[i] = s.zeroField(f, v)
	}
	return nil
}

// field loads f over old, which is nil for fresh memory.
func (d *decoder) field(s *Schema, f *Field, v *Struct, old Value) (Value, error) {
	container := f.Type.info().kind == kindContainer
	if container && !f.Array {
		return d.container(f, old, SpanField, d.pos)
	}
	n, ok := s.length(f, v)
	if !ok {
		return nil, d.fail(rules.OutOfRange, d.pos, rules.CountRange, f.counter()+" is no size or count")
	}
	if !f.Array {
		return d.leafItem(f, n, old, SpanField, d.pos)
	}
	span := d.begin(SpanField, f, nil, d.trail, d.pos)
	l, err := d.array(f, n, old)
	if err != nil {
		return nil, err
	}
	d.end(span, d.pos)
	if span >= 0 && !container {
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
	if size := f.Type.info().size; size > 0 {
		l = make(List, 0, min(n, (len(d.in)-d.pos)/size+1))
	}
	if b := d.plain(f, n); b != nil {
		info := f.Type.info()
		for item := range slices.Chunk(b, info.size) {
			l = append(l, integer(item, info.signed))
		}
		d.pos += len(b)
		return l, nil
	}
	for i := range n {
		d.trail.pushIndex(i)
		at := d.pos
		var was Value
		if i < len(before) {
			was = before[i]
		}
		if f.Type.info().kind == kindContainer {
			if err := d.countElement(at); err != nil {
				return nil, err
			}
		}
		x, err := d.element(f, i, was)
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

// plain returns the bytes of all n elements where they are numbers that are
// compared with nothing and no pointers, and none of them can fail: large arrays
// are of such. Otherwise it returns nil, and they are loaded one by one.
func (d *decoder) plain(f *Field, n int) []byte {
	info := f.Type.info()
	size := int64(n) * int64(info.size)
	if !f.Type.isNumber() || info.kind == kindCompared || f.Pointers || size > int64(len(d.in)-d.pos) || int64(d.pos)+size > d.limits.Bytes {
		return nil
	}
	return d.in[d.pos:][:size]
}

// element loads element i of an array over was, nil for fresh memory, with the
// 30 or 31 that a pointer has.
func (d *decoder) element(f *Field, i int, was Value) (Value, error) {
	at := d.pos
	if f.Marked || f.nullAt(i) {
		null, err := d.pointer(f)
		if err != nil {
			return nil, err
		}
		if null {
			d.leaf(SpanElement, f, d.trail, at, d.pos-at, Null{})
			return Null{}, nil
		}
		was = nil
	}
	kind := spanNone
	switch {
	case f.Type.info().kind == kindContainer:
		return d.container(f, was, SpanElement, at)
	case f.Type == TypeNull || f.Pointers:
		kind = SpanElement
	}
	return d.leafItem(f, 0, was, kind, at)
}

// pointer loads the byte that stands for a NULL, or before an element of a
// Marked array.
func (d *decoder) pointer(f *Field) (null bool, err error) {
	b, err := d.take(1, rules.ItemComplete)
	switch {
	case err != nil:
		return false, err
	case b[0] == nullMarker:
		return true, nil
	case b[0] == validMarker && f.Marked:
		return false, nil
	}
	return false, d.fail(rules.Mismatch, d.pos-1, rules.NullMarker, "not the marker of a pointer")
}

// container loads what has an Elem over old; its span begins at offset at.
func (d *decoder) container(f *Field, old Value, kind SpanKind, at int) (Value, error) {
	var x Value
	var span int
	var err error
	switch f.Type {
	case TypeQueue, TypeList:
		span = d.begin(kind, f, nil, d.trail, at)
		x, err = d.queue(f, old)
	case TypeTree:
		span = d.begin(kind, f, nil, d.trail, at)
		x, err = d.tree(f, old)
	default:
		span = d.begin(kind, f, f.Elem, d.trail, at)
		x, err = d.structure(f, old)
	}
	if err != nil {
		return nil, err
	}
	d.end(span, d.pos)
	return x, nil
}

// structure loads a struct, vstruct or tmp; a tmp is a new one.
func (d *decoder) structure(f *Field, old Value) (Value, error) {
	v, _ := old.(*Struct)
	version := f.Elem.Version
	switch f.Type {
	case TypeVStruct:
		version = f.StructVersion
	case TypeTmp:
		v, version = nil, f.Version
	}
	if err := d.checkVersion(f.Elem, version, rules.VersionRange, d.pos); err != nil {
		return nil, err
	}
	if v == nil {
		v = fresh(f.Elem)
	}
	if err := d.vmsd(f.Elem, v, version, d.pos); err != nil {
		return nil, err
	}
	return v, nil
}

// A queueRules names the rules of a queue or list.
type queueRules struct{ version, marker, terminator rules.ID }

var queueRulesOf = map[Type]queueRules{
	TypeQueue: {rules.QueueVersion, rules.QueueMarker, rules.QueueTerminator},
	TypeList:  {rules.ListVersion, rules.ListMarker, rules.ListTerminator},
}

// queue loads elements up to the terminator, after those that are there.
func (d *decoder) queue(f *Field, old Value) (Value, error) {
	is := queueRulesOf[f.Type]
	if err := d.checkVersion(f.Elem, f.Version, is.version, d.pos); err != nil {
		return nil, err
	}
	l, _ := old.(List)
	if l == nil {
		l = List{}
	}
	for i := 0; ; i++ {
		d.trail.pushIndex(i)
		at := d.pos
		more, err := d.marker(is.marker, is.terminator)
		if err != nil {
			return nil, err
		}
		if !more {
			d.trail.pop()
			return l, nil
		}
		if err := d.countElement(at); err != nil {
			return nil, err
		}
		elem := f.elem(len(l))
		span := d.begin(SpanElement, f, elem, d.trail, at)
		v := fresh(elem)
		if err := d.vmsd(elem, v, f.Version, at); err != nil {
			return nil, err
		}
		d.end(span, d.pos)
		l = append(l, v)
		d.trail.pop()
	}
}

// marker loads the byte before an element, or the terminator in its place; the
// rules are those of the former's value and of the latter's being there.
func (d *decoder) marker(canonical, terminator rules.ID) (more bool, err error) {
	b, err := d.take(1, terminator)
	if err != nil {
		return false, err
	}
	if b[0] > 1 {
		d.note(canonical, d.pos-1, "marker is neither 00 nor 01")
	}
	return b[0] != 0, nil
}
