package vmstate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"unsafe"

	"vmconform/rules"
)

// LoadOptions of Load. The zero value has the default limits and lets bytes be
// left over.
type LoadOptions struct {
	Limits rules.Limits
	All    bool        // bytes left over are the error trailing-data
	Trace  func(Event) // gets the events of the load, if not nil
	New    bool        // obj is new, and dropped where the load fails: then nothing in it is put back
}

// Loaded is what Load tells beside the memory that it fills.
type Loaded struct {
	Consumed int64 // bytes
	Notes    []rules.Note
}

// Load fills the object at obj, which is described by d, from stream, which is
// of the given version. It keeps nothing of stream. The error is a *rules.Error;
// after one the described memory is what it was before the call.
func Load(d *Description, obj unsafe.Pointer, stream []byte, version uint32, o LoadOptions) (Loaded, error) {
	pl, err := d.plan()
	if err != nil {
		return Loaded{}, err
	}
	l := loaders.Get().(*Loader)
	defer l.release()
	l.in, l.limits, l.trace, l.fresh = stream, o.Limits.WithDefaults(), o.Trace, o.New
	if err := l.top(d, pl, obj, version, o.All); err != nil {
		l.undo.rollback()
		return Loaded{}, err
	}
	return Loaded{int64(l.pos), l.notes}, nil
}

var loaders = sync.Pool{New: func() any { return new(Loader) }}

// A Loader is one load under way: what a hook or an Info reads from. It must
// not be kept after the hook returns.
type Loader struct {
	in       []byte
	pos      int // 0 ≤ pos ≤ len(in)
	limits   rules.Limits
	depth    int
	elements int
	trail    trail
	notes    []rules.Note
	paths    int // bytes of all notes' paths
	undo     undoList
	seen     map[any]struct{} // keys of First
	trace    tracer
	fresh    bool // the object at hand was allocated by this load, or is new: nothing to undo
}

func (l *Loader) release() {
	l.undo.reset()
	*l = Loader{trail: l.trail[:0], undo: l.undo}
	loaders.Put(l)
}

func (l *Loader) top(d *Description, pl *plan, obj unsafe.Pointer, version uint32, all bool) error {
	if err := l.version(d, version, rules.VersionRange, 0); err != nil {
		return err
	}
	if err := l.object(d, pl, obj, version, 0); err != nil {
		return err
	}
	if all && l.pos < len(l.in) {
		return l.Fail(rules.TrailingData, rules.NoTrailing, l.Offset(), "%d bytes left over", len(l.in)-l.pos)
	}
	return nil
}

// Offset is the position reached, in bytes from the first one given to Load.
func (l *Loader) Offset() int64 { return int64(l.pos) }

// At says that what follows belongs to element i of the field at hand, -1 that
// it belongs to the field itself. It only serves paths.
func (l *Loader) At(i int) { l.trail.at(i) }

// Fail makes an error at the given offset, on the path at hand.
func (l *Loader) Fail(c rules.Class, id rules.ID, offset int64, format string, args ...any) error {
	return &rules.Error{Class: c, Rule: id, Offset: offset, Path: l.trail.String(), Detail: fmt.Sprintf(format, args...)}
}

// Note remarks on input that is accepted, at the given offset.
func (l *Loader) Note(id rules.ID, offset int64, format string, args ...any) {
	if l.paths > rules.MaxNotePaths {
		return
	}
	path := l.trail.String()
	if l.paths += len(path); l.paths <= rules.MaxNotePaths {
		l.notes = append(l.notes, rules.Note{Rule: id, Offset: offset, Path: path, Detail: fmt.Sprintf(format, args...)})
	}
}

// Take takes the next n bytes as one item. They stay the stream's: they must
// not be changed or kept.
func (l *Loader) Take(n int) ([]byte, error) { return l.TakeUnder(rules.ItemComplete, n) }

