package props

import (
	"bytes"
	"encoding/binary"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"
)

// maxTries bounds how often the subject is asked while a failing case is made
// smaller. Time would be no bound: the same seed is to end at the same case.
const maxTries = 10_000

// reduce makes the case of a failure smaller as long as it fails in the same way:
// it takes parts away from the schema and, with it, from value or stream, one at
// a time, and has the model say what the rules answer then.
func (s *trial) reduce(f *Failure) *Failure {
	if atLimit(f.Case) {
		return f
	}
	r := &reducer{trial: s, smallest: f}
	for r.better = true; r.better; {
		r.better = false
		r.hoist()
		r.each(func() int { return len(edits(r.smallest.Schema)) }, func(i int) bool {
			return r.edit(edits(r.smallest.Schema)[i])
		})
		r.plain()
		if r.smallest.loads() {
			r.shortenStream()
		}
		switch r.smallest.Do {
		case Save, SaveBroken:
			r.shortenValue(func(c *Case) **model.Struct { return &c.Value })
		case LoadOver:
			r.shortenValue(func(c *Case) **model.Struct { return &c.Before })
		}
	}
	return r.smallest
}

// atLimit says whether a case may be one of the limits: it is as small as they let
// it be, and every try would be a million elements, or megabytes of paths.
func atLimit(c Case) bool {
	return c.Refuse != nil && c.Refuse.Class == rules.Limit || bytes.Contains(c.Stream, bytes.Repeat([]byte{1}, rules.DefaultDepth/2))
}

// A reducer holds the smallest case found so far.
type reducer struct {
	*trial
	smallest *Failure
	better   bool // than when this round began
	tries    int
}

// each tries the steps of a list that the smallest case has: where one is taken,
// the list is another, and the step at its place is tried next.
func (r *reducer) each(n func() int, try func(i int) bool) {
	for i := 0; i < n() && r.tries < maxTries && !r.spent(); {
		if !try(i) {
			i++
		}
	}
}

// try takes a case for the smallest if it fails as that does.
func (r *reducer) try(c Case) bool {
	if r.tries >= maxTries || r.spent() || c.Schema.Check() != nil {
		return false
	}
	c, ok := r.answer(c)
	if !ok {
		return false
	}
	r.tries++
	f := r.ask(c)
	if f == nil || !f.same(r.smallest) {
		return false
	}
	r.smallest, r.better = f, true
	return true
}

// answer has the model say what the rules answer to a case that was changed. It
// is not ok where that is for another reason than before.
func (r *reducer) answer(c Case) (Case, bool) {
	if c.loads() {
		return c.modelled(rules.Limits{Elements: maxElements})
	}
	stream, err := model.Encode(c.Schema, c.Value, c.Version)
	if c.Do == SaveBroken {
		return c.broken(stream, err)
	}
	c.Stream, c.Refuse = stream, asError(err)
	return c, (c.Refuse == nil) == (r.smallest.Refuse == nil)
}

// broken finds the fault of the same kind in what is left of a value.
func (c Case) broken(stream []byte, err error) (Case, bool) {
	if err != nil {
		return c, false
	}
	c.Stream = stream
	queues := queuesOf(c.Schema, c.Value, c.Version)
	for _, fault := range possibleFaults(queues) {
		if fault.Kind == c.Fault.Kind {
			c.Fault = fault
			c.Refuse = queues[fault.Queue].errorOf(gen.Case{Schema: c.Schema, Value: c.Value, Version: c.Version}, fault)
			return c, true
		}
	}
	return c, false
}

// hoist replaces the case by one of a vmsd that stands inside it.
func (r *reducer) hoist() {
	r.each(func() int { return len(r.smallest.parts()) }, func(i int) bool {
		return r.try(r.smallest.parts()[i])
	})
}

