package report

import (
	"fmt"

	"vmconform/corpus"
	"vmconform/rules"
)

// Unreadable is the entry of a file that could not be judged.
func Unreadable(err error) *File {
	return &File{
		Verdict: Undecided, Error: err.Error(), Roundtrip: NotRun,
		Devices: []Device{}, Queues: []Queue{}, Findings: []Finding{},
	}
}

// Expect compares the report with what the manifest of the corpus says of the
// stream.
func (f *File) Expect(want corpus.Expected) {
	f.Expected = &Expected{Verdict: Verdict(want.Verdict)}
	f.Expected.Why = f.misses(want)
	f.Expected.Agrees = f.Expected.Why == ""
}

// misses says what is not as expected.
func (f *File) misses(want corpus.Expected) string {
	if string(f.Verdict) != want.Verdict {
		return fmt.Sprintf("verdict %s, not %s", f.Verdict, want.Verdict)
	}
	if want.Class != "" && !f.fails(want) {
		return fmt.Sprintf("no error of class %s at its offset", want.Class)
	}
	if f.Verdict == Pass && f.Roundtrip != Identical {
		return fmt.Sprintf("round trip %s", f.Roundtrip)
	}
	elements := map[string]int{}
	for _, q := range f.Queues {
		elements[q.Path] = q.Elements
	}
	for _, q := range want.Queues {
		switch n, ok := elements[q.Path]; {
		case !ok:
			return "no queue " + q.Path
		case n != q.Elements:
			return fmt.Sprintf("%d elements in %s, not %d", n, q.Path, q.Elements)
		}
	}
	for _, path := range want.AbsentQueues {
		if _, ok := elements[path]; ok {
			return "a queue " + path
		}
	}
	devices := map[string]bool{}
	for _, d := range f.Devices {
		devices[d.Name] = true
	}
	for _, name := range want.Devices {
		if !devices[name] {
			return "no device " + name
		}
	}
	return ""
}

func (f *File) fails(want corpus.Expected) bool {
	for _, x := range f.Findings {
		if x.Severity == rules.SeverityError && string(x.Class) == want.Class && (want.Offset == nil || *want.Offset == x.Offset) {
			return true
		}
	}
	return false
}