// TakeUnder is Take where another rule says that the bytes have to be there.
func (l *Loader) TakeUnder(id rules.ID, n int) ([]byte, error) {
	if n < 0 {
		return nil, l.Fail(rules.OutOfRange, rules.CountRange, l.Offset(), "an item of %d bytes", n)
	}
	if int64(n) > l.limits.Bytes-int64(l.pos) {
		return nil, l.Fail(rules.Limit, rules.Bounded, l.Offset(), "an item of %d bytes would end beyond the limit of %d bytes", n, l.limits.Bytes)
	}
	if n > len(l.in)-l.pos {
		return nil, l.Fail(rules.Truncated, id, int64(len(l.in)), "%d of %d bytes are there", len(l.in)-l.pos, n)
	}
	b := l.in[l.pos : l.pos+n : l.pos+n]
	l.pos += n
	return b, nil
}

// there says whether n more bytes can be taken.
func (l *Loader) there(n int64) bool {
	return n <= l.limits.Bytes-int64(l.pos) && n <= int64(len(l.in)-l.pos)
}

// CountElement counts one element against the limit; at is where it begins.
func (l *Loader) CountElement(at int64) error {
	if l.elements >= l.limits.Elements {
		return l.Fail(rules.Limit, rules.Bounded, at, "more than %d elements", l.limits.Elements)
	}
	l.elements++
	return nil
}

// CheckVersion compares version with the range of d, too new first.
func (l *Loader) CheckVersion(d *Description, version uint32, id rules.ID) error {
	return l.checkVersion(d, version, id, l.Offset())
}

// version is checkVersion for an object about to begin, of which the trace is
// told if it does not.
func (l *Loader) version(d *Description, version uint32, id rules.ID, at int64) error {
	err := l.checkVersion(d, version, id, at)
	if err != nil {
		l.trace.start(d, version, l.trail, l.Offset())
		l.trace.end(d, err, l.Offset())
	}
	return err
}

func (l *Loader) checkVersion(d *Description, version uint32, id rules.ID, at int64) error {
	switch {
	case version > d.VersionID:
		return l.Fail(rules.VersionTooNew, id, at, "version %d of %s; up to %d is known", version, d.Name, d.VersionID)
	case version < d.MinimumVersionID:
		return l.Fail(rules.VersionTooOld, id, at, "version %d of %s; %d is the oldest known", version, d.Name, d.MinimumVersionID)
	}
	return nil
}

// LoadElement loads an element that the hook has just allocated, zeroed, and
// not linked anywhere yet. The version is one that CheckVersion has let pass;
// at is where the element begins on the wire. After an error the hook has to
// return it; nothing more can be loaded.
func (l *Loader) LoadElement(d *Description, elem unsafe.Pointer, version uint32, at int64) error {
	pl, err := d.plan()
	if err != nil {
		return err
	}
	was := l.fresh
	l.fresh = true
	err = l.object(d, pl, elem, version, at)
	l.fresh = was
	return err
}

// WillChange has to be called before a hook changes n bytes of described
// memory at p that hold no pointer.
func (l *Loader) WillChange(p unsafe.Pointer, n int) {
	if !l.fresh {
		l.undo.bytes(p, n)
	}
}

// WillChangePointer is WillChange for a pointer.
func (l *Loader) WillChangePointer(p *unsafe.Pointer) {
	if !l.fresh {
		l.undo.slot(p)
	}
}

// OnUndo has f called, in reverse order with all else, if the load fails.
func (l *Loader) OnUndo(f func()) {
	l.undo.entries = append(l.undo.entries, undoEntry{run: f})
}

// object loads one vmsd. A depth limit strikes at the given offset.
func (l *Loader) object(d *Description, pl *plan, obj unsafe.Pointer, version uint32, at int64) error {
	if err := l.enter(at); err != nil {
		return err
	}
	defer l.leave()
	return l.contents(d, pl, obj, version)
}

func (l *Loader) enter(at int64) error {
	if l.depth >= l.limits.Depth {
		return l.Fail(rules.Limit, rules.Bounded, at, "more than %d vmsds inside one another", l.limits.Depth)
	}
	l.depth++
	return nil
}

func (l *Loader) leave() { l.depth-- }

func (l *Loader) contents(d *Description, pl *plan, obj unsafe.Pointer, version uint32) error {
	if l.trace == nil {
		return l.members(d, pl, obj, version)
	}
	l.trace.start(d, version, l.trail, l.Offset())
	err := l.members(d, pl, obj, version)
	l.trace.end(d, err, l.Offset())
	return err
}

