package vmstate_test

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// Each field is bad in one way.
func TestBadFields(t *testing.T) {
	get := func(*vmstate.Loader, any, unsafe.Pointer, uint32) error { return nil }
	put := func(*vmstate.Saver, any, unsafe.Pointer) error { return nil }
	good := one(vmstate.Scalar("v", 0, 0, vmstate.InfoUint8))
	u8 := vmstate.InfoUint8
	tooMany := int64(rules.MaxCount) + 1
	beyond := int(tooMany) // negative where an int has 32 bits
	for name, f := range map[string]vmstate.Field{
		"nothing":                       {},
		"struct without description":    {Flags: vmstate.Struct},
		"vstruct without description":   {Flags: vmstate.VStruct},
		"struct as buffer":              {Flags: vmstate.Struct | vmstate.Buffer, VMSD: good},
		"CSTM without get":              {Flags: vmstate.CSTM, ExtendPut: put},
		"CSTM without put":              {Flags: vmstate.CSTM, ExtendGet: get},
		"array of CSTM without size":    {Flags: vmstate.CSTM | vmstate.Array, Num: 2, ExtendGet: get, ExtendPut: put},
		"Info without get":              {Info: &vmstate.Info{Put: func(*vmstate.Saver, unsafe.Pointer, *vmstate.Field) error { return nil }}},
		"Info without put":              {Info: &vmstate.Info{Get: func(*vmstate.Loader, unsafe.Pointer, *vmstate.Field) error { return nil }}},
		"buffer without flag":           {Info: vmstate.InfoBuffer, Size: 1},
		"unused without flag":           {Info: vmstate.InfoUnused, Size: 1},
		"two kinds of buffer":           {Flags: vmstate.Buffer | vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc, Info: vmstate.InfoBuffer},
		"two counts":                    {Flags: vmstate.VArrayInt32 | vmstate.VArrayUint8, Info: u8, Num: 2},
		"array and varray":              {Flags: vmstate.Array | vmstate.VArrayUint8, Info: u8, Num: 2},
		"varray without room":           {Flags: vmstate.VArrayUint8, Info: u8},
		"varray by type without room":   {Flags: vmstate.Array, NumType: vmstate.CountUint8, Info: u8},
		"vbuffer that is no pointer":    {Flags: vmstate.VBuffer, Info: vmstate.InfoBuffer, Num: 2},
		"vbuffer without room":          {Flags: vmstate.VBuffer | vmstate.Pointer, Info: vmstate.InfoBuffer},
		"array of vbuffer":              {Flags: vmstate.VBuffer | vmstate.Pointer | vmstate.Alloc | vmstate.VArrayUint8, Info: vmstate.InfoBuffer},
		"alloc without pointer":         {Flags: vmstate.VArrayUint8 | vmstate.Alloc, Info: u8},
		"alloc of structs without New":  {Flags: vmstate.VArrayUint8 | vmstate.Alloc | vmstate.Pointer | vmstate.Struct, VMSD: good},
		"alloc of vstructs without New": {Flags: vmstate.VArrayUint8 | vmstate.Alloc | vmstate.Pointer | vmstate.VStruct, VMSD: good},
		"alloc of CSTM without New":     {Flags: vmstate.VArrayUint8 | vmstate.Alloc | vmstate.Pointer | vmstate.CSTM, Size: 1, ExtendGet: get, ExtendPut: put},
		"alloc of pointers without New": {Flags: vmstate.VArrayUint8 | vmstate.Alloc | vmstate.Pointer | vmstate.ArrayOfPointer, Info: u8},
		"marks without pointers":        {Flags: vmstate.MarkAlways | vmstate.Array, Num: 2, Info: u8, NewElement: func() unsafe.Pointer { return nil }},
		"marks without NewElement":      {Flags: vmstate.MarkAlways | vmstate.ArrayOfPointer | vmstate.Array, Num: 2, Info: u8, New: func(int) unsafe.Pointer { return nil }},
		"multiply without vbuffer":      {Flags: vmstate.Multiply, Info: u8},
		"multiply elements of an array": {Flags: vmstate.Array | vmstate.MultiplyElements, Num: 2, Info: u8},
		"multiply elements by nothing":  {Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Room: 2, Info: u8},
		"multiply elements, no room":    {Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Num: 2, Info: u8},
		"validate of structs":           {Flags: vmstate.MustExist | vmstate.Array | vmstate.Struct},
		"validate of vstructs":          {Flags: vmstate.MustExist | vmstate.Array | vmstate.VStruct},
		"validate of CSTM":              {Flags: vmstate.MustExist | vmstate.Array | vmstate.CSTM},
		"negative room":                 {Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Num: 2, Room: -1, Info: u8},
		"enormous room":                 {Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Num: 2, Room: beyond, Info: u8},
		"enormous number":               {Flags: vmstate.Array, Num: beyond, Info: u8},
		"negative number":               {Flags: vmstate.Array, Num: -1, Info: u8},
		"enormous size":                 {Flags: vmstate.Buffer, Size: 1 << 31, Info: vmstate.InfoBuffer},
		"unknown flag":                  {Flags: vmstate.Single | 1<<18, Info: u8},
	} {
		t.Run(name, func(t *testing.T) {
			f.Name = "f"
			want := verdict{rules.BadDescription, 0, "f"}
			refused(t, one(f).Compile(), want)
			_, err := load(one(f), new(uint64), []byte{0}, 1)
			refused(t, err, want)
			_, err = vmstate.Save(one(f), unsafe.Pointer(new(uint64)), 1, vmstate.SaveOptions{})
			refused(t, err, want)
		})
	}
}

