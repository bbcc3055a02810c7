// Package gen draws what the properties are tried on: schemas, values that fit
// them, and streams that are nearly right.
//
// Every generator draws the plainest choice first. A mask of [Features] is drawn
// per case; a case that has a feature switched off cannot hold it at all, which
// makes the combinations of few features as likely as those of many. Depth is
// explicit. Making a failing case smaller is not for rapid but for package props,
// which knows what to take away.
//
// Out of scope are schemas that are not sound: every schema drawn passes
// [model.Schema.Check].
package gen

import (
	"fmt"
	"slices"

	"vmconform/model"

	"pgregory.net/rapid"
)

// A Space bounds what is drawn.
type Space struct {
	// Depth is how many vmsds may stand inside each other below the top one in
	// a schema, and how many queues inside each other may hold elements in a
	// value (a schema that reaches itself has no depth of its own).
	Depth int
	// Types are the types that may occur; nil means all. The plainest one,
	// uint8, must be among them.
	Types []model.Type
	// Always are the features that no case lacks. A case has the feature then
	// where chance has it so: it may hold a queue, and yet need not.
	Always Features
	// Never are the features that no case has, Always or not. Of those that do not
	// show in a schema (Names, Captures, Blanks) it says nothing.
	Never Features
}

// holds reports whether a type may occur.
func (sp Space) holds(t model.Type) bool {
	return sp.Types == nil || slices.Contains(sp.Types, t)
}

// A Case is a schema, a value that fits it, and a version to save that value
// at. Fields that are not on the wire at that version are zero.
type Case struct {
	Schema  *model.Schema
	Value   *model.Struct
	Version uint32
}

// GoString gives the case in the JSON form, for rapid's log of draws.
func (c Case) GoString() string {
	value, err := model.MarshalValue(c.Schema, c.Value)
	if err != nil {
		return err.Error()
	}
	schema, err := model.MarshalSchema(c.Schema)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("version %d of %s in %s", c.Version, value, schema)
}

// Cases draws cases.
func Cases(sp Space) *rapid.Generator[Case] {
	return rapid.Custom(func(t *rapid.T) Case {
		f := sp.featuresOf(featureMask().Draw(t, "features"))
		s := schemas(sp, f).Draw(t, "schema")
		version := versionOf(s, f).Draw(t, "version")
		return Case{s, values(s, version, sp.Depth, f).Draw(t, "value"), version}
	})
}

// versionOf draws a version at which s may be saved.
func versionOf(s *model.Schema, f Features) *rapid.Generator[uint32] {
	if !f.has(Versions) {
		return rapid.Just(s.Version)
	}
	return rapid.Map(rapid.Uint32Range(0, s.Version-s.Minimum), func(below uint32) uint32 { return s.Version - below })
}
