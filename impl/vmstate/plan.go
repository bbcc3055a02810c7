package vmstate

import (
	"errors"
	"fmt"
	"unsafe"

	"vmconform/rules"
)

// A plan is a Description made ready: checked once, with what every element
// of a field needs worked out.
type plan struct {
	ops     []op
	done    bool // false while its own description is being compiled
	uniform bool // two objects differ on the wire in their values only; false meanwhile
	packs   bool // QEMU describes an array of them by its first; false meanwhile
}

type op struct {
	f        *Field
	child    *plan // of f.VMSD
	kind     kind
	width    uintptr   // scalar: bytes
	stride   uintptr   // bytes from one element to the next in memory
	count    CountType // type of the member with the count; 0: Num
	simple   bool      // one inline scalar: the fast way
	validate bool
	same     bool   // one description stands for every element
	packs    bool   // QEMU has one description for every element
	name     string // in a description
	minWire  int    // fewest bytes of one element on the wire
}

// Compile checks the description and everything that it reaches by VMSD and
// Subsections, and returns what is wrong with it as a *rules.Error of class
// bad-description whose path names the field. Load and Save compile what has
// not been.
func (d *Description) Compile() error {
	_, err := d.plan()
	return err
}

func (d *Description) plan() (*plan, error) {
	if p := d.compiled.Load(); p != nil {
		return p, nil
	}
	c := compiler{pending: map[*Description]*plan{}}
	if err := c.compile(d, ""); err != nil {
		return nil, err
	}
	state := map[*Description]bool{}
	for _, one := range c.order {
		if err := checkInline(one.d, one.path, state); err != nil {
			return nil, err
		}
	}
	// Published last: no plan is seen before all that it reaches is checked.
	for d, p := range c.pending {
		d.compiled.Store(p)
	}
	return d.compiled.Load(), nil // another goroutine's, where that was faster
}

// A compiler is one Compile.
type compiler struct {
	pending map[*Description]*plan
	order   []compiledAt
}

type compiledAt struct {
	d    *Description
	path string
}

func badDescription(path, format string, args ...any) error {
	return &rules.Error{Class: rules.BadDescription, Rule: rules.UsableDescription, Path: path, Detail: fmt.Sprintf(format, args...)}
}

func (c *compiler) compile(d *Description, path string) error {
	if d == nil {
		return badDescription(path, "no description")
	}
	if d.compiled.Load() != nil || c.pending[d] != nil {
		return nil
	}
	switch {
	case len(d.Name) == 0 || len(d.Name) > 255:
		return badDescription(path, "a name of %d bytes; 1 to 255 are possible", len(d.Name))
	case d.MinimumVersionID > d.VersionID:
		return badDescription(path, "minimum_version_id %d is above version_id %d", d.MinimumVersionID, d.VersionID)
	}
	p := &plan{ops: make([]op, len(d.Fields))}
	c.pending[d] = p
	c.order = append(c.order, compiledAt{d, path})
	for i := range d.Fields {
		f := &d.Fields[i]
		if err := f.check(); err != nil {
			return badDescription(join(path, f.Name), "%v", err)
		}
		if f.VMSD != nil {
			if err := c.compile(f.VMSD, join(path, f.Name)); err != nil {
				return err
			}
		}
		if m, ok := f.Meta.(Describer); ok && f.Flags&CSTM != 0 {
			for _, e := range m.Descriptions() {
				if err := c.compile(e, join(path, f.Name)); err != nil {
					return err
				}
			}
		}
		p.ops[i] = c.newOp(f)
	}
	p.uniform = len(d.Subsections) == 0
	p.packs = len(d.Subsections) == 0
	nameFields(p.ops)
	for i := range p.ops {
		o := &p.ops[i]
		p.packs = p.packs && o.packs
		p.uniform = p.uniform && o.same && o.count == 0 && o.f.Flags&VBuffer == 0
	}
	names := map[string]bool{}
	for _, s := range d.Subsections {
		if s == nil {
			return badDescription(path, "no description of a subsection")
		}
		if names[s.Name] {
			return badDescription(join(path, s.Name), "two subsections have this name")
		}
		names[s.Name] = true
		if err := c.compile(s, join(path, s.Name)); err != nil {
			return err
		}
	}
	p.done = true
	return nil
}

