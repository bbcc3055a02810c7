package fuzz

import (
	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/model"
	"vmconform/rules"
)

// A payloadDecoder decodes what a description covers by the model, and keeps
// what it read.
type payloadDecoder struct {
	limits rules.Limits
	read   map[*savevm.Section]decoded
}

// A decoded is one payload, with all that was used to read it.
type decoded struct {
	load
	loaded model.Loaded
}

func (d *payloadDecoder) Decode(s *savevm.Section, b []byte) (int64, error) {
	desc, err := bind.Describe(s.Device.VMSD, 0)
	if err != nil {
		return 0, err
	}
	l := loadOf(desc.Schema, desc.Schema.Version, b, d.limits)
	loaded, err := model.Decode(l.schema, b, l.version, model.Options{Limits: d.limits, Spans: true})
	if err != nil {
		return asError(err).Offset, err
	}
	l.stream = b[:loaded.Consumed]
	if d.read == nil {
		d.read = map[*savevm.Section]decoded{}
	}
	d.read[s] = decoded{l, loaded}
	return loaded.Consumed, nil
}
