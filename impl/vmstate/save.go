package vmstate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"vmconform/rules"
)

// SaveOptions of Save.
type SaveOptions struct {
	Limits rules.Limits // only Depth is looked at: it ends a cycle of pointers
	VMDesc *Dialect     // how to write a description, too; nil: none
	Buffer []byte       // what to append the stream to; its content does not count in offsets
	Trace  func(Event)  // gets the events of the save, if not nil
}

// Saved is what Save wrote.
type Saved struct {
	Stream []byte // Buffer and what was appended; the caller's
	VMDesc []byte // the vmsd as a JSON object, if asked for
}

// Save writes the object at obj, which is described by d, at the given version.
// The error is a *rules.Error; Saved then holds what was written before it.
func Save(d *Description, obj unsafe.Pointer, version uint32, o SaveOptions) (Saved, error) {
	pl, err := d.plan()
	if err != nil {
		return Saved{}, err
	}
	s := &Saver{out: o.Buffer, start: len(o.Buffer), limits: o.Limits.WithDefaults(), trace: o.Trace}
	if o.VMDesc != nil {
		s.desc = newDescWriter(o.VMDesc)
	}
	s.desc.open()
	if err = s.version(d, version); err == nil {
		err = s.object(d, pl, obj, version)
	}
	s.desc.close()
	saved := Saved{Stream: s.out}
	if o.VMDesc != nil && err == nil {
		saved.VMDesc = s.desc.Text
	}
	return saved, err
}

// A Saver is one save under way: what a hook or an Info writes to. It must not
// be kept after the hook returns.
type Saver struct {
	out    []byte
	start  int
	limits rules.Limits
	depth  int
	trail  trail
	trace  tracer
	desc   *descWriter // nil: no description wanted, or not of this part
}

// Offset is how many bytes have been written.
func (s *Saver) Offset() int64 { return int64(len(s.out) - s.start) }

// At is Loader.At.
func (s *Saver) At(i int) { s.trail.at(i) }

// Fail makes an error at the position reached, on the path at hand.
func (s *Saver) Fail(c rules.Class, id rules.ID, format string, args ...any) error {
	return &rules.Error{Class: c, Rule: id, Offset: s.Offset(), Path: s.trail.String(), Detail: fmt.Sprintf(format, args...)}
}

// Write writes bytes.
func (s *Saver) Write(b ...byte) { s.out = append(s.out, b...) }

// SaveElement writes an element of d at d's own version_id.
func (s *Saver) SaveElement(d *Description, elem unsafe.Pointer) error {
	pl, err := d.plan()
	if err != nil {
		return err
	}
	s.desc.openBody()
	err = s.object(d, pl, elem, d.VersionID)
	s.desc.closeBody()
	return err
}

// version is Loader.version.
func (s *Saver) version(d *Description, version uint32) error {
	err := s.checkVersion(d, version)
	if err != nil {
		s.trace.start(d, version, s.trail, s.Offset())
		s.trace.end(d, err, s.Offset())
	}
	return err
}

func (s *Saver) checkVersion(d *Description, version uint32) error {
	switch {
	case version > d.VersionID:
		return s.Fail(rules.VersionTooNew, rules.VersionRange, "version %d of %s; up to %d is known", version, d.Name, d.VersionID)
	case version < d.MinimumVersionID:
		return s.Fail(rules.VersionTooOld, rules.VersionRange, "version %d of %s; %d is the oldest known", version, d.Name, d.MinimumVersionID)
	}
	return nil
}

func (s *Saver) object(d *Description, pl *plan, obj unsafe.Pointer, version uint32) error {
	if s.depth >= s.limits.Depth {
		return s.Fail(rules.Limit, rules.Bounded, "more than %d vmsds inside one another", s.limits.Depth)
	}
	s.depth++
	defer func() { s.depth-- }()
	s.desc.vmsd(d.Name, version)
	if s.trace == nil {
		return s.contents(d, pl, obj, version)
	}
	s.trace.start(d, version, s.trail, s.Offset())
	err := s.contents(d, pl, obj, version)
	s.trace.end(d, err, s.Offset())
	return err
}

// contents: pre_save, fields, subsections, post_save. What pre_save prepared
// post_save clears away, so it is called after an error too, which counts more
// than its own (migration/vmstate.c vmstate_save_state_v).
func (s *Saver) contents(d *Description, pl *plan, obj unsafe.Pointer, version uint32) error {
	if d.PreSave != nil {
		if err := d.PreSave(obj); err != nil {
			return s.hookFailed("pre_save", d, err)
		}
	}
	err := s.members(d, pl, obj, version)
	if d.PostSave != nil {
		if failed := d.PostSave(obj); failed != nil && err == nil {
			err = s.hookFailed("post_save", d, failed)
		}
	}
	return err
}

func (s *Saver) members(d *Description, pl *plan, obj unsafe.Pointer, version uint32) error {
	for i := range pl.ops {
		o := &pl.ops[i]
		s.trail.push(o.f.Name)
		present := o.f.present(obj, version)
		if s.trace != nil {
			s.trace.field(d, o.f, present, s.Offset())
		}
		if err := s.field(o, obj, present); err != nil {
			return err
		}
		s.trail.pop()
	}
	s.desc.closeList()
	return s.subsections(d, obj)
}

