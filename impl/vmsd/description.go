package vmsd

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A Description says how a T travels, as vmstate.Description does for memory.
// It must not be changed once it has been built, nor copied.
type Description[T any] struct {
	Name             string // 1 to 255 bytes
	VersionID        uint32 // what Save writes, and the newest that Load takes
	MinimumVersionID uint32 // the oldest that Load takes

	// Fields lists the fields, in the order of the wire, of the T that it is
	// given: a zero one, which exists for the addresses of its members. Nil means
	// that there are none.
	Fields func(*T) []Field[T]

	Subsections []*Description[T] // in the order they are saved

	// See vmstate.Description.
	Needed   func(*T) bool
	PreLoad  func(*T) error
	PostLoad func(t *T, version uint32) error
	PreSave  func(*T) error
	PostSave func(*T) error

	raw   vmstate.Description
	built atomic.Bool
}

// Must builds the description and returns it, for variables. It panics with the
// error of Build.
func Must[T any](d *Description[T]) *Description[T] {
	if err := d.Build(); err != nil {
		panic(err)
	}
	return d
}

// Build checks the description and all that it refers to. The error is a
// *rules.Error of class bad-description whose path names the field. Load and
// Save build what has not been.
func (d *Description[T]) Build() error {
	if d != nil && d.built.Load() {
		return nil
	}
	building.Lock()
	defer building.Unlock()
	b := builder{}
	if err := d.build(b, ""); err != nil {
		return err
	}
	if err := d.raw.Compile(); err != nil {
		return err
	}
	// Last: nothing counts as built before all that it refers to is right.
	for n := range b {
		n.done()
	}
	return nil
}

// Raw is the description as package vmstate knows it. It stays the same one, and
// is filled in by Build.
func (d *Description[T]) Raw() *vmstate.Description {
	if d == nil {
		return nil
	}
	return &d.raw
}

// Load is vmstate.Load into obj.
func (d *Description[T]) Load(obj *T, stream []byte, version uint32, o vmstate.LoadOptions) (vmstate.Loaded, error) {
	if err := d.Build(); err != nil {
		return vmstate.Loaded{}, err
	}
	return vmstate.Load(&d.raw, unsafe.Pointer(obj), stream, version, o)
}

// Save is vmstate.Save of obj.
func (d *Description[T]) Save(obj *T, version uint32, o vmstate.SaveOptions) (vmstate.Saved, error) {
	if err := d.Build(); err != nil {
		return vmstate.Saved{}, err
	}
	return vmstate.Save(&d.raw, unsafe.Pointer(obj), version, o)
}

// A node is a *Description of whatever type.
type node interface {
	build(b builder, path string) error
	done()
}

// A builder holds what one Build has met and not built before.
type builder map[node]bool

var building sync.Mutex

func bad(path, format string, args ...any) error {
	return &rules.Error{Class: rules.BadDescription, Rule: rules.UsableDescription, Path: path, Detail: fmt.Sprintf(format, args...)}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

func (d *Description[T]) done() { d.built.Store(true) }

func (d *Description[T]) build(b builder, path string) error {
	if d == nil {
		return bad(path, "no description")
	}
	if d.built.Load() || b[d] {
		return nil
	}
	b[d] = true
	r := &d.raw
	r.Name, r.VersionID, r.MinimumVersionID = d.Name, d.VersionID, d.MinimumVersionID
	d.hooks()
	fields, err := d.fields(path)
	if err != nil {
		return err
	}
	r.Fields = make([]vmstate.Field, len(fields))
	for i, f := range fields {
		if err := f.build(b, path, i, d.VersionID); err != nil {
			return err
		}
		r.Fields[i] = f.raw
	}
	r.Subsections = make([]*vmstate.Description, len(d.Subsections))
	for i, s := range d.Subsections {
		if s == nil {
			return bad(path, "no description of a subsection")
		}
		if err := s.build(b, join(path, s.Name)); err != nil {
			return err
		}
		r.Subsections[i] = &s.raw
	}
	return nil
}

// fields asks for the fields. An address that cannot be taken, as of what a
// pointer of the T points to, panics.
func (d *Description[T]) fields(path string) (list []Field[T], err error) {
	if d.Fields == nil {
		return nil, nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = bad(path, "the fields of a zero %T cannot be listed: %v", *new(T), r)
		}
	}()
	return d.Fields(new(T)), nil
}

func (d *Description[T]) hooks() {
	r := &d.raw
	if needed := d.Needed; needed != nil {
		r.Needed = func(p unsafe.Pointer) bool { return needed((*T)(p)) }
	}
	if load := d.PostLoad; load != nil {
		r.PostLoad = func(p unsafe.Pointer, version uint32) error { return load((*T)(p), version) }
	}
	hook := func(f func(*T) error) func(unsafe.Pointer) error {
		if f == nil {
			return nil
		}
		return func(p unsafe.Pointer) error { return f((*T)(p)) }
	}
	r.PreLoad, r.PreSave, r.PostSave = hook(d.PreLoad), hook(d.PreSave), hook(d.PostSave)
}
