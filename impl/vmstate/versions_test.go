package vmstate_test

import (
	"math"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// The version argument at every boundary of the range, as 32 unsigned bits.
func TestVersionArgument(t *testing.T) {
	for _, r := range []struct{ lo, hi uint32 }{{3, 5}, {0, 0}, {4, 4}, {0, math.MaxUint32}, {1<<31 - 1, 1 << 31}} {
		d := &vmstate.Description{Name: "d", VersionID: r.hi, MinimumVersionID: r.lo,
			Fields: []vmstate.Field{vmstate.Scalar("x", 0, 0, vmstate.InfoUint8)}}
		for _, v := range []uint32{0, 1, r.lo - 1, r.lo, r.lo + 1, r.hi - 1, r.hi, r.hi + 1, 1 << 31, r.hi | 1<<31, r.hi + 256, math.MaxUint32} {
			obj := uint8(7)
			_, loaded := load(d, &obj, []byte{1}, v)
			saved, err := vmstate.Save(d, unsafe.Pointer(&obj), v, vmstate.SaveOptions{})
			switch {
			case v > r.hi:
				refused(t, loaded, verdict{rules.VersionTooNew, 0, ""})
				refused(t, err, verdict{rules.VersionTooNew, 0, ""})
			case v < r.lo:
				refused(t, loaded, verdict{rules.VersionTooOld, 0, ""})
				refused(t, err, verdict{rules.VersionTooOld, 0, ""})
			default:
				if loaded != nil || err != nil || obj != 1 || len(saved.Stream) != 1 {
					t.Fatalf("version %d in [%d, %d]: %v, %v, %d", v, r.lo, r.hi, loaded, err, obj)
				}
				continue
			}
			if obj != 7 || len(saved.Stream) != 0 {
				t.Fatalf("version %d in [%d, %d] is refused too late", v, r.lo, r.hi)
			}
		}
	}
}

// The version is decided before the input is looked at.
func TestVersionBeforeTruncated(t *testing.T) {
	var obj uint8
	d := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))
	_, err := load(d, &obj, nil, 2)
	refused(t, err, verdict{rules.VersionTooNew, 0, ""})
	_, err = load(d, &obj, nil, 0)
	refused(t, err, verdict{rules.VersionTooOld, 0, ""})
}

// A field is there from its version_id on; one above the description's own
// never is.
func TestFieldVersions(t *testing.T) {
	d := &vmstate.Description{Name: "d", VersionID: 3, Fields: []vmstate.Field{
		vmstate.Scalar("v0", 0, 0, vmstate.InfoUint8),
		vmstate.Scalar("v2", 1, 2, vmstate.InfoUint8),
		vmstate.Scalar("v3", 2, 3, vmstate.InfoUint8),
		vmstate.Scalar("v4", 3, 4, vmstate.InfoUint8),
	}}
	for version, want := range [][4]uint8{{1, 9, 9, 9}, {1, 9, 9, 9}, {1, 2, 9, 9}, {1, 2, 3, 9}} {
		got := [4]uint8{9, 9, 9, 9}
		stream := []byte{1, 2, 3, 4}[:max(1, version)]
		if _, err := load(d, &got, stream, uint32(version)); err != nil {
			t.Fatal(version, err)
		}
		same(t, got, want)
		saved, err := vmstate.Save(d, unsafe.Pointer(&got), uint32(version), vmstate.SaveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(saved.Stream), string(stream))
	}
}

// A predicate decides alone, and is told the version.
func TestExistsDecidesAlone(t *testing.T) {
	var seen []uint32
	d := &vmstate.Description{Name: "d", VersionID: 2, Fields: []vmstate.Field{
		vmstate.Scalar("x", 0, 9, vmstate.InfoUint8)}}
	d.Fields[0].Exists = func(_ unsafe.Pointer, v uint32) bool { seen = append(seen, v); return true }
	var obj uint8
	if _, err := load(d, &obj, []byte{5}, 1); err != nil {
		t.Fatal(err)
	}
	saves(t, d, &obj, "05")
	if len(seen) != 2 || seen[0] != 1 || seen[1] != 2 {
		t.Fatal(seen)
	}
}
