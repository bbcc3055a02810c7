package gen

import (
	"slices"

	"vmconform/model"

	"pgregory.net/rapid"
)

// simplify makes less of a case that was drawn: rarely by chance, and wherever
// the shrinker has it so. The shrinker cannot take a field away where it is
// drawn, because the draws of all the values behind would be read for something
// else. Here it has only to lower numbers to zero.
//
// What is drawn goes by the case as it was drawn first, so that nothing is read
// for something else when a part of it has been made simpler.
func simplify(t *rapid.T, c Case) Case {
	versions, names := simpler(t), simpler(t)
	c = hoist(t, prune(t, c))
	if versions {
		c = plainVersions(c)
	}
	if names {
		c = plainNames(c)
	}
	return c
}

// simpler draws whether to make one thing simpler: once in some hundred times.
func simpler(t *rapid.T) bool {
	a, b := rapid.Uint64().Draw(t, "simpler"), rapid.Uint64().Draw(t, "simpler")
	return a == 0 && b == 0
}

// maxHoists bounds the parts of a case that hoist looks at.
const maxHoists = 20

// hoist replaces a case by one of the structs, elements or subsections in it.
func hoist(t *rapid.T, c Case) Case {
	var drawn [maxHoists]bool
	for i := range drawn {
		drawn[i] = simpler(t)
	}
	left := drawn[:]
	for parts := partsOf(c); ; parts = partsOf(c) {
		n := min(len(left), len(parts))
		i := slices.Index(left[:n], true)
		if i < 0 {
			return c
		}
		c, left = parts[i], left[n:]
	}
}

// partsOf lists the vmsds that stand in the top one of c.
func partsOf(c Case) []Case {
	var parts []Case
	var add func(f *model.Field, x model.Value)
	add = func(f *model.Field, x model.Value) {
		switch x := x.(type) {
		case *model.Struct:
			version := f.Elem.Version
			if f.Type == model.TypeVStruct {
				version = f.StructVersion
			}
			parts = append(parts, Case{f.Elem, x, version})
		case model.List:
			for i, e := range x {
				of := *f
				if f.Type == model.TypeQueue || f.Type == model.TypeList {
					of.Elem = elemOf(f, i)
				}
				add(&of, e)
			}
		case model.Tree:
			for _, pair := range x {
				add(f, pair.Value)
			}
		}
	}
	for i := range c.Schema.Fields {
		// What is not on the wire obeys no condition.
		if f := &c.Schema.Fields[i]; present(f, c.Schema, c.Value, c.Version) {
			add(f, c.Value.Fields[i])
		}
	}
	for i, sub := range c.Schema.Subsections {
		if v := c.Value.Subs[i]; v != nil {
			parts = append(parts, Case{sub, v, sub.Version})
		}
	}
	return parts
}

// plainVersions gives every vmsd the version 1 and no other, without changing
// which fields are on the wire.
func plainVersions(c Case) Case {
	for _, f := range c.Schema.Fields {
		if f.Version > c.Version && f.Version <= c.Schema.Version {
			return c // on the wire only where the top vmsd is an element, too
		}
	}
	list := VMSDs(c.Schema)
	for _, s := range list {
		for i := range s.Fields {
			if f := &s.Fields[i]; f.Type == model.TypeVStruct && f.StructVersion != f.Elem.Version {
				return c // fields may be on the wire then that were not
			}
		}
	}
	for _, s := range list {
		for i := range s.Fields {
			f := &s.Fields[i]
			switch {
			case f.Version > s.Version:
				f.Version = 2
			case f.Type == model.TypeQueue, f.Type == model.TypeList, f.Type == model.TypeTree, f.Type == model.TypeTmp:
				f.Version = 1
			default:
				f.Version = 0
			}
			if f.Type == model.TypeVStruct {
				f.StructVersion = 1
			}
		}
	}
	for _, s := range list {
		s.Version, s.Minimum = 1, 1
	}
	c.Version = 1
	return c
}

// plainNames names vmsds and fields by their place.
func plainNames(c Case) Case {
	for i, s := range VMSDs(c.Schema) {
		s.Name = vmsdName(i)
		names := map[string]string{"": ""}
		for i := range s.Fields {
			f := &s.Fields[i]
			names[f.Name] = fieldName(i)
			f.Name = names[f.Name]
			f.SizeFrom, f.CountFrom = names[f.SizeFrom], names[f.CountFrom]
		}
		for _, c := range conditions(s) {
			c.Field, c.Other = names[c.Field], names[c.Other]
		}
	}
	for _, s := range VMSDs(c.Schema) { // a parent stands before its subsections
		for i, sub := range s.Subsections {
			sub.Name = s.Name + "/" + vmsdName(i)
		}
	}
	return c
}
