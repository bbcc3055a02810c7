package model

import (
	"bytes"
	"strings"
	"testing"

	"vmconform/rules"
)

// atLimit demands that stream loads with the first limits and is refused with
// the second, which are one less.
func atLimit(t *testing.T, s *Schema, stream string, enough, short rules.Limits, at int64, path string) {
	t.Helper()
	noError(t, s.Check())
	_, err := Decode(s, wire(t, stream), s.Version, Options{Limits: enough, All: true})
	noError(t, err)
	refused(t, s, wire(t, stream), Options{Limits: short, All: true}, verdict{rules.Limit, at, path, rules.Bounded})
}

func TestLimitBytes(t *testing.T) {
	check := func(name string, s *Schema, stream string, enough, at int64, path string) {
		t.Run(name, func(t *testing.T) {
			atLimit(t, s, stream, rules.Limits{Bytes: enough}, rules.Limits{Bytes: enough - 1}, at, path)
		})
	}
	u16 := field("x", TypeUint16)
	check("integer", vmsd("dev", u16, Field{Name: "y", Type: TypeUint32}), "0001 00000002", 6, 2, "y")
	check("buffer", vmsd("dev", u16, Field{Name: "y", Type: TypeBuffer, Size: 3}), "0001 010203", 5, 2, "y")
	check("unused", vmsd("dev", u16, Field{Name: "y", Type: TypeUnused, Size: 3}), "0001 000000", 5, 2, "y")
	check("array element", vmsd("dev", Field{Name: "y", Type: TypeUint16, Array: true, Count: 2}), "0001 0002", 4, 2, "y[1]")
	check("queue terminator", vmsd("dev", u16, queueOf("q", vmsd("e"))), "0001 01 00", 4, 3, "q[1]")
	s := deviceSchema()
	check("subsection's payload", s, "07"+devB+"09", 13, 12, "dev/b/x")

	stream := wire(t, "07"+devB+"09") // header from 1 to 8, version from 8 to 12
	for limit := int64(1); limit < 12; limit++ {
		want := verdict{rules.Limit, 1, "dev/b", rules.Bounded}
		if limit >= 8 {
			want.Offset = 8
		}
		refused(t, s, stream, Options{Limits: rules.Limits{Bytes: limit}}, want)
	}
	// Limit before truncated: the item would end beyond both.
	refused(t, vmsd("dev", field("x", TypeUint64)), wire(t, "00"), Options{Limits: rules.Limits{Bytes: 7}},
		verdict{rules.Limit, 0, "x", rules.Bounded})
	// Limit before value: the header ends beyond the limit, the name is unknown.
	refused(t, s, wire(t, "07 05 04 6465767a"), Options{Limits: rules.Limits{Bytes: 6}},
		verdict{rules.Limit, 1, "devz", rules.Bounded})
	// The peek looks beyond the limit, and what is no subsection is not an item.
	_, err := Decode(s, wire(t, "07 05 03 646576"), 1, Options{Limits: rules.Limits{Bytes: 1}})
	noError(t, err)
	// An item of no bytes ends at the limit.
	_, err = Decode(vmsd("dev", field("x", TypeUint8), Field{Name: "b", Type: TypeBuffer}), []byte{1}, 1, Options{Limits: rules.Limits{Bytes: 1}})
	noError(t, err)
}

