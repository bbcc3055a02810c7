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

func TestCheckFieldAccepts(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	hooked := vmsd("hooked", field("b", TypeBool), field("n", TypeInt32LE))
	hooked.Hooks = Hooks{&Condition{Field: "b", Op: "==", Value: 1}, &Condition{Field: "n", Op: "<", Other: "b"}, nil, &Condition{Field: "n", Op: ">="}}
	viaTree, viaList, viaElems := vmsd("outer"), vmsd("outer"), vmsd("outer")
	viaTree.Fields = []Field{{Name: "t", Type: TypeTree, Elem: viaTree}}
	viaList.Fields = []Field{{Name: "s", Type: TypeVStruct, Elem: vmsd("middle", listOf("l", viaList))}}
	viaElems.Fields = []Field{{Name: "q", Type: TypeQueue, Elem: inner, Elems: []*Schema{inner, viaElems}}}
	plain := vmsd("plain", field("b", TypeBool), field("i", TypeInt8), Field{Name: "raw", Type: TypeBuffer, Size: 2}, Field{Name: "ar", Type: TypeUint64, Array: true, Count: 2})
	tmp := vmsd("tmp", append([]Field{field("t", TypeTimer), {Name: "d", Type: TypeCPUDouble, Array: true, Count: 1}, {Name: "must", Type: TypeUint8, Must: true, Local: 1}}, plain.Fields...)...)
	n := field("n", TypeUint8)
	for name, s := range map[string]*Schema{
		"hooks":                     hooked,
		"recursive tree":            viaTree,
		"recursive list":            viaList,
		"recursive element":         viaElems,
		"key":                       vmsd("s", Field{Name: "t", Type: TypeTree, Key: plain, Elem: plain}),
		"tmp":                       vmsd("s", Field{Name: "t", Type: TypeTmp, Elem: tmp}),
		"vstruct outside its range": vmsd("s", Field{Name: "v", Type: TypeVStruct, StructVersion: 99, Elem: inner}),
		"validate":                  vmsd("s", n, Field{Name: "v", Type: TypeValidate, When: &Condition{Field: "n", Op: "!="}}),
		"condition on a later one":  vmsd("s", Field{Name: "x", Type: TypeUint8, When: &Condition{Field: "n", Op: "=="}}, n),
		"must without condition":    vmsd("s", Field{Name: "x", Type: TypeUint8, Must: true}),
		"counted by an equal":       vmsd("s", field("n", TypeUint64Equal), Field{Name: "x", Type: TypeBitmap, SizeFrom: "n"}),
		"counted by an int32 le":    vmsd("s", field("n", TypeInt32LE), Field{Name: "x", Type: TypeTree, Array: true, CountFrom: "n", Elem: inner}),
		"smallest local":            vmsd("s", Field{Name: "x", Type: TypeInt8, Local: -128}, Field{Name: "y", Type: TypeInt32Equal, Local: -1 << 31}),
		"largest local":             vmsd("s", Field{Name: "x", Type: TypeUint32Equal, Local: 1<<32 - 1}, Field{Name: "y", Type: TypeInt16, Local: 32767, Array: true, Count: 1}),
		"room for the local":        vmsd("s", Field{Name: "n", Type: TypeUint8, Local: 3}, Field{Name: "x", Type: TypeBuffer, SizeFrom: "n", Times: 2, Room: 6}),
		"largest room":              vmsd("s", n, Field{Name: "x", Type: TypeNull, Array: true, CountFrom: "n", Times: rules.MaxCount, Room: rules.MaxCount}),
		"pointers":                  vmsd("s", pointers(listOf("x", inner), 4, 0, 3), pointers(field("none", TypeInt32LE), 0)),
		"marked":                    vmsd("s", marked(Field{Name: "x", Type: TypeTree, Elem: inner}, 4)),
		"pointers with room":        vmsd("s", n, Field{Name: "x", Type: TypeCPUDouble, Array: true, CountFrom: "n", Room: 3, Pointers: true, Null: []int{2}}),
		"arrays of trees":           vmsd("s", n, Field{Name: "x", Type: TypeTree, Array: true, CountFrom: "n", Elem: inner}),
		"array of vstructs":         vmsd("s", Field{Name: "x", Type: TypeVStruct, Array: true, Count: 3, Elem: inner}),
	} {
		t.Run(name, func(t *testing.T) { noError(t, s.Check()) })
	}
}

