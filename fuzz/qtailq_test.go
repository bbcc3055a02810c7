package fuzz

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/model"
	"vmconform/rules"
)

// A queueCase is a queue, list or tree whose version the fuzzer chooses.
type queueCase struct {
	elem *model.Schema
	// path is the first queue of that version, before how many bytes precede
	// its first marker, and mark the last of those, without which the queue is
	// not reached.
	path   string
	before int
	mark   string
	// top holds the queue, at a version that admits any of the queue's. nil:
	// the queue is all that there is.
	top func(version uint32) *model.Schema
}

func (c queueCase) schema(version uint32) *model.Schema {
	if c.top != nil {
		return c.top(version)
	}
	return topOf(model.Field{Name: c.path, Type: model.TypeQueue, Version: version, Elem: c.elem})
}

// topOf is a vmsd whose version admits any field.
func topOf(fields ...model.Field) *model.Schema {
	return &model.Schema{Name: "top", Version: math.MaxUint32, Fields: fields}
}

// versions are the ones at and beside the ends of the element's range.
func (c queueCase) versions() []uint32 {
	return []uint32{c.elem.Minimum - 1, c.elem.Minimum, c.elem.Version, c.elem.Version + 1}
}

// refuses is the class of error that a version is to the elements.
func (c queueCase) refuses(version uint32) rules.Class {
	switch {
	case version > c.elem.Version:
		return rules.VersionTooNew
	case version < c.elem.Minimum:
		return rules.VersionTooOld
	}
	return ""
}

func scalar(name string, t model.Type, version uint32) model.Field {
	return model.Field{Name: name, Type: t, Version: version}
}

