// Package rulebook is `conform rules`: the rules, and the cases that keep and
// break each. Its report is what the command prints, as text or as the JSON of
// docs/rules.schema.json.
package rulebook

import (
	"path"

	"vmconform/internal/report"
	"vmconform/rules"
)

// A Report lists rules in the order of the registry.
type Report struct {
	Tool    string  `json:"tool"`
	Command string  `json:"command"`
	Rules   []Rule  `json:"rules"`
	Totals  *Totals `json:"totals,omitempty"` // where cases are asked for
}

// A Rule is one of the registry.
type Rule struct {
	ID       rules.ID       `json:"id"`
	Severity rules.Severity `json:"severity"`
	Sentence string         `json:"sentence"`
	Source   string         `json:"source"`
	Cases    *Cases         `json:"cases,omitempty"` // where they are asked for
}

// Cases are those of one rule. One that accepts keeps the rule and has nothing
// said of it under it; one that rejects breaks it and has.
type Cases struct {
	Accepting []Case `json:"accepting"`
	Rejecting []Case `json:"rejecting"`
}

// A Case is known by its kind and its id.
type Case struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"`
}

// A Kind of case.
type Kind string

// The kinds of cases.
const (
	Vector   Kind = "vector"   // a payload with its schema: corpus/vectors
	Stream   Kind = "stream"   // a whole stream: corpus/stream-vectors
	Property Kind = "property" // which the reference has
	Defect   Kind = "defect"   // an implementation that is wrong on purpose, and found
	Test     Kind = "test"     // a test in Go, FOLDER.NAME
)

// Totals are of the rules in the report.
type Totals struct {
	Rules   int `json:"rules"`
	Covered int `json:"covered"` // with a case that accepts and one that rejects
	// Cases counts each once, of however many rules it is a case.
	Cases map[Kind]int `json:"cases"`
}

// Match returns the rules whose ids match a glob as path.Match has it, none if
// there is none. The error is one of the glob.
func Match(glob string) (*Report, error) {
	r := &Report{Tool: report.Tool, Command: "rules", Rules: []Rule{}}
	for _, x := range rules.Registry {
		ok, err := path.Match(glob, string(x.ID))
		if err != nil {
			return nil, err
		}
		if ok {
			r.Rules = append(r.Rules, Rule{ID: x.ID, Severity: x.Severity, Sentence: x.Sentence, Source: x.Source})
		}
	}
	return r, nil
}

// Cover adds to each rule its cases.
func (r *Report) Cover() error {
	all, err := collect()
	if err != nil {
		return err
	}
	r.Totals = &Totals{Rules: len(r.Rules), Cases: map[Kind]int{Vector: 0, Stream: 0, Property: 0, Defect: 0, Test: 0}}
	seen := map[Case]bool{}
	for i := range r.Rules {
		c := all[r.Rules[i].ID]
		r.Rules[i].Cases = &c
		if c.whole() {
			r.Totals.Covered++
		}
		for _, list := range [][]Case{c.Accepting, c.Rejecting} {
			for _, x := range list {
				if !seen[x] {
					seen[x] = true
					r.Totals.Cases[x.Kind]++
				}
			}
		}
	}
	return nil
}

func (c *Cases) whole() bool { return len(c.Accepting) > 0 && len(c.Rejecting) > 0 }

// Lacks says that a rule has no case that accepts, or none that rejects.
func (r *Report) Lacks() bool { return r.Totals.Covered < r.Totals.Rules }