func TestCheckFieldRefuses(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	one := func(f Field) []Field { f.Name = "x"; return []Field{f} }
	counted := func(n, f Field) []Field { n.Name, f.Name = "n", "x"; return []Field{n, f} }
	u8 := Field{Type: TypeUint8}
	when := func(c Condition) []Field { return counted(u8, Field{Type: TypeUint8, When: &c}) }
	array := func(f Field) Field { f.Array, f.CountFrom = true, "n"; return f }
	buffer := func(room, times int) Field { return Field{Type: TypeBuffer, SizeFrom: "n", Room: room, Times: times} }
	key := func(f Field) []Field {
		f.Name = "k"
		return one(Field{Type: TypeTree, Elem: inner, Key: vmsd("key", f)})
	}
	tmp := func(f Field) []Field { f.Name = "k"; return one(Field{Type: TypeTmp, Elem: vmsd("tmp", f)}) }
	hooked, parent := vmsd("hooked", field("b", TypeBool)), vmsd("parent")
	hooked.Hooks.PostLoad = &Condition{Field: "b", Op: "=="}
	parent.Subsections = []*Schema{inner}
	self := vmsd("self")
	self.Fields = []Field{{Name: "v", Type: TypeVStruct, Elem: self}}

	cases := []struct {
		name   string
		fields []Field
		says   string
	}{
		{"array of bitmap", one(Field{Type: TypeBitmap, Array: true, Count: 1}), `an array of bitmap`},
		{"array of tmp", one(Field{Type: TypeTmp, Array: true, Count: 1, Elem: inner}), `an array of tmp`},
		{"array of validate", one(Field{Type: TypeValidate, Array: true, Count: 1}), `an array of validate`},
		{"list without element", one(Field{Type: TypeList}), "list without an element"},
		{"tree without value", one(Field{Type: TypeTree, Key: inner}), "tree without an element"},
		{"vstruct without struct", one(Field{Type: TypeVStruct}), "vstruct without"},
		{"tmp without struct", one(Field{Type: TypeTmp}), "tmp without"},
		{"timer with element", one(Field{Type: TypeTimer, Elem: inner}), "timer with an element"},
		{"struct with elements", one(Field{Type: TypeStruct, Elem: inner, Elems: []*Schema{inner}}), "struct with elements that differ"},
		{"tree with elements", one(Field{Type: TypeTree, Elem: inner, Elems: []*Schema{inner}}), "tree with elements that differ"},
		{"element missing", one(Field{Type: TypeList, Elem: inner, Elems: []*Schema{inner, nil}}), "list without one of its elements"},
		{"elements only", one(Field{Type: TypeList, Elems: []*Schema{inner}}), "list without an element"},
		{"fault in an element", one(Field{Type: TypeList, Elem: inner, Elems: []*Schema{inner, vmsd("t", field("y", 0))}}), `"x/y": type(0)`},
		{"fault in a value", one(Field{Type: TypeTree, Elem: vmsd("t", field("y", 0))}), `"x/y": type(0)`},
		{"queue with a key", one(Field{Type: TypeQueue, Elem: inner, Key: inner}), "queue with a key"},
		{"struct with a version", one(Field{Type: TypeStruct, Elem: inner, StructVersion: 1}), "struct with a version"},
		{"vstruct in itself", self.Fields, "contains itself"},

		{"size of a timer", one(Field{Type: TypeTimer, Size: 8}), "size 8"},
		{"two sizes of a bitmap", counted(u8, Field{Type: TypeBitmap, Size: 8, SizeFrom: "n"}), "size 8"},
		{"negative bits", one(Field{Type: TypeBitmap, Size: -1}), "size or count -1"},
		{"size of a bitmap from nowhere", one(Field{Type: TypeBitmap, SizeFrom: "n"}), `"n" is no earlier`},
		{"count from a timer", counted(Field{Type: TypeTimer}, array(u8)), `"n" is no earlier`},
		{"count from a CPU_Double_U", counted(Field{Type: TypeCPUDouble}, array(u8)), `"n" is no earlier`},
		{"size from a buffer", counted(Field{Type: TypeBuffer}, buffer(0, 0)), `"n" is no earlier`},
		{"counted equal", counted(u8, array(Field{Type: TypeUint8Equal})), "array of uint8 equal whose count"},
		{"counted int32 le", counted(u8, array(Field{Type: TypeInt32LE})), "array of int32 le whose count"},

		{"times without from", one(Field{Type: TypeBuffer, Size: 2, Times: 2}), "a factor or room"},
		{"times of an integer", one(Field{Type: TypeUint8, Times: 2}), "a factor or room"},
		{"times of a fixed array", one(Field{Type: TypeUint8, Array: true, Count: 2, Times: 2}), "a factor or room"},
		{"times of a bitmap", counted(u8, Field{Type: TypeBitmap, SizeFrom: "n", Times: 2}), "a bitmap with a factor"},
		{"negative times", counted(u8, buffer(0, -1)), "size or count -1"},
		{"room without from", one(Field{Type: TypeUint8, Array: true, Count: 2, Room: 2}), "a factor or room"},
		{"negative room", counted(u8, buffer(-1, 0)), "size or count -1"},
		{"room for structs", counted(u8, array(Field{Type: TypeStruct, Elem: inner, Room: 2})), "room for struct"},
		{"room for queues", counted(u8, array(Field{Type: TypeQueue, Elem: inner, Room: 2})), "room for queue"},
		{"room and a condition", counted(u8, Field{Type: TypeBuffer, SizeFrom: "n", Room: 2, When: &Condition{Field: "n", Op: "=="}}), "on the wire together"},
		{"room, condition of the count", counted(Field{Type: TypeUint8, When: &Condition{Field: "n", Op: "=="}}, buffer(2, 0)), "on the wire together"},
		{"room, count that must exist", counted(Field{Type: TypeUint8, Must: true}, buffer(2, 0)), "on the wire together"},
		{"room, another version", counted(Field{Type: TypeUint8, Version: 1}, buffer(2, 0)), "on the wire together"},
		{"room below local", counted(Field{Type: TypeUint8, Local: 3}, buffer(2, 0)), "no room"},
		{"room below local times", counted(Field{Type: TypeUint8, Local: 3}, buffer(8, 3)), "no room"},
		{"room and a negative local", counted(Field{Type: TypeInt8, Local: -1}, buffer(2, 0)), "no room"},
		{"room below a large local", counted(Field{Type: TypeUint64, Local: -1}, buffer(rules.MaxCount, rules.MaxCount)), "no room"},

		{"local of a buffer", one(Field{Type: TypeBuffer, Size: 1, Local: 1}), "1 in memory"},
		{"local of a struct", one(Field{Type: TypeStruct, Elem: inner, Local: 1}), "1 in memory"},
		{"local of a NULL", one(Field{Type: TypeNull, Local: 1}), "1 in memory"},
		{"local of a counted array", counted(u8, array(Field{Type: TypeUint8, Local: 1})), "1 in memory"},
		{"local bool 2", one(Field{Type: TypeBool, Local: 2}), "2 in memory is no bool"},
		{"local bool -1", one(Field{Type: TypeBool, Local: -1}), "-1 in memory is no bool"},
		{"local uint8 256", one(Field{Type: TypeUint8, Local: 256}), "256 in memory is no uint8"},
		{"local uint8 -1", one(Field{Type: TypeUint8Equal, Local: -1}), "-1 in memory is no uint8 equal"},
		{"local int8 128", one(Field{Type: TypeInt8, Local: 128}), "128 in memory is no int8"},
		{"local int8 -129", one(Field{Type: TypeInt8, Local: -129}), "-129 in memory is no int8"},
		{"local int32 2^31", one(Field{Type: TypeInt32LE, Local: 1 << 31}), "is no int32 le"},
		{"local uint32 2^32", one(Field{Type: TypeUint32, Local: 1 << 32}), "is no uint32"},

		{"pointers, no array", one(Field{Type: TypeUint8, Pointers: true}), "pointers of uint8, no array"},
		{"pointers to NULL", one(pointers(Field{Type: TypeNull}, 1)), "pointers of null"},
		{"NULL without pointers", one(Field{Type: TypeUint8, Array: true, Count: 1, Null: []int{0}}), "where there are no pointers"},
		{"marked without pointers", one(Field{Type: TypeUint8, Array: true, Count: 1, Marked: true}), "where there are no pointers"},
		{"marked with NULL", one(Field{Type: TypeUint8, Array: true, Count: 1, Pointers: true, Marked: true, Null: []int{0}}), "marked pointers"},
		{"marked and counted", counted(u8, Field{Type: TypeUint8, Array: true, CountFrom: "n", Room: 2, Pointers: true, Marked: true}), "marked pointers"},
		{"pointers counted without room", counted(u8, Field{Type: TypeUint8, Array: true, CountFrom: "n", Pointers: true}), "pointers without room"},
		{"NULL outside", one(pointers(u8, 2, 2)), "NULL at 2"},
		{"NULL outside the room", counted(u8, Field{Type: TypeUint8, Array: true, CountFrom: "n", Room: 2, Pointers: true, Null: []int{2}}), "NULL at 2"},
		{"NULL before", one(pointers(u8, 2, -1)), "NULL at -1"},
		{"NULL twice", one(pointers(u8, 2, 1, 1)), "NULL at 1"},
		{"NULL out of order", one(pointers(u8, 2, 1, 0)), "NULL at 0"},

		{"validate without condition", one(Field{Type: TypeValidate}), "validate without a condition"},
		{"validate that must", counted(u8, Field{Type: TypeValidate, Must: true, When: &Condition{Field: "n", Op: "=="}}), "validate that must"},
		{"operator", when(Condition{Field: "n", Op: "="}), `condition with "="`},
		{"no operator", when(Condition{Field: "n"}), `condition with ""`},
		{"no member", when(Condition{Op: "=="}), `"" is no bool`},
		{"unknown member", when(Condition{Field: "m", Op: "=="}), `"m" is no bool`},
		{"unknown other", when(Condition{Field: "n", Op: "==", Other: "m"}), `"m" is no bool`},
		{"other and value", when(Condition{Field: "n", Op: "==", Other: "n", Value: 1}), "both a value"},
		{"condition on a timer", counted(Field{Type: TypeTimer}, Field{Type: TypeUint8, When: &Condition{Field: "n", Op: "=="}}), `"n" is no bool`},
		{"condition on a buffer", counted(Field{Type: TypeBuffer}, Field{Type: TypeUint8, When: &Condition{Field: "n", Op: "=="}}), `"n" is no bool`},
		{"condition on an array", counted(Field{Type: TypeUint8, Array: true}, Field{Type: TypeUint8, When: &Condition{Field: "x", Op: "==", Other: "n"}}), `"n" is no bool`},

		{"key with subsections", one(Field{Type: TypeTree, Elem: inner, Key: parent}), "a key with subsections"},
		{"key with hooks", one(Field{Type: TypeTree, Elem: inner, Key: hooked}), "a key with subsections or hooks"},
		{"key with a timer", key(Field{Type: TypeTimer}), `a key with such a field as "k"`},
		{"key with an equal", key(Field{Type: TypeUint8Equal}), "a key with such"},
		{"key with a struct", key(Field{Type: TypeStruct, Elem: inner}), "a key with such"},
		{"key with a NULL", key(Field{Type: TypeNull}), "a key with such"},
		{"key with unused", key(Field{Type: TypeUnused, Size: 1}), "a key with such"},
		{"key with a bitmap", key(Field{Type: TypeBitmap, Size: 1}), "a key with such"},
		{"key with local", key(Field{Type: TypeUint8, Local: 1}), "a key with such"},
		{"key with must", key(Field{Type: TypeUint8, Must: true}), "a key with such"},
		{"key with pointers", key(pointers(u8, 1)), "a key with such"},
		{"key with a condition", key(Field{Type: TypeUint8, When: &Condition{Field: "k", Op: "=="}}), "a key with such"},
		{"key with a counted buffer", key(Field{Type: TypeBuffer, SizeFrom: "k"}), "a key with such"},
		{"key with a counted array", key(Field{Type: TypeUint8, Array: true, CountFrom: "k"}), "a key with such"},
		{"key with an array of buffers", key(Field{Type: TypeBuffer, Array: true, Count: 1}), "an array of buffer"},
		{"key without a name", one(Field{Type: TypeTree, Elem: inner, Key: vmsd("")}), "a name of 0 bytes"},
		{"tmp with subsections", one(Field{Type: TypeTmp, Elem: parent}), "a tmp with subsections"},
		{"tmp with hooks", one(Field{Type: TypeTmp, Elem: hooked}), "a tmp with subsections or hooks"},
		{"tmp with a condition", tmp(Field{Type: TypeUint8, When: &Condition{Field: "k", Op: "=="}}), "a tmp with such"},
		{"tmp with pointers", tmp(pointers(u8, 1)), "a tmp with such"},
		{"tmp with an equal", tmp(Field{Type: TypeInt32Equal}), "a tmp with such"},
		{"tmp with a queue", tmp(Field{Type: TypeQueue, Elem: inner}), "a tmp with such"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := vmsd("s", c.fields...).Check()
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("want one line with %q, got %v", c.says, err)
			}
		})
	}
	for i := range 4 {
		s := vmsd("s", field("b", TypeBool))
		bad := &Condition{Field: "c", Op: "=="}
		*[]**Condition{&s.Hooks.PreLoad, &s.Hooks.PostLoad, &s.Hooks.PreSave, &s.Hooks.PostSave}[i] = bad
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), `hook: condition: "c" is no bool`) {
			t.Errorf("hook %d: %v", i, err)
		}
	}
}