var (
	eventElem = &model.Schema{Name: "spapr_event_log_entry", Version: 1, Minimum: 1, Fields: []model.Field{
		scalar("summary", model.TypeUint32, 0),
		scalar("extended_length", model.TypeUint32, 0),
		{Name: "extended_log", Type: model.TypeBuffer, SizeFrom: "extended_length"},
	}}
	ccsElem = &model.Schema{Name: "spapr_ccs", Version: 1, Minimum: 1, Fields: []model.Field{
		scalar("drc_index", model.TypeUint32, 0),
		scalar("fdt_offset", model.TypeInt32, 0),
		scalar("fdt_depth", model.TypeInt32, 0),
	}}
	crwElem = &model.Schema{Name: "s390_crw_container", Version: 1, Minimum: 1, Fields: []model.Field{
		{Name: "crw", Type: model.TypeStruct, Elem: &model.Schema{Name: "s390_crw", Version: 1, Minimum: 1, Fields: []model.Field{
			scalar("flags", model.TypeUint16, 0),
			scalar("rsid", model.TypeUint16, 0),
		}}},
	}}
	variableElem = &model.Schema{Name: "uefi-variable", Fields: []model.Field{
		{Name: "guid.data", Type: model.TypeBuffer, Size: 16},
		scalar("name_size", model.TypeUint32, 0),
		scalar("data_size", model.TypeUint32, 0),
		scalar("attributes", model.TypeUint32, 0),
		{Name: "name", Type: model.TypeBuffer, SizeFrom: "name_size"},
		{Name: "data", Type: model.TypeBuffer, SizeFrom: "data_size"},
		{Name: "time", Type: model.TypeBuffer, Size: 11},
	}}
	leafElem = &model.Schema{Name: "leaf", Version: 3, Minimum: 1, Fields: []model.Field{
		scalar("x", model.TypeUint8, 0),
		scalar("y", model.TypeInt16, 3),
	}}
	outerElem = &model.Schema{Name: "outer", Version: 4, Minimum: 2, Fields: []model.Field{
		scalar("a", model.TypeUint16, 0),
		{Name: "inner", Type: model.TypeQueue, Version: 3, Elem: leafElem},
		{Name: "older", Type: model.TypeQueue, Version: 1, Elem: leafElem},
		scalar("b", model.TypeInt8, 4),
	}}
	// The names let data be taken for subsections: they are short, and
	// prefixes of each other.
	subsElem = &model.Schema{Name: "e", Version: 2, Minimum: 1,
		Fields: []model.Field{scalar("kind", model.TypeUint8, 0)},
		Subsections: []*model.Schema{
			{Name: "e/x", Version: 2, Minimum: 1, Fields: []model.Field{
				scalar("a", model.TypeUint8, 0),
				scalar("b", model.TypeBool, 2),
			}, Subsections: []*model.Schema{
				{Name: "e/x/more", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "gap", Type: model.TypeUnused, Size: 2}}},
			}},
			{Name: "eq", Version: 1, Fields: []model.Field{{Name: "q", Type: model.TypeQueue, Version: 2, Elem: leafElem}}},
			{Name: "e/n", Version: 2, Fields: []model.Field{
				scalar("n", model.TypeUint8, 0),
				{Name: "list", Type: model.TypeInt8, Version: 1, Array: true, CountFrom: "n"},
				{Name: "log", Type: model.TypeBuffer, Version: 2, SizeFrom: "n"},
			}},
		}}
	versionsElem = &model.Schema{Name: "many", Version: 5, Minimum: 2, Fields: []model.Field{
		scalar("always", model.TypeUint8, 0),
		scalar("n", model.TypeInt8, 2),
		{Name: "list", Type: model.TypeUint16, Version: 3, Array: true, CountFrom: "n"},
		{Name: "log", Type: model.TypeBuffer, Version: 4, SizeFrom: "n"},
		{Name: "nulls", Type: model.TypeNull, Version: 4, Array: true, CountFrom: "n"},
		scalar("last", model.TypeInt64, 5),
		scalar("never", model.TypeUint64, 6),
	}}
	blankElem = &model.Schema{Name: "blank", Version: 1, Fields: []model.Field{
		{Name: "gap", Type: model.TypeUnused, Size: 3},
		scalar("null", model.TypeNull, 0),
		scalar("on", model.TypeBool, 0),
		{Name: "tag", Type: model.TypeBuffer, Size: 2},
		{Name: "words", Type: model.TypeUint64, Array: true, Count: 2},
		{Name: "nothing", Type: model.TypeStruct, Array: true, Count: 3, Elem: &model.Schema{Name: "b"}},
	}}
	emptyElem = &model.Schema{Name: "m"}
	highElem  = &model.Schema{Name: "high", Version: math.MaxUint32 - 1, Minimum: math.MaxInt32 + 1,
		Fields: []model.Field{scalar("x", model.TypeUint32, math.MaxUint32-1)}}
	nodeElem = &model.Schema{Name: "node", Version: 3, Minimum: 1}
	// A pair's value that holds each kind of container.
	forestElem = &model.Schema{Name: "forest", Version: 3, Minimum: 1, Fields: []model.Field{
		{Name: "tree", Type: model.TypeTree, Version: 3, Elem: leafElem},
		{Name: "list", Type: model.TypeList, Version: 3, Elem: leafElem},
		{Name: "q", Type: model.TypeQueue, Version: 3, Elem: leafElem},
	}}
	// What is there goes by what else is there, and structs are at versions of
	// their own, of which the last is none of theirs.
	pickyElem = &model.Schema{Name: "picky", Version: 3, Minimum: 1, Fields: []model.Field{
		scalar("kind", model.TypeInt8, 0),
		{Name: "one", Type: model.TypeUint16, When: &model.Condition{Field: "kind", Op: "<", Value: 4}},
		{Name: "two", Type: model.TypeQueue, Version: 3, Elem: leafElem, When: unless("kind", 1)},
		{Name: "three", Type: model.TypeVStruct, StructVersion: 3, Elem: versionsElem, When: &model.Condition{Field: "kind", Op: ">=", Value: -1}},
		{Name: "four", Type: model.TypeVStruct, StructVersion: 1, Elem: leafElem, Array: true, Count: 3, Pointers: true, Null: []int{1}},
		{Name: "five", Type: model.TypeBool, Must: true, When: unless("kind", 5)},
		{Name: "six", Type: model.TypeValidate, When: &model.Condition{Field: "kind", Op: "<=", Other: "one"}},
		{Name: "seven", Type: model.TypeUint8, Version: 2, Must: true},
		{Name: "eight", Type: model.TypeVStruct, StructVersion: 4, Elem: leafElem, When: &model.Condition{Field: "kind", Op: "==", Value: 8}},
		{Name: "nine", Type: model.TypeBuffer, SizeFrom: "kind", When: &model.Condition{Field: "kind", Op: "==", Value: 9}},
	}}
	hookedElem = &model.Schema{Name: "hooked", Version: 3, Minimum: 1,
		Fields: []model.Field{
			{Name: "x", Type: model.TypeUint8, Local: 7},
			{Name: "in", Type: model.TypeStruct, Elem: &model.Schema{Name: "in", Version: 1,
				Fields: []model.Field{scalar("y", model.TypeInt8, 0)},
				Hooks:  model.Hooks{PostLoad: unless("y", -1), PostSave: unless("y", 2)},
			}},
			{Name: "q", Type: model.TypeQueue, Version: 3, Elem: leafElem},
		},
		Subsections: []*model.Schema{{Name: "hooked/s", Version: 1,
			Fields: []model.Field{{Name: "z", Type: model.TypeUint8, Local: 2}},
			Hooks:  model.Hooks{PreLoad: unless("z", 9), PostLoad: unless("z", 3), PreSave: unless("z", 4)},
		}},
		Hooks: model.Hooks{
			PreLoad:  &model.Condition{Field: "x", Op: "==", Value: 7},
			PostLoad: unless("x", 2), PreSave: unless("x", 3), PostSave: unless("x", 4),
		},
	}
	// What is compared with memory.
	statesElem = &model.Schema{Name: "states", Version: 3, Minimum: 1, Fields: []model.Field{
		{Name: "u8", Type: model.TypeUint8Equal, Local: 1},
		{Name: "u16", Type: model.TypeUint16Equal, Local: 0x102, Array: true, Count: 2},
		{Name: "u32", Type: model.TypeUint32Equal, Local: 3},
		{Name: "u64", Type: model.TypeUint64Equal, Local: -1},
		{Name: "i32", Type: model.TypeInt32Equal, Local: -2},
		{Name: "le", Type: model.TypeInt32LE, Local: 100},
		{Name: "les", Type: model.TypeInt32LE, Local: 5, Array: true, Count: 3, Pointers: true, Null: []int{0}},
		scalar("timer", model.TypeTimer, 0),
		scalar("double", model.TypeCPUDouble, 2),
	}}
	// Memory with room for as much, and no more.
	roomsElem = &model.Schema{Name: "rooms", Version: 3, Minimum: 1, Fields: []model.Field{
		{Name: "n", Type: model.TypeUint8, Local: 2},
		{Name: "bits", Type: model.TypeBitmap, SizeFrom: "n", Room: 70},
		{Name: "more", Type: model.TypeBitmap, Size: 65},
		{Name: "list", Type: model.TypeInt16, Array: true, CountFrom: "n", Times: 2, Room: 9},
		{Name: "some", Type: model.TypeUint8, Array: true, CountFrom: "n", Room: 5, Pointers: true, Null: []int{0, 3}},
		{Name: "log", Type: model.TypeBuffer, SizeFrom: "n", Times: 3, Room: 12},
		{Name: "grown", Type: model.TypeBitmap, SizeFrom: "n"},
		{Name: "trees", Type: model.TypeTree, Version: 3, Array: true, CountFrom: "n", Times: 2, Elem: leafElem},
	}}
	tmpElem = &model.Schema{Name: "parent", Version: 3, Minimum: 1, Fields: []model.Field{
		scalar("kind", model.TypeUint8, 0),
		{Name: "tmp", Type: model.TypeTmp, Version: 2, When: unless("kind", 1), Elem: &model.Schema{Name: "tmp", Version: 2, Minimum: 2, Fields: []model.Field{
			{Name: "x", Type: model.TypeInt16, Local: -2},
			scalar("on", model.TypeBool, 0),
			{Name: "times", Type: model.TypeTimer, Array: true, Count: 2},
		}}},
		{Name: "old", Type: model.TypeTmp, Version: 3, Elem: &model.Schema{Name: "old", Version: 3, Fields: []model.Field{
			{Name: "tag", Type: model.TypeBuffer, Size: 2},
			scalar("never", model.TypeUint8, 4),
		}}},
	}}
)

