package model

import (
	"testing"

	"vmconform/rules"
)

// richSchema has all that everySchema has not: of each way to say what memory
// is, and of each type, one field.
func richSchema() *Schema {
	in := vmsd("in", field("x", TypeUint8))
	first := vmsd("first", field("y", TypeUint16))
	versions := &Schema{Name: "versions", Version: 2, Minimum: 1, Fields: []Field{field("a", TypeUint8), {Name: "b", Type: TypeUint8, Version: 2, Local: 6}}}
	s := vmsd("rich",
		field("n", TypeUint8),
		Field{Name: "eq", Type: TypeUint16Equal, Local: 0x1234},
		Field{Name: "le", Type: TypeInt32LE, Local: 100},
		Field{Name: "ok", Type: TypeValidate, When: &Condition{Field: "n", Op: "<=", Value: 5}},
		Field{Name: "bits", Type: TypeBitmap, Size: 65},
		Field{Name: "some", Type: TypeBitmap, SizeFrom: "n", Room: 64},
		Field{Name: "raw", Type: TypeBuffer, SizeFrom: "n", Times: 2, Room: 10},
		Field{Name: "on", Type: TypeUint8, Must: true, When: &Condition{Field: "le", Op: ">=", Other: "n"}},
		Field{Name: "off", Type: TypeInt8, Local: -7, When: &Condition{Field: "n", Op: "==", Value: 0}},
		pointers(Field{Name: "ptrs", Type: TypeStruct, Elem: in}, 3, 1),
		marked(Field{Name: "ints", Type: TypeUint16}, 2),
		marked(Field{Name: "ins", Type: TypeStruct, Elem: in}, 2),
		Field{Name: "room", Type: TypeBool, Array: true, CountFrom: "n", Room: 5, Pointers: true, Null: []int{1}},
		Field{Name: "list", Type: TypeList, Version: 1, Elem: in, Elems: []*Schema{first}},
		Field{Name: "tree", Type: TypeTree, Version: 1, Elem: in},
		Field{Name: "keyed", Type: TypeTree, Version: 1, Key: vmsd("key", field("k", TypeInt16)), Elem: in},
		Field{Name: "vs", Type: TypeVStruct, StructVersion: 1, Elem: versions},
		Field{Name: "tmp", Type: TypeTmp, Version: 1, Elem: vmsd("tmp", field("t", TypeTimer))},
		field("timer", TypeTimer), field("double", TypeCPUDouble))
	s.Hooks = Hooks{PreLoad: &Condition{Field: "le", Op: "==", Value: 100}, PostLoad: &Condition{Field: "n", Op: "!=", Value: 99},
		PreSave: &Condition{Field: "n", Op: "!=", Other: "le"}, PostSave: &Condition{Field: "n", Op: "<", Value: 100}}
	return s
}

const richStream = `02 1234 00000011
	000000000000000a 8000000000000000 0000000000000003 a1a2a3a4 44
	51 30 52  30 31 0102  31 30 30  01 30
	01 0304 01 05 00
	00000001 01 0000000000000006 07 00
	00000001 01 fffe 08 00
	09 ffffffffffffffff 0000000000000001 bff0000000000000`

func richValue() *Struct {
	in := func(x uint64) *Struct { return value(Uint(x)) }
	return value(Uint(2), Uint(0x1234), Int(0x11), Null{},
		List{Uint(10), Uint(1 << 63)}, List{Uint(3)}, Bytes{0xa1, 0xa2, 0xa3, 0xa4}, Uint(0x44), Int(-7),
		List{in(0x51), Null{}, in(0x52)}, List{Null{}, Uint(0x102)}, List{in(0x30), Null{}}, List{Bool(true), Null{}},
		List{in(0x304), in(5)}, Tree{{Uint(6), in(7)}}, Tree{{value(Int(-2)), in(8)}},
		value(Uint(9), Uint(6)), value(Int(-1)), Int(1), Uint(0xbff0000000000000))
}

func TestRich(t *testing.T) { loads(t, richSchema(), wire(t, richStream), richValue()) }

