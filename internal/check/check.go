// Package check judges a stream: it decodes every described section by the
// reference, through real memory, and by the model, compares the two, saves
// again, and derives variants of every queue whose verdict the rules fix.
package check

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// Options of Stream.
type Options struct {
	Strict   bool             // a warning counts as an error
	Wrapping []report.Finding // about what the stream was wrapped in, to be reported with what is found in it
}

// ErrNoStream is wrapped by errors of Stream that say that there is nothing to
// judge.
var ErrNoStream = errors.New("no stream")

// Stream judges an unwrapped stream. The report lacks the file's name and what
// it was wrapped in. The error wraps ErrNoStream.
func Stream(b []byte, o Options) (*report.File, error) {
	return Source(&savevm.Source{Bytes: b}, o)
}

// Source is Stream of what savevm.Read has read. The report keeps nothing of it.
func Source(src *savevm.Source, o Options) (*report.File, error) {
	return stream(src, o, &bind.Reference{})
}

func stream(src *savevm.Source, o Options, r reference) (*report.File, error) {
	c := &checker{
		strict:    o.Strict,
		reference: r,
		saved:     map[*savevm.Section][]byte{},
		file: &report.File{
			Bytes: int64(len(src.Bytes)), Roundtrip: report.NotRun,
			Devices: []report.Device{}, Queues: []report.Queue{}, Findings: []report.Finding{},
		},
	}
	s, err := savevm.ParseSource(src, &c.decoder, savevm.Options{})
	switch {
	case errors.Is(err, savevm.ErrEmpty):
		return nil, fmt.Errorf("%w: it is empty", ErrNoStream)
	case errors.Is(err, savevm.ErrNotStream):
		return nil, fmt.Errorf("%w: it does not begin with QEVM", ErrNoStream)
	}
	c.stream = s
	c.desc = newDescription(s)
	var e *rules.Error
	if errors.As(err, &e) {
		c.add(report.Broken(e, 0, ""))
	}
	for _, n := range s.Notes {
		c.note(n, 0, "")
	}
	for _, x := range o.Wrapping {
		c.add(x)
	}
	c.devices()
	c.count()
	c.finish()
	return c.file, nil
}

// A reference loads and saves through real memory, as bind.Reference does; tests
// have one that is wrong on purpose.
type reference interface {
	Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error)
	LoadAndDescribe(d *bind.Described, stream []byte, version uint32, in *vmstate.Dialect) (model.Loaded, vmstate.Saved, error)
}

type checker struct {
	strict    bool
	file      *report.File
	stream    *savevm.Stream
	decoder   decode.Decoder
	reference reference
	desc      *description               // nil: none to compare with
	saved     map[*savevm.Section][]byte // what the engine saved, the same as was loaded
	variants  int                        // tried so far

	variantBytes int // of all of them
}

func (c *checker) add(x report.Finding) { c.file.Add(x, c.strict) }

func (c *checker) note(n rules.Note, base int64, prefix string) {
	c.add(report.Noted(n, base, prefix))
}

// devices goes through the sections of the stream that was settled on.
func (c *checker) devices() {
	identical := true
	for s := range c.stream.Sections {
		if s.Kind != savevm.KindFull && s.Kind != savevm.KindStart || s.Coverage == savevm.CoverageBuiltin {
			continue
		}
		c.file.Devices = append(c.file.Devices, report.Device{
			Name: s.Name, InstanceID: s.InstanceID, Version: s.VersionID,
			Offset: s.Offset, Size: s.Size, Decoded: string(s.Coverage),
		})
		if !s.Complete() {
			continue // what broke the stream is said already
		}
		if d := c.decoder.Section(s); d != nil {
			identical = c.device(s, d) && identical
		}
		if stop, ok := c.decoder.Stop(s); ok {
			c.add(stop)
			if x, ok := c.decoder.Suspect(s); ok && stop.Severity == rules.SeverityError {
				x.Severity = rules.SeverityWarning // a hint at what the error comes from
				c.add(x)
			}
		}
	}
	if !c.anyDecoded() {
		return
	}
	c.file.Roundtrip = report.Identical
	if differs := c.framingDiffers(); differs || !identical {
		c.file.Roundtrip = report.Differs
	}
}

// framingDiffers writes the whole stream again, from what was parsed and what
// the engine saved. Payloads that differ are reported already.
func (c *checker) framingDiffers() bool {
	again := savevm.Again{}
	if c.desc != nil {
		text, differs := c.description()
		if differs {
			return true
		}
		again.VMDesc = text
	}
	again.Payload = func(s *savevm.Section) []byte {
		saved := c.saved[s]
		if saved == nil {
			return nil
		}
		// Of a section that was decoded in part, the rest is copied.
		return append(slices.Clip(saved), c.stream.Payload(s)[c.decoder.Section(s).Size:]...)
	}
	at, _ := c.stream.Differs(again)
	if at < 0 {
		return false
	}
	c.add(report.Finding{
		Rule: rules.RoundTrip, Severity: rules.SeverityError, Offset: at,
		Message: "written again, the stream differs from here on",
	})
	return true
}