// node is a vmsd with a queue or list of itself, at the version that the fuzzer
// chose.
func node(t model.Type, version uint32) *model.Schema {
	n := &model.Schema{Name: nodeElem.Name, Version: nodeElem.Version, Minimum: nodeElem.Minimum}
	n.Fields = []model.Field{
		scalar("id", model.TypeUint8, 0),
		{Name: "children", Type: t, Version: version, Elem: n},
		scalar("since", model.TypeUint8, 3),
	}
	return n
}

var queueCases = []queueCase{
	{elem: eventElem, path: "pending_events"},
	{elem: ccsElem, path: "ccs_list"},
	{elem: crwElem, path: "pending_crws"},
	{elem: variableElem, path: "variables"},
	{elem: nodeElem, path: "nodes", top: func(v uint32) *model.Schema {
		return topOf(model.Field{Name: "nodes", Type: model.TypeQueue, Version: v, Elem: node(model.TypeQueue, v)})
	}},
	{elem: outerElem, path: "outer", before: 4, top: func(v uint32) *model.Schema {
		return topOf(scalar("word", model.TypeUint32, 0),
			model.Field{Name: "outer", Type: model.TypeQueue, Version: v, Elem: outerElem},
			scalar("after", model.TypeUint16, 0))
	}},
	{elem: subsElem, path: "q"},
	{elem: versionsElem, path: "q"},
	{elem: leafElem, path: "fixed[0]", before: 1, top: func(v uint32) *model.Schema {
		return topOf(scalar("n", model.TypeUint8, 0),
			model.Field{Name: "fixed", Type: model.TypeQueue, Version: v, Elem: leafElem, Array: true, Count: 2},
			model.Field{Name: "counted", Type: model.TypeQueue, Version: v, Elem: leafElem, Array: true, CountFrom: "n"})
	}},
	{elem: blankElem, path: "q"},
	{elem: emptyElem, path: "q"},
	{elem: highElem, path: "q"},
	{elem: subsElem, path: "in/q", before: 1, top: func(v uint32) *model.Schema {
		in := &model.Schema{Name: "e", Version: math.MaxUint32, Fields: []model.Field{
			scalar("x", model.TypeUint8, 0),
			{Name: "q", Type: model.TypeQueue, Version: v, Elem: subsElem},
		}}
		return topOf(model.Field{Name: "in", Type: model.TypeStruct, Elem: in}, scalar("z", model.TypeUint8, 0))
	}},
	{elem: subsElem, path: "list", top: func(v uint32) *model.Schema {
		return topOf(model.Field{Name: "list", Type: model.TypeList, Version: v, Elem: subsElem}, scalar("after", model.TypeUint16, 0))
	}},
	{elem: nodeElem, path: "nodes", top: func(v uint32) *model.Schema {
		return topOf(model.Field{Name: "nodes", Type: model.TypeList, Version: v, Elem: node(model.TypeList, v)})
	}},
	{elem: leafElem, path: "tree", top: func(v uint32) *model.Schema {
		return topOf(model.Field{Name: "tree", Type: model.TypeTree, Version: v, Elem: leafElem}, scalar("after", model.TypeUint16, 0))
	}},
	{elem: subsElem, path: "tree", top: func(v uint32) *model.Schema {
		return topOf(model.Field{Name: "tree", Type: model.TypeTree, Version: v, Key: keyOf(subsElem), Elem: subsElem})
	}},
	{elem: forestElem, path: "trees[0]", top: func(v uint32) *model.Schema {
		return topOf(model.Field{Name: "trees", Type: model.TypeTree, Version: v, Key: keyOf(forestElem), Elem: forestElem, Array: true, Count: 2})
	}},
	{elem: leafElem, path: "q", top: func(v uint32) *model.Schema {
		firsts := []*model.Schema{hookedElem, statesElem}
		return topOf(model.Field{Name: "q", Type: model.TypeQueue, Version: v, Elem: leafElem, Elems: firsts},
			model.Field{Name: "list", Type: model.TypeList, Version: v, Elem: leafElem, Elems: firsts[:1]})
	}},
	{elem: leafElem, path: "heads[1]", before: 1, mark: "0", top: func(v uint32) *model.Schema {
		pointers := func(name string, t model.Type, null ...int) model.Field {
			return model.Field{Name: name, Type: t, Version: v, Elem: leafElem, Array: true, Count: 3, Pointers: true, Null: null}
		}
		return topOf(pointers("heads", model.TypeQueue, 0), pointers("lists", model.TypeList, 1, 2), pointers("trees", model.TypeTree))
	}},
	{elem: leafElem, path: "heads[0]", before: 1, mark: "1", top: func(v uint32) *model.Schema {
		marked := func(name string, t model.Type) model.Field {
			return model.Field{Name: name, Type: t, Version: v, Elem: leafElem, Array: true, Count: 3, Pointers: true, Marked: true}
		}
		return topOf(marked("heads", model.TypeQueue), marked("lists", model.TypeList), marked("trees", model.TypeTree), marked("structs", model.TypeStruct))
	}},
	{elem: pickyElem, path: "q"},
	{elem: hookedElem, path: "q", top: func(v uint32) *model.Schema {
		s := topOf(model.Field{Name: "q", Type: model.TypeQueue, Version: v, Elem: hookedElem},
			model.Field{Name: "list", Type: model.TypeList, Version: v, Elem: hookedElem},
			scalar("z", model.TypeUint8, 0))
		s.Hooks = model.Hooks{PostLoad: unless("z", 3), PostSave: unless("z", 4)}
		return s
	}},
	{elem: statesElem, path: "q"},
	{elem: roomsElem, path: "q"},
	{elem: tmpElem, path: "q"},
}

