package live

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/internal/qmp"
	"vmconform/internal/report"
	"vmconform/internal/test"
	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

func stream(t *testing.T, name string) []byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name == name {
			b, err := e.Open()
			require.NoError(t, err)
			return b
		}
	}
	t.Fatal("no such stream: ", name)
	return nil
}

func baseOf(t *testing.T, name string) *base {
	t.Helper()
	b, err := newBase(stream(t, name))
	require.NoError(t, err)
	return b
}

// What the rules fix for a variant is what reference and model make of it, without
// any QEMU. The streams of pseries are large, so few are made of them but for what
// only they have: elements with a size.
func TestRulesFixTheVerdict(t *testing.T) {
	met := map[*shape]bool{}
	for _, c := range []struct {
		name          string
		each, lengths int
	}{
		{"pseries-3-events-7.2", 1, 12}, {"pseries-3-events-10.0", 1, 1}, {"s390x-3-crws-7.2", 40, 40}, {"s390x-3-crws-10.0", 5, 5}, {"none-7.2", 5, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := baseOf(t, c.name)
			require.Equal(t, !strings.HasPrefix(c.name, "none"), len(b.queues) == 1)
			for _, kind := range kinds {
				seen := map[[sha256.Size]byte]bool{}
				each := c.each
				if kind == "length" {
					each = c.lengths
				}
				for i := range each {
					v := b.draw(1, kind, i, seen)
					if v == nil {
						continue
					}
					met[v.shape] = true
					for who, m := range map[string]mind{"model": modelMind, "reference": referenceMind} {
						require.Empty(t, b.opinion(v.stream, m).misses(v, b), "%s %s (%s) %s", v.id, v.shape.id(), v.what, who)
					}
				}
			}
		})
	}
	for i := range shapes {
		if s := &shapes[i]; !met[s] && s.id() != "double:subsection-taken" {
			t.Errorf("%s is not drawn", s.id())
		}
	}
}

// The subsection spapr_option_vector_ov5_cas ends with a struct spapr_option_vector,
// which takes what follows for a subsection of its own.
func TestTakenSubsection(t *testing.T) {
	b := baseOf(t, "pseries-3-events-7.2")
	n := 0
	for _, p := range b.subsections() {
		if taken := p.takes(p.span.Schema.Name); taken {
			require.Equal(t, "spapr_option_vector_ov5_cas", p.span.Schema.Name)
			n++
		}
	}
	require.Equal(t, 1, n)
}

// The same seed draws the same, and the one that is asked for is the one of the
// whole run.
func TestDrawnAgain(t *testing.T) {
	b := baseOf(t, "s390x-3-crws-7.2")
	all := func(o Options) (ids []string, streams [][]byte) {
		d, err := o.drawer(b)
		require.NoError(t, err)
		for v := d.next(); v != nil; v = d.next() {
			ids, streams = append(ids, v.id), append(streams, v.stream)
		}
		return ids, streams
	}
	ids, streams := all(Options{Seed: 7, Variants: 60})
	require.Len(t, ids, 60)
	again, same := all(Options{Seed: 7, Variants: 60})
	require.Equal(t, ids, again)
	require.Equal(t, streams, same)
	_, others := all(Options{Seed: 8, Variants: 60})
	require.NotEqual(t, streams, others)
	for _, i := range []int{0, 33, 59} {
		one, s := all(Options{Seed: 7, Variants: 1, Only: ids[i]})
		require.Equal(t, ids[i:i+1], one)
		require.True(t, bytes.Equal(streams[i], s[0]))
	}
	ids, _ = all(Options{Seed: 7, Variants: 60, Rule: "marker:*"})
	require.Len(t, ids, 60)
	for _, id := range ids {
		require.True(t, strings.HasPrefix(id, "marker/"), id)
	}
	ids, _ = all(Options{Seed: 7, Variants: 5, Rule: string(rules.SubsectionOrder)})
	require.Equal(t, []string{"swap/0", "swap/1", "swap/2", "swap/3", "swap/4"}, ids)
	for _, bad := range []string{"marker", "nothing/1", "marker/-1", "marker/01", "marker/x"} {
		d, err := Options{Seed: 7, Only: bad}.drawer(b)
		require.True(t, err != nil || d.next() == nil, bad)
	}
}