// members: pre_load, fields, subsections, post_load.
func (l *Loader) members(d *Description, pl *plan, obj unsafe.Pointer, version uint32) error {
	if (d.PreLoad != nil || d.PostLoad != nil) && !l.fresh {
		l.keep(d, pl, obj)
	}
	if d.PreLoad != nil {
		if err := d.PreLoad(obj); err != nil {
			return l.hookFailed("pre_load", d, err)
		}
	}
	for i := range pl.ops {
		o := &pl.ops[i]
		l.trail.push(o.f.Name)
		present := o.f.present(obj, version)
		if l.trace != nil {
			l.trace.field(d, o.f, present, l.Offset())
		}
		if err := l.field(o, obj, present); err != nil {
			return err
		}
		l.trail.pop()
	}
	if err := l.subsections(d, obj); err != nil {
		return err
	}
	if d.PostLoad != nil {
		if err := d.PostLoad(obj, version); err != nil {
			return l.hookFailed("post_load", d, err)
		}
	}
	return nil
}

func (l *Loader) hookFailed(hook string, d *Description, err error) error {
	return &rules.Error{Class: rules.Hook, Rule: rules.HookSucceeds, Offset: l.Offset(), Path: l.trail.String(), Detail: hook + " of " + d.Name, Cause: err}
}

func (l *Loader) field(o *op, obj unsafe.Pointer, present bool) error {
	f := o.f
	if !present {
		if f.Flags&MustExist == 0 {
			return nil
		}
		if o.validate {
			return l.Fail(rules.OutOfRange, rules.Validate, l.Offset(), "the check of this field fails")
		}
		return l.Fail(rules.MissingField, rules.MustExist, l.Offset(), "the field has to be there")
	}
	if o.simple {
		return l.scalar(o, unsafe.Add(obj, f.Offset))
	}
	if o.validate {
		return nil
	}
	return l.elementsOf(o, obj)
}

func (f *Field) present(obj unsafe.Pointer, version uint32) bool {
	if f.Exists != nil {
		return f.Exists(obj, version)
	}
	return f.VersionID <= version
}

// shape reads how many elements a field has and of how many bytes a buffer is;
// bad says which number is out of range.
func (o *op) shape(obj unsafe.Pointer) (n int, size uintptr, bad string) {
	f := o.f
	n, size = 1, f.Size
	switch {
	case o.count != 0:
		c := o.count.read(unsafe.Add(obj, f.NumOffset))
		room := f.Num
		if f.Flags&MultiplyElements != 0 && isCount(c) {
			c *= int64(f.Num)
			room = f.Room
		}
		if !isCount(c) {
			return 0, 0, fmt.Sprintf("a count of %d", c)
		}
		if f.Flags&Alloc == 0 && c > int64(room) {
			return 0, 0, fmt.Sprintf("a count of %d; the array holds %d", c, room)
		}
		n = int(c)
	case f.Flags&Array != 0:
		n = f.Num
	}
	if f.Flags&VBuffer != 0 {
		t := f.SizeType
		if t == 0 {
			t = CountInt32
		}
		s := t.read(unsafe.Add(obj, f.SizeOffset))
		if f.Flags&Multiply != 0 && isCount(s) {
			s *= int64(f.Size)
		}
		if !isCount(s) {
			return 0, 0, fmt.Sprintf("a size of %d", s)
		}
		if f.Flags&Alloc == 0 && s > int64(f.Num) {
			return 0, 0, fmt.Sprintf("a size of %d; the buffer holds %d", s, f.Num)
		}
		size = uintptr(s)
	}
	return n, size, ""
}

// isCount says whether n can be a count or size: what a C int holds from 0 on.
func isCount(n int64) bool { return n >= 0 && n <= rules.MaxCount }

// inMemory says whether an element of the given size is anywhere in memory.
func (o *op) inMemory(size uintptr) bool {
	switch {
	case o.f.Flags&ArrayOfPointer != 0:
	case o.kind == kindNull, o.kind == kindUnused:
		return false
	case o.kind == kindBuffer:
		return size > 0
	}
	return true
}

