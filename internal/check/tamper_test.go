package check_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/internal/check"
	"vmconform/internal/record"
	"vmconform/internal/record/recordtest"
	"vmconform/internal/report"
	"vmconform/rules"
)

// Streams that were tampered with in one point each. What has to be found
// follows from the bytes: the queue begins behind the header of its subsection,
// and an element is a marker, two be32 and the log.

const (
	queuePath   = "spapr/spapr_pending_events/pending_events"
	queueHeader = "\x05\x14spapr_pending_events\x00\x00\x00\x01"
	logSize     = 108
	elementSize = 1 + 4 + 4 + logSize
)

// releases are the QEMUs that the streams are from.
var releases = []struct{ name, install string }{{"7.2", "system"}, {"10.0", "qemu10"}}

// stream returns a fresh copy of a corpus entry.
func stream(t *testing.T, name string) []byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	i := slices.IndexFunc(entries, func(e corpus.Entry) bool { return e.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	b, err := entries[i].Open()
	require.NoError(t, err)
	if strings.HasPrefix(name, "pseries-") {
		b = withoutPages(t, b)
	}
	return b
}

// withoutPages takes the pages of RAM out of a pseries stream, which is most of the
// work to read it. Pages that are not sent are zero.
func withoutPages(t *testing.T, b []byte) []byte {
	t.Helper()
	const (
		block            = "\x0dppc_spapr.ram"
		pageSize         = 4096
		zero, page, more = 0x02, 0x08, 0x20
	)
	first := bytes.Index(b, []byte(block)) + len(block) // in the list of blocks
	from := first + bytes.Index(b[first:], []byte(block)) - 8
	for to := from; ; {
		flags := binary.BigEndian.Uint64(b[to:]) % pageSize
		size := map[uint64]int{zero: 1, page: pageSize}[flags&^more]
		if size == 0 {
			require.Greater(t, to-from, 65536*9) // 256 MiB
			return replace(b, int64(from), int64(to-from))
		}
		if flags&more == 0 {
			size += len(block)
		}
		to += 8 + size
	}
}

// pseries returns a stream with n pending events, and where its queue begins.
func pseries(t *testing.T, n int, release string) ([]byte, int64) {
	t.Helper()
	b := stream(t, fmt.Sprintf("pseries-%d-events-%s", n, release))
	require.Equal(t, 1, bytes.Count(b, []byte(queueHeader)))
	q := bytes.Index(b, []byte(queueHeader)) + len(queueHeader)
	for i := range n {
		e := b[q+i*elementSize:]
		require.Equal(t, byte(1), e[0])
		require.EqualValues(t, logSize, binary.BigEndian.Uint32(e[5:]))
	}
	require.Zero(t, b[q+n*elementSize])
	return b, int64(q)
}

// replace puts with where the n bytes from off were.
func replace(b []byte, off, n int64, with ...byte) []byte {
	return slices.Concat(b[:off], with, b[off+n:])
}

func judge(t *testing.T, b []byte, strict bool) *report.File {
	t.Helper()
	f, err := check.Stream(b, check.Options{Strict: strict})
	require.NoError(t, err)
	by := f.BytesBy
	require.EqualValues(t, len(b), by.Framing+by.RAM+by.Decoded+by.Opaque)
	for _, x := range f.Findings {
		_, ok := rules.Lookup(x.Rule)
		require.True(t, ok, "%v names no rule", x)
	}
	return f
}

// only returns the one finding of a severity.
func only(t *testing.T, f *report.File, s rules.Severity) report.Finding {
	t.Helper()
	var found []report.Finding
	for _, x := range f.Findings {
		if x.Severity == s {
			found = append(found, x)
		}
	}
	require.Len(t, found, 1, "%v", f.Findings)
	return found[0]
}

// queue returns what is said of the queue of pending events.
func queue(t *testing.T, f *report.File) report.Queue {
	t.Helper()
	i := slices.IndexFunc(f.Queues, func(q report.Queue) bool { return q.Path == queuePath })
	require.GreaterOrEqual(t, i, 0)
	return f.Queues[i]
}

func TestMarkerThatIsNotCanonical(t *testing.T) {
	for _, i := range []int{0, 2} {
		b, q := pseries(t, 3, "7.2")
		at := q + int64(i)*elementSize
		b[at] = 2
		for strict, want := range map[bool]struct {
			verdict  report.Verdict
			severity rules.Severity
		}{
			false: {report.Pass, rules.SeverityWarning},
			true:  {report.Fail, rules.SeverityError},
		} {
			f := judge(t, b, strict)
			require.Equal(t, want.verdict, f.Verdict)
			x := only(t, f, want.severity)
			require.Equal(t, rules.QueueMarker, x.Rule)
			require.Equal(t, at, x.Offset)
			require.Equal(t, fmt.Sprintf("%s[%d]", queuePath, i), x.Path)
			require.Equal(t, 3, queue(t, f).Elements)
		}
	}
}

// A length that is not the log's throws off what follows.
func TestLengthThatIsNotTheLogs(t *testing.T) {
	for i, n := range []uint32{logSize - 1, logSize + 1, 0} {
		b, q := pseries(t, 3, "7.2")
		at := q + int64(i)*elementSize + 5
		binary.BigEndian.PutUint32(b[at:], n)
		f := judge(t, b, false)
		require.Equal(t, report.Fail, f.Verdict, n)
		x := only(t, f, rules.SeverityError)
		require.NotEmpty(t, x.Class)
		require.Greater(t, x.Offset, at)
		require.Less(t, x.Offset, int64(len(b)))
		// The hint names the log whose length is wrong: it begins behind it.
		hint := of(t, f, rules.VMDescFits)
		require.Equal(t, rules.SeverityWarning, hint.Severity)
		require.Equal(t, at+4, hint.Offset)
		require.Equal(t, fmt.Sprintf("%s[%d]/extended_log", queuePath, i), hint.Path)
	}
}

// of returns the one finding of a rule.
func of(t *testing.T, f *report.File, id rules.ID) report.Finding {
	t.Helper()
	i := slices.IndexFunc(f.Findings, func(x report.Finding) bool { return x.Rule == id })
	require.GreaterOrEqual(t, i, 0, "%v", f.Findings)
	return f.Findings[i]
}

// The last byte of a log is 00. With a length that is one too small it ends the
// queue, and the payload ends where the footer does not stand.
func TestLengthThatEndsTheQueue(t *testing.T) {
	for i := range int64(3) {
		b, q := pseries(t, 3, "7.2")
		end := q + (i+1)*elementSize
		require.Zero(t, b[end-1])
		binary.BigEndian.PutUint32(b[q+i*elementSize+5:], logSize-1)
		x := only(t, judge(t, b, false), rules.SeverityError)
		require.Equal(t, rules.Framing, x.Class)
		require.Equal(t, end, x.Offset)
		require.Equal(t, "spapr", x.Path)
	}
}

func shorterLog(t *testing.T, release string) []byte {
	const less = 10
	b, q := pseries(t, 3, release)
	second := q + elementSize
	binary.BigEndian.PutUint32(b[second+5:], logSize-less)
	return replace(b, second+elementSize-less, less)
}

func TestShorterLogOfMatchingLength(t *testing.T) {
	for _, r := range releases {
		f := judge(t, shorterLog(t, r.name), false)
		require.Equal(t, report.Pass, f.Verdict, "%v", f.Findings)
		require.Equal(t, report.Identical, f.Roundtrip)
		require.Equal(t, 3, queue(t, f).Elements)
		require.EqualValues(t, 3*elementSize+1-10, queue(t, f).Size)
	}
}

// Without its terminator the queue goes on with the subsection that follows:
// its 05 is a marker, and the letters of its name are a length beyond all
// limits.
func TestTerminatorMissing(t *testing.T) {
	for _, r := range releases {
		b, q := pseries(t, 3, r.name)
		end := q + 3*elementSize
		require.Equal(t, byte(5), b[end+1])
		length := binary.BigEndian.Uint32(b[end+1+5:])
		require.Greater(t, int64(length), int64(rules.DefaultBytes))
		require.LessOrEqual(t, int64(length), int64(rules.MaxCount))
		f := judge(t, replace(b, end, 1), false)
		require.Equal(t, report.Fail, f.Verdict)
		x := only(t, f, rules.SeverityError)
		require.Equal(t, rules.Limit, x.Class)
		require.Equal(t, end+1+4+4, x.Offset)
		require.Equal(t, queuePath+"[3]/extended_log", x.Path)
		hint := of(t, f, rules.QueueTerminator)
		require.Equal(t, end, hint.Offset)
		require.Equal(t, queuePath+"[3]", hint.Path)
	}
}

// spliced is a stream whose description speaks of 20 elements, and which has n.
func spliced(t *testing.T, n int, release string) ([]byte, int64) {
	b, q := pseries(t, 20, release)
	elements := bytes.Repeat(b[q:q+20*elementSize], 1+n/20)[:n*elementSize]
	return replace(b, q, 20*elementSize, elements...), q
}

func TestQueueOfAnotherLengthThanDescribed(t *testing.T) {
	for _, r := range releases {
		for _, n := range []int{0, 2, 40, 80} {
			b, q := spliced(t, n, r.name)
			f := judge(t, b, false)
			require.Equal(t, report.Pass, f.Verdict, "%v", f.Findings)
			require.Equal(t, report.Identical, f.Roundtrip)
			require.Equal(t, report.Queue{
				Path: queuePath, Kind: "qtailq", Elements: n, Offset: q, Size: int64(n)*elementSize + 1,
			}, queue(t, f))
			x := only(t, f, rules.SeverityWarning)
			require.Equal(t, rules.VMDescElements, x.Rule)
			require.Equal(t, queuePath, x.Path)
			require.Equal(t, q, x.Offset)
		}
	}
}

// Live QEMU says the same of these streams.
func TestQEMUAgrees(t *testing.T) {
	for _, r := range releases {
		t.Run(r.name, func(t *testing.T) {
			bios := filepath.Join(t.TempDir(), "blank")
			require.NoError(t, os.WriteFile(bios, make([]byte, 4096), 0o666))
			options := recordtest.Need(t, r.install, "ppc64", "-machine", "pseries", "-m", "256M", "-nodefaults", "-bios", bios)

			accepted := map[string][]byte{"shorter log": shorterLog(t, r.name)}
			for _, n := range []int{0, 2, 40} {
				accepted[strconv.Itoa(n)+" elements"], _ = spliced(t, n, r.name)
			}
			marker, q := pseries(t, 3, r.name)
			marker[q] = 2
			accepted["marker 02"] = marker
			for name, b := range accepted {
				require.NoError(t, load(t, options, b), name)
			}

			refused := map[string][]byte{}
			for _, n := range []uint32{logSize - 1, logSize + 1, 0} {
				b, q := pseries(t, 3, r.name)
				binary.BigEndian.PutUint32(b[q+elementSize+5:], n)
				refused[fmt.Sprintf("length %d", n)] = b
			}
			for name, b := range refused {
				require.ErrorAs(t, load(t, options, b), new(*record.RefusedError), name)
			}
		})
	}
}

// A length that throws decoding out of its section, where the bytes of the next
// ones are taken for its own: nothing of that is said to be the section's.
func TestDecodingBeyondTheSection(t *testing.T) {
	const header = "\x05timer\x00\x00\x00\x00\x00\x00\x00\x02"
	b := stream(t, "none-7.2")
	payload := int64(bytes.Index(b, []byte(header)) + len(header))
	const fields = 24
	// The footer one byte early: the last field's last byte is gone.
	f := judge(t, replace(b, payload+fields-1, 1), false)
	require.Equal(t, report.Fail, f.Verdict)
	x := only(t, f, rules.SeverityError)
	require.Equal(t, rules.Framing, x.Class)
	require.Equal(t, payload+fields, x.Offset)
	require.Equal(t, "timer", x.Path)
}

// Nothing that could be judged is never a pass.
func TestStreamWithoutDevices(t *testing.T) {
	b := stream(t, "none-7.2")
	ram := bytes.Index(b, []byte("\x03ram"))
	f := judge(t, append(b[:ram-5:ram-5], 0), false) // the end marker, where RAM's section began
	require.Equal(t, report.Undecided, f.Verdict)
	require.Empty(t, f.Devices)
}

func load(t *testing.T, options record.Options, b []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stream")
	require.NoError(t, os.WriteFile(path, b, 0o666))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	return record.Load(ctx, options, path)
}
