package show

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/rules"
)

// Each device that is decoded loads from its payload's first byte to its last,
// each subsection and queue element that the tree shows starts, and all that
// starts ends.
func TestTracesOfTheCorpus(t *testing.T) {
	open(t, func(name string, b []byte, r *Report) {
		traces, err := r.Trace("")
		require.NoError(t, err)
		require.Len(t, traces.Traces, len(r.Devices))
		for i, tr := range traces.Traces {
			d := r.Devices[i]
			require.Equal(t, d.Path, tr.Path)
			if d.Decoded != "full" {
				continue
			}
			require.Equal(t, "accepted", tr.outcome(), d.Path)
			first, last := tr.Events[0], tr.Events[len(tr.Events)-1]
			payload := d.Offset + int64(1+4+1+len(d.Name)+4+4)
			require.Equal(t, Event{Event: "start", Offset: payload, VMSD: d.VMSD, Version: d.Version}, first)
			footer := int64(0)
			if r.Footers {
				footer = 5
			}
			require.Equal(t, Event{Event: "end", Offset: d.Offset + d.Size - footer, VMSD: d.VMSD, Reason: "end"}, last)
			subsections, elements := 0, 0
			walk(d, func(n *Node) {
				if n.Kind == Subsection {
					subsections++
				}
				if n.Marker != nil {
					elements++
				}
			})
			inQueues := 0
			var path []string // of what is open
			for _, e := range tr.Events {
				if strings.HasSuffix(e.Event, "end") {
					path = path[:len(path)-1]
				}
				require.Equal(t, len(path), e.Depth)
				switch e.Event {
				case "subsection":
					subsections--
				case "start":
					if len(path) > 0 && path[len(path)-1] == "queue" {
						inQueues++
					}
					path = append(path, "start")
				case "queue":
					path = append(path, "queue")
				}
			}
			require.Zero(t, subsections, d.Path)
			require.Equal(t, elements, inQueues, d.Path)
		}
	})
}

// Where a device is refused, the trace ends where and why the tree does.
func TestTraceEndsWhereDecodingDoes(t *testing.T) {
	refused := 0
	open(t, func(name string, b []byte, r *Report) {
		for _, d := range r.Devices {
			if d.Decoded != "full" || len(b) > 1<<18 || d.Size < 30 {
				continue
			}
			wrong := slices.Clone(b)
			for i := d.Offset + d.Size/2; i < d.Offset+d.Size-10; i++ {
				wrong[i] ^= 0x55
			}
			r, err := Stream(name, wrong)
			require.NoError(t, err)
			traces, err := r.Trace(d.Path)
			if err != nil || traces.Traces[0].Stopped == nil || len(traces.Traces[0].Events) == 0 {
				continue
			}
			tr := traces.Traces[0]
			last := tr.Events[len(tr.Events)-1]
			require.Zero(t, last.Depth)
			if tr.Stopped.Severity != rules.SeverityError || tr.Stopped.Rule == rules.SectionPayload || tr.Stopped.Rule == rules.SectionFooter {
				require.Equal(t, "end", last.Reason)
				continue
			}
			refused++
			require.Equal(t, strings.Replace(string(tr.Stopped.Class), "version-too-", "too ", 1), last.Reason)
			require.Equal(t, tr.Stopped.Offset, last.Offset)
			require.True(t, strings.HasPrefix(tr.outcome(), "refused: error "), tr.outcome())
		}
	})
	require.Greater(t, refused, 3)
}

// What there is not, and what is no device.
func TestTraceOfNoDevice(t *testing.T) {
	open(t, func(name string, b []byte, r *Report) {
		_, err := r.Trace("no such")
		require.EqualError(t, err, "there is no device no such")
		_, err = r.Trace("ram")
		require.EqualError(t, err, "--trace is of whole devices; ram is none")
	})
}