// anyDecoded reports whether a described section was decoded, though it may
// have no bytes.
func (c *checker) anyDecoded() bool {
	for s := range c.stream.Sections {
		if s.Coverage == savevm.CoverageFull || s.Coverage == savevm.CoveragePartial && s.DecodedSize > 0 {
			return true
		}
	}
	return false
}

// device reports on one decoded section, and says whether it was saved to the
// same bytes.
func (c *checker) device(s *savevm.Section, d *decode.Section) bool {
	base, prefix := s.PayloadOffset, s.Path()
	c.globalState(s, d)
	for _, n := range d.Described.Notes {
		c.note(n, base, prefix)
	}
	for _, n := range d.Loaded.Notes {
		c.note(n, base, prefix)
	}
	if d.Loaded.Value == nil || d.Size > s.PayloadSize {
		return true // nothing to save, or what was decoded is not this section's
	}
	payload := c.stream.Bytes[base:]
	if c.stream.EOF >= 0 {
		payload = c.stream.Bytes[base:c.stream.EOF] // as far as the model was let see
	}
	if d.Err != nil {
		payload = payload[:d.Size] // what follows is not described
	}
	var dialect *vmstate.Dialect
	if c.desc != nil && s.Coverage == savevm.CoverageFull && !d.Described.Closed {
		dialect = c.desc.dialect
	}
	ref, again, err := c.reference.LoadAndDescribe(d.Described, payload, s.VersionID, dialect)
	if diff := disagreement(d, ref, err); diff != "" {
		c.add(report.Finding{Rule: rules.Agreement, Severity: rules.SeverityError, Path: prefix, Offset: base, Message: diff})
		return false
	}
	saved := again.Stream
	if again.VMDesc != nil {
		c.desc.again[s] = again.VMDesc
	}
	c.file.Reencoded += int64(len(saved))
	same := bytes.Equal(saved, payload[:d.Size])
	if !same && len(d.Loaded.Notes) == 0 {
		at := differAt(saved, payload[:d.Size])
		c.add(report.Finding{
			Rule: rules.RoundTrip, Severity: rules.SeverityError, Path: report.Join(prefix, pathAt(d.Loaded.Spans, at)),
			Offset: base + at, Message: "saved again, the bytes differ from here on",
		})
	}
	if same {
		c.saved[s] = saved
	}
	if s.DecodeErr == nil || d.Err != nil {
		// Elsewhere decoding went astray somewhere before the payload's end.
		c.queues(s, d)
	}
	return same
}

// disagreement says how the reference differs from the model.
func disagreement(d *decode.Section, ref model.Loaded, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("the model decodes it, the reference does not: %v", err)
	case ref.Consumed != d.Loaded.Consumed:
		return fmt.Sprintf("the reference takes %d bytes, the model %d", ref.Consumed, d.Loaded.Consumed)
	case !model.Equal(ref.Value, d.Loaded.Value):
		return "reference and model differ: " + strings.Join(model.Diff(d.Loaded.Value, ref.Value, d.Described.Schema), "; ")
	case !slices.EqualFunc(ref.Notes, d.Loaded.Notes, sameNote):
		return fmt.Sprintf("the reference notes %v, the model %v", ref.Notes, d.Loaded.Notes)
	}
	return ""
}

func sameNote(a, b rules.Note) bool {
	return a.Rule == b.Rule && a.Offset == b.Offset && a.Path == b.Path
}

func differAt(a, b []byte) int64 {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return int64(i)
		}
	}
	return int64(n)
}

// pathAt is the path of the innermost thing at an offset.
func pathAt(spans []model.Span, at int64) string {
	path := ""
	for _, s := range spans {
		if s.Offset > at || s.Size >= 0 && at >= s.Offset+s.Size {
			continue
		}
		path = s.Path
		if list, ok := s.Value.(model.List); ok && len(list) > 0 { // of integers, of one size
			path += fmt.Sprintf("[%d]", (at-s.Offset)/(s.Size/int64(len(list))))
		}
	}
	return path
}

// count says what every byte is. The records of built-in payloads other than
// RAM prove as little as bytes that are not looked into.
func (c *checker) count() {
	n := c.stream.BytesBy()
	by := &c.file.BytesBy
	by.Framing, by.RAM, by.Decoded, by.Opaque = n.Framing, n.RAM, n.Decoded, n.Opaque+n.Builtin
	c.file.Copied = by.RAM + by.Opaque
}

// finish orders the findings and gives the verdict.
func (c *checker) finish() {
	f := c.file
	slices.SortStableFunc(f.Findings, func(a, b report.Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	switch {
	case f.Has(rules.SeverityError):
		f.Verdict = report.Fail
	case !c.anyDecoded():
		f.Verdict = report.Undecided
	default:
		f.Verdict = report.Pass
	}
}
