package model

import (
	"testing"

	"vmconform/rules"
)

// The parent "dev" (64 65 76) with subsections dev/a, dev/b (each one byte and
// a nested one) and devc, whose name has no slash.
func deviceSchema() *Schema {
	sub := func(name string, subs ...*Schema) *Schema {
		s := vmsd(name, field("x", TypeUint8))
		s.Subsections = subs
		return s
	}
	s := vmsd("dev", field("f", TypeUint8))
	s.Subsections = []*Schema{sub("dev/a", sub("dev/a/n")), sub("dev/b"), sub("devc")}
	return s
}

const (
	devA  = "05 05 6465762f61 00000001"
	devAN = "05 07 6465762f612f6e 00000001"
	devB  = "05 05 6465762f62 00000001"
	devC  = "05 04 64657663 00000001"
)

// consumes demands that stream is accepted and its first n bytes are taken.
func consumes(t *testing.T, s *Schema, stream string, n int64) Loaded {
	t.Helper()
	noError(t, s.Check())
	got, err := Decode(s, wire(t, stream), s.Version, Options{})
	noError(t, err)
	equal(t, n, got.Consumed)
	return got
}

func TestPeekRule(t *testing.T) {
	s := deviceSchema()
	accept := func(name, rest string, taken int64) {
		t.Run(name, func(t *testing.T) { consumes(t, s, "07"+rest, 1+taken) })
	}
	refuse := func(name, rest string, want verdict) {
		t.Run(name, func(t *testing.T) { refused(t, s, wire(t, "07"+rest), Options{}, want) })
	}
	// n < len("dev")+1: data, whatever follows
	accept("05 alone", "05", 0)
	accept("n zero", "05 00 6465762f61", 0)
	accept("n too short for the parent's name", "05 02 6465", 0)
	accept("name equal to the parent's", "05 03 646576 00000001 00", 0)
	// fewer than n bytes: data
	accept("name not available", "05 05 6465762f", 0)
	accept("name of an unknown one not available", "05 06 6465762f7a", 0)
	accept("no byte of the name", "05 ff", 0)
	// another prefix: data
	accept("prefix mismatch", "05 05 6465772f61 00000001 00", 0)
	accept("prefix mismatch in the first byte", "05 05 0065762f61 00000001 00", 0)
	// a name of the list
	accept("exact match", devA+"09", 11+1)
	accept("exact match without slash", devC+"09", 10+1)
	accept("another byte than 05 follows", "04 05 6465762f61 00000001 09", 0)
	// the parent's prefix and not in the list
	unknown := verdict{rules.UnknownSubsection, 1, "", rules.SubsectionKnown}
	refuse("unknown", "05 05 6465762f7a 00000001 09", unknown)
	refuse("unknown, nothing after its name", "05 05 6465762f7a", unknown)
	refuse("unknown without slash", "05 04 6465767a 00000001 09", unknown)
	refuse("known with a byte more", "05 06 6465762f6161 00000001 09", unknown)
	refuse("known of another vmsd", devAN+"09", unknown)
	refuse("unknown after a known one", devB+"09 05 05 6465762f7a",
		verdict{rules.UnknownSubsection, 1 + 12, "", rules.SubsectionKnown})
	// version and payload
	refuse("no version", "05 05 6465762f61", verdict{rules.Truncated, 8, "dev/a", rules.ItemComplete})
	refuse("version cut", "05 05 6465762f61 000000", verdict{rules.Truncated, 11, "dev/a", rules.ItemComplete})
	refuse("no payload", devA, verdict{rules.Truncated, 12, "dev/a/x", rules.ItemComplete})
	refuse("version 2", "05 05 6465762f61 00000002 09", verdict{rules.VersionTooNew, 8, "dev/a", rules.SubsectionVersion})
	refuse("version 0", "05 05 6465762f61 00000000 09", verdict{rules.VersionTooOld, 8, "dev/a", rules.SubsectionVersion})
	refuse("version 0x100", "05 05 6465762f61 00000100 09", verdict{rules.VersionTooOld, 8, "dev/a", rules.SubsectionVersion})
	refuse("version 0x102", "05 05 6465762f61 00000102 09", verdict{rules.VersionTooNew, 8, "dev/a", rules.SubsectionVersion})
	refuse("version cut before it can be too new", "05 05 6465762f61 0000ff", verdict{rules.Truncated, 11, "dev/a", rules.ItemComplete})
}

func TestPeekVersionModulo256(t *testing.T) {
	for _, version := range []string{"00000101", "80000001", "ffffff01"} {
		got := consumes(t, deviceSchema(), "07 05 05 6465762f61"+version+"09", 13)
		equal(t, []remark{{rules.SubsectionVersion256, 8, "dev/a"}}, remarks(got.Notes))
		equal(t, Value(Uint(9)), got.Value.Subs[0].Fields[0])
	}
}

