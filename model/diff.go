package model

import "fmt"

// maxDiff is the number of lines that Diff gives at most.
const maxDiff = 20

// Diff lists how got differs from want, both values of s: one line for each
// part, "path: want X, got Y", the first 20 of them, in the order of the wire.
// It is empty exactly when Equal holds. The top's path is written as "value".
func Diff(want, got Value, s *Schema) []string {
	d := differ{}
	d.structsOr(s, want, got)
	return d.lines
}

type differ struct {
	trail trail
	lines []string
}

func (d *differ) full() bool { return len(d.lines) >= maxDiff }

func (d *differ) say(want, got string) {
	if d.full() {
		return
	}
	path := d.trail.String()
	if path == "" {
		path = "value"
	}
	d.lines = append(d.lines, fmt.Sprintf("%s: want %s, got %s", path, want, got))
}

// leaf compares what is not looked into further.
func (d *differ) leaf(want, got Value) {
	if Equal(want, got) {
		return
	}
	w, wok := want.(Bytes)
	g, gok := got.(Bytes)
	if wok && gok {
		at := 0
		for at < min(len(w), len(g)) && w[at] == g[at] {
			at++
		}
		d.say(spellBytes(w, at), spellBytes(g, at))
		return
	}
	ws, gs := spell(want), spell(got)
	if ws == gs { // Int 1 and Uint 1, say
		ws, gs = fmt.Sprintf("%T %s", want, ws), fmt.Sprintf("%T %s", got, gs)
	}
	d.say(ws, gs)
}

func (d *differ) structs(s *Schema, want, got *Struct) {
	if !shaped(s, want) || !shaped(s, got) {
		d.leaf(want, got)
		return
	}
	for i := range s.Fields {
		if d.full() {
			return
		}
		f := &s.Fields[i]
		d.trail.push(f.Name)
		d.values(f, want.Fields[i], got.Fields[i])
		d.trail.pop()
	}
	for i, sub := range s.Subsections {
		if d.full() {
			return
		}
		w, g := want.Subs[i], got.Subs[i]
		d.trail.push(sub.Name)
		switch {
		case w == nil && g != nil:
			d.say("absent", "present")
		case w != nil && g == nil:
			d.say("present", "absent")
		case w != nil:
			d.structs(sub, w, g)
		}
		d.trail.pop()
	}
}

// shaped says whether v has as many fields and subsections as s, so that they
// can be paired.
func shaped(s *Schema, v *Struct) bool {
	return v != nil && len(v.Fields) == len(s.Fields) && len(v.Subs) == len(s.Subsections)
}

// values compares two values of f's type, or arrays of it.
func (d *differ) values(f *Field, want, got Value) {
	w, wok := want.(List)
	g, gok := got.(List)
	if f.Array && wok && gok {
		d.lists(w, g, func(_ int, w, g Value) { d.one(f, w, g) })
		return
	}
	d.one(f, want, got)
}

// one compares two single values of f's type.
func (d *differ) one(f *Field, want, got Value) {
	switch w := want.(type) {
	case List:
		if g, ok := got.(List); ok {
			d.lists(w, g, func(i int, w, g Value) { d.structsOr(f.elem(i), w, g) })
			return
		}
	case Tree:
		if g, ok := got.(Tree); ok {
			d.trees(f, w, g)
			return
		}
	}
	d.structsOr(f.Elem, want, got)
}

// structsOr compares two values of s, where that is what they are.
func (d *differ) structsOr(s *Schema, want, got Value) {
	w, wok := want.(*Struct)
	g, gok := got.(*Struct)
	if wok && gok && s != nil {
		d.structs(s, w, g)
		return
	}
	d.leaf(want, got)
}

func (d *differ) lists(want, got List, item func(i int, want, got Value)) {
	if len(want) != len(got) {
		d.say(spell(want), fmt.Sprint(len(got)))
	}
	for i := range min(len(want), len(got)) {
		if d.full() {
			return
		}
		d.trail.pushIndex(i)
		item(i, want[i], got[i])
		d.trail.pop()
	}
}

// trees compares pair by pair; "key" precedes the fields of a key.
func (d *differ) trees(f *Field, want, got Tree) {
	if len(want) != len(got) {
		d.say(spell(want), fmt.Sprint(len(got)))
	}
	for i := range min(len(want), len(got)) {
		if d.full() {
			return
		}
		d.trail.pushIndex(i)
		d.trail.push("key")
		d.structsOr(f.Key, want[i].Key, got[i].Key)
		d.trail.pop()
		d.structsOr(f.Elem, want[i].Value, got[i].Value)
		d.trail.pop()
	}
}

// spell writes v for people, in a few words.
func spell(v Value) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case Null:
		return "NULL"
	case Bytes:
		return spellBytes(v, 0)
	case List:
		return fmt.Sprintf("%d elements", len(v))
	case Tree:
		return fmt.Sprintf("%d pairs", len(v))
	case *Struct:
		if v == nil {
			return "no struct"
		}
		return fmt.Sprintf("struct of %d fields, %d subsections", len(v.Fields), len(v.Subs))
	}
	return fmt.Sprint(v)
}

// spellBytes writes the length of v and a few bytes from offset at on.
func spellBytes(v Bytes, at int) string {
	part := v[at:min(at+8, len(v))]
	if len(part) == 0 {
		return fmt.Sprintf("%d bytes", len(v))
	}
	return fmt.Sprintf("%d bytes, at %d: % x", len(v), at, []byte(part))
}
