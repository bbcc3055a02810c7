package props

import (
	"fmt"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var brokenLinks = Property{
	ID:       "links/memory",
	Sentence: "A queue whose links in memory do not hold together is refused when saved, and the save ends.",
	Rules:    []rules.ID{rules.QueueLinks},
	Links:    true,
	try: func(t *rapid.T, s Subject) *Failure {
		c := drawCase(t, s, gen.Queues)
		// SaveBroken saves at the schema's version, where fields may be on the
		// wire that were not when the value was drawn.
		c.Version = c.Schema.Version
		stream, err := model.Encode(c.Schema, c.Value, c.Version)
		queues := queuesOf(c.Schema, c.Value)
		faults := possibleFaults(queues)
		if err != nil || len(faults) == 0 {
			return nil
		}
		fault := rapid.SampledFrom(faults).Draw(t, "fault")
		want := queues[fault.Queue].errorOf(c, fault)
		_, err = s.(LinkBreaker).SaveBroken(c.Schema, c.Value, fault)
		f := load{c.Schema, c.Value, c.Version, stream}.refused(s, err, want)
		if f != nil {
			f.What = fmt.Sprintf("%v: %s", fault, f.What)
		}
		return f
	},
}

// possibleFaults lists the faults that can be made in queues.
func possibleFaults(queues []queueAt) []bind.Fault {
	var list []bind.Fault
	for i, q := range queues {
		n := q.len()
		for e := range n {
			list = append(list, bind.Fault{Queue: i, Kind: bind.FaultCycle, Element: e})
			if n != 2 || e != 1 { // of two, the second's prev is what the fault would make it
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultPrev, Element: e})
			}
			if e < n-1 {
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultLast, Element: e})
			}
		}
		if n == 0 {
			continue
		}
		list = append(list, bind.Fault{Queue: i, Kind: bind.FaultLastEmpty})
		for j, other := range queues {
			if j != i && other.elem == q.elem && other.len() > 0 {
				list = append(list, bind.Fault{Queue: i, Kind: bind.FaultShared, Other: j, Element: other.len() - 1})
			}
		}
	}
	return list
}

// A queueAt is one queue of a value.
type queueAt struct {
	slot *model.Value // where its List stands
	elem *model.Schema
}

func (q queueAt) len() int { return len((*q.slot).(model.List)) }

// errorOf returns the error with which a save of c must end when the queue has
// the fault: where the link that does not hold would have been followed.
func (q queueAt) errorOf(c gen.Case, fault bind.Fault) *rules.Error {
	list := (*q.slot).(model.List)
	e := q.start(c)
	at := len(list) // the element that is reached by a wrong link
	if fault.Kind == bind.FaultPrev {
		at = fault.Element
	}
	for _, x := range list[:at] {
		bytes, _ := model.Encode(q.elem, x.(*model.Struct), q.elem.Version)
		e.Offset += 1 + int64(len(bytes))
	}
	if fault.Kind != bind.FaultLast && fault.Kind != bind.FaultLastEmpty {
		e.Path += fmt.Sprintf("[%d]", at)
	}
	return e
}

// start returns a bad-link at the queue and its first marker. Both are what the
// model says when it cannot save the queue at all.
func (q queueAt) start(c gen.Case) *rules.Error {
	whole := *q.slot
	defer func() { *q.slot = whole }()
	*q.slot = model.Null{}
	_, err := model.Encode(c.Schema, c.Value, c.Version)
	stopped := asError(err)
	return &rules.Error{Class: rules.BadLink, Offset: stopped.Offset, Path: stopped.Path, Rule: rules.QueueLinks}
}

// queuesOf lists the queues of v in the order in which a save at the version of
// s meets them, which is the order that bind.Fault counts them in.
func queuesOf(s *model.Schema, v *model.Struct) []queueAt {
	var list []queueAt
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Version > s.Version {
			continue
		}
		if !f.Array {
			list = append(list, queuesIn(f, &v.Fields[i])...)
			continue
		}
		elements := v.Fields[i].(model.List)
		for j := range elements {
			list = append(list, queuesIn(f, &elements[j])...)
		}
	}
	for i, sub := range v.Subs {
		if sub != nil {
			list = append(list, queuesOf(s.Subsections[i], sub)...)
		}
	}
	return list
}

// queuesIn lists the queues of one value of f's type.
func queuesIn(f *model.Field, slot *model.Value) []queueAt {
	switch x := (*slot).(type) {
	case *model.Struct:
		return queuesOf(f.Elem, x)
	case model.List:
		list := []queueAt{{slot, f.Elem}}
		for _, e := range x {
			list = append(list, queuesOf(f.Elem, e.(*model.Struct))...)
		}
		return list
	}
	return nil
}
