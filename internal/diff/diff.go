package diff

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"vmconform/impl/savevm"
	"vmconform/internal/report"
	"vmconform/internal/show"
)

// A Stream is one of two to compare.
type Stream struct {
	Name     string
	Source   *savevm.Source   // has to stay open as long as the report is used
	Memory   *Memory          // which Source was read with
	Wrapping []report.Finding // errors of what the stream was wrapped in
}

// same says whether two streams have the same bytes.
func same(a, b Stream) bool {
	return a.Memory.all.Sum64() == b.Memory.all.Sum64() && len(a.Wrapping)+len(b.Wrapping) == 0 && bytes.Equal(a.Source.Bytes, b.Source.Bytes)
}

// Options say what is compared.
type Options struct {
	Ignore []string // globs over paths
}

// Streams compares two streams. One that is broken is compared as far as it
// goes, and its Errors say where it is broken. The error names what cannot be
// compared at all: a file that is no stream, or a glob.
func Streams(a, b Stream, o Options) (*Report, error) {
	c, err := newComparer(a, b, o)
	if err != nil {
		return nil, err
	}
	if same(a, b) {
		head := a.Source.Bytes[:min(len(a.Source.Bytes), headerSize)]
		if _, err := show.Stream(a.Name, head); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		c.report.Verdict = Identical
	} else if err := c.compare(a, b); err != nil {
		return nil, err
	}
	for _, g := range c.ignore {
		c.report.Ignored = append(c.report.Ignored, Ignored{g.text, g.hits})
	}
	return c.report, nil
}

func newComparer(a, b Stream, o Options) (*comparer, error) {
	file := func(s Stream) File {
		return File{Name: s.Name, Bytes: int64(len(s.Source.Bytes)), Errors: []report.Finding{}}
	}
	c := &comparer{
		report: &Report{
			Tool: report.Tool, Command: "diff", A: file(a), B: file(b),
			Differences: []*Difference{}, Ignored: []Ignored{},
		},
	}
	for _, text := range o.Ignore {
		g, err := parseGlob(text)
		if err != nil {
			return nil, fmt.Errorf("--ignore %s: %w", text, err)
		}
		c.ignore = append(c.ignore, g)
	}
	return c, nil
}

// compare lays both streams out and finds all differences.
func (c *comparer) compare(a, b Stream) (err error) {
	if c.a, err = layOut(a); err != nil {
		return err
	}
	if c.b, err = layOut(b); err != nil {
		return err
	}
	c.report.A.Errors, c.report.B.Errors = c.a.Errors, c.b.Errors
	c.report.A.Undecoded, c.report.B.Undecoded = c.a.Undecided(), c.b.Undecided()
	c.memory = [2]*Memory{a.Memory, b.Memory}
	c.head()
	c.commands()
	c.sections()
	c.tail()
	c.judge()
	return nil
}

const headerSize = 8 // QEVM, be32 version

