package model

import (
	"math"
	"math/big"
	"testing"

	"vmconform/rules"
)

func TestConditionHolds(t *testing.T) {
	s := vmsd("s", field("b", TypeBool), field("i", TypeInt64), field("u", TypeUint64), field("eq", TypeInt32Equal))
	const least, most = math.MinInt64, math.MaxInt64
	orders := []struct {
		field, other string
		v            func(x, y Value) *Struct
		x            []Value
		y            []Value
	}{
		{"i", "u", func(x, y Value) *Struct { return value(Bool(false), x, y, Int(0)) },
			[]Value{Int(least), Int(-1), Int(0), Int(1), Int(most)},
			[]Value{Uint(0), Uint(1), Uint(most), Uint(most + 1), Uint(math.MaxUint64)}},
		{"u", "i", func(x, y Value) *Struct { return value(Bool(false), y, x, Int(0)) },
			[]Value{Uint(0), Uint(1), Uint(most), Uint(most + 1), Uint(math.MaxUint64)},
			[]Value{Int(least), Int(-1), Int(0), Int(1), Int(most)}},
		{"b", "eq", func(x, y Value) *Struct { return value(x, Int(0), Uint(0), y) },
			[]Value{Bool(false), Bool(true)}, []Value{Int(-2), Int(-1), Int(0), Int(1), Int(2)}},
		{"i", "eq", func(x, y Value) *Struct { return value(Bool(false), x, Uint(0), y) },
			[]Value{Int(-2), Int(-1), Int(0)}, []Value{Int(-2), Int(-1), Int(0)}},
	}
	exact := func(v Value) *big.Int {
		switch v := v.(type) {
		case Bool:
			if v {
				return big.NewInt(1)
			}
		case Int:
			return big.NewInt(int64(v))
		case Uint:
			return new(big.Int).SetUint64(uint64(v))
		}
		return new(big.Int)
	}
	for _, o := range orders {
		for _, x := range o.x {
			for _, y := range o.y {
				sign := exact(x).Cmp(exact(y))
				for op, want := range map[string]bool{"==": sign == 0, "!=": sign != 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0} {
					c := &Condition{Field: o.field, Op: op, Other: o.other}
					if c.Holds(s, o.v(x, y)) != want {
						t.Errorf("%v %s %v is %v", x, op, y, !want)
					}
					if n, ok := y.(Int); ok {
						c = &Condition{Field: o.field, Op: op, Value: int64(n)}
						if c.Holds(s, o.v(x, Int(77))) != want {
							t.Errorf("%v %s the value %v is %v", x, op, y, !want)
						}
					}
				}
			}
		}
	}
	at := value(Bool(false), Int(0), Uint(0), Int(0))
	equal(t, true, (*Condition)(nil).Holds(s, at))

	// What has no number does not hold, and does no harm.
	for _, op := range []string{"==", "!=", ">=", "", "<>"} {
		c := &Condition{Field: "b", Op: op}
		for _, v := range []*Struct{nil, value(), value(Bytes{}, Int(0), Uint(0), Int(0)), value(nil, nil, nil, nil)} {
			equal(t, false, c.Holds(s, v))
		}
	}
	equal(t, false, (&Condition{Field: "x", Op: "=="}).Holds(s, at))
	equal(t, false, (&Condition{Field: "b", Op: "==", Other: "x"}).Holds(s, at))
	equal(t, false, (&Condition{Field: "b", Op: "<>"}).Holds(s, at))
}

