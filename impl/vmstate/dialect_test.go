package vmstate_test

import (
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
)

// inDialect saves with a description, and returns its fields: the text between
// the outer "fields" and its end.
func inDialect[T any](t *testing.T, x *vmstate.Dialect, d *vmstate.Description, obj *T) string {
	t.Helper()
	plain := save(t, d, obj)
	saved, err := vmstate.Save(d, unsafe.Pointer(obj), d.VersionID, vmstate.SaveOptions{VMDesc: x})
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(saved.Stream), string(plain))
	text := string(saved.VMDesc)
	for _, edge := range [][2]string{
		{`{"vmsd_name": "d", "version": 1, "fields": [`, "]}"},
		{`{ "vmsd_name" : "d", "version" : 1, "fields" : [ `, " ] }"},
	} {
		if inside, ok := strings.CutPrefix(text, edge[0]); ok {
			if inside, ok = strings.CutSuffix(inside, edge[1]); ok {
				return inside
			}
		}
	}
	t.Fatalf("no description of d: %s", text)
	return ""
}

// What a queue's elements are in each dialect; subsections are the element's.
func TestBodiesOfQueues(t *testing.T) {
	e := describeNode()
	e.Subsections = []*vmstate.Description{{Name: "node/s", VersionID: 2, Needed: func(p unsafe.Pointer) bool { return (*node)(p).n == 2 }}}
	d := one(tailq.Field("q", 0, 0, nodeType.Metadata(e)))
	var q tailq.Head[node]
	nodeType.InsertTail(&q, &node{n: 1})
	nodeType.InsertTail(&q, &node{n: 2})

	const n = `{"name": "n", "type": "uint8", "size": 1}, {"name": "inner", "type": "qtailq", "size": 1}`
	const first = `"vmsd_name": "node", "version": 1, "fields": [` + n + `]`
	const second = first + `, "subsections": [{"vmsd_name": "node/s", "version": 2, "fields": []}]`
	same(t, inDialect(t, vmstate.QEMU60, d, &q), `{"name": "q", "type": "qtailq", `+first+`, `+second+`, "size": 19}`)
	same(t, inDialect(t, vmstate.QEMU111, d, &q), inDialect(t, vmstate.QEMU60, d, &q))
	same(t, inDialect(t, vmstate.Strict, d, &q), `{"name": "q", "type": "qtailq", "elements": [{`+first+`}, {`+second+`}], "size": 19}`)

	old := strings.NewReplacer("{", "{ ", "}", " }", "[", "[ ", "]", " ]", `":`, `" :`)
	same(t, inDialect(t, vmstate.QEMU29, d, &q), old.Replace(inDialect(t, vmstate.QEMU60, d, &q)))
	same(t, inDialect(t, vmstate.Seed, d, &q), strings.ReplaceAll(old.Replace(inDialect(t, vmstate.Strict, d, &q)), "qtailq", "customized"))

	var empty tailq.Head[node]
	same(t, inDialect(t, vmstate.QEMU60, d, &empty), `{"name": "q", "type": "qtailq", "size": 1}`)
	same(t, inDialect(t, vmstate.Seed, d, &empty), `{ "name" : "q", "type" : "customized", "size" : 1 }`)
}

// The body of a vstruct, and of a tmp, is in the field's own object.
func TestBodiesOfStructs(t *testing.T) {
	d := one(
		vmstate.StructField("s", 0, 0, describePair()),
		vmstate.Field{Name: "v", Flags: vmstate.VStruct, VMSD: describePair(), StructVersionID: 2},
	)
	const body = `"vmsd_name": "pair", "version": 3, "fields": [{"name": "x", "type": "uint8", "size": 1}, {"name": "y", "type": "uint8", "size": 1}]`
	const older = `"vmsd_name": "pair", "version": 2, "fields": [{"name": "x", "type": "uint8", "size": 1}]`
	same(t, inDialect(t, vmstate.QEMU60, d, &pair{}),
		`{"name": "s", "type": "struct", "struct": {`+body+`}, "size": 2}, {"name": "v", "type": "vstruct", `+older+`, "size": 1}`)
}

