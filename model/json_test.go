package model

import (
	"strings"
	"testing"
)

const everyJSON = `{"bool":true,"i8":-1,"i16":-2,"i32":-3,"i64":"-4","u8":1,"u16":2,"u32":3,"u64":"9223372036854775808",` +
	`"buf":"+/8=","sized":"Bw==","null":null,"fixed":["5","-6"],"counted":[9],"nulls":[null,null],` +
	`"in":{"x":"10","<y>":true},"ins":[{"x":"11","<y>":true}],"q":[{"x":"12","<y>":true},{"x":"13","<y>":true}],` +
	`"qs":[[],[{"x":"14","<y>":true}]],"//slash":15,` +
	`"/subsections":{"every/a":{"x":16,"/subsections":{"every/a/n":{}}}}}`

func TestJSONValue(t *testing.T) {
	s := everySchema()
	b, err := MarshalValue(s, everyValue())
	noError(t, err)
	equal(t, everyJSON, string(b))
	v, err := UnmarshalValue(s, b)
	noError(t, err)
	equal(t, everyValue(), v)

	zero, err := MarshalValue(s, Zero(s))
	noError(t, err)
	v, err = UnmarshalValue(s, zero)
	noError(t, err)
	equal(t, Zero(s), v)
}

// A value that Encode is to refuse can be written down.
func TestJSONValueIsNotJudged(t *testing.T) {
	s := vmsd("s", field("n", TypeUint8), Field{Name: "b", Type: TypeBuffer, Size: 2}, Field{Name: "a", Type: TypeInt8, Array: true, Count: 3})
	want := value(Uint(256), Bytes{}, List{Int(-1000)})
	b, err := MarshalValue(s, want)
	noError(t, err)
	equal(t, `{"n":256,"b":"","a":[-1000]}`, string(b))
	got, err := UnmarshalValue(s, b)
	noError(t, err)
	equal(t, want, got)
}

func TestJSONValueReadsAnyOrder(t *testing.T) {
	s := vmsd("s", field("a", TypeUint8), field("b", TypeUint64))
	s.Subsections = []*Schema{vmsd("s/x"), vmsd("s/y")}
	got, err := UnmarshalValue(s, []byte(" { \"/subsections\" : { \"s/y\" : { } } ,\n\t\"b\" : \"1\", \"a\" : 2 } "))
	noError(t, err)
	equal(t, &Struct{Fields: []Value{Uint(2), Uint(1)}, Subs: []*Struct{nil, value()}}, got)
}

func TestJSONValueRefuses(t *testing.T) {
	inner := vmsd("in", field("x", TypeUint8))
	s := vmsd("s", field("a", TypeUint8))
	s.Subsections = []*Schema{inner}
	one := func(f Field) *Schema { f.Name = "a"; return vmsd("s", f) }
	u64, buf, boolean := Field{Type: TypeUint64}, Field{Type: TypeBuffer, Size: 1}, Field{Type: TypeBool}
	cases := []struct {
		name   string
		schema *Schema
		json   string
		says   string
	}{
		{"no JSON", s, `{"a":1`, "not one JSON document"},
		{"empty", s, ``, "not one JSON document"},
		{"two documents", s, `{"a":1}{"a":1}`, "not one JSON document"},
		{"not UTF-8", s, "{\"\xff\":1}", "not UTF-8"},
		{"no object", s, `[1]`, "an array is no object"},
		{"missing field", s, `{}`, `"a": missing`},
		{"unknown key", s, `{"a":1,"b":2}`, "no field"},
		{"key twice", s, `{"a":1,"a":1}`, `key "a" is there twice`},
		{"unknown subsection", s, `{"a":1,"/subsections":{"t":{}}}`, "no subsection"},
		{"subsections no object", s, `{"a":1,"/subsections":null}`, "null is no object"},
		{"fault in a subsection", s, `{"a":1,"/subsections":{"in":{"x":true}}}`, `"in/x": a bool is no uint8`},
		{"fraction", s, `{"a":1.5}`, "invalid syntax"},
		{"negative", s, `{"a":-1}`, "invalid syntax"},
		{"string for a small integer", s, `{"a":"1"}`, "a string is no uint8"},
		{"null for an integer", s, `{"a":null}`, "null is no uint8"},
		{"number for 64 bits", one(u64), `{"a":1}`, "a number is no uint64"},
		{"65 bits", one(u64), `{"a":"18446744073709551616"}`, "out of range"},
		{"no digits", one(u64), `{"a":"0x1"}`, "invalid syntax"},
		{"no base64", one(buf), `{"a":"!"}`, "illegal base64"},
		{"number for bytes", one(buf), `{"a":1}`, "a number is no buffer"},
		{"number for bool", one(boolean), `{"a":1}`, "a number is no bool"},
		{"0 for NULL", one(Field{Type: TypeNull}), `{"a":0}`, "a number is no null"},
		{"object for a queue", one(Field{Type: TypeQueue, Elem: inner}), `{"a":{}}`, "an object is no array"},
		{"fault in a queue", one(Field{Type: TypeQueue, Elem: inner}), `{"a":[{"x":1},{}]}`, `"a[1]/x": missing`},
		{"null in a queue", one(Field{Type: TypeQueue, Elem: inner}), `{"a":[null]}`, `"a[0]": null is no object`},
		{"one for an array", one(Field{Type: TypeUint8, Array: true}), `{"a":1}`, "a number is no array"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, err := UnmarshalValue(c.schema, []byte(c.json))
			if v != nil || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error with %q, got %v, %v", c.says, v, err)
			}
		})
	}
}