// richItems are the items of richStream.
var richItems = []struct {
	size int
	path string
	rule rules.ID
}{
	{1, "n", rules.ItemComplete}, {2, "eq", rules.ItemComplete}, {4, "le", rules.ItemComplete},
	{16, "bits", rules.ItemComplete}, {8, "some", rules.ItemComplete}, {4, "raw", rules.ItemComplete}, {1, "on", rules.ItemComplete},
	{1, "ptrs[0]/x", rules.ItemComplete}, {1, "ptrs[1]", rules.ItemComplete}, {1, "ptrs[2]/x", rules.ItemComplete},
	{1, "ints[0]", rules.ItemComplete}, {1, "ints[1]", rules.ItemComplete}, {2, "ints[1]", rules.ItemComplete},
	{1, "ins[0]", rules.ItemComplete}, {1, "ins[0]/x", rules.ItemComplete}, {1, "ins[1]", rules.ItemComplete},
	{1, "room[0]", rules.ItemComplete}, {1, "room[1]", rules.ItemComplete},
	{1, "list[0]", rules.ListTerminator}, {2, "list[0]/y", rules.ItemComplete},
	{1, "list[1]", rules.ListTerminator}, {1, "list[1]/x", rules.ItemComplete}, {1, "list[2]", rules.ListTerminator},
	{4, "tree", rules.ItemComplete}, {1, "tree[0]", rules.TreeTerminator}, {8, "tree[0]", rules.ItemComplete},
	{1, "tree[0]/x", rules.ItemComplete}, {1, "tree[1]", rules.TreeTerminator},
	{4, "keyed", rules.ItemComplete}, {1, "keyed[0]", rules.TreeTerminator}, {2, "keyed[0]/k", rules.ItemComplete},
	{1, "keyed[0]/x", rules.ItemComplete}, {1, "keyed[1]", rules.TreeTerminator},
	{1, "vs/a", rules.ItemComplete}, {8, "tmp/t", rules.ItemComplete}, {8, "timer", rules.ItemComplete}, {8, "double", rules.ItemComplete},
}

// Cut anywhere, the stream is truncated; and no item may end beyond the limit.
func TestRichTruncatedAtEveryByte(t *testing.T) {
	stream := wire(t, richStream)
	at := 0
	for _, item := range richItems {
		start := at
		for range item.size {
			refused(t, richSchema(), stream[:at:at], Options{}, verdict{rules.Truncated, int64(at), item.path, item.rule})
			if at > 0 {
				refused(t, richSchema(), stream, Options{Limits: rules.Limits{Bytes: int64(at)}}, verdict{rules.Limit, int64(start), item.path, rules.Bounded})
			}
			at++
		}
	}
	equal(t, len(stream), at)
}

var richLines = []line{
	{SpanField, 0, 0, 1, "n", Uint(2)},
	{SpanField, 0, 1, 2, "eq", Uint(0x1234)},
	{SpanField, 0, 3, 4, "le", Int(0x11)},
	{SpanField, 0, 7, 16, "bits", List{Uint(10), Uint(1 << 63)}},
	{SpanField, 0, 23, 8, "some", List{Uint(3)}},
	{SpanField, 0, 31, 4, "raw", Bytes{0xa1, 0xa2, 0xa3, 0xa4}},
	{SpanField, 0, 35, 1, "on", Uint(0x44)},
	{SpanField, 0, 36, 3, "ptrs", nil},
	{SpanElement, 1, 36, 1, "ptrs[0]", nil},
	{SpanField, 2, 36, 1, "ptrs[0]/x", Uint(0x51)},
	{SpanElement, 1, 37, 1, "ptrs[1]", Null{}},
	{SpanElement, 1, 38, 1, "ptrs[2]", nil},
	{SpanField, 2, 38, 1, "ptrs[2]/x", Uint(0x52)},
	{SpanField, 0, 39, 4, "ints", List{Null{}, Uint(0x102)}},
	{SpanElement, 1, 39, 1, "ints[0]", Null{}},
	{SpanElement, 1, 40, 3, "ints[1]", Uint(0x102)},
	{SpanField, 0, 43, 3, "ins", nil},
	{SpanElement, 1, 43, 2, "ins[0]", nil},
	{SpanField, 2, 44, 1, "ins[0]/x", Uint(0x30)},
	{SpanElement, 1, 45, 1, "ins[1]", Null{}},
	{SpanField, 0, 46, 2, "room", List{Bool(true), Null{}}},
	{SpanElement, 1, 46, 1, "room[0]", Bool(true)},
	{SpanElement, 1, 47, 1, "room[1]", Null{}},
	{SpanField, 0, 48, 6, "list", nil},
	{SpanElement, 1, 48, 3, "list[0]", nil},
	{SpanField, 2, 49, 2, "list[0]/y", Uint(0x304)},
	{SpanElement, 1, 51, 2, "list[1]", nil},
	{SpanField, 2, 52, 1, "list[1]/x", Uint(5)},
	{SpanField, 0, 54, 15, "tree", nil},
	{SpanElement, 1, 58, 10, "tree[0]", nil},
	{SpanKey, 2, 59, 8, "tree[0]", Uint(6)},
	{SpanField, 2, 67, 1, "tree[0]/x", Uint(7)},
	{SpanField, 0, 69, 9, "keyed", nil},
	{SpanElement, 1, 73, 4, "keyed[0]", nil},
	{SpanKey, 2, 74, 2, "keyed[0]", nil},
	{SpanField, 3, 74, 2, "keyed[0]/k", Int(-2)},
	{SpanField, 2, 76, 1, "keyed[0]/x", Uint(8)},
	{SpanField, 0, 78, 1, "vs", nil},
	{SpanField, 1, 78, 1, "vs/a", Uint(9)},
	{SpanField, 0, 79, 8, "tmp", nil},
	{SpanField, 1, 79, 8, "tmp/t", Int(-1)},
	{SpanField, 0, 87, 8, "timer", Int(1)},
	{SpanField, 0, 95, 8, "double", Uint(0xbff0000000000000)},
}

