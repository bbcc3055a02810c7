package check

import (
	"bytes"
	"fmt"
	"slices"

	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// runStates are the names that globalstate may carry: qapi/run-state.json
// RunState, as query-qmp-schema of 7.2 and of 10.0 gives them.
var runStates = []string{
	"debug", "inmigrate", "internal-error", "io-error", "paused", "postmigrate", "prelaunch", "finish-migrate",
	"restore-vm", "running", "save-vm", "shutdown", "suspended", "watchdog", "guest-panicked", "colo",
}

// globalState looks at the one device whose values every QEMU has to know: the
// state of the machine as it was saved.
func (c *checker) globalState(s *savevm.Section, d *decode.Section) {
	if s.Name != "globalstate" {
		return
	}
	fields := map[string]model.Span{}
	for _, span := range d.Loaded.Spans {
		fields[span.Path] = span
	}
	state, ok := fields["runstate"].Value.(model.Bytes)
	if !ok {
		return
	}
	name, _, _ := bytes.Cut(state, []byte{0})
	if !slices.Contains(runStates, string(name)) {
		c.add(report.Broken(&rules.Error{
			Class: rules.OutOfRange, Rule: rules.RunState, Path: "runstate", Offset: fields["runstate"].Offset,
			Detail: fmt.Sprintf("QEMU has no run state %q", name),
		}, s.PayloadOffset, s.Path()))
		return
	}
	if size, ok := fields["size"].Value.(model.Uint); ok && size != model.Uint(len(name)+1) {
		c.note(rules.Note{
			Rule: rules.RunStateSize, Path: "size", Offset: fields["size"].Offset,
			Detail: fmt.Sprintf("%d, for a name of %s", size, plural(len(name), "byte")),
		}, s.PayloadOffset, s.Path())
	}
}
