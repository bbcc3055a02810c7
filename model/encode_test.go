package model

import (
	"testing"

	"vmconform/rules"
)

func TestEncodeRefuses(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	n := field("n", TypeInt16)
	array := func(f Field, count int) Field { f.Array, f.Count = true, count; return f }
	buffer := Field{Name: "x", Type: TypeBuffer, Size: 2}
	sized := Field{Name: "x", Type: TypeBuffer, SizeFrom: "n"}
	counted := Field{Name: "x", Type: TypeUint8, Array: true, CountFrom: "n"}
	fit, count := rules.RoundTrip, rules.CountRange

	// Each schema begins with the int16 n. written: what is out by the error.
	cases := []struct {
		name    string
		field   Field
		n       int64
		x       Value
		written string
		path    string
		rule    rules.ID
	}{
		{"n above int16", buffer, 32768, Bytes{1, 2}, "", "n", fit},
		{"n below int16", buffer, -32769, Bytes{1, 2}, "", "n", fit},
		{"buffer short", buffer, 0, Bytes{1}, "0000", "x", count},
		{"buffer long", buffer, 0, Bytes{1, 2, 3}, "0000", "x", count},
		{"buffer not as long as its member says", sized, 2, Bytes{1}, "0002", "x", count},
		{"buffer of a negative size", sized, -1, Bytes{}, "ffff", "x", count},
		{"array short", array(field("x", TypeUint8), 2), 0, List{Uint(1)}, "0000", "x", count},
		{"array long", array(field("x", TypeUint8), 1), 0, List{Uint(1), Uint(2)}, "0000", "x", count},
		{"array not as long as its member says", counted, 1, List{}, "0001", "x", count},
		{"array of a negative count", counted, -1, List{}, "ffff", "x", count},
		{"element outside its type", array(field("x", TypeUint8), 2), 0, List{Uint(255), Uint(256)}, "0000 ff", "x[1]", fit},
		{"uint8 256", field("x", TypeUint8), 0, Uint(256), "0000", "x", fit},
		{"uint32 2^32", field("x", TypeUint32), 0, Uint(1 << 32), "0000", "x", fit},
		{"int8 128", field("x", TypeInt8), 0, Int(128), "0000", "x", fit},
		{"int8 -129", field("x", TypeInt8), 0, Int(-129), "0000", "x", fit},
		{"int32 2^31", field("x", TypeInt32), 0, Int(1 << 31), "0000", "x", fit},
		{"unsigned for signed", field("x", TypeInt8), 0, Uint(1), "0000", "x", fit},
		{"signed for unsigned", field("x", TypeUint64), 0, Int(1), "0000", "x", fit},
		{"integer for bool", field("x", TypeBool), 0, Uint(1), "0000", "x", fit},
		{"bool for integer", field("x", TypeUint8), 0, Bool(true), "0000", "x", fit},
		{"NULL for integer", field("x", TypeUint8), 0, Null{}, "0000", "x", fit},
		{"integer for NULL", field("x", TypeNull), 0, Uint(0), "0000", "x", fit},
		{"nothing", field("x", TypeUint8), 0, nil, "0000", "x", fit},
		{"bytes for unused", Field{Name: "x", Type: TypeUnused, Size: 1}, 0, Bytes{0}, "0000", "x", fit},
		{"one for an array", array(field("x", TypeUint8), 1), 0, Uint(1), "0000", "x", fit},
		{"list for a struct", Field{Name: "x", Type: TypeStruct, Elem: inner}, 0, List{}, "0000", "x", fit},
		{"struct for a queue", queueOf("x", inner), 0, value(Uint(1)), "0000", "x", fit},
		{"struct with a field too few", Field{Name: "x", Type: TypeStruct, Elem: inner}, 0, value(), "0000", "x", fit},
		{"member outside its type", Field{Name: "x", Type: TypeStruct, Elem: inner}, 0, value(Uint(256)), "0000", "x/x", fit},
		{"queue element outside its type", queueOf("x", inner), 0, List{value(Uint(1)), value(Uint(256))}, "0000 01 01 01", "x[1]/x", fit},
		{"queue element that is no struct", queueOf("x", inner), 0, List{Uint(1)}, "0000 01", "x[0]", fit},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := vmsd("s", n, c.field)
			noError(t, s.Check())
			out, err := Encode(s, value(Int(c.n), c.x), 1)
			want := wire(t, c.written)
			equal(t, string(want), string(out))
			equal(t, verdict{rules.OutOfRange, int64(len(want)), c.path, c.rule}, verdictOf(t, err))
		})
	}
}

func TestEncodeSubsections(t *testing.T) {
	s := deviceSchema()
	one := func(x uint64) *Struct { return value(Uint(x)) }
	v := &Struct{Fields: []Value{Uint(7)}, Subs: []*Struct{
		{Fields: []Value{Uint(1)}, Subs: []*Struct{one(2)}}, nil, one(3)}}
	out, err := Encode(s, v, 1)
	noError(t, err)
	equal(t, wire(t, "07"+devA+"01"+devAN+"02"+devC+"03"), out)

	v.Subs[0].Subs[0] = one(256)
	out, err = Encode(s, v, 1)
	want := wire(t, "07"+devA+"01"+devAN)
	equal(t, want, out)
	equal(t, verdict{rules.OutOfRange, int64(len(want)), "dev/a/dev/a/n/x", rules.RoundTrip}, verdictOf(t, err))

	_, err = Encode(s, &Struct{Fields: []Value{Uint(7)}}, 1)
	equal(t, verdict{rules.OutOfRange, 0, "", rules.RoundTrip}, verdictOf(t, err))
}

// What is not written is not looked at, and children go by their own version.
func TestEncodeVersions(t *testing.T) {
	later := func(s *Schema) *Schema {
		s.Version, s.Minimum = 3, 1
		s.Fields[len(s.Fields)-1].Version = 3
		return s
	}
	child := later(vmsd("child", field("a", TypeUint8), field("b", TypeUint8)))
	sub := later(vmsd("s/sub", field("a", TypeUint8), field("b", TypeUint8)))
	s := later(vmsd("s", Field{Name: "in", Type: TypeStruct, Elem: child},
		Field{Name: "q", Type: TypeQueue, Version: 1, Elem: child}, field("new", TypeUint8)))
	s.Subsections = []*Schema{sub}
	two := value(Uint(1), Uint(2))
	v := &Struct{Fields: []Value{two, List{two}, Bool(true)}, Subs: []*Struct{two}}
	out, err := Encode(s, v, 1)
	noError(t, err)
	//                      in   q            "s/sub" at version 3
	equal(t, wire(t, "0102 01 0102 00 05 05 732f737562 00000003 0102"), out)
	_, err = Encode(s, v, 3)
	equal(t, verdict{rules.OutOfRange, 6, "new", rules.RoundTrip}, verdictOf(t, err))
}