// A condition decides alone, by what memory holds when the field is reached.
func TestWhen(t *testing.T) {
	s := &Schema{Name: "s", Version: 2, Minimum: 1, Fields: []Field{
		field("n", TypeUint8),
		{Name: "if2", Type: TypeUint8, When: &Condition{Field: "n", Op: ">=", Value: 2}, Version: 9, Local: 22},
		{Name: "later", Type: TypeUint8, When: &Condition{Field: "m", Op: "==", Value: 5}, Local: 55},
		{Name: "m", Type: TypeUint8, Local: 5},
		{Name: "own", Type: TypeUint8, When: &Condition{Field: "own", Op: "<", Other: "m"}},
		{Name: "counted", Type: TypeUint8, Array: true, CountFrom: "n", When: &Condition{Field: "m", Op: "!=", Other: "n"}},
		{Name: "fixed", Type: TypeUint8, Array: true, Count: 2, Local: 7, When: &Condition{Field: "m", Op: "==", Value: 99}}}}
	noError(t, s.Check())
	load := func(stream string, want *Struct) {
		t.Helper()
		got, err := Decode(s, wire(t, stream), 1, Options{All: true})
		noError(t, err)
		equal(t, want, got.Value)
	}
	//    n  if2 later m own counted
	load("02 ff  08    03 01 a1a2", value(Uint(2), Uint(255), Uint(8), Uint(3), Uint(1), List{Uint(0xa1), Uint(0xa2)}, List{Uint(7), Uint(7)}))
	// n is 1, below 2; m is 1 by then, and so counted is not there; own is below it
	load("01 08 01 02", value(Uint(1), Uint(22), Uint(8), Uint(1), Uint(2), List{}, List{Uint(7), Uint(7)}))
	// m is 0, and own not below it
	load("01 08 00 a1", value(Uint(1), Uint(22), Uint(8), Uint(0), Uint(0), List{Uint(0xa1)}, List{Uint(7), Uint(7)}))

	saved, err := Encode(s, value(Uint(1), Uint(22), Uint(8), Uint(5), Uint(0), List{Uint(9)}, List{}), 2)
	noError(t, err)
	//                     n  later m own counted
	equal(t, wire(t, "01 08 05 00 09"), saved)
	saved, err = Encode(s, value(Uint(1), nil, nil, Uint(1), Uint(1), nil, nil), 2)
	noError(t, err)
	equal(t, wire(t, "01 01"), saved)
}

// A repeated subsection finds what the first load left.
func TestWhenLoadedAgain(t *testing.T) {
	sub := vmsd("s/a", Field{Name: "x", Type: TypeUint8, When: &Condition{Field: "seen", Op: "==", Value: 0}}, field("seen", TypeUint8))
	s := vmsd("s")
	s.Subsections = []*Schema{sub}
	const header = "05 03 732f61 00000001"
	got := consumes(t, s, header+"07 01"+header+"02", 9+2+9+1)
	equal(t, value(Uint(7), Uint(2)), got.Value.Subs[0])
}

func TestMustAndValidate(t *testing.T) {
	s := &Schema{Name: "s", Version: 2, Minimum: 1, Fields: []Field{
		field("n", TypeUint8),
		{Name: "when", Type: TypeUint8, Must: true, When: &Condition{Field: "n", Op: "!=", Value: 1}},
		{Name: "late", Type: TypeUint8, Must: true, Version: 2},
		{Name: "valid", Type: TypeValidate, Version: 9, When: &Condition{Field: "n", Op: "<", Value: 3}},
		field("last", TypeUint8)}}
	loads(t, s, wire(t, "02 03 04 05"), value(Uint(2), Uint(3), Uint(4), Null{}, Uint(5)))

	missing := func(at int64, path string) verdict { return verdict{rules.MissingField, at, path, rules.MustExist} }
	invalid := verdict{rules.OutOfRange, 3, "valid", rules.Validate}
	refused(t, s, wire(t, "01 03 04 05"), Options{}, missing(1, "when"))
	refused(t, s, wire(t, "01"), Options{}, missing(1, "when")) // before anything is looked at
	refused(t, s, wire(t, "03 03 04"), Options{}, invalid)
	_, err := Decode(s, wire(t, "02 03 04 05"), 1, Options{})
	equal(t, missing(2, "late"), verdictOf(t, err))

	saves := func(n uint64, version uint32, written string, want verdict) {
		t.Helper()
		out, err := Encode(s, value(Uint(n), Uint(3), Uint(4), Null{}, Uint(5)), version)
		equal(t, wire(t, written), out)
		equal(t, want, verdictOf(t, err))
	}
	saves(1, 2, "01", missing(1, "when"))
	saves(2, 1, "02 03", missing(2, "late"))
	saves(3, 2, "03 03 04", invalid)
	out, err := Encode(s, value(Uint(2), Uint(3), Uint(4), Uint(0), Uint(5)), 2)
	equal(t, wire(t, "02 03 04"), out)
	equal(t, verdict{rules.OutOfRange, 3, "valid", rules.RoundTrip}, verdictOf(t, err))
}

