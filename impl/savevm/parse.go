package savevm

import (
	"fmt"

	"vmconform/rules"
)

const magic = "QEVM"

// Parse parses the stream that b holds from its first byte on; b may go on
// behind the stream's end. d may be nil: then described sections are delimited
// by the sizes in the description and stay opaque.
//
// An error is a *rules.Error. One that wraps ErrNotStream or ErrEmpty comes
// without a Stream; with any other the Stream holds what came before it.
//
// Where the input ends before the end marker, the class is truncated, the
// offset the length of the input and the path that of the open section; a
// section is open from the end of its header to the end of its footer, and
// between sections the path is empty. A stream without footers and without
// description (machine types up to 2.2) cannot be told from a cut one: see
// [Stream.EOF].
func Parse(b []byte, d Decoder, o Options) (*Stream, error) {
	return ParseSource(&Source{Bytes: b}, d, o)
}

// ParseSource is Parse of a stream that Read has read.
func ParseSource(src *Source, d Decoder, o Options) (*Stream, error) {
	b := src.Bytes
	if o.DescriptionBytes <= 0 {
		o.DescriptionBytes = defaultDescriptionBytes
	}
	switch {
	case len(b) == 0:
		return nil, &rules.Error{Class: rules.Truncated, Rule: rules.StreamEmpty, Cause: ErrEmpty}
	case matchBytes(b, 0, []byte(magic)) == no:
		return nil, &rules.Error{Class: rules.Framing, Rule: rules.StreamMagic, Cause: ErrNotStream}
	}
	s := Stream{Bytes: b, src: src, EOF: -1, VMDescOffset: -1, End: int64(len(b)), PageSize: defaultPageSize}
	c := cursor{b: b}
	c.bytes(int64(len(magic)))
	s.Version = c.be32()
	if c.short {
		return &s, truncated(b, "")
	}
	if s.Version != streamVersion {
		return &s, &rules.Error{Class: rules.Framing, Offset: 4, Rule: rules.StreamVersion, Detail: fmt.Sprintf("version %d", s.Version)}
	}
	if err := readConfig(&c, &s); err != nil {
		return &s, err
	}
	return parseItems(s, c, src, d, o)
}

const (
	streamVersion   = 3
	defaultPageSize = 4096
)

func truncated(b []byte, path string) *rules.Error {
	detail := "the input ends inside this section"
	if path == "" {
		detail = "the input ends before the end marker"
	}
	return &rules.Error{Class: rules.Truncated, Offset: int64(len(b)), Path: path, Rule: rules.StreamEOF, Detail: detail}
}

// parseItems parses what follows the configuration. What describes the sections
// stands behind them, so it is searched first. Where several places look like
// the description, or one that lies inside a payload, the one is taken at which
// the parse arrives.
func parseItems(s Stream, c cursor, src *Source, d Decoder, o Options) (*Stream, error) {
	descs := findDescriptions(c.b, max(c.off, src.behindMemory()), o.DescriptionBytes)
	var elsewhere, failed *parser
	var failure *rules.Error
	for i := len(descs) - 1; i >= 0; i-- {
		p := newParser(s, c, src, d, &descs[i])
		err := p.items()
		switch {
		case err == errNotOurs:
		case err == nil && p.s.EOF == descs[i].eof:
			p.tail(o)
			return &p.s, nil
		case err == nil:
			elsewhere = p
		case failed == nil || err.Offset > failure.Offset:
			failed, failure = p, err
		}
	}

	// None was the stream's own, or the stream is broken.
	p := newParser(s, c, src, d, nil)
	err := p.items()
	if err == nil && (p.s.EOF >= 0 || failed == nil) {
		p.tail(o)
		if p.s.VMDesc == nil {
			return &p.s, nil
		}
		// Its own: one of those above, or one that the search does not look for,
		// as it begins with white space, or does not keep, as there are many.
		q := newParser(s, c, src, d, &description{eof: p.s.EOF, desc: p.s.VMDesc})
		switch err := q.items(); err {
		case nil:
			q.tail(o)
			return &q.s, nil
		case errNotOurs:
			return &p.s, nil
		default:
			q.abandon(err)
			return &q.s, err
		}
	}
	switch {
	case elsewhere != nil:
		elsewhere.tail(o)
		return &elsewhere.s, nil
	case failed == nil:
		failed, failure = p, err
	}
	failed.abandon(failure)
	return &failed.s, failure
}

// errNotOurs ends a parse that has passed the place of its description: that
// was payload. It is never handed out.
var errNotOurs = &rules.Error{Class: rules.BadDescription, Rule: rules.VMDescFits}