func (s *Saver) subsections(d *Description, obj unsafe.Pointer) error {
	open := false
	for _, sub := range d.Subsections {
		if sub.Needed != nil && !sub.Needed(obj) {
			continue
		}
		pl, err := sub.plan()
		if err != nil {
			return err
		}
		if !open {
			s.desc.subsections()
			open = true
		}
		s.trail.push(sub.Name)
		s.trace.subsection(d, sub.Name, s.Offset())
		s.Write(subsectionMark, byte(len(sub.Name)))
		s.out = append(s.out, sub.Name...)
		s.out = binary.BigEndian.AppendUint32(s.out, sub.VersionID)
		s.desc.open()
		if err := s.object(sub, pl, obj, sub.VersionID); err != nil {
			return err
		}
		s.desc.close()
		s.trail.pop()
	}
	if open {
		s.desc.closeList()
	}
	return nil
}

func (s *Saver) hookFailed(hook string, d *Description, err error) error {
	return &rules.Error{Class: rules.Hook, Rule: rules.HookSucceeds, Offset: s.Offset(), Path: s.trail.String(), Detail: hook + " of " + d.Name, Cause: err}
}

func (s *Saver) field(o *op, obj unsafe.Pointer, present bool) error {
	f := o.f
	if !present {
		if f.Flags&MustExist == 0 {
			return nil
		}
		if o.validate {
			return s.Fail(rules.OutOfRange, rules.Validate, "the check of this field fails")
		}
		return s.Fail(rules.MissingField, rules.MustExist, "the field has to be there")
	}
	if o.simple && s.desc == nil {
		return s.element(o, unsafe.Add(obj, f.Offset), 0)
	}
	if o.validate {
		return nil
	}
	n, size, bad := o.shape(obj)
	if bad != "" {
		return s.Fail(rules.OutOfRange, rules.CountRange, "%s", bad)
	}
	base := unsafe.Add(obj, f.Offset)
	if f.Flags&Pointer != 0 {
		base = *(*unsafe.Pointer)(base)
		if base == nil && n > 0 && o.inMemory(size) {
			return s.Fail(rules.OutOfRange, rules.CountRange, "%d elements where there are none", n)
		}
	}
	array := f.Flags&(Array|VArray) != 0
	if array && s.trace != nil {
		s.trace.elements(f.Name, n, s.Offset())
	}
	desc, start := s.desc, len(s.out)
	told := telling{w: desc}
	whole := f.Shown != nil && f.Shown.Len > 0
	if whole {
		desc.openField(o, span{length: f.Shown.Len, packed: true}, "")
	}
	if whole || f.Name == "" {
		told.w = nil
	}
	if told.w == nil && o.kind == kindScalar && o.inPlace() {
		s.out = o.toWire(s.out, base, n)
		n = 0
	}
	for i := range n {
		if array {
			s.trail.at(i)
		}
		at := len(s.out)
		p := o.at(base, i, size)
		null := false
		if f.Flags&ArrayOfPointer != 0 {
			p = *(*unsafe.Pointer)(p)
			null = p == nil
		}
		var e span
		s.desc, e = told.next(o, base, n, i, null)
		if null {
			s.desc.openField(o, e, s.desc.nullType())
			s.Write(nullMarker)
		} else {
			if f.Flags&MarkAlways != 0 {
				s.desc.openField(o, e, ptrMarker)
				s.Write(validMarker)
				s.desc.closeField(1)
				at++
			}
			s.desc.openField(o, e, "")
			if err := s.element(o, p, size); err != nil {
				return err
			}
		}
		s.desc.closeField(len(s.out) - at)
	}
	s.desc = desc
	if whole {
		desc.closeField((len(s.out) - start) / f.Shown.Len)
	}
	return nil
}

func (s *Saver) element(o *op, p unsafe.Pointer, size uintptr) error {
	f := o.f
	switch {
	case f.Flags&Struct != 0:
		return s.object(f.VMSD, o.child, p, f.VMSD.VersionID)
	case f.Flags&VStruct != 0:
		if err := s.version(f.VMSD, f.StructVersionID); err != nil {
			return err
		}
		return s.object(f.VMSD, o.child, p, f.StructVersionID)
	case f.Flags&CSTM != 0:
		s.trail.push("")
		err := s.hook(f.ExtendPut(s, f.Meta, p))
		if err == nil {
			s.trail.pop()
		}
		return err
	}
	switch o.kind {
	case kindBool:
		var b byte
		if *(*byte)(p) != 0 {
			b = 1
		}
		s.Write(b)
	case kindScalar:
		s.scalar(p, o.width)
	case kindNull:
		s.Write(nullMarker)
	case kindBuffer:
		if size > 0 {
			s.out = append(s.out, unsafe.Slice((*byte)(p), size)...)
		}
	case kindUnused:
		s.out = append(s.out, make([]byte, size)...)
	default:
		return s.hook(f.Info.Put(s, p, f))
	}
	return nil
}

func (s *Saver) scalar(p unsafe.Pointer, width uintptr) {
	switch width {
	case 1:
		s.out = append(s.out, *(*uint8)(p))
	case 2:
		s.out = binary.BigEndian.AppendUint16(s.out, *(*uint16)(p))
	case 4:
		s.out = binary.BigEndian.AppendUint32(s.out, *(*uint32)(p))
	default:
		s.out = binary.BigEndian.AppendUint64(s.out, *(*uint64)(p))
	}
}

func (s *Saver) hook(err error) error {
	var e *rules.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	}
	return &rules.Error{Class: rules.Hook, Rule: rules.HookSucceeds, Offset: s.Offset(), Path: s.trail.String(), Cause: err}
}