func TestJSONValueMarshalRefuses(t *testing.T) {
	inner := vmsd("in", field("x", TypeUint8))
	for name, c := range map[string]struct {
		field Field
		x     Value
		says  string
	}{
		"kind":          {field("a", TypeUint8), Int(1), `"a": model.Int is no uint8`},
		"nothing":       {field("a", TypeBool), nil, `"a": <nil> is no bool`},
		"no list":       {Field{Name: "a", Type: TypeUint8, Array: true}, Uint(1), "model.Uint is no list"},
		"queue element": {queueOf("a", inner), List{value(Uint(1)), nil}, `"a[1]": value has not the shape of "in"`},
		"not UTF-8":     {field("\xff", TypeBool), Bool(true), "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := MarshalValue(vmsd("s", c.field), value(c.x))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error with %q, got %v", c.says, err)
			}
		})
	}
}

func TestJSONSchema(t *testing.T) {
	s := vmsd("dev",
		Field{Name: "n", Type: TypeUint8, Version: 2, Info: "uint8 equal"},
		Field{Name: "raw", Type: TypeBuffer}, Field{Name: "gap", Type: TypeUnused, Size: 3},
		Field{Name: "log", Type: TypeBuffer, SizeFrom: "n"},
		Field{Name: "none", Type: TypeBool, Array: true}, Field{Name: "some", Type: TypeInt64, Array: true, CountFrom: "n"},
		queueOf("q", vmsd("e<>", field("x", TypeNull))))
	s.Subsections = []*Schema{vmsd("dev/s")}
	b, err := MarshalSchema(s)
	noError(t, err)
	equal(t, `{"schema":{"name":"dev","version":1,"minimum":1,"fields":[`+
		`{"name":"n","type":"uint8","version":2,"info":"uint8 equal"},`+
		`{"name":"raw","type":"buffer","version":0,"size":0},`+
		`{"name":"gap","type":"unused","version":0,"size":3},`+
		`{"name":"log","type":"buffer","version":0,"size_from":"n"},`+
		`{"name":"none","type":"bool","version":0,"count":0},`+
		`{"name":"some","type":"int64","version":0,"count_from":"n"},`+
		`{"name":"q","type":"queue","version":1,"elem":{"name":"e<>","version":1,"minimum":1,"fields":[{"name":"x","type":"null","version":0}]}}],`+
		`"subsections":[{"name":"dev/s","version":1,"minimum":1,"fields":[]}]}}`, string(b))
	got, err := UnmarshalSchema(b)
	noError(t, err)
	equal(t, s, got)

	// inner is shared by four fields and stands in defs.
	b, err = MarshalSchema(everySchema())
	noError(t, err)
	equal(t, 1, strings.Count(string(b), `"name":"inner"`))
	got, err = UnmarshalSchema(b)
	noError(t, err)
	equal(t, everySchema(), got)
	equal(t, true, got.Fields[16].Elem == got.Fields[18].Elem)
}

func TestJSONSchemaRecursive(t *testing.T) {
	b, err := MarshalSchema(nodeSchema())
	noError(t, err)
	equal(t, `{"schema":"node","defs":{"node":{"name":"node","version":1,"minimum":1,"fields":[`+
		`{"name":"id","type":"uint8","version":0},{"name":"children","type":"queue","version":1,"elem":"node"}]}}}`, string(b))
	got, err := UnmarshalSchema(b)
	noError(t, err)
	equal(t, true, got.Fields[1].Elem == got)
	equal(t, nodeSchema().Fields[0], got.Fields[0])

	// Two recursive schemas of one name.
	two := vmsd("node", queueOf("a", nodeSchema()), queueOf("b", nodeSchema()))
	b, err = MarshalSchema(two)
	noError(t, err)
	got, err = UnmarshalSchema(b)
	noError(t, err)
	again, err := MarshalSchema(got)
	noError(t, err)
	equal(t, string(b), string(again))
	equal(t, true, strings.Contains(string(b), `"node#2":{"name":"node"`))
	equal(t, false, got.Fields[0].Elem == got.Fields[1].Elem)
}

