package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/rules"
)

// A Traces is how the devices of a stream load, step by step.
type Traces struct {
	Head
	Path   string           `json:"path,omitempty"` // of the one device
	Traces []*Trace         `json:"traces"`
	Errors []report.Finding `json:"errors"`
}

// A Trace is the load of one device by the reference.
type Trace struct {
	Path string `json:"path"`
	Extent
	Version uint32          `json:"version"`
	Decoded string          `json:"decoded"`
	Events  []Event         `json:"events"`
	Stopped *report.Finding `json:"stopped,omitempty"` // why the device was refused, or not followed to its end
}

// An Event is a vmstate.Event. Depth says inside how many objects and queues it is.
type Event struct {
	Event    string  `json:"event"`
	Depth    int     `json:"depth"`
	Offset   int64   `json:"offset"`
	VMSD     string  `json:"vmsd,omitempty"`
	Field    string  `json:"field,omitempty"` // of subsection: its name
	Type     string  `json:"type,omitempty"`
	Version  *uint32 `json:"version,omitempty"`
	Index    *int    `json:"index,omitempty"`
	Elements *int    `json:"elements,omitempty"`
	Exists   *bool   `json:"exists,omitempty"`
	Reason   string  `json:"reason,omitempty"`
}

// A load is what there is to trace of a device.
type load struct {
	node    *Node
	section *savevm.Section
	decoded *decode.Section // nil: it was not
}

// Trace loads the devices of the stream, or the one at path, for their traces.
func (r *Report) Trace(path string) (*Traces, error) {
	t := &Traces{Head: r.Head, Path: path, Traces: []*Trace{}, Errors: r.Errors}
	var reference bind.Reference
	for _, l := range r.loads {
		if path == "" || path == l.node.Path {
			t.Traces = append(t.Traces, r.trace(&reference, l))
		}
	}
	if path == "" || len(t.Traces) > 0 {
		return t, nil
	}
	if _, err := r.Select(path); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("--trace is of whole devices; %s is none", report.Clean(path))
}

func (r *Report) trace(reference *bind.Reference, l load) *Trace {
	t := &Trace{
		Path: l.node.Path, Extent: l.node.Extent, Version: l.section.VersionID, Decoded: l.node.Decoded,
		Events: []Event{}, Stopped: l.node.Stopped,
	}
	if !l.section.Complete() && len(r.Errors) > 0 {
		t.Stopped = &r.Errors[len(r.Errors)-1] // what ended the stream
	}
	if l.decoded == nil || l.decoded.Input == nil {
		return t
	}
	depth := 0
	// An error is the last event's reason, and what decoding said of it.
	_ = reference.Trace(l.decoded.Described.Schema, l.decoded.Input, l.section.VersionID, func(e vmstate.Event) {
		if e.Kind == vmstate.TraceEnd || e.Kind == vmstate.TraceQueueEnd {
			depth--
		}
		x := newEvent(e)
		x.Depth = depth
		x.Offset += l.section.PayloadOffset
		t.Events = append(t.Events, x)
		if e.Kind == vmstate.TraceStart || e.Kind == vmstate.TraceQueue {
			depth++
		}
	})
	return t
}

func newEvent(e vmstate.Event) Event {
	x := Event{Event: e.Kind.String(), Offset: e.Offset, VMSD: e.Name, Field: e.Field, Type: e.Type, Reason: e.Reason}
	switch e.Kind {
	case vmstate.TraceStart:
		x.Version = &e.Version
		if e.Index >= 0 {
			x.Index = &e.Index
		}
	case vmstate.TraceQueue:
		x.Version = &e.Version
	case vmstate.TraceField:
		x.Exists = &e.Exists
	case vmstate.TraceElements:
		x.Elements = &e.N
	}
	return x
}

// WriteText writes a line for each event, indented by its depth, under one for
// the device, and last how the load ended.
func (t *Traces) WriteText(w io.Writer, ink report.Ink) error {
	width := max(len("offset"), len(strconv.FormatInt(t.Bytes, 10)))
	var b strings.Builder
	line := func(at int64, depth int, text string) {
		fmt.Fprintf(&b, "%*d  %s%s\n", width, at, strings.Repeat("  ", depth), report.Clean(text))
	}
	fmt.Fprintf(&b, "%*s\n", width, "offset")
	for _, d := range t.Traces {
		line(d.Offset, 0, fmt.Sprintf("%s, version %d", d.Path, d.Version))
		for i := range d.Events {
			e := &d.Events[i]
			line(e.Offset, 1+e.Depth, e.text())
		}
		outcome := d.outcome()
		if d.Stopped != nil {
			outcome = ink.Wrong(outcome)
		}
		fmt.Fprintf(&b, "%*s    %s\n", width, "", outcome)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// text is the event in words.
func (e *Event) text() string {
	switch e.Event {
	case vmstate.TraceStart.String():
		index := ""
		if e.Index != nil {
			index = fmt.Sprintf("[%d] ", *e.Index)
		}
		return fmt.Sprintf("load %s%s, version %d", index, e.VMSD, *e.Version)
	case vmstate.TraceField.String():
		if !*e.Exists {
			return fmt.Sprintf("field %s: not there", e.Field)
		}
		return "field " + e.Field
	case vmstate.TraceElements.String():
		return elements(*e.Elements)
	case vmstate.TraceSubsection.String():
		return "subsection " + e.Field
	case vmstate.TraceNoSubsection.String():
		return "05, but no subsection of " + e.VMSD
	case vmstate.TraceQueue.String():
		return fmt.Sprintf("%s of %s, version %d", e.Type, e.VMSD, *e.Version)
	}
	text := "end of " + e.VMSD
	if e.Type != "" {
		text = fmt.Sprintf("end of the %s of %s", e.Type, e.VMSD)
	}
	if e.Reason != vmstate.ReasonEnd {
		text += ": " + e.Reason
	}
	return text
}

// outcome says how the load ended.
func (t *Trace) outcome() string {
	switch {
	case t.Stopped == nil && len(t.Events) == 0:
		return "not loaded: " + t.Decoded
	case t.Stopped == nil:
		return "accepted"
	case t.Stopped.Severity == rules.SeverityError:
		return "refused: " + t.Stopped.Line()
	}
	return "not followed to its end: " + t.Stopped.Line()
}
