package bind

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

// Reference is the reference implementation as a subject of the harness: each
// call works on real memory laid out for the schema. The zero value is ready.
// It may be used by several goroutines at once.
type Reference struct {
	Limits rules.Limits
	// Change, where given, changes each description that the engine is given,
	// those of subsections before their parent's: its hooks and Infos, say. What
	// it does stays the engine's work.
	Change func(d *vmstate.Description)

	mu     sync.Mutex
	schema *model.Schema // of class: the one used last
	class  *Class
	shown  bool // class was made of a description
}

// Name is "ref".
func (r *Reference) Name() string { return "ref" }

func (r *Reference) bind(s *model.Schema, shown map[*model.Field]*vmstate.Shown) (*Class, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.schema == s && (r.shown || shown == nil) {
		return r.class, nil
	}
	c, err := bind(s, shown, r.Change)
	if err != nil {
		return nil, err
	}
	r.schema, r.class, r.shown = s, c, shown != nil
	return c, nil
}

// Save lays the value out in memory and saves it at the given version.
func (r *Reference) Save(s *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
	c, obj, err := r.object(s, v)
	if err != nil {
		return nil, err
	}
	saved, err := vmstate.Save(c.Description, obj, version, vmstate.SaveOptions{Limits: r.Limits})
	return saved.Stream, err
}

// object makes an object that holds v; nil is the value of zeroed memory.
func (r *Reference) object(s *model.Schema, v *model.Struct) (*Class, unsafe.Pointer, error) {
	c, err := r.bind(s, nil)
	if err != nil {
		return nil, nil, err
	}
	obj := c.new()
	if v == nil {
		return c, obj, nil
	}
	return c, obj, c.fill(obj, v)
}

// What may be wrong with the memory after a load, and not with the stream.
var (
	ErrHalfLoaded = errors.New("memory is not what it was before a load that failed")
	ErrLinks      = errors.New("links are broken after the load")
)

// Load loads the stream into fresh memory and reads the value from there. The
// links of every queue are checked, after an error too: memory must then be
// what it was. Otherwise the error is ErrHalfLoaded or ErrLinks, and no
// *rules.Error.
func (r *Reference) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	after, l, err := r.LoadOver(s, nil, stream, version)
	if err == nil {
		l.Value = after
		return l, nil
	}
	if after != nil && !model.Equal(after, model.Zero(s)) {
		return l, fmt.Errorf("%w: %v", ErrHalfLoaded, err)
	}
	return l, err
}

// LoadOver loads the stream into an object that holds before, nil being zeroed
// memory, and says what it holds afterwards: nil where its links are broken.
func (r *Reference) LoadOver(s *model.Schema, before *model.Struct, stream []byte, version uint32) (after *model.Struct, l model.Loaded, err error) {
	c, obj, err := r.object(s, before)
	if err != nil {
		return nil, l, err
	}
	loaded, err := vmstate.Load(c.Description, obj, stream, version, vmstate.LoadOptions{Limits: r.Limits})
	after, broken := c.read(obj)
	switch {
	case broken != nil && err != nil:
		return nil, l, fmt.Errorf("%w that was refused (%v): %v", ErrLinks, err, broken)
	case broken != nil:
		return nil, l, fmt.Errorf("%w: %v", ErrLinks, broken)
	}
	return after, model.Loaded{Consumed: loaded.Consumed, Notes: loaded.Notes}, err
}

// Trace loads the stream into fresh memory, for what the load's trace tells.
func (r *Reference) Trace(s *model.Schema, stream []byte, version uint32, observe func(vmstate.Event)) error {
	c, err := r.bind(s, nil)
	if err != nil {
		return err
	}
	_, err = vmstate.Load(c.Description, c.new(), stream, version, vmstate.LoadOptions{Limits: r.Limits, Trace: observe})
	return err
}

// LoadAndSave loads the stream into fresh memory, checks the links of every
// queue there and saves again from that memory at the schema's version.
func (r *Reference) LoadAndSave(s *model.Schema, stream []byte, version uint32) (model.Loaded, []byte, error) {
	l, saved, err := r.again(s, nil, stream, version, nil)
	return l, saved.Stream, err
}

// LoadAndDescribe is LoadAndSave of a described section that saves with a
// description, too.
func (r *Reference) LoadAndDescribe(d *Described, stream []byte, version uint32, in *vmstate.Dialect) (model.Loaded, vmstate.Saved, error) {
	return r.again(d.Schema, d.shown, stream, version, in)
}

func (r *Reference) again(s *model.Schema, shown map[*model.Field]*vmstate.Shown, stream []byte, version uint32, in *vmstate.Dialect) (l model.Loaded, saved vmstate.Saved, err error) {
	c, err := r.bind(s, shown)
	if err != nil {
		return l, saved, err
	}
	obj := c.new()
	loaded, err := vmstate.Load(c.Description, obj, stream, version, vmstate.LoadOptions{Limits: r.Limits, New: true})
	if err != nil {
		return l, saved, err
	}
	v, err := c.read(obj)
	if err != nil {
		return l, saved, err
	}
	if err := c.fill(c.new(), v); err != nil {
		return l, saved, err // a count without its elements: Save would believe it
	}
	saved, err = vmstate.Save(c.Description, obj, s.Version, vmstate.SaveOptions{
		Limits: r.Limits, VMDesc: in, Buffer: make([]byte, 0, loaded.Consumed),
	})
	return model.Loaded{Value: v, Consumed: loaded.Consumed, Notes: loaded.Notes}, saved, err
}