func TestLimitElements(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	check := func(name string, s *Schema, stream string, enough int, at int64, path string) {
		t.Run(name, func(t *testing.T) {
			short := rules.Limits{Elements: enough - 1}
			atLimit(t, s, stream, rules.Limits{Elements: enough}, short, at, path)
		})
	}
	array := Field{Name: "a", Type: TypeStruct, Array: true, Count: 2, Elem: inner}
	queues := Field{Name: "qs", Type: TypeQueue, Array: true, Count: 2, Version: 1, Elem: inner}
	check("queue", vmsd("dev", queueOf("q", inner)), "01 07 01 08 00", 2, 2, "q[1]")
	check("array of structs", vmsd("dev", array), "07 08", 2, 1, "a[1]")
	check("array of queues", vmsd("dev", queues), "00 00", 2, 1, "qs[1]")
	// qs[0] counts 1, its two elements 2, qs[1] the fourth, its element the fifth
	check("queues count with their elements", vmsd("dev", queues), "01 07 01 08 00 01 09 00", 5, 5, "qs[1][0]")
	check("over the whole load", vmsd("dev", queueOf("q", inner), array), "01 07 00 07 08", 3, 4, "a[1]")
	// Structs alone and integers in an array do not count.
	s := vmsd("dev", Field{Name: "n", Type: TypeUint8, Array: true, Count: 3}, Field{Name: "s", Type: TypeStruct, Elem: inner}, queueOf("q", inner))
	_, err := Decode(s, wire(t, "010203 04 01 05 00"), 1, Options{Limits: rules.Limits{Elements: 1}})
	noError(t, err)
	// Elements that take no bytes are bounded by the limit alone: each counts 1024.
	none := vmsd("dev", Field{Name: "a", Type: TypeStruct, Array: true, Count: rules.MaxCount, Elem: vmsd("empty")})
	refused(t, none, nil, Options{Limits: rules.Limits{Elements: 1025}}, verdict{rules.Limit, 0, "a[2]", rules.Bounded})
	refused(t, none, nil, Options{Limits: rules.Limits{Elements: 9}}, verdict{rules.Limit, 0, "a[1]", rules.Bounded})
	refused(t, none, nil, Options{}, verdict{rules.Limit, 0, "a[1024]", rules.Bounded})
}

func TestLimitDepth(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	nested := deviceSchema()
	check := func(name string, s *Schema, stream string, enough int, at int64, path string) {
		t.Run(name, func(t *testing.T) {
			short := rules.Limits{Depth: enough - 1}
			atLimit(t, s, stream, rules.Limits{Depth: enough}, short, at, path)
		})
	}
	check("struct", vmsd("dev", field("y", TypeUint8), Field{Name: "s", Type: TypeStruct, Elem: inner}), "01 02", 2, 1, "s")
	check("struct in array", vmsd("dev", field("y", TypeUint8), Field{Name: "s", Type: TypeStruct, Array: true, Count: 1, Elem: inner}), "01 02", 2, 1, "s[0]")
	check("element", vmsd("dev", field("y", TypeUint8), queueOf("q", inner)), "01 01 02 00", 2, 1, "q[0]")
	check("subsection", nested, "07"+devB+"09", 2, 1, "dev/b")
	check("subsection of a subsection", nested, "07"+devA+"09"+devAN+"0a", 3, 13, "dev/a/dev/a/n")
	check("node in node", nodeSchema(), "01 01 02 01 03 00 00 00", 3, 3, "children[0]/children[0]")

	// An empty queue opens nothing.
	_, err := Decode(vmsd("dev", queueOf("q", inner)), []byte{0}, 1, Options{Limits: rules.Limits{Depth: 1}})
	noError(t, err)
}

func TestLimitDepthDefault(t *testing.T) {
	// n nested nodes: n ids, n-1 markers before them, n terminators.
	stream := func(n int) []byte {
		b := []byte{9}
		for range n - 1 {
			b = append(b, 1, 9)
		}
		return append(b, make([]byte, n)...)
	}
	got, err := Decode(nodeSchema(), stream(1024), 1, Options{All: true})
	noError(t, err)
	saved, err := Encode(nodeSchema(), got.Value, 1)
	noError(t, err)
	equal(t, stream(1024), saved)
	// The 1025th node's marker stands after 1024 ids and 1023 markers.
	path := strings.Repeat("children[0]/", 1023) + "children[0]"
	refused(t, nodeSchema(), stream(1025), Options{}, verdict{rules.Limit, 1024 + 1023, path, rules.Bounded})
}