// footerState says whether sections of the stream end with footers.
type footerState int

const (
	footersUnknown footerState = iota
	footersYes
	footersNo
)

type deviceKey struct {
	name     string
	instance uint32
}

// A parser is one pass over the items of a stream, with one description or none.
type parser struct {
	b     []byte
	c     cursor
	src   *Source
	d     Decoder
	desc  *description
	limit int64 // payloads end here at the latest
	s     Stream

	devices  map[deviceKey][]*Device // several where a device registers a fixed instance id twice (isa-ide)
	seen     map[*Device]bool
	bridged  map[uint32]bool // section ids that a note was given for
	odd      map[uint32]bool // the same, for the first record that no writer writes
	started  map[uint32]*Section
	footers  footerState
	noFooter *Section // the first section, if it had none
	ram      map[uint32]*ramState
	records  recordReaders
	postcopy bool
	switched bool // SWITCHOVER_START was there
	sized    bool // configuration or description say the size of pages
	hidden   bool // a section of unknown end took the rest of the input, or of the package

	within *Command // the package that is being parsed, or nil; b and limit end where it does
}

func (p *parser) add(it Item) {
	if p.within != nil {
		p.within.Items = append(p.within.Items, it)
	} else {
		p.s.Items = append(p.s.Items, it)
	}
}

func newParser(s Stream, c cursor, src *Source, d Decoder, desc *description) *parser {
	p := &parser{
		b: c.b, c: c, src: src, d: d, desc: desc, limit: int64(len(c.b)), s: s,
		started: make(map[uint32]*Section),
		ram:     cloneStates(src.ram),
		records: recordReaders{},
		seen:    make(map[*Device]bool),
		bridged: make(map[uint32]bool),
		odd:     make(map[uint32]bool),
	}
	// The passes share what was noted before; none may append to another's.
	p.s.Notes = append([]rules.Note(nil), s.Notes...)
	if s.Config != nil && s.Config.PageBits != 0 {
		p.s.PageSize, p.sized = 1<<s.Config.PageBits, true
	} else if desc != nil && usablePageSize(desc.desc.PageSize) {
		p.s.PageSize, p.sized = desc.desc.PageSize, true
	}
	if desc != nil {
		p.limit = desc.eof
		p.devices = make(map[deviceKey][]*Device, len(desc.desc.Devices))
		for i := range desc.desc.Devices {
			dev := &desc.desc.Devices[i]
			key := deviceKey{dev.Name, dev.InstanceID}
			p.devices[key] = append(p.devices[key], dev)
		}
	}
	return p
}

// usablePageSize: the flags of RAM records must have room below the page size.
func usablePageSize(n int) bool {
	return n > RAMMultifdFlush && n&(n-1) == 0 && n <= 1<<maxPageBits
}

func (p *parser) note(id rules.ID, off int64, path, detail string) {
	p.s.note(rules.Note{Rule: id, Offset: off, Path: path, Detail: detail})
}

// maxNotes bounds the notes on one stream: a hostile one has something odd at every
// fifth byte.
const maxNotes = 1000

func (s *Stream) note(n rules.Note) {
	if len(s.Notes) < maxNotes {
		s.Notes = append(s.Notes, n)
	}
}

func framing(off int64, path string, id rules.ID, format string, args ...any) *rules.Error {
	return &rules.Error{Class: rules.Framing, Offset: off, Path: path, Rule: id, Detail: fmt.Sprintf(format, args...)}
}

// items parses up to and including the end marker, of the stream or of a package.
func (p *parser) items() *rules.Error {
	for {
		off := p.c.off
		if p.desc != nil && off > p.desc.eof {
			return errNotOurs
		}
		if off == int64(len(p.b)) {
			p.s.Footers = p.footers == footersYes
			if p.hidden {
				return nil
			}
			return truncated(p.b, "")
		}
		kind := p.c.u8()
		var err *rules.Error
		switch kind {
		case KindEOF:
			if p.within != nil {
				p.within.EOF = off
				return nil
			}
			p.s.EOF = off
			p.s.Footers = p.footers == footersYes
			p.unendedSections()
			return nil
		case KindStart, KindFull, KindPart, KindEnd:
			err = p.section(kind, off)
		case KindCommand:
			err = p.command(off)
		case KindConfiguration:
			err = framing(off, "", rules.ConfigurationOnce, "a configuration record among the sections")
		default:
			err = framing(off, "", rules.SectionType, "unknown section type %#02x", kind)
		}
		if err != nil {
			return err
		}
	}
}
