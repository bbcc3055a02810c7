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
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// Options of Stream.
type Options struct {
	Strict bool // a warning counts as an error
}

// ErrNoStream is wrapped by errors of Stream that say that there is nothing to
// judge.
var ErrNoStream = errors.New("no stream")

// Stream judges an unwrapped stream. The report lacks the file's name and what
// it was wrapped in. The error wraps ErrNoStream.
func Stream(b []byte, o Options) (*report.File, error) {
	c := &checker{
		strict:  o.Strict,
		decoded: map[*savevm.Section]*device{},
		file: &report.File{
			Bytes: int64(len(b)), Roundtrip: report.NotRun,
			Devices: []report.Device{}, Queues: []report.Queue{}, Findings: []report.Finding{},
		},
	}
	s, err := savevm.Parse(b, c, savevm.Options{})
	switch {
	case errors.Is(err, savevm.ErrEmpty):
		return nil, fmt.Errorf("%w: it is empty", ErrNoStream)
	case errors.Is(err, savevm.ErrNotStream):
		return nil, fmt.Errorf("%w: it does not begin with QEVM", ErrNoStream)
	}
	c.stream = s
	var e *rules.Error
	if errors.As(err, &e) {
		c.broken(e, 0, "")
	}
	for _, n := range s.Notes {
		c.note(n, 0, "")
	}
	c.devices()
	c.count()
	c.finish()
	return c.file, nil
}

type checker struct {
	strict    bool
	file      *report.File
	stream    *savevm.Stream
	decoded   map[*savevm.Section]*device
	reference bind.Reference
	variants  int // tried so far
}

// A device is what the decoder learnt of a section.
type device struct {
	described *bind.Described
	loaded    model.Loaded // with spans
	size      int64        // bytes decoded
	err       error        // why decoding stopped there, before the payload's end
}

func (c *checker) add(x report.Finding) { c.file.Add(x, c.strict) }

// broken reports an error whose offset counts from base and whose path goes on
// from prefix.
func (c *checker) broken(e *rules.Error, base int64, prefix string) {
	msg := e.Detail
	if e.Cause != nil {
		msg = strings.TrimPrefix(msg+": "+e.Cause.Error(), ": ")
	}
	c.add(report.Finding{
		Rule: e.Rule, Severity: rules.SeverityError, Class: e.Class,
		Path: join(prefix, e.Path), Offset: base + e.Offset, Message: sentence(e.Rule, msg),
	})
}

func (c *checker) note(n rules.Note, base int64, prefix string) {
	c.add(report.Finding{
		Rule: n.Rule, Path: join(prefix, n.Path), Offset: base + n.Offset, Message: sentence(n.Rule, n.Detail),
	})
}

// sentence says what is wrong, or where there is nothing to say the rule.
func sentence(id rules.ID, detail string) string {
	if detail != "" {
		return detail
	}
	r, _ := rules.Lookup(id)
	return r.Sentence
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "/" + b
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
		if d := c.decoded[s]; d != nil && d.described != nil && s.Complete() {
			identical = c.device(s, d) && identical
		}
	}
	switch {
	case c.file.Reencoded == 0 && !c.anyDecoded():
	case identical:
		c.file.Roundtrip = report.Identical
	default:
		c.file.Roundtrip = report.Differs
	}
}

// anyDecoded reports whether a described section was decoded, though it may
// have no bytes.
func (c *checker) anyDecoded() bool {
	for s := range c.stream.Sections {
		if s.Coverage == savevm.CoverageFull || s.Coverage == savevm.CoveragePartial {
			return true
		}
	}
	return false
}