func layOut(s Stream) (*show.Report, error) {
	r, err := show.Source(s.Name, s.Source)
	if err == nil {
		err = r.Stream.KeptMemory(s.Memory.Record)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	r.Errors = append(slices.Clone(s.Wrapping), r.Errors...)
	return r, nil
}

// A comparer collects the differences of two streams.
type comparer struct {
	a, b   *show.Report
	memory [2]*Memory
	ignore []*glob
	report *Report

	in      string        // what the next differences are in
	devices [2]*show.Node // which that is, in A and B, if it is one
	hasRAM  bool          // RAM is compared
}

// add keeps a difference, unless it is ignored. Its Path and In are set here.
func (c *comparer) add(d *Difference, pathA, pathB string) {
	d.Path, d.In = pathA, c.in
	if d.A == nil {
		d.Path = pathB
	}
	if d.A != nil && d.B != nil && pathB != pathA {
		d.B.Path = pathB
	}
	hidden := false
	for _, g := range c.ignore {
		if d.A != nil && g.matches(pathA) || d.B != nil && g.matches(pathB) {
			g.hits++
			hidden = true
		}
	}
	t := &c.report.Totals
	if hidden {
		t.Ignored++
		return
	}
	t.Differences++
	if d.Clock {
		t.Clocks++
	}
	c.report.Differences = append(c.report.Differences, d)
}

// judge gives the report its verdict.
func (c *comparer) judge() {
	r := c.report
	switch {
	case r.Totals.Differences > 0:
		r.Verdict = Differ
	case len(r.A.Errors)+len(r.B.Errors) > 0:
		r.Verdict = Broken
	case r.A.Undecoded || r.B.Undecoded || r.Totals.Unknown > 0:
		r.Verdict = Undecided
	default:
		r.Verdict = Equal
	}
}

// A fact is something of a whole stream with its place; nil if there is none.
type fact struct {
	show.Extent
	value any
	text  string
}

// facts compares one fact of both streams. A nil one is not there.
func (c *comparer) facts(path string, a, b *fact) {
	if a == nil && b == nil || a != nil && b != nil && a.text == b.text {
		return
	}
	d := &Difference{Kind: Changed, What: WhatStream, A: a.side(), B: b.side()}
	if a == nil {
		d.Kind = OnlyInB
	} else if b == nil {
		d.Kind = OnlyInA
	}
	c.add(d, path, path)
}

func (f *fact) side() *Side {
	if f == nil {
		return nil
	}
	return &Side{Offset: f.Offset, Size: f.Size, Value: f.value, text: f.text}
}

// head compares header and configuration.
func (c *comparer) head() {
	c.in = "stream"
	number := func(n uint32) *fact {
		return &fact{show.Extent{Size: headerSize}, n, strconv.FormatUint(uint64(n), 10)}
	}
	c.facts("stream/version", number(c.a.Version), number(c.b.Version))
	if c.a.End != nil && c.b.End != nil { // else they may not be known
		footers := func(r *show.Report) *fact {
			return &fact{show.Extent{Size: r.Bytes}, r.Footers, strconv.FormatBool(r.Footers)}
		}
		c.facts("stream/footers", footers(c.a), footers(c.b))
		size := func(r *show.Report) *fact {
			return &fact{show.Extent{Size: r.Bytes}, r.PageSize, strconv.Itoa(r.PageSize)}
		}
		c.facts("stream/page_size", size(c.a), size(c.b))
	}
	if cutInHead(c.a) || cutInHead(c.b) {
		return
	}
	c.in = "configuration"
	c.configuration("configuration", func(*show.Configuration) any { return nil })
	if c.a.Configuration == nil || c.b.Configuration == nil {
		return
	}
	c.configuration("configuration/machine", func(g *show.Configuration) any { return g.Machine })
	c.configuration("configuration/page_bits", func(g *show.Configuration) any { return g.PageBits })
	c.configuration("configuration/capabilities", func(g *show.Configuration) any {
		return append([]string{}, g.Capabilities...)
	})
	c.configuration("configuration/uuid", func(g *show.Configuration) any { return g.UUID })
}

// cutInHead: the stream ends where its configuration may be.
func cutInHead(r *show.Report) bool { return r.End == nil && len(r.Stream.Items) == 0 }

// configuration compares what of gives of the two configurations.
func (c *comparer) configuration(path string, of func(*show.Configuration) any) {
	get := func(r *show.Report) *fact {
		g := r.Configuration
		if g == nil {
			return nil
		}
		f := &fact{Extent: g.Extent, value: of(g)}
		if f.value != nil {
			f.text = fmt.Sprint(f.value)
		}
		return f
	}
	c.facts(path, get(c.a), get(c.b))
}

// tail compares what follows the sections, if both streams get there.
func (c *comparer) tail() {
	if c.a.End == nil || c.b.End == nil {
		return
	}
	c.in, c.devices = "stream", [2]*show.Node{}
	at := func(e *show.Extent) *fact {
		if e == nil {
			return nil
		}
		return &fact{Extent: *e}
	}
	c.facts("stream/description", at(c.a.Description), at(c.b.Description))
	c.facts("stream/trailing", at(c.a.Trailing), at(c.b.Trailing))
	if c.a.Trailing != nil && c.b.Trailing != nil {
		c.bytes(WhatPayload, "stream/trailing", *c.a.Trailing, *c.b.Trailing)
	}
}

// commands compares the commands in their order. Those missing in a stream that
// does not reach its end may be missing only there.
func (c *comparer) commands() {
	c.in = "commands"
	keys := func(r *show.Report) []string {
		var k []string
		for _, x := range r.Commands {
			k = append(k, string(r.At(x.Extent)))
		}
		return k
	}
	onlyA, onlyB := apart(keys(c.a), keys(c.b))
	if c.b.End != nil {
		for _, i := range onlyA {
			c.command(i, -1)
		}
	}
	if c.a.End != nil {
		for _, j := range onlyB {
			c.command(-1, j)
		}
	}
}

// command adds a command that is in one stream only.
func (c *comparer) command(i, j int) {
	side := func(r *show.Report, i int) (*Side, string) {
		if i < 0 {
			return nil, ""
		}
		x := r.Commands[i]
		return &Side{Offset: x.Offset, Size: x.Size, Value: x.Name, text: x.Name}, fmt.Sprintf("commands[%d]", i)
	}
	d := &Difference{Kind: OnlyInA, What: WhatCommand}
	if i < 0 {
		d.Kind = OnlyInB
	}
	var pathA, pathB string
	d.A, pathA = side(c.a, i)
	d.B, pathB = side(c.b, j)
	c.add(d, pathA, pathB)
}

// apart lists the elements of a and of b that align leaves over.
func apart(a, b []string) (onlyA, onlyB []int) {
	i, j := 0, 0
	for _, p := range append(align(a, b), [2]int{len(a), len(b)}) {
		for ; i < p[0]; i++ {
			onlyA = append(onlyA, i)
		}
		for ; j < p[1]; j++ {
			onlyB = append(onlyB, j)
		}
		i, j = p[0]+1, p[1]+1
	}
	return onlyA, onlyB
}

// bytes compares what stands at two places, if one of the streams ends there as
// far as that goes.
func (c *comparer) bytes(what What, path string, a, b show.Extent) {
	if cut(c.a, a) || cut(c.b, b) {
		a.Size = min(a.Size, b.Size)
		b.Size = a.Size
	}
	x, y := c.a.At(a), c.b.At(b)
	if bytes.Equal(x, y) {
		return
	}
	d := &Difference{Kind: Changed, What: what, A: bytesSide(a, x), B: bytesSide(b, y), Bytes: differ(x, y)}
	d.Clock = c.clock(path, path, "")
	c.add(d, path, path)
}

// cut: the stream ends in e.
func cut(r *show.Report, e show.Extent) bool { return r.End == nil && e.Offset+e.Size >= r.Bytes }

func bytesSide(e show.Extent, b []byte) *Side {
	return &Side{Offset: e.Offset, Size: e.Size, raw: b}
}

// differ says where two sequences of bytes that are not equal differ.
func differ(x, y []byte) *Bytes {
	n := min(len(x), len(y))
	d := &Bytes{First: -1, Differ: int64(max(len(x), len(y)) - n)}
	for i := range n {
		if x[i] != y[i] {
			d.Differ++
			if d.First < 0 {
				d.First = int64(i)
			}
		}
	}
	if d.First < 0 {
		d.First = int64(n)
	}
	return d
}

// decoded: the description of a section was followed, to its end or not.
func decoded(n *show.Node) bool {
	return n.Decoded == string(savevm.CoverageFull) || n.Decoded == string(savevm.CoveragePartial)
}
