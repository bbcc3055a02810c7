package vmstate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A log records the hooks called; the one named in fail fails.
type hookLog struct {
	calls []string
	fail  string
}

var errHook = errors.New("the hook says no")

func (l *hookLog) call(format string, args ...any) error {
	s := fmt.Sprintf(format, args...)
	l.calls = append(l.calls, s)
	if s == l.fail {
		return errHook
	}
	return nil
}

func (l *hookLog) described(name string, offset uintptr, subs ...*vmstate.Description) *vmstate.Description {
	return &vmstate.Description{Name: name, VersionID: 4, MinimumVersionID: 1, Subsections: subs,
		Fields:   []vmstate.Field{vmstate.Scalar("v", offset, 0, vmstate.InfoUint8)},
		Needed:   func(unsafe.Pointer) bool { _ = l.call("needed %s", name); return true },
		PreLoad:  func(unsafe.Pointer) error { return l.call("pre_load %s", name) },
		PostLoad: func(obj unsafe.Pointer, v uint32) error { return l.call("post_load %s %d", name, v) },
		PreSave:  func(unsafe.Pointer) error { return l.call("pre_save %s", name) },
		PostSave: func(unsafe.Pointer) error { return l.call("post_save %s", name) },
	}
}

// describe: "d" with a struct field of "in" and a subsection "d/s".
func (l *hookLog) describe() *vmstate.Description {
	d := l.described("d", 0, l.described("d/s", 2))
	d.Fields = append(d.Fields, vmstate.StructField("in", 1, 0, l.described("in", 0)))
	return d
}

const hooked = "01 02 05 03 642f73 00000004 03"

func TestHookOrder(t *testing.T) {
	var l hookLog
	got := [3]uint8{}
	if _, err := load(l.describe(), &got, wire(t, hooked), 3); err != nil {
		t.Fatal(err)
	}
	same(t, strings.Join(l.calls, ", "),
		"pre_load d, pre_load in, post_load in 4, pre_load d/s, post_load d/s 4, post_load d 3")

	l.calls = nil
	saves(t, l.describe(), &got, hooked)
	same(t, strings.Join(l.calls, ", "),
		"pre_save d, pre_save in, post_save in, needed d/s, pre_save d/s, post_save d/s, post_save d")
}

func TestHooksFail(t *testing.T) {
	for _, c := range []struct {
		hook string
		want verdict
	}{
		{"pre_load d", verdict{rules.Hook, 0, ""}},
		{"pre_load in", verdict{rules.Hook, 1, "in"}},
		{"post_load in 4", verdict{rules.Hook, 2, "in"}},
		{"pre_load d/s", verdict{rules.Hook, 11, "d/s"}},
		{"post_load d/s 4", verdict{rules.Hook, 12, "d/s"}},
		{"post_load d 4", verdict{rules.Hook, 12, ""}},
	} {
		l := hookLog{fail: c.hook}
		got := [3]uint8{7, 8, 9}
		_, err := load(l.describe(), &got, wire(t, hooked), 4)
		refused(t, err, c.want)
		if !errors.Is(err, errHook) {
			t.Fatalf("%v does not hold its cause", err)
		}
		same(t, got, [3]uint8{7, 8, 9})
		same(t, l.calls[len(l.calls)-1], c.hook)
	}
	for _, c := range []struct {
		hook  string
		want  verdict
		after string // the hooks called after the one that fails
	}{
		{"pre_save d", verdict{rules.Hook, 0, ""}, ""},
		{"pre_save in", verdict{rules.Hook, 1, "in"}, "post_save d"},
		{"post_save in", verdict{rules.Hook, 2, "in"}, "post_save d"},
		{"pre_save d/s", verdict{rules.Hook, 11, "d/s"}, "post_save d"},
		{"post_save d/s", verdict{rules.Hook, 12, "d/s"}, "post_save d"},
		{"post_save d", verdict{rules.Hook, 12, ""}, ""},
	} {
		l := hookLog{fail: c.hook}
		saved, err := vmstate.Save(l.describe(), unsafe.Pointer(&[3]uint8{1, 2, 3}), 4, vmstate.SaveOptions{})
		refused(t, err, c.want)
		if !errors.Is(err, errHook) {
			t.Fatalf("%v does not hold its cause", err)
		}
		same(t, int64(len(saved.Stream)), c.want.offset)
		after := l.calls[slices.Index(l.calls, c.hook)+1:]
		same(t, strings.Join(after, ", "), c.after)
	}
}

// The error that ended a save counts more than that of post_save.
func TestPostSaveAfterAnError(t *testing.T) {
	l := hookLog{fail: "post_save d"}
	d := l.described("d", 0)
	d.Fields = append(d.Fields, vmstate.Field{Name: "must", Flags: vmstate.MustExist, Info: vmstate.InfoUint8, VersionID: 9})
	_, err := vmstate.Save(d, unsafe.Pointer(new(uint8)), 4, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.MissingField, 1, "must"})
	same(t, strings.Join(l.calls, ", "), "pre_save d, post_save d")
}

// Needed counts for subsections; of a top description whoever saves it asks.
func TestNeededOfTheTopIsNotAsked(t *testing.T) {
	d := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))
	d.Needed = func(unsafe.Pointer) bool { return false }
	saves(t, d, new(uint8), "00")
}

// The hooks of a load see the object: pre_load before, post_load after it.
func TestHooksSeeTheObject(t *testing.T) {
	var before, after uint8
	d := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))
	d.PreLoad = func(obj unsafe.Pointer) error { before = *(*uint8)(obj); return nil }
	d.PostLoad = func(obj unsafe.Pointer, _ uint32) error { after = *(*uint8)(obj); *(*uint8)(obj) = 9; return nil }
	obj := uint8(5)
	loads(t, d, &obj, "06")
	same(t, [3]uint8{before, after, obj}, [3]uint8{5, 6, 9})
}

func TestMustExist(t *testing.T) {
	d := &vmstate.Description{Name: "d", VersionID: 2, Fields: []vmstate.Field{
		vmstate.Scalar("x", 0, 0, vmstate.InfoUint8),
		{Name: "must", Offset: 1, Flags: vmstate.Single | vmstate.MustExist, Info: vmstate.InfoUint8, VersionID: 2},
	}}
	var got [2]uint8
	loads(t, d, &got, "01 02")
	saves(t, d, &got, "01 02")
	_, err := load(d, &got, []byte{3}, 1)
	refused(t, err, verdict{rules.MissingField, 1, "must"})
	_, err = vmstate.Save(d, unsafe.Pointer(&got), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.MissingField, 1, "must"})
	same(t, got, [2]uint8{1, 2})
}

// VALIDATE takes no bytes, and its predicate has to hold, here: x < 10.
func TestValidate(t *testing.T) {
	d := one(
		vmstate.Scalar("x", 0, 0, vmstate.InfoUint8),
		vmstate.Field{Name: "x is small", Flags: vmstate.MustExist | vmstate.Array,
			Exists: func(obj unsafe.Pointer, _ uint32) bool { return *(*uint8)(obj) < 10 }},
		vmstate.Scalar("y", 1, 0, vmstate.InfoUint8),
	)
	var got [2]uint8
	loads(t, d, &got, "09 02")
	saves(t, d, &got, "09 02")
	_, err := load(d, &got, []byte{10, 2}, 1)
	refused(t, err, verdict{rules.OutOfRange, 1, "x is small"})
	same(t, got, [2]uint8{9, 2})
	got[0] = 10
	_, err = vmstate.Save(d, unsafe.Pointer(&got), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.OutOfRange, 1, "x is small"})
}
