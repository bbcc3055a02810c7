package props

import (
	"encoding/binary"
	"math"
	"slices"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var argumentVersion = Property{
	ID:       "version/argument",
	Sentence: "A vmsd is loaded and saved at a version of its range and refused at any other, before a byte is looked at.",
	Rules:    []rules.ID{rules.VersionRange, rules.FieldOnWire, rules.AbsentKept},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, 0)
		for _, version := range boundaries(p.Schema) {
			c := p.Case
			c.Version = version
			want := refusal(p.Schema, version, rules.VersionRange)
			if want == nil {
				if f := s.agree(c); f != nil {
					return f
				}
				if f := s.saves(p.Schema, p.value, version); f != nil {
					return f
				}
				continue
			}
			for _, c.Stream = range [][]byte{p.Stream, nil} {
				if f := s.check(c.refused(want)); f != nil {
					return f
				}
			}
			if f := s.check(Case{Do: Save, Schema: p.Schema, Version: version, Value: p.value, Refuse: want}); f != nil {
				return f
			}
		}
		return nil
	},
}

var subsectionVersion = Property{
	ID:       "version/subsection",
	Sentence: "A subsection is loaded at a version whose low 8 bits lie in its range and refused at any other, before its fields are looked at.",
	Rules:    []rules.ID{rules.SubsectionVersion, rules.SubsectionVersion256},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Subsections)
		for _, sub := range p.only(isSubsection) {
			at := int(sub.Offset) + 2 + len(sub.Schema.Name)
			if at+4 > len(p.Stream) {
				break // data that looks like a subsection, at the end of the stream
			}
			for _, version := range boundaries(sub.Schema) {
				c := p.with(p.Stream[:at], binary.BigEndian.AppendUint32(nil, version), p.Stream[at+4:])
				want := refusal(sub.Schema, version&0xff, rules.SubsectionVersion)
				if want == nil {
					if f := s.agree(c); f != nil {
						return f
					}
					continue
				}
				want.Offset, want.Path = int64(at), sub.Path
				for _, c.Stream = range [][]byte{c.Stream, c.Stream[:at+4]} {
					if f := s.check(c.refused(want)); f != nil {
						return f
					}
				}
			}
		}
		return nil
	},
}

var queueVersion = Property{
	ID:       "version/queue",
	Sentence: "A queue is loaded when its field's version lies in its elements' range and refused otherwise, before its first marker is looked at.",
	Rules:    []rules.ID{rules.QueueVersion},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Queues)
		queues := p.only(isQueue)
		if len(queues) == 0 {
			return nil
		}
		queue := rapid.SampledFrom(queues).Draw(t, "queue")
		return p.ranges(s, queues, queue, queue.Field.Version, rules.QueueVersion)
	},
}

var structVersion = Property{
	ID:       "version/struct",
	Sentence: "A struct that is loaded at a version which its field says, and a temporary one, is loaded when that lies in its range and refused otherwise, before its first byte is looked at.",
	Rules:    []rules.ID{rules.VersionRange},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Temporary)
		structs := p.only(isAtVersion)
		if len(structs) == 0 {
			return nil
		}
		one := rapid.SampledFrom(structs).Draw(t, "struct")
		version := one.Field.Version
		if one.Field.Type == model.TypeVStruct {
			version = one.Field.StructVersion
		}
		return p.ranges(s, structs, one, version, rules.VersionRange)
	},
}

// ranges tries p with other ranges of the vmsds that one of the spans holds: they
// are to be loaded where version is in the range, and else refused where the
// span begins.
func (p sample) ranges(s *trial, spans []model.Span, one model.Span, version uint32, rule rules.ID) *Failure {
	// The same field may stand elsewhere before; the first one decides.
	one = spans[slices.IndexFunc(spans, func(s model.Span) bool { return s.Field == one.Field })]
	for _, r := range rangesAround(version) {
		c := p.Case
		c.Schema = withRange(p.Schema, one.Field, r)
		want := refusal(&model.Schema{Minimum: r.minimum, Version: r.version}, version, rule)
		if want == nil {
			if f := s.agree(c); f != nil {
				return f
			}
			continue
		}
		want.Offset, want.Path = one.Offset, one.Path
		for _, c.Stream = range [][]byte{p.Stream, p.Stream[:one.Offset]} {
			if f := s.check(c.refused(want)); f != nil {
				return f
			}
		}
	}
	return nil
}

// refusal returns the error with which s is to be refused at version, at the
// top and at offset 0; nil if it is not.
func refusal(s *model.Schema, version uint32, rule rules.ID) *rules.Error {
	switch {
	case version > s.Version:
		return &rules.Error{Class: rules.VersionTooNew, Rule: rule}
	case version < s.Minimum:
		return &rules.Error{Class: rules.VersionTooOld, Rule: rule}
	}
	return nil
}

// boundaries lists the versions beside which an implementation may go wrong:
// both ends of the range, their neighbours, and those that look like them to
// who compares signed or cuts off bits.
func boundaries(s *model.Schema) []uint32 {
	list := []uint32{0, math.MaxUint32}
	for _, v := range []uint32{s.Minimum - 1, s.Minimum, s.Version, s.Version + 1} {
		list = append(list, v, v^1<<31, v+1<<8, v+1<<16)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A versionRange is minimum_version_id and version_id.
type versionRange struct{ minimum, version uint32 }

// rangesAround lists ranges that v lies just inside or outside of.
func rangesAround(v uint32) []versionRange {
	list := []versionRange{{v, v}, {0, v}, {v, math.MaxUint32}}
	if v > 0 {
		list = append(list, versionRange{v - 1, v - 1}, versionRange{0, v - 1})
	}
	if v < math.MaxUint32 {
		list = append(list, versionRange{v + 1, v + 1}, versionRange{v + 1, math.MaxUint32})
	}
	return list
}

// withRange copies s and gives the elements of one of its queues another range
// of versions. Where they stand elsewhere too, they keep their own.
func withRange(s *model.Schema, queue *model.Field, r versionRange) *model.Schema {
	top, copies := gen.Copy(s)
	for original, c := range copies {
		for i := range original.Fields {
			if &original.Fields[i] != queue {
				continue
			}
			elem := *c.Fields[i].Elem
			elem.Minimum, elem.Version = r.minimum, r.version
			c.Fields[i].Elem = &elem
		}
	}
	return top
}