func TestJSONSchemaRefuses(t *testing.T) {
	field := func(f string) string {
		return `{"schema":{"name":"s","version":1,"minimum":1,"fields":[{"name":"n","type":"uint8","version":0},` + f + `]}}`
	}
	cases := []struct{ name, json, says string }{
		{"no JSON", `{`, "not one JSON document"},
		{"no object", `[]`, "cannot unmarshal"},
		{"no schema", `{}`, "not in defs"},
		{"schema null", `{"schema":null}`, "not in defs"},
		{"unknown ref", `{"schema":"x"}`, `"x" is not in defs`},
		{"def null", `{"schema":"x","defs":{"x":null}}`, `"x" is not in defs`},
		{"unknown key", `{"schema":{"name":"s","versoin":1}}`, "unknown field"},
		{"unknown key in the document", `{"schema":{"name":"s"},"def":{}}`, "unknown field"},
		{"unknown key in a field", field(`{"name":"x","type":"bool","sise":1}`), "unknown field"},
		{"key twice", `{"schema":{"name":"s","name":"t"}}`, `key "name" is there twice`},
		{"version of 33 bits", `{"schema":{"name":"s","version":4294967296}}`, "cannot unmarshal"},
		{"unknown type", field(`{"name":"x","type":"float"}`), `field "x": "float" is no type`},
		{"no type", field(`{"name":"x"}`), `"" is no type`},
		{"no size", field(`{"name":"x","type":"buffer"}`), "a size is missing"},
		{"no size of unused", field(`{"name":"x","type":"unused"}`), "a size is missing"},
		{"two sizes", field(`{"name":"x","type":"buffer","size":0,"size_from":"n"}`), "given twice"},
		{"two counts", field(`{"name":"x","type":"bool","count":0,"count_from":"n"}`), "given twice"},
		{"Check refuses", field(`{"name":"n","type":"bool"}`), "two fields"},
		{"Check refuses recursion", `{"schema":"s","defs":{"s":{"name":"s","fields":[{"name":"x","type":"struct","elem":"s"}]}}}`, "contains itself"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s, err := UnmarshalSchema([]byte(c.json))
			if s != nil || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error with %q, got %v, %v", c.says, s, err)
			}
		})
	}
	for _, s := range []*Schema{vmsd(""), vmsd("\xff"), vmsd("s", queueOf("q", vmsd("e", Field{Name: "\xff", Type: TypeBool})))} {
		if _, err := MarshalSchema(s); err == nil {
			t.Errorf("%+v is to be refused", s)
		}
	}
}

