package qemuunit_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// An item is taken from the wire at once, and belongs to the field at path.
type item struct {
	digits, path string
}

// A unit is one of QEMU's cases, about a T.
type unit[T any] struct {
	describe func() *vmsd.Description[T]
	version  uint32 // to save and load at
	wire     []item
	noEOF    bool                     // QEMU compares without the harness's EOF
	full     func() *T                // what is saved
	blank    func() *T                // what is loaded into
	asserts  func(t *testing.T, o *T) // what QEMU demands of the loaded object
	memory   func(o *T) string        // all that a load can reach; nil: the object

	// second is how the second half of the bytes ends, taken for a whole stream;
	// nil: it loads, since its bytes happen to be an object.
	second *verdict
}

type verdict struct {
	class  rules.Class
	offset int64
	path   string
}

// TestQEMUUnit has the cases in QEMU's order.
func TestQEMUUnit(t *testing.T) {
	cases := []struct {
		name string
		run  func(*testing.T)
	}{
		{"simple/primitive", simplePrimitive.run},
		{"simple/array", simpleArray.run},
		{"versioned/load/v1", versionedV1.run},
		{"versioned/load/v2", versionedV2.run},
		{"field_exists/load/noskip", existsLoadNoskip.run},
		{"field_exists/load/skip", existsLoadSkip.run},
		{"field_exists/save/noskip", existsSaveNoskip.run},
		{"field_exists/save/skip", existsSaveSkip.run},
		{"array/ptr/str/no0/save", pointersWhole.run},
		{"array/ptr/str/no0/load", pointersWhole.run},
		{"array/ptr/str/0/save", pointersNull.run},
		{"array/ptr/str/0/load", pointersNull.run},
		{"array/ptr/prim/0/save", pointersPrimitive.run},
		{"array/ptr/prim/0/load", pointersPrimitive.run},
		{"qtailq/save/saveq", queueUnit.run},
		{"qtailq/load/loadq", queueUnit.run},
		{"gtree/save/savedomain", domainUnit.run},
		{"gtree/load/loaddomain", domainUnit.run},
		{"gtree/save/saveiommu", iommuUnit.run},
		{"gtree/load/loadiommu", iommuUnit.run},
		{"qlist/save/saveqlist", listUnit.run},
		{"qlist/load/loadqlist", listUnit.run},
		{"tmp_struct", tmpUnit.run},
	}
	if len(cases) != 23 {
		t.Errorf("%d cases; QEMU has 23", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, c.run)
	}
}

func (u unit[T]) run(t *testing.T) {
	payload := u.bytes(t)
	stream := payload
	if !u.noEOF {
		stream = append(stream[:len(stream):len(stream)], 0)
	}
	// Saved.
	o := u.full()
	u.saves(t, o, payload)
	u.asserts(t, o)

	// Loaded, and saved again.
	o = u.blank()
	u.loads(t, o, stream, len(payload))
	u.saves(t, o, payload)
	u.asserts(t, o)

	// QEMU's parts, in QEMU's order, on one object, which then loads.
	o = u.blank()
	half := len(stream) / 2
	u.cut(t, o, stream, 0)
	u.cut(t, o, stream, len(stream)-2)
	u.cut(t, o, stream, half)
	if second := stream[half : 2*half]; u.second != nil {
		u.refused(t, o, second, *u.second)
	} else if _, err := u.load(u.blank(), second); err != nil {
		t.Fatal(err)
	}
	u.loads(t, o, stream, len(payload))
	u.asserts(t, o)

	// Every cut, and then the payload alone.
	o = u.blank()
	for n := range payload {
		u.cut(t, o, stream, n)
	}
	u.loads(t, o, payload, len(payload))
	u.asserts(t, o)
}

func (u unit[T]) bytes(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, i := range u.wire {
		all = append(all, i.bytes(t)...)
	}
	return all
}

func (i item) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(i.digits, " ", ""))
	if err != nil || len(b) == 0 {
		t.Fatalf("%s: %q: %v", i.path, i.digits, err)
	}
	return b
}

// at is the path of the item that byte n belongs to.
func (u unit[T]) at(t *testing.T, n int) string {
	t.Helper()
	for _, i := range u.wire {
		if n -= len(i.bytes(t)); n < 0 {
			return i.path
		}
	}
	t.Fatal("beyond the wire")
	return ""
}

func (u unit[T]) saves(t *testing.T, o *T, want []byte) {
	t.Helper()
	s, err := u.describe().Save(o, u.version, vmstate.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if string(s.Stream) != string(want) {
		t.Fatalf("saved\n% x\nwant\n% x", s.Stream, want)
	}
}

func (u unit[T]) load(o *T, stream []byte) (vmstate.Loaded, error) {
	return u.describe().Load(o, stream, u.version, vmstate.LoadOptions{})
}

func (u unit[T]) loads(t *testing.T, o *T, stream []byte, n int) {
	t.Helper()
	l, err := u.load(o, stream)
	if err != nil {
		t.Fatal(err)
	}
	if l.Consumed != int64(n) || l.Notes != nil {
		t.Fatalf("%d bytes taken, want %d; notes %v", l.Consumed, n, l.Notes)
	}
}

// cut loads the first n bytes, which ends in the item of byte n.
func (u unit[T]) cut(t *testing.T, o *T, stream []byte, n int) {
	t.Helper()
	u.refused(t, o, stream[:n], verdict{rules.Truncated, int64(n), u.at(t, n)})
}

func (u unit[T]) refused(t *testing.T, o *T, stream []byte, want verdict) {
	t.Helper()
	before := u.remember(o)
	_, err := u.load(o, stream)
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want %v", err, want)
	}
	if got := (verdict{e.Class, e.Offset, e.Path}); got != want {
		t.Fatalf("%v\n got %v\nwant %v", err, got, want)
	}
	if after := u.remember(o); after != before {
		t.Fatalf("%v changed memory\nfrom %s\n  to %s", err, before, after)
	}
}

// remember spells the object, the addresses of all that hangs from it included.
func (u unit[T]) remember(o *T) string {
	s := fmt.Sprintf("%+v", *o)
	if u.memory != nil {
		s += u.memory(o)
	}
	return s
}

func same[V comparable](t *testing.T, got, want V) {
	t.Helper()
	if got != want {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

// describe makes a description that has fields only.
func describe[T any](name string, version, minimum uint32, fields func(*T) []vmsd.Field[T]) *vmsd.Description[T] {
	return &vmsd.Description[T]{Name: name, VersionID: version, MinimumVersionID: minimum, Fields: fields}
}

// of makes a function of a value that returns a new copy at each call.
func of[T any](o T) func() *T {
	return func() *T {
		c := o
		return &c
	}
}

// is makes the assertion that the object is o.
func is[T comparable](o T) func(*testing.T, *T) {
	return func(t *testing.T, got *T) {
		t.Helper()
		same(t, *got, o)
	}
}
