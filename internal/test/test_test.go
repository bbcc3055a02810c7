package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

// A wrong target gives no note of a queue's markers.
type wrong struct{ props.Subject }

func (wrong) Name() string { return "wrong" }

func (w wrong) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	l, err := w.Subject.Load(s, stream, version)
	l.Notes = slices.DeleteFunc(l.Notes, func(n rules.Note) bool { return n.Rule == rules.QueueMarker })
	return l, err
}

func newWrong() (props.Subject, error) { return wrong{props.Reference()}, nil }

func newRef() (props.Subject, error) { return props.Reference(), nil }

func text(t *testing.T, r *Report) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, r.WriteText(&b, false, false))
	return b.String()
}

func TestTheReferenceHolds(t *testing.T) {
	r, err := Run(Options{Target: newRef, Seed: 1, Cases: 40})
	require.NoError(t, err)
	require.Equal(t, report.Pass, r.Verdict, text(t, r))
	require.Equal(t, len(props.All), len(r.Properties))
	require.Equal(t, 40*len(props.All), r.Cases)
	require.Positive(t, r.Generator.Labels["queue"])
}

// The whole report, with all workers, is the same again.
func TestTheSameSeedGivesTheSameReport(t *testing.T) {
	o := Options{Target: newWrong, Seed: 7, Cases: 60, Rule: "*/marker-*"}
	var out [2]string
	for i := range out {
		r, err := Run(o)
		require.NoError(t, err)
		require.Equal(t, report.Fail, r.Verdict)
		b, err := json.Marshal(r)
		require.NoError(t, err)
		out[i] = string(b) + text(t, r)
	}
	require.Equal(t, out[0], out[1])
}

func TestRuleSelects(t *testing.T) {
	for glob, want := range map[string][]string{
		"subsection/version-mod-256": {"version/subsection"},
		"version/*":                  {"version/argument", "version/subsection", "version/queue", "version/struct"},
		"no/such":                    nil,
	} {
		r, err := Run(Options{Target: newRef, Seed: 1, Cases: 5, Rule: glob})
		require.NoError(t, err)
		var got []string
		for _, p := range r.Properties {
			got = append(got, p.ID)
		}
		require.Equal(t, want, got, glob)
	}
}

func knownOf(t *testing.T, lines ...string) *Known {
	t.Helper()
	k, err := ParseKnown([]byte(strings.Join(lines, "\n")))
	require.NoError(t, err)
	return k
}

// What is known is passed over, and only that; what no longer fails is an error.
func TestKnown(t *testing.T) {
	const (
		marker = "qtailq/marker-canonical links/marker-values:load:notes"
		none   = "vmstate/round-trip round-trip:save:panics"
	)
	run := func(o Options) *Report {
		o.Seed, o.Cases = 3, 80
		r, err := Run(o)
		require.NoError(t, err)
		return r
	}
	o := Options{Target: newWrong}
	all := run(o)
	require.Equal(t, report.Fail, all.Verdict)
	failures := 0
	for _, p := range all.Properties {
		failures += len(p.Failures)
	}
	require.Greater(t, failures, 1)

	o.Known = knownOf(t, "# of people", "", marker+" as posted in 2016")
	r := run(o)
	require.Equal(t, []KnownEntry{{"qtailq/marker-canonical", "links/marker-values:load:notes", "as posted in 2016", Fails}}, r.Known)
	require.NotContains(t, text(t, r), "links/marker-values:load:notes")

	// All that fails is known after an update, which keeps the reason.
	o.Known = knownOf(t, string(r.Update()))
	again := run(o)
	require.Equal(t, report.Pass, again.Verdict, text(t, again))
	require.Len(t, again.Known, failures)
	require.Equal(t, string(r.Update()), string(again.Update()))
	require.Contains(t, string(again.Update()), marker+" as posted in 2016\n")

	for _, c := range []struct {
		line    string
		o       Options
		verdict report.Verdict
		status  Status
	}{
		{none, Options{}, report.Fail, Passes},
		{none, Options{Rule: "version/argument"}, report.Pass, NotTried},
		{"vmstate/round-trip no-property:save:panics", Options{Rule: "version/argument"}, report.Fail, Unmatched},
		{"vmstate/no-rule round-trip:save:panics", Options{}, report.Fail, Unmatched},
	} {
		c.o.Target, c.o.Known = newRef, knownOf(t, c.line+" some reason")
		r := run(c.o)
		require.Equal(t, c.status, r.Known[0].Status, c.line)
		require.Equal(t, c.verdict, r.Verdict, c.line)
		require.Contains(t, text(t, r), string(c.status), c.line)
	}
}

func TestParseKnownRefuses(t *testing.T) {
	for _, bad := range []string{
		"rule fingerprint",
		"rule",
		"rule fingerprint reason\nrule fingerprint another reason",
	} {
		_, err := ParseKnown([]byte(bad))
		require.ErrorContains(t, err, "line ", bad)
	}
}

func TestReplay(t *testing.T) {
	r, err := Run(Options{Target: newWrong, Seed: 3, Cases: 80, Rule: "links/marker-values"})
	require.NoError(t, err)
	f := r.Properties[0].Failures[0]
	c, err := props.ParseToken(f.Token)
	require.NoError(t, err)
	again, err := Replay(c, newWrong)
	require.NoError(t, err)
	require.Equal(t, report.Fail, again.Verdict)
	f.Seed, f.Case = 0, 0
	require.Equal(t, &f, again.Failure)
	right, err := Replay(c, newRef)
	require.NoError(t, err)
	require.Equal(t, report.Pass, right.Verdict)
	require.Nil(t, right.Failure)

	// Links that cannot be broken are no answer.
	c.Do = props.SaveBroken
	_, err = Replay(c, func() (props.Subject, error) { return struct{ props.Subject }{props.Reference()}, nil })
	require.Error(t, err)
}

// A case becomes a vector that says the same.
func TestVectorOfACase(t *testing.T) {
	r, err := Run(Options{Target: newWrong, Seed: 3, Cases: 80, Rule: "qtailq/marker-canonical"})
	require.NoError(t, err)
	vectors := 0
	for _, p := range r.Properties {
		for _, f := range p.Failures {
			c, err := props.ParseToken(f.Token)
			require.NoError(t, err)
			v, err := c.Vector()
			if err != nil {
				continue
			}
			vectors++
			back, err := corpus.ParseVector(v.Bytes())
			require.NoError(t, err)
			require.Equal(t, v, back)
			require.Equal(t, c.Stream[:c.Consumed], v.Payload)
			require.Equal(t, string(c.Notes[0].Rule), v.Note)
			schema, err := model.UnmarshalSchema([]byte(v.Schema))
			require.NoError(t, err)
			want, err := model.UnmarshalValue(schema, []byte(v.Value))
			require.NoError(t, err)
			require.True(t, model.Equal(want, c.Value))
		}
	}
	require.Positive(t, vectors)
}