func TestJSONSchemaOfMemory(t *testing.T) {
	e := vmsd("e")
	s := vmsd("dev",
		Field{Name: "n", Type: TypeUint8, Local: 2, Must: true},
		Field{Name: "when", Type: TypeInt32LE, When: &Condition{Field: "n", Op: "<", Value: -1 << 63}},
		Field{Name: "other", Type: TypeUint64Equal, Local: -1, When: &Condition{Field: "n", Op: "==", Other: "when"}},
		Field{Name: "ok", Type: TypeValidate, When: &Condition{Field: "n", Op: "!="}},
		Field{Name: "bits", Type: TypeBitmap, Size: 9}, Field{Name: "some", Type: TypeBitmap, SizeFrom: "when"},
		Field{Name: "raw", Type: TypeBuffer, SizeFrom: "n", Times: 3},
		Field{Name: "room", Type: TypeTimer, Array: true, CountFrom: "when", Room: 7, Pointers: true, Null: []int{0, 6}, When: nil},
		marked(field("marked", TypeCPUDouble), 1),
		Field{Name: "v", Type: TypeVStruct, StructVersion: 4, Elem: vmsd("v")},
		Field{Name: "t", Type: TypeTree, Key: vmsd("k"), Elem: e},
		Field{Name: "l", Type: TypeList, Elem: vmsd("l"), Elems: []*Schema{e, vmsd("m")}})
	s.Fields[7].CountFrom = "n"
	s.Fields[0].Must = false
	s.Fields[1].Must = true
	s.Hooks = Hooks{PreLoad: &Condition{Field: "n", Op: ">", Value: 0}, PostSave: &Condition{Field: "n", Op: ">=", Other: "n"}}
	b, err := MarshalSchema(s)
	noError(t, err)
	equal(t, `{"schema":{"name":"dev","version":1,"minimum":1,`+
		`"hooks":{"pre_load":{"field":"n","op":">","value":"0"},"post_save":{"field":"n","op":">=","other":"n"}},"fields":[`+
		`{"name":"n","type":"uint8","version":0,"local":"2"},`+
		`{"name":"when","type":"int32 le","version":0,"when":{"field":"n","op":"<","value":"-9223372036854775808"},"must":true},`+
		`{"name":"other","type":"uint64 equal","version":0,"when":{"field":"n","op":"==","other":"when"},"local":"-1"},`+
		`{"name":"ok","type":"validate","version":0,"when":{"field":"n","op":"!=","value":"0"}},`+
		`{"name":"bits","type":"bitmap","version":0,"size":9},`+
		`{"name":"some","type":"bitmap","version":0,"size_from":"when"},`+
		`{"name":"raw","type":"buffer","version":0,"size_from":"n","times":3},`+
		`{"name":"room","type":"timer","version":0,"count_from":"n","room":7,"pointers":true,"null":[0,6]},`+
		`{"name":"marked","type":"CPU_Double_U","version":0,"count":1,"pointers":true,"marked":true},`+
		`{"name":"v","type":"vstruct","version":0,"elem":{"name":"v","version":1,"minimum":1,"fields":[]},"struct_version":4},`+
		`{"name":"t","type":"tree","version":0,"elem":"e","key":{"name":"k","version":1,"minimum":1,"fields":[]}},`+
		`{"name":"l","type":"list","version":0,"elem":{"name":"l","version":1,"minimum":1,"fields":[]},"elems":["e",{"name":"m","version":1,"minimum":1,"fields":[]}]}]},`+
		`"defs":{"e":{"name":"e","version":1,"minimum":1,"fields":[]}}}`, string(b))
	back, err := UnmarshalSchema(b)
	noError(t, err)
	equal(t, s, back)

	// Every type has a name of its own.
	seen := map[string]bool{}
	for typ := TypeBool; typ <= TypeValidate; typ++ {
		name := typ.String()
		again, ok := typeByName(name)
		equal(t, true, ok && again == typ && !seen[name])
		seen[name] = true
	}
	for _, name := range []string{"list", "tree", "vstruct", "tmp", "bitmap", "timer", "CPU_Double_U", "uint8 equal", "uint16 equal",
		"uint32 equal", "uint64 equal", "int32 equal", "int32 le", "validate"} {
		equal(t, true, seen[name])
	}
}

