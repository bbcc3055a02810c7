package model

import (
	"testing"

	"vmconform/rules"
)

// The cases of QEMU's tests/unit/test-vmstate.c (qemu-behaviour.md §2). Each
// stream there ends with the test harness's own 00, which is no part of the
// payload.

// cutShort demands what QEMU's cases demand of streams that are not whole:
// nothing, all but the last byte (and the 00), the first half, the second.
func cutShort(t *testing.T, s *Schema, stream []byte) {
	t.Helper()
	n := len(stream)
	for _, cut := range [][]byte{nil, stream[:n-1], stream[:n/2], stream[n-n/2:]} {
		if _, err := Decode(s, cut, s.Version, Options{All: true}); err == nil {
			t.Errorf("% x is accepted", cut)
		}
	}
}

func TestQEMUSimplePrimitive(t *testing.T) {
	s := vmsd("simple/primitive",
		field("b_1", TypeBool), field("b_2", TypeBool),
		field("u8_1", TypeUint8), field("u16_1", TypeUint16), field("u32_1", TypeUint32), field("u64_1", TypeUint64),
		field("i8_1", TypeInt8), field("i8_2", TypeInt8), field("i16_1", TypeInt16), field("i16_2", TypeInt16),
		field("i32_1", TypeInt32), field("i32_2", TypeInt32), field("i64_1", TypeInt64), field("i64_2", TypeInt64))
	stream := wire(t, `01 00 82 0200 00011170 0000000000b8f47c
		41 bf 0200 fe00 00011170 fffeee90 0000000000b8f47c ffffffffff470b84 00`)
	want := value(Bool(true), Bool(false), Uint(130), Uint(512), Uint(70000), Uint(12121212),
		Int(65), Int(-65), Int(512), Int(-512), Int(70000), Int(-70000), Int(12121212), Int(-12121212))
	loads(t, s, stream[:len(stream)-1], want)

	got, err := Decode(s, stream, 1, Options{})
	noError(t, err)
	equal(t, int64(2+15+2+4+8+16), got.Consumed)
	refused(t, s, stream, Options{All: true}, verdict{rules.TrailingData, 2 + 15 + 2 + 4 + 8 + 16, "", rules.NoTrailing})
}

func TestQEMUSimpleArray(t *testing.T) {
	s := vmsd("simple/array", Field{Name: "u16_1", Type: TypeUint16, Array: true, Count: 3})
	loads(t, s, wire(t, "0042 0043 0044"), value(List{Uint(66), Uint(67), Uint(68)}))
}

func TestQEMUVersioned(t *testing.T) {
	at := func(v uint32, f Field) Field { f.Version = v; return f }
	s := &Schema{Name: "test/versioned", Version: 2, Minimum: 1, Fields: []Field{
		field("a", TypeUint32), at(2, field("b", TypeUint32)), field("c", TypeUint32),
		field("d", TypeUint64), at(2, field("e", TypeUint32)), at(2, field("f", TypeUint64))}}
	// What memory holds before the load in QEMU's cases.
	s.Fields[1].Local, s.Fields[4].Local, s.Fields[5].Local = 200, 500, 600
	v1 := wire(t, "0000000a 0000001e 0000000000000028")
	v2 := wire(t, "0000000a 00000014 0000001e 0000000000000028 00000032 000000000000003c")
	all := value(Uint(10), Uint(20), Uint(30), Uint(40), Uint(50), Uint(60))
	loads(t, s, v2, all)
	cutShort(t, s, v2)

	got, err := Decode(s, v1, 1, Options{All: true})
	noError(t, err)
	equal(t, value(Uint(10), Uint(200), Uint(30), Uint(40), Uint(500), Uint(600)), got.Value)
	saved, err := Encode(s, all, 1)
	noError(t, err)
	equal(t, v1, saved)
}

