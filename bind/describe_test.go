package bind_test

import (
	"strings"
	"testing"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

// The two dialects of the text (QJSON up to 5.2, JSONWriter since), of an
// object with one of each type that has a known size.
func TestDialects(t *testing.T) {
	jsonWriter := `"vmsd_name": "dev", "version": 3, "fields": [
		{"name": "b", "type": "bool", "size": 1}, {"name": "i8", "type": "int8", "size": 1},
		{"name": "i16", "array_len": 2, "type": "int16", "size": 2}, {"name": "u32", "type": "uint32", "size": 4},
		{"name": "timer", "type": "timer", "size": 8}, {"name": "eq", "type": "int64 equal", "size": 8},
		{"name": "le", "type": "int32 le", "size": 4}, {"name": "buf", "type": "buffer", "size": 2},
		{"name": "gap", "type": "unused_buffer", "size": 2}, {"name": "nul", "type": "nullptr", "size": 1},
		{"name": "none", "type": "buffer", "size": 0}],
		"subsections": [{"vmsd_name": "dev/s", "version": 1, "fields": [{"name": "x", "type": "uint8", "size": 1}]}]`
	qjson := strings.NewReplacer("{", "{ ", "}", " }", "[", "[ ", "]", " ]", ":", " :", "\n\t\t", "").Replace(jsonWriter)
	const bytes = "01 ff fffe 0003 00000004 ffffffffffffffff ffffffffffffffff 00000005 4142 0000 30 05 05 6465762f73 00000001 07"
	const want = `{"b":true,"i8":-1,"i16":[-2,3],"u32":4,"timer":"-1","eq":"18446744073709551615","le":5,"buf":"QUI=","nul":null,"none":"","/subsections":{"dev/s":{"x":7}}}`
	for _, body := range []string{jsonWriter, qjson} {
		d := describe(t, body)
		same(t, value(t, d, bytes), want)
		same(t, d.Choices, 1)
		same(t, notes(d), []string(nil))
		same(t, [2]uint32{d.Schema.Version, d.Schema.Minimum}, [2]uint32{3, 0})
		same(t, d.Schema.Fields[4].Type, model.TypeTimer)
	}
}

// Types of a device's own, and those whose inside is not described, are bytes.
func TestOpaqueTypes(t *testing.T) {
	d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "cfg", "type": "pci config", "size": 3}, {"name": "fpr", "array_len": 2, "type": "fpr", "size": 2},
		{"name": "tree", "type": "gtree", "vmsd_name": "v", "version": 1, "fields": [{"name": "x", "type": "uint8", "size": 1}], "size": 5},
		{"name": "bits", "type": "bitmap", "size": 16}, {"name": "odd", "type": "bitmap", "size": 3},
		{"name": "io[0]", "array_len": 2, "type": "uint8", "size": 1}, {"name": "kcs[1]", "type": "uint8", "size": 1}]`)
	same(t, value(t, d, "010203 04050607 0000000000 0000000000000001 0000000000000002 0a0b0c 0d0e 0f"),
		`{"cfg":"AQID","fpr":"BAUGBw==","tree":"AAAAAAA=","bits":["1","2"],"odd":"CgsM","io[0]":[13,14],"kcs[1]":15}`)
	same(t, d.Schema.Fields[0].Info, "pci config")
}

// A tree's values are described, its keys where they are no numbers: the size tells
// which. The trees of QEMU's own unit cases, here with their descriptions.
func TestTrees(t *testing.T) {
	const (
		interval = `"vmsd_name": "interval", "version": 1, "fields": [{"name": "low", "type": "uint64", "size": 8}, {"name": "high", "type": "uint64", "size": 8}]`
		mapping  = `"vmsd_name": "mapping", "version": 1, "fields": [{"name": "phys_addr", "type": "uint64", "size": 8}, {"name": "flags", "type": "uint32", "size": 4}]`
		pair     = interval + ", " + mapping
		domain   = `"vmsd_name": "domain", "version": 1, "fields": [{"name": "id", "type": "int32", "size": 4}, {"name": "mappings", "type": "gtree", `
		one      = domain + pair + `, "size": 34}]`
		two      = domain + pair + ", " + pair + `, "size": 63}]`
		first    = "01 0000000001000000 0000000001ffffff 000000000f000000 00000003"
		others   = "01 0000000000001000 0000000000001fff 000000000000a000 00000001 01 0000000000004000 0000000000004fff 00000000000e0000 00000002"
	)
	// 4+1 around, (1+8)*2, 4+34 and 4+63.
	d := describe(t, `"vmsd_name": "iommu", "version": 1, "fields": [{"name": "id", "type": "int32", "size": 4}, {"name": "domains", "type": "gtree", `+one+", "+two+`, "size": 128}]`)
	same(t, d.Choices, 1)
	same(t, notes(d), []string(nil))
	same(t, value(t, d, "00000007 00000002 01 0000000000000005 00000005 00000001 "+first+" 00 01 0000000000000006 00000006 00000002 "+others+" 00 00"),
		`{"id":7,"domains":[{"key":"5","value":{"id":5,"mappings":[{"key":{"low":"16777216","high":"33554431"},"value":{"phys_addr":"251658240","flags":3}}]}},`+
			`{"key":"6","value":{"id":6,"mappings":[{"key":{"low":"4096","high":"8191"},"value":{"phys_addr":"40960","flags":1}},`+
			`{"key":{"low":"16384","high":"20479"},"value":{"phys_addr":"917504","flags":2}}]}}]}`)

	// An empty one says nothing of what it may have.
	d = describe(t, `"vmsd_name": "dev", "version": 1, "fields": [{"name": "t", "type": "gtree", "size": 5}]`)
	same(t, value(t, d, "00000000 00"), `{"t":[]}`)
	_, err := model.Decode(d.Schema, wire(t, "00000001 01 0000000000000005 07 00"), 1, model.Options{})
	refused(t, err, verdict{rules.Limit, 13, "t[0]/" + bind.Undescribed})

	// What no key can be, and bodies without a common layout, are bytes.
	const timer, other = `"vmsd_name": "k", "version": 1, "fields": [{"name": "t", "type": "timer", "size": 8}]`, `"vmsd_name": "v", "version": 2, "fields": []`
	for _, f := range []string{timer + ", " + other + `, "size": 14`, mapping + ", " + other + `, "size": 35`} {
		d = describe(t, `"vmsd_name": "dev", "version": 1, "fields": [{"name": "t", "type": "gtree", `+f+`}]`)
		same(t, d.Schema.Fields[0].Type, model.TypeBuffer)
	}
}

func TestStructs(t *testing.T) {
	const in = `{"vmsd_name": "in", "version": 2, "fields": [{"name": "x", "type": "uint8", "size": 1}]}`
	d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "s", "type": "struct", "struct": `+in+`, "size": 1},
		{"name": "a", "array_len": 2, "type": "struct", "struct": `+in+`, "size": 1},
		{"name": "v", "type": "vstruct", "vmsd_name": "in", "version": 1, "fields": [{"name": "y", "type": "uint8", "size": 1}], "size": 1},
		{"name": "t", "type": "tmp", "vmsd_name": "tmp", "version": 0, "fields": [], "size": 0}]`)
	same(t, value(t, d, "01 02 03 04"), `{"s":{"x":1},"a":[{"x":2},{"x":3}],"v":{"y":4},"t":{}}`)
	same(t, d.Schema.Fields[2].Type, model.TypeVStruct)
	same(t, d.Schema.Fields[2].StructVersion, uint32(1))
	same(t, d.Schema.Fields[2].Elem.Version, uint32(1))
}