func TestBadDescriptions(t *testing.T) {
	named := func(name string) *vmstate.Description { return &vmstate.Description{Name: name} }
	self := one()
	self.Fields = []vmstate.Field{vmstate.StructField("me", 0, 0, self)}
	selfSub := named("d")
	selfSub.Subsections = []*vmstate.Description{selfSub}
	// A pointer to b first, so that b is met before the struct that a has of it.
	a, b := one(), one()
	a.Fields = []vmstate.Field{{Name: "p", Flags: vmstate.Struct | vmstate.Pointer, VMSD: b}, vmstate.StructField("b", 0, 0, b)}
	b.Fields = []vmstate.Field{vmstate.StructField("a", 0, 0, a)}

	under := func(d *vmstate.Description) *vmstate.Description {
		return one(vmstate.StructField("s", 0, 0, one(vmstate.StructField("t", 0, 0, d))))
	}
	for name, c := range map[string]struct {
		d    *vmstate.Description
		path string
	}{
		"no name":                    {named(""), ""},
		"a name of 256 bytes":        {named(strings.Repeat("n", 256)), ""},
		"minimum above version":      {&vmstate.Description{Name: "d", VersionID: 1, MinimumVersionID: 2}, ""},
		"in a struct in a struct":    {under(named("")), "s/t"},
		"in a subsection":            {&vmstate.Description{Name: "d", Subsections: []*vmstate.Description{{Name: "d/s", MinimumVersionID: 1}}}, "d/s"},
		"no subsection":              {&vmstate.Description{Name: "d", Subsections: []*vmstate.Description{nil}}, ""},
		"two subsections of a name":  {&vmstate.Description{Name: "d", Subsections: []*vmstate.Description{named("d/s"), named("d/s")}}, "d/s"},
		"a struct inside itself":     {self, "me"},
		"a subsection inside itself": {selfSub, "d"},
		"structs inside each other":  {a, "b/a"},
		"elements of a queue":        {one(tailq.Field("q", 0, 0, nodeType.Metadata(named("")))), "q"},
		"queue without elements":     {one(tailq.Field("q", 0, 0, nodeType.Metadata(nil))), "q"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.d.Compile(), verdict{rules.BadDescription, 0, c.path}) })
	}
}

type node struct {
	n     uint8
	entry tailq.Entry[node]
	inner tailq.Head[node]
}

var nodeType = tailq.Of(func(n *node) *tailq.Entry[node] { return &n.entry })

func TestGoodDescriptions(t *testing.T) {
	// 300 subsections, a name of 255 bytes, pointers and queues back to the top.
	d := &vmstate.Description{Name: strings.Repeat("n", 255)}
	for i := range 300 {
		d.Subsections = append(d.Subsections, &vmstate.Description{Name: fmt.Sprint(i)})
	}
	d.Fields = []vmstate.Field{
		{Name: "pointer", Flags: vmstate.Struct | vmstate.Pointer, VMSD: d},
		tailq.Field("queue", 0, 0, nodeType.Metadata(d)),
	}
	if err := d.Compile(); err != nil {
		t.Fatal(err)
	}

	u8 := vmstate.InfoUint8
	for name, f := range map[string]vmstate.Field{
		"the largest buffer":              vmstate.BufferField("f", 0, 0, rules.MaxCount),
		"the largest room":                {Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Num: 2, Room: rules.MaxCount, Info: u8},
		"elements multiplied by 1":        {Flags: vmstate.VArrayUint8 | vmstate.MultiplyElements, Num: 1, Room: 1, Info: u8},
		"meta data that no hook will get": {Info: u8, Meta: nodeType.Metadata(&vmstate.Description{})},
	} {
		if err := one(f).Compile(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An unknown flag is named.
func TestUnknownFlag(t *testing.T) {
	err := one(vmstate.Field{Flags: vmstate.Single | 1<<18, Info: vmstate.InfoUint8}).Compile()
	if !strings.Contains(err.Error(), " 0x40000") {
		t.Fatal(err)
	}
}