func TestJSONOfMemoryRefuses(t *testing.T) {
	field := func(f string) string {
		return `{"schema":{"name":"s","version":1,"minimum":1,"fields":[{"name":"n","type":"uint8","version":0},` + f + `]}}`
	}
	for _, c := range []struct{ name, json, says string }{
		{"bitmap without size", field(`{"name":"x","type":"bitmap"}`), "a size is missing"},
		{"local that is no string", field(`{"name":"x","type":"bool","local":1}`), "unquoted value"},
		{"local that is no number", field(`{"name":"x","type":"bool","local":"x"}`), `"x" into int64`},
		{"local of 65 bits", field(`{"name":"x","type":"uint64","local":"18446744073709551615"}`), "of type int64"},
		{"value that is no string", field(`{"name":"x","type":"bool","when":{"field":"n","op":"==","value":1}}`), "unquoted value"},
		{"unknown key in a condition", field(`{"name":"x","type":"bool","when":{"field":"n","op":"==","than":"1"}}`), "unknown field"},
		{"unknown hook", `{"schema":{"name":"s","hooks":{"post":{}}}}`, "unknown field"},
		{"hook refused", `{"schema":{"name":"s","hooks":{"post_load":{"field":"x","op":"=="}}}}`, `"x" is no bool`},
		{"value and other", field(`{"name":"x","type":"bool","when":{"field":"n","op":"==","value":"1","other":"n"}}`), "both a value"},
		{"elem of a list null", field(`{"name":"x","type":"list","elem":{"name":"e"},"elems":[null]}`), "not in defs"},
		{"key unknown", field(`{"name":"x","type":"tree","elem":{"name":"e"},"key":"k"}`), `"k" is not in defs`},
		{"fraction for NULL", field(`{"name":"x","type":"bool","count":2,"pointers":true,"null":[0.5]}`), "cannot unmarshal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := UnmarshalSchema([]byte(c.json))
			if s != nil || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error with %q, got %v, %v", c.says, s, err)
			}
		})
	}

	in := vmsd("in", Field{Name: "x", Type: TypeUint8})
	direct := Field{Name: "a", Type: TypeTree, Elem: in}
	keyed := direct
	keyed.Key = in
	for _, c := range []struct {
		name  string
		field Field
		json  string
		says  string
	}{
		{"number for a timer", Field{Name: "a", Type: TypeTimer}, `{"a":1}`, "a number is no timer"},
		{"string for an equal", Field{Name: "a", Type: TypeUint8Equal}, `{"a":"1"}`, "a string is no uint8 equal"},
		{"number for a word", Field{Name: "a", Type: TypeBitmap}, `{"a":["1",1]}`, `"a[1]": a number is no uint64`},
		{"string for a bitmap", Field{Name: "a", Type: TypeBitmap}, `{"a":"1"}`, "a string is no array"},
		{"null and no pointers", Field{Name: "a", Type: TypeUint8, Array: true}, `{"a":[null]}`, "null is no uint8"},
		{"null for pointers", pointers(Field{Name: "a", Type: TypeUint8}, 1), `{"a":null}`, "null is no array"},
		{"object for a tree", direct, `{"a":{}}`, "an object is no array"},
		{"pair that is none", direct, `{"a":[1]}`, `"a[0]": a number is no object`},
		{"pair without value", direct, `{"a":[{"key":"1"}]}`, "not a key and a value"},
		{"pair without key", direct, `{"a":[{"value":{"x":1}}]}`, "not a key and a value"},
		{"pair with more", direct, `{"a":[{"key":"1","value":{"x":1},"x":1}]}`, "not a key and a value"},
		{"number for a direct key", direct, `{"a":[{"key":1,"value":{"x":1}}]}`, "a number is no uint64"},
		{"string for a key", keyed, `{"a":[{"key":"1","value":{"x":1}}]}`, "a string is no object"},
		{"fault in a value", direct, `{"a":[{"key":"1","value":{}}]}`, `"a[0]/x": missing`},
		{"null for a value", direct, `{"a":[{"key":"1","value":null}]}`, "null is no object"},
		{"validate", Field{Name: "a", Type: TypeValidate}, `{"a":null}`, "no field"},
		{"number for a tmp", Field{Name: "a", Type: TypeTmp, Elem: in}, `{"a":1}`, "a number is no object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := UnmarshalValue(vmsd("s", c.field), []byte(c.json))
			if v != nil || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error with %q, got %v, %v", c.says, v, err)
			}
		})
	}
	for _, c := range []struct {
		name  string
		field Field
		x     Value
		says  string
	}{
		{"word", Field{Name: "a", Type: TypeBitmap}, List{Uint(1), Int(1)}, `"a[1]": model.Int is no uint64`},
		{"direct key", direct, Tree{{value(Uint(1)), value(Uint(1))}}, `"a[0]": *model.Struct is no uint64`},
		{"key", keyed, Tree{{Uint(1), value(Uint(1))}}, "not the shape"},
		{"no value", direct, Tree{{Uint(1), nil}}, "not the shape"},
		{"tree for a list", Field{Name: "a", Type: TypeList, Elem: in}, Tree{}, "model.Tree is no list"},
		{"list for a tree", direct, List{}, "model.List is no tree"},
		{"NULL and no pointers", Field{Name: "a", Type: TypeUint8, Array: true, Count: 1}, List{Null{}}, "model.Null is no uint8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := MarshalValue(vmsd("s", c.field), value(c.x))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error with %q, got %v", c.says, err)
			}
		})
	}
}

// What Encode is to refuse can be written down: an unsorted tree, a NULL that
// is none in memory.
func TestJSONTreeIsNotJudged(t *testing.T) {
	in := vmsd("in")
	s := vmsd("s", Field{Name: "t", Type: TypeTree, Elem: in}, pointers(Field{Name: "p", Type: TypeUint8}, 2, 0), Field{Name: "b", Type: TypeBitmap})
	want := value(Tree{{Uint(2), value()}, {Uint(2), value()}, {Uint(1), value()}}, List{Uint(7), Null{}}, List{Uint(1)})
	b, err := MarshalValue(s, want)
	noError(t, err)
	equal(t, `{"t":[{"key":"2","value":{}},{"key":"2","value":{}},{"key":"1","value":{}}],"p":[7,null],"b":["1"]}`, string(b))
	got, err := UnmarshalValue(s, b)
	noError(t, err)
	equal(t, want, got)
}
