package show

import (
	"encoding/hex"
	"errors"
	"strconv"

	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/rules"
)

// ErrNoStream says that there is nothing to show.
var ErrNoStream = errors.New("no stream: it does not begin with QEVM")

// Stream lays out the stream in b. One that is broken is laid out as far as it
// goes, and Errors says where it is broken.
func Stream(name string, b []byte) (*Report, error) {
	return Source(name, &savevm.Source{Bytes: b})
}

// Source is Stream of what savevm.Read has read, which must stay open as long as
// the report is used.
func Source(name string, src *savevm.Source) (*Report, error) {
	l := &layout{parent: map[uint32]*Node{}}
	s, err := savevm.ParseSource(src, &l.decoder, savevm.Options{})
	if s == nil {
		return nil, ErrNoStream
	}
	l.stream = s
	l.report = &Report{
		Head:    Head{Tool: report.Tool, Command: "show", File: name, Bytes: int64(len(src.Bytes))},
		Version: s.Version, Footers: s.Footers, PageSize: s.PageSize,
		Commands: []*Command{}, Sections: []*Node{}, Devices: []*Node{}, Errors: []report.Finding{},
		Stream: s,
	}
	l.configuration()
	l.items(s.Items)
	l.tail()
	var e *rules.Error
	if errors.As(err, &e) {
		l.report.Errors = append(l.report.Errors, report.Broken(e, 0, ""))
	}
	return l.report, nil
}

// Undecided reports whether no device state was decoded.
func (r *Report) Undecided() bool {
	for _, d := range r.Devices {
		if d.Decoded == string(savevm.CoverageFull) || d.Decoded == string(savevm.CoveragePartial) {
			return false
		}
	}
	return true
}

type layout struct {
	stream  *savevm.Stream
	decoder decode.Decoder
	report  *Report
	parent  map[uint32]*Node // the section that was started last under an id
}

// items lays out the items of the stream or of a package.
func (l *layout) items(items []savevm.Item) {
	for _, it := range items {
		if it.Command != nil {
			l.command(it.Command)
			l.items(it.Command.Items)
		} else {
			l.section(it.Section)
		}
	}
}

func (l *layout) configuration() {
	c := l.stream.Config
	if c == nil {
		return
	}
	out := &Configuration{
		Extent: Extent{c.Offset, c.Size}, Machine: c.Machine, PageBits: c.PageBits, Capabilities: c.Capabilities,
	}
	if u := c.UUID; u != nil {
		h := hex.EncodeToString(u[:])
		out.UUID = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	l.report.Configuration = out
}

// commandNames are QEMU's words, by code.
var commandNames = [...]string{
	"INVALID", "OPEN_RETURN_PATH", "PING", "POSTCOPY_ADVISE", "POSTCOPY_LISTEN", "POSTCOPY_RUN", "POSTCOPY_RAM_DISCARD",
	"PACKAGED", "ENABLE_COLO", "POSTCOPY_RESUME", "RECV_BITMAP", "SWITCHOVER_START",
}

func (l *layout) command(c *savevm.Command) {
	out := &Command{Extent: Extent{c.Offset, c.Size}, Code: c.Code, Name: commandNames[c.Code]}
	l.report.Commands = append(l.report.Commands, out)
	l.report.order = append(l.report.order, out)
}

func (l *layout) section(s *savevm.Section) {
	if s.Kind == savevm.KindPart || s.Kind == savevm.KindEnd {
		l.part(s)
		return
	}
	n := &Node{
		Kind: Device, Name: s.Name, Path: s.Path(), InstanceID: &s.InstanceID, SectionID: &s.ID, Version: &s.VersionID,
		Extent: Extent{s.Offset, s.Size}, Decoded: string(s.Coverage),
		payload: Extent{s.PayloadOffset, s.PayloadSize},
	}
	l.parent[s.ID] = n
	l.report.order = append(l.report.order, n)
	if s.Coverage == savevm.CoverageBuiltin {
		n.Kind = Section
		l.report.Sections = append(l.report.Sections, n)
		l.ram(n, s)
		return
	}
	n.Fields, n.Subsections = []*Node{}, []*Node{}
	l.report.Devices = append(l.report.Devices, n)
	if s.Complete() {
		if stop, ok := l.decoder.Stop(s); ok {
			n.Stopped = &stop
			if stop.Severity == rules.SeverityError {
				l.report.Errors = append(l.report.Errors, stop)
			}
		}
	}
	d := l.decoder.Section(s)
	l.report.loads = append(l.report.loads, load{n, s, d})
	if d != nil {
		n.VMSD = d.Described.Schema.Name
		t := newTree(s, l.stream.Payload(s), d)
		if x, ok := l.decoder.Suspect(s); ok && n.Stopped != nil {
			x.Severity = rules.SeverityWarning // a hint
			n.Suspect = &x
			t.end = x.Offset - s.PayloadOffset
		}
		t.inside(n, 0)
	}
}

// A part is a Part under the name of its section.
type part struct {
	*Part
	name string
}

func (l *layout) part(s *savevm.Section) {
	p := &Part{Kind: "part", Extent: Extent{s.Offset, s.Size}, payload: Extent{s.PayloadOffset, s.PayloadSize}}
	if s.Kind == savevm.KindEnd {
		p.Kind = "end"
	}
	n := l.parent[s.ID]
	n.Parts = append(n.Parts, p)
	l.report.order = append(l.report.order, part{p, n.Path})
	l.ram(n, s)
}

// ram adds the records of a RAM section to n.
func (l *layout) ram(n *Node, s *savevm.Section) {
	if s.RAM == nil {
		return
	}
	if n.RAM == nil {
		n.RAM = &RAM{Blocks: []Block{}, Pages: map[string]int{}}
	}
	for _, b := range s.RAM.Blocks {
		n.RAM.Blocks = append(n.RAM.Blocks, Block{b.Name, strconv.FormatUint(b.UsedLength, 10)})
	}
	for kind, pages := range map[string]int64{
		"zero": s.RAM.Zero, "normal": s.RAM.Normal, "xbzrle": s.RAM.XBZRLE, "compressed": s.RAM.Compressed,
	} {
		if pages > 0 {
			n.RAM.Pages[kind] += int(pages)
		}
	}
}

func (l *layout) tail() {
	s, r := l.stream, l.report
	if s.EOF < 0 {
		return
	}
	r.End = &s.EOF
	if s.VMDescOffset >= 0 {
		r.Description = &Extent{s.VMDescOffset, s.End - s.VMDescOffset}
	}
	if size := int64(len(s.Bytes)); s.End < size {
		r.Trailing = &Extent{s.End, size - s.End}
	}
}
