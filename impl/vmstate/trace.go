package vmstate

import (
	"errors"

	"vmconform/rules"
)

// A TraceKind says what an Event is about.
type TraceKind uint8

// The kinds, with QEMU's trace points that they stand for
// (migration/trace-events). Whatever starts ends, in an error too.
const (
	TraceStart        TraceKind = iota + 1 // Name, Version, Index: an object of that vmsd begins (vmstate_load_state, vmstate_save_state_top)
	TraceField                             // Name, Field, Exists: a field of that vmsd is reached (vmstate_load_state_field, vmstate_save_state_loop)
	TraceElements                          // Field, N: how many elements an array has, a tree pairs (vmstate_n_elems)
	TraceSubsection                        // Name, Field: the vmsd Name has a subsection, known or not (vmstate_subsection_load, vmstate_subsection_save_loop)
	TraceNoSubsection                      // Name: where its subsections would stand is a 05 that begins none (vmstate_subsection_load_bad)
	TraceEnd                               // Name, Reason: the object ends (vmstate_load_state_end)
	TraceQueue                             // Type, Name, Version: a queue, list or tree of that vmsd begins (get_qtailq, put_qtailq and their like)
	TraceQueueEnd                          // Type, Name, Reason: it ends (get_qtailq_end, put_qtailq_end)
)

var traceKinds = [...]string{
	TraceStart: "start", TraceField: "field", TraceElements: "elements", TraceSubsection: "subsection",
	TraceNoSubsection: "no-subsection", TraceEnd: "end", TraceQueue: "queue", TraceQueueEnd: "queue-end",
}

// String returns the kind's name.
func (k TraceKind) String() string { return traceKinds[k] }

// ReasonEnd is why something ends that is whole. In an error the reason is
// "too new" or "too old", as QEMU has it, or the error's class.
const ReasonEnd = "end"

// An Event is what LoadOptions.Trace and SaveOptions.Trace get. Its kind says
// which members count.
type Event struct {
	Kind    TraceKind
	Exists  bool
	Version uint32
	Index   int    // the place in the array or queue that the object belongs to; -1: none
	N       int    //
	Offset  int64  // bytes taken or written; of an end in an error, where that is
	Name    string // of a vmsd
	Field   string
	Type    string // as in a description: "qtailq"
	Reason  string
}

func reason(err error) string {
	var e *rules.Error
	switch {
	case err == nil:
		return ReasonEnd
	case !errors.As(err, &e):
		return string(rules.Hook)
	case e.Class == rules.VersionTooNew:
		return "too new"
	case e.Class == rules.VersionTooOld:
		return "too old"
	}
	return string(e.Class)
}

// A tracer hands events on, if anyone wants them. Where fields go by, it is
// asked for nil first, and its methods stay out of the frames of those who do.
type tracer func(Event)

//go:noinline
func (t tracer) start(d *Description, version uint32, at trail, offset int64) {
	if t == nil {
		return
	}
	index := -1
	if len(at) > 0 {
		index = at[len(at)-1].index
	}
	t(Event{Kind: TraceStart, Name: d.Name, Version: version, Index: index, Offset: offset})
}

//go:noinline
func (t tracer) field(d *Description, f *Field, exists bool, offset int64) {
	if f.Name != "" { // else a mark that is nobody's business
		t(Event{Kind: TraceField, Name: d.Name, Field: f.Name, Exists: exists, Offset: offset})
	}
}

//go:noinline
func (t tracer) elements(field string, n int, offset int64) {
	if field != "" {
		t(Event{Kind: TraceElements, Field: field, N: n, Offset: offset})
	}
}

//go:noinline
func (t tracer) subsection(d *Description, name string, offset int64) {
	if t != nil {
		t(Event{Kind: TraceSubsection, Name: d.Name, Field: name, Offset: offset})
	}
}

//go:noinline
func (t tracer) end(d *Description, err error, offset int64) {
	if t != nil {
		t(ended(Event{Kind: TraceEnd, Name: d.Name, Offset: offset}, err))
	}
}

func ended(e Event, err error) Event {
	e.Reason = reason(err)
	if x, ok := errors.AsType[*rules.Error](err); ok {
		e.Offset = x.Offset
	}
	return e
}

// TraceQueue tells the trace, if there is one, that a hook begins with a queue
// or its like, whose elements are of the given vmsd. TraceQueueEnd has to follow.
func (l *Loader) TraceQueue(typ, vmsd string, version uint32) {
	l.trace.queue(typ, vmsd, version, l.Offset())
}

// TraceQueueEnd tells the trace that the queue ends, and by which error.
func (l *Loader) TraceQueueEnd(typ, vmsd string, err error) {
	l.trace.queueEnd(typ, vmsd, err, l.Offset())
}

// TraceElements tells the trace a number of elements that stands on the wire.
func (l *Loader) TraceElements(n int) {
	if l.trace != nil {
		l.trace.elements(l.trail.field(), n, l.Offset())
	}
}

// TraceQueue is Loader.TraceQueue.
func (s *Saver) TraceQueue(typ, vmsd string, version uint32) {
	s.trace.queue(typ, vmsd, version, s.Offset())
}

// TraceQueueEnd is Loader.TraceQueueEnd.
func (s *Saver) TraceQueueEnd(typ, vmsd string, err error) {
	s.trace.queueEnd(typ, vmsd, err, s.Offset())
}

// TraceElements is Loader.TraceElements.
func (s *Saver) TraceElements(n int) {
	if s.trace != nil {
		s.trace.elements(s.trail.field(), n, s.Offset())
	}
}

func (t tracer) queue(typ, vmsd string, version uint32, offset int64) {
	if t != nil {
		t(Event{Kind: TraceQueue, Type: typ, Name: vmsd, Version: version, Offset: offset})
	}
}

func (t tracer) queueEnd(typ, vmsd string, err error, offset int64) {
	if t != nil {
		t(ended(Event{Kind: TraceQueueEnd, Type: typ, Name: vmsd, Offset: offset}, err))
	}
}
