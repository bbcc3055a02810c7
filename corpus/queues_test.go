package corpus_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

// queueAt says where the first marker of a queue stands, by the bytes before it,
// and how long an element is. It is all that is needed to count by hand.
var queueAt = map[string]struct {
	before string
	length func(element []byte) int
}{
	"spapr/spapr_pending_events/pending_events": {
		before: "\x05\x14spapr_pending_events\x00\x00\x00\x01",
		length: func(e []byte) int { return 8 + int(binary.BigEndian.Uint32(e[4:])) },
	},
	"s390_css/pending_crws": {
		before: "\x08s390_css\x00\x00\x00\x00\x00\x00\x00\x01",
		length: func([]byte) int { return 4 },
	},
	"uefi-vars-sysbus/state/variables": {
		// instance 0, version 0, then 22 bytes of fields and the storage used
		before: "\x10uefi-vars-sysbus\x00\x00\x00\x00\x00\x00\x00\x00" + string(make([]byte, 22)),
		length: func(e []byte) int {
			return 16 + 12 + int(binary.BigEndian.Uint32(e[16:])+binary.BigEndian.Uint32(e[20:])) + 11
		},
	},
}

// used is the length of the counter that stands before the UEFI variables.
var used = map[string]int{"uefi-vars-sysbus/state/variables": 8}

// The manifest's numbers come from the recording commands; the bytes say the
// same.
func TestQueuesHaveTheExpectedElements(t *testing.T) {
	counted := 0
	for _, e := range entries(t) {
		for _, queue := range e.Expected.Queues {
			require.Equal(t, queue.Elements, count(t, e, queue.Path), e.Name)
			counted++
		}
		for _, path := range e.Expected.AbsentQueues {
			require.NotContains(t, string(open(t, e)), queueAt[path].before, e.Name)
			counted++
		}
	}
	require.NotZero(t, counted)
}

func count(t *testing.T, e corpus.Entry, path string) int {
	t.Helper()
	stream := open(t, e)
	at, known := queueAt[path]
	require.True(t, known, path)
	require.Equal(t, 1, bytes.Count(stream, []byte(at.before)), e.Name)
	_, rest, _ := bytes.Cut(stream, []byte(at.before))
	rest = rest[used[path]:]
	n := 0
	for ; rest[0] == 1; n++ {
		rest = rest[1+at.length(rest[1:]):]
	}
	require.Zero(t, rest[0], "the terminator")
	return n
}

// Each device of the command has a section of its own.
func TestDevicesHaveTheirSections(t *testing.T) {
	for _, e := range entries(t) {
		stream := open(t, e)
		for _, device := range e.Expected.Devices {
			header := append([]byte{byte(len(device))}, device+"\x00\x00\x00\x00"...)
			require.Equal(t, 1, bytes.Count(stream, header), "%s: %s", e.Name, device)
		}
	}
}
