package bind_test

import (
	"strings"
	"testing"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
)

// qjson gives a text in the style of JSONWriter that of QJSON. It is for texts
// without these characters in strings.
func qjson(s string) string {
	return strings.NewReplacer("{", "{ ", "}", " }", "[", "[ ", "]", " ]", `":`, `" :`).Replace(s)
}

const (
	x8      = `{"name": "x", "type": "uint8", "size": 1}`
	oneByte = `"struct": {"vmsd_name": "in", "version": 1, "fields": [` + x8 + `]}`
	holder  = `"struct": {"vmsd_name": "in", "version": 1, "fields": [{"name": "b", "type": "buffer", "size": 2}]}`
)

// What is loaded by a description, and saved with one, is described as it was,
// in the dialect that the description is in.
func TestDescribedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		fields  string // of dev, perhaps with subsections behind ]
		payload string
		in      []*vmstate.Dialect
	}{
		"the types of one value": {
			`{"name": "b", "type": "bool", "size": 1}, {"name": "i", "type": "int32", "size": 4}, {"name": "t", "type": "timer", "size": 8}, ` +
				`{"name": "d", "type": "CPU_Double_U", "size": 8}, {"name": "q", "type": "uint16 equal", "size": 2}, {"name": "e", "type": "int64 equal", "size": 8}, ` +
				`{"name": "l", "type": "int32 le", "size": 4}, {"name": "n", "type": "buffer", "size": 0}, {"name": "u", "type": "unused_buffer", "size": 3}, ` +
				`{"name": "a", "array_len": 2, "type": "uint16", "size": 2}`,
			"01 fffffffe ffffffffffffffff 0000000000000001 0007 0000000000000002 00000003 000000 0001 0002", all,
		},
		"types of a device's own": {
			`{"name": "cfg", "type": "pci config", "size": 3}, {"name": "fpr", "array_len": 2, "type": "fpr", "size": 2}, ` +
				`{"name": "bits", "type": "bitmap", "size": 16}, {"name": "odd", "type": "bitmap", "size": 3}, {"name": "no bits", "type": "bitmap", "size": 0}`,
			"010203 04050607 0000000000000001 0000000000000002 0a0b0c", all,
		},
		"structs": {
			`{"name": "s", "type": "struct", ` + oneByte + `, "size": 1}, {"name": "a", "array_len": 2, "type": "struct", ` + oneByte + `, "size": 1}, ` +
				`{"name": "z", "array_len": 2, "type": "struct", "struct": {"vmsd_name": "z", "version": 0, "fields": []}, "size": 0}`,
			"01 02 03", all,
		},
		"bodies in the field": {
			`{"name": "kcs[1]", "type": "vstruct", "vmsd_name": "v", "version": 2, "fields": [` + x8 + `], "size": 1}, ` +
				`{"name": "t", "type": "tmp", "vmsd_name": "t", "version": 0, "fields": [` + x8 + `], "size": 1}`,
			"01 02", all,
		},
		"queues": {
			`{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [` + x8 + `], "vmsd_name": "e", "version": 1, "fields": [` + x8 + `], ` +
				`"subsections": [{"vmsd_name": "e/s", "version": 1, "fields": []}], "size": 14}, {"name": "none", "type": "qlist", "size": 1}, ` +
				`{"name": "l", "type": "qlist", "vmsd_name": "e", "version": 1, "fields": [` + x8 + `], "size": 3}`,
			"01 41 01 42 05 03 652f73 00000001 00 00 01 41 00", all,
		},
		"trees": {
			`{"name": "none", "type": "gtree", "size": 5}, ` +
				`{"name": "n", "type": "gtree", "vmsd_name": "v", "version": 1, "fields": [` + x8 + `], "vmsd_name": "v", "version": 1, "fields": [` + x8 + `], "size": 25}, ` +
				`{"name": "k", "type": "gtree", "vmsd_name": "k", "version": 1, "fields": [` + x8 + `], "vmsd_name": "v", "version": 1, "fields": [], "size": 7}`,
			"00000000 00  00000002 01 0000000000000005 41 01 0000000000000006 42 00  00000001 01 07 00", all,
		},
		"a tree in a tree": { // as virtio-iommu has them: the first one is empty
			`{"name": "t", "type": "gtree", "vmsd_name": "v", "version": 1, "fields": [{"name": "in", "type": "gtree", "size": 5}], ` +
				`"vmsd_name": "v", "version": 1, "fields": [{"name": "in", "type": "gtree", "vmsd_name": "k", "version": 1, "fields": [` + x8 + `], "vmsd_name": "w", "version": 1, "fields": [` + x8 + `], "size": 8}], "size": 36}`,
			"00000002 01 0000000000000005 00000000 00 01 0000000000000006 00000001 01 07 41 00 00", all,
		},
		"a queue without a common layout": {
			`{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [` + x8 + `], "vmsd_name": "f", "version": 2, "fields": [], "size": 4}`,
			"01 41 01 00", all,
		},
		"buffers with their size beside": {
			`{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [` + x8 + `, {"name": "b", "type": "buffer", "size": 1}], ` +
				`"vmsd_name": "e", "version": 1, "fields": [` + x8 + `, {"name": "b", "type": "buffer", "size": 2}], "size": 8}`,
			"01 01 41 01 02 4142 00", all,
		},
		"subsections": {
			x8 + `], "subsections": [{"vmsd_name": "dev/a", "version": 7, "fields": [` + x8 + `], "subsections": [{"vmsd_name": "dev/a/b", "version": 1, "fields": []}]}, {"vmsd_name": "dev/c", "version": 1, "fields": []}`,
			"01 05 05 6465762f61 00000007 02 05 07 6465762f612f62 00000001 05 05 6465762f63 00000001", all,
		},
		"an array one by one, to 9.2": {
			`{"name": "a", "index": 0, "type": "struct", ` + oneByte + `, "size": 1}, {"name": "a", "index": 1, "type": "struct", ` + holder + `, "size": 2}, ` + x8,
			"01 0203 04", []*vmstate.Dialect{vmstate.QEMU60},
		},
		"an array one by one, 10.0": {
			`{"name": "a", "index": 0, "type": "struct", ` + oneByte + `, "size": 1}, {"name": "a", "index": 1, "type": "struct", ` + oneByte + `, "size": 1}, ` +
				`{"name": "a", "type": "struct", ` + holder + `, "size": 2}`,
			"01 02 0304", []*vmstate.Dialect{vmstate.QEMU100},
		},
		"an array one by one, 11.1": {
			`{"name": "a", "type": "struct", ` + oneByte + `, "size": 1}, {"name": "a", "type": "struct", ` + holder + `, "size": 2}`,
			"01 0203", []*vmstate.Dialect{vmstate.QEMU111},
		},
		"NULLs, to 9.2": {
			`{"name": "p", "array_len": 3, "type": "struct", "struct": {}, "size": 1}, {"name": "o", "type": "struct", "struct": {}, "size": 1}, ` +
				`{"name": "i", "index": 0, "type": "struct", ` + oneByte + `, "size": 1}, {"name": "i", "index": 1, "type": "struct", "struct": {}, "size": 1}`,
			"303030 30 01 30", []*vmstate.Dialect{vmstate.QEMU60},
		},
		"runs, 10.0": {
			`{"name": "p", "array_len": 2, "type": "nullptr", "size": 1}, {"name": "p", "type": "struct", ` + oneByte + `, "size": 1}, {"name": "p", "array_len": 2, "type": "nullptr", "size": 1}, ` +
				`{"name": "q", "array_len": 5, "type": "uint16", "size": 2}, {"name": "q", "array_len": 2, "type": "nullptr", "size": 1}, {"name": "q", "type": "uint16", "size": 2}, ` +
				`{"name": "n", "array_len": 3, "type": "nullptr", "size": 1}`,
			"30 30 01 30 30  0001 0002 30 30 0003  30 30 30", []*vmstate.Dialect{vmstate.QEMU100},
		},
		"runs, 11.1": {
			`{"name": "p", "array_len": 2, "type": "ptr-marker", "size": 1}, {"name": "p", "array_len": 2, "type": "struct", ` + oneByte + `, "size": 1}`,
			"30 30 01 02", []*vmstate.Dialect{vmstate.QEMU111},
		},
	} {
		for _, in := range c.in {
			t.Run(name+" in "+in.Name, func(t *testing.T) {
				object := `{"vmsd_name": "dev", "version": 1, "fields": [` + c.fields + `]}`
				if in.Style == vmstate.QEMU29.Style {
					object = qjson(object)
				}
				root := []byte(`{"devices": [{"name": "d", "instance_id": 0, ` + object[1:] + `]}`)
				if in.Style == vmstate.QEMU29.Style {
					root = append([]byte(`{ `), root[1:]...)
				}
				desc, err := savevm.ParseVMDesc(root)
				must(t, err)
				if len(c.in) == 1 {
					same(t, bind.DialectOf(desc, root).Name, in.Name)
				}
				payload := wire(t, c.payload)
				var ref bind.Reference
				var text []byte
				for choice, choices := 0, 1; choice < choices && text == nil; choice++ {
					d, err := bind.Describe(desc.Devices[0].VMSD, choice)
					must(t, err)
					same(t, d.Closed, false)
					choices = d.Choices
					if _, _, err := ref.LoadAndSave(d.Schema, payload, 1); err != nil && choice+1 < choices {
						continue
					}
					_, saved, err := ref.LoadAndDescribe(d, payload, 1, in)
					must(t, err)
					same(t, string(saved.Stream), string(payload))
					text = saved.VMDesc
				}
				same(t, string(text), object)
			})
		}
	}
}

