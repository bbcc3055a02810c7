package savevm

import (
	"errors"
	"strconv"

	"vmconform/rules"
)

// The type bytes of the stream.
const (
	KindEOF           = 0x00
	KindStart         = 0x01
	KindPart          = 0x02
	KindEnd           = 0x03
	KindFull          = 0x04
	KindSubsection    = 0x05
	KindVMDesc        = 0x06
	KindConfiguration = 0x07
	KindCommand       = 0x08
	KindFooter        = 0x7e
)

// What an error from Parse may wrap besides its class: both say that there was
// nothing to judge, where all other errors say that a stream is broken.
var (
	ErrNotStream = errors.New("not a migration stream")
	ErrEmpty     = errors.New("empty stream")
)

// A Stream is a parsed stream. After an error it holds what came before it.
// Offsets count from the first byte of Bytes; an offset of -1 means that the
// thing is not there.
type Stream struct {
	Bytes   []byte
	Version uint32
	Config  *Config // nil if absent
	Items   []Item  // sections and commands in stream order; a package is one, with its own
	EOF     int64   // offset of the 00. -1 without an error: no footer and no description say where the last section ends

	VMDescOffset int64   // offset of the 06
	VMDescSize   int64   // bytes of JSON that are there
	VMDesc       *VMDesc // nil if unusable

	End      int64        // offset after the last byte that belongs to the stream
	Notes    []rules.Note // remarks in stream order, of very many the first; the rule gives the severity
	PageSize int
	Footers  bool       // sections end with footers
	RAM      []RAMBlock // as announced last

	src *Source
}

// Sections yields the stream's sections in order, those in packages included.
func (s *Stream) Sections(yield func(*Section) bool) {
	each(s.Items, func(it Item) bool { return it.Section == nil || yield(it.Section) })
}

// commands yields the stream's commands in order, those in packages included.
func (s *Stream) commands(yield func(*Command) bool) {
	each(s.Items, func(it Item) bool { return it.Command == nil || yield(it.Command) })
}

// each calls f for items and those packed in them, in stream order, until it
// gives false.
func each(items []Item, f func(Item) bool) bool {
	for _, it := range items {
		if !f(it) || it.Command != nil && !each(it.Command.Items, f) {
			return false
		}
	}
	return true
}

// An Item is a section or a command; the other one is nil.
type Item struct {
	Section *Section
	Command *Command
}

// A Config is the configuration record.
type Config struct {
	Offset, Size int64
	Machine      string // as on the wire: QEMU accepts an empty name and NULs in it

	// What the subsections say, or the zero value.
	PageBits     uint32
	Capabilities []string
	UUID         *[16]byte

	Subsections []ConfigSubsection // in wire order
}

// A ConfigSubsection is one subsection of the configuration; which of the
// values is set depends on its name.
type ConfigSubsection struct {
	Name         string
	Version      uint32
	Offset       int64
	PageBits     uint32
	Capabilities []string
	UUID         [16]byte
}

// A Command is a command of the stream.
type Command struct {
	Offset, Size int64 // a PACKAGED command's includes what is packed
	Code         uint16
	Data         []byte

	// Of PACKAGED: what is packed in it. Items are its own, and EOF is the offset
	// of its own end marker, or -1.
	PackedOffset int64
	PackedSize   int64 // as much of it as is there
	Items        []Item
	EOF          int64

	complete bool // nothing in it broke the stream off
}

// Coverage says how a payload was read.
type Coverage string

// The kinds of coverage.
const (
	CoverageFull    Coverage = "full"    // decoded, and it ends where decoding ended
	CoveragePartial Coverage = "partial" // decoding failed or ended elsewhere
	CoverageOpaque  Coverage = "opaque"  // not looked into
	CoverageBuiltin Coverage = "builtin" // records known to this package
)

// A Section is one section of the stream.
type Section struct {
	Kind       byte
	ID         uint32
	Name       string // of a PART or END: that of its START. An embedded NUL ends it
	InstanceID uint32
	VersionID  uint32

	Offset, Size  int64 // from the type byte through the footer
	PayloadOffset int64
	PayloadSize   int64
	HasFooter     bool

	Device *Device // its description, or nil
	RAM    *Memory // of a RAM section, or nil

	// Coverage is set after decoding, unless the Decoder did so itself.
	Coverage Coverage
	// DecodedSize counts the payload bytes that were decoded. A Decoder's owner
	// may lower it by what it found opaque.
	DecodedSize int64
	// DecodeErr is the Decoder's error, or an error of class framing and rule
	// container/payload-length where decoding ended at a place without a
	// footer. The stream went on at the next footer nevertheless.
	DecodeErr error
	// Diverged is the offset at which decoding stopped, if DecodeErr is set.
	Diverged int64

	idstr    string // as on the wire, for writing it again
	complete bool   // its end, footer included, was reached
}

// Path is the section's name as reports write it: the idstr, and the instance
// id where that is not 0.
func (s *Section) Path() string {
	if s.InstanceID == 0 {
		return s.Name
	}
	return s.Name + "#" + strconv.FormatUint(uint64(s.InstanceID), 10)
}

// Complete reports whether the section's end was reached; only the last section
// of a stream that failed is not complete.
func (s *Section) Complete() bool { return s.complete }

// A Decoder decodes the payloads that the description covers.
type Decoder interface {
	// Decode decodes the payload that begins at b[0]; s.Device.VMSD describes it.
	// b reaches as far as the payload possibly can. Decode returns how many
	// bytes decoding consumed, also with an error. It may be called for sections
	// of a Stream that is given up, because a description did not prove to be
	// the stream's own: only those in the Stream that Parse returns count.
	Decode(s *Section, b []byte) (n int64, err error)
}

// Options bound a parse. The zero value of a member means its default.
type Options struct {
	DescriptionBytes int64 // longest description that is used; default 64 MiB
}

const defaultDescriptionBytes = 64 << 20
