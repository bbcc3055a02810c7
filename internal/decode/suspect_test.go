package decode_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/rules"
)

// The queue of the stream with three events begins here; an event has 117
// bytes: marker, summary, extended_length (4), extended_log (108).
const (
	queueAt = 2887502
	event   = 1 + 4 + 4 + 108
)

func events(t *testing.T) []byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name == "pseries-3-events-7.2" {
			b, err := e.Open()
			require.NoError(t, err)
			require.Equal(t, []byte{1, 0, 108}, []byte{b[queueAt], b[queueAt+3*event], b[queueAt+8]})
			return b
		}
	}
	t.Fatal("no such stream")
	return nil
}

func suspect(t *testing.T, b []byte) (rules.ID, string, int64) {
	t.Helper()
	var d decode.Decoder
	s, err := savevm.Parse(b, &d, savevm.Options{})
	require.NoError(t, err)
	for section := range s.Sections {
		if x, ok := d.Suspect(section); ok {
			return x.Rule, x.Path, x.Offset
		}
	}
	return "", "", 0
}

func TestSuspect(t *testing.T) {
	const path = "spapr/spapr_pending_events/pending_events"
	check := func(b []byte, wantRule rules.ID, wantPath string, wantOffset int64) {
		t.Helper()
		rule, path, offset := suspect(t, b)
		require.Equal(t, wantRule, rule)
		require.Equal(t, wantPath, path)
		require.Equal(t, wantOffset, offset)
	}
	whole := events(t)
	check(whole, "", "", 0)

	long := append([]byte{}, whole...)
	long[queueAt+event+8]++ // extended_length of the second event
	check(long, rules.VMDescFits, path+"[1]/extended_log", queueAt+event+9)

	endless := append([]byte{}, whole[:queueAt+3*event]...)
	endless = append(endless, whole[queueAt+3*event+1:]...) // no terminator
	check(endless, rules.QueueTerminator, path+"[3]", queueAt+3*event)
}