func TestLimitPrecedence(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	queue := vmsd("dev", field("n", TypeUint8), Field{Name: "a", Type: TypeStruct, Array: true, CountFrom: "n", Elem: inner}, queueOf("q", inner))
	one := rules.Limits{Elements: 1, Depth: 1}
	t.Run("element: elements before depth", func(t *testing.T) {
		// with both exceeded, only the detail could tell; with elements left it is the depth
		refused(t, queue, wire(t, "00 01 07 00"), Options{Limits: one}, verdict{rules.Limit, 1, "q[0]", rules.Bounded})
	})
	t.Run("marker absent: truncated before elements", func(t *testing.T) {
		refused(t, queue, wire(t, "01 07"), Options{Limits: rules.Limits{Elements: 1}}, verdict{rules.Truncated, 2, "q[0]", rules.QueueTerminator})
	})
	t.Run("terminator needs no element", func(t *testing.T) {
		_, err := Decode(queue, wire(t, "01 07 00"), 1, Options{Limits: rules.Limits{Elements: 1}})
		noError(t, err)
	})
	t.Run("marker: bytes before truncated", func(t *testing.T) {
		refused(t, queue, wire(t, "00"), Options{Limits: rules.Limits{Bytes: 1}}, verdict{rules.Limit, 1, "q[0]", rules.Bounded})
	})
	t.Run("count before elements", func(t *testing.T) {
		s := vmsd("dev", field("n", TypeInt8), Field{Name: "a", Type: TypeStruct, Array: true, CountFrom: "n", Elem: inner})
		refused(t, s, wire(t, "ff"), Options{Limits: one}, verdict{rules.OutOfRange, 1, "a", rules.CountRange})
	})
	t.Run("array of queues: elements before version", func(t *testing.T) {
		s := vmsd("dev", Field{Name: "qs", Type: TypeQueue, Array: true, Count: 2, Version: 0, Elem: inner})
		refused(t, s, nil, Options{Limits: one}, verdict{rules.VersionTooOld, 0, "qs[0]", rules.QueueVersion})
	})
	t.Run("subsection: depth before its version", func(t *testing.T) {
		refused(t, deviceSchema(), wire(t, "07 05 05 6465762f62"), Options{Limits: one}, verdict{rules.Limit, 1, "dev/b", rules.Bounded})
	})
	t.Run("subsection: depth before its name", func(t *testing.T) {
		refused(t, deviceSchema(), wire(t, "07 05 05 6465762f7a"), Options{Limits: one}, verdict{rules.Limit, 1, "dev/z", rules.Bounded})
	})
}

func TestLimitsOfTrees(t *testing.T) {
	s := directSchema()
	two := "07 00000002 01 0000000000000001 08 01 0000000000000002 09 00"
	elements := func(n int) rules.Limits { return rules.Limits{Elements: n} }
	depth := func(n int) rules.Limits { return rules.Limits{Depth: n} }
	atLimit(t, s, two, elements(2), elements(1), 15, "t[1]")
	// A direct key opens nothing; its value is judged behind it.
	atLimit(t, s, two, depth(2), depth(1), 14, "t[0]")
	// A key is judged at the marker.
	atLimit(t, keyedSchema(), "00000001 01 (0001 00 aabb 05) 01 00", depth(2), depth(1), 4, "t[0]")
	atLimit(t, iommuSchema, iommu7, depth(3), depth(2), 4+4+9+4+4, "domains[0]/mappings[0]")
	atLimit(t, iommuSchema, iommu7, elements(5), elements(4), int64(len(wire(t, iommu7)))-1-1-(1+16+12), "domains[1]/mappings[1]")
	// Elements before the count, the count before the depth.
	refused(t, s, wire(t, "07 00000000 01"), Options{Limits: rules.Limits{Elements: 1}}, verdict{rules.CountMismatch, 5, "t[0]", rules.TreeCount})
	refused(t, s, wire(t, two[:len(two)-2]+"01"), Options{Limits: elements(2)}, verdict{rules.Limit, 25, "t[2]", rules.Bounded})
	refused(t, keyedSchema(), wire(t, "00000000 01"), Options{Limits: depth(1)}, verdict{rules.CountMismatch, 4, "t[0]", rules.TreeCount})
	// Bytes, then truncated, at the marker and at the count.
	refused(t, s, wire(t, "07 00000000"), Options{Limits: rules.Limits{Bytes: 5}}, verdict{rules.Limit, 5, "t[0]", rules.Bounded})
	refused(t, s, wire(t, "07 0000"), Options{Limits: rules.Limits{Bytes: 4}}, verdict{rules.Limit, 1, "t", rules.Bounded})
	refused(t, s, wire(t, "07 ffffffff"), Options{Limits: rules.Limits{Bytes: 4}}, verdict{rules.Limit, 1, "t", rules.Bounded})
	// Trees of an array count, with their pairs.
	s.Fields[1].Array, s.Fields[1].Count = true, 2
	atLimit(t, s, "07 00000001 01 0000000000000001 08 00 00000000 00", elements(3), elements(2), 16, "t[1]")
}