// The member that the predicate asks for is in memory only.
func TestQEMUFieldExists(t *testing.T) {
	keep := &Condition{Field: "skip_c_e", Op: "==", Value: 0}
	schema := func(skip int64) *Schema {
		return vmsd("test/skip",
			field("a", TypeUint32), field("b", TypeUint32),
			Field{Name: "c", Type: TypeUint32, When: keep, Local: 300}, field("d", TypeUint64),
			Field{Name: "e", Type: TypeUint32, When: keep, Local: 500}, Field{Name: "f", Type: TypeUint64, Version: 1},
			Field{Name: "skip_c_e", Type: TypeBool, Version: 9, Local: skip})
	}
	noskip := wire(t, "00000001 00000002 00000003 0000000000000004 00000005 0000000000000006")
	loads(t, schema(0), noskip, value(Uint(1), Uint(2), Uint(3), Uint(4), Uint(5), Uint(6), Bool(false)))
	cutShort(t, schema(0), noskip)
	skip := wire(t, "00000001 00000002 0000000000000004 0000000000000006")
	loads(t, schema(1), skip, value(Uint(1), Uint(2), Uint(300), Uint(4), Uint(500), Uint(6), Bool(true)))
	cutShort(t, schema(1), skip)
}

func TestQEMUArrayOfPointers(t *testing.T) {
	element := vmsd("test/pointed", field("i", TypeInt32))
	array := func(f Field, null ...int) *Schema {
		f.Name, f.Array, f.Count, f.Pointers, f.Null = "ar", true, 4, true, null
		return vmsd("test/array", f)
	}
	structs, integers := Field{Type: TypeStruct, Elem: element}, Field{Type: TypeInt32}
	at := func(i int64) Value { return value(Int(i)) }
	no0 := wire(t, "00000000 00000001 00000002 00000003")
	with0 := wire(t, "00000000 30 00000002 00000003")
	loads(t, array(structs), no0, value(List{at(0), at(1), at(2), at(3)}))
	loads(t, array(structs, 1), with0, value(List{at(0), Null{}, at(2), at(3)}))
	loads(t, array(integers, 1), with0, value(List{Int(0), Null{}, Int(2), Int(3)}))
	cutShort(t, array(structs), no0)
	cutShort(t, array(structs, 1), with0)
	cutShort(t, array(integers, 1), with0)
}

// domainSchema is a tree from an interval to what it is mapped to.
var domainSchema = vmsd("domain", field("id", TypeInt32), Field{
	Name: "mappings", Type: TypeTree, Version: 1,
	Key:  vmsd("interval", field("low", TypeUint64), field("high", TypeUint64)),
	Elem: vmsd("mapping", field("phys_addr", TypeUint64), field("flags", TypeUint32))})

var iommuSchema = vmsd("iommu", field("id", TypeInt32), Field{
	Name: "domains", Type: TypeTree, Version: 1, Elem: domainSchema})

const (
	domain6 = `00000006 00000002
		01 (0000000000001000 0000000000001fff) (000000000000a000 00000001)
		01 (0000000000004000 0000000000004fff) (00000000000e0000 00000002) 00`
	domain5 = `00000005 00000001
		01 (0000000001000000 0000000001ffffff) (000000000f000000 00000003) 00`
	iommu7 = "00000007 00000002 01 0000000000000005" + domain5 + "01 0000000000000006" + domain6 + "00"
)

func mapping(low, high, addr, flags uint64) Pair {
	return Pair{value(Uint(low), Uint(high)), value(Uint(addr), Uint(flags))}
}

func domain6Value() *Struct {
	return value(Int(6), Tree{mapping(0x1000, 0x1fff, 0xa000, 1), mapping(0x4000, 0x4fff, 0xe0000, 2)})
}

func iommuValue() *Struct {
	return value(Int(7), Tree{
		{Uint(5), value(Int(5), Tree{mapping(0x1000000, 0x1ffffff, 0xf000000, 3)})},
		{Uint(6), domain6Value()}})
}

func TestQEMUTrees(t *testing.T) {
	loads(t, domainSchema, wire(t, domain6), domain6Value())
	cutShort(t, domainSchema, wire(t, domain6))
	loads(t, iommuSchema, wire(t, iommu7), iommuValue())
	cutShort(t, iommuSchema, wire(t, iommu7))
}