// keyOf is a vmsd of keys for trees of elem.
func keyOf(elem *model.Schema) *model.Schema {
	return &model.Schema{Name: "k", Version: elem.Version, Minimum: elem.Minimum, Fields: []model.Field{
		scalar("x", model.TypeUint8, 0), // tells the samples apart
		scalar("y", model.TypeInt16, elem.Version),
		scalar("on", model.TypeBool, 0),
		{Name: "tag", Type: model.TypeBuffer, Size: 1},
	}}
}

// unless is the condition that a field does not hold n.
func unless(field string, n int64) *model.Condition {
	return &model.Condition{Field: field, Op: "!=", Value: n}
}

// A queueSeed is the arguments of FuzzLoadQTAILQ.
type queueSeed struct {
	stream  []byte
	schema  uint8
	version uint32
}

// load is what the arguments ask for, and of which case.
func (a queueSeed) load() (queueCase, load) {
	n := len(queueCases)
	c := queueCases[int(a.schema)%n]
	return c, loadOf(c.schema(a.version), math.MaxUint32, a.stream, limitSets[int(a.schema)/n%len(limitSets)])
}

// queueSeedOf is the seed that loads as l does, at the first limits; false where
// no case of the table has that schema, but for name and versions of the top
// vmsd.
func queueSeedOf(t testing.TB, l load) (queueSeed, bool) {
	t.Helper()
	s := *l.schema
	older := func(f model.Field) bool { return f.When == nil && f.Version > l.version }
	if l.version < s.Minimum || l.version > s.Version || slices.ContainsFunc(s.Fields, older) {
		return queueSeed{}, false
	}
	for i, c := range queueCases {
		for _, f := range s.Fields {
			of := c.schema(f.Version)
			s.Name, s.Version, s.Minimum = of.Name, of.Version, of.Minimum
			if spell(t, &s) == spell(t, of) {
				return queueSeed{l.stream, uint8(i), f.Version}, true
			}
		}
	}
	return queueSeed{}, false
}

