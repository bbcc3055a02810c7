package model

import (
	"strings"
	"testing"

	"vmconform/rules"
)

func TestCheckAccepts(t *testing.T) {
	shared := vmsd("shared", field("x", TypeUint8))
	long := strings.Repeat("n", 255)
	viaStruct := vmsd("outer")
	viaStruct.Fields = []Field{{Name: "s", Type: TypeStruct, Elem: vmsd("middle", queueOf("q", viaStruct))}}
	unrelated := vmsd("dev")
	unrelated.Subsections = []*Schema{vmsd("other"), vmsd("dev")}
	for name, s := range map[string]*Schema{
		"no fields":                  {Name: "e"},
		"names of 255 bytes":         vmsd(long, field(long, TypeBool)),
		"one schema twice":           vmsd("s", Field{Name: "a", Type: TypeStruct, Elem: shared}, Field{Name: "b", Type: TypeStruct, Elem: shared}, queueOf("c", shared)),
		"recursive queue":            nodeSchema(),
		"recursive through a struct": viaStruct,
		"any subsection name":        unrelated,
		"every type":                 everySchema(),
		"same names in other vmsds":  vmsd("s", field("x", TypeBool), Field{Name: "y", Type: TypeStruct, Elem: shared}),
		"counts of zero": vmsd("s", Field{Name: "a", Type: TypeUint8, Array: true},
			Field{Name: "b", Type: TypeBuffer}, Field{Name: "c", Type: TypeUnused}),
		"largest count": vmsd("s", Field{Name: "a", Type: TypeUint8, Array: true, Count: rules.MaxCount}),
	} {
		t.Run(name, func(t *testing.T) { noError(t, s.Check()) })
	}
}

func TestCheckRefuses(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	self := vmsd("self")
	self.Fields = []Field{{Name: "s", Type: TypeStruct, Elem: self}}
	loop := vmsd("loop")
	loop.Fields = []Field{{Name: "s", Type: TypeStruct, Array: true, Elem: vmsd("other", Field{Name: "t", Type: TypeStruct, Elem: loop})}}
	inSub := vmsd("insub")
	inSub.Subsections = []*Schema{vmsd("insub/s", Field{Name: "t", Type: TypeStruct, Elem: inSub})}
	sub := func(subs ...*Schema) *Schema { s := vmsd("dev"); s.Subsections = subs; return s }
	n := field("n", TypeUint8)

	cases := []struct {
		name   string
		schema *Schema
		says   string
	}{
		{"nil", nil, "no schema"},
		{"no name", vmsd(""), "a name of 0 bytes"},
		{"name of 256 bytes", vmsd(strings.Repeat("n", 256)), "a name of 256 bytes"},
		{"minimum above version", &Schema{Name: "s", Version: 1, Minimum: 2}, "minimum version 2"},
		{"field without name", vmsd("s", n, field("", TypeBool)), "field 1: a name of 0 bytes"},
		{"field name of 256 bytes", vmsd("s", field(strings.Repeat("n", 256), TypeBool)), "field 0: a name of 256 bytes"},
		{"two fields of one name", vmsd("s", n, n), `"n": two fields`},
		{"no type", vmsd("s", field("x", 0)), `"x": type(0)`},
		{"unknown type", vmsd("s", field("x", TypeValidate+1)), `"x": type(29)`},
		{"array of buffer", vmsd("s", Field{Name: "x", Type: TypeBuffer, Size: 1, Array: true, Count: 1}), `"x": an array of buffer`},
		{"array of unused", vmsd("s", Field{Name: "x", Type: TypeUnused, Size: 1, Array: true, Count: 1}), `"x": an array of unused`},
		{"size of an integer", vmsd("s", Field{Name: "x", Type: TypeUint8, Size: 1}), `"x": size 1`},
		{"two sizes", vmsd("s", n, Field{Name: "x", Type: TypeBuffer, Size: 1, SizeFrom: "n"}), `"x": size 1`},
		{"unused sized from the state", vmsd("s", n, Field{Name: "x", Type: TypeUnused, SizeFrom: "n"}), `"x": unused with a size`},
		{"count without array", vmsd("s", Field{Name: "x", Type: TypeUint8, Count: 1}), `"x": a count`},
		{"count from without array", vmsd("s", n, Field{Name: "x", Type: TypeUint8, CountFrom: "n"}), `"x": a count`},
		{"two counts", vmsd("s", n, Field{Name: "x", Type: TypeUint8, Array: true, Count: 1, CountFrom: "n"}), `"x": two counts`},
		{"negative size", vmsd("s", Field{Name: "x", Type: TypeBuffer, Size: -1}), `"x": size or count -1`},
		{"negative count", vmsd("s", Field{Name: "x", Type: TypeUint8, Array: true, Count: -1}), `"x": size or count -1`},
		{"struct without element", vmsd("s", field("x", TypeStruct)), `"x": struct without`},
		{"queue without element", vmsd("s", field("x", TypeQueue)), `"x": queue without`},
		{"integer with element", vmsd("s", Field{Name: "x", Type: TypeUint8, Elem: inner}), `"x": uint8 with an element`},
		{"size from nowhere", vmsd("s", Field{Name: "x", Type: TypeBuffer, SizeFrom: "n"}), `"n" is no earlier`},
		{"size from a later field", vmsd("s", Field{Name: "x", Type: TypeBuffer, SizeFrom: "n"}, n), `"n" is no earlier`},
		{"size from itself", vmsd("s", Field{Name: "x", Type: TypeUint8, Array: true, CountFrom: "x"}), `"x" is no earlier`},
		{"count from a bool", vmsd("s", field("n", TypeBool), Field{Name: "x", Type: TypeUint8, Array: true, CountFrom: "n"}), `"n" is no earlier`},
		{"count from an array", vmsd("s", Field{Name: "n", Type: TypeUint8, Array: true, Count: 1}, Field{Name: "x", Type: TypeUint8, Array: true, CountFrom: "n"}), `"n" is no earlier`},
		{"count from another vmsd", vmsd("s", Field{Name: "i", Type: TypeStruct, Elem: inner}, Field{Name: "y", Type: TypeUint8, Array: true, CountFrom: "x"}), `"y": "x" is no earlier`},
		{"struct in itself", self, `"s": the vmsd contains itself`},
		{"struct in itself by way of another", loop, `"s/t": the vmsd contains itself`},
		{"struct in itself by way of a subsection", inSub, `"insub/s/t": the vmsd contains itself`},
		{"subsection missing", sub(nil), "subsection 0: no schema"},
		{"subsection without name", sub(vmsd("")), "subsection 0: a name of 0 bytes"},
		{"two subsections of one name", sub(vmsd("dev/a"), vmsd("dev/a")), `"dev/a": two subsections`},
		{"fault in a subsection", sub(vmsd("dev/a", field("x", 0))), `"dev/a/x": type(0)`},
		{"fault in a struct", vmsd("s", Field{Name: "i", Type: TypeStruct, Elem: vmsd("t", field("x", 0))}), `"i/x": type(0)`},
		{"fault in a queue in a queue", vmsd("s", queueOf("q", vmsd("t", queueOf("r", vmsd("u", field("x", 0)))))), `"q/r/x": type(0)`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := c.schema.Check()
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("want one line with %q, got %v", c.says, err)
			}
		})
	}
}
