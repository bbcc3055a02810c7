package check_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/internal/check"
	"vmconform/internal/report"
	"vmconform/rules"
)

// damages is how often each stream is cut, and how often a byte of it changed:
// `make damage` does it more often.
var damages = flag.Int("damages", 4, "how often to cut each stream, and to change it")

// mostAllocated bounds, in bytes, all that is allocated to judge one stream; what
// is in use at a time is less.
const mostAllocated = 256 << 20

// read judges a stream as the command does, read in one pass.
func read(t *testing.T, b []byte) *report.File {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	src, err := savevm.Read(bytes.NewReader(b), savevm.ReadOptions{Size: int64(len(b))})
	require.NoError(t, err)
	defer src.Close()
	f, err := check.Source(src, check.Options{})
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(mostAllocated))
	return f
}

// However a real stream is damaged, it is judged; one that is cut before its end
// is refused where it ends.
func TestDamagedStreams(t *testing.T) {
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for i, e := range entries {
		t.Run(e.Name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			b := stream(t, e.Name)
			whole := read(t, b)
			require.NotEmpty(t, whole.Devices)
			last := whole.Devices[len(whole.Devices)-1]
			first, end := whole.Devices[0].Offset, last.Offset+last.Size
			told := !strings.HasPrefix(e.Name, "pc-i440fx-") // without footers a cut cannot be told
			for range *damages {
				n := 4 + rnd.Int64N(end-4)
				f := read(t, b[:n:n])
				if told {
					x := only(t, f, rules.SeverityError)
					require.Equal(t, rules.Truncated, x.Class, n)
					require.Equal(t, n, x.Offset)
				}
				c := bytes.Clone(b)
				c[first+rnd.Int64N(end-first)] ^= byte(1 + rnd.IntN(255))
				read(t, c)
			}
		})
	}
}
