package model

import "vmconform/rules"

// number returns the value of the integer field called name: what a SizeFrom
// or CountFrom counts by. It is false where the number is negative or above
// rules.MaxCount, and where the member holds no integer at all.
func (s *Schema) number(v *Struct, name string) (int, bool) {
	for i := range s.Fields {
		if s.Fields[i].Name != name {
			continue
		}
		switch x := v.Fields[i].(type) {
		case Int:
			return int(x), 0 <= x && x <= rules.MaxCount
		case Uint:
			return int(x), x <= rules.MaxCount
		}
		return 0, false
	}
	return 0, false
}

// length returns how many elements f has in v when f is an array, and how many
// bytes when it is a buffer or unused: fixed by the schema or read from v.
func (s *Schema) length(f *Field, v *Struct) (int, bool) {
	switch {
	case f.Array && f.CountFrom != "":
		return s.number(v, f.CountFrom)
	case f.Array:
		return f.Count, true
	case f.SizeFrom != "":
		return s.number(v, f.SizeFrom)
	}
	return f.Size, true
}
