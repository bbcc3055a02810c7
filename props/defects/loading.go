package defects

import (
	"errors"
	"math"
	"slices"

	"vmconform/model"
	"vmconform/props"
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

// ending gives a layer over s that changes how loads end.
func ending(s props.Subject, change func(l *load)) layer {
	return layer{load: func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		loaded, err := s.Load(schema, stream, version)
		l := load{schema: schema, stream: stream, version: version, Loaded: loaded}
		if err != nil && !errors.As(err, &l.err) {
			return loaded, err
		}
		change(&l)
		if l.err != nil {
			return l.Loaded, l.err
		}
		return l.Loaded, nil
	}}
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

func insertAtHead(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.err == nil {
			l.Value = eachQueue(l.schema, l.Value, reversed)
		}
	})
}

func twoElements(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.err == nil {
			l.Value = eachQueue(l.schema, l.Value, func(list model.List) model.List { return list[:min(2, len(list))] })
		}
	})
}

func markerUnnoted(s props.Subject) layer {
	return ending(s, func(l *load) {
		l.Notes = slices.DeleteFunc(l.Notes, func(n rules.Note) bool { return n.Rule == rules.QueueMarker })
	})
}

func unknownAsTruncated(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.class() == rules.UnknownSubsection {
			l.err = &rules.Error{Class: rules.Truncated, Offset: int64(len(l.stream)), Path: l.err.Path}
		}
	})
}

func shortReadsZero(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.class() == rules.Truncated {
			l.again(l.schema, append(slices.Clone(l.stream), make([]byte, 64)...), rules.Limits{})
		}
	})
}

func endIsTerminator(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.class() == rules.Truncated {
			l.again(l.schema, append(slices.Clone(l.stream), 0), rules.Limits{})
		}
	})
}

func anyVersion(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.version < l.schema.Minimum || l.version > l.schema.Version {
			wide := *l.schema
			wide.Minimum, wide.Version = 0, math.MaxUint32
			l.again(&wide, l.stream, rules.Limits{})
		}
	})
}

func version32Bits(s props.Subject) layer {
	return ending(s, func(l *load) {
		for _, n := range l.Notes {
			if n.Rule == rules.SubsectionVersion256 {
				l.err = &rules.Error{Class: rules.VersionTooNew, Offset: n.Offset, Path: n.Path}
				return
			}
		}
	})
}

func lateQueueVersion(s props.Subject) layer {
	return ending(s, func(l *load) {
		tooNewOrOld := l.class() == rules.VersionTooNew || l.class() == rules.VersionTooOld
		if tooNewOrOld && l.err.Path != "" && l.err.Offset == int64(len(l.stream)) {
			l.err.Class = rules.Truncated
		}
	})
}

func leAsMismatch(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.class() == rules.OutOfRange && l.err.Rule == rules.Int32LE {
			l.err.Class = rules.Mismatch
		}
	})
}

func structTooOld(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.class() == rules.VersionTooNew && l.err.Rule == rules.VersionRange && l.err.Path != "" {
			l.err.Class = rules.VersionTooOld
		}
	})
}

func treeOrderUnnoted(s props.Subject) layer {
	return ending(s, func(l *load) {
		l.Notes = slices.DeleteFunc(l.Notes, func(n rules.Note) bool { return n.Rule == rules.TreeOrder })
	})
}

func deeper(s props.Subject) layer {
	return ending(s, func(l *load) {
		if l.class() == rules.Limit {
			l.again(l.schema, l.stream, rules.Limits{Depth: rules.DefaultDepth + 1})
		}
	})
}
