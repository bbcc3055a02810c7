package check_test

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/internal/check"
	"vmconform/internal/report"
	"vmconform/rules"
)

// cutStreams have footers and a description: elsewhere a cut cannot be told.
var cutStreams = []string{
	"none-7.2", "none-10.0", "microvm-7.2", "s390x-3-crws-7.2", "s390x-3-crws-10.0", "q35-uefi-vars-10.0", "pc-7.2",
	"riscv64-virt-10.0", "pseries-3-events-7.2", "pseries-3-events-10.0",
}

// endOf is the offset of the end marker: behind it stands a description that
// reaches to the last byte.
func endOf(t *testing.T, b []byte) int {
	t.Helper()
	for i := 0; ; i++ {
		n := bytes.Index(b[i:], []byte("\x00\x06"))
		require.GreaterOrEqual(t, n, 0)
		i += n
		if len(b)-i > 6 && int(binary.BigEndian.Uint32(b[i+2:])) == len(b)-i-6 && b[i+6] == '{' {
			return i
		}
	}
}

// A full is a FULL section as it lies in the stream.
type full struct {
	path            string
	start, open, to int // type byte, end of the header, end of the footer
}

var listed = regexp.MustCompile(`"name": "([^"]*)", "instance_id": (\d+),`)

// fulls finds the FULL sections behind the last section of another type, in
// the order of the description: each begins where the one before ends, the last
// one ends at the end marker.
func fulls(t *testing.T, b []byte, end int) []full {
	t.Helper()
	var list []full
	for _, m := range listed.FindAllSubmatch(b[end:], -1) {
		instance, err := strconv.ParseUint(string(m[2]), 10, 32)
		require.NoError(t, err)
		idstr := append([]byte{byte(len(m[1]))}, m[1]...)
		header := binary.BigEndian.AppendUint32(idstr, uint32(instance))
		at := bytes.Index(b[:end], header)
		require.GreaterOrEqual(t, at, 5, "%s", m[1])
		require.Equal(t, 1, bytes.Count(b[:end], header), "%s", m[1])
		require.Equal(t, byte(4), b[at-5])
		f := full{path: string(m[1]), start: at - 5, open: at + len(header) + 4}
		if instance > 0 {
			f.path += "#" + string(m[2])
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y full) int { return x.start - y.start })
	first := 0
	for i := range list {
		if list[i].to = end; i+1 < len(list) {
			list[i].to = list[i+1].start
		}
		footer := append([]byte{0x7e}, b[list[i].start+1:][:4]...)
		if !bytes.Equal(b[list[i].to-5:list[i].to], footer) {
			first = i + 1 // a section of another type follows
		}
	}
	return list[first:]
}

// openAt is the path of the section that is open in the first n bytes.
func openAt(list []full, n int) string {
	for _, f := range list {
		if f.open <= n && n < f.to {
			return f.path
		}
	}
	return ""
}

// spread are n numbers from low up to high.
func spread(low, high, n int) []int {
	var list []int
	for i := range n {
		list = append(list, low+int(int64(high-low)*int64(i)/int64(n)))
	}
	return list
}

func TestCutBeforeTheEnd(t *testing.T) {
	for _, name := range cutStreams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := stream(t, name)
			require.Equal(t, report.Pass, judge(t, b, false).Verdict)
			end := endOf(t, b)
			sections := fulls(t, b, end)
			require.NotEmpty(t, sections)
			cuts := spread(4, end, 100)
			for n := max(4, end-2000); n <= end; n++ {
				cuts = append(cuts, n)
			}
			for _, n := range cuts {
				f := judge(t, b[:n:n], false)
				require.Equal(t, report.Fail, f.Verdict, n)
				x := only(t, f, rules.SeverityError)
				require.Equal(t, rules.Truncated, x.Class, n)
				require.EqualValues(t, n, x.Offset)
				if n >= sections[0].start {
					require.Equal(t, openAt(sections, n), x.Path, n)
				}
			}
		})
	}
}

// QEMU loads these; what is gone is the description.
func TestCutBehindTheEnd(t *testing.T) {
	for _, name := range cutStreams {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := stream(t, name)
			end := endOf(t, b)
			cuts := slices.Concat(spread(end+1, min(end+40, len(b)), 40), spread(end+40, len(b), 40), []int{len(b) - 1})
			for _, n := range cuts {
				f := judge(t, b[:n:n], false)
				require.Equal(t, report.Undecided, f.Verdict, n)
				require.NotEmpty(t, f.Devices)
				for _, d := range f.Devices {
					require.Equal(t, "opaque", d.Decoded)
				}
				x := only(t, f, rules.SeverityWarning)
				want := rules.VMDescTruncated
				if n == end+1 {
					want = rules.VMDescAbsent
				}
				require.Equal(t, want, x.Rule, n)
				require.EqualValues(t, n, x.Offset)
			}
		})
	}
}

// The first four bytes say whether there is a stream at all.
func TestCutInTheMagic(t *testing.T) {
	_, err := check.Stream(nil, check.Options{})
	require.ErrorIs(t, err, check.ErrNoStream)
	for n := 1; n < 4; n++ {
		f := judge(t, []byte("QEVM")[:n], false)
		require.Equal(t, rules.Truncated, only(t, f, rules.SeverityError).Class)
	}
	for _, text := range []string{"x", "QEVX", "QEMU", strings.Repeat("text\n", 100)} {
		_, err := check.Stream([]byte(text), check.Options{})
		require.ErrorIs(t, err, check.ErrNoStream)
	}
}