// A vmsd without any subsection peeks as well.
func TestPeekWithoutSubsections(t *testing.T) {
	s := vmsd("dev", field("f", TypeUint8))
	refused(t, s, wire(t, "07 05 04 64657661"), Options{}, verdict{rules.UnknownSubsection, 1, "", rules.SubsectionKnown})
	consumes(t, s, "07 05 03 646576", 1)
}

// The names of the structs count, not those of the fields: "in" is 69 6e.
func TestPeekNested(t *testing.T) {
	inner := vmsd("in", field("x", TypeUint8))
	inner.Subsections = []*Schema{vmsd("in/s", field("y", TypeUint8))}
	const sub = "05 04 696e2f73 00000001"
	unknown := func(at int64, path string) verdict {
		return verdict{rules.UnknownSubsection, at, path, rules.SubsectionKnown}
	}
	one := vmsd("dev", Field{Name: "one", Type: TypeStruct, Elem: inner}, field("last", TypeUint8))
	many := vmsd("dev", Field{Name: "many", Type: TypeStruct, Array: true, Count: 2, Elem: inner})
	queue := vmsd("dev", queueOf("q", inner))
	present := func(x, y uint64) *Struct {
		return &Struct{Fields: []Value{Uint(x)}, Subs: []*Struct{value(Uint(y))}}
	}
	absent := func(x uint64) *Struct { return &Struct{Fields: []Value{Uint(x)}, Subs: []*Struct{nil}} }

	t.Run("struct", func(t *testing.T) {
		loads(t, one, wire(t, "07"+sub+"08 09"), value(present(7, 8), Uint(9)))
		loads(t, one, wire(t, "07 09"), value(absent(7), Uint(9)))
	})
	t.Run("struct, unknown", func(t *testing.T) {
		refused(t, one, wire(t, "07 05 04 696e2f74 00000001"), Options{}, unknown(1, "one"))
	})
	t.Run("struct, 05 is the next field", func(t *testing.T) {
		loads(t, one, wire(t, "07 05"), value(absent(7), Uint(5)))
	})
	t.Run("struct in array", func(t *testing.T) {
		loads(t, many, wire(t, "07 08"+sub+"09"), value(List{absent(7), present(8, 9)}))
		loads(t, many, wire(t, "07"+sub+"08 09"), value(List{present(7, 8), absent(9)}))
	})
	t.Run("struct in array, unknown", func(t *testing.T) {
		refused(t, many, wire(t, "07 08 05 04 696e2f74"), Options{}, unknown(2, "many[1]"))
	})
	t.Run("queue element", func(t *testing.T) {
		loads(t, queue, wire(t, "01 07"+sub+"08 01 09 00"), value(List{present(7, 8), absent(9)}))
	})
	t.Run("queue element, unknown", func(t *testing.T) {
		refused(t, queue, wire(t, "01 07 01 08 05 04 696e2f74"), Options{}, unknown(4, "q[1]"))
	})
	t.Run("queue element, 05 is the next marker", func(t *testing.T) {
		got := consumes(t, queue, "01 07 05 01 00", 5)
		equal(t, []remark{{rules.QueueMarker, 2, "q[1]"}}, remarks(got.Notes))
		equal(t, 2, len(got.Value.Fields[0].(List)))
	})
}

// A subsection peeks with its own name as the parent's.
func TestPeekInSubsection(t *testing.T) {
	s := deviceSchema()
	t.Run("nested", func(t *testing.T) {
		loads(t, s, wire(t, "07"+devA+"08"+devAN+"09"+devB+"0a"), &Struct{
			Fields: []Value{Uint(7)},
			Subs: []*Struct{
				{Fields: []Value{Uint(8)}, Subs: []*Struct{value(Uint(9))}},
				value(Uint(10)), nil,
			}})
	})
	t.Run("own name again is data to it, and the parent's", func(t *testing.T) {
		got := consumes(t, s, "07"+devB+"08"+devB+"09", 25)
		equal(t, []remark{{rules.SubsectionRepeated, 13, "dev/b"}}, remarks(got.Notes))
	})
	t.Run("own prefix, unknown", func(t *testing.T) {
		// 05 06 "dev/bz": the parent does not know it either, but dev/b is asked first
		refused(t, s, wire(t, "07"+devB+"08 05 06 6465762f627a"), Options{},
			verdict{rules.UnknownSubsection, 13, "dev/b", rules.SubsectionKnown})
	})
}