// Arrays of pointers: S is a pointer to a struct, 0 a NULL. An object is its
// type, then × and its array_len, or @ and its index.
func TestDescribedPointers(t *testing.T) {
	packs := &vmstate.Description{Name: "e", Fields: []vmstate.Field{vmstate.Scalar("b", 0, 0, vmstate.InfoUint8)}}
	loose := &vmstate.Description{Name: "e", Fields: packs.Fields, Subsections: []*vmstate.Description{{Name: "e/s", Needed: func(unsafe.Pointer) bool { return false }}}}
	for _, c := range []struct {
		element *vmstate.Description
		array   string
		dialect *vmstate.Dialect
		want    string
	}{
		{packs, "SS", vmstate.Strict, "struct@0 struct@1"},
		{packs, "S0", vmstate.Strict, "struct@0 nullptr@1"},
		{packs, "S", vmstate.Strict, "struct"},

		{packs, "SSSS", vmstate.QEMU60, "struct×4"},
		{packs, "S000", vmstate.QEMU60, "struct×4"}, // as if all were
		{packs, "0S00", vmstate.QEMU60, "null×4"},   // as if none were
		{packs, "0", vmstate.QEMU60, "null"},
		{loose, "S0S", vmstate.QEMU60, "struct@0 null@1 struct@2"},

		{packs, "SSSS", vmstate.QEMU100, "struct×4"},
		{packs, "0000", vmstate.QEMU100, "nullptr×4"},
		{packs, "00S0", vmstate.QEMU100, "nullptr×2 struct nullptr"},
		{packs, "0SS0SS", vmstate.QEMU100, "nullptr struct×2 nullptr struct×2"},
		{packs, "SS00S", vmstate.QEMU100, "struct×5 nullptr×2 struct"}, // the first run has two
		{packs, "S", vmstate.QEMU100, "struct"},
		{packs, "0", vmstate.QEMU100, "nullptr"},
		{loose, "SSS", vmstate.QEMU100, "struct@0 struct@1 struct"},
		{loose, "S00S", vmstate.QEMU100, "struct@0 nullptr×2 nullptr×2 struct"},

		{packs, "SSSS", vmstate.QEMU111, "struct×4"},
		{packs, "0000", vmstate.QEMU111, "ptr-marker×4"},
		{packs, "00S0", vmstate.QEMU111, "ptr-marker×2 struct ptr-marker"},
		{packs, "SS00S", vmstate.QEMU111, "struct×5 ptr-marker×2"}, // the last is left out
		{packs, "SS00SS", vmstate.QEMU111, "struct×6 ptr-marker×2 struct×2"},
		{loose, "S0S", vmstate.QEMU111, "struct ptr-marker struct"},
	} {
		obj := make([]*uint8, len(c.array))
		for i := range obj {
			if c.array[i] == 'S' {
				obj[i] = new(uint8)
			}
		}
		d := one(vmstate.Field{Name: "p", Flags: vmstate.Array | vmstate.ArrayOfPointer | vmstate.Struct, Num: len(obj), VMSD: c.element})
		const body = `"struct": {"vmsd_name": "e", "version": 0, "fields": [{"name": "b", "type": "uint8", "size": 1}]}, `
		got := inDialect(t, c.dialect, d, unsafe.SliceData(obj))
		got = strings.NewReplacer(`"type": "struct", "struct": {}, `, `null`, `"type": "struct", `+body, `struct`,
			`"type": "nullptr", `, `nullptr`, `"type": "ptr-marker", `, `ptr-marker`, `"size": 1`, ``, `{"name": "p", `, ``, `}, `, ` `, `}`, ``).Replace(got)
		words := strings.Fields(got) // "array_len": 2, struct
		var terse []string
		for i := 0; i < len(words); i++ {
			switch words[i] {
			case `"array_len":`:
				terse = append(terse, words[i+2]+"×"+strings.Trim(words[i+1], ","))
				i += 2
			case `"index":`:
				terse = append(terse, words[i+2]+"@"+strings.Trim(words[i+1], ","))
				i += 2
			default:
				terse = append(terse, words[i])
			}
		}
		if got := strings.Join(terse, " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.array, got, c.want)
		}
	}
}

