// Package defects holds implementations that are wrong on purpose, each in one
// way: a harness that lets one of them pass does not work. Each is the
// reference with another Info, hook or description given to the real engine, or
// behind a layer that alters bytes, values, notes or errors. Each names the
// property that must find it.
package defects

import (
	"slices"

	"vmconform/bind"
	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/props"
)

// A Defect is one way to be wrong.
type Defect struct {
	ID       string // in words, never reused
	Sentence string
	Property string // the id of the property that finds it
	plant    func(s *subject)
}

// Subject returns the reference with the defect.
func (d Defect) Subject() props.Subject {
	s := &subject{name: "ref+" + d.ID}
	d.plant(s)
	return s
}

// OfLinks says whether it is one of queues, lists and trees, which a case of
// three elements is enough to show.
func (d Defect) OfLinks() bool {
	return slices.ContainsFunc(ofLinks, func(e Defect) bool { return e.ID == d.ID })
}

// All holds every defect.
var All = slices.Concat(ofLinks, ofVersions, ofValues, ofSubsections, ofHooks, ofMemory, ofAnswers)

type (
	saver       func(s *model.Schema, v *model.Struct, version uint32) ([]byte, error)
	loader      func(s *model.Schema, stream []byte, version uint32) (model.Loaded, error)
	brokenSaver func(s *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error)
)

// A subject answers as the reference does, but for what is set here, and in
// Reference.Change.
type subject struct {
	bind.Reference
	name   string
	save   saver
	load   loader
	broken brokenSaver
}

func (s *subject) Name() string     { return s.name }
func (s *subject) Caps() props.Caps { return props.Caps{} }

func (s *subject) Save(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
	if s.save == nil {
		return s.Reference.Save(schema, v, version)
	}
	return s.save(schema, v, version)
}

func (s *subject) Load(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	if s.load == nil {
		return s.Reference.Load(schema, stream, version)
	}
	return s.load(schema, stream, version)
}

func (s *subject) SaveBroken(schema *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error) {
	if s.broken == nil {
		return s.Reference.SaveBroken(schema, v, fault)
	}
	return s.broken(schema, v, fault)
}

// fields has change change each field that the engine is given.
func fields(change func(f *vmstate.Field)) func(*subject) {
	return descriptions(func(d *vmstate.Description) {
		for i := range d.Fields {
			change(&d.Fields[i])
		}
	})
}

// descriptions has change change each description that the engine is given.
func descriptions(change func(d *vmstate.Description)) func(*subject) {
	return func(s *subject) { s.Change = change }
}

// isSubsection tells descriptions of subsections from others: package bind gives
// Needed to no other.
func isSubsection(d *vmstate.Description) bool { return d.Needed != nil }
