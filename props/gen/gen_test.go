package gen

import (
	"flag"
	"os"
	"testing"

	"vmconform/model"
	"vmconform/rules"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A failing case of a generator is printed, not filed.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// space is what the properties draw from, too.
var space = Space{Depth: 3}

func TestCasesAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cases(space).Draw(t, "case")
		require.NoError(t, c.Schema.Check())
		_, err := model.Encode(c.Schema, c.Value, c.Version)
		require.NoError(t, err)
	})
}

func TestCasesKeepToTypes(t *testing.T) {
	narrow := Space{Depth: 3, Types: []model.Type{model.TypeUint8, model.TypeUint32, model.TypeQueue}}
	rapid.Check(t, func(t *rapid.T) {
		c := Cases(narrow).Draw(t, "case")
		for _, s := range VMSDs(c.Schema) {
			for _, f := range s.Fields {
				require.Contains(t, narrow.Types, f.Type)
			}
		}
	})
}

func TestStreamsLeaveTheirOriginalAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cases(space).Draw(t, "case")
		valid, err := model.Encode(c.Schema, c.Value, c.Version)
		require.NoError(t, err)
		before := append([]byte{}, valid...)
		Streams(c.Schema, valid).Draw(t, "stream")
		require.Equal(t, before, append([]byte{}, valid...))
	})
}

// labels says what becomes of a case's own stream and of one drawn for it.
func labels(c Case, stream []byte) map[string]bool {
	has := map[string]bool{}
	own, err := model.Encode(c.Schema, c.Value, c.Version)
	has["model refuses to save"] = err != nil
	loaded, err := model.Decode(c.Schema, own, c.Version, model.Options{All: true})
	has["own bytes refused"] = err != nil
	has["own bytes mean another value"] = err == nil && !model.Equal(loaded.Value, c.Value)
	loaded, err = model.Decode(c.Schema, stream, c.Version, model.Options{})
	has["stream accepted"] = err == nil
	for _, n := range loaded.Notes {
		has["stream noted: "+string(n.Rule)] = true
	}
	if e, ok := err.(*rules.Error); ok {
		has["stream refused: "+string(e.Class)] = true
	}
	return has
}

// The floor of each type and feature is a case in a hundred and more; of shapes
// and sizes, enough that what goes wrong only there is met.
func TestCasesHoldEnoughOfEverything(t *testing.T) {
	const (
		draws  = 1000
		seldom = 12
	)
	var h Health
	count := map[string]int{}
	drawn := 0
	cases := Cases(space)
	for i := range draws {
		has := rapid.Custom(func(t *rapid.T) map[string]bool {
			drawn++
			c := cases.Draw(t, "case")
			valid, err := model.Encode(c.Schema, c.Value, c.Version)
			if err != nil {
				t.Fatal(err)
			}
			h.Add(c)
			return labels(c, Streams(c.Schema, valid).Draw(t, "stream"))
		}).Example(i)
		for label, holds := range has {
			if holds {
				count[label]++
			}
		}
	}
	t.Logf("%+v %v", h, count)
	require.Equal(t, draws, drawn, "no draw is given up")
	for label, percent := range map[string]int{
		"queue in a queue":       20,
		"three deep":             5,
		"subsection":             20,
		"element begins with 05": 5,
	} {
		require.GreaterOrEqual(t, h.Labels[label], percent*draws/100, label)
	}
	for typ := model.TypeBool; typ <= model.TypeValidate; typ++ {
		require.GreaterOrEqual(t, h.Labels["type "+typ.String()], seldom, typ)
	}
	for _, label := range []string{
		"array", "counted array", "counted buffer", "array of queues", "room", "multiplied", "pointers", "NULL", "marked",
		"condition", "must", "local", "self-reference", "unlike elements", "direct keys", "keys", "pair",
		"pre_load", "post_load", "pre_save", "post_save",
	} {
		require.GreaterOrEqual(t, h.Labels[label], seldom, label)
	}
	for _, label := range []string{
		"stream refused: mismatch", "stream refused: out-of-range", "stream refused: missing-field", "stream refused: count-mismatch",
		"stream refused: hook", "stream refused: truncated", "stream refused: unknown-subsection", "stream refused: version-too-new",
		"stream refused: version-too-old",
	} {
		require.GreaterOrEqual(t, count[label], seldom/3, label)
	}
	require.GreaterOrEqual(t, count["stream accepted"], 40*draws/100)
	for name, floor := range map[string]struct {
		histogram     []int
		from, percent int
	}{
		"three vmsds deep":   {h.Depth, 3, 20},
		"five vmsds deep":    {h.Depth, 5, 5},
		"an element":         {h.Elements, 1, 20},
		"four elements":      {h.Elements, 3, 10},
		"a byte":             {h.Bytes, 1, 80},
		"32 bytes and more":  {h.Bytes, 6, 20},
		"256 bytes and more": {h.Bytes, 9, 5},
	} {
		sum := 0
		for i := floor.from; i < len(floor.histogram); i++ {
			sum += floor.histogram[i]
		}
		require.GreaterOrEqual(t, sum, floor.percent*draws/100, name)
	}
}

