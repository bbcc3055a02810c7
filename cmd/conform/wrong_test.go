package main

import (
	"slices"

	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

// The target wrong, for the scripts, gives no note of a queue's markers.
type wrong struct{ props.Subject }

func init() {
	targets["wrong"] = func() (props.Subject, error) { return wrong{props.Reference()}, nil }
}

func (wrong) Name() string { return "wrong" }

func (w wrong) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	l, err := w.Subject.Load(s, stream, version)
	l.Notes = slices.DeleteFunc(l.Notes, func(n rules.Note) bool { return n.Rule == rules.QueueMarker })
	return l, err
}
