package fuzz

import (
	"slices"
	"testing"

	"vmconform/bind"
	"vmconform/model"
)

// maxMarkers is how many markers of a stream are tried; of more, they are
// spread over the stream.
const maxMarkers = 32

// markers lists the offsets of the markers and terminators of all queues.
func markers(spans []model.Span) []int64 {
	var list []int64
	for _, s := range spans {
		switch {
		case isElement(s):
			list = append(list, s.Offset)
		case isQueue(s):
			list = append(list, s.Offset+s.Size-1)
		}
	}
	slices.Sort(list)
	return list
}

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
func (l load) agreesOnMarkers(t *testing.T, ref *bind.Reference, loaded model.Loaded) {
	t.Helper()
	for _, at := range spread(markers(loaded.Spans), maxMarkers) {
		m := l.stream[at]
		for _, variant := range [][]byte{{^m}, {0}, {m, m}} {
			v := l.with(slices.Replace(slices.Clone(l.stream), int(at), int(at)+1, variant...))
			if got, err := v.agree(t, ref, true); err == nil {
				v.resaves(t, ref, got)
			}
		}
	}
}