var all = []*vmstate.Dialect{vmstate.QEMU29, vmstate.QEMU60, vmstate.QEMU100, vmstate.QEMU111}

// What is kept as bytes though it was described cannot be described again.
func TestClosed(t *testing.T) {
	const body = `"vmsd_name": "v", "version": 1, "fields": []`
	for f, want := range map[string]bool{
		`{"name": "t", "type": "gtree", "size": 5}`:                                 false,
		`{"name": "t", "type": "gtree", "size": 6}`:                                 false,
		`{"name": "t", "type": "gtree", ` + body + `, "size": 14}`:                  false,
		`{"name": "t", "type": "gtree", ` + body + `, "size": 15}`:                  true,
		`{"name": "t", "type": "unheard of", ` + body + `, "size": 15}`:             true,
		`{"name": "t", "type": "unheard of", "struct": {` + body + `}, "size": 15}`: true,
	} {
		d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [`+f+`]`)
		same(t, d.Closed, want)
	}
}

// The dialect is told by what stands in a description.
func TestDialectOf(t *testing.T) {
	device := func(fields string) string {
		return `"devices": [{"name": "d", "instance_id": 0, "vmsd_name": "dev", "version": 1, "fields": [` + fields + `]}]}`
	}
	const config = `"configuration": {"vmsd_name": "configuration", "version": 1, "fields": []}, `
	element := func(index string) string { return `{"name": "a", ` + index + `"type": "uint8", "size": 1}` }
	queue := `{"name": "q", "type": "customized", "vmsd_name": "e", "version": 1, "fields": [], "size": 2}`
	for text, want := range map[string]*vmstate.Dialect{
		`{` + device(x8):          vmstate.QEMU60, // any would do
		`{` + config + device(x8): vmstate.QEMU100,
		`{ ` + device(x8):         vmstate.QEMU29,
		`{ ` + device(queue):      vmstate.Seed,
		`{` + device(`{"name": "q", "type": "qtailq", "elements": [{"vmsd_name": "e", "version": 1, "fields": []}], "size": 3}`):                                        vmstate.Strict,
		`{` + config + device(element(`"index": 0, `)+", "+element(`"index": 1, `)):                                                                                     vmstate.QEMU60,
		`{` + config + device(`{"name": "p", "array_len": 2, "type": "struct", "struct": {}, "size": 1}`):                                                               vmstate.QEMU60,
		`{` + device(element(`"index": 0, `)+", "+element(``)):                                                                                                          vmstate.QEMU100,
		`{` + device(`{"name": "p", "type": "nullptr", "size": 1}`):                                                                                                     vmstate.QEMU100,
		`{` + device(element(``)+", "+element(``)):                                                                                                                      vmstate.QEMU111,
		`{` + device(`{"name": "p", "type": "ptr-marker", "size": 1}`):                                                                                                  vmstate.QEMU111,
		`{` + device(`{"name": "q", "type": "qlist", "vmsd_name": "e", "version": 1, "fields": [{"name": "p", "type": "nullptr", "size": 1}], "size": 3}`):              vmstate.QEMU100,
		`{` + device(`{"name": "s", "type": "struct", "struct": {"vmsd_name": "e", "version": 1, "fields": [{"name": "p", "type": "nullptr", "size": 1}]}, "size": 3}`): vmstate.QEMU100,
		`{` + device(x8+`], "subsections": [{"vmsd_name": "dev/s", "version": 1, "fields": [`+element(`"index": 0, `)+", "+element(``)+`]}`):                            vmstate.QEMU100,
	} {
		d, err := savevm.ParseVMDesc([]byte(text))
		must(t, err)
		if got := bind.DialectOf(d, []byte(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got.Name, want.Name)
		}
	}
}