// The first queues that are made have 1, 2, 17 and 500 elements.
func TestMadeQueues(t *testing.T) {
	b := baseOf(t, "pseries-3-events-7.2")
	for n, want := range []int{1, 2, 17, 500} {
		v := b.draw(3, "made", n, map[[sha256.Size]byte]bool{})
		require.Len(t, v.elements(b.queues[0]), want)
	}
}

// The answers of a QEMU to variants of each expectation.
func TestMisses(t *testing.T) {
	says := func(v Expect) answer { return answer{Opinion: Opinion{Verdict: v}} }
	lost := answer{Opinion: Opinion{Verdict: Accept}, again: "q has no element, not 1"}
	for _, c := range []struct {
		expect Expect
		answer answer
		want   string
	}{
		{Accept, says(Accept), ""}, {Accept, says(Refuse), "refuses"}, {Accept, lost, "elements"}, {Accept, says(Abort), "aborts"}, {Accept, says(Timeout), "silent"},
		{Warn, says(Accept), "accepts"}, {Warn, says(Refuse), "refuses"}, {Warn, lost, "elements"}, {Warn, says(Abort), "aborts"},
		{Refuse, says(Refuse), ""}, {Refuse, says(Accept), "accepts"}, {Refuse, says(Abort), "aborts"}, {Refuse, says(Timeout), "silent"},
		{Open, says(Accept), ""}, {Open, says(Refuse), ""}, {Open, says(Abort), "aborts"}, {Open, says(Timeout), "silent"},
	} {
		kind, what := c.answer.misses(&variant{shape: &shape{expect: c.expect, rule: rules.QueueMarker}})
		require.Equal(t, c.want, kind, "%s, %s", c.expect, c.answer.Verdict)
		require.Equal(t, kind == "" || kind == "silent", what == "")
	}
}

// Who stands alone.
func TestAlone(t *testing.T) {
	b := baseOf(t, "none-7.2")
	for _, c := range []struct {
		qemu, reference, model Expect
		want                   props.Alone
	}{
		{Accept, Accept, Accept, props.CaseAlone}, {Accept, Warn, Warn, props.CaseAlone}, {Refuse, Refuse, Refuse, props.CaseAlone},
		{Refuse, Accept, Warn, props.TargetAlone}, {Abort, Refuse, Refuse, props.TargetAlone}, {Timeout, Refuse, Refuse, props.TargetAlone},
		{Refuse, Accept, Refuse, props.ReferenceAlone}, {Accept, Warn, Refuse, props.ModelAlone}, {Abort, Accept, Refuse, props.NobodyAlone},
	} {
		x := outcome{
			variant: variant{shape: &shapes[0]}, qemu: answer{Opinion: Opinion{Verdict: c.qemu}},
			reference: Opinion{Verdict: c.reference}, model: Opinion{Verdict: c.model},
		}
		x.judge(b)
		require.Equal(t, c.want, x.alone, c)
	}
}

// Each line that is shipped names a shape with its rule, and has a reason.
func TestShipped(t *testing.T) {
	var texts []string
	for _, v := range []qmp.Version{{Major: 7, Minor: 2}, {Major: 10}, {Major: 11, Minor: 1}} {
		text := Shipped(v)
		k, err := test.ParseKnown(text)
		require.NoError(t, err)
		for _, e := range k.Entries(knownShape, func(test.KnownEntry) bool { return false }) {
			require.Equal(t, test.NotTried, e.Status, e.Fingerprint)
		}
		texts = append(texts, string(text))
	}
	require.NotEmpty(t, texts[0])
	require.Empty(t, Shipped(qmp.Version{Major: 2, Minor: 3}))
	for i := range shapes {
		if s := &shapes[i]; s.expect == Warn {
			require.Contains(t, texts[0], fmt.Sprintf("%s %s:accepts ", s.rule, s.id()))
		}
	}
	for _, c := range []struct {
		versions     string
		major, minor int
		want         bool
	}{
		{"7.2..", 7, 2, true}, {"7.2..", 7, 1, false}, {"7.2..", 10, 0, true}, {"7.2..9.1", 9, 1, true}, {"7.2..9.1", 9, 2, false}, {"2.11..2.12", 2, 9, false},
	} {
		got, err := covers(c.versions, qmp.Version{Major: c.major, Minor: c.minor})
		require.NoError(t, err)
		require.Equal(t, c.want, got, c)
	}
	for _, bad := range []string{"7.2", "..7.2", "7.x..", "7.2..x"} {
		_, err := covers(bad, qmp.Version{Major: 7})
		require.Error(t, err, bad)
	}
}

