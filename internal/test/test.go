// Package test is `conform test`: the properties over a target, what breaks them,
// and which of that is known.
package test

import (
	"context"
	"errors"
	"flag"
	"hash/fnv"
	"io"
	"math"
	"path"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"vmconform/internal/report"
	"vmconform/internal/target"
	"vmconform/props"
	"vmconform/props/gen"
	"vmconform/rules"
)

// Options say what is tried.
type Options struct {
	// Target makes one for each that works at the same time. One that is an io.Closer
	// is closed in the end.
	Target func() (props.Subject, error)
	Stop   context.Context // its end ends the run, without a report; nil for none
	Seed   uint64          // to MaxSeed
	Cases  int             // a property; 0 for as many as the budget allows
	Budget time.Duration   // for all; 0 for none
	Rule   string          // glob over rules and properties; "" for all
	Known  *Known          // nil for none
	// Case is told of every case as it begins, of done in all; nil for nobody. It is
	// called by one at a time.
	Case func(property string, done int)
}

// MaxSeed is the largest seed.
const MaxSeed = 1<<31 - 1

// A Report is the report of `conform test`.
type Report struct {
	Tool       string         `json:"tool"`
	Command    string         `json:"command"`
	Verdict    report.Verdict `json:"verdict"`
	Target     string         `json:"target"`
	Says       *target.Hello  `json:"implementation,omitempty"` // what a target outside says of itself
	Unfit      *Unfit         `json:"unfit,omitempty"`
	Seed       uint64         `json:"seed"`
	Cases      int            `json:"cases"` // drawn in all
	Properties []Property     `json:"properties"`
	Known      []KnownEntry   `json:"known,omitempty"`
	Generator  Generator      `json:"generator"`
}

// Unfit says that the plainest case of all failed: before all others, and then
// nothing else is tried, or behind them.
type Unfit struct {
	When    string   `json:"when"` // first or last
	Problem string   `json:"problem"`
	Failure *Failure `json:"failure,omitempty"` // absent where the target skips it
}

// A Property is how one went.
type Property struct {
	ID        string         `json:"id"`
	Sentence  string         `json:"sentence"`
	Rules     []rules.ID     `json:"rules"`
	Verdict   report.Verdict `json:"verdict"`
	Cases     int            `json:"cases"`             // drawn
	Tried     int            `json:"tried"`             // those of them that asked the target anything
	Skipped   int            `json:"skipped,omitempty"` // what the target would not answer
	Ended     bool           `json:"ended,omitempty"`   // by the budget, a hang, or too many answers that were none
	Problem   string         `json:"problem,omitempty"` // why there is no verdict, or why it ended
	Failures  []Failure      `json:"failures"`
	discarded int
	health    gen.Health
}

// A Failure is one way in which a property is broken.
type Failure struct {
	Rule        rules.ID       `json:"rule"`
	Fingerprint string         `json:"fingerprint"`
	Verdict     report.Verdict `json:"verdict"` // undecided where the target is flaky or says nothing in time
	What        string         `json:"what"`
	Diff        []string       `json:"diff"`
	Again       []string       `json:"again,omitempty"` // what a flaky target answered when it was asked again
	Attribution Attribution    `json:"attribution"`
	Seed        uint64         `json:"seed,omitempty"` // draws the first case that fails so
	Case        int            `json:"case,omitempty"` // its number, from 1
	Text        string         `json:"text"`           // the smallest case
	Token       string         `json:"token"`          // the same, for `conform replay`

	said string // the attribution in words
}

// An Attribution says who of three stands alone with an answer, and what each
// answers.
type Attribution struct {
	Alone     props.Alone `json:"alone"`
	Target    string      `json:"target"`
	Reference string      `json:"reference"`
	Model     string      `json:"model"`
}

// Generator says what was drawn, over all properties that draw schemas.
type Generator struct {
	Cases     int            `json:"cases"`
	Discarded int            `json:"discarded"` // draws given up and drawn anew
	Labels    map[string]int `json:"labels"`    // cases that hold this
	Depth     []int          `json:"depth"`     // cases by how many vmsds stand inside each other
	Elements  []int          `json:"elements"`  // cases by number of elements: [0] none, [k] from 2^(k-1) to 2^k-1
	Bytes     []int          `json:"bytes"`     // cases by bytes of stream, likewise
}

