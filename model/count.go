package model

import (
	"slices"

	"vmconform/rules"
)

// length returns how many elements f has in v when f is an array, how many
// bytes when it is a buffer or unused, how many bits when it is a bitmap: fixed
// by the schema or read from v. It is false where what was read is negative,
// above rules.MaxCount, more than there is room for, or no number at all.
func (s *Schema) length(f *Field, v *Struct) (int, bool) {
	from := f.counter()
	switch {
	case from == "" && f.Array:
		return f.Count, true
	case from == "":
		return f.Size, true
	}
	n, ok := s.member(v, from)
	most := uint64(rules.MaxCount)
	if f.Room > 0 {
		most = uint64(f.Room)
	}
	if !ok || n.bits > most/f.times() { // a negative one has its high bits set
		return 0, false
	}
	return int(n.bits * f.times()), true
}

// counter names the member that gives f's size or count, "" for none.
func (f *Field) counter() string {
	if f.Array {
		return f.CountFrom
	}
	return f.SizeFrom
}

// times is what the size or count from the state is multiplied by.
func (f *Field) times() uint64 { return uint64(max(f.Times, 1)) }

// words is the number of words of a bitmap of n bits.
func words(n int) int { return n/64 + min(n%64, 1) }

// nullAt says whether element i of f, an array of pointers, is NULL in memory.
func (f *Field) nullAt(i int) bool {
	_, found := slices.BinarySearch(f.Null, i)
	return found
}

// elem returns the vmsd of what stands at place i of f, a queue or list.
func (f *Field) elem(i int) *Schema {
	if i < len(f.Elems) {
		return f.Elems[i]
	}
	return f.Elem
}