// What is counted, and what of it makes the verdict.
func TestReport(t *testing.T) {
	b := baseOf(t, "none-7.2")
	at := func(id string) *shape {
		for i := range shapes {
			if shapes[i].id() == id {
				return &shapes[i]
			}
		}
		t.Fatal(id)
		return nil
	}
	came := func(id string, n int, a answer, ours Expect) outcome {
		s := at(id)
		x := outcome{variant: variant{id: fmt.Sprintf("%s/%d", s.kind, n), shape: s}, qemu: a}
		x.reference = Opinion{Verdict: ours, warned: []rules.ID{s.rule}, values: map[*device]*model.Struct{}}
		x.model = x.reference
		x.judge(b)
		return x
	}
	says := func(v Expect) answer { return answer{Opinion: Opinion{Verdict: v}} }
	run := func(text string, partial bool, list ...outcome) *Report {
		k, err := test.ParseKnown([]byte(text))
		require.NoError(t, err)
		o := Options{Command: "qemu 'x'", Known: k}
		r := newReport(o, "7.2.22", b)
		r.add(o, list, partial)
		return r
	}
	marker := "qtailq/marker-canonical marker:not-01:accepts why\n"
	agree, canonical := came("footer:missing", 0, says(Refuse), Refuse), came("marker:not-01", 0, says(Accept), Warn)

	r := run(marker, false, agree, canonical, came("version:section-old", 0, says(Refuse), Refuse))
	require.Equal(t, report.Pass, r.Verdict)
	require.Equal(t, Counts{Variants: 3, Accepted: 1, Agree: 1, Listed: 1, NotDescribed: 1}, r.Counts)
	require.Empty(t, r.Findings)
	require.Equal(t, test.Fails, r.Known[0].Status)

	r = run("", false, agree, canonical, came("marker:not-01", 1, says(Accept), Warn))
	require.Equal(t, report.Fail, r.Verdict)
	require.Equal(t, Counts{Variants: 3, Accepted: 2, Agree: 1, Differ: 2}, r.Counts)
	require.Len(t, r.Findings, 1)
	require.Equal(t, 2, r.Findings[0].Times)
	require.Equal(t, `conform test --target 'qemu:qemu '\''x'\''' --seed 0 --variant marker/0 --keep FILE`, r.Findings[0].Repeat)

	// One that no longer differs is an error, unless it was not tried, or depends.
	require.Equal(t, report.Pass, run(marker, false, agree).Verdict)
	require.Equal(t, test.NotTried, run(marker, false, agree).Known[0].Status)
	refuses := came("marker:not-01", 0, says(Refuse), Warn)
	require.Equal(t, test.Passes, run(marker, false, refuses).Known[0].Status)
	require.Equal(t, test.NotTried, run(marker, true, refuses).Known[0].Status)
	aborts := "container/footer footer:missing:aborts why\n"
	require.Equal(t, report.Pass, run(aborts, false, agree).Verdict)
	r = run("container/footer nothing:missing:aborts why\n", true, agree)
	require.Equal(t, report.Fail, r.Verdict)
	require.Equal(t, test.Unmatched, r.Known[0].Status)

	r = run(marker, true, canonical, came("footer:missing", 0, says(Timeout), Refuse))
	require.Equal(t, report.Undecided, r.Verdict)
	require.Equal(t, 1, r.Undecided)

	// That QEMU does as is known does not hide that one of ours does not.
	wrong := came("marker:not-01", 0, says(Accept), Refuse)
	r = run(marker, true, wrong)
	require.Equal(t, report.Fail, r.Verdict)
	require.Contains(t, r.Findings[0].What, "the reference refuses it")
}

func noKnown(t *testing.T) *test.Known {
	t.Helper()
	k, err := test.ParseKnown(nil)
	require.NoError(t, err)
	return k
}