// An array that is described element by element; the last one's index is
// missing in 10.0 to 10.2.
func TestIndexedArrays(t *testing.T) {
	element := func(index string, size int) string {
		return `{"name": "a", ` + index + `"type": "struct", "struct": {"vmsd_name": "in", "version": 1, "fields": [
			{"name": "b", "type": "buffer", "size": ` + string(rune('0'+size)) + `}]}, "size": ` + string(rune('0'+size)) + `}`
	}
	for _, last := range []string{`"index": 2, `, ``} {
		d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [`+
			element(`"index": 0, `, 1)+","+element(`"index": 1, `, 0)+","+element(last, 2)+`, {"name": "z", "type": "uint8", "size": 1}]`)
		same(t, value(t, d, "01 0203 04"), `{"a[0]":{"b":"AQ=="},"a[1]":{"b":""},"a[2]":{"b":"AgM="},"z":4}`)
	}
}

// QEMU 2.9 to 9.2: an array of pointers is described by its first element,
// which is a NULL here. Something else further on is a mismatch, no wrong value.
func TestNullArrayOf72(t *testing.T) {
	d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "p", "array_len": 3, "type": "struct", "struct": {}, "size": 1}, {"name": "one", "type": "struct", "struct": {}, "size": 1}]`)
	same(t, value(t, d, "30 30 30 30"), `{"p":[null,null,null],"one":null}`)
	_, listed := d.NullArrays[&d.Schema.Fields[0]]
	same(t, listed, true)
	same(t, len(d.NullArrays), 1)
	_, err := model.Decode(d.Schema, wire(t, "30 30 41 30"), 1, model.Options{})
	refused(t, err, verdict{rules.Mismatch, 2, "p[2]"})
}