func TestQEMUList(t *testing.T) {
	s := vmsd("test/list", field("id", TypeInt32),
		Field{Name: "list", Type: TypeList, Version: 1, Elem: vmsd("test/list element", field("id", TypeUint32))})
	stream := wire(t, "00000001 01 0000000a 01 00000b00 01 000c0000 01 0d000000 00")
	loads(t, s, stream, value(Int(1), List{value(Uint(0xa)), value(Uint(0xb00)), value(Uint(0xc0000)), value(Uint(0xd000000))}))
	cutShort(t, s, stream)
}

// QEMU's temporary struct has a member of the parent beside its own.
func TestQEMUTmp(t *testing.T) {
	s := vmsd("test/with_tmp", field("a", TypeUint32), field("d", TypeUint64),
		Field{Name: "tmp", Type: TypeTmp, Version: 1, Elem: vmsd("test/tmp_child", field("diff", TypeInt64), field("f", TypeUint64))})
	stream := wire(t, "00000002 0000000000000001 0000000000000002 0000000000000008")
	loads(t, s, stream, value(Uint(2), Uint(1), value(Int(2), Uint(8))))
	cutShort(t, s, stream)
}

var qtailqSchema = vmsd("test/queue",
	field("i16", TypeInt16),
	queueOf("queue", vmsd("test/queue element", field("b", TypeBool), field("u8", TypeUint8))),
	field("i32", TypeInt32))

func TestQEMUQTAILQ(t *testing.T) {
	stream := wire(t, "fe00 01 01 82 01 00 41 00 00011170")
	cutShort(t, qtailqSchema, stream)
	loads(t, qtailqSchema, stream,
		value(Int(-512), List{value(Bool(true), Uint(130)), value(Bool(false), Uint(65))}, Int(70000)))
}

// The seed's own queues, by wire-format.md §3.

var eventSchema = vmsd("spapr_event_log_entry",
	field("summary", TypeUint32), field("extended_length", TypeUint32),
	Field{Name: "extended_log", Type: TypeBuffer, SizeFrom: "extended_length"})

// machineSchema is a vmsd with pending_events in a subsection whose name has
// no "spapr/" in front.
var machineSchema = &Schema{Name: "spapr", Version: 3, Minimum: 1,
	Fields:      []Field{field("rtc", TypeUint64)},
	Subsections: []*Schema{vmsd("spapr_pending_events", queueOf("pending_events", eventSchema))}}

func TestPendingEvents(t *testing.T) {
	const (
		rtc    = 8
		header = 1 + 1 + 20 // 05, length byte, "spapr_pending_events"
		be32   = 4
		entry0 = 1 + 4 + 4 + 3 // marker, summary, extended_length, three bytes
		entry1 = 1 + 4 + 4 + 0
	)
	stream := wire(t, `1122334455667788
		05 14 73706170725f70656e64696e675f6576656e7473 00000001
		01 80000001 00000003 aabbcc
		01 fffffffe 00000000
		00`)
	equal(t, rtc+header+be32+entry0+entry1+1, len(stream))
	want := &Struct{Fields: []Value{Uint(0x1122334455667788)}, Subs: []*Struct{value(List{
		value(Uint(0x80000001), Uint(3), Bytes{0xaa, 0xbb, 0xcc}),
		value(Uint(0xfffffffe), Uint(0), Bytes{}),
	})}}
	loads(t, machineSchema, stream, want)

	none := &Struct{Fields: []Value{Uint(0x1122334455667788)}, Subs: []*Struct{nil}}
	loads(t, machineSchema, stream[:rtc], none)

	empty := &Struct{Fields: none.Fields, Subs: []*Struct{value(List{})}}
	loads(t, machineSchema, append(stream[:rtc+header+be32:rtc+header+be32], 0), empty)
}

