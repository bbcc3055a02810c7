package corpus

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmconform/model"
	"vmconform/rules"
)

var update = flag.Bool("update", false, "write vectors/ and stream-vectors/ anew")

// A source is what a vector is written from. Its wire is hexadecimal, blanks
// anywhere, put together from the wire format; it is loaded at the schema's own
// version where no other is given.
type source struct {
	id      string
	rule    rules.ID
	fault   string
	comment string
	schema  *model.Schema
	version uint32
	wire    string
	want    verdict
}

// A verdict is what has to become of a payload.
type verdict struct {
	class  rules.Class // "": it is accepted
	note   rules.ID    // accepted, with this note
	offset int64
	path   string
	value  string
}

var accepted = verdict{}

func refused(class rules.Class, offset int64, path string) verdict {
	return verdict{class: class, offset: offset, path: path}
}

// reads is accepted, and what it means is said.
func reads(value string) verdict { return verdict{value: value} }

func noted(note rules.ID, offset int64, path, value string) verdict {
	return verdict{note: note, offset: offset, path: path, value: value}
}

// sources are the vectors, by theme.
func sources() []source {
	return slices.Concat(wireSources, queueSources, pointSources, faultSources)
}

func (s source) vector(t *testing.T) Vector {
	t.Helper()
	schema, err := model.MarshalSchema(s.schema)
	if err != nil {
		t.Fatalf("%s: %v", s.id, err)
	}
	payload, err := hex.DecodeString(strings.Join(strings.Fields(s.wire), ""))
	if err != nil {
		t.Fatalf("%s: %v", s.id, err)
	}
	v := Vector{ID: s.id, Rule: string(s.rule), Faults: strings.Fields(s.fault), Comment: s.comment,
		Schema: string(schema), Version: s.version, Expect: "accept",
		Class: string(s.want.class), Note: string(s.want.note), Offset: s.want.offset, Path: s.want.path, Value: s.want.value,
		Payload: payload}
	if v.Version == 0 {
		v.Version = s.schema.Version
	}
	if v.Class != "" {
		v.Expect = "refuse"
	}
	return v
}

func TestVectorsAreAsWritten(t *testing.T) {
	want := map[string][]byte{}
	for _, s := range sources() {
		name := s.id + ".vector"
		if want[name] != nil {
			t.Errorf("two vectors are called %s", s.id)
		}
		want[name] = s.vector(t).Bytes()
	}
	keep(t, "vectors", want)
}

// found begins the name of a vector that was made of a failing case (conform
// replay --vector): nothing here writes it.
const found = "found-"

// keep compares the files of a folder with what they have to be, or writes them.
func keep(t *testing.T, folder string, want map[string][]byte) {
	t.Helper()
	if *update {
		for name, b := range want {
			if err := os.WriteFile(filepath.Join(folder, name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	have, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range have {
		if strings.HasPrefix(f.Name(), found) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := want[f.Name()]; !ok || !bytes.Equal(b, w) {
			t.Errorf("%s/%s is not what this test writes: go test ./corpus -run AsWritten -update", folder, f.Name())
		}
		delete(want, f.Name())
	}
	for name := range want {
		t.Errorf("%s/%s is missing: go test ./corpus -run AsWritten -update", folder, name)
	}
}

func TestVectorFileRoundTrip(t *testing.T) {
	for _, v := range vectors(t) {
		again, err := ParseVector(v.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		again.ID = v.ID
		if !bytes.Equal(again.Bytes(), v.Bytes()) {
			t.Errorf("%s changes when it is written and read", v.ID)
		}
	}
}

// vectors are those of the folder, by id.
func vectors(t *testing.T) map[string]Vector {
	t.Helper()
	list, err := Vectors()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no vectors")
	}
	byID := map[string]Vector{}
	for _, v := range list {
		byID[v.ID] = v
	}
	return byID
}
