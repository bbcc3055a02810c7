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

// labels says what there is in a case and in a stream drawn for it.
func labels(c Case, stream []byte) map[string]bool {
	has := map[string]bool{}
	walk(c, has)

	own, err := model.Encode(c.Schema, c.Value, c.Version)
	has["model refuses to save"] = err != nil
	loaded, err := model.Decode(c.Schema, own, c.Version, model.Options{All: true})
	has["own bytes refused"] = err != nil
	has["own bytes mean another value"] = err == nil && !model.Equal(loaded.Value, c.Value)
	if e, ok := err.(*rules.Error); ok {
		has["own bytes refused: "+string(e.Class)] = true
	}
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

// walk labels the value of a case.
func walk(c Case, has map[string]bool) {
	var vmsd func(s *model.Schema, v *model.Struct, version uint32, queues int)
	vmsd = func(s *model.Schema, v *model.Struct, version uint32, queues int) {
		has["pre_load"] = has["pre_load"] || s.Hooks.PreLoad != nil
		has["post_load"] = has["post_load"] || s.Hooks.PostLoad != nil
		has["pre_save"] = has["pre_save"] || s.Hooks.PreSave != nil
		has["post_save"] = has["post_save"] || s.Hooks.PostSave != nil
		for i, x := range v.Fields {
			f := &s.Fields[i]
			has["condition"] = has["condition"] || f.When != nil && !f.Must && f.Type != model.TypeValidate
			if !present(f, s, v, version) {
				continue
			}
			for label, is := range map[string]bool{
				"array": f.Array, "counted array": f.CountFrom != "", "counted buffer": f.SizeFrom != "" && f.Type == model.TypeBuffer,
				"room": f.Room > 0, "multiplied": f.Times > 1, "pointers": f.Pointers && !f.Marked, "marked": f.Marked,
				"must": f.Must, "local": f.Local != 0, "self-reference": f.Elem == s, "unlike elements": f.Elems != nil,
				"direct keys": f.Type == model.TypeTree && f.Key == nil, "keys": f.Key != nil,
				"array of queues": f.Array && f.Type == model.TypeQueue,
			} {
				has[label] = has[label] || is
			}
			has["type "+f.Type.String()] = true
			each(f, x, func(x model.Value) {
				inside := func(place int, e *model.Struct) {
					elem := elemOf(f, place)
					b, err := model.Encode(elem, e, elem.Version)
					has["element begins with 05"] = has["element begins with 05"] || err == nil && len(b) > 0 && b[0] == 5
					vmsd(elem, e, elem.Version, queues+1)
				}
				switch x := x.(type) {
				case model.Null:
					has["NULL"] = has["NULL"] || f.Pointers
				case *model.Struct:
					at := f.Elem.Version
					if f.Type == model.TypeVStruct {
						at = f.StructVersion
					}
					vmsd(f.Elem, x, at, queues)
				case model.List:
					if len(x) == 0 || f.Type == model.TypeBitmap {
						return
					}
					has["queue"] = true
					has["two elements"] = has["two elements"] || len(x) == 2
					has["queue in a queue"] = has["queue in a queue"] || queues >= 1
					has["three deep"] = has["three deep"] || queues >= 2
					for i, e := range x {
						inside(i, e.(*model.Struct))
					}
				case model.Tree:
					has["pair"] = has["pair"] || len(x) > 0
					for _, p := range x {
						inside(len(f.Elems), p.Value)
					}
				}
			})
		}
		for i, sub := range v.Subs {
			if sub != nil {
				has["subsection"] = true
				has["subsection in a queue"] = has["subsection in a queue"] || queues > 0
				vmsd(s.Subsections[i], sub, s.Subsections[i].Version, queues)
			}
		}
	}
	vmsd(c.Schema, c.Value, c.Version, 0)
}

// each calls f with the elements of an array or with the one value of what is
// no array.
func each(f *model.Field, x model.Value, do func(model.Value)) {
	if !f.Array {
		do(x)
		return
	}
	for _, x := range x.(model.List) {
		do(x)
	}
}

// The floor of each type and feature is a case in a hundred and more.
func TestCasesHoldEnoughOfEverything(t *testing.T) {
	const (
		draws  = 1000
		seldom = 12
	)
	count := map[string]int{}
	cases := Cases(space)
	for i := range draws {
		drawn := rapid.Custom(func(t *rapid.T) map[string]bool {
			c := cases.Draw(t, "case")
			valid, err := model.Encode(c.Schema, c.Value, c.Version)
			if err != nil {
				t.Fatal(err)
			}
			return labels(c, Streams(c.Schema, valid).Draw(t, "stream"))
		}).Example(i)
		for label, has := range drawn {
			if has {
				count[label]++
			}
		}
	}
	t.Log(count)
	for label, percent := range map[string]int{
		"queue in a queue":       20,
		"three deep":             5,
		"subsection":             20,
		"element begins with 05": 5,
	} {
		require.GreaterOrEqual(t, count[label], percent*draws/100, label)
	}
	for typ := model.TypeBool; typ <= model.TypeValidate; typ++ {
		require.GreaterOrEqual(t, count["type "+typ.String()], seldom, typ)
	}
	for _, label := range []string{
		"array", "counted array", "counted buffer", "array of queues", "room", "multiplied", "pointers", "NULL", "marked",
		"condition", "must", "local", "self-reference", "unlike elements", "direct keys", "keys", "pair",
		"pre_load", "post_load", "pre_save", "post_save",
	} {
		require.GreaterOrEqual(t, count[label], seldom, label)
	}
	for _, label := range []string{
		"stream refused: mismatch", "stream refused: out-of-range", "stream refused: missing-field", "stream refused: count-mismatch",
		"stream refused: hook", "stream refused: truncated", "stream refused: unknown-subsection", "stream refused: version-too-new",
		"stream refused: version-too-old",
	} {
		require.GreaterOrEqual(t, count[label], seldom/3, label)
	}
}