func TestLimitsOfPointers(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	structs := Field{Name: "p", Type: TypeStruct, Elem: inner}
	elements := func(n int) rules.Limits { return rules.Limits{Elements: n} }
	depth := func(n int) rules.Limits { return rules.Limits{Depth: n} }
	// NULL counts, at the position reached.
	atLimit(t, vmsd("s", pointers(structs, 3, 0, 2)), "30 07 30", elements(3), elements(2), 2, "p[2]")
	atLimit(t, vmsd("s", marked(structs, 3)), "30 31 07 30", elements(3), elements(2), 3, "p[2]")
	atLimit(t, vmsd("s", marked(structs, 1)), "31 07", depth(2), depth(1), 1, "p[0]")
	atLimit(t, vmsd("s", pointers(structs, 2, 0)), "30 07", depth(2), depth(1), 1, "p[1]")
	atLimit(t, vmsd("s", marked(listOf("p", inner), 1)), "31 01 07 00", elements(2), elements(1), 1, "p[0][0]")
	// Elements, then 30 or 31, then depth.
	refused(t, vmsd("s", marked(structs, 2)), wire(t, "30 32"), Options{Limits: elements(1)}, verdict{rules.Limit, 1, "p[1]", rules.Bounded})
	refused(t, vmsd("s", marked(structs, 2)), wire(t, "32"), Options{Limits: depth(1)}, verdict{rules.Mismatch, 0, "p[0]", rules.NullMarker})
	// An element that took its 31 alone took a byte; one of nothing counts 1024.
	empty := Field{Name: "p", Type: TypeStruct, Elem: vmsd("empty")}
	atLimit(t, vmsd("s", marked(empty, 3)), "31 31 30", elements(3), elements(2), 2, "p[2]")
	atLimit(t, vmsd("s", pointers(empty, 3, 0)), "30", elements(1026), elements(1025), 1, "p[2]")
	vstructs := Field{Name: "v", Type: TypeVStruct, StructVersion: 1, Elem: vmsd("empty"), Array: true, Count: 2}
	atLimit(t, vmsd("s", vstructs), "", elements(1025), elements(1024), 0, "v[1]")
	// Integers do not count.
	_, err := Decode(vmsd("s", marked(field("p", TypeUint8), 3), queueOf("q", inner)), wire(t, "30 30 30 01 07 00"), 1, Options{Limits: elements(1)})
	noError(t, err)
}

func TestLimitsOfStructs(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	depth := func(n int) rules.Limits { return rules.Limits{Depth: n} }
	atLimit(t, vmsd("s", field("a", TypeUint8), Field{Name: "v", Type: TypeVStruct, StructVersion: 1, Elem: inner}), "07 08", depth(2), depth(1), 1, "v")
	atLimit(t, vmsd("s", field("a", TypeUint8), Field{Name: "tmp", Type: TypeTmp, Version: 1, Elem: inner}), "07 08", depth(2), depth(1), 1, "tmp")
	atLimit(t, vmsd("s", field("a", TypeUint8), listOf("l", inner)), "07 01 08 00", depth(2), depth(1), 1, "l[0]")
	atLimit(t, vmsd("s", listOf("l", inner)), "01 07 01 08 00", rules.Limits{Elements: 2}, rules.Limits{Elements: 1}, 2, "l[1]")
}

// The paths of 12 + 1000 notes, of 254 + 2 bytes and a number's digits, are
// 10·257 + 90·258 + 900·259 + 12·260 = 262,010 bytes: 134 are left.
func TestLimitOfNotes(t *testing.T) {
	for _, c := range []struct{ name, kept int }{{133, 1012 + 2}, {134, 1012 + 1}, {135, 1012}} {
		s := vmsd("dev",
			Field{Name: strings.Repeat("a", 254), Type: TypeBool, Array: true, Count: 1012},
			field(strings.Repeat("n", c.name), TypeBool),
			field("x", TypeBool), // would have room where the one before had none
			field("y", TypeBool),
		)
		noError(t, s.Check())
		got, err := Decode(s, bytes.Repeat([]byte{2}, 1012+3), 1, Options{All: true})
		noError(t, err)
		equal(t, c.kept, len(got.Notes))
	}
}
