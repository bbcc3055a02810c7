// Package rules is what both sides of the harness may know: the requirements
// that a QEMU migration stream and its loader have to meet, the classes of
// errors, and the records in which errors and notes are reported. It holds
// data, no logic: package model and the packages of impl share nothing else.
//
// The file fine-points.md beside this one settles what the error table of the
// wire format leaves open (what counts as one item, how paths are written,
// what the limits count), so that two decoders that never saw each other agree
// on class, path and offset.
package rules

import (
	"fmt"
	"math"
)

// A Class says what kind of thing went wrong. The values are the wire names of
// the open protocol and of reports. A Class is itself an error, so that
// errors.Is(err, rules.Truncated) asks for the class of any *Error.
type Class string

// The classes, with the offset each is reported at.
const (
	Truncated         Class = "truncated"          // input ends inside an item, or where one must stand; offset: length of the input
	VersionTooNew     Class = "version-too-new"    // above version_id; offset: 0, the subsection's be32, the queue's first marker
	VersionTooOld     Class = "version-too-old"    // below minimum_version_id; offset as above
	UnknownSubsection Class = "unknown-subsection" // the peek rule says subsection, none has that name; offset: its 05
	Mismatch          Class = "mismatch"           // equal value or NULL marker; offset: first byte of the value
	OutOfRange        Class = "out-of-range"       // int32 le, counts, VALIDATE; offset: the value, the array's first byte, the position reached
	MissingField      Class = "missing-field"      // MUST_EXIST whose predicate is false; offset: where it would stand
	CountMismatch     Class = "count-mismatch"     // tree; offset: the marker or terminator that shows it
	Limit             Class = "limit"              // depth, elements, bytes; offset: first byte of the item that would exceed it
	Hook              Class = "hook"               // a hook failed; offset: position reached
	TrailingData      Class = "trailing-data"      // bytes left over where all were to be taken; offset: the first of them
	BadLink           Class = "bad-link"           // links in memory; offset: bytes written so far
	Framing           Class = "framing"            // magic, section type, footer, command, RAM record; offset: first byte of the record
	BadDescription    Class = "bad-description"    // unusable description; offset: first byte that does not fit
)

// Classes are all of them.
var Classes = []Class{
	Truncated, VersionTooNew, VersionTooOld, UnknownSubsection, Mismatch, OutOfRange, MissingField, CountMismatch,
	Limit, Hook, TrailingData, BadLink, Framing, BadDescription,
}

// Error returns the class's name.
func (c Class) Error() string { return string(c) }

// Error is the one error type of every decoder and encoder here. Offset counts
// bytes from the first byte handed to Load (or written so far, for Save).
type Error struct {
	Class  Class
	Offset int64
	Path   string // see fine-points.md; "" is the top itself
	Rule   ID
	Detail string // for people; never compared
	Cause  error  // what a hook returned, or nil
}

// Error says class, offset, path, rule and detail in one line.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s at offset %d", e.Class, e.Offset)
	if e.Path != "" {
		s += " in " + e.Path
	}
	if e.Rule != "" {
		s += " [" + string(e.Rule) + "]"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the class and the cause to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Cause}
}

// A Note is a remark about input that was accepted: it is not what QEMU's
// writer produces, but QEMU's loader lets it through.
type Note struct {
	Rule   ID
	Offset int64
	Path   string
	Detail string
}

// Limits bound a load. The zero value of a member means its default.
type Limits struct {
	Depth    int   // vmsds open at once, the top one counted; default DefaultDepth
	Elements int   // queue elements plus struct and queue elements of arrays; default DefaultElements
	Bytes    int64 // offset that no item may end beyond; default DefaultBytes
}

// The defaults of Limits. Device state is small: the largest seen in a real
// stream is a few MiB.
const (
	DefaultDepth    = 1024
	DefaultElements = 1 << 20
	DefaultBytes    = 256 << 20
)

// WithDefaults fills members that are zero.
func (l Limits) WithDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Elements <= 0 {
		l.Elements = DefaultElements
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	return l
}

// EmptyElementCost is what an element of an array counts that took no bytes:
// there may be 2^31 of them in a stream of a few bytes, and each takes memory.
const EmptyElementCost = 1024

// MaxNotePaths bounds, in bytes, the paths of the notes that one load gives,
// together: see fine-points.md.
const MaxNotePaths = 256 << 10

// MaxCount is the largest count or size that may come from the state: C counts
// are int, so anything above is a negative number to QEMU (wire-format: "C
// counts are int").
const MaxCount = math.MaxInt32
