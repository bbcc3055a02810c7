package fuzz

import (
	"math"
	"testing"

	"vmconform/model"
	"vmconform/props"
)

// A stateSeed is the arguments of FuzzLoadState.
type stateSeed struct {
	schema, stream []byte
	version        uint32
	limits         uint8
}

// anyVersion, for limits, takes the version as it is, and the first limits.
const anyVersion = math.MaxUint8

// stateSeedOf is the seed that loads as l does, but for its limits; false where
// the schema cannot be written as bytes.
func stateSeedOf(l load, limits uint8) (stateSeed, bool) {
	b, ok := writeSchema(l.schema)
	arg := versionArgument(l.schema, l.version)
	if argumentVersion(l.schema, arg) != l.version {
		return stateSeed{b, l.stream, l.version, anyVersion}, ok
	}
	return stateSeed{b, l.stream, arg, limits}, ok
}

// load is what the arguments ask for.
func (a stateSeed) load() load {
	s := readSchema(a.schema)
	if a.limits == anyVersion {
		return loadOf(s, a.version, a.stream, limitSets[0])
	}
	return loadOf(s, argumentVersion(s, a.version), a.stream, limitSets[int(a.limits)%len(limitSets)])
}

// versionArgument is the argument of FuzzLoadState that stands for a version.
func versionArgument(s *model.Schema, version uint32) uint32 { return version - s.Minimum + 1 }

// argumentVersion turns any argument into a version from one below to one
// above the schema's range.
func argumentVersion(s *model.Schema, arg uint32) uint32 {
	span := uint64(s.Version-s.Minimum) + 3
	return s.Minimum - 1 + uint32(uint64(arg)%span)
}

func FuzzLoadState(f *testing.F) {
	vectors, _ := vectorSeeds(f)
	for _, s := range append(stateSeeds(f), vectors...) {
		f.Add(s.schema, s.stream, s.version, s.limits)
	}
	f.Fuzz(func(t *testing.T, schema, stream []byte, version uint32, limits uint8) {
		defer hangs()()
		l := stateSeed{schema, stream, version, limits}.load()
		if err := l.schema.Check(); err != nil {
			l.failf(t, "the schema: %v", err)
		}
		loaded, err := l.agree(t, true)
		nativeRoundTrip(t, stream)
		if err != nil {
			return
		}
		l.resaves(t, loaded)
		l.leavesMemory(t, loaded)
		l.agreesOnPairs(t, loaded)
	})
}

// leavesMemory loads what is left of an accepted stream when it is cut over
// the value that the whole of it has: where that fails, the value is still
// there.
func (l load) leavesMemory(t testing.TB, loaded model.Loaded) {
	t.Helper()
	for _, n := range []int64{loaded.Consumed - 1, loaded.Consumed / 2} {
		if n >= 0 {
			l.with(l.stream[:n]).leavesMemoryThatHolds(t, loaded.Value)
		}
	}
}

func (l load) leavesMemoryThatHolds(t testing.TB, before *model.Struct) {
	t.Helper()
	asked := func() props.Case { return l.asksOver(before) }
	defer l.panics(t, asked)
	after, _, err := l.ref.LoadOver(l.schema, before, l.stream, l.version)
	if err == nil {
		return // a count that is not on the wire may have been another
	}
	if asError(err) == nil {
		l.fail(t, asked(), "cut to %d bytes: %v", len(l.stream), err)
	}
	if after != nil && !model.Equal(before, after) {
		l.fail(t, asked(), "cut to %d bytes (%v), the load changed memory: %q", len(l.stream), err, model.Diff(before, after, l.schema))
	}
}
