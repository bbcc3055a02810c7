package savevm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vmconform/rules"
)

// plain makes fields of type buffer: name and size alternate.
func plain(name string, size int64) DescField {
	return DescField{Name: name, Type: "buffer", Size: size, Index: -1}
}

func TestParseVMDesc(t *testing.T) {
	for _, c := range []struct {
		name, text string // text of one device after name and instance_id
		want       Device
		size       int64
	}{
		{
			"plain, JSONWriter",
			`"vmsd_name": "v", "version": 3, "fields": [{"name": "a", "type": "uint32", "size": 4}, {"name": "b", "type": "bool", "size": 1}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 3, Fields: []DescField{
				{Name: "a", Type: "uint32", Size: 4, Index: -1}, {Name: "b", Type: "bool", Size: 1, Index: -1}}}},
			5,
		},
		{
			"plain, QJSON",
			`"vmsd_name" : "v", "version" : 3, "fields" : [ { "name" : "a", "array_len" : 3, "type" : "uint32", "size" : 4 } ] `,
			Device{VMSD: &VMSD{Name: "v", Version: 3, Fields: []DescField{{Name: "a", Type: "uint32", Size: 4, ArrayLen: 3, HasArrayLen: true, Index: -1}}}},
			12,
		},
		{
			"without white space, escapes and unknown keys",
			`"x":[{"fields":1}],"vmsd_name":"v\u0041\"","version":3,"y":null,"fields":[{"name":"a","type":"t","size":0,"z":{"size":9}}]`,
			Device{VMSD: &VMSD{Name: `vA"`, Version: 3, Fields: []DescField{{Name: "a", Type: "t", Index: -1}}}},
			0,
		},
		{
			"array of one, of none, indices",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "a", "array_len": 0, "type": "buffer", "size": 4}, {"name": "b", "index": 0, "type": "buffer", "size": 1}, {"name": "b", "index": 1, "type": "buffer", "size": 2}, {"name": "b", "type": "buffer", "size": 3}, {"name": "c", "array_len": 1, "type": "buffer", "size": 7}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{
				{Name: "a", Type: "buffer", Size: 4, HasArrayLen: true, Index: -1},
				{Name: "b", Type: "buffer", Size: 1, Index: 0}, {Name: "b", Type: "buffer", Size: 2, Index: 1}, plain("b", 3),
				{Name: "c", Type: "buffer", Size: 7, HasArrayLen: true, ArrayLen: 1, Index: -1}}}},
			1 + 2 + 3 + 7,
		},
		{
			"no fields", `"vmsd_name": "v", "version": 1, "fields": []`, Device{VMSD: &VMSD{Name: "v", Version: 1}}, 0,
		},
		{
			"struct with subsections, and a subsection",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "s", "type": "struct", "struct": {"vmsd_name": "w", "version": 2, "fields": [{"name": "a", "type": "buffer", "size": 3}], "subsections": [{"vmsd_name": "w/x", "version": 1, "fields": []}]}, "size": 12}],
			 "subsections": [{"vmsd_name": "v/sub", "version": 5, "fields": [{"name": "a", "type": "buffer", "size": 4}], "subsections": [{"vmsd_name": "v/sub/sub", "version": 1, "fields": [{"name": "a", "type": "buffer", "size": 5}]}]}, {"vmsd_name": "q", "version": 1, "fields": []}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1,
				Fields: []DescField{{Name: "s", Type: "struct", Size: 12, Index: -1, Struct: &VMSD{Name: "w", Version: 2, Fields: []DescField{plain("a", 3)}, Subsections: []*VMSD{{Name: "w/x", Version: 1}}}}},
				Subsections: []*VMSD{
					{Name: "v/sub", Version: 5, Fields: []DescField{plain("a", 4)}, Subsections: []*VMSD{{Name: "v/sub/sub", Version: 1, Fields: []DescField{plain("a", 5)}}}},
					{Name: "q", Version: 1}}}},
			12 + (2 + 5 + 4 + 4) + (2 + 9 + 4 + 5) + (2 + 1 + 4),
		},
		{
			"NULL in an array of pointers, 7.2",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "css", "array_len": 255, "type": "struct", "struct": {}, "size": 1}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{{Name: "css", Type: "struct", Size: 1, HasArrayLen: true, ArrayLen: 255, Index: -1, Struct: &VMSD{}}}}},
			255,
		},
		{
			"runs of an array of pointers, 10.0",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "css", "array_len": 254, "type": "nullptr", "size": 1}, {"name": "css", "type": "struct", "struct": {"vmsd_name": "c", "version": 1, "fields": []}, "size": 9}, {"name": "css", "type": "nullptr", "size": 1}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{
				{Name: "css", Type: "nullptr", Size: 1, HasArrayLen: true, ArrayLen: 254, Index: -1},
				{Name: "css", Type: "struct", Size: 9, Index: -1, Struct: &VMSD{Name: "c", Version: 1}},
				{Name: "css", Type: "nullptr", Size: 1, Index: -1}}}},
			254 + 9 + 1,
		},
		{
			"queue: a body per element",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [{"name": "a", "type": "buffer", "size": 1}], "vmsd_name": "e", "version": 2, "fields": [{"name": "a", "type": "buffer", "size": 2}], "subsections": [{"vmsd_name": "e/s", "version": 1, "fields": []}], "vmsd_name": "e", "version": 3, "fields": [], "size": 18}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{{Name: "q", Type: "qtailq", Size: 18, Index: -1, Bodies: []*VMSD{
				{Name: "e", Version: 1, Fields: []DescField{plain("a", 1)}},
				{Name: "e", Version: 2, Fields: []DescField{plain("a", 2)}, Subsections: []*VMSD{{Name: "e/s", Version: 1}}},
				{Name: "e", Version: 3}}}}}},
			18,
		},
		{
			"queue: the strict style",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "q", "type": "qtailq", "elements": [{"vmsd_name": "e", "version": 1, "fields": [{"name": "a", "type": "buffer", "size": 1}]}, {"vmsd_name": "e", "version": 2, "fields": []}], "size": 4}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{{Name: "q", Type: "qtailq", Size: 4, Index: -1, Bodies: []*VMSD{
				{Name: "e", Version: 1, Fields: []DescField{plain("a", 1)}}, {Name: "e", Version: 2}}}}}},
			4,
		},
		{
			"empty queue", `"vmsd_name": "v", "version": 1, "fields": [{"name": "q", "type": "qtailq", "size": 1}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{{Name: "q", Type: "qtailq", Size: 1, Index: -1}}}}, 1,
		},
		{
			"tree: key and value alternate",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "g", "type": "gtree", "vmsd_name": "k", "version": 1, "fields": [{"name": "a", "type": "buffer", "size": 8}], "vmsd_name": "w", "version": 1, "fields": [{"name": "b", "type": "buffer", "size": 4}], "vmsd_name": "k", "version": 1, "fields": [{"name": "a", "type": "buffer", "size": 8}], "vmsd_name": "w", "version": 1, "fields": [{"name": "b", "type": "buffer", "size": 4}], "size": 31}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{{Name: "g", Type: "gtree", Size: 31, Index: -1, Bodies: []*VMSD{
				{Name: "k", Version: 1, Fields: []DescField{plain("a", 8)}}, {Name: "w", Version: 1, Fields: []DescField{plain("b", 4)}},
				{Name: "k", Version: 1, Fields: []DescField{plain("a", 8)}}, {Name: "w", Version: 1, Fields: []DescField{plain("b", 4)}}}}}}},
			31,
		},
		{
			"vstruct: body in the field",
			`"vmsd_name": "v", "version": 1, "fields": [{"name": "kcs[1]", "type": "vstruct", "vmsd_name": "w", "version": 2, "fields": [{"name": "a", "type": "buffer", "size": 3}], "size": 3}]`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{{Name: "kcs[1]", Type: "vstruct", Size: 3, Index: -1, Bodies: []*VMSD{{Name: "w", Version: 2, Fields: []DescField{plain("a", 3)}}}}}}},
			3,
		},
		{
			"old style", `"size": 8, "fields": [{"name": "data", "size": 8, "type": "buffer"}]`,
			Device{Size: 8, Fields: []DescField{plain("data", 8)}}, -1,
		},
		{
			"name behind the fields", `"fields": [{"size": 8, "type": "buffer", "name": "a"}], "version": 1, "vmsd_name": "v"`,
			Device{VMSD: &VMSD{Name: "v", Version: 1, Fields: []DescField{plain("a", 8)}}}, 8,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := `{"page_size": 16384, "devices": [{"name": "d", "instance_id": 7, ` + c.text + `}]}`
			c.want.Name, c.want.InstanceID = "d", 7
			got, err := ParseVMDesc([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&VMDesc{PageSize: 16384, Devices: []Device{c.want}}, got, withoutRanges); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
			if v := got.Devices[0].VMSD; v != nil && v.WireSize() != c.size {
				t.Errorf("wire size %d, want %d", v.WireSize(), c.size)
			}
		})
	}
}

func TestParseVMDescRoot(t *testing.T) {
	got, err := ParseVMDesc([]byte("\t{ \"configuration\" : {\"vmsd_name\": \"configuration\", \"version\": 1, \"fields\": []},\r\n\"other\": {}, \"devices\" : [ " +
		`{"name": "a", "instance_id": 4294967295, "size": 0}, {"name": "b", "instance_id": -2147483648, "size": 1}] } ` + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &VMDesc{
		Configuration: &VMSD{Name: "configuration", Version: 1},
		Devices:       []Device{{Name: "a", InstanceID: 0xffffffff}, {Name: "b", InstanceID: 0x80000000, Size: 1}},
	}
	if d := cmp.Diff(want, got, withoutRanges); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
}

// withoutRanges leaves out where things stand in the text.
var withoutRanges = cmpopts.IgnoreTypes(Range{})

// The objects of the configuration and of devices are found in the text.
func TestParseVMDescRanges(t *testing.T) {
	configuration, a, b := `{"vmsd_name": "configuration", "version": 1, "fields": []}`, `{"name": "a", "size": 0}`, `{ "size" : 1, "name" : "b" }`
	text := "{ \"configuration\" : " + configuration + ", \"devices\": [" + a + " , " + b + "\n]}"
	got, err := ParseVMDesc([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for r, want := range map[Range]string{got.ConfigurationText: configuration, got.Devices[0].Text: a, got.Devices[1].Text: b} {
		if s := text[r.From:r.To]; s != want {
			t.Errorf("%q, want %q", s, want)
		}
	}
}

// Each text is wrong at the «.
func TestParseVMDescRefuses(t *testing.T) {
	dev := func(s string) string { return `{"devices": [{"name": "d", "instance_id": 0, ` + s + `}]}` }
	field := func(s string) string {
		return dev(`"vmsd_name": "v", "version": 1, "fields": [` + s + `]`)
	}
	for name, text := range map[string]string{
		"empty":                     `«`,
		"white space":               `  «`,
		"an array":                  `«[]`,
		"a string":                  `«"devices"`,
		"no devices":                `«{"page_size": 4096}`,
		"devices not an array":      `{"devices": «{}}`,
		"device not an object":      `{"devices": [«1]}`,
		"something behind":          `{"devices": []} «{}`,
		"NUL behind":                `{"devices": []}«` + "\x00",
		"cut":                       `{"devices": [«`,
		"cut in a string":           `{"devices": [{"nam«`,
		"control character":         `{"devices": [{"na«` + "\x01" + `me": ""}]}`,
		"comma missing":             `{"devices": [] «"page_size": 1}`,
		"no name":                   `{"devices": [«{"instance_id": 0, "size": 1}]}`,
		"neither size nor vmsd":     `{"devices": [{"name": "a", "size": 0}, «{"name": "d", "fields": []}]}`,
		"name a number":             `{"devices": [{"name": «1, "size": 1}]}`,
		"instance id too large":     `{"devices": [{"name": "d", "instance_id": «4294967296, "size": 1}]}`,
		"instance id not integer":   `{"devices": [{"name": "d", "instance_id": «1.5, "size": 1}]}`,
		"page size zero":            `{"page_size": «0, "devices": []}`,
		"page size huge":            `{"page_size": «2147483648, "devices": []}`,
		"size negative":             dev(`"size": «-1`),
		"size above 63 bits":        dev(`"size": «9223372036854775808`),
		"size a string":             dev(`"size": «"1"`),
		"size with exponent":        dev(`"size": «1e3`),
		"version a string":          dev(`"vmsd_name": "v", "version": «"1"`),
		"two vmsd_names":            dev(`"vmsd_name": "v", "version": 1, «"vmsd_name": "v"`),
		"fields an object":          dev(`"vmsd_name": "v", "fields": «{}`),
		"field without name":        field(`«{"type": "t", "size": 1}`),
		"field without type":        field(`«{"name": "t", "size": 1}`),
		"field without size":        field(`{"name": "a", "type": "t", "size": 1}, «{"name": "b", "type": "t"}`),
		"array_len negative":        field(`{"name": "a", "array_len": «-1, "type": "t", "size": 1}`),
		"array_len huge":            field(`{"name": "a", "array_len": «2147483648, "type": "t", "size": 1}`),
		"index negative":            field(`{"name": "a", "index": «-1, "type": "t", "size": 1}`),
		"struct without name":       field(`{"name": "a", "type": "struct", "struct": «{"version": 1}, "size": 1}`),
		"struct not an object":      field(`{"name": "a", "type": "struct", "struct": «null, "size": 1}`),
		"body without name":         field(`{"name": "a", "type": "qtailq", «"version": 1, "size": 1}`),
		"fields before the body":    field(`{"name": "a", "type": "qtailq", «"fields": [], "vmsd_name": "e", "size": 1}`),
		"subsection without name":   dev(`"vmsd_name": "v", "subsections": [«{}]`),
		"nested too deep":           dev(`"vmsd_name": "v", "fields": ` + deep(maxDepth)),
		"unknown key nested deeper": dev(`"size": 1, "x": ` + strings.Repeat("[", 9997) + "«" + strings.Repeat("[", 2000)),
	} {
		t.Run(name, func(t *testing.T) {
			off := strings.Index(text, "«")
			_, err := ParseVMDesc([]byte(strings.Replace(text, "«", "", 1)))
			wantErr(t, err, rules.BadDescription, int64(off), "", rules.VMDescSyntax)
		})
	}
}

// deep is an array of fields in which structs are nested so that the mark stands
// at the first level beyond n, where the array stands at the fourth.
func deep(n int) string {
	var b strings.Builder
	for level := 4; level <= n+1; level++ {
		if level == n+1 {
			b.WriteString("«")
		}
		switch (level - 4) % 3 {
		case 0:
			b.WriteString("[")
		case 1:
			b.WriteString(`{"name": "a", "type": "struct", "size": 1, "struct": `)
		case 2:
			b.WriteString(`{"vmsd_name": "v", "version": 1, "fields": `)
		}
	}
	return b.String()
}

// As many vmsds as a load may open fit into a description.
func TestDepthOfLoads(t *testing.T) {
	n := rules.DefaultDepth - 1
	text := `{"devices": [{"name": "d", "vmsd_name": "v", "version": 1, "fields": ` +
		strings.Repeat(`[{"name": "a", "type": "struct", "size": 1, "struct": {"vmsd_name": "v", "version": 1, "fields": `, n) + `[]` + strings.Repeat(`}}]`, n) + `}]}`
	if _, err := ParseVMDesc([]byte(text)); err != nil {
		t.Fatal(err)
	}
}