func FuzzLoadQTAILQ(f *testing.F) {
	_, vectors := vectorSeeds(f)
	for _, s := range append(queueSeeds(f), vectors...) {
		f.Add(s.stream, s.schema, s.version)
	}
	f.Fuzz(func(t *testing.T, stream []byte, schema uint8, version uint32) {
		defer hangs()()
		c, l := queueSeed{stream, schema, version}.load()
		loaded, err := l.agree(t, true)
		l.judgesVersion(t, c, version, err)
		if err != nil {
			return
		}
		l.resaves(t, loaded)
		l.agreesOnMarkers(t, loaded)
		l.agreesOnPairs(t, loaded)
	})
}

// judgesVersion fails unless a queue's version outside its elements' range is
// refused, with its class, before a byte of the queue is looked at, and one
// inside is not refused.
func (l load) judgesVersion(t testing.TB, c queueCase, version uint32, err *rules.Error) {
	t.Helper()
	class := c.refuses(version)
	if class == "" {
		if err != nil && (err.Rule == rules.QueueVersion || err.Rule == rules.ListVersion || err.Rule == rules.TreeVersion) {
			l.failf(t, "version %d, from %d to %d, is refused: %v", version, c.elem.Minimum, c.elem.Version, err)
		}
		return
	}
	if len(l.stream) < c.before || l.limits.Bytes < int64(c.before) || l.limits.Depth < 2 || !bytes.HasSuffix(l.stream[:c.before], []byte(c.mark)) {
		return // not reached
	}
	if want := (&rules.Error{Class: class, Offset: int64(c.before), Path: c.path}); err == nil || differ(want, err) {
		l.failf(t, "version %d of elements from %d to %d: %s, want %v", version, c.elem.Minimum, c.elem.Version, outcome(err), want)
	}
}

