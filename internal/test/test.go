// Package test is `conform test`: the properties over a target, what breaks them,
// and which of that is known.
package test

import (
	"flag"
	"hash/fnv"
	"math"
	"path"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"vmconform/internal/report"
	"vmconform/props"
	"vmconform/props/gen"
	"vmconform/rules"
)

// Options say what is tried.
type Options struct {
	Target func() (props.Subject, error) // makes one for each that works at the same time
	Seed   uint64                        // to MaxSeed
	Cases  int                           // a property; 0 for as many as the budget allows
	Budget time.Duration                 // for all; 0 for none
	Rule   string                        // glob over rules and properties; "" for all
	Known  *Known                        // nil for none
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
	Seed       uint64         `json:"seed"`
	Cases      int            `json:"cases"` // drawn in all
	Properties []Property     `json:"properties"`
	Known      []KnownEntry   `json:"known,omitempty"`
	Generator  Generator      `json:"generator"`
}

// A Property is how one went.
type Property struct {
	ID        string         `json:"id"`
	Sentence  string         `json:"sentence"`
	Rules     []rules.ID     `json:"rules"`
	Verdict   report.Verdict `json:"verdict"`
	Cases     int            `json:"cases"`             // drawn
	Tried     int            `json:"tried"`             // those of them that asked the target anything
	Ended     bool           `json:"ended,omitempty"`   // by the budget or a hang
	Problem   string         `json:"problem,omitempty"` // why there is no verdict
	Failures  []Failure      `json:"failures"`
	discarded int
	health    gen.Health
}

// A Failure is one way in which a property is broken.
type Failure struct {
	Rule        rules.ID `json:"rule"`
	Fingerprint string   `json:"fingerprint"`
	What        string   `json:"what"`
	Diff        []string `json:"diff"`
	Seed        uint64   `json:"seed,omitempty"` // draws the first case that fails so
	Case        int      `json:"case,omitempty"` // its number, from 1
	Text        string   `json:"text"`           // the smallest case
	Token       string   `json:"token"`          // the same, for `conform replay`
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

// Skipped is the verdict on a property that cannot be tried on a target at all.
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
	workers := min(runtime.GOMAXPROCS(0), len(selected))
	targets := make([]props.Subject, workers)
	for i := range targets {
		var err error
		if targets[i], err = o.Target(); err != nil {
			return nil, err
		}
	}
	r.Target = targets[0].Name()
	next := make(chan int)
	var mu sync.Mutex // of Case and of Known
	var all sync.WaitGroup
	for _, target := range targets {
		all.Go(func() {
			for i := range next {
				r.Properties[i] = o.try(selected[i], target, o.Budget*time.Duration(workers)/time.Duration(len(selected)), &mu)
			}
		})
	}
	for i := range selected {
		next <- i
	}
	close(next)
	all.Wait()
	r.sum(o)
	return r, nil
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

// try tries one property.
func (o Options) try(p props.Property, target props.Subject, budget time.Duration, mu *sync.Mutex) Property {
	out := Property{ID: p.ID, Sentence: p.Sentence, Rules: p.Rules, Verdict: report.Pass, Failures: []Failure{}}
	if !p.Asks(target) {
		out.Verdict, out.Problem = Skipped, "the target cannot be asked for what it needs"
		return out
	}
	options := props.Options{Seed: o.Seed + seedOf(p.ID), Cases: o.Cases, Drawn: out.health.Add}
	if o.Known != nil {
		options.Known = func(f *props.Failure) bool {
			mu.Lock()
			defer mu.Unlock()
			return o.Known.match(f)
		}
	}
	if o.Cases == 0 {
		options.Cases = math.MaxInt
	}
	if o.Budget > 0 {
		end := time.Now().Add(budget)
		options.Until = func() bool { return time.Now().After(end) }
	}
	if o.Case != nil {
		done := 0
		options.Begun = func() {
			mu.Lock()
			defer mu.Unlock()
			o.Case(p.ID, done)
			done++
		}
	}
	got := props.Run(p, target, options)
	out.Cases, out.Tried, out.Ended, out.discarded = got.Cases, got.Tried, got.Ended, got.Discarded
	for _, f := range got.Found {
		failure := failureOf(f.Failure)
		failure.Seed, failure.Case = f.Seed, f.Case
		out.Failures = append(out.Failures, failure)
		out.Verdict = report.Fail
	}
	if got.Problem != "" {
		out.Verdict, out.Problem = report.Undecided, got.Problem
	}
	return out
}

func failureOf(f *props.Failure) Failure {
	return Failure{
		Rule: f.Rule, Fingerprint: f.Fingerprint(), What: f.What, Diff: append([]string{}, f.Diff...),
		Text: string(f.Text()), Token: f.Token(),
	}
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
	g.Cases, g.Labels, g.Depth, g.Elements, g.Bytes = health.Cases, health.Labels, health.Depth, health.Elements, health.Bytes
	if o.Known != nil {
		r.Known = o.Known.entries(r, o.partial())
		for _, e := range r.Known {
			if e.Status != Fails && e.Status != NotTried {
				r.Verdict = report.Fail
			}
		}
	}
	if undecided && r.Verdict == report.Pass {
		r.Verdict = report.Undecided
	}
}

// partial says whether what o selects may miss a failure that is known.
func (o Options) partial() bool { return o.Rule != "" || o.Budget > 0 }
