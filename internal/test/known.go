package test

import (
	"fmt"
	"slices"
	"strings"

	"vmconform/internal/report"
	"vmconform/props"
	"vmconform/rules"
)

// Known are failures that are known, from a file of lines
//
//	RULE FINGERPRINT REASON…
//
// where empty lines and those that begin with # say nothing.
type Known struct {
	list []*KnownEntry
}

// A KnownEntry is one of them.
type KnownEntry struct {
	Rule        rules.ID `json:"rule"`
	Fingerprint string   `json:"fingerprint"`
	Reason      string   `json:"reason"`
	Status      Status   `json:"status"`
}

// A Status says what became of a known failure.
type Status string

// All but the first and the last are errors.
const (
	Fails     Status = "fails"                           // as known
	Passes    Status = "passes"                          // it no longer fails: the entry is to go
	Unmatched Status = "unmatched"                       // there is no such rule or property
	NotTried  Status = "not-tried"                       // the run was partial and did not meet it
	unclear          = "why it fails is to be said here" // the reason of a new entry
)

// ParseKnown reads the file.
func ParseKnown(text []byte) (*Known, error) {
	k := &Known{}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 3 {
			return nil, fmt.Errorf("line %d: not rule, fingerprint and reason", n)
		}
		e := &KnownEntry{Rule: rules.ID(f[0]), Fingerprint: f[1], Reason: strings.Join(f[2:], " ")}
		if k.find(e.Rule, e.Fingerprint) != nil {
			return nil, fmt.Errorf("line %d: %s %s stands there already", n, e.Rule, e.Fingerprint)
		}
		k.list = append(k.list, e)
	}
	return k, nil
}

func (k *Known) find(rule rules.ID, fingerprint string) *KnownEntry {
	for _, e := range k.list {
		if e.Rule == rule && e.Fingerprint == fingerprint {
			return e
		}
	}
	return nil
}

// Match says whether a failure is known, and remembers that it was met.
func (k *Known) Match(rule rules.ID, fingerprint string) bool {
	e := k.find(rule, fingerprint)
	if e == nil {
		return false
	}
	e.Status = Fails
	return true
}

// Entries says what became of each after a run: exists whether there is what an
// entry names, and tried whether the run would have met it.
func (k *Known) Entries(exists, tried func(e KnownEntry) bool) []KnownEntry {
	var list []KnownEntry
	for _, e := range k.list {
		switch {
		case e.Status == Fails:
		case !exists(*e):
			e.Status = Unmatched
		case !tried(*e):
			e.Status = NotTried
		default:
			e.Status = Passes
		}
		list = append(list, *e)
	}
	return list
}

// through says whether a property was tried to its end.
func (r *Report) through(id string) bool {
	for _, p := range r.Properties {
		if p.ID == id {
			return p.Problem == "" && !p.Ended
		}
	}
	return false
}

// property is the name of the one that an entry is of.
func (e KnownEntry) property() string {
	id, _, _ := strings.Cut(e.Fingerprint, ":")
	return id
}

func (e KnownEntry) exists() bool {
	_, isProperty := props.Lookup(e.property())
	_, isRule := rules.Lookup(e.Rule)
	return isProperty && isRule
}

// Update makes of what a full run met the new text of the file: reasons stay, new
// failures ask for one. What no longer fails is left out, and so are comments; what
// could not be tried to its end stays.
func (r *Report) Update() []byte {
	var lines []string
	for _, e := range r.Known {
		if e.Status == Fails || e.Status == NotTried {
			lines = append(lines, fmt.Sprintf("%s %s %s\n", e.Rule, e.Fingerprint, e.Reason))
		}
	}
	for _, p := range r.Properties {
		for _, f := range p.Failures {
			if f.Verdict != report.Fail {
				continue // it may not be there the next time
			}
			lines = append(lines, fmt.Sprintf("%s %s %s\n", f.Rule, f.Fingerprint, unclear))
		}
	}
	slices.Sort(lines)
	return []byte("# Known failures of " + r.Target + ": rule, fingerprint, reason.\n" + strings.Join(lines, ""))
}