// Skipped is the verdict on a property that cannot be tried on a target at all, or
// all of whose cases the target skips.
const Skipped report.Verdict = "skipped"

// Run tries the properties that o selects. The report says nothing of time and
// is the same for the same options, unless there is a budget. A list without
// properties means that nothing is selected.
func Run(o Options) (*Report, error) {
	outsideGoTest()
	selected := o.properties()
	r := &Report{Tool: report.Tool, Command: "test", Seed: o.Seed, Properties: make([]Property, len(selected))}
	if len(selected) == 0 {
		return r, nil
	}
	targets, unfit, err := o.targets(min(runtime.GOMAXPROCS(0), len(selected)))
	defer func() {
		for _, t := range targets {
			if c, ok := t.(io.Closer); ok {
				c.Close() // it ends
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	r.Target, r.Unfit = targets[0].Name(), unfit
	if t, ok := targets[0].(*target.Subject); ok {
		hello := t.Hello()
		r.Says = &hello
	}
	if unfit != nil {
		for i, p := range selected {
			r.Properties[i] = described(p)
			r.Properties[i].Verdict, r.Properties[i].Problem = Skipped, "the target is unfit"
		}
		r.sum(o)
		return r, o.stopped()
	}
	next := make(chan int)
	last := make([]*Unfit, len(targets))
	budget := o.Budget * time.Duration(len(targets)) / time.Duration(len(selected))
	var mu sync.Mutex // of Case and of Known
	var all sync.WaitGroup
	for w, t := range targets {
		all.Go(func() {
			for i := range next {
				r.Properties[i] = o.try(selected[i], t, budget, &mu)
			}
			last[w] = sane(t, "last")
		})
	}
	for i := range selected {
		next <- i
	}
	close(next)
	all.Wait()
	for _, unfit := range last {
		if unfit != nil {
			r.Unfit = unfit
		}
	}
	r.sum(o)
	return r, o.stopped()
}

// targets makes n targets, or as many as there are up to the first that is unfit.
func (o Options) targets(n int) (list []props.Subject, unfit *Unfit, err error) {
	for len(list) < n && unfit == nil {
		t, err := o.Target()
		if err != nil {
			return list, nil, err
		}
		list = append(list, t)
		unfit = sane(t, "first")
	}
	return list, unfit, nil
}

// sane asks a target for the plainest case.
func sane(t props.Subject, when string) *Unfit {
	f, asked := props.Sane(t)
	if f == nil && asked {
		return nil
	}
	u := &Unfit{When: when, Problem: "it skips the plainest case that there is"}
	if f != nil {
		failure := failureOf(f)
		u.Failure, u.Problem = &failure, "it fails the plainest case that there is"
	}
	switch {
	case f != nil && f.Kind == string(props.Unasked), f != nil && f.Kind == string(props.Flood):
		u.Problem = "it says what nobody has asked for"
	case when == "last":
		u.Problem += ", which it did not before: it went bad during the run"
	}
	return u
}

// verdict is that on a target which is unfit.
func (u *Unfit) verdict() report.Verdict {
	if u.Failure == nil {
		return report.Undecided
	}
	return u.Failure.Verdict
}

// stopped is an error if the run was to be ended.
func (o Options) stopped() error {
	if o.Stop != nil && o.Stop.Err() != nil {
		return errors.New("interrupted")
	}
	return nil
}

// outsideGoTest sets up the flags that rapid looks at.
var outsideGoTest = sync.OnceFunc(func() {
	if flag.Lookup("test.v") == nil {
		testing.Init()
	}
	if !flag.Parsed() {
		if err := flag.CommandLine.Parse(nil); err != nil {
			panic(err) // of no arguments
		}
	}
})

// properties lists those that have the glob's name, or check a rule that has.
func (o Options) properties() []props.Property {
	if o.Rule == "" {
		return props.All
	}
	matches := func(name string) bool {
		ok, _ := path.Match(o.Rule, name) // the command has looked at the pattern
		return ok
	}
	var list []props.Property
	for _, p := range props.All {
		if matches(p.ID) || slices.ContainsFunc(p.Rules, func(id rules.ID) bool { return matches(string(id)) }) {
			list = append(list, p)
		}
	}
	return list
}

// described is a property that has not been tried.
func described(p props.Property) Property {
	return Property{ID: p.ID, Sentence: p.Sentence, Rules: p.Rules, Verdict: report.Pass, Failures: []Failure{}}
}

// try tries one property.
func (o Options) try(p props.Property, t props.Subject, budget time.Duration, mu *sync.Mutex) Property {
	out := described(p)
	if !p.Asks(t) {
		out.Verdict, out.Problem = Skipped, "the target cannot be asked for what it needs"
		return out
	}
	options := props.Options{Seed: o.Seed + seedOf(p.ID), Cases: o.Cases, Drawn: out.health.Add}
	if o.Known != nil {
		options.Known = func(f *props.Failure) bool {
			mu.Lock()
			defer mu.Unlock()
			return o.Known.Match(f.Rule, f.Fingerprint())
		}
	}
	if o.Cases == 0 {
		options.Cases = math.MaxInt
	}
	end := time.Now().Add(budget)
	options.Until = func() bool { return o.Budget > 0 && time.Now().After(end) || o.stopped() != nil }
	if o.Case != nil {
		done := 0
		options.Begun = func() {
			mu.Lock()
			defer mu.Unlock()
			o.Case(p.ID, done)
			done++
		}
	}
	got := props.Run(p, t, options)
	out.Cases, out.Tried, out.Skipped, out.Ended, out.discarded = got.Cases, got.Tried, got.Skipped, got.Ended, got.Discarded
	switch out.Problem = got.Problem; {
	case got.Untested:
		out.Verdict = Skipped
	case got.Problem != "":
		out.Verdict = report.Undecided
	}
	for _, f := range got.Found {
		failure := failureOf(f.Failure)
		failure.Seed, failure.Case = f.Seed, f.Case
		out.Failures = append(out.Failures, failure)
		if out.Verdict != report.Fail {
			out.Verdict = failure.Verdict
		}
	}
	return out
}

func failureOf(f *props.Failure) Failure {
	a := f.Attribution
	out := Failure{
		Rule: f.Rule, Fingerprint: f.Fingerprint(), Verdict: report.Fail, What: f.What, Diff: append([]string{}, f.Diff...), Again: f.Again,
		Attribution: Attribution{Alone: a.Alone, Target: a.Target, Reference: a.Reference, Model: a.Model},
		Text:        string(f.Text()), Token: f.Token(), said: a.String(),
	}
	if !f.Decides() {
		out.Verdict = report.Undecided
	}
	return out
}

// seedOf makes the properties draw differently.
func seedOf(id string) uint64 {
	h := fnv.New32a()
	h.Write([]byte(id)) // no error
	return uint64(h.Sum32())
}

// sum adds up what the properties gave.
func (r *Report) sum(o Options) {
	r.Verdict = report.Undecided
	undecided := false
	var health gen.Health
	for _, p := range r.Properties {
		r.Cases += p.Cases
		r.Generator.Discarded += p.discarded
		health.Merge(p.health)
		switch p.Verdict {
		case report.Fail:
			r.Verdict = report.Fail
		case report.Pass:
			if r.Verdict != report.Fail {
				r.Verdict = report.Pass
			}
		case report.Undecided:
			undecided = true
		}
	}
	g := &r.Generator
	g.Cases, g.Labels = health.Cases, health.Labels
	g.Depth, g.Elements, g.Bytes = append([]int{}, health.Depth...), append([]int{}, health.Elements...), append([]int{}, health.Bytes...)
	if o.Known != nil {
		r.Known = o.Known.Entries(KnownEntry.exists, func(e KnownEntry) bool { return !o.partial() && r.through(e.property()) })
		for _, e := range r.Known {
			if e.Status != Fails && e.Status != NotTried {
				r.Verdict = report.Fail
			}
		}
	}
	if r.Unfit != nil {
		undecided = true
		if r.Unfit.verdict() == report.Fail {
			r.Verdict = report.Fail
		}
	}
	if undecided && r.Verdict == report.Pass {
		r.Verdict = report.Undecided
	}
}

// partial says whether what o selects may miss a failure that is known.
func (o Options) partial() bool { return o.Rule != "" || o.Budget > 0 }