// inPlace says whether the elements are numbers that stand in memory side by
// side.
func (o *op) inPlace() bool {
	const elsewhere = Struct | VStruct | CSTM | ArrayOfPointer
	return o.f.Flags&elsewhere == 0 && (o.kind == kindScalar || o.kind == kindBool)
}

// at is the address of element i, whatever it is for one that is nowhere.
func (o *op) at(base unsafe.Pointer, i int, size uintptr) unsafe.Pointer {
	if !o.inMemory(size) {
		return base
	}
	return unsafe.Add(base, uintptr(i)*o.stride)
}

func (l *Loader) elementsOf(o *op, obj unsafe.Pointer) error {
	f := o.f
	n, size, bad := o.shape(obj)
	if bad != "" {
		return l.Fail(rules.OutOfRange, rules.CountRange, l.Offset(), "%s", bad)
	}
	base := unsafe.Add(obj, f.Offset)
	if f.Flags&Pointer != 0 {
		slot := (*unsafe.Pointer)(base)
		was := l.fresh
		if f.Flags&Alloc != 0 {
			p, err := l.allocate(o, n, size)
			if err != nil {
				return err
			}
			l.WillChangePointer(slot)
			*slot = p
			l.fresh = true
		} else {
			// Memory that this load did not make, whoever holds the pointer.
			l.fresh = false
		}
		defer func() { l.fresh = was }()
		base = *slot
		if base == nil && n > 0 && o.inMemory(size) {
			return l.Fail(rules.OutOfRange, rules.CountRange, l.Offset(), "%d elements where there is no memory for any", n)
		}
	}
	array := f.Flags&(Array|VArray) != 0
	if array && l.trace != nil {
		l.trace.elements(f.Name, n, l.Offset())
	}
	if n > 1 && !l.fresh && o.inPlace() {
		// What all of them were, at once.
		l.undo.bytes(base, n*int(o.stride))
		l.fresh = true
		defer func() { l.fresh = false }()
	}
	if l.fresh && o.kind == kindScalar && o.inPlace() && l.there(int64(n)*int64(o.width)) {
		b := l.in[l.pos:][:n*int(o.width)]
		l.pos += len(b)
		o.fromWire(base, b)
		return nil
	}
	counted := array && (f.Flags&(Struct|VStruct|CSTM) != 0 || o.minWire == 0)
	for i := range n {
		if array {
			l.trail.at(i)
		}
		at := l.pos
		if counted {
			if err := l.CountElement(l.Offset()); err != nil {
				return err
			}
		}
		if err := l.element(o, o.at(base, i, size), size); err != nil {
			return err
		}
		if counted && l.pos == at {
			l.elements += rules.EmptyElementCost - 1
		}
	}
	return nil
}

// allocate makes room for n elements, or for as many as the input and the
// limits can fill where that is less: the load then ends inside them.
func (l *Loader) allocate(o *op, n int, size uintptr) (unsafe.Pointer, error) {
	f := o.f
	if f.Flags&VBuffer != 0 {
		// One item: whether it fits is known before any of it is made.
		pos := l.pos
		_, err := l.Take(int(size))
		l.pos = pos
		if err != nil {
			return nil, err
		}
	}
	switch {
	case f.Flags&VBuffer != 0:
	case o.minWire > 0:
		n = min(n, (len(l.in)-l.pos)/o.minWire+1)
	default:
		// Those that take bytes, and those that take none.
		n = min(n, len(l.in)-l.pos+max(0, l.limits.Elements-l.elements)/rules.EmptyElementCost+2)
	}
	if f.New != nil {
		if f.Flags&VBuffer != 0 {
			return f.New(int(size)), nil
		}
		return f.New(n), nil
	}
	if f.Flags&VBuffer == 0 {
		size = o.stride
	}
	bytes := uint64(n) * uint64(size)
	switch {
	case n == 0 || !o.inMemory(size):
		return nil, nil
	case bytes > math.MaxInt-7:
		return nil, l.Fail(rules.Limit, rules.Bounded, l.Offset(), "%d elements of %d bytes do not fit into memory", n, size)
	}
	return unsafe.Pointer(unsafe.SliceData(make([]uint64, max(1, (bytes+7)/8)))), nil
}

