package qemuunit_test

import (
	"bytes"
	"fmt"
	"testing"

	"vmconform/impl/savevm"
	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// TestLeftOutByQEMU has what QEMU's cases leave out, one by one, in the order of
// qemu-behaviour §2.
func TestLeftOutByQEMU(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"subsections", subsections.run},
		{"equal infos", equalInfos.run},
		{"le infos", leInfos.run},
		{"VALIDATE", validate.run},
		{"MUST_EXIST", mustExist.run},
		{"VARRAY int32", varray[int32](4, "ffffffff").run},
		{"VARRAY uint8", varray[uint8](1, "ff").run},
		{"VARRAY uint16", varray[uint16](2, "ffff").run},
		{"VARRAY uint32", varray[uint32](4, "ffffffff").run},
		{"VBUFFER", inOrder(vbuffer.run, vbufferAlloc.run)},
		{"MULTIPLY", inOrder(multiply.run, multiplyElements.run)},
		{"bitmap", bitmap.run},
		{"timer", timer.run},
		{"cpudouble", cpuDouble.run},
		{"unused", inOrder(unused.run, unusedContent)},
		{"vstruct", vstruct.run},
		{"two-dimensional arrays", twoDimensions.run},
		{"empty list", inOrder(emptyQueue.run, emptyList.run)},
		{"empty tree", emptyTree.run},
		{"an element that fails inside a list", failingElement},
		{"count mismatch", countMismatch},
		{"a marker other than 01", otherMarkers},
		{"version too new", inOrder(outOfVersions.run, tooNew)},
		{"version too old", inOrder(outOfVersions.run, tooOld)},
		{"failing hooks", inOrder(hooks.run, failingHooks)},
		{"vmdesc", inOrder(everything.run, described)},
	} {
		t.Run(c.name, c.run)
	}
}

// An extra is a case that QEMU has not. It goes both ways and is cut at every
// byte, as QEMU's are.
type extra[T any] struct {
	unit[T]
	refuses []refusal
	unsaved []unsaved[T]

	// A subsection may be missing, and a header that is cut is none. Of each pair,
	// cuts from the first up to the second load what the first has.
	optional [][2]int
}

// A refusal is a stream that is wrong.
type refusal struct {
	digits string
	want   verdict
}

// An unsaved is an object that cannot be saved.
type unsaved[T any] struct {
	o    T
	want verdict
}

func (x extra[T]) run(t *testing.T) {
	payload := x.bytes(t)
	o := x.full()
	x.saves(t, o, payload)
	x.describes(t, o, payload)
	o = x.blank()
	x.loads(t, o, payload, len(payload))
	x.asserts(t, o)
	x.saves(t, o, payload)

	for n := range payload {
		if whole, ok := x.whole(n); ok {
			o := x.blank()
			x.loads(t, o, payload[:n], whole)
			x.saves(t, o, payload[:whole])
			continue
		}
		x.cut(t, x.blank(), payload, n)
	}
	for _, r := range x.refuses {
		x.refused(t, x.blank(), item{r.digits, r.want.path}.bytes(t), r.want)
	}
	for _, u := range x.unsaved {
		_, err := x.describe().Save(&u.o, x.version, vmstate.SaveOptions{})
		judged(t, err, u.want)
	}
}

// whole says how much of the first n bytes loads, if that much does.
func (x extra[T]) whole(n int) (int, bool) {
	for _, o := range x.optional {
		if o[0] <= n && n < o[1] {
			return o[0], true
		}
	}
	return 0, false
}

// describes demands a description whose sizes add up to the bytes.
func (x extra[T]) describes(t *testing.T, o *T, payload []byte) {
	t.Helper()
	s, err := x.describe().Save(o, x.version, vmstate.SaveOptions{VMDesc: vmstate.Strict})
	if err != nil {
		t.Fatal(err)
	}
	d, err := savevm.ParseVMDesc(device(s.VMDesc))
	if err != nil {
		t.Fatalf("%v\n%s", err, s.VMDesc)
	}
	same(t, d.Devices[0].VMSD.WireSize(), int64(len(payload)))
}

// device makes the description of a machine of what describes one device.
func device(vmsd []byte) []byte {
	return fmt.Appendf(nil, `{"page_size": 4096, "devices": [{"name": "d", "instance_id": 0, %s]}`, bytes.TrimPrefix(vmsd, []byte("{")))
}

func judged(t *testing.T, err error, want verdict) {
	t.Helper()
	got, ok := err.(*rules.Error)
	if !ok || (verdict{got.Class, got.Offset, got.Path}) != want {
		t.Fatalf("%v, want %v", err, want)
	}
}

// noted demands one note.
func noted(t *testing.T, got []rules.Note, rule rules.ID, offset int64, path string) {
	t.Helper()
	if len(got) != 1 || got[0].Rule != rule || got[0].Offset != offset || got[0].Path != path {
		t.Fatalf("%v, want %s at offset %d in %s", got, rule, offset, path)
	}
}

func inOrder(runs ...func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) {
		for _, run := range runs {
			run(t)
		}
	}
}

// plainly is an extra of an object without pointers: saved and loaded it is the
// same, out of what memory holds before.
func plainly[T comparable](d *vmsd.Description[T], before, after T, wire ...item) extra[T] {
	return extra[T]{unit: unit[T]{
		describe: func() *vmsd.Description[T] { return d },
		version:  d.VersionID,
		wire:     wire,
		full:     of(after),
		blank:    of(before),
		asserts:  is(after),
	}}
}

func (x extra[T]) refusing(list ...refusal) extra[T] {
	x.refuses = list
	return x
}

func (x extra[T]) notSaving(list ...unsaved[T]) extra[T] {
	x.unsaved = list
	return x
}