func TestCCSList(t *testing.T) {
	s := vmsd("spapr_ccs", queueOf("ccs_list", vmsd("spapr_configure_connector_state",
		field("drc_index", TypeUint32), field("fdt_offset", TypeInt32), field("fdt_depth", TypeInt32))))
	const entry = 1 + 4 + 4 + 4
	stream := wire(t, `01 40000001 00000018 00000002
		01 40000002 ffffffff fffffffe
		00`)
	equal(t, 2*entry+1, len(stream))
	loads(t, s, stream, value(List{
		value(Uint(0x40000001), Int(24), Int(2)),
		value(Uint(0x40000002), Int(-1), Int(-2)),
	}))
	loads(t, s, wire(t, "00"), value(List{}))
}

func TestOtherTypes(t *testing.T) {
	inner := vmsd("inner", field("x", TypeUint8))
	s := vmsd("mixed",
		Field{Name: "raw", Type: TypeBuffer, Size: 3},
		Field{Name: "gap", Type: TypeUnused, Size: 2},
		field("gone", TypeNull),
		Field{Name: "one", Type: TypeStruct, Elem: inner},
		field("n", TypeInt8),
		Field{Name: "many", Type: TypeStruct, Array: true, CountFrom: "n", Elem: inner},
		Field{Name: "heads", Type: TypeQueue, Version: 1, Array: true, Count: 2, Elem: inner},
		Field{Name: "nulls", Type: TypeNull, Array: true, Count: 2},
		Field{Name: "bools", Type: TypeBool, Array: true, Count: 2},
		Field{Name: "none", Type: TypeInt64, Array: true},
		Field{Name: "nothing", Type: TypeBuffer})
	loads(t, s, wire(t, `0102ff 0000 30 07 02 08 09  01 0a 00  00  3030 01 00`), value(
		Bytes{1, 2, 0xff}, Null{}, Null{}, value(Uint(7)), Int(2),
		List{value(Uint(8)), value(Uint(9))},
		List{List{value(Uint(10))}, List{}},
		List{Null{}, Null{}}, List{Bool(true), Bool(false)}, List{}, Bytes{}))
}

func TestIntegerExtremes(t *testing.T) {
	s := vmsd("extremes", field("a", TypeInt8), field("b", TypeInt16), field("c", TypeInt32), field("d", TypeInt64),
		field("e", TypeUint8), field("f", TypeUint16), field("g", TypeUint32), field("h", TypeUint64))
	loads(t, s, wire(t, "80 8000 80000000 8000000000000000 ff ffff ffffffff ffffffffffffffff"), value(
		Int(-128), Int(-32768), Int(-2147483648), Int(-9223372036854775808),
		Uint(255), Uint(65535), Uint(4294967295), Uint(18446744073709551615)))
	loads(t, s, wire(t, "7f 7fff 7fffffff 7fffffffffffffff 00 0000 00000000 0000000000000000"), value(
		Int(127), Int(32767), Int(2147483647), Int(9223372036854775807), Uint(0), Uint(0), Uint(0), Uint(0)))
}

// nodeSchema is a tree: a node with a queue of nodes.
func nodeSchema() *Schema {
	s := vmsd("node", field("id", TypeUint8))
	s.Fields = append(s.Fields, queueOf("children", s))
	return s
}

func TestRecursive(t *testing.T) {
	//                      id of 1's first child 2, which has none; second child 3 with child 4
	loads(t, nodeSchema(), wire(t, "01 (01 02 00) (01 03 (01 04 00) 00) 00"), value(Uint(1), List{
		value(Uint(2), List{}),
		value(Uint(3), List{value(Uint(4), List{})}),
	}))
}

// Bytes in a value are copies.
func TestBytesAreCopies(t *testing.T) {
	s := vmsd("v", Field{Name: "raw", Type: TypeBuffer, Size: 2})
	stream := []byte{1, 2}
	got, err := Decode(s, stream, 1, Options{})
	noError(t, err)
	stream[0] = 9
	equal(t, Bytes{1, 2}, got.Value.Fields[0])
}
