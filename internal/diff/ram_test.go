package diff

import (
	"bytes"
	"compress/zlib"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Records of page i of a block, by wire-format §1.
func head(i uint64, flag uint64, block string) []byte {
	if block == "" { // that of the record before
		return be64(i<<12 | flag | 0x20)
	}
	return append(be64(i<<12|flag), counted(block)...)
}

func zero(i uint64, block string, fill byte) []byte { return append(head(i, 2, block), fill) }

func normal(i uint64, block string, fill byte) []byte {
	return append(head(i, 8, block), bytes.Repeat([]byte{fill}, 4096)...)
}

func xbzrle(i uint64, block string) []byte {
	return append(head(i, 0x40, block), 1, 0, 3, 0, 1, 9) // the first byte becomes 9
}

func compressed(t *testing.T, i uint64, block string, fill byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, err := z.Write(bytes.Repeat([]byte{fill}, 4096))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return slices.Concat(head(i, 0x100, block), be32(b.Len()), b.Bytes())
}

// Pages are what they hold in the end, however it came.
func TestPagesByContent(t *testing.T) {
	base := [][]byte{zero(0, "a", 0), normal(1, "a", 7)}
	for _, c := range []struct {
		name    string
		records [][]byte
		want    *Pages
		unknown int
	}{
		{"the same", [][]byte{zero(0, "a", 0), normal(1, "", 7)}, nil, 0},
		{"other order", [][]byte{normal(1, "a", 7), zero(0, "", 0)}, nil, 0},
		{"zeros as a page", [][]byte{normal(0, "a", 0), normal(1, "a", 7)}, nil, 0},
		{"a page as its fill", [][]byte{zero(0, "a", 0), zero(1, "a", 7)}, nil, 0},
		{"twice", [][]byte{normal(1, "a", 3), zero(0, "a", 5), zero(0, "a", 0), normal(1, "a", 7)}, nil, 0},
		{"compressed", [][]byte{zero(0, "a", 0), compressed(t, 1, "a", 7)}, nil, 0},
		{"other compressed", [][]byte{zero(0, "a", 0), compressed(t, 1, "a", 6)}, &Pages{Differ: 1, First: "4096"}, 0},
		{"other fill", [][]byte{zero(0, "a", 1), normal(1, "a", 7)}, &Pages{Differ: 1, First: "0"}, 0},
		{"both", [][]byte{zero(0, "a", 1), normal(1, "a", 8)}, &Pages{Differ: 2, First: "0"}, 0},
		{"last wins", [][]byte{zero(0, "a", 0), normal(1, "a", 7), normal(1, "a", 8)}, &Pages{Differ: 1, First: "4096"}, 0},
		{"missing", [][]byte{zero(0, "a", 0)}, &Pages{OnlyInA: 1, First: "4096"}, 0},
		{"added", append(slices.Clone(base), zero(2, "a", 0)), &Pages{OnlyInB: 1, First: "8192"}, 0},
		{"elsewhere", [][]byte{zero(0, "a", 0), normal(2, "a", 7)}, &Pages{OnlyInA: 1, OnlyInB: 1, First: "4096"}, 0},
		{"xbzrle", append(slices.Clone(base), xbzrle(1, "a")), nil, 1},
		{"xbzrle, then whole", append(slices.Clone(base), xbzrle(1, "a"), normal(1, "a", 7)), nil, 0},
	} {
		a := built{ram: base, blocks: "a=3", devices: rich.devices}
		b := a
		b.ram = c.records
		r := compared(t, a.bytes(), b.bytes())
		require.Empty(t, r.A.Errors)
		require.Empty(t, r.B.Errors)
		require.Equal(t, c.unknown, r.Totals.Unknown, c.name)
		if c.want == nil {
			require.Empty(t, lines(r), c.name)
			want := Equal
			if c.unknown > 0 {
				want = Undecided
				require.Equal(t, Equal, compared(t, a.bytes(), b.bytes(), "ram").Verdict)
			}
			require.Equal(t, want, r.Verdict, c.name)
			continue
		}
		require.Equal(t, []string{"changed block ram/a"}, lines(r), c.name)
		require.Equal(t, c.want, r.Differences[0].Pages, c.name)
		require.Equal(t, c.want.Differ+c.want.OnlyInA+c.want.OnlyInB, r.Totals.DifferPages)
	}
}

// After many passes the last record of each page counts.
func TestManyPasses(t *testing.T) {
	a := built{machine: "m", blocks: "a=2", devices: rich.devices, ram: [][]byte{zero(0, "a", 99), zero(1, "", 100)}}
	b := a
	b.ram = nil
	for pass := range 50 {
		b.ram = append(b.ram, zero(1, "a", byte(pass+51)), zero(0, "", byte(pass+50)))
	}
	require.Empty(t, lines(compared(t, a.bytes(), b.bytes())))
}

// Of each page the record that came last is counted, by its kind.
func TestKindsOfPages(t *testing.T) {
	a := built{blocks: "a=4 b=1", ram: [][]byte{
		zero(0, "a", 0), normal(1, "", 7), normal(1, "", 8), xbzrle(1, ""), compressed(t, 2, "", 1), zero(3, "", 0), normal(0, "b", 7)}}
	b := a
	b.blocks = "a=5 b=1"
	r := compared(t, a.bytes(), b.bytes())
	require.Equal(t, []string{"changed block ram/a"}, lines(r))
	d := r.Differences[0]
	require.Equal(t, &Block{UsedLength: "16384", Pages: map[string]int{"zero": 2, "xbzrle": 1, "compressed": 1}}, d.A.Block)
	require.Equal(t, "20480", d.B.Block.UsedLength)
	require.Equal(t, Totals{Differences: 1, Pages: 5, Unknown: 1}, r.Totals)
	start := int64(8) // behind the header stands the section
	require.Equal(t, start, d.A.Offset)
}