// What a histogram and a label count, by hand: a queue of two elements, the
// second with a byte of its own.
func TestHealthCounts(t *testing.T) {
	elem := &model.Schema{Name: "e", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "x", Type: model.TypeUint8, Version: 1}}}
	top := &model.Schema{Name: "t", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "q", Type: model.TypeQueue, Version: 1, Elem: elem}}}
	element := func(n uint64) *model.Struct { return &model.Struct{Fields: []model.Value{model.Uint(n)}} }
	c := Case{top, &model.Struct{Fields: []model.Value{model.List{element(5), element(6)}}}, 1}
	var h, sum Health
	h.Add(c) // 01 05 01 06 00
	require.Equal(t, Health{
		Cases:    1,
		Labels:   map[string]int{"type queue": 1, "type uint8": 1, "queue": 1, "two elements": 1, "element begins with 05": 1},
		Depth:    []int{0, 0, 1},
		Elements: []int{0, 0, 1},
		Bytes:    []int{0, 0, 0, 1},
	}, h)
	sum.Merge(h)
	sum.Merge(h)
	require.Equal(t, 2, sum.Cases)
	require.Equal(t, 2, sum.Labels["queue"])
	require.Equal(t, []int{0, 0, 0, 2}, sum.Bytes)
}

// What a space never holds is never drawn, whatever a property asks for; without
// that each of it is.
func TestNeverIsNeverDrawn(t *testing.T) {
	const draws = 200
	tell := []Features{Arrays, Counts, Rooms, Pointers, Subsections, SelfReference, Versions, Locals, Conditions, Hooks, Elements}
	all := Features(0)
	for _, f := range tell {
		all |= f
	}
	require.Equal(t, Features(0), Uses(Cases(Space{Depth: 3, Never: all, Always: all}).Example(1).Schema))
	for _, never := range append(tell, all) {
		with, without := 0, 0
		for i := range draws {
			if Uses(Cases(Space{Depth: 3, Always: ^Features(0)}).Example(i).Schema)&never != 0 {
				with++
			}
			c := Cases(Space{Depth: 3, Always: ^Features(0), Never: never}).Example(i)
			if Uses(c.Schema)&never != 0 {
				without++
			}
			_, err := model.Encode(c.Schema, c.Value, c.Version)
			require.NoError(t, err)
		}
		require.Positive(t, with, "%b", never)
		require.Zero(t, without, "%b", never)
	}
}

// Each feature by hand, in a schema that has it and nothing else.
func TestUses(t *testing.T) {
	n := model.Field{Name: "n", Type: model.TypeUint8, Version: 1}
	self := &model.Schema{Name: "s", Version: 1, Minimum: 1}
	self.Fields = []model.Field{{Name: "q", Type: model.TypeQueue, Version: 1, Elem: self}}
	inner := &model.Schema{Name: "e", Version: 1, Minimum: 1, Fields: []model.Field{n}}
	other := &model.Schema{Name: "o", Version: 1, Minimum: 1, Fields: []model.Field{n}}
	twice := &model.Schema{Name: "s", Version: 1, Minimum: 1, Fields: []model.Field{
		{Name: "a", Type: model.TypeStruct, Version: 1, Elem: inner}, {Name: "b", Type: model.TypeStruct, Version: 1, Elem: inner}}}
	schema := func(change func(s *model.Schema), fields ...model.Field) *model.Schema {
		s := &model.Schema{Name: "s", Version: 1, Minimum: 1, Fields: append([]model.Field{n}, fields...)}
		if change != nil {
			change(s)
		}
		return s
	}
	x := func(change func(f *model.Field)) model.Field {
		f := model.Field{Name: "x", Type: model.TypeUint8, Version: 1}
		change(&f)
		return f
	}
	condition := &model.Condition{Field: "n", Op: "=="}
	for i, c := range []struct {
		s    *model.Schema
		want Features
	}{
		{schema(nil), 0},
		{twice, 0},
		{self, SelfReference},
		{schema(nil, x(func(f *model.Field) { f.Array, f.Count = true, 2 })), Arrays},
		{schema(nil, x(func(f *model.Field) { f.Array, f.CountFrom = true, "n" })), Arrays | Counts},
		{schema(nil, x(func(f *model.Field) { f.Type, f.SizeFrom = model.TypeBuffer, "n" })), Counts},
		{schema(nil, x(func(f *model.Field) { f.Type, f.SizeFrom, f.Times = model.TypeBuffer, "n", 2 })), Counts | Rooms},
		{schema(nil, x(func(f *model.Field) { f.Type, f.SizeFrom, f.Room = model.TypeBuffer, "n", 2 })), Counts | Rooms},
		{schema(nil, x(func(f *model.Field) { f.Array, f.Count, f.Pointers = true, 2, true })), Arrays | Pointers},
		{schema(func(s *model.Schema) { s.Subsections = []*model.Schema{inner} }), Subsections},
		{schema(func(s *model.Schema) { s.Minimum = 0 }), Versions},
		{schema(nil, x(func(f *model.Field) { f.Version = 0 })), 0},
		{schema(nil, x(func(f *model.Field) { f.Version = 2 })), Versions},
		{schema(nil, x(func(f *model.Field) { f.Type, f.Elem, f.Version = model.TypeQueue, inner, 0 })), Versions},
		{schema(nil, x(func(f *model.Field) { f.Type, f.Elem = model.TypeVStruct, inner })), Versions},
		{schema(nil, x(func(f *model.Field) { f.Type, f.Elem, f.StructVersion = model.TypeVStruct, inner, 1 })), 0},
		{schema(nil, x(func(f *model.Field) { f.Local = 3 })), Locals},
		{schema(nil, x(func(f *model.Field) { f.When = condition })), Conditions},
		{schema(nil, x(func(f *model.Field) { f.Must = true })), Conditions},
		{schema(func(s *model.Schema) { s.Hooks.PreLoad = condition }), Hooks},
		{schema(nil, x(func(f *model.Field) { f.Type, f.Elem, f.Elems = model.TypeList, inner, []*model.Schema{other} })), Elements},
		{schema(nil, x(func(f *model.Field) { f.Type, f.Elem = model.TypeStruct, self })), SelfReference},
	} {
		require.NoError(t, c.s.Check(), i)
		require.Equal(t, c.want, Uses(c.s), i)
	}
}
