// Package show lays a stream out as a tree: what stands where, of which type
// and with which value. Its report is what `conform show` prints, as text or as
// the JSON of docs/show.schema.json.
//
// It judges nothing: what it says of errors is what ended the decoding.
package show

import (
	"encoding/json"

	"vmconform/impl/savevm"
	"vmconform/internal/report"
	"vmconform/model"
)

// A Head is what every report begins with.
type Head struct {
	Tool    string `json:"tool"`
	Command string `json:"command"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
}

// A Report is a whole stream. Offsets count from the Q of QEVM.
type Report struct {
	Head
	Version       uint32           `json:"version"` // of the stream
	Footers       bool             `json:"footers"`
	PageSize      int              `json:"page_size"`
	Configuration *Configuration   `json:"configuration,omitempty"`
	Commands      []*Command       `json:"commands"`
	Sections      []*Node          `json:"sections"` // those that no description covers: RAM and the like
	Devices       []*Node          `json:"devices"`
	End           *int64           `json:"end,omitempty"` // of the end marker
	Description   *Extent          `json:"description,omitempty"`
	Trailing      *Extent          `json:"trailing,omitempty"`
	Errors        []report.Finding `json:"errors"`

	Stream *savevm.Stream `json:"-"` // what is laid out

	hex   bool   // AddHex was called
	order []any  // *Command, *Node and part, in stream order
	loads []load // of Devices
}

// A Selection is one node of a stream.
type Selection struct {
	Head
	Path     string           `json:"path"`
	Selected *Node            `json:"selected"`
	Errors   []report.Finding `json:"errors"`

	hex bool // as of the stream
}

// An Extent is a place in the stream.
type Extent struct {
	Offset int64 `json:"offset"`
	Size   int64 `json:"size"`
}

// A Configuration is the configuration record.
type Configuration struct {
	Extent
	Machine      string   `json:"machine"`
	PageBits     uint32   `json:"page_bits,omitempty"`
	Capabilities []string `json:"capabilities,omitempty"`
	UUID         string   `json:"uuid,omitempty"`
	Hex          []Run    `json:"hex,omitempty"` // by AddHex, as all of that name
}

// A Command is a command of the stream.
type Command struct {
	Extent
	Code uint16 `json:"code"`
	Name string `json:"name"`
	Hex  []Run  `json:"hex,omitempty"`
}

// A Node is a section, a device, or something within one.
type Node struct {
	Kind  Kind   `json:"kind"`
	Name  string `json:"name,omitempty"`  // of all but elements
	Index *int   `json:"index,omitempty"` // of elements
	Path  string `json:"path"`

	InstanceID *uint32 `json:"instance_id,omitempty"` // of sections and devices
	SectionID  *uint32 `json:"section_id,omitempty"`
	Version    *uint32 `json:"version,omitempty"` // as on the wire; of subsections too

	Type string `json:"type,omitempty"` // of fields: the description's word for it
	VMSD string `json:"vmsd,omitempty"` // whose fields follow

	Extent
	Decoded string `json:"decoded,omitempty"` // full, partial, opaque, builtin
	Partial bool   `json:"partial,omitempty"` // decoding stopped inside
	Marker  *byte  `json:"marker,omitempty"`  // of an element of a queue or tree
	Hex     []Run  `json:"hex,omitempty"`     // what is of no node within

	Value    *Value  `json:"value,omitempty"`
	Count    *int    `json:"count,omitempty"` // of an array, queue or tree
	Fields   []*Node `json:"fields,omitzero"`
	Elements []*Node `json:"elements,omitzero"`

	Subsections []*Node         `json:"subsections,omitzero"`
	Parts       []*Part         `json:"parts,omitempty"` // what else belongs to the section
	RAM         *RAM            `json:"ram,omitempty"`
	Stopped     *report.Finding `json:"stopped,omitempty"` // why decoding ended before the payload
	Suspect     *report.Finding `json:"suspect,omitempty"` // what that most likely comes from; nothing behind it is shown

	array   bool   // a field of several
	payload Extent // of a section
}

// Payload is where the payload of a section stands.
func (n *Node) Payload() Extent { return n.payload }

// A Kind says what a Node is.
type Kind string

// The kinds.
const (
	Section    Kind = "section"
	Device     Kind = "device"
	Subsection Kind = "subsection"
	Field      Kind = "field"
	Element    Kind = "element"
)

// A Part is a PART or END section.
type Part struct {
	Kind string `json:"kind"` // part, end
	Extent
	Hex []Run `json:"hex,omitempty"`

	payload Extent
}

// Payload is where the section's payload stands.
func (p *Part) Payload() Extent { return p.payload }

// A RAM sums the records of RAM up.
type RAM struct {
	Blocks []Block        `json:"blocks"`
	Pages  map[string]int `json:"pages"` // zero, normal, xbzrle, compressed
}

// A Block is a block of RAM as announced.
type Block struct {
	Name       string `json:"name"`
	UsedLength string `json:"used_length"` // 64 bits: decimal digits
}

// A Value is the value of a field that contains no others.
type Value struct {
	field *model.Field
	value model.Value
}

// MarshalJSON writes the value in the one JSON form of values.
func (v *Value) MarshalJSON() ([]byte, error) {
	f := *v.field
	f.Name = "v"
	b, err := model.MarshalValue(
		&model.Schema{Name: "v", Fields: []model.Field{f}}, &model.Struct{Fields: []model.Value{v.value}})
	if err != nil {
		return nil, err
	}
	var object struct{ V json.RawMessage }
	err = json.Unmarshal(b, &object)
	return object.V, err
}
