package props

import (
	"vmconform/model"
	"vmconform/rules"
)

// Sane tries the plainest cases that there are: a byte that is loaded, and none
// that is refused; or saved, where s does not load, and refused for its version.
// After each it waits a moment for what nobody has asked for. It says how s fails,
// or nil, and whether s has answered at all.
func Sane(s Subject) (f *Failure, asked bool) {
	t := &trial{Subject: s, property: "sanity"}
	for _, c := range plainest(s.Caps()) {
		c.Property = t.property
		if f = t.check(c); f == nil {
			f = c.settled(s)
		}
		if f != nil {
			t.explain(f)
			break
		}
	}
	return f, t.asked
}

// settled is how s fails that goes on after it has answered, or nil.
func (c Case) settled(s Subject) *Failure {
	r, ok := s.(Restarter)
	if !ok {
		return nil
	}
	err := r.Settle()
	if err == nil {
		return nil
	}
	f := c.unclassed(rules.Answers, err)
	f.answer = &answer{err: err}
	return f
}

// plain is the schema of a byte.
var plain = &model.Schema{Name: "s", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "x", Type: model.TypeUint8, Version: 1}}}

func plainest(caps Caps) []Case {
	seven := &model.Struct{Fields: []model.Value{model.Uint(7)}}
	byVersion := &rules.Error{Class: rules.VersionTooNew, Rule: rules.VersionRange}
	if caps.NoLoad {
		return []Case{
			{Do: Save, Schema: plain, Version: 1, Value: seven, Stream: []byte{7}},
			{Do: Save, Schema: plain, Version: 2, Value: seven, Refuse: byVersion},
		}
	}
	return []Case{
		{Do: Load, Schema: plain, Version: 1, Value: seven, Stream: []byte{7}, Consumed: 1},
		{Do: Load, Schema: plain, Version: 1, Refuse: &rules.Error{Class: rules.Truncated, Path: "x", Rule: rules.ItemComplete}},
	}
}
