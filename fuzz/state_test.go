package fuzz

import (
	"testing"

	"vmconform/bind"
	"vmconform/model"
)

// versionArgument is the argument of FuzzLoadState that stands for a version.
func versionArgument(s *model.Schema, version uint32) uint32 { return version - s.Minimum + 1 }

// argumentVersion turns any argument into a version from one below to one
// above the schema's range.
func argumentVersion(s *model.Schema, arg uint32) uint32 {
	span := uint64(s.Version-s.Minimum) + 3
	return s.Minimum - 1 + uint32(uint64(arg)%span)
}

func FuzzLoadState(f *testing.F) {
	for _, s := range stateSeeds(f) {
		f.Add(s.schema, s.stream, s.version, s.limits)
	}
	f.Fuzz(func(t *testing.T, schema, stream []byte, version uint32, limits uint8) {
		defer hangs()()
		s := readSchema(schema)
		l := load{schema: s, version: argumentVersion(s, version), stream: stream, limits: limitSets[int(limits)%len(limitSets)]}
		if err := s.Check(); err != nil {
			l.failf(t, "the schema: %v", err)
		}
		ref := &bind.Reference{Limits: l.limits}
		loaded, err := l.agree(t, ref, true)
		nativeRoundTrip(t, stream)
		if err != nil {
			return
		}
		l.resaves(t, ref, loaded)
		l.leavesMemory(t, ref, loaded)
		l.agreesOnPairs(t, ref, loaded)
	})
}

// leavesMemory loads what is left of an accepted stream when it is cut over
// the value that the whole of it has: where that fails, the value is still
// there.
func (l load) leavesMemory(t *testing.T, ref *bind.Reference, loaded model.Loaded) {
	t.Helper()
	for _, n := range []int64{loaded.Consumed - 1, loaded.Consumed / 2} {
		if n < 0 {
			continue
		}
		after, _, err := ref.LoadOver(l.schema, loaded.Value, l.stream[:n], l.version)
		if err == nil {
			continue // a count that is not on the wire may have been another
		}
		if asError(err) == nil {
			l.failf(t, "cut to %d bytes: %v", n, err)
		}
		if after != nil && !model.Equal(loaded.Value, after) {
			l.failf(t, "cut to %d bytes (%v), the load changed memory: %q", n, err, model.Diff(loaded.Value, after, l.schema))
		}
	}
}
