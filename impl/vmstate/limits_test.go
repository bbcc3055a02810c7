package vmstate_test

import (
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

func loadWithin(d *vmstate.Description, obj unsafe.Pointer, stream []byte, l rules.Limits) error {
	_, err := vmstate.Load(d, obj, stream, d.VersionID, vmstate.LoadOptions{Limits: l, All: true})
	return err
}

// Each limit, as tight as it can be and one tighter: what breaks it and where.
func TestLimits(t *testing.T) {
	type object struct {
		a uint8
		q tailq.Head[node]
		p [2]pair
	}
	var o object
	d := one(
		vmstate.Scalar("a", 0, 0, vmstate.InfoUint8),
		tailq.Field("q", unsafe.Offsetof(o.q), 0, nodeType.Metadata(describeNode())),
		vmstate.Field{Name: "p", Offset: unsafe.Offsetof(o.p), Flags: vmstate.Array | vmstate.Struct, Num: 2,
			Size: unsafe.Sizeof(pair{}), VMSD: describePair()},
	)
	// q: one element at 1 with a queue of one at 3, then at 7 the structs.
	stream := wire(t, "01  01 02 01 03 00 00 00  0405 0607")
	for _, c := range []struct {
		name   string
		limits rules.Limits
		want   *verdict
	}{
		{"depth 3", rules.Limits{Depth: 3}, nil},
		{"depth 2", rules.Limits{Depth: 2}, &verdict{rules.Limit, 3, "q[0]/inner[0]"}},
		{"depth 1", rules.Limits{Depth: 1}, &verdict{rules.Limit, 1, "q[0]"}},
		{"4 elements", rules.Limits{Elements: 4}, nil},
		{"3 elements", rules.Limits{Elements: 3}, &verdict{rules.Limit, 10, "p[1]"}},
		{"2 elements", rules.Limits{Elements: 2}, &verdict{rules.Limit, 8, "p[0]"}},
		{"1 element", rules.Limits{Elements: 1}, &verdict{rules.Limit, 3, "q[0]/inner[0]"}},
		{"12 bytes", rules.Limits{Bytes: 12}, nil},
		{"11 bytes", rules.Limits{Bytes: 11}, &verdict{rules.Limit, 11, "p[1]/y"}},
		{"7 bytes", rules.Limits{Bytes: 7}, &verdict{rules.Limit, 7, "q[1]"}},
		{"1 byte", rules.Limits{Bytes: 1}, &verdict{rules.Limit, 1, "q[0]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var obj object
			err := loadWithin(d, unsafe.Pointer(&obj), stream, c.limits)
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			refused(t, err, *c.want)
			same(t, obj, object{})
		})
	}
}

// Within one item the limit comes before what is missing.
func TestLimitBeforeTruncated(t *testing.T) {
	var b [4]byte
	d := one(vmstate.BufferField("b", 0, 0, 4))
	refused(t, loadWithin(d, unsafe.Pointer(&b), []byte{1, 2}, rules.Limits{Bytes: 3}), verdict{rules.Limit, 0, "b"})
	refused(t, loadWithin(d, unsafe.Pointer(&b), []byte{1, 2}, rules.Limits{Bytes: 4}), verdict{rules.Truncated, 2, "b"})
}

// A subsection's header is one item, and its depth is reached at its 05. Limits
// come before the question whether the name is known.
func TestLimitsAtSubsections(t *testing.T) {
	for _, name := range []string{"78", "77"} { // dev/x, dev/w
		stream := wire(t, "01 05 05 6465762f"+name+"00000002 07")
		path := "dev/" + string(wire(t, name))
		for _, l := range []rules.Limits{{Depth: 1}, {Bytes: 7}} {
			var obj device
			refused(t, loadWithin(describeDevice(), unsafe.Pointer(&obj), stream, l), verdict{rules.Limit, 1, path})
		}
	}
	stream := wire(t, "01"+subX+"07")
	var obj device
	for _, bytes := range []int64{8, 11} {
		refused(t, loadWithin(describeDevice(), unsafe.Pointer(&obj), stream, rules.Limits{Bytes: bytes}), verdict{rules.Limit, 8, "dev/x"})
	}
	refused(t, loadWithin(describeDevice(), unsafe.Pointer(&obj), stream, rules.Limits{Bytes: 12}), verdict{rules.Limit, 12, "dev/x/v"})
	if err := loadWithin(describeDevice(), unsafe.Pointer(&obj), stream, rules.Limits{Bytes: 13, Depth: 2}); err != nil {
		t.Fatal(err)
	}
}

// What is inside a subsection is one deeper than it, and the next subsection is not.
func TestDepthInSubsections(t *testing.T) {
	sub := func(name string) *vmstate.Description {
		return &vmstate.Description{Name: name, Fields: []vmstate.Field{vmstate.StructField("s", 0, 0, &vmstate.Description{Name: "s"})}}
	}
	d := &vmstate.Description{Name: "d", Subsections: []*vmstate.Description{sub("d/x"), sub("d/y")}}
	stream := wire(t, "05 03 642f78 00000000 05 03 642f79 00000000")
	var obj struct{}
	refused(t, loadWithin(d, unsafe.Pointer(&obj), stream, rules.Limits{Depth: 2}), verdict{rules.Limit, 9, "d/x/s"})
	if err := loadWithin(d, unsafe.Pointer(&obj), stream, rules.Limits{Depth: 3}); err != nil {
		t.Fatal(err)
	}
}

// A node in a node, to the default depth and one beyond; saved as deep.
func TestDepth(t *testing.T) {
	nested := func(depth int) []byte { // the top is one
		var s []byte
		for range depth - 1 {
			s = append(s, 7, 1)
		}
		s = append(s, 7)
		for range depth {
			s = append(s, 0)
		}
		return s
	}
	d := describeNode()
	var obj node
	full := nested(rules.DefaultDepth)
	if err := loadWithin(d, unsafe.Pointer(&obj), full, rules.Limits{}); err != nil {
		t.Fatal(err)
	}
	same(t, string(save(t, d, &obj)), string(full))

	var deeper node
	err := loadWithin(d, unsafe.Pointer(&deeper), nested(rules.DefaultDepth+1), rules.Limits{})
	refused(t, err, verdict{rules.Limit, 2*rules.DefaultDepth - 1, pathDown(rules.DefaultDepth)})
	same(t, deeper, node{})

	nodeType.InsertTail(&deeper.inner, &obj)
	_, err = vmstate.Save(d, unsafe.Pointer(&deeper), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.Limit, 2 * rules.DefaultDepth, pathDown(rules.DefaultDepth)})
}

