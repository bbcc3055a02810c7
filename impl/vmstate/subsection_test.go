package vmstate_test

import (
	"fmt"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

type device struct{ a, x, y, z uint8 }

// describeDevice: "dev" with subsections dev/x, dev/y and, inside dev/y,
// dev/y/z. Each is needed if its member is not 0.
func describeDevice() *vmstate.Description {
	var o device
	sub := func(name string, offset uintptr, inner ...*vmstate.Description) *vmstate.Description {
		return &vmstate.Description{Name: name, VersionID: 2, MinimumVersionID: 2, Subsections: inner,
			Fields: []vmstate.Field{vmstate.Scalar("v", offset, 0, vmstate.InfoUint8)},
			Needed: func(obj unsafe.Pointer) bool { return *(*uint8)(unsafe.Add(obj, offset)) != 0 }}
	}
	return &vmstate.Description{Name: "dev", VersionID: 1, MinimumVersionID: 1,
		Fields: []vmstate.Field{vmstate.Scalar("a", 0, 0, vmstate.InfoUint8)},
		Subsections: []*vmstate.Description{
			sub("dev/x", unsafe.Offsetof(o.x)),
			sub("dev/y", unsafe.Offsetof(o.y), sub("dev/y/z", unsafe.Offsetof(o.z))),
		}}
}

const (
	subX  = "05 05 6465762f78 00000002"
	subY  = "05 05 6465762f79 00000002"
	subYZ = "05 07 6465762f792f7a 00000002"
)

func TestSubsections(t *testing.T) {
	for _, c := range []struct {
		obj   device
		bytes string
	}{
		{device{1, 0, 0, 0}, "01"},
		{device{1, 2, 0, 0}, "01" + subX + "02"},
		{device{1, 0, 3, 0}, "01" + subY + "03"},
		{device{1, 2, 3, 4}, "01" + subX + "02" + subY + "03" + subYZ + "04"},
	} {
		saves(t, describeDevice(), &c.obj, c.bytes)
		var got device
		loads(t, describeDevice(), &got, c.bytes)
		same(t, got, c.obj)
	}
	// A subsection inside one that is not needed is not asked.
	saves(t, describeDevice(), &device{1, 0, 0, 4}, "01")
}

// What the peek rule says of bytes behind the fields of "dev".
func TestPeek(t *testing.T) {
	for _, c := range []struct {
		name     string
		rest     string
		consumed int64
		want     *verdict
	}{
		{"nothing", "", 1, nil},
		{"05 alone", "05", 1, nil},
		{"05 and a length", "05 05", 1, nil},
		{"shorter than the parent's name", "05 02 6465 00000002 02", 1, nil},
		{"the parent's name itself", "05 03 646576 00000002 02", 1, nil},
		{"a longer name cut short", "05 05 6465762f", 1, nil},
		{"another prefix", "05 05 6465772f78 00000002 02", 1, nil},
		{"another byte than 05", "04 05 6465762f78 00000002 02", 1, nil},
		{"no slash is needed", "05 04 64657678 00000002 02", 0, &verdict{rules.UnknownSubsection, 1, ""}},
		{"an unknown one", "05 05 6465762f77 00000002 02", 0, &verdict{rules.UnknownSubsection, 1, ""}},
		{"a grandchild's name", subYZ + "02", 0, &verdict{rules.UnknownSubsection, 1, ""}},
		{"a known one", subX + "02", 13, nil},
		{"the name and no more", "05 05 6465762f78", 0, &verdict{rules.Truncated, 8, "dev/x"}},
		{"the version cut short", "05 05 6465762f78 000000", 0, &verdict{rules.Truncated, 11, "dev/x"}},
		{"no payload", subX, 0, &verdict{rules.Truncated, 12, "dev/x/v"}},
		{"an unknown one inside", subY + "03" + "05 07 6465762f792f77", 0, &verdict{rules.UnknownSubsection, 13, "dev/y"}},
		// "dev/x" is no longer than "dev/y", so that it ends dev/y and is dev's.
		{"back in the parent", subY + "03" + subX + "02", 25, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			obj := device{9, 9, 9, 9}
			l, err := vmstate.Load(describeDevice(), unsafe.Pointer(&obj), wire(t, "01"+c.rest), 1, vmstate.LoadOptions{})
			if c.want != nil {
				refused(t, err, *c.want)
				same(t, obj, device{9, 9, 9, 9})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			same(t, l.Consumed, c.consumed)
		})
	}
}

func TestSubsectionVersions(t *testing.T) {
	for _, c := range []struct {
		version string
		class   rules.Class // "": accepted
		note    bool
	}{
		{"00000000", rules.VersionTooOld, false},
		{"00000001", rules.VersionTooOld, false},
		{"00000002", "", false},
		{"00000003", rules.VersionTooNew, false},
		{"000000ff", rules.VersionTooNew, false},
		{"00000100", rules.VersionTooOld, false}, // 0 modulo 256
		{"00000102", "", true},
		{"80000002", "", true},
		{"ffffff02", "", true},
	} {
		t.Run(c.version, func(t *testing.T) {
			var obj device
			l, err := load(describeDevice(), &obj, wire(t, "01 05 05 6465762f78"+c.version+"07"), 1)
			if c.class != "" {
				refused(t, err, verdict{c.class, 8, "dev/x"})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			same(t, obj.x, 7)
			var want []rules.Note
			if c.note {
				want = []rules.Note{{Rule: rules.SubsectionVersion256, Offset: 8, Path: "dev/x"}}
			}
			sameNotes(t, l.Notes, want)
		})
	}
}

func sameNotes(t *testing.T, got, want []rules.Note) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("notes %v, want %v", got, want)
	}
	for i := range got {
		got[i].Detail = ""
		same(t, got[i], want[i])
	}
}

