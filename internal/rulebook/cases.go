package rulebook

import (
	"vmconform/corpus"
	"vmconform/props"
	"vmconform/rules"
)

// broken are the rules that no stream can break, or none alone, with
// implementations that do. Each is found by a property that checks the rule.
var broken = []struct {
	rule   rules.ID
	defect string
}{
	{rules.WireInteger, "int16-little-endian"},
	{rules.WireInteger, "uint32-two-bytes"},
	{rules.WireInteger, "int32-unsigned"},
	{rules.WireBitmap, "bitmap-32-bit-words"},
	{rules.FieldOnWire, "fields-of-all-versions"},
	{rules.AbsentKept, "absent-cleared"},
	{rules.CountWhenReached, "count-read-early"},
	{rules.HookCalls, "pre-load-late"},
	{rules.HookCalls, "pre-load-twice"},
	{rules.HookCalls, "post-load-skipped"},
	{rules.HookCalls, "post-load-early"},
	{rules.HookCalls, "pre-save-late"},
	{rules.HookCalls, "post-save-skipped"},
	{rules.TakesNoMore, "rest-swallowed"},
	{rules.TakesNoMore, "rest-refused"},
	{rules.RoundTrip, "marker-missing"},
	{rules.RoundTrip, "newest-too-new"},
	{rules.AllOrNothing, "integer-not-undone"},
	{rules.AllOrNothing, "queue-half-filled"},
	{rules.AllOrNothing, "queue-emptied"},
	{rules.Repeatable, "stale-object"},
	{rules.Repeatable, "save-drains"},
	{rules.Repeatable, "shared-buffer"},
	{rules.Repeatable, "stream-kept"},
	{rules.Repeatable, "stream-cleared"},
	{rules.SubsectionNeeded, "needed-ignored"},
	{rules.QueueOrder, "insert-at-head"},
	{rules.QueueOrder, "save-backwards"},
	{rules.QueueOrder, "last-two-swapped"},
	{rules.QueueLinks, "unchecked-links"},
	{rules.QueueLinks, "unchecked-last"},
	{rules.QueueLinks, "endless-cycle"},
	{rules.ListOrder, "list-reversed"},
	{rules.ListLinks, "cycle-followed"},
	{rules.TreeSorted, "unchecked-tree"},
}

// tested are the rules that neither a stream nor an implementation under test
// can show, with tests that do.
var tested = []struct {
	rule             rules.ID
	accepts, rejects string
}{
	{rules.NoTrailing, "impl/vmstate.TestTrailingData", "impl/vmstate.TestTrailingData"},
	{rules.UsableDescription, "impl/vmsd.TestMacrosAreSaid", "impl/vmstate.TestBadDescriptions"},
	{rules.Wrapping, "internal/input.TestWhatCommandsPack", "internal/input.TestCuts"},
	{rules.LibvirtIncomplete, "internal/input.TestLibvirtImages", "internal/input.TestLibvirt"},
	{rules.Agreement, "internal/check.TestAReferenceThatIsWrong", "internal/check.TestAReferenceThatIsWrong"},
	{rules.Answers, "internal/target.TestTheReferenceBehindTheProtocol", "internal/target.TestRogues"},
	{rules.QueueVariants, "internal/check.TestAReferenceThatIsWrong", "internal/check.TestAReferenceThatIsWrong"},
}

// collect finds the cases of every rule: vectors, streams, properties, defects,
// tests, each in the order in which they are kept.
func collect() (map[rules.ID]Cases, error) {
	all := map[rules.ID]Cases{}
	for _, r := range rules.Registry {
		all[r.ID] = Cases{Accepting: []Case{}, Rejecting: []Case{}}
	}
	accept := func(id rules.ID, k Kind, name string) {
		c := all[id]
		c.Accepting = append(c.Accepting, Case{k, name})
		all[id] = c
	}
	reject := func(id rules.ID, k Kind, name string) {
		c := all[id]
		c.Rejecting = append(c.Rejecting, Case{k, name})
		all[id] = c
	}

	vectors, err := corpus.Vectors()
	if err != nil {
		return nil, err
	}
	for _, v := range vectors {
		if v.Expect == "accept" && v.Note == "" {
			accept(rules.ID(v.Rule), Vector, v.ID)
		} else {
			reject(rules.ID(v.Rule), Vector, v.ID)
		}
	}
	streams, err := corpus.StreamVectors()
	if err != nil {
		return nil, err
	}
	for _, v := range streams {
		for _, id := range v.Rules {
			if v.Expect == "pass" {
				accept(rules.ID(id), Stream, v.ID)
			} else {
				reject(rules.ID(id), Stream, v.ID)
			}
		}
	}
	for _, p := range props.All {
		for _, id := range p.Rules {
			accept(id, Property, p.ID)
		}
	}
	for _, b := range broken {
		reject(b.rule, Defect, b.defect)
	}
	for _, t := range tested {
		accept(t.rule, Test, t.accepts)
		reject(t.rule, Test, t.rejects)
	}
	return all, nil
}