func pathDown(n int) string {
	path := "inner[0]"
	for range n - 1 {
		path += "/inner[0]"
	}
	return path
}

// A pointer to the object itself ends at the depth limit.
func TestCycleOfPointers(t *testing.T) {
	type ring struct{ next *ring }
	d := one()
	d.Fields = []vmstate.Field{{Name: "n", Flags: vmstate.Struct | vmstate.Pointer, VMSD: d}}
	var r ring
	r.next = &r
	refused(t, loadWithin(d, unsafe.Pointer(&r), nil, rules.Limits{Depth: 3}), verdict{rules.Limit, 0, "n/n/n"})
	_, err := vmstate.Save(d, unsafe.Pointer(&r), 1, vmstate.SaveOptions{Limits: rules.Limits{Depth: 3}})
	refused(t, err, verdict{rules.Limit, 0, "n/n/n"})
}

func TestTrailingData(t *testing.T) {
	var x uint8
	d := one(vmstate.Scalar("x", 0, 0, vmstate.InfoUint8))
	_, err := load(d, &x, []byte{5, 6, 7}, 1)
	refused(t, err, verdict{rules.TrailingData, 1, ""})
	if !strings.Contains(err.Error(), "2 bytes") {
		t.Fatal(err)
	}
	same(t, x, 0)
	if _, err := load(d, &x, []byte{4}, 1); err != nil || x != 4 {
		t.Fatal(err, x)
	}
	l, err := vmstate.Load(d, unsafe.Pointer(&x), []byte{5, 6, 7}, 1, vmstate.LoadOptions{})
	if err != nil || l.Consumed != 1 || x != 5 {
		t.Fatal(l, err, x)
	}
}
