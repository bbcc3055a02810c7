package corpus

import (
	"slices"
	"testing"

	"vmconform/rules"
)

// lastPoint is the last point of qemu-behaviour §1.
const lastPoint = 22

// points ties each of them to the rules that came of it. A rule has a vector, of a
// payload or of a whole stream, that is accepted as QEMU writes it, and one that is
// refused; or, where QEMU's loader refuses nothing, one that is accepted with
// something said of it under the rule.
var points = []struct {
	point          int
	rule           rules.ID
	accepted       string
	refused, noted string
}{
	{1, rules.MachineName, "machine-name-prefix", "", "machine-name-empty"},
	{1, rules.MachineName, "machine-name-prefix", "", "machine-name-nul"},
	{2, rules.ConfigurationOnce, "machine-none", "configuration-twice", ""},
	{3, rules.SectionRepeated, "machine-none", "", "section-twice"},
	{3, rules.SectionEnded, "machine-none", "", "section-without-end"},
	{4, rules.SectionKnown, "section-id-any", "section-id-never-started", ""},
	{5, rules.SectionFooter, "machine-none", "footer-missing", ""},
	{5, rules.SectionFooter, "machine-none", "footer-of-another", ""},
	{5, rules.SectionType, "machine-none", "footer-stray", ""},
	{6, rules.SectionName, "machine-none", "idstr-empty", ""},
	{6, rules.SectionNameNUL, "machine-none", "", "idstr-nul"},
	{7, rules.VersionRange, "version-older", "version-32-bits", ""},
	{8, rules.SubsectionVersion, "subsection-version", "subsection-version-0x103", ""},
	{8, rules.SubsectionVersion256, "subsection-version-255", "", "subsection-version-0x101"},
	{9, rules.SubsectionOrder, "subsections-in-order", "", "subsections-out-of-order"},
	{9, rules.SubsectionRepeated, "subsection-once", "", "subsection-twice"},
	{9, rules.SubsectionKnown, "subsection-name-of-parent", "subsection-unknown", ""},
	{9, rules.SubsectionKnown, "subsection-other-prefix", "subsection-unknown", ""},
	{10, rules.VMDescAbsent, "machine-none", "", "description-absent"},
	{10, rules.VMDescTruncated, "machine-none", "", "description-cut"},
	{10, rules.VMDescSyntax, "machine-none", "", "description-garbled"},
	{10, rules.TrailingBytes, "machine-none", "", "description-and-more"},
	{11, rules.StreamEOF, "machine-none", "end-missing", ""},
	{11, rules.ItemComplete, "integer-whole", "integer-cut", ""},
	{11, rules.QueueTerminator, "pending-events-empty", "pending-events-unterminated", ""},
	{11, rules.ListTerminator, "list-terminated", "list-unterminated", ""},
	{11, rules.TreeTerminator, "tree-terminated", "tree-unterminated", ""},
	{12, rules.QueueMarker, "queue-marker-01", "", "queue-marker-05"},
	{12, rules.QueueMarker, "queue-marker-01", "", "pending-events-marker-02"},
	{12, rules.QueueMarker, "queue-marker-01", "", "queue-marker-80"},
	{12, rules.ListMarker, "list-marker-01", "", "list-marker-ff"},
	{12, rules.TreeMarker, "tree-marker-01", "", "tree-marker-02"},
	{13, rules.BoolCanonical, "bool-01", "", "bool-80"},
	{14, rules.TreeCount, "tree-count", "tree-count-exceeded", ""},
	{14, rules.TreeCount, "tree-count", "tree-count-not-reached", ""},
	{14, rules.TreeDuplicate, "tree-keys-differ", "", "tree-key-twice"},
	{14, rules.TreeOrder, "tree-keys-in-order", "", "tree-keys-out-of-order"},
	{15, rules.UnusedZero, "unused-zeros", "", "unused-not-zero"},
	{15, rules.Int32LE, "int32-le-most", "int32-le-negative", ""},
	{16, rules.Command, "commands", "command-12", ""},
	{16, rules.SwitchoverOnce, "commands", "", "switchover-twice"},
	{17, rules.RAMRecord, "ram-zero-pages", "ram-two-flags", ""},
	{17, rules.RAMRecord, "ram-zero-pages", "ram-no-flag", ""},
	{18, rules.RunState, "machine-none", "run-state-unknown", ""},
	{18, rules.RunStateSize, "machine-none", "", "run-state-size"},
	{19, rules.SectionInstance, "machine-none", "", "instance-id-any"},
	{20, rules.CountRange, "count-of-room", "count-negative", ""},
	{20, rules.CountRange, "count-of-room", "buffer-of-2-gib", ""},
	{20, rules.Bounded, "buffer-whole", "buffer-beyond-limit", ""},
	{21, rules.StreamEmpty, "machine-none", "empty", ""},
	{22, rules.QueueVersion, "queue-version", "queue-version-too-new", ""},
	{22, rules.ListVersion, "list-version", "list-version-too-new", ""},
	{22, rules.TreeVersion, "tree-version", "tree-version-too-new", ""},
}

// cases are what is to become of the vectors, by id: accepted, refused, or noted.
func cases(t *testing.T) (become map[string]string, of map[string][]string) {
	t.Helper()
	become, of = map[string]string{}, map[string][]string{}
	for id, v := range vectors(t) {
		become[id], of[id] = v.Expect, []string{v.Rule}
		if v.Note != "" {
			become[id], of[id] = "note", []string{v.Note}
		}
	}
	streams, err := StreamVectors()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range streams {
		if become[v.ID] != "" {
			t.Errorf("two vectors are called %s", v.ID)
		}
		become[v.ID] = map[string]string{"pass": "accept", "warn": "note", "fail": "refuse", "none": "refuse"}[v.Expect]
		of[v.ID] = v.Rules
	}
	return become, of
}

func TestPointsHaveVectors(t *testing.T) {
	become, of := cases(t)
	judge := func(id string, rule rules.ID, want string) {
		t.Helper()
		if become[id] != want || !slices.Contains(of[id], string(rule)) {
			t.Errorf("%s is not there, or no such vector of %s", id, rule)
		}
	}
	told := map[int]bool{}
	for _, p := range points {
		told[p.point] = true
		if _, ok := rules.Lookup(p.rule); !ok {
			t.Errorf("point %d: there is no rule %s", p.point, p.rule)
		}
		judge(p.accepted, p.rule, "accept")
		switch {
		case (p.refused == "") == (p.noted == ""):
			t.Errorf("point %d, %s: one of refused and noted is needed", p.point, p.rule)
		case p.refused != "":
			judge(p.refused, p.rule, "refuse")
		default:
			judge(p.noted, p.rule, "note")
		}
	}
	for n := 1; n <= lastPoint; n++ {
		if !told[n] {
			t.Errorf("point %d has no vectors", n)
		}
	}
	if len(told) != lastPoint {
		t.Errorf("there are %d points, not %d", lastPoint, len(told))
	}
}