// What was decoded of such an array before a load stopped stays in its prefix.
func TestPrefixOfPointers(t *testing.T) {
	d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		`+x8+`, {"name": "p", "array_len": 4, "type": "struct", "struct": {}, "size": 1}]`)
	stream := wire(t, "07 30 30 41 30")
	l, err := model.Decode(d.Schema, stream, 1, model.Options{Spans: true})
	refused(t, err, verdict{rules.Mismatch, 3, "p[2]"})
	short := bind.Prefix(d.Schema, l.Spans)
	must(t, short.Check())
	l, err = model.Decode(short, stream, 1, model.Options{})
	must(t, err)
	same(t, l.Consumed, int64(3))
	same(t, len(d.Schema.Fields[1].Null), 4)
}

// With an index each object is one element, whatever length a NULL is given.
func TestIndexedNulls(t *testing.T) {
	d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "p", "index": 0, `+structRun+`, {"name": "p", "array_len": 3, `+nullRun+`, {"name": "p", `+structRun+`]`)
	same(t, value(t, d, "01 30 02"), `{"p[0]":{"x":1},"p[1]":null,"p[2]":{"x":2}}`)
}

const nullRun = `"type": "nullptr", "size": 1}`
const structRun = `"type": "struct", "struct": {"vmsd_name": "in", "version": 1, "fields": [{"name": "x", "type": "uint8", "size": 1}]}, "size": 1}`

