package model

import "slices"

// A Sequence is the oracle of the operations on intrusive lists: what a list
// holds, from first to last, and nothing of how it is linked. Items are told
// apart by ==; an item stands in a sequence at most once, as an element stands
// in a list. An operation on an item that is not there, or an insertion of one
// that is, changes nothing and returns false.
type Sequence[T comparable] struct{ items []T }

// InsertHead puts x first.
func (s *Sequence[T]) InsertHead(x T) bool { return s.insert(0, x) }

// InsertTail puts x last.
func (s *Sequence[T]) InsertTail(x T) bool { return s.insert(len(s.items), x) }

// InsertBefore puts x before at.
func (s *Sequence[T]) InsertBefore(at, x T) bool {
	i := slices.Index(s.items, at)
	return i >= 0 && s.insert(i, x)
}

// InsertAfter puts x after at.
func (s *Sequence[T]) InsertAfter(at, x T) bool {
	i := slices.Index(s.items, at)
	return i >= 0 && s.insert(i+1, x)
}

func (s *Sequence[T]) insert(i int, x T) bool {
	if slices.Contains(s.items, x) {
		return false
	}
	s.items = slices.Insert(s.items, i, x)
	return true
}

// Remove takes x out.
func (s *Sequence[T]) Remove(x T) bool {
	i := slices.Index(s.items, x)
	if i < 0 {
		return false
	}
	s.items = slices.Delete(s.items, i, i+1)
	return true
}

// Concat puts the items of other, which becomes empty, after those of s. The
// two must be different sequences without a common item.
func (s *Sequence[T]) Concat(other *Sequence[T]) {
	s.items = append(s.items, other.items...)
	other.items = nil
}

// First returns the first item, if there is one.
func (s *Sequence[T]) First() (T, bool) { return s.at(0) }

// Last returns the last item, if there is one.
func (s *Sequence[T]) Last() (T, bool) { return s.at(len(s.items) - 1) }

// Next returns the item after x, if there is one.
func (s *Sequence[T]) Next(x T) (T, bool) { return s.beside(x, +1) }

// Prev returns the item before x, if there is one.
func (s *Sequence[T]) Prev(x T) (T, bool) { return s.beside(x, -1) }

func (s *Sequence[T]) beside(x T, by int) (T, bool) {
	i := slices.Index(s.items, x)
	if i < 0 {
		return s.at(-1)
	}
	return s.at(i + by)
}

func (s *Sequence[T]) at(i int) (x T, ok bool) {
	if i < 0 || i >= len(s.items) {
		return x, false
	}
	return s.items[i], true
}

// Items returns a copy of the items, from first to last; never nil.
func (s *Sequence[T]) Items() []T { return append([]T{}, s.items...) }
