package memory

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/impl/savevm"
)

const size = 4096

func page(c byte) []byte { return bytes.Repeat([]byte{c}, size) }

func announce(blocks ...savevm.RAMBlock) *savevm.RAMRecord {
	return &savevm.RAMRecord{Flag: savevm.RAMMemSize, Blocks: blocks}
}

// Each kind of record, some to a page that had contents before.
func TestBlocksAreFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	w, err := New(dir)
	require.NoError(t, err)
	a := &savevm.RAMBlock{Name: "/rom@etc/a", UsedLength: 5 * size}
	b := &savevm.RAMBlock{Name: "b", UsedLength: size + 1}
	full := func(in *savevm.RAMBlock, at uint64, c byte) *savevm.RAMRecord {
		return &savevm.RAMRecord{Flag: savevm.RAMPage, In: in, Addr: at * size, PageSize: size, Page: page(c), Data: page(c)}
	}
	zero := func(in *savevm.RAMBlock, at uint64, c byte) *savevm.RAMRecord {
		return &savevm.RAMRecord{Flag: savevm.RAMZero, In: in, Addr: at * size, PageSize: size, Fill: c}
	}
	for _, r := range []*savevm.RAMRecord{
		announce(*a, *b),
		full(a, 0, 'x'), full(a, 1, 'y'), zero(a, 2, 0), zero(a, 3, 'z'),
		zero(a, 0, 0), // it had contents
		{Flag: savevm.RAMXBZRLE, In: a, Addr: size, PageSize: size, Data: []byte("\x02\x03abc\xff\x01\x01d")},
		{Flag: savevm.RAMXBZRLE, In: a, Addr: 2 * size, PageSize: size, Data: []byte("\x00\x02ef")},
		{Flag: savevm.RAMCompressPage, In: b, PageSize: size, Page: page('c'), Data: []byte("deflated")},
		{Flag: savevm.RAMHook}, {Flag: savevm.RAMEOS},
	} {
		require.NoError(t, w.Record(r))
	}
	blocks, err := w.Close()
	require.NoError(t, err)
	require.Equal(t, []Block{
		{"/rom@etc/a", "%2From@etc%2Fa.raw", 5 * size, 7},
		{"b", "b.raw", size + 1, 1},
	}, blocks)

	y, e := page('y'), page(0)
	copy(y[2:], "abc")
	y[2+3+255] = 'd' // a zero run of 0xff 0x01 is 255
	copy(e, "ef")
	got, err := os.ReadFile(filepath.Join(dir, "%2From@etc%2Fa.raw"))
	require.NoError(t, err)
	require.Equal(t, bytes.Join([][]byte{page(0), y, e, page('z'), page(0)}, nil), got)
	got, err = os.ReadFile(filepath.Join(dir, "b.raw"))
	require.NoError(t, err)
	require.Equal(t, append(page('c'), 0), got)

	// Nothing is overwritten.
	w, err = New(dir)
	require.NoError(t, err)
	require.ErrorContains(t, w.Record(announce(*b)), "b.raw: file exists")
}

// Zeros take no room.
func TestFilesAreSparse(t *testing.T) {
	w, err := New(t.TempDir())
	require.NoError(t, err)
	b := savevm.RAMBlock{Name: "a", UsedLength: 1 << 32}
	require.NoError(t, w.Record(announce(b)))
	for i := range uint64(1000) {
		require.NoError(t, w.Record(&savevm.RAMRecord{Flag: savevm.RAMZero, In: &b, Addr: i * size, PageSize: size}))
	}
	info, err := os.Stat(filepath.Join(w.dir, "a.raw"))
	require.NoError(t, err)
	require.Equal(t, int64(1<<32), info.Size())
	require.Zero(t, info.Sys().(*syscall.Stat_t).Blocks)
	_, err = w.Close()
	require.NoError(t, err)
}

// What cannot be written in full leaves nothing, but for what was there before.
func TestDiscard(t *testing.T) {
	for _, there := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "dir")
		if there {
			require.NoError(t, os.Mkdir(dir, 0o777))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "b.raw"), []byte("mine"), 0o666))
		}
		w, err := New(dir)
		require.NoError(t, err)
		err = w.Record(announce(savevm.RAMBlock{Name: "a", UsedLength: size}, savevm.RAMBlock{Name: "b", UsedLength: size}))
		w.Discard()
		entries, _ := os.ReadDir(dir)
		if !there {
			require.NoError(t, err)
			require.NoDirExists(t, dir)
			continue
		}
		require.ErrorContains(t, err, "file exists")
		require.Len(t, entries, 1)
		b, err := os.ReadFile(filepath.Join(dir, "b.raw"))
		require.NoError(t, err)
		require.Equal(t, "mine", string(b))
	}
}

func TestHostileBlocks(t *testing.T) {
	w, err := New(t.TempDir())
	require.NoError(t, err)
	require.Error(t, w.Record(announce(savevm.RAMBlock{Name: "a", UsedLength: 1 << 63})))
	for _, name := range []string{"..", ".", "../../x", "x\x00y", "", "a b\n"} {
		require.NoError(t, w.Record(announce(savevm.RAMBlock{Name: name})), name)
	}
	entries, err := os.ReadDir(w.dir)
	require.NoError(t, err)
	require.Len(t, entries, 7)
	err = nil
	for i := 0; err == nil && i < 1000; i++ {
		err = w.Record(announce(savevm.RAMBlock{Name: string(rune('a'+i%26)) + string(rune(0x4e00+i))}))
	}
	require.ErrorContains(t, err, "512")
	_, err = w.Close()
	require.False(t, errors.Is(err, fs.ErrClosed))
}