func TestRichSpans(t *testing.T) {
	s, stream := richSchema(), wire(t, richStream)
	got, err := Decode(s, stream, 1, Options{All: true, Spans: true})
	noError(t, err)
	equal(t, richLines, linesOf(got.Spans))
	schemas := map[string]*Schema{}
	for i := range s.Fields {
		f := &s.Fields[i]
		switch f.Type {
		case TypeStruct:
			schemas[f.Name+"[0]"] = f.Elem
		case TypeList:
			schemas["list[0]"], schemas["list[1]"] = f.Elems[0], f.Elem
		case TypeTree:
			schemas[f.Name+"[0]"], schemas[f.Name+"[0] key"] = f.Elem, f.Key
		case TypeVStruct, TypeTmp:
			schemas[f.Name] = f.Elem
		}
	}
	schemas["ptrs[2]"] = schemas["ptrs[0]"]
	for _, span := range got.Spans {
		path := span.Path
		if span.Kind == SpanKey {
			path += " key"
		}
		if span.Schema != schemas[path] {
			t.Errorf("%s has the schema %v", path, span.Schema)
		}
		if span.Field == nil {
			t.Errorf("%s has no field", path)
		}
	}

	// What an error leaves open has no size, and no value.
	for cut := range stream {
		got, err := Decode(s, stream[:cut], 1, Options{Spans: true})
		equal(t, rules.Truncated, verdictOf(t, err).Class)
		var want []line
		for _, l := range richLines[:len(got.Spans)] {
			if l.Offset+l.Size > int64(cut) || l.Path == "list" && cut < 54 || l.Path == "tree" && cut < 69 || l.Path == "keyed" && cut < 78 {
				l.Size, l.Value = -1, nil
			}
			want = append(want, l)
		}
		equal(t, want, linesOf(got.Spans))
	}
}

const richJSON = `{"n":2,"eq":4660,"le":17,"bits":["10","9223372036854775808"],"some":["3"],"raw":"oaKjpA==","on":68,"off":-7,` +
	`"ptrs":[{"x":81},null,{"x":82}],"ints":[null,258],"ins":[{"x":48},null],"room":[true,null],` +
	`"list":[{"y":772},{"x":5}],"tree":[{"key":"6","value":{"x":7}}],"keyed":[{"key":{"k":-2},"value":{"x":8}}],` +
	`"vs":{"a":9,"b":6},"tmp":{"t":"-1"},"timer":"1","double":"13830554455654793216"}`

func TestRichJSON(t *testing.T) {
	s := richSchema()
	b, err := MarshalValue(s, richValue())
	noError(t, err)
	equal(t, richJSON, string(b))
	v, err := UnmarshalValue(s, b)
	noError(t, err)
	equal(t, richValue(), v)

	b, err = MarshalSchema(s)
	noError(t, err)
	back, err := UnmarshalSchema(b)
	noError(t, err)
	equal(t, s, back)
}

func TestRichZero(t *testing.T) {
	in := value(Uint(0))
	want := value(Uint(0), Uint(0x1234), Int(100), Null{}, List{Uint(0), Uint(0)}, List{}, Bytes{}, Uint(0), Int(-7),
		List{in, Null{}, in}, List{Null{}, Null{}}, List{Null{}, Null{}}, List{},
		List{}, Tree{}, Tree{}, value(Uint(0), Uint(6)), value(Int(0)), Int(0), Uint(0))
	equal(t, want, Zero(richSchema()))
	b, err := MarshalValue(richSchema(), want)
	noError(t, err)
	back, err := UnmarshalValue(richSchema(), b)
	noError(t, err)
	equal(t, want, back)
}