// Pointers to what is no struct: up to 9.2 a NULL has the type of the others.
func TestDescribedPointersToScalars(t *testing.T) {
	obj := [3]*uint32{nil, new(uint32), nil}
	d := one(vmstate.Field{Name: "p", Flags: vmstate.Array | vmstate.ArrayOfPointer, Num: 3, Info: vmstate.InfoUint32})
	same(t, inDialect(t, vmstate.QEMU60, d, &obj), `{"name": "p", "array_len": 3, "type": "uint32", "size": 1}`)
	same(t, inDialect(t, vmstate.QEMU100, d, &obj),
		`{"name": "p", "type": "nullptr", "size": 1}, {"name": "p", "type": "uint32", "size": 4}, {"name": "p", "type": "nullptr", "size": 1}`)
}

// Which arrays QEMU describes by their first element: those whose Description
// has no predicate and no subsections in its structs, whatever the elements hold.
func TestWhatPacks(t *testing.T) {
	always := func(unsafe.Pointer, uint32) bool { return true }
	never := func(unsafe.Pointer) bool { return false }
	element := func(f ...vmstate.Field) *vmstate.Description { return &vmstate.Description{Name: "e", Fields: f} }
	x := vmstate.Scalar("x", 0, 0, vmstate.InfoUint8)
	sometimes := x
	sometimes.Exists = always
	for name, c := range map[string]struct {
		flags vmstate.Flags
		e     *vmstate.Description
		packs bool
	}{
		"plain":                   {vmstate.Struct, element(x), true},
		"a field's version":       {vmstate.Struct, element(vmstate.Scalar("x", 0, 1, vmstate.InfoUint8)), true},
		"a length from the state": {vmstate.Struct, describeVBuffer(vmstate.Alloc, 0, 0), true},
		"a hook":                  {vmstate.Struct, describeNode(), true},
		"a vstruct of what not":   {vmstate.Struct, element(vmstate.Field{Name: "v", Flags: vmstate.VStruct, VMSD: element(sometimes)}), true},
		"a predicate":             {vmstate.Struct, element(sometimes), false},
		"a predicate deep inside": {vmstate.Struct, element(vmstate.StructField("s", 0, 0, element(x, sometimes))), false},
		"a check":                 {vmstate.Struct, element(x, vmstate.Field{Name: "ok", Flags: vmstate.MustExist | vmstate.Array, Exists: always}), false},
		"a subsection":            {vmstate.Struct, &vmstate.Description{Name: "e", Subsections: []*vmstate.Description{{Name: "e/s", Needed: never}}}, false},
		"vstructs":                {vmstate.VStruct, element(sometimes), true},
	} {
		obj := [2]node{}
		f := vmstate.Field{Name: "a", Flags: vmstate.Array | c.flags, Num: 2, Size: unsafe.Sizeof(obj[0]), VMSD: c.e}
		for _, dialect := range []*vmstate.Dialect{vmstate.QEMU60, vmstate.QEMU100, vmstate.QEMU111} {
			got := inDialect(t, dialect, one(f), &obj)
			same(t, strings.Contains(got, `"array_len": 2`), c.packs)
			want := map[*vmstate.Dialect]int{vmstate.QEMU60: 2, vmstate.QEMU100: 1}[dialect]
			if c.packs {
				want = 0
			}
			if n := strings.Count(got, `"index"`); n != want {
				t.Errorf("%s: %d have an index, want %d", name, n, want)
			}
			f.Exists = always
			same(t, strings.Contains(inDialect(t, dialect, one(f), &obj), `"array_len": 2`), false)
			f.Exists = nil
		}
	}
}

