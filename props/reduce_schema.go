package props

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"vmconform/model"
	"vmconform/props/gen"
)

// An edit makes one thing simpler in a vmsd, and in what is of it.
type edit struct {
	of     *model.Schema
	schema func(s *model.Schema) // changes a copy of it
	// Bytes says what is left of the bytes of a span, nil for a span that is not
	// meant; value changes a value of the vmsd. Nil where nothing changes.
	bytes func(span model.Span, b []byte) []byte
	value func(v *model.Struct)
}

// edit tries an edit of the smallest case.
func (r *reducer) edit(e edit) bool {
	c := r.smallest.Case
	if c.loads() && e.bytes != nil {
		c.Stream = c.rewritten(e.bytes)
	}
	if e.value != nil {
		change := copier{after: func(s *model.Schema, v *model.Struct) {
			if s == e.of {
				e.value(v)
			}
		}}
		if !c.loads() {
			c.Value = change.vmsd(c.Schema, c.Value)
		} else if c.Before != nil {
			c.Before = change.vmsd(c.Schema, c.Before)
		}
	}
	var copies map[*model.Schema]*model.Schema
	c.Schema, copies = gen.Copy(c.Schema)
	e.schema(copies[e.of])
	return r.try(c)
}

// rewritten is the stream with what is left of its spans.
func (c Case) rewritten(left func(span model.Span, b []byte) []byte) []byte {
	var out []byte
	at := int64(0)
	for _, span := range c.spans() {
		if span.Offset < at || span.Size < 0 {
			continue
		}
		end := span.Offset + span.Size
		if b := left(span, c.Stream[span.Offset:end]); b != nil {
			out = append(append(out, c.Stream[at:span.Offset]...), b...)
			at = end
		}
	}
	return append(out, c.Stream[at:]...)
}

// edits lists the edits of what s reaches, those that take most away first.
func edits(s *model.Schema) []edit {
	var drops, others []edit
	for _, s := range gen.VMSDs(s) {
		for i, sub := range s.Subsections {
			drops = append(drops, dropSubsection(s, sub, i))
		}
		for i := range s.Fields {
			drops = append(drops, dropField(s, i))
			others = append(others, simplerField(s, i)...)
		}
		for _, hook := range []func(h *model.Hooks) **model.Condition{
			func(h *model.Hooks) **model.Condition { return &h.PreLoad },
			func(h *model.Hooks) **model.Condition { return &h.PostLoad },
			func(h *model.Hooks) **model.Condition { return &h.PreSave },
			func(h *model.Hooks) **model.Condition { return &h.PostSave },
		} {
			if *hook(&s.Hooks) != nil {
				others = append(others, edit{of: s, schema: func(s *model.Schema) { *hook(&s.Hooks) = nil }})
			}
		}
	}
	return append(drops, others...)
}

// dropped is what is left of what is taken away.
var dropped = []byte{}

func dropSubsection(s, sub *model.Schema, i int) edit {
	return edit{
		of:     s,
		schema: func(s *model.Schema) { s.Subsections = slices.Delete(s.Subsections, i, i+1) },
		bytes: func(span model.Span, b []byte) []byte {
			if isSubsection(span) && span.Schema == sub {
				return dropped
			}
			return nil
		},
		value: func(v *model.Struct) { v.Subs = slices.Delete(v.Subs, i, i+1) },
	}
}

func dropField(s *model.Schema, i int) edit {
	return edit{
		of:     s,
		schema: func(s *model.Schema) { s.Fields = slices.Delete(s.Fields, i, i+1) },
		bytes:  whole(&s.Fields[i], func([]byte) []byte { return dropped }),
		value:  func(v *model.Struct) { v.Fields = slices.Delete(v.Fields, i, i+1) },
	}
}

// whole gives what is left of a field's bytes.
func whole(f *model.Field, left func(b []byte) []byte) func(span model.Span, b []byte) []byte {
	return func(span model.Span, b []byte) []byte {
		if span.Field != f || span.Kind != model.SpanField {
			return nil
		}
		return left(b)
	}
}

// simplerField lists the edits of a field that leave it where it is.
func simplerField(s *model.Schema, i int) []edit {
	var list []edit
	f := &s.Fields[i]
	change := func(useful bool, change func(f *model.Field)) {
		if useful {
			list = append(list, edit{of: s, schema: func(s *model.Schema) { change(&s.Fields[i]) }})
		}
	}
	change(f.When != nil, func(f *model.Field) { f.When, f.Must = nil, false })
	change(f.Must, func(f *model.Field) { f.Must = false })
	change(f.Local != 0, func(f *model.Field) { f.Local = 0 })
	change(f.Room > 0, func(f *model.Field) { f.Room = 0 })
	change(f.Times > 0, func(f *model.Field) { f.Times = 0 })
	change(f.Null != nil, func(f *model.Field) { f.Null = nil })
	change(f.Pointers && !f.Marked, func(f *model.Field) { f.Pointers, f.Null = false, nil })
	change(len(f.Elems) > 0, func(f *model.Field) { f.Elems = nil })
	change(len(f.Elems) > 0, func(f *model.Field) { f.Elem, f.Elems = f.Elems[0], nil })
	if f.Elem != nil && f.Type != model.TypeTree && len(f.Elem.Fields)+len(f.Elem.Subsections) > 0 {
		list = append(list, hollow(s, i))
	}
	if f.Array && f.CountFrom == "" && f.Count > 1 {
		list = append(list, edit{
			of:     s,
			schema: func(s *model.Schema) { s.Fields[i].Count = 1 },
			bytes:  whole(f, func(b []byte) []byte { return b[:len(b)/f.Count] }),
			value: func(v *model.Struct) {
				if l, ok := v.Fields[i].(model.List); ok && len(l) > 1 {
					v.Fields[i] = l[:1]
				}
			},
		})
	}
	if f.SizeFrom == "" && f.Size > 1 && f.Type != model.TypeBitmap {
		list = append(list, edit{
			of:     s,
			schema: func(s *model.Schema) { s.Fields[i].Size = 1 },
			bytes:  whole(f, func(b []byte) []byte { return b[:min(1, len(b))] }),
			value: func(v *model.Struct) {
				if b, ok := v.Fields[i].(model.Bytes); ok && len(b) > 1 {
					v.Fields[i] = b[:1]
				}
			},
		})
	}
	return list
}

