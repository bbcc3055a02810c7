package model

import "fmt"

// maxDiff is the number of lines that Diff gives at most.
const maxDiff = 20

// Diff lists how got differs from want, both values of s: one line for each
// part, "path: want X, got Y", the first 20 of them, in the order of the wire.
// It is empty exactly when Equal holds. The top's path is written as "value".
func Diff(want, got Value, s *Schema) []string {
	d := differ{}
	w, wok := want.(*Struct)
	g, gok := got.(*Struct)
	if wok && gok && s != nil {
		d.structs(s, w, g)
	} else {
		d.leaf(want, got)
	}
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
	if w, ok := want.(List); ok {
		if g, ok := got.(List); ok {
			d.lists(f, w, g)
			return
		}
	}
	w, wok := want.(*Struct)
	g, gok := got.(*Struct)
	if wok && gok && f.Elem != nil {
		d.structs(f.Elem, w, g)
		return
	}
	d.leaf(want, got)
}

func (d *differ) lists(f *Field, want, got List) {
	if len(want) != len(got) {
		d.say(fmt.Sprintf("%d elements", len(want)), fmt.Sprintf("%d", len(got)))
	}
	for i := range min(len(want), len(got)) {
		if d.full() {
			return
		}
		d.trail.pushIndex(i)
		d.values(f, want[i], got[i])
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
