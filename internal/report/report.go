// Package report is what the command says: the records of its JSON reports, a
// contract that scripts depend on (docs/check.schema.json), and their text.
package report

import "vmconform/rules"

// Version is the program's, and Tool names it in reports.
const (
	Version = "0.1.0"
	Tool    = "conform " + Version
)

// A Verdict on a stream.
type Verdict string

// The verdicts.
const (
	Pass      Verdict = "pass"
	Fail      Verdict = "fail"
	Undecided Verdict = "undecided"
)

// A Check is the report of `conform check`.
type Check struct {
	Tool    string  `json:"tool"`
	Command string  `json:"command"`
	Verdict Verdict `json:"verdict"`
	Files   []*File `json:"files"`
}

// A File is what was found in one stream. Offsets count from the Q of QEVM.
type File struct {
	Name    string  `json:"file"`
	Verdict Verdict `json:"verdict"`
	Error   string  `json:"error,omitempty"` // why it could not be judged

	Bytes        int64  `json:"bytes"`
	Container    string `json:"container,omitempty"`
	Compression  string `json:"compression,omitempty"`
	StreamOffset *int64 `json:"stream_offset,omitempty"`

	BytesBy   BytesBy   `json:"bytes_by"`
	Roundtrip Roundtrip `json:"roundtrip"`
	Reencoded int64     `json:"reencoded"` // bytes that the engine wrote from memory
	Copied    int64     `json:"copied"`    // bytes that prove nothing: RAM and opaque ones
	VMDesc    *VMDesc   `json:"vmdesc,omitempty"`

	Devices  []Device  `json:"devices"`
	Queues   []Queue   `json:"queues"`
	Variants Variants  `json:"variants"`
	Findings []Finding `json:"findings"`

	Expected *Expected `json:"expected,omitempty"` // of a corpus entry
}

// BytesBy says what the bytes of a stream are; the numbers add up to all.
type BytesBy struct {
	Framing int64 `json:"framing"` // headers, footers, commands, the description
	RAM     int64 `json:"ram"`
	Decoded int64 `json:"decoded"`
	Opaque  int64 `json:"opaque"`
}

// Roundtrip says how loading and saving again went.
type Roundtrip string

// The outcomes.
const (
	Identical Roundtrip = "identical"
	Differs   Roundtrip = "differs"
	NotRun    Roundtrip = "not-run"
)

// A VMDesc says how writing the description again went.
type VMDesc struct {
	Dialect   string    `json:"dialect"`
	Roundtrip Roundtrip `json:"roundtrip"`
	Bytes     int64     `json:"bytes"`
	Reencoded int64     `json:"reencoded"` // that the engine wrote as it saved
	Copied    int64     `json:"copied"`    // of what is not decoded whole
}

// A Device is one section with the state of a device.
type Device struct {
	Name       string `json:"name"`
	InstanceID uint32 `json:"instance_id"`
	Version    uint32 `json:"version"`
	Offset     int64  `json:"offset"` // of the section's type byte
	Size       int64  `json:"size"`   // through the footer
	Decoded    string `json:"decoded"`
}

// A Queue is one queue found in the bytes.
type Queue struct {
	Path     string `json:"path"`
	Kind     string `json:"kind"`
	Elements int    `json:"elements"`
	Offset   int64  `json:"offset"` // of the first marker
	Size     int64  `json:"size"`   // through the terminator
}

// Variants counts what was derived from the queues.
type Variants struct {
	Tried         int           `json:"tried"`
	AsExpected    int           `json:"as_expected"`
	ByExpectation ByExpectation `json:"by_expectation"`
}

// ByExpectation counts variants by the verdict that the rules fix for them.
type ByExpectation struct {
	Accept int `json:"accept"`
	Warn   int `json:"warn"`
	Refuse int `json:"refuse"`
}

// A Finding is one thing to say of a stream.
type Finding struct {
	Rule     rules.ID       `json:"rule"`
	Severity rules.Severity `json:"severity"`
	Class    rules.Class    `json:"class,omitempty"` // of an error
	Path     string         `json:"path"`
	Offset   int64          `json:"offset"`
	Message  string         `json:"message"`
}

// Expected is what the manifest says of a corpus entry.
type Expected struct {
	Verdict Verdict `json:"verdict"`
	Agrees  bool    `json:"agrees"`
	Why     string  `json:"why,omitempty"` // where it does not agree
}

// Add adds a finding. Its severity is the rule's; strict makes an error of a
// warning.
func (f *File) Add(x Finding, strict bool) {
	if x.Severity == "" {
		r, _ := rules.Lookup(x.Rule)
		x.Severity = r.Severity
	}
	if strict && x.Severity == rules.SeverityWarning {
		x.Severity = rules.SeverityError
	}
	f.Findings = append(f.Findings, x)
}

// Has reports whether there is a finding of the given severity.
func (f *File) Has(s rules.Severity) bool {
	for _, x := range f.Findings {
		if x.Severity == s {
			return true
		}
	}
	return false
}
