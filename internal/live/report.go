package live

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"vmconform/internal/report"
	"vmconform/internal/test"
	"vmconform/props"
	"vmconform/rules"
)

// A Report is the report of `conform test` on a live QEMU.
type Report struct {
	Tool    string         `json:"tool"`
	Command string         `json:"command"`
	Verdict report.Verdict `json:"verdict"`
	Target  string         `json:"target"`
	QEMU    string         `json:"qemu"` // its version
	Seed    uint64         `json:"seed"`
	Base    Base           `json:"base"`
	Counts
	Kinds    []Kind            `json:"kinds"`
	Findings []Finding         `json:"findings"` // one for each rule and fingerprint that is not known
	Known    []test.KnownEntry `json:"known"`
}

// A Base is the stream that variants are made of.
type Base struct {
	Bytes  int     `json:"bytes"`
	Queues []Queue `json:"queues"` // whose elements have a layout that is known
}

// A Queue is one of the base's.
type Queue struct {
	Path     string `json:"path"`
	Elements int    `json:"elements"`
}

// Counts are of variants. Those that are described either agree, differ as it is
// known, differ otherwise, or are undecided.
type Counts struct {
	Variants     int `json:"variants"`
	Queues       int `json:"queues"`   // those of them with other elements, or markers, or an end within a queue
	Accepted     int `json:"accepted"` // by QEMU
	Agree        int `json:"agree"`
	Listed       int `json:"listed"` // QEMU differs from the strict rules, as is known
	Differ       int `json:"differ"`
	Undecided    int `json:"undecided"`
	NotDescribed int `json:"not_described"` // what is right depends on what no description says
}

// A Kind is one of the kinds of variants.
type Kind struct {
	Kind    string         `json:"kind"`
	Verdict report.Verdict `json:"verdict"`
	Counts
}

// A Finding is one way in which the three do not agree with the rules.
type Finding struct {
	Variant     string         `json:"variant"` // the first that shows it
	Shape       string         `json:"shape"`
	Made        string         `json:"made"` // what was done to the base
	Times       int            `json:"times"`
	Verdict     report.Verdict `json:"verdict"`
	Rule        rules.ID       `json:"rule"`
	Fingerprint string         `json:"fingerprint"`
	Expect      Expect         `json:"expect"`
	What        string         `json:"what"`
	Attribution props.Alone    `json:"alone"`
	Asked       Opinion        `json:"qemu"`
	Reference   Opinion        `json:"reference"`
	Model       Opinion        `json:"model"`
	Repeat      string         `json:"repeat"`
}

func newReport(o Options, version string, b *base) *Report {
	r := &Report{
		Tool: report.Tool, Command: "test", Target: "qemu:" + o.Command, QEMU: version, Seed: o.Seed,
		Base: Base{Bytes: len(b.b), Queues: []Queue{}}, Findings: []Finding{},
	}
	for _, q := range b.queues {
		r.Base.Queues = append(r.Base.Queues, Queue{q.path, len(q.list)})
	}
	for _, kind := range kinds {
		r.Kinds = append(r.Kinds, Kind{Kind: kind, Verdict: test.Skipped})
	}
	return r
}

// knownShape says whether there is what a known difference names.
func knownShape(e test.KnownEntry) bool {
	name, ok := shapeOf(e)
	return ok && slices.ContainsFunc(shapes, func(s shape) bool { return s.id() == name && s.rule == e.Rule })
}

// shapeOf is the shape in an entry's fingerprint.
func shapeOf(e test.KnownEntry) (string, bool) {
	i := strings.LastIndexByte(e.Fingerprint, ':')
	return e.Fingerprint[:max(0, i)], i > 0
}

// add takes in what came of the variants. partial says that not all were asked for
// that might have been.
func (r *Report) add(o Options, outcomes []outcome, partial bool) {
	tried := map[string]bool{}
	for i := range outcomes {
		x := &outcomes[i]
		if x.kind != "silent" {
			tried[x.variant.shape.id()] = true
		}
		k := &r.Kinds[slices.Index(kinds, x.variant.shape.kind)]
		known := x.verdict() == report.Fail && x.ours == "" && o.Known.Match(x.rule(), x.fingerprint())
		for _, c := range []*Counts{&r.Counts, &k.Counts} {
			c.add(x, known)
		}
		if k.Verdict == test.Skipped {
			k.Verdict = report.Pass
		}
		if known || x.verdict() == report.Pass {
			continue
		}
		if k.Verdict != report.Fail {
			k.Verdict = x.verdict()
		}
		r.found(o, x)
	}
	r.Known = append([]test.KnownEntry{}, o.Known.Entries(knownShape, func(e test.KnownEntry) bool {
		name, _ := shapeOf(e)
		depends := strings.HasSuffix(e.Fingerprint, ":aborts") // on what was drawn
		return !partial && tried[name] && !depends
	})...)
	r.settle()
}

