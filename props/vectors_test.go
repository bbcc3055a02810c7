package props

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"vmconform/corpus"
	"vmconform/model"
	"vmconform/rules"
)

// maxVector is what loading a vector may allocate, in bytes.
const maxVector = 1 << 20

// TestVectors gives the hand-made vectors of the corpus to the model and to
// every subject.
func TestVectors(t *testing.T) {
	vectors, err := corpus.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			for _, id := range []string{v.Rule, v.Note} {
				if _, ok := rules.Lookup(rules.ID(id)); !ok && id != "" {
					t.Errorf("there is no rule %s", id)
				}
			}
			schema, err := model.UnmarshalSchema([]byte(v.Schema))
			if err != nil {
				t.Fatal(err)
			}
			j := judge{v, schema}
			j.load(t, "model", func() (model.Loaded, error) {
				return model.Decode(schema, v.Payload, v.Version, model.Options{})
			})
			for _, s := range subjects {
				j.load(t, s.Name(), func() (model.Loaded, error) { return s.Load(schema, v.Payload, v.Version) })
				j.save(t, s)
			}
		})
	}
}

// A judge knows what has to become of a vector.
type judge struct {
	corpus.Vector
	schema *model.Schema
}

func (j judge) load(t *testing.T, who string, load func() (model.Loaded, error)) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	l, err := load()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > maxVector {
		t.Errorf("%s allocates %d bytes", who, n)
	}
	if j.Expect == "refuse" {
		var e *rules.Error
		if !errors.As(err, &e) || string(e.Class) != j.Class || e.Offset != j.Offset || e.Path != j.Path || string(e.Rule) != j.Rule {
			t.Errorf("%s: %v, want %s at offset %d in %q [%s]", who, err, j.Class, j.Offset, j.Path, j.Rule)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", who, err)
	}
	if l.Consumed != int64(len(j.Payload)) {
		t.Errorf("%s takes %d of %d bytes", who, l.Consumed, len(j.Payload))
	}
	if j.Note == "" {
		if len(l.Notes) > 0 {
			t.Errorf("%s notes %v", who, l.Notes)
		}
		// What it means is what is written so.
		saved, err := model.Encode(j.schema, l.Value, j.Version)
		if err != nil || !bytes.Equal(saved, j.Payload) {
			t.Errorf("%s: saved again it is % x, %v", who, saved, err)
		}
		j.value(t, who, l)
		return
	}
	if len(l.Notes) != 1 || string(l.Notes[0].Rule) != j.Note || l.Notes[0].Offset != j.Offset || l.Notes[0].Path != j.Path {
		t.Errorf("%s notes %v, want %s at offset %d in %q", who, l.Notes, j.Note, j.Offset, j.Path)
	}
	j.value(t, who, l)
}

// value demands the value that the vector says, if it says one.
func (j judge) value(t *testing.T, who string, l model.Loaded) {
	t.Helper()
	if j.Value == "" {
		return
	}
	want, err := model.UnmarshalValue(j.schema, []byte(j.Value))
	if err != nil {
		t.Fatal(err)
	}
	if !model.Equal(want, l.Value) {
		t.Errorf("%s: %v", who, model.Diff(want, l.Value, j.schema))
	}
}

// save demands that what is accepted without a note is saved as it came.
func (j judge) save(t *testing.T, s Subject) {
	t.Helper()
	if j.Expect == "refuse" || j.Note != "" {
		return
	}
	l, err := model.Decode(j.schema, j.Payload, j.Version, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if saved, err := s.Save(j.schema, l.Value, j.Version); err != nil || !bytes.Equal(saved, j.Payload) {
		t.Errorf("%s saves % x, %v", s.Name(), saved, err)
	}
}
