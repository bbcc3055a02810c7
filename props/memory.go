package props

import (
	"fmt"
	"slices"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var brokenLinks = Property{
	ID:       "links/memory",
	Sentence: "A queue or list whose links in memory do not hold together, or a tree out of order, is refused when saved, and the save ends.",
	Rules:    []rules.ID{rules.QueueLinks, rules.ListLinks, rules.TreeSorted},
	Links:    true,
	try: func(t *rapid.T, s *trial) *Failure {
		c := drawCase(t, s, gen.Queues)
		// SaveBroken saves at the schema's version, where fields may be on the
		// wire that were not when the value was drawn.
		c.Version = c.Schema.Version
		stream, err := model.Encode(c.Schema, c.Value, c.Version)
		queues := queuesOf(c.Schema, c.Value, c.Version)
		faults := possibleFaults(queues)
		if err != nil || len(faults) == 0 {
			return nil
		}
		fault := rapid.SampledFrom(faults).Draw(t, "fault")
		return s.check(Case{
			Do: SaveBroken, Schema: c.Schema, Version: c.Version, Value: c.Value, Stream: stream, Fault: fault,
			Refuse: queues[fault.Queue].errorOf(c, fault),
		})
	},
}

// possibleFaults lists the faults that can be made in queues.
func possibleFaults(queues []queueAt) []bind.Fault {
	var list []bind.Fault
	for i, q := range queues {
		n := q.len()
		if q.field.Type == model.TypeTree {
			for e := range n - 1 {
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultOrder, Element: e}, bind.Fault{Queue: i, Kind: bind.FaultTwice, Element: e})
			}
			continue
		}
		last := q.field.Type == model.TypeQueue
		for e := range n {
			list = append(list, bind.Fault{Queue: i, Kind: bind.FaultCycle, Element: e})
			if n != 2 || e != 1 { // of two, the second's prev is what the fault would make it
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultPrev, Element: e})
			}
			if last && e < n-1 {
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultLast, Element: e})
			}
		}
		if n == 0 {
			continue
		}
		if last {
			list = append(list, bind.Fault{Queue: i, Kind: bind.FaultLastEmpty})
		}
		for j, other := range queues {
			if j != i && other.field.Elem == q.field.Elem && other.field.Type == q.field.Type && other.len() > 0 {
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultShared, Other: j, Element: other.len() - 1})
			}
		}
	}
	return list
}

// A queueAt is one queue, list or tree of a value.
type queueAt struct {
	slot  *model.Value // where it stands
	field *model.Field
}

func (q queueAt) len() int {
	if tree, ok := (*q.slot).(model.Tree); ok {
		return len(tree)
	}
	return len((*q.slot).(model.List))
}

// errorOf returns the error with which a save of c must end when the queue has
// the fault: where the link that does not hold would have been followed.
func (q queueAt) errorOf(c gen.Case, fault bind.Fault) *rules.Error {
	e := q.start(c)
	switch tree, _ := (*q.slot).(model.Tree); fault.Kind {
	case bind.FaultOrder:
		return q.disorder(e, append(slices.Clone(tree[:fault.Element]), tree[fault.Element+1]))
	case bind.FaultTwice:
		return q.disorder(e, tree[:fault.Element+1])
	}
	list := (*q.slot).(model.List)
	at := len(list) // the element that is reached by a wrong link
	if fault.Kind == bind.FaultPrev {
		at = fault.Element
	}
	for i, x := range list[:at] {
		elem := q.field.Elem
		if i < len(q.field.Elems) {
			elem = q.field.Elems[i]
		}
		bytes, _ := model.Encode(elem, x.(*model.Struct), elem.Version)
		e.Offset += 1 + int64(len(bytes))
	}
	if fault.Kind != bind.FaultLast && fault.Kind != bind.FaultLastEmpty {
		e.Path += fmt.Sprintf("[%d]", at)
	}
	return e
}

// disorder makes of e, a tree's start, the error of a tree in which a pair that is
// not in its place comes after those before it.
func (q queueAt) disorder(e *rules.Error, before model.Tree) *rules.Error {
	e.Rule = rules.TreeSorted
	e.Offset += 4
	for _, pair := range before {
		size := 8
		if key, ok := pair.Key.(*model.Struct); ok {
			bytes, _ := model.Encode(q.field.Key, key, q.field.Key.Version)
			size = len(bytes)
		}
		bytes, _ := model.Encode(q.field.Elem, pair.Value, q.field.Elem.Version)
		e.Offset += int64(1 + size + len(bytes))
	}
	e.Path += fmt.Sprintf("[%d]", len(before))
	return e
}

// start returns a bad-link at the queue and its first marker. Both are what the
// model says when it cannot save the queue at all.
func (q queueAt) start(c gen.Case) *rules.Error {
	whole := *q.slot
	defer func() { *q.slot = whole }()
	*q.slot = model.Bool(false)
	_, err := model.Encode(c.Schema, c.Value, c.Version)
	stopped := asError(err)
	return &rules.Error{Class: rules.BadLink, Offset: stopped.Offset, Path: stopped.Path, Rule: rules.QueueLinks}
}

// queuesOf lists the queues, lists and trees of v in the order in which a save at
// a version meets them, which is the order that bind.Fault counts them in.
func queuesOf(s *model.Schema, v *model.Struct, version uint32) []queueAt {
	var list []queueAt
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.When == nil && f.Version > version || f.When != nil && !f.When.Holds(s, v) {
			continue
		}
		elements, ok := v.Fields[i].(model.List)
		if !ok || !f.Array {
			list = append(list, queuesIn(f, &v.Fields[i])...)
			continue
		}
		for j := range elements {
			list = append(list, queuesIn(f, &elements[j])...)
		}
	}
	for i, sub := range v.Subs {
		if sub != nil {
			list = append(list, queuesOf(s.Subsections[i], sub, s.Subsections[i].Version)...)
		}
	}
	return list
}

// queuesIn lists the queues of one value of f's type.
func queuesIn(f *model.Field, slot *model.Value) []queueAt {
	switch x := (*slot).(type) {
	case *model.Struct:
		version := f.Elem.Version
		if f.Type == model.TypeVStruct {
			version = f.StructVersion
		}
		return queuesOf(f.Elem, x, version)
	case model.List:
		if f.Type == model.TypeBitmap {
			return nil
		}
		list := []queueAt{{slot, f}}
		for i, e := range x {
			elem := f.Elem
			if i < len(f.Elems) {
				elem = f.Elems[i]
			}
			list = append(list, queuesOf(elem, e.(*model.Struct), elem.Version)...)
		}
		return list
	case model.Tree:
		list := []queueAt{{slot, f}}
		for _, pair := range x {
			list = append(list, queuesOf(f.Elem, pair.Value, f.Elem.Version)...)
		}
		return list
	}
	return nil
}
