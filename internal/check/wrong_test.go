package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/bind"
	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// A wrongReference changes what the reference answers.
type wrongReference struct {
	bind.Reference
	loads     func(l *model.Loaded, err *error)       // of a variant
	described func(l *model.Loaded, s *vmstate.Saved) // of a section
}

func (w *wrongReference) Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	l, err := w.Reference.Load(s, stream, version)
	if w.loads != nil {
		w.loads(&l, &err)
	}
	return l, err
}

func (w *wrongReference) LoadAndDescribe(d *bind.Described, stream []byte, version uint32, in *vmstate.Dialect) (model.Loaded, vmstate.Saved, error) {
	l, s, err := w.Reference.LoadAndDescribe(d, stream, version, in)
	if w.described != nil {
		w.described(&l, &s)
	}
	return l, s, err
}

// Where reference and model are of two opinions, or the reference saves other
// bytes than it loaded, a good stream shows it.
func TestAReferenceThatIsWrong(t *testing.T) {
	entries, err := corpus.Entries()
	require.NoError(t, err)
	i := slices.IndexFunc(entries, func(e corpus.Entry) bool { return e.Name == "s390x-3-crws-10.0" })
	b, err := entries[i].Open()
	require.NoError(t, err)

	for name, c := range map[string]struct {
		wrong *wrongReference
		rule  rules.ID
		path  string // of every finding, or what it begins with
	}{
		"right": {wrong: &wrongReference{}},
		"one byte more": {
			&wrongReference{described: func(l *model.Loaded, _ *vmstate.Saved) { l.Consumed++ }}, rules.Agreement, "",
		},
		"another value": {
			&wrongReference{described: func(l *model.Loaded, _ *vmstate.Saved) {
				if v, ok := l.Value.Fields[0].(model.List); ok && len(v) == 3 {
					slices.Reverse(v) // the three crws
				}
			}}, rules.Agreement, "s390_css",
		},
		"a note": {
			&wrongReference{described: func(l *model.Loaded, _ *vmstate.Saved) { l.Notes = append(l.Notes, rules.Note{}) }}, rules.Agreement, "",
		},
		"saves another byte": {
			&wrongReference{described: func(_ *model.Loaded, s *vmstate.Saved) { s.Stream[len(s.Stream)-1] ^= 1 }}, rules.RoundTrip, "",
		},
		"accepts everything": {
			&wrongReference{loads: func(_ *model.Loaded, err *error) { *err = nil }}, rules.QueueVariants, "",
		},
		"notes nothing": {
			&wrongReference{loads: func(l *model.Loaded, _ *error) { l.Notes = nil }}, rules.QueueVariants, "s390_css/pending_crws",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := stream(&savevm.Source{Bytes: b}, Options{}, c.wrong)
			require.NoError(t, err)
			if c.rule == "" {
				require.Empty(t, f.Findings)
				require.Equal(t, report.Pass, f.Verdict)
				return
			}
			require.NotEmpty(t, f.Findings)
			require.Equal(t, report.Fail, f.Verdict)
			for _, x := range f.Findings {
				require.Equal(t, c.rule, x.Rule, "%v", x)
				require.Equal(t, rules.SeverityError, x.Severity)
				require.True(t, strings.HasPrefix(x.Path, c.path), "%v", x)
			}
		})
	}
}
