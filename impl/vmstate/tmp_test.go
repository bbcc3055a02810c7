package vmstate_test

import (
	"errors"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A tmpParent travels as its first number and the difference of the two; copies
// is in no description.
type tmpParent struct {
	a, b   uint8
	copies [2]uint8
	rest   *uint8
	end    uint8
}

type tmpChild struct {
	parent *tmpParent
	diff   int8
}

func describeTmp(version uint32, postLoad error) *vmstate.Description {
	var p tmpParent
	child := &vmstate.Description{Name: "d/diff", VersionID: 2, MinimumVersionID: 1,
		PreSave: func(obj unsafe.Pointer) error {
			c := (*tmpChild)(obj)
			c.diff = int8(c.parent.b - c.parent.a)
			return nil
		},
		PostLoad: func(obj unsafe.Pointer, version uint32) error {
			c := (*tmpChild)(obj)
			c.parent.b = c.parent.a + uint8(c.diff)
			c.parent.copies = [2]uint8{c.parent.a, c.parent.b}
			c.parent.rest = &c.parent.a
			return postLoad
		},
		Fields: []vmstate.Field{vmstate.Scalar("diff", unsafe.Offsetof(tmpChild{}.diff), 0, vmstate.InfoInt8)},
	}
	return &vmstate.Description{Name: "d", VersionID: 9, Fields: []vmstate.Field{
		vmstate.Scalar("a", unsafe.Offsetof(p.a), 0, vmstate.InfoUint8),
		vmstate.TmpField("tmp", version, func(c *tmpChild) **tmpParent { return &c.parent }, child),
		vmstate.Scalar("end", unsafe.Offsetof(p.end), 0, vmstate.InfoUint8),
	}}
}

func TestTmp(t *testing.T) {
	d := describeTmp(1, nil)
	saves(t, d, &tmpParent{a: 10, b: 7, end: 3}, "0a fd 03")
	var got tmpParent
	loads(t, d, &got, "0a fd 03")
	same(t, got, tmpParent{10, 7, [2]uint8{10, 7}, &got.a, 3})
	saves(t, d, &got, "0a fd 03")
}

// What post_load has given to the parent is taken back, described or not.
func TestTmpErrors(t *testing.T) {
	for _, c := range []struct {
		version  uint32
		postLoad error
		limits   rules.Limits
		stream   string
		want     verdict
	}{
		{1, nil, rules.Limits{}, "", verdict{rules.Truncated, 0, "a"}},
		{1, nil, rules.Limits{}, "0a", verdict{rules.Truncated, 1, "tmp/diff"}},
		{1, nil, rules.Limits{}, "0a fd", verdict{rules.Truncated, 2, "end"}},
		{1, nil, rules.Limits{}, "0a fd 03 04", verdict{rules.TrailingData, 3, ""}},
		{1, errHook, rules.Limits{}, "0a fd 03", verdict{rules.Hook, 2, "tmp"}},
		{3, nil, rules.Limits{}, "0a fd 03", verdict{rules.VersionTooNew, 1, "tmp"}},
		{0, nil, rules.Limits{}, "0a", verdict{rules.VersionTooOld, 1, "tmp"}},
		{1, nil, rules.Limits{Depth: 1}, "0a fd 03", verdict{rules.Limit, 1, "tmp"}},
	} {
		x := uint8(5)
		was := tmpParent{1, 2, [2]uint8{3, 4}, &x, 6}
		got := was
		_, err := vmstate.Load(describeTmp(c.version, c.postLoad), unsafe.Pointer(&got), wire(t, c.stream), 9, vmstate.LoadOptions{Limits: c.limits, All: true})
		refused(t, err, c.want)
		same(t, errors.Is(err, errHook), c.postLoad != nil)
		same(t, got, was)
	}
	bad := describeTmp(1, nil)
	bad.Fields[1] = vmstate.TmpField("tmp", 1, func(c *tmpChild) **tmpParent { return &c.parent }, nil)
	refused(t, bad.Compile(), verdict{rules.BadDescription, 0, "tmp"})
}

// Saving is at the description's own version.
func TestTmpSaveErrors(t *testing.T) {
	d := describeTmp(9, nil)
	saves(t, d, &tmpParent{a: 1, b: 2}, "01 01 00")
	child := &vmstate.Description{Name: "c", PreSave: func(unsafe.Pointer) error { return errHook }}
	d = one(vmstate.TmpField("tmp", 0, func(c *tmpChild) **tmpParent { return &c.parent }, child))
	_, err := vmstate.Save(d, unsafe.Pointer(new(tmpParent)), 1, vmstate.SaveOptions{})
	refused(t, err, verdict{rules.Hook, 0, "tmp"})
}

// A parent and a temporary struct of which only offsets are known: the load of
// it, its undoing, and none in an object that the load has made.
func TestTmpFieldFunc(t *testing.T) {
	kept := 0
	child := one(vmstate.Scalar("sum", pointerSize, 0, vmstate.InfoUint8))
	child.PostLoad = func(obj unsafe.Pointer, _ uint32) error {
		parent := *(*unsafe.Pointer)(obj)
		*(*uint8)(unsafe.Add(parent, 1)) = *(*uint8)(unsafe.Add(obj, pointerSize)) - *(*uint8)(parent)
		return nil
	}
	child.PreSave = func(obj unsafe.Pointer) error {
		parent := *(*unsafe.Pointer)(obj)
		*(*uint8)(unsafe.Add(obj, pointerSize)) = *(*uint8)(parent) + *(*uint8)(unsafe.Add(parent, 1))
		return nil
	}
	attach := func(parent unsafe.Pointer) unsafe.Pointer {
		return unsafe.Pointer(&struct {
			parent unsafe.Pointer
			sum    uint64
		}{parent: parent})
	}
	keep := func(l *vmstate.Loader, parent unsafe.Pointer) {
		kept++
		l.WillChange(unsafe.Add(parent, 1), 1)
	}
	d := one(
		vmstate.Scalar("x", 0, 0, vmstate.InfoUint8),
		vmstate.TmpFieldFunc("tmp", 1, child, attach, keep),
		vmstate.Scalar("end", 2, 0, vmstate.InfoUint8),
	)
	obj := [3]uint8{1, 2, 3}
	saves(t, d, &obj, "01 03 03")
	loads(t, d, &obj, "05 07 06")
	same(t, obj, [3]uint8{5, 2, 6})
	_, err := load(d, &obj, wire(t, "01 09"), 1)
	refused(t, err, verdict{rules.Truncated, 2, "end"})
	same(t, obj, [3]uint8{5, 2, 6})
	same(t, kept, 2)

	made := new([3]uint8)
	var holder *[3]uint8
	outer := one(vmstate.Field{Name: "p", Flags: vmstate.Struct | vmstate.Pointer | vmstate.Alloc, VMSD: d, Size: 3,
		New: func(int) unsafe.Pointer { return unsafe.Pointer(made) }})
	loads(t, outer, &holder, "05 07 06")
	same(t, *holder, [3]uint8{5, 2, 6})
	same(t, kept, 2)

	d.Fields[1] = vmstate.TmpFieldFunc("tmp", 1, child, attach, nil)
	loads(t, one(d.Fields...), &obj, "05 08 06")
	same(t, obj, [3]uint8{5, 3, 6})
}

const pointerSize = unsafe.Sizeof(uintptr(0))