// A case whose element is never loaded, or never loaded whole, tests nothing.
func TestQueueCases(t *testing.T) {
	require.LessOrEqual(t, len(queueCases)*len(limitSets), math.MaxUint8+1, "the schema argument is one byte")
	for _, c := range queueCases {
		for _, v := range c.versions() {
			require.NoError(t, c.schema(v).Check(), c.path)
		}
		value := sample(c.schema(c.elem.Version), 3)
		stream, err := model.Encode(c.schema(c.elem.Version), value, math.MaxUint32)
		require.NoError(t, err, c.path)
		l := loadOf(c.schema(c.elem.Version), math.MaxUint32, stream, limitSets[0])
		loaded, failed := l.agree(t, true)
		require.Nil(t, failed, c.path)
		require.Empty(t, loaded.Notes, c.path)
		require.GreaterOrEqual(t, len(markers(loaded.Spans)), 3, c.path)
		l.resaves(t, loaded)
	}
}

// sample makes a value of s with something in everything: queues of two
// elements to the given depth, every subsection, every count 1.
func sample(s *model.Schema, depth int) *model.Struct {
	v := model.Zero(s)
	counts := map[string]bool{}
	for i := range s.Fields {
		counts[s.Fields[i].SizeFrom+s.Fields[i].CountFrom] = true
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		switch {
		case f.Version > s.Version:
			continue
		case counts[f.Name]:
			v.Fields[i] = one(f, 1, depth)
		case f.Array:
			n := f.Count
			if f.CountFrom != "" {
				n = max(1, f.Times)
			}
			l := model.List{}
			for k := range n {
				if slices.Contains(f.Null, k) || f.Marked && k%2 == 1 {
					l = append(l, model.Null{})
				} else {
					l = append(l, one(f, byte(i), depth))
				}
			}
			v.Fields[i] = l
		default:
			v.Fields[i] = one(f, byte(i), depth)
		}
	}
	for i, sub := range s.Subsections {
		v.Subs[i] = sample(sub, depth)
	}
	return v
}

func one(f *model.Field, x byte, depth int) model.Value {
	size := f.Size
	if f.SizeFrom != "" {
		size = max(1, f.Times)
	}
	switch f.Type {
	case model.TypeBool:
		return model.Bool(true)
	case model.TypeBuffer:
		return model.Bytes(bytes.Repeat([]byte{x}, size))
	case model.TypeBitmap:
		l := model.List{}
		for range (size + 63) / 64 {
			l = append(l, model.Uint(x))
		}
		return l
	case model.TypeUnused, model.TypeNull, model.TypeValidate:
		return model.Null{}
	case model.TypeStruct, model.TypeVStruct, model.TypeTmp:
		return sample(f.Elem, depth)
	case model.TypeQueue, model.TypeList:
		l := model.List{}
		for i := range 2 + len(f.Elems) {
			elem := f.Elem
			if i < len(f.Elems) {
				elem = f.Elems[i]
			}
			if depth > 0 {
				l = append(l, sample(elem, depth-1))
			}
		}
		return l
	case model.TypeTree:
		t := model.Tree{}
		for i := range min(depth, 1) * 2 {
			p := model.Pair{Key: model.Uint(i), Value: sample(f.Elem, depth-1)}
			if f.Key != nil {
				key := sample(f.Key, depth)
				key.Fields[0] = model.Uint(i)
				p.Key = key
			}
			t = append(t, p)
		}
		return t
	case model.TypeUint8Equal, model.TypeUint16Equal, model.TypeUint32Equal, model.TypeUint64Equal:
		return model.Uint(f.Local)
	case model.TypeInt32Equal, model.TypeInt32LE:
		return model.Int(f.Local)
	case model.TypeInt8, model.TypeInt16, model.TypeInt32, model.TypeInt64, model.TypeTimer:
		return model.Int(x)
	}
	return model.Uint(x)
}
