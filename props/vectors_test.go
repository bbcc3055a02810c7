package props

import (
	"errors"
	"testing"

	"vmconform/corpus"
	"vmconform/model"
	"vmconform/rules"
)

// TestVectors gives the hand-made vectors of the corpus to the model and to
// every subject.
func TestVectors(t *testing.T) {
	vectors, err := corpus.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			if _, ok := rules.Lookup(rules.ID(v.Rule)); !ok {
				t.Errorf("there is no rule %s", v.Rule)
			}
			schema, err := model.UnmarshalSchema([]byte(v.Schema))
			if err != nil {
				t.Fatal(err)
			}
			l, err := model.Decode(schema, v.Payload, v.Version, model.Options{})
			judgeVector(t, "model", v, l, err)
			for _, s := range subjects {
				l, err := s.Load(schema, v.Payload, v.Version)
				judgeVector(t, s.Name(), v, l, err)
			}
		})
	}
}

func judgeVector(t *testing.T, who string, v corpus.Vector, l model.Loaded, err error) {
	t.Helper()
	if v.Expect == "refuse" {
		var e *rules.Error
		if !errors.As(err, &e) || string(e.Class) != v.Class || e.Offset != v.Offset {
			t.Errorf("%s: %v, want %s at offset %d", who, err, v.Class, v.Offset)
		}
		return
	}
	switch {
	case err != nil:
		t.Errorf("%s: %v", who, err)
	case l.Consumed != int64(len(v.Payload)):
		t.Errorf("%s takes %d of %d bytes", who, l.Consumed, len(v.Payload))
	case v.Note == "" && len(l.Notes) > 0:
		t.Errorf("%s notes %v", who, l.Notes)
	case v.Note != "" && (len(l.Notes) != 1 || string(l.Notes[0].Rule) != v.Note || l.Notes[0].Offset != v.Offset):
		t.Errorf("%s notes %v, want %s at offset %d", who, l.Notes, v.Note, v.Offset)
	}
}
