package fuzz

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"vmconform/model"
)

// maxMarkers is how many markers of a stream are tried; of more, they are
// spread over the stream.
const maxMarkers = 32

// markers lists the offsets of what says that more follows: the markers and
// terminators of all queues, lists and trees, the last byte of a tree's count,
// and the 30 and 31 of pointers.
func markers(spans []model.Span) []int64 {
	var list []int64
	for _, s := range spans {
		mark := int64(0)
		if s.Kind == model.SpanElement && (s.Field.Marked || s.Field.Pointers && s.Value == model.Null{}) {
			mark = 1
			list = append(list, s.Offset)
		}
		switch {
		case isElement(s):
			list = append(list, s.Offset)
		case isQueue(s):
			list = append(list, s.Offset+s.Size-1)
			if s.Field.Type == model.TypeTree {
				list = append(list, s.Offset+mark+treeCount-1)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// treeCount is the bytes of a tree's count.
const treeCount = 4

func spread(list []int64, most int) []int64 {
	if len(list) <= most {
		return list
	}
	some := make([]int64, most)
	for i := range some {
		some[i] = list[i*(len(list)-1)/(most-1)]
	}
	return some
}

// agreesOnMarkers flips, zeroes and doubles each marker of an accepted stream:
// whatever that makes of it, both sides must still agree, and save it alike.
func (l load) agreesOnMarkers(t testing.TB, loaded model.Loaded) {
	t.Helper()
	for _, at := range spread(markers(loaded.Spans), maxMarkers) {
		m := l.stream[at]
		for _, variant := range [][]byte{{^m}, {0}, {m, m}} {
			v := l.with(slices.Replace(slices.Clone(l.stream), int(at), int(at)+1, variant...))
			if got, err := v.agree(t, true); err == nil {
				v.resaves(t, got)
			}
		}
	}
}

// agreesOnPairs has the pairs of each tree of an accepted stream stand in the
// wrong order, and the first key again, with the value of the last: that is
// accepted, and saved in order.
func (l load) agreesOnPairs(t testing.TB, loaded model.Loaded) {
	t.Helper()
	tried := 0
	for i, tree := range loaded.Spans {
		if !isQueue(tree) || tree.Field.Type != model.TypeTree || tried == maxMarkers/4 {
			continue
		}
		var pairs [][]byte
		var ends []int64 // of their keys
		inside := loaded.Spans[i+1:]
		if n := slices.IndexFunc(inside, func(s model.Span) bool { return s.Depth <= tree.Depth }); n >= 0 {
			inside = inside[:n]
		}
		for _, s := range inside {
			switch {
			case s.Depth == tree.Depth+1:
				pairs = append(pairs, l.stream[s.Offset:s.Offset+s.Size])
			case s.Depth == tree.Depth+2 && s.Kind == model.SpanKey:
				ends = append(ends, s.Offset+s.Size)
			}
		}
		if len(pairs) == 0 {
			continue
		}
		tried++
		first, end := tree.Offset+tree.Size-1, tree.Offset+tree.Size-1
		for _, p := range pairs {
			first -= int64(len(p))
		}
		twice := slices.Concat(l.stream[:end], l.stream[first:ends[0]], l.stream[ends[len(ends)-1]:])
		binary.BigEndian.PutUint32(twice[first-treeCount:], uint32(len(pairs)+1))
		slices.Reverse(pairs)
		for _, stream := range [][]byte{twice, slices.Concat(l.stream[:first], bytes.Join(pairs, nil), l.stream[end:])} {
			v := l.with(stream)
			if got, err := v.agree(t, true); err == nil {
				v.resaves(t, got)
			}
		}
	}
}
