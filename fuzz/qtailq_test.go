package fuzz

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

// A queueCase is a queue whose version the fuzzer chooses.
type queueCase struct {
	elem *model.Schema
	// path is the first queue of that version, before how many bytes precede
	// its first marker.
	path   string
	before int
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
)

// node is a vmsd with a queue of itself, at the version that the fuzzer chose.
func node(version uint32) *model.Schema {
	n := &model.Schema{Name: nodeElem.Name, Version: nodeElem.Version, Minimum: nodeElem.Minimum}
	n.Fields = []model.Field{
		scalar("id", model.TypeUint8, 0),
		{Name: "children", Type: model.TypeQueue, Version: version, Elem: n},
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
		return topOf(model.Field{Name: "nodes", Type: model.TypeQueue, Version: v, Elem: node(v)})
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
}

func FuzzLoadQTAILQ(f *testing.F) {
	for _, s := range queueSeeds(f) {
		f.Add(s.stream, s.schema, s.version)
	}
	f.Fuzz(func(t *testing.T, stream []byte, schema uint8, version uint32) {
		defer hangs()()
		c := queueCases[int(schema)%len(queueCases)]
		limits := limitSets[int(schema)/len(queueCases)%len(limitSets)]
		l := load{schema: c.schema(version), version: math.MaxUint32, stream: stream, limits: limits}
		ref := &bind.Reference{Limits: limits}
		loaded, err := l.agree(t, ref, true)
		l.judgesVersion(t, c, version, err)
		if err != nil {
			return
		}
		l.resaves(t, ref, loaded)
		l.agreesOnMarkers(t, ref, loaded)
	})
}

// judgesVersion fails unless a queue's version outside its elements' range is
// refused, with its class, before a byte of the queue is looked at, and one
// inside is not refused.
func (l load) judgesVersion(t *testing.T, c queueCase, version uint32, err *rules.Error) {
	t.Helper()
	class := c.refuses(version)
	if class == "" {
		if err != nil && err.Rule == rules.QueueVersion {
			l.failf(t, "version %d, from %d to %d, is refused: %v", version, c.elem.Minimum, c.elem.Version, err)
		}
		return
	}
	if len(l.stream) < c.before || l.limits.Bytes < int64(c.before) || l.limits.Depth < 2 {
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
		l := load{schema: c.schema(c.elem.Version), version: math.MaxUint32, limits: limitSets[0]}
		var err error
		l.stream, err = model.Encode(l.schema, value, l.version)
		require.NoError(t, err, c.path)
		ref := &bind.Reference{Limits: l.limits}
		loaded, failed := l.agree(t, ref, true)
		require.Nil(t, failed, c.path)
		require.Empty(t, loaded.Notes, c.path)
		require.GreaterOrEqual(t, len(markers(loaded.Spans)), 3, c.path)
		l.resaves(t, ref, loaded)
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
			l := model.List{}
			for range max(f.Count, min(len(f.CountFrom), 1)) {
				l = append(l, one(f, byte(i), depth))
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
	switch f.Type {
	case model.TypeBool:
		return model.Bool(true)
	case model.TypeBuffer:
		b := make(model.Bytes, f.Size+min(len(f.SizeFrom), 1))
		for i := range b {
			b[i] = x
		}
		return b
	case model.TypeUnused, model.TypeNull:
		return model.Null{}
	case model.TypeStruct:
		return sample(f.Elem, depth)
	case model.TypeQueue:
		if depth == 0 {
			return model.List{}
		}
		return model.List{sample(f.Elem, depth-1), sample(f.Elem, depth-1)}
	case model.TypeInt8, model.TypeInt16, model.TypeInt32, model.TypeInt64:
		return model.Int(x)
	}
	return model.Uint(x)
}