// checkInline refuses an object that holds itself, which no memory can. The
// value of state is true while a description is open, false when it is done.
func checkInline(d *Description, path string, state map[*Description]bool) error {
	open, met := state[d]
	if open {
		return badDescription(path, "%s contains itself without a pointer in between", d.Name)
	}
	if met {
		return nil
	}
	state[d] = true
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Flags&(Struct|VStruct) == 0 || f.Flags&(Pointer|ArrayOfPointer) != 0 || f.isValidate() {
			continue
		}
		if err := checkInline(f.VMSD, join(path, f.Name), state); err != nil {
			return err
		}
	}
	for _, s := range d.Subsections {
		if err := checkInline(s, join(path, s.Name), state); err != nil {
			return err
		}
	}
	state[d] = false
	return nil
}

func join(path, name string) string {
	if path == "" || name == "" {
		return path + name
	}
	return path + "/" + name
}

// check finds what a C compiler or an abort of QEMU would.
func (f *Field) check() error {
	has := func(x Flags) bool { return f.Flags&x != 0 }
	arrays := 0
	for _, x := range []Flags{Array, VArrayInt32, VArrayUint8, VArrayUint16, VArrayUint32} {
		if has(x) {
			arrays++
		}
	}
	variable := has(VArray) || has(Array) && f.NumType != 0
	switch {
	case has(^allFlags):
		return fmt.Errorf("unknown flags %#x", uint32(f.Flags&^allFlags))
	case f.isValidate():
		return nil
	case arrays > 1:
		return errors.New("more than one of ARRAY and the VARRAYs")
	case has(Buffer) && has(VBuffer):
		return errors.New("both BUFFER and VBUFFER")
	case has(VBuffer) && arrays > 0:
		return errors.New("a VBUFFER is no array")
	case has(Struct|VStruct) && f.VMSD == nil:
		return errors.New("a struct without description")
	case has(Struct|VStruct) && has(Buffer|VBuffer):
		return errors.New("a struct is no buffer")
	case has(CSTM) && (f.ExtendGet == nil || f.ExtendPut == nil):
		return errors.New("CSTM needs extend_get and extend_put")
	case !has(Struct|VStruct|CSTM) && f.Info == nil:
		return errors.New("neither STRUCT, nor CSTM, nor an Info")
	case !has(Struct|VStruct|CSTM) && f.Info.kind == kindHook && (f.Info.Get == nil || f.Info.Put == nil):
		return fmt.Errorf("Info %q needs Get and Put", f.Info.Name)
	case !has(Struct|VStruct|CSTM|Buffer|VBuffer) && (f.Info.kind == kindBuffer || f.Info.kind == kindUnused):
		return errors.New("a buffer needs BUFFER or VBUFFER")
	case has(CSTM) && arrays > 0 && !has(ArrayOfPointer) && f.Size == 0:
		return errors.New("an array under CSTM needs Size, the bytes of one element in memory")
	case f.Num < 0 || f.Num > rules.MaxCount || f.Room < 0 || f.Room > rules.MaxCount || f.Size > rules.MaxCount:
		return fmt.Errorf("a size or a number of elements that is not from 0 to %d", rules.MaxCount)
	case has(Alloc) && !has(Pointer):
		return errors.New("ALLOC needs POINTER")
	case has(Alloc) && has(Struct|VStruct|CSTM|ArrayOfPointer) && f.New == nil:
		return errors.New("ALLOC of what may hold pointers needs New")
	case has(MarkAlways) && !has(ArrayOfPointer):
		return errors.New("MARK_ALWAYS needs ARRAY_OF_POINTER")
	case has(MarkAlways) && f.NewElement == nil:
		return errors.New("MARK_ALWAYS needs NewElement, which allocates what a pointer points to")
	case has(MultiplyElements) && (!variable || f.Num < 1):
		return errors.New("MULTIPLY_ELEMENTS needs a VARRAY and Num")
	case has(MultiplyElements) && !has(Alloc) && f.Room == 0:
		return errors.New("an array under MULTIPLY_ELEMENTS that is not allocated needs Room, how many elements it can hold")
	case variable && !has(Alloc|MultiplyElements) && f.Num == 0:
		return errors.New("a variable array that is not allocated needs Num, how many elements it can hold")
	case has(Multiply) && !has(VBuffer):
		return errors.New("MULTIPLY needs VBUFFER")
	case has(VBuffer) && has(Pointer) && !has(Alloc) && f.Num == 0:
		return errors.New("a VBUFFER that is not allocated needs Num, how many bytes it can hold")
	case has(VBuffer) && !has(Pointer):
		return errors.New("VBUFFER needs POINTER")
	}
	return nil
}

