package gen

import "vmconform/model"

// Uses says what of these features a schema has: Arrays, Counts, Rooms, Pointers,
// Subsections, SelfReference, Versions, Locals, Conditions, Hooks, Elements. For
// what else it holds its types speak.
//
// It has Versions where a version makes a difference: there is more than one at
// which a vmsd may be saved or loaded, or a field or subsection has one that
// leaves it out or refuses it.
func Uses(s *model.Schema) Features {
	var used Features
	add := func(f Features, is bool) {
		if is {
			used |= f
		}
	}
	for _, s := range VMSDs(s) {
		add(Subsections, len(s.Subsections) > 0)
		add(SelfReference, reachesItself(s))
		add(Hooks, s.Hooks != model.Hooks{})
		add(Versions, s.Minimum != s.Version)
		for _, sub := range s.Subsections {
			add(Versions, sub.Version > 0xff)
		}
		for i := range s.Fields {
			f := &s.Fields[i]
			add(Arrays, f.Array)
			add(Counts, f.CountFrom+f.SizeFrom != "")
			add(Rooms, f.Room > 0 || f.Times > 0)
			add(Pointers, f.Pointers)
			add(Locals, f.Local != 0)
			add(Conditions, f.When != nil || f.Must)
			add(Elements, len(f.Elems) > 0)
			add(Versions, f.Version > s.Version || differs(f))
		}
	}
	return used
}

// differs says whether what f leads to is loaded at another version than its own.
func differs(f *model.Field) bool {
	switch f.Type {
	case model.TypeVStruct:
		return f.StructVersion != f.Elem.Version
	case model.TypeQueue, model.TypeList, model.TypeTree, model.TypeTmp:
		for _, e := range append([]*model.Schema{f.Elem, f.Key}, f.Elems...) {
			if e != nil && f.Version != e.Version {
				return true
			}
		}
	}
	return false
}

// reachesItself says whether s stands inside itself.
func reachesItself(s *model.Schema) bool {
	seen := map[*model.Schema]bool{}
	var reaches func(from *model.Schema) bool
	reaches = func(from *model.Schema) bool {
		for _, next := range below(from) {
			if next == s {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reaches(next) {
					return true
				}
			}
		}
		return false
	}
	return reaches(s)
}
