package corpus

import (
	"vmconform/model"
	"vmconform/rules"
)

// What stands on the wire, and what it means: the first value of each type that
// tells its width, its sign and the order of its bytes.

// integers of every type.
var integers = vmsd("integers",
	field("i8", model.TypeInt8), field("i16", model.TypeInt16), field("i32", model.TypeInt32), field("i64", model.TypeInt64),
	field("u8", model.TypeUint8), field("u16", model.TypeUint16), field("u32", model.TypeUint32), field("u64", model.TypeUint64),
	field("timer", model.TypeTimer), field("double", model.TypeCPUDouble))

// hooked has hooks that fail unless they are called in their places: x is 5
// before the load, and 7 from then on.
func hooked() *model.Schema {
	s := vmsd("hooked", in(5, u8("x")))
	s.Hooks = model.Hooks{PreLoad: is("x", "==", 5), PostLoad: is("x", "==", 7), PreSave: is("x", "==", 7), PostSave: is("x", "==", 7)}
	return s
}

var wireSources = []source{
	{id: "integers", rule: rules.WireInteger, schema: integers,
		comment: "the smallest of each signed type, and 81 82 83 … of each unsigned one; a timer that is off, and 1.5",
		wire:    "80 8000 80000000 8000000000000000  81 8182 81828384 8182838485868788  ffffffffffffffff 3ff8000000000000",
		want: reads(`{"i8":-128,"i16":-32768,"i32":-2147483648,"i64":"-9223372036854775808",` +
			`"u8":129,"u16":33154,"u32":2172814212,"u64":"9332165983064197000","timer":"-1","double":"4609434218613702656"}`)},
	{id: "bitmap-of-65", rule: rules.WireBitmap, schema: vmsd("bits", model.Field{Name: "b", Type: model.TypeBitmap, Size: 65}),
		comment: "bits 0, 63 and 64, and one that is none of the 65",
		wire:    "8000000000000001 0000000000000003",
		want:    reads(`{"b":["9223372036854775809","3"]}`)},
	{id: "field-by-condition", rule: rules.FieldOnWire, schema: vmsd("c", u8("on"), when(is("on", "==", 1), u8("n")), u8("last")),
		wire: "01 07 08", want: reads(`{"on":1,"n":7,"last":8}`)},
	{id: "field-by-version", rule: rules.FieldOnWire, schema: versions(1, 2, vmsd("v", u8("a"), since(2, u8("b")), u8("c"))), version: 1,
		wire: "07 08", want: reads(`{"a":7,"b":0,"c":8}`)},
	{id: "absent-by-version", rule: rules.AbsentKept, schema: versions(1, 2, vmsd("v", u8("a"), since(2, in(200, u8("b"))))), version: 1,
		wire: "07", want: reads(`{"a":7,"b":200}`)},
	{id: "absent-by-condition", rule: rules.AbsentKept, schema: vmsd("c", u8("on"), when(is("on", "==", 1), in(200, u8("n")))),
		wire: "00", want: reads(`{"on":0,"n":200}`)},
	{id: "count-of-the-wire", rule: rules.CountWhenReached, schema: vmsd("n", in(3, u8("n")), counted("n", u8("a")), u8("last")),
		comment: "memory says 3",
		wire:    "01 07 08", want: reads(`{"n":1,"a":[7],"last":8}`)},
	{id: "count-not-on-the-wire", rule: rules.CountWhenReached, version: 1,
		comment: "it came with version 2: memory's counts",
		schema:  versions(1, 2, vmsd("n", since(2, in(2, u8("n"))), counted("n", u8("a")), u8("last"))),
		wire:    "07 08 09", want: reads(`{"n":2,"a":[7,8],"last":9}`)},
	{id: "hooks-in-their-places", rule: rules.HookCalls, schema: hooked(),
		wire: "07", want: reads(`{"x":7}`)},
	{id: "subsection-not-needed", rule: rules.SubsectionNeeded, schema: dev,
		wire: "01", want: reads(`{"x":1}`)},
	{id: "subsection-needed", rule: rules.SubsectionNeeded, schema: dev,
		wire: "01" + devB + "00000001 07", want: reads(`{"x":1,"/subsections":{"dev/b":{"z":7}}}`)},
}