// isValidate: a field of nothing, without elements, whose predicate must hold
// (VMSTATE_VALIDATE).
func (f *Field) isValidate() bool {
	return f.Flags&(MustExist|Array) == MustExist|Array && f.Num == 0 && f.NumType == 0 && f.Info == nil && f.VMSD == nil && f.Flags&(Struct|VStruct|CSTM) == 0
}

func (c *compiler) newOp(f *Field) op {
	o := op{f: f, stride: f.Size, validate: f.isValidate()}
	switch {
	case f.Flags&VArrayInt32 != 0:
		o.count = CountInt32
	case f.Flags&VArrayUint16 != 0:
		o.count = CountUint16
	case f.Flags&VArrayUint8 != 0:
		o.count = CountUint8
	case f.Flags&VArrayUint32 != 0:
		o.count = CountUint32
	case f.Flags&Array != 0:
		o.count = f.NumType
	}
	oneByOne := f.Shown != nil && f.Shown.Name != ""
	o.same = f.Exists == nil && f.Flags&(CSTM|ArrayOfPointer) == 0 && !oneByOne
	o.packs = f.Exists == nil && f.Flags&MarkAlways == 0 && !oneByOne
	switch {
	case f.Flags&(Struct|VStruct) != 0:
		o.child = c.pending[f.VMSD]
		if o.child == nil {
			o.child = f.VMSD.compiled.Load()
		}
		version := f.VMSD.VersionID
		if f.Flags&Struct == 0 {
			version = f.StructVersionID
		}
		o.minWire = o.child.floor(version)
		o.same = o.same && o.child.uniform
		o.packs = o.packs && (f.Flags&Struct == 0 || o.child.packs)
	case f.Info != nil:
		o.minWire = f.Info.Min
		if f.Flags&CSTM == 0 {
			o.kind = f.Info.kind
			o.width = uintptr(f.Info.width)
			if o.width > 0 {
				o.stride = o.width
			}
		}
	}
	if o.kind == kindBuffer || o.kind == kindUnused {
		o.minWire = int(f.Size) // no hook's, which may take fewer; of a VBUFFER nobody asks
	}
	if f.Flags&ArrayOfPointer != 0 {
		o.stride = unsafe.Sizeof(unsafe.Pointer(nil))
		o.minWire = min(o.minWire, 1)
		if f.Flags&MarkAlways != 0 {
			o.minWire = 1
		}
	}
	scalar := o.kind == kindScalar || o.kind == kindBool
	o.simple = scalar && f.Flags&^(Single|MustExist) == 0
	return o
}

// nameFields gives the fields their names in a description: those that share one
// are numbered (migration/vmstate.c vmfield_name_num).
func nameFields(ops []op) {
	count, at := map[string]int{}, map[string]int{}
	for i := range ops {
		count[ops[i].f.Name]++
	}
	for i := range ops {
		name := ops[i].f.Name
		ops[i].name = name
		if count[name] > 1 && name != "" {
			ops[i].name = fmt.Sprintf("%s[%d]", name, at[name])
			at[name]++
		}
	}
}

// floor is the fewest bytes of an object on the wire at the given version: what
// a hostile count of objects is held against before they are allocated.
func (p *plan) floor(version uint32) int {
	if !p.done {
		return 0
	}
	n := 0
	for i := range p.ops {
		n = min(n+p.ops[i].floor(version), rules.MaxCount)
	}
	return n
}

// floor is the fewest bytes of the field: 0 where that is not plain.
func (o *op) floor(version uint32) int {
	f := o.f
	if f.Exists != nil || f.VersionID > version || o.count != 0 || f.Flags&VBuffer != 0 {
		return 0
	}
	if f.Flags&Array != 0 {
		return int(min(int64(o.minWire)*int64(f.Num), rules.MaxCount))
	}
	return o.minWire
}