// hollow gives what a field holds a vmsd without fields. It ends recursion.
func hollow(s *model.Schema, i int) edit {
	f := &s.Fields[i]
	return edit{
		of: s,
		schema: func(s *model.Schema) {
			f := &s.Fields[i]
			f.Elem, f.Elems = &model.Schema{Name: f.Elem.Name, Version: f.Elem.Version, Minimum: f.Elem.Minimum}, nil
		},
		bytes: func(span model.Span, b []byte) []byte {
			switch {
			case span.Field != f || span.Schema == nil:
				return nil
			case isElement(span):
				return b[:1]
			}
			return dropped
		},
		value: func(v *model.Struct) { v.Fields[i] = hollowed(v.Fields[i]) },
	}
}

// hollowed copies a value with empty structs.
func hollowed(x model.Value) model.Value {
	switch x := x.(type) {
	case *model.Struct:
		return &model.Struct{}
	case model.List:
		l := model.List{}
		for _, e := range x {
			l = append(l, hollowed(e))
		}
		return l
	}
	return x
}

// plain gives names by place and the version 1, where the case fails then, too.
func (r *reducer) plain() {
	c := r.smallest.Case
	c.Schema, _ = gen.Copy(c.Schema)
	if renamed, stream := plainNames(c.Schema, c.Stream); renamed {
		c.Stream = stream
		r.try(c)
	}
	for _, only := range []bool{false, true} {
		c := r.smallest.Case
		c.Schema, _ = gen.Copy(c.Schema)
		if !plainVersions(c.Schema, only) {
			continue
		}
		for _, version := range slices.Compact([]uint32{1, c.Version}) {
			c.Version = version
			for _, c.Stream = range [][]byte{r.smallest.plainSubsections(), r.smallest.Stream} {
				if r.try(c) {
					return
				}
			}
		}
	}
}

// plainSubsections is the stream of a load with all subsections at version 1.
func (c Case) plainSubsections() []byte {
	if !c.loads() {
		return c.Stream
	}
	out := slices.Clone(c.Stream)
	for _, span := range c.spans() {
		if at := int(span.Offset) + 2; isSubsection(span) && at+len(span.Schema.Name)+4 <= len(out) {
			binary.BigEndian.PutUint32(out[at+len(span.Schema.Name):], 1)
		}
	}
	return out
}

// plainNames names vmsds and fields by their place; subsections in the stream,
// too. It says whether a name changed.
func plainNames(s *model.Schema, stream []byte) (changed bool, _ []byte) {
	name := func(old *string, name string) {
		if *old != name {
			*old, changed = name, true
		}
	}
	list := gen.VMSDs(s)
	before := map[*model.Schema]string{}
	for i, s := range list {
		before[s] = s.Name
		name(&s.Name, vmsdName(i))
		names := map[string]string{"": ""}
		for i := range s.Fields {
			f := &s.Fields[i]
			names[f.Name] = fmt.Sprintf("f%d", i)
			name(&f.Name, names[f.Name])
			f.SizeFrom, f.CountFrom = names[f.SizeFrom], names[f.CountFrom]
		}
		conditions := []*model.Condition{s.Hooks.PreLoad, s.Hooks.PostLoad, s.Hooks.PreSave, s.Hooks.PostSave}
		for i := range s.Fields {
			conditions = append(conditions, s.Fields[i].When)
		}
		for _, c := range conditions {
			if c != nil {
				c.Field, c.Other = names[c.Field], names[c.Other]
			}
		}
	}
	for _, s := range list { // a parent stands before its subsections
		for i, sub := range s.Subsections {
			sub.Name = s.Name + "/" + vmsdName(i)
			stream = bytes.ReplaceAll(stream, header(before[sub]), header(sub.Name))
			changed = changed || before[sub] != sub.Name
		}
	}
	return changed, stream
}

func vmsdName(i int) string { return string(rune('a' + i%26)) }

// header is how a subsection begins.
func header(name string) []byte {
	return append([]byte{5, byte(len(name))}, name...)
}

// plainVersions gives every vmsd the version 1 and no other, and every field
// version 0, or 1 where its elements are loaded at it: only these if only is
// set. It says whether something changed.
func plainVersions(s *model.Schema, only bool) (changed bool) {
	set := func(old *uint32, version uint32) {
		if *old != version {
			*old, changed = version, true
		}
	}
	for _, s := range gen.VMSDs(s) {
		if !only {
			set(&s.Version, 1)
			set(&s.Minimum, 1)
		}
		for i := range s.Fields {
			f := &s.Fields[i]
			switch f.Type {
			case model.TypeQueue, model.TypeList, model.TypeTree, model.TypeTmp:
				if !only {
					set(&f.Version, 1)
				}
			default:
				set(&f.Version, 0)
			}
			if f.Type == model.TypeVStruct && !only {
				set(&f.StructVersion, 1)
			}
		}
	}
	return changed
}