// Any order loads, and a subsection may come again: it loads over itself.
func TestSubsectionOrderAndRepetition(t *testing.T) {
	var obj device
	l, err := load(describeDevice(), &obj, wire(t, "01"+subY+"03"+subX+"02"+subY+"04"+subX+"05"), 1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, obj, device{1, 5, 4, 0})
	sameNotes(t, l.Notes, []rules.Note{
		{Rule: rules.SubsectionOrder, Offset: 13, Path: "dev/x"},
		{Rule: rules.SubsectionRepeated, Offset: 25, Path: "dev/y"},
		{Rule: rules.SubsectionRepeated, Offset: 37, Path: "dev/x"},
	})
}

// A struct that ends before the data of its parent: the 05 is the parent's if
// the name is not an extension of the struct's.
func TestPeekInsideStruct(t *testing.T) {
	inner := &vmstate.Description{Name: "in", VersionID: 1, MinimumVersionID: 1,
		Fields: []vmstate.Field{vmstate.Scalar("v", 0, 0, vmstate.InfoUint8)}}
	d := one(vmstate.StructField("s", 0, 0, inner), vmstate.ScalarArray("data", 1, 0, vmstate.InfoUint8, 5))
	var got [6]uint8
	loads(t, d, &got, "01 05 02 696e 00") // "in" itself
	same(t, got, [6]uint8{1, 5, 2, 0x69, 0x6e, 0})
	loads(t, d, &got, "01 05 03 696f78") // "iox"
	_, err := load(d, &got, wire(t, "01 05 03 696e78"), 1)
	refused(t, err, verdict{rules.UnknownSubsection, 1, "s"})
}

// However many subsections there are, each is known to have come or not.
func TestManySubsections(t *testing.T) {
	d := &vmstate.Description{Name: "d"}
	var stream []byte
	for i := range 300 {
		name := fmt.Sprintf("d/%03d", i)
		d.Subsections = append(d.Subsections, &vmstate.Description{Name: name})
		stream = append(stream, 5, byte(len(name)))
		stream = append(append(stream, name...), 0, 0, 0, 0)
	}
	var obj uint8
	same(t, string(save(t, d, &obj)), string(stream))
	l, err := load(d, &obj, append(stream, stream[:11]...), 0)
	if err != nil {
		t.Fatal(err)
	}
	sameNotes(t, l.Notes, []rules.Note{{Rule: rules.SubsectionRepeated, Offset: int64(len(stream)), Path: "d/000"}})
}
