package corpus

import (
	"slices"
	"testing"

	"vmconform/rules"
)

// payloadPoints are the points of qemu-behaviour §1 that are about payloads. The
// others are about the container, but for 18 and 19, which are about one device's
// values and about finding an entry.
var payloadPoints = []int{7, 8, 9, 11, 12, 13, 14, 15, 20, 22}

// points ties each of them to the rules that came of it. A rule has a vector that
// is accepted as QEMU writes it, and one that is refused; or, where QEMU's loader
// refuses nothing, one that is accepted with the rule's note.
var points = []struct {
	point          int
	rule           rules.ID
	accepted       string
	refused, noted string
}{
	{7, rules.VersionRange, "version-older", "version-32-bits", ""},
	{8, rules.SubsectionVersion, "subsection-version", "subsection-version-0x103", ""},
	{8, rules.SubsectionVersion256, "subsection-version-255", "", "subsection-version-0x101"},
	{9, rules.SubsectionOrder, "subsections-in-order", "", "subsections-out-of-order"},
	{9, rules.SubsectionRepeated, "subsection-once", "", "subsection-twice"},
	{9, rules.SubsectionKnown, "subsection-name-of-parent", "subsection-unknown", ""},
	{9, rules.SubsectionKnown, "subsection-other-prefix", "subsection-unknown", ""},
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
	{20, rules.CountRange, "count-of-room", "count-negative", ""},
	{20, rules.CountRange, "count-of-room", "buffer-of-2-gib", ""},
	{20, rules.Bounded, "buffer-whole", "buffer-beyond-limit", ""},
	{22, rules.QueueVersion, "queue-version", "queue-version-too-new", ""},
	{22, rules.ListVersion, "list-version", "list-version-too-new", ""},
	{22, rules.TreeVersion, "tree-version", "tree-version-too-new", ""},
}

func TestPointsHaveVectors(t *testing.T) {
	byID := vectors(t)
	judge := func(id string, rule rules.ID, fits func(Vector) bool) {
		t.Helper()
		if v, ok := byID[id]; !ok || v.Rule != string(rule) || !fits(v) {
			t.Errorf("%s is not there, or no such vector of %s", id, rule)
		}
	}
	told := map[int]bool{}
	for _, p := range points {
		told[p.point] = true
		if !slices.Contains(payloadPoints, p.point) {
			t.Errorf("point %d is not about payloads", p.point)
		}
		if _, ok := rules.Lookup(p.rule); !ok {
			t.Errorf("point %d: there is no rule %s", p.point, p.rule)
		}
		judge(p.accepted, p.rule, func(v Vector) bool { return v.Expect == "accept" && v.Note == "" })
		switch {
		case (p.refused == "") == (p.noted == ""):
			t.Errorf("point %d, %s: one of refused and noted is needed", p.point, p.rule)
		case p.refused != "":
			judge(p.refused, p.rule, func(v Vector) bool { return v.Expect == "refuse" })
		default:
			judge(p.noted, p.rule, func(v Vector) bool { return v.Expect == "accept" && v.Note == v.Rule })
		}
	}
	for _, n := range payloadPoints {
		if !told[n] {
			t.Errorf("point %d has no vectors", n)
		}
	}
}
