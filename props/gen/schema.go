package gen

import (
	"fmt"

	"vmconform/model"

	"pgregory.net/rapid"
)

const (
	maxFields      = 5
	maxSubsections = 3
	maxSmall       = 3 // counts, and sizes held by a field
)

// schemas draws schemas that have no other features than those given.
func schemas(sp Space, f Features) *rapid.Generator[*model.Schema] {
	return rapid.Custom(func(t *rapid.T) *model.Schema {
		b := &builder{space: sp, features: f, reserved: map[string]bool{}}
		b.base = b.baseVersion().Draw(t, "base version")
		return b.vmsd(t, b.name(t), place{depth: sp.Depth, base: b.base})
	})
}

// A builder draws one schema, from the top down.
type builder struct {
	space    Space
	features Features
	base     uint32 // a version that lies in the range of every vmsd outside subsections
	vmsds    int    // drawn so far; names them
	// reserved are the fields, by name, whose values a condition demands something
	// of. Names tell them apart well enough: one too many does no harm.
	reserved map[string]bool
}

// A place is where in the schema a vmsd or field stands.
type place struct {
	depth   int             // vmsds that may still stand inside each other
	base    uint32          // the version that lies in the range of every vmsd here
	queued  bool            // inside the elements of a queue
	parents []*model.Schema // from the top down to the one that holds the field
}

// owner is the vmsd that holds the field.
func (p place) owner() *model.Schema { return p.parents[len(p.parents)-1] }

// below gives the place of a vmsd that is held by a field at p.
func (p place) below(queued bool) place {
	p.depth--
	p.queued = p.queued || queued
	return p
}

// baseVersion draws the version around which the ranges of a case lie. A
// subsection's version is cut to 8 bits when loaded, so large ones are drawn
// only where no subsection can inherit them.
func (b *builder) baseVersion() *rapid.Generator[uint32] {
	choice := []uint32{1}
	if b.features.has(Versions) {
		choice = append(choice, 0, 2, 3)
		if !b.features.has(Subsections) {
			choice = append(choice, 0x100, 0x8000_0000, 0xffff_fffc)
		}
	}
	return rapid.SampledFrom(choice)
}

// vmsd draws a schema with the given name.
func (b *builder) vmsd(t *rapid.T, name string, at place) *model.Schema {
	s := &model.Schema{Name: name, Version: at.base, Minimum: at.base}
	if b.features.has(Versions) {
		s.Version += rapid.Uint32Range(0, 3).Draw(t, "versions above base")
		s.Minimum -= rapid.Uint32Range(0, min(2, at.base)).Draw(t, "versions below base")
	}
	b.vmsds++
	at.parents = append(at.parents[:len(at.parents):len(at.parents)], s)

	group := rapid.Custom(func(t *rapid.T) int {
		added := b.fields(t, at, len(s.Fields))
		s.Fields = append(s.Fields, added...)
		return len(added)
	})
	rapid.SliceOfN(group, 1, maxFields).Draw(t, "fields")
	if b.features.has(Blanks) && rapid.IntRange(0, 9).Draw(t, "without fields") == 9 {
		s.Fields = nil
	}
	if b.features.has(Hooks) {
		b.hooks(t, at)
	}
	if b.features.has(Subsections) {
		b.subsections(t, s, at)
	}
	return s
}

// subsections draws the subsections of s.
func (b *builder) subsections(t *rapid.T, s *model.Schema, at place) {
	if at.depth <= 0 || len(s.Name) > maxParentName {
		return
	}
	one := rapid.Custom(func(t *rapid.T) string {
		p := at.below(false)
		p.base = rapid.SampledFrom(b.subsectionBases()).Draw(t, "base version")
		sub := b.vmsd(t, b.subsectionName(t, s), p)
		if b.features.has(Versions) && rapid.IntRange(0, 9).Draw(t, "above 255") == 9 {
			sub.Version |= 0x100 // its low 8 bits are what is loaded
		}
		s.Subsections = append(s.Subsections, sub)
		return sub.Name
	})
	rapid.SliceOfN(one, 0, maxSubsections).Draw(t, "subsections")
}

func (b *builder) subsectionBases() []uint32 {
	if b.features.has(Versions) {
		return []uint32{1, 0, 2, 252}
	}
	return []uint32{1}
}

// fieldName draws the name of the i-th field of a vmsd; names are opaque and
// unique.
func (b *builder) fieldName(t *rapid.T, i int) string {
	name := fieldName(i)
	if b.features.has(Names) {
		name += rapid.SampledFrom([]string{"", "[0]", "/x", " y"}).Draw(t, "field name")
	}
	return name
}

// fieldName is the plain name of the i-th field of a vmsd.
func fieldName(i int) string { return fmt.Sprintf("f%d", i) }