// Fields of one name are numbered in the order of the Description, those left
// out included.
func TestSharedNames(t *testing.T) {
	kcs := func(there bool) vmstate.Field {
		f := vmstate.Scalar("kcs", 0, 0, vmstate.InfoUint8)
		f.Exists = func(unsafe.Pointer, uint32) bool { return there }
		return f
	}
	d := one(kcs(false), vmstate.Scalar("x", 0, 0, vmstate.InfoUint8), kcs(true))
	same(t, inDialect(t, vmstate.QEMU60, d, new(uint8)), `{"name": "x", "type": "uint8", "size": 1}, {"name": "kcs[1]", "type": "uint8", "size": 1}`)
	_, err := load(d, new(uint8), wire(t, "01"), 1)
	refused(t, err, verdict{"truncated", 1, "kcs"})
}

// What was made of a description is described as the field that wrote it.
func TestShown(t *testing.T) {
	obj := [8]uint8{}
	config := vmstate.BufferField("config", 0, 0, 3)
	config.Shown = &vmstate.Shown{Type: "pci config"}
	fpr := vmstate.BufferField("fpr", 0, 0, 6)
	fpr.Shown = &vmstate.Shown{Type: "fpr", Len: 3}
	none := vmstate.ScalarArray("bits", 0, 0, vmstate.InfoUint64, 0)
	none.Shown = &vmstate.Shown{Type: "bitmap", Len: 1}
	tmp := vmstate.StructField("tmp", 0, 0, &vmstate.Description{Name: "t"})
	tmp.Shown = &vmstate.Shown{Type: "tmp"}
	same(t, inDialect(t, vmstate.QEMU60, one(config, fpr, none, tmp), &obj),
		`{"name": "config", "type": "pci config", "size": 3}, {"name": "fpr", "array_len": 3, "type": "fpr", "size": 2}, `+
			`{"name": "bits", "type": "bitmap", "size": 0}, {"name": "tmp", "type": "tmp", "vmsd_name": "t", "version": 0, "fields": [], "size": 0}`)

	element := func(i int) vmstate.Field {
		f := vmstate.Scalar("a[0]", 0, 0, vmstate.InfoUint8)
		f.Shown = &vmstate.Shown{Name: "a", Index: i, Of: 2}
		return f
	}
	array := one(element(0), element(1))
	array.Fields[1].Name = "a[1]"
	for dialect, want := range map[*vmstate.Dialect]string{
		vmstate.Strict:  `{"name": "a", "index": 0, "type": "uint8", "size": 1}, {"name": "a", "index": 1, "type": "uint8", "size": 1}`,
		vmstate.QEMU60:  `{"name": "a", "index": 0, "type": "uint8", "size": 1}, {"name": "a", "index": 1, "type": "uint8", "size": 1}`,
		vmstate.QEMU100: `{"name": "a", "index": 0, "type": "uint8", "size": 1}, {"name": "a", "type": "uint8", "size": 1}`,
		vmstate.QEMU111: `{"name": "a", "type": "uint8", "size": 1}, {"name": "a", "type": "uint8", "size": 1}`,
	} {
		same(t, inDialect(t, dialect, array, &obj), want)
	}
	// An array of such objects does not pack, either.
	outer := vmstate.Field{Name: "o", Flags: vmstate.Struct | vmstate.Array, Num: 2, Size: 1, VMSD: array}
	outer.VMSD.Name = "in"
	if got := inDialect(t, vmstate.QEMU60, one(outer), &obj); !strings.HasPrefix(got, `{"name": "o", "index": 0,`) {
		t.Error(got)
	}
}

// Where every pointer is marked the mark has an object of its own, and the array
// does not pack.
func TestDescribedMarks(t *testing.T) {
	got := inDialect(t, vmstate.QEMU111, markedPairs(), &marked{list: [3]unsafe.Pointer{unsafe.Pointer(&pair{1, 2}), nil, nil}})
	const mark = `{"name": "list", "type": "ptr-marker", "size": 1}, `
	same(t, got, mark+`{"name": "list", "type": "struct", "struct": {"vmsd_name": "pair", "version": 3, "fields": [`+
		`{"name": "x", "type": "uint8", "size": 1}, {"name": "y", "type": "uint8", "size": 1}]}, "size": 2}, `+
		mark+mark+`{"name": "end", "type": "uint8", "size": 1}`)
}
