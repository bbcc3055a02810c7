package diff

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/internal/show"
)

// corpusStreams are those of the corpus; of the pseries, whose devices are the
// same, some.
func corpusStreams(t *testing.T) map[string][]byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	all := map[string][]byte{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, "pseries-") && !strings.HasPrefix(e.Name, "pseries-3-") && e.Name != "pseries-1-events-7.2" {
			continue
		}
		b, err := e.Open()
		require.NoError(t, err)
		all[e.Name] = b
	}
	return all
}

// of is the stream in b.
func of(t testing.TB, name string, b []byte) Stream {
	t.Helper()
	m := NewMemory()
	src, err := savevm.Read(bytes.NewReader(b), savevm.ReadOptions{Size: int64(len(b)), Record: m.Record})
	require.NoError(t, err)
	t.Cleanup(src.Close)
	return Stream{Name: name, Source: src, Memory: m}
}

// compared compares two streams, without asking whether they are identical.
func compared(t *testing.T, a, b []byte, ignore ...string) *Report {
	t.Helper()
	x, y := of(t, "a", a), of(t, "b", b)
	c, err := newComparer(x, y, Options{Ignore: ignore})
	require.NoError(t, err)
	require.NoError(t, c.compare(x, y))
	return c.report
}

// lines are the differences in short: mark, what, path.
func lines(r *Report) []string {
	s := []string{}
	for _, d := range r.Differences {
		s = append(s, fmt.Sprintf("%s %s %s", d.Kind, d.What, d.Path))
	}
	return s
}

func be16(n int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func be32(n int) []byte    { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func counted(s string) []byte { return append([]byte{byte(len(s))}, s...) }

// A built stream is put together of its parts, as wire-format has them.
type built struct {
	machine  string
	commands [][]byte
	ram      [][]byte // records between MEM_SIZE and EOS; nil: no RAM
	blocks   string   // name=pages, joined by spaces; a page has 4096 bytes
	devices  []device
	subs     []byte   // of the configuration
	iter     []string // payloads of the START, PARTs and END of a section that nobody knows
	pageSize int      // 0: 4096
	bare     bool     // no description
	trailing string
}

type device struct {
	name     string
	instance int
	version  int
	fields   string // name:type=hex, joined by spaces; "" and data: nothing is described
	data     string
}

func (s built) bytes() []byte {
	b := slices.Concat([]byte("QEVM\x00\x00\x00\x03"))
	if s.machine != "" {
		b = slices.Concat(b, []byte{7}, be32(len(s.machine)), []byte(s.machine), s.subs)
	}
	for _, c := range s.commands {
		b = append(b, c...)
	}
	footer := func(id int) []byte { return append([]byte{0x7e}, be32(id)...) }
	if s.ram != nil {
		b = slices.Concat(b, []byte{1}, be32(1), counted("ram"), be32(0), be32(4))
		total := uint64(0)
		var list []byte
		for _, x := range strings.Fields(s.blocks) {
			var pages uint64
			name, n, _ := strings.Cut(x, "=")
			fmt.Sscan(n, &pages)
			list = slices.Concat(list, counted(name), be64(pages<<12))
			total += pages << 12
		}
		b = slices.Concat(b, be64(total|4), list, be64(0x10), footer(1))
		b = slices.Concat(b, []byte{3}, be32(1), slices.Concat(s.ram...), be64(0x10), footer(1))
	}
	for i, payload := range s.iter {
		kind := []byte{1, 2, 3}[min(i, 1)]
		if i == len(s.iter)-1 {
			kind = 3
		}
		b = slices.Concat(b, []byte{kind}, be32(2))
		if i == 0 {
			b = slices.Concat(b, counted("iter"), be32(0), be32(1))
		}
		b = slices.Concat(b, []byte(payload), footer(2))
	}
	var described []string
	for i, d := range s.devices {
		id := 10 + i
		b = slices.Concat(b, []byte{4}, be32(id), counted(d.name), be32(d.instance), be32(d.version))
		payload := []byte(d.data)
		var fields []string
		for _, f := range strings.Fields(d.fields) {
			name, rest, _ := strings.Cut(f, ":")
			typ, digits, _ := strings.Cut(rest, "=")
			var value []byte
			fmt.Sscanf(digits, "%x", &value)
			payload = append(payload, value...)
			fields = append(fields, fmt.Sprintf(`{"name": %q, "type": %q, "size": %d}`, name, typ, len(value)))
		}
		b = slices.Concat(b, payload, footer(id))
		vmsd := fmt.Sprintf(`"size": %d, `, len(payload))
		if fields == nil {
			fields = []string{fmt.Sprintf(`{"name": "data", "size": %d, "type": "buffer"}`, len(payload))}
		} else {
			vmsd = fmt.Sprintf(`"vmsd_name": %q, "version": %d, `, d.name, d.version)
		}
		described = append(described, fmt.Sprintf(`{"name": %q, "instance_id": %d, %s"fields": [%s]}`,
			d.name, d.instance, vmsd, strings.Join(fields, ", ")))
	}
	b = append(b, 0)
	if !s.bare {
		text := fmt.Sprintf(`{"page_size": %d, "devices": [%s]}`, max(4096, s.pageSize), strings.Join(described, ", "))
		b = slices.Concat(b, []byte{6}, be32(len(text)), []byte(text))
	}
	return append(b, s.trailing...)
}

// walk visits what is in n, and n.
func walk(n *show.Node, f func(*show.Node)) {
	f(n)
	for c := range n.Children {
		walk(c, f)
	}
}