// The name must be equal to one of the list, which decides before prefixes do:
// a sibling whose name begins with that of a subsection is unknown to it.
func TestPeekSiblingWithPrefix(t *testing.T) {
	s := vmsd("dev")
	s.Subsections = []*Schema{vmsd("dev/a"), vmsd("dev/ab")}
	refused(t, s, wire(t, devA+"05 06 6465762f6162 00000001"), Options{},
		verdict{rules.UnknownSubsection, 11, "dev/a", rules.SubsectionKnown})
	got := consumes(t, s, "05 06 6465762f6162 00000001"+devA, 12+11)
	equal(t, []remark{{rules.SubsectionOrder, 12, "dev/a"}}, remarks(got.Notes))
}

func TestSubsectionOrderAndRepetition(t *testing.T) {
	order := func(at int64, path string) remark { return remark{rules.SubsectionOrder, at, path} }
	repeated := func(at int64, path string) remark { return remark{rules.SubsectionRepeated, at, path} }
	// 12 bytes each for dev/a and dev/b with their byte, 11 for devc, 1 for f
	cases := []struct {
		name, stream string
		want         []remark
	}{
		{"in order", devA + "01" + devB + "02" + devC + "03", nil},
		{"with a gap", devA + "01" + devC + "03", nil},
		{"swapped", devB + "02" + devA + "01", []remark{order(13, "dev/a")}},
		{"out of order once", devC + "03" + devA + "01" + devB + "02", []remark{order(12, "dev/a")}},
		{"reversed", devC + "03" + devB + "02" + devA + "01", []remark{order(12, "dev/b"), order(24, "dev/a")}},
		{"repeated", devA + "01" + devA + "02", []remark{repeated(13, "dev/a")}},
		{"repeated is not judged for order", devA + "01" + devB + "02" + devA + "03", []remark{repeated(25, "dev/a")}},
		{"order after a repeated one", devA + "01" + devC + "02" + devA + "03" + devB + "04", []remark{repeated(24, "dev/a")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := consumes(t, deviceSchema(), "07"+c.stream, int64(len(wire(t, c.stream)))+1)
			equal(t, c.want, remarks(got.Notes))
		})
	}
}

// Nested subsections are judged per load of the one that they are in.
func TestSubsectionRepetitionIsPerLoad(t *testing.T) {
	got := consumes(t, deviceSchema(), "07"+devA+"01"+devAN+"02"+devA+"03"+devAN+"04", 1+12+14+12+14)
	equal(t, []remark{{rules.SubsectionRepeated, 27, "dev/a"}}, remarks(got.Notes))
	equal(t, &Struct{Fields: []Value{Uint(3)}, Subs: []*Struct{value(Uint(4))}}, got.Value.Subs[0])
}

// A repeated subsection loads into the same object.
func TestSubsectionLoadsAgain(t *testing.T) {
	elem := vmsd("e", field("x", TypeUint8))
	sub := &Schema{Name: "dev/s", Version: 2, Minimum: 1, Fields: []Field{
		field("a", TypeUint8),
		{Name: "b", Type: TypeUint8, Version: 2},
		field("n", TypeUint8),
		{Name: "buf", Type: TypeBuffer, SizeFrom: "n"},
		{Name: "counted", Type: TypeQueue, Array: true, CountFrom: "n", Version: 1, Elem: elem},
		{Name: "fixed", Type: TypeQueue, Array: true, Count: 2, Version: 1, Elem: elem},
		{Name: "in", Type: TypeStruct, Elem: vmsd("in", queueOf("q", elem))},
		queueOf("q", elem)}}
	s := vmsd("dev")
	s.Subsections = []*Schema{sub}
	list := func(xs ...uint64) List {
		l := List{}
		for _, x := range xs {
			l = append(l, value(Uint(x)))
		}
		return l
	}
	// version 2:                          a  b  n  buf  counted               fixed           in/q    q
	first := "05 05 6465762f73 00000002" + "01 02 02 a1a2 (01 10 00) (01 11 00) (01 20 00) (00) (01 30 00) (01 40 00)"
	// version 1, without b:                a  n  buf counted      fixed             in/q       q
	again := "05 05 6465762f73 00000001" + "03 01 b1 (01 12 00) (01 21 00) (01 22 00) (01 31 00) (01 41 01 42 00)"
	stream := wire(t, first+again)
	got, err := Decode(s, stream, 1, Options{All: true})
	noError(t, err)
	equal(t, value(Uint(3), Uint(2), Uint(1), Bytes{0xb1},
		List{list(0x12)},
		List{list(0x20, 0x21), list(0x22)},
		value(list(0x30, 0x31)),
		list(0x40, 0x41, 0x42)), got.Value.Subs[0])

	// The path counts the elements of this load: cut before the second of q.
	cut := stream[:len(stream)-3]
	refused(t, s, cut, Options{}, verdict{rules.Truncated, int64(len(cut)), "dev/s/q[1]", rules.QueueTerminator})
}
