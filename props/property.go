// Package props holds the properties that make an implementation of QEMU's
// vmstate migration streams conform: what it writes, what it makes of streams
// valid and broken, which versions it refuses, and what it does when the links
// of its queues are wrong. Each is written once, as a function over a
// [Subject], and [Check] tries one on drawn cases and keeps the smallest that
// breaks it.
//
// What is right is said by package model, which decodes without memory, links
// or hooks, and, where a rule fixes it beforehand, by the property itself. The
// container around payloads (sections, RAM, the JSON description) is out of
// scope.
package props

import (
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

// A Property is a requirement that can be tried on any case.
type Property struct {
	ID       string // in words, never reused
	Sentence string
	Rules    []rules.ID // what it checks
	Links    bool       // it needs a LinkBreaker
	Memory   bool       // it needs a Keeper
	// try draws one case and says how s breaks the property on it, or nil.
	try func(t *rapid.T, s *trial) *Failure
}

// All holds every property.
var All = []Property{
	roundTrip,
	numbers,
	compared,
	agreeOnLoad,
	argumentVersion,
	subsectionVersion,
	queueVersion,
	structVersion,
	markerValues,
	terminators,
	truncation,
	elements,
	pairs,
	brokenLinks,
	subsectionOrder,
	peek,
	pointers,
	hooks,
	loadOver,
	savedAgain,
	depthLimit,
	hostileCounts,
	again,
	rest,
}

// Lookup returns the property with the given id.
func Lookup(id string) (Property, bool) {
	for _, p := range All {
		if p.ID == id {
			return p, true
		}
	}
	return Property{}, false
}

// Asks says whether the property can be tried on s at all.
func (p Property) Asks(s Subject) bool {
	_, links := s.(LinkBreaker)
	_, memory := s.(Keeper)
	return (links || !p.Links) && (memory || !p.Memory)
}

// maxDepth is how deep vmsds are drawn inside each other.
const maxDepth = 3

// drawCase draws a case that s can be asked about, with the given features
// never switched off.
func drawCase(t *rapid.T, s *trial, always gen.Features) gen.Case {
	space := gen.Space{Depth: maxDepth, Types: s.Caps().Types, Always: always, Never: s.Caps().Never}
	c := gen.Cases(space).Draw(t, "case")
	if s.drawn != nil {
		s.drawn(c)
	}
	return c
}
