package fuzz

import (
	"encoding/json"
	"fmt"
	"testing"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

// maxReadings is how many readings of a description are tried.
const maxReadings = 4

// oddFields are fields as no QEMU describes them.
var oddFields = []string{
	`{"name": "x", "type": "uint8", "size": 1}, {"name": "y", "type": "uint8", "size": 1}, {"name": "x", "type": "uint8", "size": 1}`,
	`{"name": "", "type": "uint8", "size": 1}`,
	`{"name": "x", "type": "uint8", "size": 2}`,
	`{"name": "x", "type": "struct", "size": 0}`,
	`{"name": "x", "type": "struct", "size": 0, "array_len": 9, "struct": {"vmsd_name": "e"}}`,
	`{"name": "x", "type": "qtailq", "size": 3, "vmsd_name": "e", "vmsd_name": "f"}`,
	`{"name": "x", "type": "qtailq", "size": 1, "array_len": 4}`,
	`{"name": "x", "type": "buffer", "size": 9223372036854775807, "array_len": 2147483647}`,
	`{"name": "x", "type": "unused_buffer", "size": 4, "array_len": 4}`,
	`{"name": "n", "type": "nullptr", "size": 1, "array_len": 3}, {"name": "n", "type": "uint8", "size": 1}`,
	`{"name": "n", "type": "uint8", "size": 1, "array_len": 3}, {"name": "n", "type": "nullptr", "size": 1}, {"name": "n", "type": "struct", "struct": {"vmsd_name": "e"}, "size": 0}`,
	`{"name": "n", "type": "struct", "struct": {}, "size": 1, "array_len": 3}, {"name": "b", "type": "bitmap", "size": 24}, {"name": "v", "type": "vstruct", "vmsd_name": "v", "version": 4294967295, "fields": [], "size": 0}`,
	`{"name": "a", "index": 1, "type": "nullptr", "size": 1, "array_len": 3}, {"name": "a", "type": "tmp", "vmsd_name": "t", "fields": [], "size": 0}`,
	`{"name": "q", "type": "customized", "size": 5, "vmsd_name": "e", "vmsd_name": "f"}, {"name": "m", "type": "ptr-marker", "size": 1}, {"name": "c", "type": "cpsr", "size": 1, "array_len": 3}`,
}

func FuzzVMDesc(f *testing.F) {
	seeds := descriptionSeeds(f)
	for _, b := range append(seeds, cutShort(seeds)...) {
		f.Add(b)
	}
	for _, fields := range oddFields {
		f.Add(fmt.Appendf(nil, `{"devices": [{"name": "d", "vmsd_name": "d", "fields": [%s]}]}`, fields))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		defer hangs()()
		d, err := savevm.ParseVMDesc(text)
		if err != nil {
			if e := possible(t, err, len(text)); e.Class != rules.BadDescription {
				t.Fatalf("class of %v", err)
			}
			return
		}
		dialect := bind.DialectOf(d, text)
		for i := range d.Devices {
			if v := d.Devices[i].VMSD; v != nil {
				describe(t, v, dialect)
			}
		}
		if d.Configuration != nil {
			describe(t, d.Configuration, dialect)
		}
	})
}

// describe tries every reading of a vmsd's description: schemas that are sound,
// by which zeros can be decoded.
func describe(t *testing.T, v *savevm.VMSD, dialect *vmstate.Dialect) {
	t.Helper()
	size := v.WireSize()
	if size < 0 {
		t.Fatalf("%d bytes on the wire", size)
	}
	for choice, choices := 0, 1; choice < min(choices, maxReadings); choice++ {
		d, err := bind.Describe(v, choice)
		if err != nil {
			if e := possible(t, err, 0); e.Class != rules.BadDescription {
				t.Fatalf("class of %v", err)
			}
			return
		}
		if choices = d.Choices; choices < 1 {
			t.Fatalf("%d readings", choices)
		}
		if err := d.Schema.Check(); err != nil {
			t.Fatalf("the schema is not sound: %v", err)
		}
		l := loadOf(d.Schema, d.Schema.Version, make([]byte, min(size, 1<<14)), limitSets[0])
		if weigh(d.Schema, map[*model.Schema]int{}) < maxWeight {
			l.agree(t, false)
			describeAgain(t, d, l, dialect)
			continue
		}
		_, err = model.Decode(l.schema, l.stream, l.version, model.Options{Limits: l.limits})
		l.typed(t, "model", err)
	}
}

// describeAgain saves what was loaded with a description, which is one.
func describeAgain(t *testing.T, d *bind.Described, l load, dialect *vmstate.Dialect) {
	t.Helper()
	ref := bind.Reference{Limits: l.limits}
	for _, in := range []*vmstate.Dialect{dialect, vmstate.Strict} {
		_, saved, err := ref.LoadAndDescribe(d, l.stream, l.version, in)
		if err != nil {
			l.typed(t, "reference", err)
			return
		}
		if in != vmstate.Strict {
			continue
		}
		if !json.Valid(saved.VMDesc) {
			t.Fatalf("no JSON: %s", saved.VMDesc)
		}
	}
}

// weigh is about how many values an object of a schema has; it stops counting
// at some number.
func weigh(s *model.Schema, known map[*model.Schema]int) int {
	if n, ok := known[s]; ok {
		return n
	}
	n := 1
	for i := range s.Fields {
		f := &s.Fields[i]
		w := 1 + f.Size/64
		if isStruct(f.Type) {
			w += weigh(f.Elem, known)
		}
		if f.Array {
			w *= min(f.Count, maxWeight)
		}
		n = min(n+w, maxWeight)
	}
	for _, sub := range s.Subsections {
		n = min(n+weigh(sub, known), maxWeight)
	}
	known[s] = n
	return n
}