// Each hook's condition is judged where it is called, for every object.
func TestHooks(t *testing.T) {
	is := func(n int64) *Condition { return &Condition{Field: "n", Op: "!=", Value: n} }
	elem := vmsd("e", Field{Name: "n", Type: TypeUint8, Local: 9}, field("x", TypeUint8))
	elem.Hooks = Hooks{PreLoad: is(0), PostLoad: is(1), PreSave: is(2), PostSave: is(3)}
	sub := *elem
	sub.Name = "s/a"
	s := vmsd("s", field("id", TypeUint8),
		Field{Name: "in", Type: TypeStruct, Elem: elem},
		Field{Name: "ar", Type: TypeStruct, Array: true, Count: 1, Elem: elem},
		queueOf("q", elem),
		Field{Name: "l", Type: TypeList, Version: 1, Elem: elem},
		Field{Name: "t", Type: TypeTree, Version: 1, Elem: elem},
		Field{Name: "v", Type: TypeVStruct, StructVersion: 1, Elem: elem})
	s.Subsections = []*Schema{&sub}
	// Where objects are, and where they end.
	const (
		stream = "00 0707 0707 01 0707 00 01 0707 00 00000001 01 0000000000000008 0707 00 0707 05 03 732f61 00000001 0707"
		in     = 1
		ar     = in + 2
		q      = ar + 2 + 1
		l      = q + 2 + 1 + 1
		tr     = l + 2 + 1 + 4 + 1 + 8
		vs     = tr + 2 + 1
		inSub  = vs + 2 + 1 + 1 + 3 + 4
		end    = inSub + 2
	)
	objects := []struct {
		at   int64
		path string
	}{{in, "in"}, {ar, "ar[0]"}, {q, "q[0]"}, {l, "l[0]"}, {tr, "t[0]"}, {vs, "v"}, {inSub, "s/a"}}
	value := func(wrong int, n uint64) *Struct {
		object := func(i int) *Struct {
			if i == wrong {
				return value(Uint(n), Uint(7))
			}
			return value(Uint(7), Uint(7))
		}
		return &Struct{Fields: []Value{Uint(0), object(0), List{object(1)}, List{object(2)}, List{object(3)},
			Tree{{Uint(8), object(4)}}, object(5)}, Subs: []*Struct{object(6)}}
	}
	loads(t, s, wire(t, stream), value(-1, 0))
	equal(t, end, len(wire(t, stream)))
	for i, o := range objects {
		b := wire(t, stream)
		b[o.at] = 1
		refused(t, s, b, Options{}, verdict{rules.Hook, o.at + 2, o.path, rules.HookSucceeds})

		// An error inside comes first, and keeps post_load from being called.
		refused(t, s, b[:o.at+1], Options{}, verdict{rules.Truncated, o.at + 1, o.path + "/x", rules.ItemComplete})

		for n, at := range map[uint64]int64{2: o.at, 3: o.at + 2} {
			out, err := Encode(s, value(i, n), 1)
			equal(t, verdict{rules.Hook, at, o.path, rules.HookSucceeds}, verdictOf(t, err))
			if n == 2 {
				equal(t, wire(t, stream)[:at], out)
			}
		}
	}
	// pre_load sees memory before the load.
	elem.Fields[0].Local, sub.Fields = 0, elem.Fields
	refused(t, s, wire(t, stream), Options{}, verdict{rules.Hook, in, "in", rules.HookSucceeds})
	// So does that of the top, which is called after the version is judged.
	top := *elem
	refused(t, &top, nil, Options{}, verdict{rules.Hook, 0, "", rules.HookSucceeds})
	_, err := Decode(&top, nil, 2, Options{})
	equal(t, verdict{rules.VersionTooNew, 0, "", rules.VersionRange}, verdictOf(t, err))
	refused(t, s, wire(t, stream), Options{Limits: rules.Limits{Depth: 1}}, verdict{rules.Limit, in, "in", rules.Bounded})
	// An error of the fields outweighs post_save.
	out, err := Encode(&top, &Struct{Fields: []Value{Uint(3), Uint(256)}}, 1)
	equal(t, wire(t, "03"), out)
	equal(t, verdict{rules.OutOfRange, 1, "x", rules.RoundTrip}, verdictOf(t, err))
}

// post_load is called after the last subsection, pre_save before any.
func TestHooksAroundSubsections(t *testing.T) {
	s := vmsd("s", field("n", TypeUint8))
	s.Subsections = []*Schema{vmsd("s/a", field("x", TypeUint8))}
	s.Hooks.PostLoad = &Condition{Field: "n", Op: "==", Value: 1}
	s.Hooks.PostSave = s.Hooks.PostLoad
	stream := wire(t, "02 05 03 732f61 00000001 07")
	refused(t, s, stream, Options{}, verdict{rules.Hook, int64(len(stream)), "", rules.HookSucceeds})
	out, err := Encode(s, &Struct{Fields: []Value{Uint(2)}, Subs: []*Struct{value(Uint(7))}}, 1)
	equal(t, stream, out)
	equal(t, verdict{rules.Hook, int64(len(stream)), "", rules.HookSucceeds}, verdictOf(t, err))
}
