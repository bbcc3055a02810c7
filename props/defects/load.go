package defects

import (
	"errors"
	"slices"

	"vmconform/model"
	"vmconform/rules"
)

// A load is what was asked for and how it ended.
type load struct {
	schema  *model.Schema
	stream  []byte
	version uint32
	model.Loaded
	err *rules.Error // nil if it was accepted
}

// ending gives a layer that changes how loads end.
func ending(change func(l *load)) func(*subject) {
	return func(s *subject) {
		s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
			loaded, err := s.Reference.Load(schema, stream, version)
			l := load{schema: schema, stream: stream, version: version, Loaded: loaded}
			if err != nil && !errors.As(err, &l.err) {
				return loaded, err
			}
			change(&l)
			if l.err != nil {
				return l.Loaded, l.err
			}
			return l.Loaded, nil
		}
	}
}

// refusing gives a layer that makes another error of those that are of a class.
func refusing(class rules.Class, change func(l *load)) func(*subject) {
	return ending(func(l *load) {
		if l.class() == class {
			change(l)
		}
	})
}

// accepting gives a layer that changes the values of loads that are accepted.
func accepting(change mapping) func(*subject) {
	return ending(func(l *load) {
		if l.err == nil {
			l.Value = change.of(l.schema, l.Value)
		}
	})
}

// without gives a layer that leaves out the notes of a rule.
func without(rule rules.ID) func(*subject) {
	return ending(func(l *load) {
		l.Notes = slices.DeleteFunc(l.Notes, func(n rules.Note) bool { return n.Rule == rule })
	})
}

// refusingNoted gives a layer that refuses what a rule has only noted.
func refusingNoted(rule rules.ID) func(*subject) {
	return ending(func(l *load) {
		for _, n := range l.Notes {
			if n.Rule == rule {
				l.err = &rules.Error{Class: rules.Mismatch, Offset: n.Offset, Path: n.Path, Rule: rule}
				return
			}
		}
	})
}

// class returns the class of the error, "" for none.
func (l *load) class() rules.Class {
	if l.err == nil {
		return ""
	}
	return l.err.Class
}

// again loads anew, with limits of its own; it asks the model, whose limits
// can be set.
func (l *load) again(schema *model.Schema, stream []byte, limits rules.Limits) {
	l.err = nil
	loaded, err := model.Decode(schema, stream, l.version, model.Options{Limits: limits})
	l.Loaded = loaded
	errors.As(err, &l.err)
}

// spansOf finds what is where in a stream, up to where it is refused.
func spansOf(s *model.Schema, stream []byte, version uint32) []model.Span {
	l, _ := model.Decode(s, stream, version, model.Options{Spans: true})
	return l.Spans
}

// A mapping gives what becomes of one value of a field: of an array's elements
// each.
type mapping func(f *model.Field, x model.Value) model.Value

// of copies v, a value of s, and has the mapping change it from the outside to
// the inside.
func (m mapping) of(s *model.Schema, v *model.Struct) *model.Struct {
	out := &model.Struct{Fields: make([]model.Value, len(v.Fields)), Subs: make([]*model.Struct, len(v.Subs))}
	for i := range s.Fields {
		f := &s.Fields[i]
		elements, _ := v.Fields[i].(model.List)
		if !f.Array {
			out.Fields[i] = m.one(f, v.Fields[i])
			continue
		}
		list := model.List{}
		for _, x := range elements {
			list = append(list, m.one(f, x))
		}
		out.Fields[i] = list
	}
	for i, sub := range v.Subs {
		if sub != nil {
			out.Subs[i] = m.of(s.Subsections[i], sub)
		}
	}
	return out
}

func (m mapping) one(f *model.Field, x model.Value) model.Value {
	switch x := m(f, x).(type) {
	case *model.Struct:
		return m.of(f.Elem, x)
	case model.List:
		if f.Type != model.TypeQueue && f.Type != model.TypeList {
			return x
		}
		list := model.List{}
		for i, e := range x {
			elem := f.Elem
			if i < len(f.Elems) {
				elem = f.Elems[i]
			}
			list = append(list, m.of(elem, e.(*model.Struct)))
		}
		return list
	case model.Tree:
		tree := model.Tree{}
		for _, pair := range x {
			tree = append(tree, model.Pair{Key: pair.Key, Value: m.of(f.Elem, pair.Value)})
		}
		return tree
	default:
		return x
	}
}

// ofQueues maps queues alone.
func ofQueues(change func(model.List) model.List) mapping {
	return func(f *model.Field, x model.Value) model.Value {
		if list, ok := x.(model.List); ok && f.Type == model.TypeQueue {
			return change(list)
		}
		return x
	}
}
