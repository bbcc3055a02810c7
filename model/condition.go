package model

import "cmp"

// Holds says whether c holds for v, a value of s. A Condition that is nil
// always holds; one on a member that has no number never does.
func (c *Condition) Holds(s *Schema, v *Struct) bool {
	if c == nil {
		return true
	}
	x, ok := s.member(v, c.Field)
	if !ok {
		return false
	}
	y, _ := exactly(Int(c.Value))
	if c.Other != "" {
		if y, ok = s.member(v, c.Other); !ok {
			return false
		}
	}
	holds, ok := operators[c.Op]
	return ok && holds(x.compare(y))
}

// operators are those of a Condition, by the sign of what is compared.
var operators = map[string]func(int) bool{
	"==": func(sign int) bool { return sign == 0 },
	"!=": func(sign int) bool { return sign != 0 },
	"<":  func(sign int) bool { return sign < 0 },
	"<=": func(sign int) bool { return sign <= 0 },
	">":  func(sign int) bool { return sign > 0 },
	">=": func(sign int) bool { return sign >= 0 },
}

// A number is any integer of 64 bits, signed or not.
type number struct {
	negative bool
	bits     uint64 // in two's complement
}

// exactly returns the number that v stands for.
func exactly(v Value) (number, bool) {
	switch v := v.(type) {
	case Bool:
		if v {
			return number{bits: 1}, true
		}
		return number{}, true
	case Int:
		return number{negative: v < 0, bits: uint64(v)}, true
	case Uint:
		return number{bits: uint64(v)}, true
	}
	return number{}, false
}

// compare returns the sign of n - m.
func (n number) compare(m number) int {
	switch {
	case n.negative && !m.negative:
		return -1
	case !n.negative && m.negative:
		return 1
	}
	return cmp.Compare(n.bits, m.bits) // which goes for two negative ones as well
}

// member returns the number that v has in the field called name.
func (s *Schema) member(v *Struct, name string) (number, bool) {
	for i := range s.Fields {
		if s.Fields[i].Name == name && v != nil && i < len(v.Fields) {
			return exactly(v.Fields[i])
		}
	}
	return number{}, false
}

// onWire says whether f, a field of s, is there at the version loaded or saved,
// with v as it is now.
func (s *Schema) onWire(f *Field, v *Struct, version uint32) bool {
	if f.When != nil {
		return f.When.Holds(s, v)
	}
	return f.Version <= version
}
