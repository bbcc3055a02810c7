// Package defects holds implementations that are wrong on purpose, each in one
// way: a harness that lets one of them pass does not work. Each is a layer over
// a subject that is right, and names the property that must find it.
package defects

import (
	"vmconform/bind"
	"vmconform/model"
	"vmconform/props"
)

// A Defect is one way to be wrong.
type Defect struct {
	ID       string
	Sentence string
	Property string // the id of the property that finds it
	plant    func(s props.Subject) layer
}

// Plant returns s with the defect.
func (d Defect) Plant(s props.Subject) props.Subject {
	l := d.plant(s)
	l.Subject = s
	l.name = s.Name() + "+" + d.ID
	return l
}

// All holds every defect.
var All = []Defect{
	{"insert-at-head", "A loaded element is inserted first instead of last.", "round-trip", insertAtHead},
	{"save-backwards", "Elements are saved from last to first.", "round-trip", saveBackwards},
	{"marker-02", "Elements are linked with 02 instead of 01.", "round-trip", marker02},
	{"no-terminator", "A queue is saved without its terminator.", "round-trip", noTerminator},
	{"unknown-as-truncated", "An unknown subsection is refused as if the input ended.", "agree-on-load", unknownAsTruncated},
	{"marker-unnoted", "Markers other than 00 and 01 are not noted.", "links/marker-values", markerUnnoted},
	{"short-reads-zero", "What is missing at the end of the input is read as zeros.", "links/truncation", shortReadsZero},
	{"end-is-terminator", "The end of the input ends a queue.", "links/terminator", endIsTerminator},
	{"two-elements", "A queue keeps its first two elements only.", "links/elements", twoElements},
	{"any-version", "The version argument is compared with itself.", "version/argument", anyVersion},
	{"version-32-bits", "A subsection's version is not cut to 8 bits.", "version/subsection", version32Bits},
	{"late-queue-version", "A queue's version is compared when its first marker has been read.", "version/queue", lateQueueVersion},
	{"le-as-mismatch", "An int32 le that is out of range is refused as a mismatch.", "values/numbers", leAsMismatch},
	{"struct-too-old", "A struct at a version that is too new is refused as too old.", "version/struct", structTooOld},
	{"tree-order-unnoted", "Pairs of a tree that come out of order are not noted.", "links/tree", treeOrderUnnoted},
	{"trusting-links", "Links in memory are followed unchecked.", "links/memory", trustingLinks},
	{"deeper", "The limit on depth lets one level more through.", "limits/depth", deeper},
}

type (
	saver       func(s *model.Schema, v *model.Struct, version uint32) ([]byte, error)
	loader      func(s *model.Schema, stream []byte, version uint32) (model.Loaded, error)
	brokenSaver func(s *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error)
)

// A layer is a subject that answers as another does, but for what is set here.
type layer struct {
	props.Subject
	name   string
	save   saver
	load   loader
	broken brokenSaver
}

func (l layer) Name() string { return l.name }

func (l layer) Save(s *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
	if l.save == nil {
		return l.Subject.Save(s, v, version)
	}
	return l.save(s, v, version)
}

func (l layer) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	if l.load == nil {
		return l.Subject.Load(s, stream, version)
	}
	return l.load(s, stream, version)
}

// SaveBroken is asked only where the subject below is a LinkBreaker, or where
// the defect stands for one.
func (l layer) SaveBroken(s *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error) {
	if l.broken == nil {
		return l.Subject.(props.LinkBreaker).SaveBroken(s, v, fault)
	}
	return l.broken(s, v, fault)
}