// device reports on one decoded section, and says whether it was saved to the
// same bytes.
func (c *checker) device(s *savevm.Section, d *device) bool {
	base, prefix := s.PayloadOffset, s.Path()
	for _, n := range d.described.Notes {
		c.note(n, base, prefix)
	}
	for _, n := range d.loaded.Notes {
		c.note(n, base, prefix)
	}
	c.why(s, d)
	if d.loaded.Value == nil {
		return true // nothing to save
	}
	payload := c.stream.Bytes[base:]
	ref, saved, err := c.reference.LoadAndSave(d.described.Schema, payload, s.VersionID)
	if diff := disagreement(d, ref, err); diff != "" {
		c.add(report.Finding{Rule: rules.Agreement, Severity: rules.SeverityError, Path: prefix, Offset: base, Message: diff})
		return false
	}
	c.file.Reencoded += int64(len(saved))
	same := bytes.Equal(saved, payload[:d.size])
	if !same && len(d.loaded.Notes) == 0 {
		at := differAt(saved, payload[:d.size])
		c.add(report.Finding{
			Rule: rules.RoundTrip, Severity: rules.SeverityError, Path: join(prefix, pathAt(d.loaded.Spans, at)),
			Offset: base + at, Message: "saved again, the bytes differ from here on",
		})
	}
	c.queues(s, d)
	return same
}

// disagreement says how the reference differs from the model.
func disagreement(d *device, ref model.Loaded, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("the model decodes it, the reference does not: %v", err)
	case ref.Consumed != d.loaded.Consumed:
		return fmt.Sprintf("the reference takes %d bytes, the model %d", ref.Consumed, d.loaded.Consumed)
	case !model.Equal(ref.Value, d.loaded.Value):
		return "reference and model differ: " + strings.Join(model.Diff(d.loaded.Value, ref.Value, d.described.Schema), "; ")
	case !slices.EqualFunc(ref.Notes, d.loaded.Notes, sameNote):
		return fmt.Sprintf("the reference notes %v, the model %v", ref.Notes, d.loaded.Notes)
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

// why reports what ended the decoding of a section before its end.
func (c *checker) why(s *savevm.Section, d *device) {
	var e *rules.Error
	if !errors.As(d.err, &e) {
		if errors.As(s.DecodeErr, &e) {
			c.broken(e, 0, "") // the container's own word, with its own offset and path
		}
		return
	}
	n := rules.Note{Offset: e.Offset, Path: e.Path}
	switch {
	case undescribed(e):
		n.Rule, n.Path = rules.VMDescElementUnknown, strings.TrimSuffix(e.Path, "/"+bind.Undescribed)
		n.Offset--
		n.Detail = "an element whose layout is not known: what follows in the section is not decoded"
	case inNullArray(d, e):
		n.Rule = rules.VMDescNullArray
		n.Detail = "the description knows NULLs only, and here stands something else: what follows in the section is not decoded"
	default:
		c.broken(e, s.PayloadOffset, s.Path())
		return
	}
	c.note(n, s.PayloadOffset, s.Path())
}

func undescribed(e *rules.Error) bool {
	return e.Class == rules.Limit && strings.HasSuffix(e.Path, "/"+bind.Undescribed)
}

// count says what every byte is.
func (c *checker) count() {
	by := &c.file.BytesBy
	for s := range c.stream.Sections {
		switch {
		case s.Name == "ram" && s.Coverage == savevm.CoverageBuiltin:
			by.RAM += s.PayloadSize
		default:
			by.Decoded += s.DecodedSize
			by.Opaque += s.PayloadSize - s.DecodedSize
		}
	}
	if c.stream.EOF >= 0 {
		by.Opaque += c.file.Bytes - c.stream.End
	}
	by.Framing = c.file.Bytes - by.RAM - by.Decoded - by.Opaque
	c.file.Copied = by.RAM + by.Opaque
}

// finish orders the findings and gives the verdict.
func (c *checker) finish() {
	f := c.file
	slices.SortStableFunc(f.Findings, func(a, b report.Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	switch {
	case f.Has(rules.SeverityError):
		f.Verdict = report.Fail
	case len(f.Devices) > 0 && !c.anyDecoded():
		f.Verdict = report.Undecided
	default:
		f.Verdict = report.Pass
	}
}
