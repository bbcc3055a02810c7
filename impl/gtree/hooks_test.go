package gtree_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/gtree"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

func TestBothWays(t *testing.T) {
	for _, c := range []struct{ bytes, tree string }{
		{"00000000 00 05", ""},
		{"00000001 01 0102 07 00 05", "1-2:7"},
		{"00000003 01 0102 07 01 0303 08 01 10ff 09 00 05", "1-2:7 3-3:8 10-ff:9"},
	} {
		var o object
		same(t, len(loads(t, describe(false), &o, c.bytes).Notes), 0)
		same(t, o.spell(), c.tree)
		same(t, o.end, 5)
		saves(t, describe(false), &o, c.bytes)
		if err := spans.Check(&o.tree); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDirectKeys(t *testing.T) {
	const bytes = "00000003 01 0000000000000001 07 01 0000000000000100 08 01 ffffffffffffffff 09 00 05"
	var o object
	same(t, len(loads(t, describe(true), &o, bytes).Notes), 0)
	for k, n := range map[uint64]uint8{1: 7, 256: 8, 1<<64 - 1: 9} {
		same(t, numbers.Lookup(&o.nums, &k).n, n)
	}
	same(t, numbers.Len(&o.nums), 3)
	saves(t, describe(true), &o, bytes)
}

func TestGetErrors(t *testing.T) {
	for _, c := range []struct {
		direct bool
		stream string
		want   verdict
	}{
		{false, "", verdict{rules.Truncated, 0, "t", rules.ItemComplete}},
		{false, "000000", verdict{rules.Truncated, 3, "t", rules.ItemComplete}},
		{false, "00000000", verdict{rules.Truncated, 4, "t[0]", rules.TreeTerminator}},
		{false, "00000001", verdict{rules.Truncated, 4, "t[0]", rules.TreeTerminator}},
		{false, "00000001 01", verdict{rules.Truncated, 5, "t[0]/low", rules.ItemComplete}},
		{false, "00000001 01 01", verdict{rules.Truncated, 6, "t[0]/high", rules.ItemComplete}},
		{false, "00000001 01 0102", verdict{rules.Truncated, 7, "t[0]/n", rules.ItemComplete}},
		{false, "00000001 01 0102 07", verdict{rules.Truncated, 8, "t[1]", rules.TreeTerminator}},
		{false, "00000001 01 0102 07 00", verdict{rules.Truncated, 9, "end", rules.ItemComplete}},
		{true, "00000001 01 00000000000000", verdict{rules.Truncated, 12, "t[0]", rules.ItemComplete}},
		{true, "00000001 01 0000000000000000", verdict{rules.Truncated, 13, "t[0]/n", rules.ItemComplete}},

		{false, "00000000 01 0102 07 00 05", verdict{rules.CountMismatch, 4, "t[0]", rules.TreeCount}},
		{false, "00000001 01 0102 07 01 0303 07 00 05", verdict{rules.CountMismatch, 8, "t[1]", rules.TreeCount}},
		{false, "00000001 01 0102 07 01", verdict{rules.CountMismatch, 8, "t[1]", rules.TreeCount}},
		{false, "00000001 00 05", verdict{rules.CountMismatch, 4, "t[0]", rules.TreeCount}},
		{false, "00000003 01 0102 07 01 0303 07 00 05", verdict{rules.CountMismatch, 12, "t[2]", rules.TreeCount}},
		// A key that comes again counts.
		{false, "00000001 01 0102 07 01 0102 08 00 05", verdict{rules.CountMismatch, 8, "t[1]", rules.TreeCount}},

		{false, "7fffffff 00 05", verdict{rules.CountMismatch, 4, "t[0]", rules.TreeCount}},
		{false, "7fffffff 01 0102 07", verdict{rules.Truncated, 8, "t[1]", rules.TreeTerminator}},
		{false, "80000000 00 05", verdict{rules.OutOfRange, 0, "t", rules.CountRange}},
		{false, "ffffffff 01 0102 07 00 05", verdict{rules.OutOfRange, 0, "t", rules.CountRange}},
	} {
		for _, pairs := range []uint8{0, 1, 3} {
			var o object
			for n := range pairs {
				spans.Insert(&o.tree, &span{n, n}, &value{n: n})
				k := uint64(n)
				numbers.Insert(&o.nums, &k, &value{n: n})
			}
			before := o.spell()
			var err error
			if n := allocates(func() { _, err = load(t, describe(c.direct), &o, c.stream) }); n > 1<<18 {
				t.Fatalf("%d bytes allocated", n)
			}
			refused(t, err, c.want)
			same(t, o.spell(), before)
			same(t, numbers.Len(&o.nums), int(pairs))
		}
	}
}

// Keys and values load at the field's version, which has to be in the range of
// both, and are saved at their own.
func TestVersions(t *testing.T) {
	key := func(minimum, version uint32) *vmstate.Description {
		return &vmstate.Description{Name: "span", VersionID: version, MinimumVersionID: minimum, Fields: []vmstate.Field{
			vmstate.Scalar("low", unsafe.Offsetof(span{}.low), 0, vmstate.InfoUint8),
			vmstate.Scalar("high", unsafe.Offsetof(span{}.high), 4, vmstate.InfoUint8),
		}}
	}
	val := func(minimum, version uint32) *vmstate.Description {
		return &vmstate.Description{Name: "value", VersionID: version, MinimumVersionID: minimum, Fields: []vmstate.Field{
			vmstate.Scalar("n", unsafe.Offsetof(value{}.n), 5, vmstate.InfoUint8),
		}}
	}
	for _, c := range []struct {
		name       string
		key, value *vmstate.Description // no key: direct keys
		version    uint32               // of the field
		class      rules.Class          // "": accepted
		stream     string
		saved      string
	}{
		{"both too old", key(2, 4), val(3, 5), 1, rules.VersionTooOld, "", ""},
		{"value too old", key(2, 4), val(3, 5), 2, rules.VersionTooOld, "", ""},
		{"lowest", key(2, 4), val(3, 5), 3, "", "00000001 01 01 00", "00000001 01 0100 00 00"},
		{"highest", key(2, 4), val(3, 5), 4, "", "00000001 01 0102 00", "00000001 01 0102 00 00"},
		{"key too new", key(2, 4), val(3, 5), 5, rules.VersionTooNew, "", ""},
		{"key too new, value too old", key(1, 2), val(4, 5), 3, rules.VersionTooNew, "", ""},
		{"key too old, value too new", key(4, 5), val(1, 2), 3, rules.VersionTooOld, "", ""},
		{"value too new", key(3, 6), val(3, 5), 6, rules.VersionTooNew, "", ""},
		{"direct: too old", nil, val(3, 5), 2, rules.VersionTooOld, "", ""},
		{"direct", nil, val(3, 5), 4, "", "00000001 01 0000000000000001 00", "00000001 01 0000000000000001 00 00"},
		{"direct: too new", nil, val(3, 5), 6, rules.VersionTooNew, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := gtree.Field("t", unsafe.Offsetof(object{}.tree), c.version, spans.Metadata(c.key, c.value))
			if c.key == nil {
				f = gtree.Field("t", unsafe.Offsetof(object{}.nums), c.version, gtree.Direct(numbers, c.value))
			}
			d := &vmstate.Description{Name: "d", VersionID: 9, Fields: []vmstate.Field{
				vmstate.Scalar("end", unsafe.Offsetof(object{}.end), 0, vmstate.InfoUint8), f}}
			var o object
			_, err := vmstate.Load(d, unsafe.Pointer(&o), wire(t, "05"+c.stream), 9, vmstate.LoadOptions{All: true})
			if c.class != "" {
				// The count is not looked at: it is not there.
				refused(t, err, verdict{c.class, 1, "t", rules.TreeVersion})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			s, err := vmstate.Save(d, unsafe.Pointer(&o), 9, vmstate.SaveOptions{})
			if err != nil {
				t.Fatal(err)
			}
			same(t, string(s.Stream), string(wire(t, "05"+c.saved)))
		})
	}
}

func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestLimits(t *testing.T) {
	const spanPairs = "00000002 01 0102 07 01 0303 08 00 05"
	const direct = "00000001 01 0000000000000001 07 00 05"
	for _, c := range []struct {
		direct bool
		stream string
		limits rules.Limits
		want   *verdict
	}{
		{false, spanPairs, rules.Limits{Depth: 2, Elements: 2, Bytes: 14}, nil},
		{false, spanPairs, rules.Limits{Elements: 1}, &verdict{rules.Limit, 8, "t[1]", rules.Bounded}},
		{false, spanPairs, rules.Limits{Depth: 1}, &verdict{rules.Limit, 4, "t[0]", rules.Bounded}},
		{false, spanPairs, rules.Limits{Bytes: 12}, &verdict{rules.Limit, 12, "t[2]", rules.Bounded}},
		{false, spanPairs, rules.Limits{Bytes: 3}, &verdict{rules.Limit, 0, "t", rules.Bounded}},
		{true, direct, rules.Limits{Depth: 1}, &verdict{rules.Limit, 13, "t[0]", rules.Bounded}},
		{true, direct, rules.Limits{Bytes: 12}, &verdict{rules.Limit, 5, "t[0]", rules.Bounded}},
		// The limit comes before the count.
		{false, "00000001 01 0102 07 01", rules.Limits{Elements: 1}, &verdict{rules.Limit, 8, "t[1]", rules.Bounded}},
		{false, "00000000 01", rules.Limits{Depth: 1}, &verdict{rules.CountMismatch, 4, "t[0]", rules.TreeCount}},
	} {
		var o object
		_, err := vmstate.Load(describe(c.direct), unsafe.Pointer(&o), wire(t, c.stream), 1, vmstate.LoadOptions{Limits: c.limits, All: true})
		if c.want != nil {
			refused(t, err, *c.want)
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// What is not as QEMU writes it is accepted and noted.
func TestNotes(t *testing.T) {
	for _, c := range []struct {
		stream string
		tree   string
		notes  []rules.Note
	}{
		{"00000002 02 0102 07 ff 0303 08 00 05", "1-2:7 3-3:8", []rules.Note{{Rule: rules.TreeMarker, Offset: 4, Path: "t[0]"}, {Rule: rules.TreeMarker, Offset: 8, Path: "t[1]"}}},
		{"00000002 01 0303 08 01 0102 07 00 05", "1-2:7 3-3:8", []rules.Note{{Rule: rules.TreeOrder, Offset: 11, Path: "t[1]"}}},
		// The first key stays, with the last value.
		{"00000003 01 0102 07 01 0202 08 01 0105 09 00 05", "1-2:9", []rules.Note{{Rule: rules.TreeDuplicate, Offset: 11, Path: "t[1]"}, {Rule: rules.TreeDuplicate, Offset: 15, Path: "t[2]"}}},
		{"00000003 01 0102 07 01 0303 08 01 0101 09 00 05", "1-2:9 3-3:8", []rules.Note{{Rule: rules.TreeDuplicate, Offset: 15, Path: "t[2]"}}},
		// After a key that came again the greatest is what it was.
		{"00000004 01 0102 07 01 0909 08 01 0101 09 01 0505 0a 00 05", "1-2:9 5-5:a 9-9:8", []rules.Note{{Rule: rules.TreeDuplicate, Offset: 15, Path: "t[2]"}, {Rule: rules.TreeOrder, Offset: 19, Path: "t[3]"}}},
	} {
		var o object
		l := loads(t, describe(false), &o, c.stream)
		for i := range l.Notes {
			l.Notes[i].Detail = ""
		}
		if !slices.Equal(l.Notes, c.notes) {
			t.Fatalf("%v, want %v", l.Notes, c.notes)
		}
		same(t, o.spell(), c.tree)
		if err := spans.Check(&o.tree); err != nil {
			t.Fatal(err)
		}
	}
}

// Loading into a tree that has pairs adds to it; a key that it has is no note.
func TestGetIntoFullTree(t *testing.T) {
	var o object
	for _, s := range []span{{1, 2}, {5, 5}, {9, 9}} {
		spans.Insert(&o.tree, &s, &value{n: 1})
	}
	l := loads(t, describe(false), &o, "00000003 01 0202 07 01 0303 08 01 0a0a 09 00 05")
	same(t, o.spell(), "1-2:7 3-3:8 5-5:1 9-9:1 a-a:9")
	same(t, len(l.Notes), 0)
}

// Any order of many keys, some of them more than once, makes the tree that
// Insert makes.
func TestManyKeys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		key  func(i uint64) uint64
	}{
		{"ascending", func(i uint64) uint64 { return i }},
		{"descending", func(i uint64) uint64 { return 5000 - i }},
		{"random", func(uint64) uint64 { return random.Uint64N(4000) }},
		{"from both ends", func(i uint64) uint64 { return i * (i % 2 * 1000) }},
		{"blocks", func(i uint64) uint64 { return (i%50)*1000 + i/50 }},
		{"one", func(uint64) uint64 { return 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n = 3000
			var want object
			stream := binary.BigEndian.AppendUint32(nil, n)
			repeated := 0
			for i := range uint64(n) {
				k, v := c.key(i), uint8(random.Uint32())
				if numbers.Lookup(&want.nums, &k) != nil {
					repeated++
				}
				numbers.Insert(&want.nums, &k, &value{n: v})
				stream = append(binary.BigEndian.AppendUint64(append(stream, 1), k), v)
			}
			stream = append(stream, 0, 5)
			var got object
			l, err := vmstate.Load(describe(true), unsafe.Pointer(&got), stream, 1, vmstate.LoadOptions{All: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, note := range l.Notes {
				if note.Rule == rules.TreeDuplicate {
					repeated--
				}
			}
			same(t, repeated, 0)
			spell := func(o *object) (s []string) {
				for k, v := range numbers.All(&o.nums) {
					s = append(s, fmt.Sprint(*k, ":", v.n))
				}
				return s
			}
			if !slices.Equal(spell(&got), spell(&want)) {
				t.Fatal("the trees differ")
			}
			if err := numbers.Check(&got.nums); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Keys in the worst order take no more than n log² n comparisons.
func TestWorkIsBounded(t *testing.T) {
	for name, key := range map[string]func(i uint64) uint64{
		"descending": func(i uint64) uint64 { return 1<<20 - i },
		"scattered":  func(i uint64) uint64 { return i * 0x9e3779b97f4a7c15 },
	} {
		const n, log = 1 << 14, 14
		compared := 0
		counting := gtree.Of[uint64, value](func(a, b *uint64) int {
			compared++
			switch {
			case *a < *b:
				return -1
			case *a > *b:
				return 1
			}
			return 0
		})
		d := describe(true)
		d = &vmstate.Description{Name: "d", VersionID: 1, Fields: []vmstate.Field{
			gtree.Field("t", unsafe.Offsetof(object{}.nums), 1, gtree.Direct(counting, describeValue())), d.Fields[1]}}
		stream := binary.BigEndian.AppendUint32(nil, n)
		for i := range uint64(n) {
			stream = append(binary.BigEndian.AppendUint64(append(stream, 1), key(i)), 0)
		}
		var o object
		if _, err := vmstate.Load(d, unsafe.Pointer(&o), append(stream, 0, 5), 1, vmstate.LoadOptions{All: true}); err != nil {
			t.Fatal(err)
		}
		if compared > n*log*log {
			t.Fatalf("%s: %d comparisons", name, compared)
		}
	}
}

// A comparison without sense still ends.
func TestSenselessComparison(t *testing.T) {
	for _, c := range []func(a, b *uint64) int{
		func(a, b *uint64) int { return 1 },
		func(a, b *uint64) int { return -1 },
		func(a, b *uint64) int { return int(*a*7+*b*13)%3 - 1 },
	} {
		stream := binary.BigEndian.AppendUint32(nil, 500)
		for i := range uint64(500) {
			stream = append(binary.BigEndian.AppendUint64(append(stream, 1), i*i%97), 0)
		}
		d := &vmstate.Description{Name: "d", VersionID: 1, Fields: []vmstate.Field{
			gtree.Field("t", unsafe.Offsetof(object{}.nums), 1, gtree.Direct(gtree.Of[uint64, value](c), describeValue()))}}
		if _, err := vmstate.Load(d, unsafe.Pointer(new(object)), append(stream, 0), 1, vmstate.LoadOptions{All: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// A tree that is broken is neither saved nor loaded into.
func TestBrokenTree(t *testing.T) {
	for _, c := range []struct {
		name  string
		harm  func(keys []*span, o *object)
		cause error
		at    int64
		path  string
	}{
		{"one twice", func(k []*span, _ *object) { *k[1] = *k[0] }, gtree.ErrOrder, 8, "t[1]"},
		{"order", func(k []*span, _ *object) { *k[2] = span{} }, gtree.ErrOrder, 12, "t[2]"},
		{"no value", func(k []*span, o *object) { spans.Insert(&o.tree, k[0], nil) }, gtree.ErrNil, 4, "t[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o object
			var keys []*span
			for n := range uint8(3) {
				keys = append(keys, &span{n + 1, n + 1})
				spans.Insert(&o.tree, keys[n], &value{})
			}
			c.harm(keys, &o)
			s, err := vmstate.Save(describe(false), unsafe.Pointer(&o), 1, vmstate.SaveOptions{})
			refused(t, err, verdict{rules.BadLink, c.at, c.path, rules.TreeSorted})
			same(t, int64(len(s.Stream)), c.at)
			same(t, errors.Is(err, c.cause), true)
			_, err = load(t, describe(false), &o, "00000000 00 05")
			refused(t, err, verdict{rules.BadLink, 0, "t", rules.TreeSorted})
			same(t, errors.Is(err, c.cause), true)
		})
	}
}

// Trees in the values of a tree, to any depth.
func TestNestedTrees(t *testing.T) {
	v := describeValue()
	v.Fields = append(v.Fields, gtree.Field("tree", unsafe.Offsetof(value{}.tree), 1, gtree.Direct(numbers, v)))
	d := &vmstate.Description{Name: "d", VersionID: 1, Fields: []vmstate.Field{
		gtree.Field("t", unsafe.Offsetof(object{}.nums), 1, gtree.Direct(numbers, v))}}
	const bytes = "00000001 01 0000000000000005 61  00000002 01 0000000000000006 62 00000000 00  01 0000000000000007 63 00000000 00  00 00"
	var o object
	loads(t, d, &o, bytes)
	five, seven := uint64(5), uint64(7)
	same(t, numbers.Lookup(&numbers.Lookup(&o.nums, &five).tree, &seven).n, 'c')
	saves(t, d, &o, bytes)
	// The inner count at 14, its first pair at 18 to 32, its second at 33.
	_, err := load(t, d, new(object), "00000001 01 0000000000000005 61  00000001 01 0000000000000006 62 00000000 00  01")
	refused(t, err, verdict{rules.CountMismatch, 33, "t[0]/tree[1]", rules.TreeCount})
}

// A failure behind the tree takes it back; the pairs that were there are the
// same ones.
func TestUndo(t *testing.T) {
	var o object
	key, val := &span{5, 5}, &value{n: 1}
	spans.Insert(&o.tree, key, val)
	if _, err := load(t, describe(false), &o, "00000002 01 0101 07 01 0505 08 00"); !errors.Is(err, rules.Truncated) {
		t.Fatal(err)
	}
	same(t, spans.Len(&o.tree), 1)
	for k, v := range spans.All(&o.tree) {
		same(t, k, key)
		same(t, v, val)
	}
	same(t, val.n, 1)
}

// The type's name in a description is QEMU's, and so are the sizes: an empty
// tree has 5 bytes.
func TestDescription(t *testing.T) {
	var o object
	for _, c := range []struct {
		direct bool
		size   int
	}{{false, 5}, {true, 5}, {false, 5 + 4}, {true, 5 + 10}} {
		if c.size > 5 {
			k := uint64(1)
			spans.Insert(&o.tree, &span{1, 1}, &value{})
			numbers.Insert(&o.nums, &k, &value{})
		}
		s, err := vmstate.Save(describe(c.direct), unsafe.Pointer(&o), 1, vmstate.SaveOptions{VMDesc: vmstate.Strict})
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Fields []struct {
				Name, Type string
				Size       int
			}
		}
		if err := json.Unmarshal(s.VMDesc, &d); err != nil {
			t.Fatal(err)
		}
		same(t, d.Fields[0].Name+" "+d.Fields[0].Type, "t gtree")
		same(t, d.Fields[0].Size, c.size)
	}
	for _, m := range []*gtree.Metadata{spans.Metadata(nil, describeValue()), spans.Metadata(describeSpan(), nil), gtree.Direct(numbers, nil)} {
		d := &vmstate.Description{Name: "d", Fields: []vmstate.Field{gtree.Field("t", 0, 0, m)}}
		refused(t, d.Compile(), verdict{rules.BadDescription, 0, "t", rules.UsableDescription})
	}
}

// The tree tells the trace its own start and end, with the reason, and how many
// pairs it has.
func TestTrace(t *testing.T) {
	for _, c := range []struct {
		version uint32
		stream  string
		want    string
	}{
		{1, "00000001 01 0102 07 00 05", "gtree value v1, 1 in t, [0] span v1, [0] value v1, end at 9: end"},
		{1, "00000002 01 0102 07 00 05", "gtree value v1, 2 in t, [0] span v1, [0] value v1, end at 8: count-mismatch"},
		{1, "80000000", "gtree value v1, end at 0: out-of-range"},
		{3, "00000000 00 05", "gtree value v3, end at 0: too new"},
		{0, "00000000 00 05", "gtree value v0, end at 0: too old"},
	} {
		var got []string
		observe := func(e vmstate.Event) {
			switch {
			case e.Kind == vmstate.TraceQueue:
				got = append(got, fmt.Sprintf("%s %s v%d", e.Type, e.Name, e.Version))
			case e.Kind == vmstate.TraceElements:
				got = append(got, fmt.Sprintf("%d in %s", e.N, e.Field))
			case e.Kind == vmstate.TraceStart && e.Index >= 0:
				got = append(got, fmt.Sprintf("[%d] %s v%d", e.Index, e.Name, e.Version))
			case e.Kind == vmstate.TraceQueueEnd:
				got = append(got, fmt.Sprintf("end at %d: %s", e.Offset, e.Reason))
			}
		}
		var o object
		d := describe(false)
		d.VersionID = 3
		d.Fields[0] = gtree.Field("t", unsafe.Offsetof(object{}.tree), c.version, spans.Metadata(describeSpan(), describeValue()))
		_, err := vmstate.Load(d, unsafe.Pointer(&o), wire(t, c.stream), 3, vmstate.LoadOptions{Trace: observe})
		same(t, strings.Join(got, ", "), c.want)
		if err != nil {
			continue
		}
		got = nil
		if _, err := vmstate.Save(d, unsafe.Pointer(&o), 3, vmstate.SaveOptions{Trace: observe}); err != nil {
			t.Fatal(err)
		}
		same(t, strings.Join(got, ", "), "gtree value v2, 1 in t, [0] span v3, [0] value v2, end at 9: end")
	}
}
