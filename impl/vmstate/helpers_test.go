package vmstate_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// wire reads hex digits, with blanks anywhere.
func wire(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// save saves at the description's own version.
func save[T any](t testing.TB, d *vmstate.Description, obj *T) []byte {
	t.Helper()
	saved, err := vmstate.Save(d, unsafe.Pointer(obj), d.VersionID, vmstate.SaveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return saved.Stream
}

func saves[T any](t testing.TB, d *vmstate.Description, obj *T, digits string) {
	t.Helper()
	if got, want := save(t, d, obj), wire(t, digits); !bytes.Equal(got, want) {
		t.Fatalf("saved % x, want % x", got, want)
	}
}

// load loads at a version; all bytes have to be taken.
func load[T any](d *vmstate.Description, obj *T, stream []byte, version uint32) (vmstate.Loaded, error) {
	return vmstate.Load(d, unsafe.Pointer(obj), stream, version, vmstate.LoadOptions{All: true})
}

// loads loads at the description's own version, and demands that no note comes.
func loads[T any](t testing.TB, d *vmstate.Description, obj *T, digits string) {
	t.Helper()
	stream := wire(t, digits)
	got, err := load(d, obj, stream, d.VersionID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Consumed != int64(len(stream)) || got.Notes != nil {
		t.Fatalf("consumed %d of %d, notes %v", got.Consumed, len(stream), got.Notes)
	}
}

// A verdict is what is compared of an error.
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
	if !errors.Is(err, want.class) {
		t.Fatalf("%v is not of class %v to errors.Is", err, want.class)
	}
	if _, known := rules.Lookup(e.Rule); !known {
		t.Fatalf("no rule %q", e.Rule)
	}
}

func same[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

// one describes version 1 of an object with the given fields.
func one(fields ...vmstate.Field) *vmstate.Description {
	return &vmstate.Description{Name: "d", VersionID: 1, MinimumVersionID: 1, Fields: fields}
}
