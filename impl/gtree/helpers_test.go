package gtree_test

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/gtree"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A span is a key; spans that overlap are one.
type span struct{ low, high uint8 }

type value struct {
	n    uint8
	tree gtree.Tree[uint64, value]
}

var (
	spans = gtree.Of[span, value](func(a, b *span) int {
		switch {
		case a.high < b.low:
			return -1
		case b.high < a.low:
			return 1
		}
		return 0
	})
	numbers = gtree.Of[uint64, value](func(a, b *uint64) int { return cmp.Compare(*a, *b) })
)

type object struct {
	tree gtree.Tree[span, value]
	nums gtree.Tree[uint64, value]
	end  uint8
}

func describeSpan() *vmstate.Description {
	return &vmstate.Description{Name: "span", VersionID: 3, MinimumVersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("low", unsafe.Offsetof(span{}.low), 0, vmstate.InfoUint8),
		vmstate.Scalar("high", unsafe.Offsetof(span{}.high), 0, vmstate.InfoUint8),
	}}
}

func describeValue() *vmstate.Description {
	return &vmstate.Description{Name: "value", VersionID: 2, MinimumVersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("n", unsafe.Offsetof(value{}.n), 0, vmstate.InfoUint8),
	}}
}

// describe describes an object with its tree of spans, or with that of numbers,
// and the byte behind it.
func describe(direct bool) *vmstate.Description {
	f := gtree.Field("t", unsafe.Offsetof(object{}.tree), 1, spans.Metadata(describeSpan(), describeValue()))
	if direct {
		f = gtree.Field("t", unsafe.Offsetof(object{}.nums), 1, gtree.Direct(numbers, describeValue()))
	}
	return &vmstate.Description{Name: "d", VersionID: 1, Fields: []vmstate.Field{f,
		vmstate.Scalar("end", unsafe.Offsetof(object{}.end), 0, vmstate.InfoUint8)}}
}

func wire(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t testing.TB, d *vmstate.Description, o *object, digits string) (vmstate.Loaded, error) {
	t.Helper()
	return vmstate.Load(d, unsafe.Pointer(o), wire(t, digits), 1, vmstate.LoadOptions{All: true})
}

func loads(t testing.TB, d *vmstate.Description, o *object, digits string) vmstate.Loaded {
	t.Helper()
	l, err := load(t, d, o, digits)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func saves(t testing.TB, d *vmstate.Description, o *object, digits string) {
	t.Helper()
	s, err := vmstate.Save(d, unsafe.Pointer(o), 1, vmstate.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := wire(t, digits); string(s.Stream) != string(want) {
		t.Fatalf("saved % x, want % x", s.Stream, want)
	}
}

// spell is the tree of spans: low-high:n for each pair.
func (o *object) spell() string {
	var list []string
	for k, v := range spans.All(&o.tree) {
		list = append(list, fmt.Sprintf("%x-%x:%x", k.low, k.high, v.n))
	}
	return strings.Join(list, " ")
}

type verdict struct {
	class  rules.Class
	offset int64
	path   string
	rule   rules.ID // "": any
}

func refused(t testing.TB, err error, want verdict) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want %v", err, want)
	}
	got := verdict{e.Class, e.Offset, e.Path, e.Rule}
	if want.rule == "" {
		got.rule = ""
	}
	if got != want {
		t.Fatalf("%v\n got %v\nwant %v", err, got, want)
	}
}

func same[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}
