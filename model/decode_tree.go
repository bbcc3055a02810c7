package model

import (
	"encoding/binary"
	"slices"
	"strings"

	"vmconform/rules"
)

// tree loads pairs up to the terminator, among those that are there.
func (d *decoder) tree(f *Field, old Value) (Value, error) {
	if f.Key != nil {
		if err := d.checkVersion(f.Key, f.Version, rules.TreeVersion, d.pos); err != nil {
			return nil, err
		}
	}
	if err := d.checkVersion(f.Elem, f.Version, rules.TreeVersion, d.pos); err != nil {
		return nil, err
	}
	at := d.pos
	b, err := d.take(4, rules.ItemComplete)
	if err != nil {
		return nil, err
	}
	count := binary.BigEndian.Uint32(b)
	if count > rules.MaxCount {
		return nil, d.fail(rules.OutOfRange, at, rules.CountRange, "no count of pairs")
	}
	pairs := pairSet{place: map[string]int{}}
	for i := 0; ; i++ {
		d.trail.pushIndex(i)
		more, err := d.pairMarker(i, int(count))
		if err != nil {
			return nil, err
		}
		if !more {
			d.trail.pop()
			break
		}
		if err := d.pair(f, &pairs); err != nil {
			return nil, err
		}
		d.trail.pop()
	}
	t, _ := old.(Tree)
	return pairs.mergeInto(t, f), nil
}

// pairMarker loads the marker of pair i of count, or the terminator.
func (d *decoder) pairMarker(i, count int) (more bool, err error) {
	at := d.pos
	more, err = d.marker(rules.TreeMarker, rules.TreeTerminator)
	switch {
	case err != nil:
		return false, err
	case !more && i < count:
		return false, d.fail(rules.CountMismatch, at, rules.TreeCount, "fewer pairs than the count says")
	case !more:
		return false, nil
	}
	if err := d.countElement(at); err != nil {
		return false, err
	}
	if i >= count {
		return false, d.fail(rules.CountMismatch, at, rules.TreeCount, "more pairs than the count says")
	}
	return true, nil
}

// pair loads a key and its value into pairs; the marker has been taken.
func (d *decoder) pair(f *Field, pairs *pairSet) error {
	span := d.begin(SpanElement, f, f.Elem, d.trail, d.pos-1)
	key, err := d.key(f)
	if err != nil {
		return err
	}
	p := sortedPair{Pair: Pair{Key: key}}
	p.order, _ = f.keyOnWire(key)
	switch {
	case pairs.has(p.order):
		d.note(rules.TreeDuplicate, d.pos, "the key was there before")
	case p.order < pairs.greatest:
		d.note(rules.TreeOrder, d.pos, "the key comes after a greater one")
	}
	p.Value = fresh(f.Elem)
	if err := d.vmsd(f.Elem, p.Value, f.Version, d.pos); err != nil {
		return err
	}
	d.end(span, d.pos)
	pairs.add(p)
	return nil
}

// key loads a key, whose marker was the byte before.
func (d *decoder) key(f *Field) (Value, error) {
	at := d.pos
	if f.Key == nil {
		b, err := d.take(8, rules.ItemComplete)
		if err != nil {
			return nil, err
		}
		k := integer(b, false)
		d.leaf(SpanKey, f, d.trail, at, 8, k)
		return k, nil
	}
	span := d.begin(SpanKey, f, f.Key, d.trail, at)
	k := fresh(f.Key)
	if err := d.vmsd(f.Key, k, f.Version, at-1); err != nil {
		return nil, err
	}
	d.end(span, d.pos)
	return k, nil
}

// keyOnWire returns the bytes that key is saved as, by which the pairs of f are
// ordered; false if it is no key of f.
func (f *Field) keyOnWire(key Value) (string, bool) {
	e := &encoder{}
	err := e.key(f, key)
	return string(e.out), err == nil
}

// A pairSet holds the pairs of one load, each key once.
type pairSet struct {
	pairs    []sortedPair
	place    map[string]int // of each key in pairs
	greatest string
}

// A sortedPair is a pair with the bytes that order it.
type sortedPair struct {
	order string
	Pair
}

func (s *pairSet) has(order string) bool { _, ok := s.place[order]; return ok }

// add puts p in. Of equal keys the first stays, with the value of the last.
func (s *pairSet) add(p sortedPair) {
	if i, ok := s.place[p.order]; ok {
		s.pairs[i].Value = p.Value
		return
	}
	s.place[p.order] = len(s.pairs)
	s.pairs = append(s.pairs, p)
	s.greatest = max(s.greatest, p.order)
}

// mergeInto returns t, a tree of f in order, with the pairs of s as well. What
// it costs goes by the pairs of s and how far those of t have to move.
func (s *pairSet) mergeInto(t Tree, f *Field) Tree {
	slices.SortFunc(s.pairs, func(a, b sortedPair) int { return strings.Compare(a.order, b.order) })
	var added []Pair
	var places []int // in t, of those before which added stand
	for _, p := range s.pairs {
		i, found := slices.BinarySearchFunc(t, p.order, func(old Pair, order string) int {
			o, _ := f.keyOnWire(old.Key)
			return strings.Compare(o, order)
		})
		if found {
			t[i].Value = p.Value
			continue
		}
		added, places = append(added, p.Pair), append(places, i)
	}
	end := len(t)
	t = append(t, added...)
	if t == nil {
		t = Tree{}
	}
	for k := len(added) - 1; k >= 0; k-- {
		copy(t[places[k]+k+1:], t[places[k]:end])
		t[places[k]+k] = added[k]
		end = places[k]
	}
	return t
}