// parts lists the cases of the vmsds that stand in a case.
func (c Case) parts() []Case {
	var list []Case
	if !c.loads() {
		first := true
		copier{before: func(s *model.Schema, v *model.Struct) {
			if part := c; !first {
				part.Schema, part.Value, part.Version = s, v, s.Version
				list = append(list, part)
			}
			first = false
		}}.vmsd(c.Schema, c.Value)
		return list
	}
	for _, span := range c.spans() {
		if span.Schema == nil || span.Kind == model.SpanKey {
			continue
		}
		part := c
		part.Schema, part.Version = span.Schema, span.Schema.Version
		part.Stream = c.Stream[span.Offset:]
		if c.Before != nil {
			part.Before = model.Zero(part.Schema)
		}
		if span.Size >= 0 {
			part.Stream = part.Stream[:span.Size]
		}
		switch {
		case span.Kind == model.SpanSubsection:
			part.Stream = part.Stream[min(len(part.Stream), 6+len(span.Schema.Name)):]
		case isElement(span) || isPair(span):
			part.Stream = part.Stream[1:]
			part.Version = span.Field.Version
		case span.Field.Type == model.TypeVStruct:
			part.Version = span.Field.StructVersion
		}
		list = append(list, part)
	}
	return list
}

// spans says what the model finds where in a load's stream.
func (c Case) spans() []model.Span {
	l, _ := model.Decode(c.Schema, c.Stream, c.Version, model.Options{Spans: true, Limits: rules.Limits{Elements: maxElements}})
	return l.Spans
}

// shortenStream takes bytes away, many at a time first, and makes others zero.
func (r *reducer) shortenStream() {
	for size := len(r.smallest.Stream); size > 0; size /= 2 {
		r.each(func() int { return len(r.smallest.Stream) / size }, func(i int) bool {
			c := r.smallest.Case
			c.Stream = splice(c.Stream, len(c.Stream)-(i+1)*size, size)
			return r.try(c)
		})
	}
	for i := range r.smallest.Stream {
		for _, b := range []byte{0, 1} {
			if r.smallest.Stream[i] <= b {
				break
			}
			c := r.smallest.Case
			c.Stream = splice(c.Stream, i, 1, b)
			if r.try(c) {
				break
			}
		}
	}
	r.each(func() int { return len(r.smallest.links()) }, func(i int) bool {
		link := r.smallest.links()[i]
		c := r.smallest.Case
		c.Stream = splice(c.Stream, int(link.at), int(link.size))
		if link.tree >= 0 {
			count := c.Stream[link.tree : link.tree+4]
			binary.BigEndian.PutUint32(count, binary.BigEndian.Uint32(count)-1)
		}
		return r.try(c)
	})
}

// A link is an element or pair of a load's stream, of size bytes; tree is where
// the count of a pair's tree stands, or -1.
type link struct{ at, size, tree int64 }

// links lists the elements and pairs that are whole.
func (c Case) links() []link {
	var list []link
	trees := map[*model.Field]int64{} // the last that began
	for _, span := range c.spans() {
		switch {
		case isTree(span):
			trees[span.Field] = span.Offset
		case isElement(span) && closed(span):
			list = append(list, link{span.Offset, span.Size, -1})
		case isPair(span) && closed(span):
			list = append(list, link{span.Offset, span.Size, trees[span.Field]})
		}
	}
	return list
}

// splice copies b with n bytes replaced.
func splice(b []byte, at, n int, by ...byte) []byte {
	out := make([]byte, 0, len(b)-n+len(by))
	out = append(out, b[:at]...)
	out = append(out, by...)
	return append(out, b[at+n:]...)
}

// shortenValue takes elements away from a value of the case and makes numbers and
// bytes zero.
func (r *reducer) shortenValue(of func(c *Case) **model.Struct) {
	for _, change := range []copier{{element: true}, {leaf: true}} {
		n := func() int {
			all := 0
			change.at = func() bool { all++; return false }
			change.vmsd(r.smallest.Schema, *of(&r.smallest.Case))
			return all
		}
		r.each(n, func(i int) bool {
			change.at = func() bool { i--; return i == -1 }
			c := r.smallest.Case
			*of(&c) = change.vmsd(c.Schema, *of(&c))
			return r.try(c)
		})
	}
}
