package live

import (
	"errors"
	"fmt"
	"slices"

	"vmconform/impl/savevm"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// An Opinion is what one of ours makes of a stream: accept, warn or refuse, or
// broken where it does neither as it should.
type Opinion struct {
	Verdict Expect   `json:"verdict"`
	Rule    rules.ID `json:"rule,omitempty"`    // of warn and refuse: the first that is not kept
	Message string   `json:"message,omitempty"` // likewise

	warned []rules.ID                // of warn: all of them
	values map[*device]*model.Struct // after a load
}

// broken is the verdict of one that fails in a way that is no answer.
const broken Expect = "broken"

// A mind is one of ours that has an opinion: it loads the payload of a device
// over what the device holds already, nil being nothing.
type mind func(d *device, before *model.Struct, payload []byte, version uint32) (*model.Struct, model.Loaded, error)

func modelMind(d *device, before *model.Struct, payload []byte, version uint32) (*model.Struct, model.Loaded, error) {
	l, err := model.Decode(d.schema, payload, version, model.Options{Over: before})
	return l.Value, l, err
}

func referenceMind(d *device, before *model.Struct, payload []byte, version uint32) (*model.Struct, model.Loaded, error) {
	return d.ref.LoadOver(d.schema, before, payload, version)
}

// A loader lets a mind decode the payloads of the base's devices.
type loader struct {
	b     *base
	mind  mind
	loads map[*savevm.Section]load
}

type load struct {
	value *model.Struct
	notes []rules.Note
	err   error
}

// Decode is for savevm.Parse.
func (l *loader) Decode(s *savevm.Section, payload []byte) (int64, error) {
	d := l.b.deviceOf(s)
	if d == nil {
		return 0, errors.New("not described")
	}
	value, loaded, err := l.mind(d, nil, payload, s.VersionID)
	l.loads[s] = load{value, loaded.Notes, err}
	return loaded.Consumed, err
}

// deviceOf gives the device that a section of a variant is of, or nil.
func (b *base) deviceOf(s *savevm.Section) *device {
	if s.Device == nil {
		return b.byPath[s.Path()]
	}
	named := savevm.Section{Name: s.Device.Name, InstanceID: s.Device.InstanceID}
	return b.byPath[named.Path()]
}

// opinion judges a stream of the base's machine. Sections are found by
// impl/savevm, whoever judges: the model knows payloads only. A loader has its
// descriptions from the machine, so that the base's stands in for one that is
// not usable.
func (b *base) opinion(stream []byte, m mind) Opinion {
	l := &loader{b: b, mind: m, loads: map[*savevm.Section]load{}}
	s, parseErr := savevm.Parse(stream, l, savevm.Options{})
	if s == nil {
		return refusal(parseErr)
	}
	notes := s.Notes
	if parseErr == nil && s.VMDesc == nil && s.EOF >= 0 {
		whole := slices.Concat(stream[:s.EOF+1], b.b[b.descriptionAt():])
		if s, parseErr = savevm.Parse(whole, l, savevm.Options{}); s == nil {
			return refusal(parseErr)
		}
	}
	o := Opinion{Verdict: Accept, values: map[*device]*model.Struct{}}
	for sec := range s.Sections {
		d := b.deviceOf(sec)
		if d == nil || sec.Kind != savevm.KindFull && sec.Kind != savevm.KindStart {
			continue
		}
		x, loaded := l.loads[sec]
		if before := o.values[d]; loaded && before != nil && x.err == nil {
			value, again, err := m(d, before, stream[sec.PayloadOffset:], sec.VersionID)
			x = load{value, again.Notes, err}
		}
		switch {
		case x.err != nil:
			return refusal(x.err)
		case sec.DecodeErr != nil:
			return refusal(sec.DecodeErr)
		case loaded:
			o.values[d] = x.value
			for _, n := range x.notes {
				notes = append(notes, rules.Note{Rule: n.Rule, Offset: sec.PayloadOffset + n.Offset, Path: report.Join(sec.Path(), n.Path), Detail: n.Detail})
			}
		}
	}
	if parseErr != nil {
		return refusal(parseErr)
	}
	for _, n := range notes {
		if r, _ := rules.Lookup(n.Rule); r.Severity != rules.SeverityWarning {
			continue
		}
		if o.Verdict == Accept {
			o.Verdict, o.Rule, o.Message = Warn, n.Rule, report.Noted(n, 0, "").Line()
		}
		o.warned = append(o.warned, n.Rule)
	}
	return o
}

func refusal(err error) Opinion {
	var e *rules.Error
	if !errors.As(err, &e) {
		return Opinion{Verdict: broken, Message: err.Error()}
	}
	return Opinion{Verdict: Refuse, Rule: e.Rule, Message: e.Error()}
}

// misses says how an opinion differs from what is fixed for a variant, or "".
func (o Opinion) misses(v *variant, b *base) string {
	want := v.shape.expect
	switch {
	case o.Verdict == broken:
		return o.Message
	case want == Open:
		return ""
	case want == Refuse && o.Verdict != Refuse:
		return "accepts it"
	case want != Refuse && o.Verdict == Refuse:
		return "refuses it: " + o.Message
	case want == Accept && o.Verdict == Warn:
		return "warns: " + o.Message
	case want == Warn && !slices.Contains(o.warned, v.shape.rule):
		return fmt.Sprintf("does not warn of %s", v.shape.rule)
	case want == Refuse:
		return ""
	}
	for _, q := range b.queues {
		if got := q.in(o.values[q.device]); !model.Equal(got, v.elements(q)) {
			return differ(q, v.elements(q), got)
		}
	}
	return ""
}

// differ says how elements differ.
func differ(q *queue, want, got model.List) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%s has %s, not %d", q.path, many(len(got), "element"), len(want))
	}
	for i := range want {
		if !model.Equal(want[i], got[i]) {
			return fmt.Sprintf("%s[%d] differs", q.path, i)
		}
	}
	return ""
}