// QEMU 10: runs of NULLs and of structs, without an index.
func TestRuns(t *testing.T) {
	d := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "p", "array_len": 2, `+nullRun+`, {"name": "p", `+structRun+`, {"name": "p", "array_len": 2, `+nullRun+`]`)
	same(t, value(t, d, "30 30 07 30 30"), `{"p":[null,null,{"x":7},null,null]}`)
	same(t, d.Choices, 1)
	same(t, notes(d), []string(nil))

	whole := describe(t, `"vmsd_name": "dev", "version": 1, "fields": [{"name": "p", "array_len": 3, `+nullRun+`]`)
	same(t, value(t, whole, "30 30 30"), `{"p":[null,null,null]}`)
}

// 10.0 to 10.2 give a first run that is not NULL the array's length. 11 gives it
// its own, which the second reading believes. The past fault vmdesc-run-length.
func TestFirstRunLength(t *testing.T) {
	body := `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "p", "array_len": 5, ` + structRun + `, {"name": "p", "array_len": 2, ` + nullRun + `, {"name": "p", ` + structRun + `]`
	d := describe(t, body)
	same(t, d.Choices, 2)
	same(t, notes(d), []string{"vmdesc/run-length p"})
	same(t, value(t, d, "01 02 30 30 03"), `{"p":[{"x":1},{"x":2},null,null,{"x":3}]}`)

	d, err := bind.Describe(text(t, body), 1)
	must(t, err)
	same(t, notes(d), []string(nil))
	same(t, d.Schema.Fields[0].Count, 8)

	// A first run no longer than the others is believed at once.
	d = describe(t, `"vmsd_name": "dev", "version": 1, "fields": [
		{"name": "p", "array_len": 2, `+structRun+`, {"name": "p", "array_len": 2, `+nullRun+`]`)
	same(t, d.Choices, 1)
	same(t, value(t, d, "01 02 30 30"), `{"p":[{"x":1},{"x":2},null,null]}`)
}

// What cannot be: refused as a description, before anything is allocated by it.
func TestHostileDescriptions(t *testing.T) {
	field := func(f string) string { return `"vmsd_name": "dev", "version": 1, "fields": [` + f + `]` }
	nest := func(n int, f string) string { // arrays in arrays of 60,000
		for range n {
			f = `{"name": "a", "array_len": 60000, "type": "struct", "struct": {` + field(f) + `}, "size": 1}`
		}
		return f
	}
	for name, body := range map[string]string{
		"a buffer of 2 GiB":            field(`{"name": "b", "type": "buffer", "size": 2147483647}`),
		"a buffer of 8 EiB":            field(`{"name": "b", "type": "buffer", "size": 9223372036854775807}`),
		"an array of 2^31-1":           field(`{"name": "b", "array_len": 2147483647, "type": "uint64", "size": 8}`),
		"a product beyond 2^63":        field(`{"name": "b", "array_len": 2147483647, "type": "cpsr", "size": 2147483647}`),
		"structs of no bytes":          field(`{"name": "b", "array_len": 2147483647, "type": "struct", "struct": {"vmsd_name": "in", "version": 1, "fields": []}, "size": 0}`),
		"structs that say no bytes":    field(nest(3, `{"name": "x", "type": "uint8", "size": 1}`)),
		"elements of 2 GiB":            field(`{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [{"name": "b", "type": "buffer", "size": 2147483647}], "size": 1}`),
		"a run of 2^31-1":              field(`{"name": "p", "array_len": 3, ` + nullRun + `, {"name": "p", "array_len": 2147483647, ` + structRun),
		"runs of 2^31-1 and more":      field(`{"name": "p", "array_len": 2147483647, ` + nullRun + `, {"name": "p", "array_len": 2147483647, ` + structRun),
		"NULLs without an end":         field(`{"name": "p", "array_len": 8000, "type": "struct", "struct": {}, "size": 1}, {"name": "q", "array_len": 8000, "type": "struct", "struct": {}, "size": 1}`),
		"a bitmap of 2 GiB":            field(`{"name": "b", "type": "bitmap", "size": 2147483640}`),
		"a uint32 of two bytes":        field(`{"name": "x", "type": "uint32", "size": 2}`),
		"a struct without a body":      field(`{"name": "x", "type": "struct", "size": 2}`),
		"a vstruct with two":           field(`{"name": "x", "type": "vstruct", "vmsd_name": "a", "version": 1, "fields": [], "vmsd_name": "b", "version": 1, "fields": [], "size": 0}`),
		"an empty body of two bytes":   field(`{"name": "x", "type": "struct", "struct": {}, "size": 2}`),
		"two fields of a name":         field(`{"name": "x", "type": "uint8", "size": 1}, {"name": "y", "type": "uint8", "size": 1}, {"name": "x", "type": "uint8", "size": 1}`),
		"a name of 256 bytes":          field(`{"name": "` + strings.Repeat("n", 256) + `", "type": "uint8", "size": 1}`),
		"a field without a name":       field(`{"name": "", "type": "uint8", "size": 1}`),
		"two subsections of a name":    field(``) + `, "subsections": [{` + field("") + `}, {` + field("") + `}]`,
		"large structs in long arrays": field(`{"name": "a", "array_len": 4096, "type": "struct", "struct": {` + field(`{"name": "b", "type": "buffer", "size": 65536}`) + `}, "size": 65536}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bind.Describe(text(t, body), 0)
			if err == nil {
				t.Fatal("accepted")
			}
			var e *rules.Error
			same(t, asError(err, &e), true)
			same(t, [2]any{e.Class, e.Offset}, [2]any{rules.BadDescription, int64(0)})
		})
	}
}

// A run's elements share one schema, however large it is and however deep.
func TestLongRunsAreSmall(t *testing.T) {
	var fields []string
	for i := range 2000 {
		fields = append(fields, `{"name": "f`+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))+`", "type": "uint8", "size": 1}`)
	}
	inner := `{"vmsd_name": "in", "version": 1, "fields": [` + strings.Join(fields, ",") + `]}`
	run := `{"name": "p", "array_len": 4000, "type": "struct", "struct": ` + inner + `, "size": 2000}, {"name": "p", ` + nullRun
	body := `"vmsd_name": "dev", "version": 1, "fields": [{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [` + run + `], "size": 2}]`
	d, err := bind.Describe(text(t, body), 0)
	must(t, err)
	e := d.Schema.Fields[0].Elem
	same(t, [2]int{len(e.Fields), e.Fields[0].Count}, [2]int{1, 4000})
}
