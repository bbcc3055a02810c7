// Package diff compares two streams, field by field: devices by their name and
// instance id, fields and subsections by name, arrays by index, the elements of
// queues by what they hold, RAM page by page. Its report is what `conform diff`
// prints, as text or as the JSON of docs/diff.schema.json.
//
// How a stream is cut into sections and records is not compared: section ids,
// the number and order of RAM records, the text of the description.
package diff

import (
	"vmconform/internal/report"
)

// A Report is the difference of A and B. Exchanging the two exchanges the sides
// of each Difference, and nothing else but the order.
type Report struct {
	Tool        string        `json:"tool"`
	Command     string        `json:"command"`
	Verdict     Verdict       `json:"verdict"`
	A           File          `json:"a"`
	B           File          `json:"b"`
	Totals      Totals        `json:"totals"`
	Differences []*Difference `json:"differences"` // but for the ignored ones
	Ignored     []Ignored     `json:"ignored"`     // for each glob
}

// A Verdict on two streams.
type Verdict string

// The verdicts.
const (
	Identical Verdict = "identical" // byte for byte
	Equal     Verdict = "equal"     // no difference, or only ignored ones
	Differ    Verdict = "differ"
	Broken    Verdict = "broken"    // no difference as far as both go, but one is broken
	Undecided Verdict = "undecided" // no difference, but of one nothing was decoded, or there are pages that cannot be compared
)

// A File is one of the two streams.
type File struct {
	Name   string           `json:"file"`
	Bytes  int64            `json:"bytes"`
	Errors []report.Finding `json:"errors"` // why not all of it is compared

	Undecoded bool `json:"-"` // nothing of its device state was decoded
}

// Totals count what was compared, and how. Ignored differences are in Ignored
// only.
type Totals struct {
	Differences int `json:"differences"`
	Clocks      int `json:"clocks"` // of the differences
	Ignored     int `json:"ignored"`
	Devices     int `json:"devices"` // in A, B or both
	Differing   int `json:"differing_devices"`
	Pages       int `json:"pages"`         // of RAM, in A, B or both
	DifferPages int `json:"differ_pages"`  // in content, or in one only
	Unknown     int `json:"unknown_pages"` // XBZRLE: what they hold depends on passes before
}

// Ignored says how many differences a glob hides.
type Ignored struct {
	Glob        string `json:"glob"`
	Differences int    `json:"differences"`
}

// A Difference is one thing that is not the same in both.
type Difference struct {
	Path  string `json:"path"` // in A, or if it is only there, in B
	In    string `json:"in"`   // the device, section or record that it is in
	Kind  Kind   `json:"kind"`
	What  What   `json:"what"`
	Type  string `json:"type,omitempty"`  // of a value: the description's word
	Clock bool   `json:"clock,omitempty"` // it tells the time, and so differs between any two saves
	A     *Side  `json:"a,omitempty"`
	B     *Side  `json:"b,omitempty"`
	Bytes *Bytes `json:"bytes,omitempty"` // of values that are bytes
	Pages *Pages `json:"pages,omitempty"` // of a block of RAM that both have
}

// A Kind of difference.
type Kind string

// The kinds of differences.
const (
	Changed Kind = "changed"
	OnlyInA Kind = "only-in-a"
	OnlyInB Kind = "only-in-b"
	Moved   Kind = "moved" // a section that stands elsewhere among those of both
)

// What says what is different.
type What string

// What there is to differ.
const (
	WhatStream     What = "stream"  // a property of the whole stream, or a record of its end
	WhatCommand    What = "command" // of the stream
	WhatSection    What = "section" // RAM and the like
	WhatDevice     What = "device"
	WhatPart       What = "part"    // a PART or END section
	WhatVersion    What = "version" // of a section or subsection
	WhatDecoded    What = "decoded" // how far decoding got
	WhatPayload    What = "payload" // bytes that nothing was decoded of
	WhatSubsection What = "subsection"
	WhatField      What = "field"
	WhatElement    What = "element"
	WhatMarker     What = "marker" // of an element of a queue
	WhatType       What = "type"   // of a field
	WhatValue      What = "value"
	WhatBlock      What = "block" // of RAM
)

// A Side is where something stands in one stream, and what it is there. Offsets
// count from the Q of QEVM.
type Side struct {
	Path   string `json:"path,omitempty"` // where it is not that of the Difference
	Offset int64  `json:"offset"`
	Size   int64  `json:"size"`
	Value  any    `json:"value,omitempty"` // in the one JSON form of values; none of what contains others
	Block  *Block `json:"block,omitempty"`

	text string // the value for people
	raw  []byte // the bytes
}

// Bytes says how two sequences of bytes differ; those that only the longer one
// has are counted.
type Bytes struct {
	First  int64 `json:"first"` // place of the first that differs, from 0
	Differ int64 `json:"differ"`
}

// A Block of RAM, and how many of its pages came in which kind of record last.
type Block struct {
	UsedLength string         `json:"used_length"` // 64 bits: decimal digits
	Pages      map[string]int `json:"pages"`       // zero, normal, xbzrle, compressed
}

// Pages says how the pages of a block differ.
type Pages struct {
	Differ  int    `json:"differ"` // in content
	OnlyInA int    `json:"only_in_a"`
	OnlyInB int    `json:"only_in_b"`
	Unknown int    `json:"unknown"`         // see Totals
	First   string `json:"first,omitempty"` // address of the first that differs or is in one only: decimal digits
}