func (c *Counts) add(x *outcome, known bool) {
	c.Variants++
	if x.variant.queues {
		c.Queues++
	}
	if x.qemu.Verdict == Accept {
		c.Accepted++
	}
	switch {
	case known:
		c.Listed++
	case x.verdict() == report.Undecided:
		c.Undecided++
	case x.verdict() == report.Fail:
		c.Differ++
	case x.variant.shape.expect == Open:
		c.NotDescribed++
	default:
		c.Agree++
	}
}

// found adds a difference, or counts it where it was met before.
func (r *Report) found(o Options, x *outcome) {
	v := &x.variant
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Rule == x.rule() && f.Fingerprint == x.fingerprint() {
			f.Times++
			return
		}
	}
	what := "QEMU " + x.what
	if x.ours != "" {
		what = x.ours
	}
	r.Findings = append(r.Findings, Finding{
		Variant: v.id, Shape: v.shape.id(), Made: v.what, Times: 1, Verdict: x.verdict(), Rule: x.rule(), Fingerprint: x.fingerprint(),
		Expect: v.shape.expect, What: what, Attribution: x.alone, Asked: x.qemu.Opinion, Reference: x.reference, Model: x.model,
		Repeat: fmt.Sprintf("conform test --target %s --seed %d --variant %s --keep FILE", quoted("qemu:"+o.Command), o.Seed, v.id),
	})
}

// quoted makes one word of a text, to a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// settle gives the verdict on all.
func (r *Report) settle() {
	r.Verdict = report.Pass
	if r.Undecided > 0 {
		r.Verdict = report.Undecided
	}
	if r.Differ > 0 {
		r.Verdict = report.Fail
	}
	for _, e := range r.Known {
		if e.Status == test.Passes || e.Status == test.Unmatched {
			r.Verdict = report.Fail
		}
	}
}

// WriteText writes the report for people. Kinds without a variant are left out,
// and when quiet those in which nothing is wrong.
func (r *Report) WriteText(w io.Writer, ink report.Ink, quiet bool) error {
	var b strings.Builder
	verdict := func(v report.Verdict) string { return ink.Verdict(v, fmt.Sprintf("%-9s", v)) }
	for _, k := range r.Kinds {
		if k.Verdict == test.Skipped || quiet && k.Verdict == report.Pass {
			continue
		}
		fmt.Fprintf(&b, "%s %s: %s\n", verdict(k.Verdict), k.Kind, k.Counts)
		for _, f := range r.Findings {
			if strings.HasPrefix(f.Shape, k.Kind+":") {
				f.text(&b, ink)
			}
		}
	}
	for _, e := range r.Known {
		if !quiet || e.Status != test.Fails {
			b.WriteString(e.Line(ink, quiet))
		}
	}
	if !quiet {
		var queues []string
		for _, q := range r.Base.Queues {
			queues = append(queues, fmt.Sprintf("%s (%s)", q.Path, many(q.Elements, "element")))
		}
		if len(queues) == 0 {
			queues = []string{"no queue that is known"}
		}
		fmt.Fprintf(&b, "%s %s: QEMU %s, %s; of %d bytes with %s, seed %d\n",
			verdict(r.Verdict), report.Clean(r.Target), r.QEMU, r.Counts, r.Base.Bytes, strings.Join(queues, ", "), r.Seed)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// String says the counts that are not 0.
func (c Counts) String() string {
	s := many(c.Variants, "variant")
	if c.Variants == 0 {
		return s
	}
	s += fmt.Sprintf(", %d with other queues, %.0f %% accepted by QEMU", c.Queues, 100*float64(c.Accepted)/float64(c.Variants))
	for _, x := range []struct {
		n    int
		what string
	}{
		{c.Agree, "agree"}, {c.Listed, "differ as listed"}, {c.Differ, "differ"}, {c.Undecided, "undecided"}, {c.NotDescribed, "not described"},
	} {
		if x.n > 0 {
			s += fmt.Sprintf(", %d %s", x.n, x.what)
		}
	}
	return s
}

// text writes a finding under the line that says what it is one of.
func (f Finding) text(b *strings.Builder, ink report.Ink) {
	fmt.Fprintf(b, "  %s\n", ink.Wrong(report.Clean(f.What)))
	fmt.Fprintf(b, "    %s (%s): %s\n", f.Variant, many(f.Times, "time"), report.Clean(f.Made))
	for _, x := range []struct {
		who string
		Opinion
	}{{"QEMU", f.Asked}, {"reference", f.Reference}, {"model", f.Model}} {
		fmt.Fprintf(b, "    %-9s  %s", x.who, x.Verdict)
		if x.Message != "" {
			fmt.Fprintf(b, ": %s", report.Clean(x.Message))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "  %s\n  breaks: %s: %s\n  %s\n  repeat: %s\n", alone(f.Attribution), f.Rule, sentence(f.Rule), f.Fingerprint, f.Repeat)
}

// alone says who stands alone.
func alone(a props.Alone) string {
	switch a {
	case props.TargetAlone:
		return "QEMU stands alone: reference and model agree"
	case props.ReferenceAlone:
		return "the reference stands alone: QEMU and model agree"
	case props.ModelAlone:
		return "the model stands alone: QEMU and reference agree"
	case props.CaseAlone:
		return "the rule stands alone: QEMU, reference and model agree"
	}
	return "all three differ"
}
