package bind_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/model"
	"vmconform/rules"

	"github.com/google/go-cmp/cmp"
)

func wire(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
}

type verdict struct {
	class  rules.Class
	offset int64
	path   string
}

func refused(t testing.TB, err error, want verdict) {
	t.Helper()
	var e *rules.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, want %v", err, want)
	}
	if got := (verdict{e.Class, e.Offset, e.Path}); got != want {
		t.Fatalf("%v\n got %v\nwant %v", err, got, want)
	}
}

// text parses the description of one device, whose body is given.
func text(t testing.TB, body string) *savevm.VMSD {
	t.Helper()
	d, err := savevm.ParseVMDesc([]byte(`{"page_size": 4096, "devices": [{"name": "dev", "instance_id": 0, ` + body + `}]}`))
	must(t, err)
	return d.Devices[0].VMSD
}

func describe(t testing.TB, body string) *bind.Described {
	t.Helper()
	d, err := bind.Describe(text(t, body), 0)
	must(t, err)
	return d
}

// value decodes digits by the reading, demands that they are taken whole and
// that reference and model agree, and gives the value in the JSON form.
func value(t testing.TB, d *bind.Described, digits string) string {
	t.Helper()
	stream := wire(t, digits)
	want, err := model.Decode(d.Schema, stream, d.Schema.Version, model.Options{All: true})
	must(t, err)
	var ref bind.Reference
	got, saved, err := ref.LoadAndSave(d.Schema, stream, d.Schema.Version)
	must(t, err)
	if !model.Equal(got.Value, want.Value) {
		t.Fatal(model.Diff(want.Value, got.Value, d.Schema))
	}
	same(t, hex.EncodeToString(saved), hex.EncodeToString(stream))
	b, err := model.MarshalValue(d.Schema, got.Value)
	must(t, err)
	return string(b)
}

// notes lists rule and path of the notes on a description.
func notes(d *bind.Described) (list []string) {
	for _, n := range d.Notes {
		list = append(list, string(n.Rule)+" "+n.Path)
	}
	return list
}