func (l *Loader) element(o *op, p unsafe.Pointer, size uintptr) error {
	f := o.f
	if f.Flags&ArrayOfPointer != 0 {
		was := l.fresh
		defer func() { l.fresh = was }()
		var err error
		if p, err = l.pointee(f, (*unsafe.Pointer)(p)); p == nil {
			return err
		}
	}
	switch {
	case f.Flags&Struct != 0:
		return l.object(f.VMSD, o.child, p, f.VMSD.VersionID, l.Offset())
	case f.Flags&VStruct != 0:
		if err := l.version(f.VMSD, f.StructVersionID, rules.VersionRange, l.Offset()); err != nil {
			return err
		}
		return l.object(f.VMSD, o.child, p, f.StructVersionID, l.Offset())
	case f.Flags&CSTM != 0:
		l.trail.push("")
		err := l.hook(f.ExtendGet(l, f.Meta, p, f.VersionID))
		if err == nil {
			l.trail.pop()
		}
		return err
	}
	switch o.kind {
	case kindScalar, kindBool:
		return l.scalar(o, p)
	case kindNull:
		return l.null()
	case kindBuffer:
		b, err := l.Take(int(size))
		if err != nil || size == 0 {
			return err
		}
		l.WillChange(p, int(size))
		copy(unsafe.Slice((*byte)(p), size), b)
		return nil
	case kindUnused:
		return l.unused(int(size))
	}
	return l.hook(f.Info.Get(l, p, f))
}

// pointee returns what the pointer in slot points to once the marker is taken
// that stands for it, or before it; nil for NULL.
func (l *Loader) pointee(f *Field, slot *unsafe.Pointer) (unsafe.Pointer, error) {
	if f.Flags&MarkAlways == 0 {
		if *slot == nil {
			return nil, l.null()
		}
		l.fresh = false
		return *slot, nil
	}
	b, err := l.Take(1)
	if err != nil {
		return nil, err
	}
	if b[0] != nullMarker && b[0] != validMarker {
		return nil, l.Fail(rules.Mismatch, rules.NullMarker, l.Offset()-1, "%02x where a pointer is marked by 30 or 31", b[0])
	}
	l.WillChangePointer(slot)
	*slot = nil
	if b[0] == validMarker {
		*slot = f.NewElement()
		l.fresh = true
	}
	return *slot, nil
}

// hook makes an error of class hook of what an Info or extend_get returned,
// unless that holds one which came from this Loader.
func (l *Loader) hook(err error) error {
	var e *rules.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	}
	return &rules.Error{Class: rules.Hook, Rule: rules.HookSucceeds, Offset: l.Offset(), Path: l.trail.String(), Cause: err}
}

func (l *Loader) scalar(o *op, p unsafe.Pointer) error {
	b, err := l.Take(int(o.width))
	if err != nil {
		return err
	}
	if !l.fresh {
		l.undo.bytes(p, int(o.width))
	}
	switch {
	case o.kind == kindBool:
		if b[0] > 1 {
			l.Note(rules.BoolCanonical, l.Offset()-1, "a bool of %02x", b[0])
		}
		*(*bool)(p) = b[0] != 0
	case o.width == 1:
		*(*uint8)(p) = b[0]
	case o.width == 2:
		*(*uint16)(p) = binary.BigEndian.Uint16(b)
	case o.width == 4:
		*(*uint32)(p) = binary.BigEndian.Uint32(b)
	default:
		*(*uint64)(p) = binary.BigEndian.Uint64(b)
	}
	return nil
}

func (l *Loader) null() error {
	b, err := l.Take(1)
	if err == nil && b[0] != nullMarker {
		err = l.Fail(rules.Mismatch, rules.NullMarker, l.Offset()-1, "%02x where a NULL is marked by 30", b[0])
	}
	return err
}

func (l *Loader) unused(n int) error {
	at := l.Offset()
	b, err := l.Take(n)
	if err != nil {
		return err
	}
	for i, c := range b {
		if c != 0 {
			l.Note(rules.UnusedZero, at+int64(i), "%02x in unused bytes", c)
			break
		}
	}
	return nil
}
