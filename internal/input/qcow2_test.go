package input

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/internal/check"
	"vmconform/internal/record"
	"vmconform/internal/record/recordtest"
	"vmconform/internal/report"
	"vmconform/rules"
)

// A disk is an image that is made by the specification of qcow2.
type disk struct {
	bits    uint
	version uint32
	size    uint64 // of the disk, in bytes
	states  []state
	zstd    bool
	pack    func(cluster int) bool // what is compressed
	skip    func(cluster int) bool // what is not allocated
	zero    func(cluster int) bool // what has the flag that it is zeros
}

type state struct {
	id, name string
	b        []byte
	extra    int // bytes: 0, 8, 16 or 24
}

// bytes lays it out: header, data, tables, snapshots.
func (d *disk) bytes(t testing.TB) []byte {
	t.Helper()
	be := binary.BigEndian
	cluster := 1 << d.bits
	perTable := cluster / 8
	out := make([]byte, cluster)
	align := func() { out = append(out, make([]byte, -len(out)&(cluster-1))...) }
	var list []byte
	for _, s := range d.states {
		covers := uint64(cluster) * uint64(perTable)
		first := int((d.size + covers - 1) / covers)
		count := (len(s.b) + cluster - 1) / cluster
		l1 := make([]byte, 8*(first+(count+perTable-1)/perTable))
		for table := 0; table*perTable < count; table++ {
			l2 := make([]byte, cluster)
			used := false
			for i := range perTable {
				at := table*perTable + i
				if at >= count {
					break
				}
				data := make([]byte, cluster)
				copy(data, s.b[at*cluster:])
				var entry uint64
				switch {
				case d.skip != nil && d.skip(at):
					continue
				case d.zero != nil && d.zero(at):
					align()
					entry = uint64(len(out)) | 1<<63 | 1 // allocated, but not to be read
					out = append(out, bytes.Repeat([]byte{0xee}, cluster)...)
				case d.pack != nil && d.pack(at):
					packed := deflated(t, data)
					if d.zstd {
						packed = pack(t, "zstd", data)
					}
					off := len(out)
					out = append(out, packed...)
					sectors := (len(out)-1)/512 - off/512
					entry = 1<<62 | uint64(sectors)<<(62-(d.bits-8)) | uint64(off)
				default:
					align()
					entry = uint64(len(out)) | 1<<63
					out = append(out, data...)
				}
				used = true
				be.PutUint64(l2[8*i:], entry)
			}
			if used {
				align()
				be.PutUint64(l1[8*(first+table):], uint64(len(out))|1<<63)
				out = append(out, l2...)
			}
		}
		align()
		at := len(out)
		out = append(out, l1...)
		e := be.AppendUint64(nil, uint64(at))
		e = be.AppendUint32(e, uint32(len(l1)/8))
		e = be.AppendUint16(e, uint16(len(s.id)))
		e = be.AppendUint16(e, uint16(len(s.name)))
		e = append(e, make([]byte, 16)...)
		if s.extra >= 8 {
			e = be.AppendUint32(e, 12345) // the long one counts
		} else {
			e = be.AppendUint32(e, uint32(len(s.b)))
		}
		e = be.AppendUint32(e, uint32(s.extra))
		more := make([]byte, 24)
		be.PutUint64(more, uint64(len(s.b)))
		be.PutUint64(more[8:], d.size)
		e = append(e, more[:s.extra]...)
		e = append(e, s.id+s.name...)
		list = append(list, append(e, make([]byte, -len(e)&7)...)...)
	}
	align()
	copy(out, "QFI\xfb")
	be.PutUint32(out[4:], d.version)
	be.PutUint32(out[20:], uint32(d.bits))
	be.PutUint64(out[24:], d.size)
	be.PutUint32(out[60:], uint32(len(d.states)))
	be.PutUint64(out[64:], uint64(len(out)))
	if d.version == 3 {
		be.PutUint32(out[100:], 112)
		if d.zstd {
			be.PutUint64(out[72:], 1<<3)
			out[104] = 1
		}
	}
	return append(out, list...)
}

func deflated(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 6)
	require.NoError(t, err)
	_, err = w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestSnapshots(t *testing.T) {
	want := stream(t, "microvm-7.2")
	for _, bits := range []uint{9, 16, 21} {
		for _, version := range []uint32{2, 3} {
			for extra := 0; extra <= 24; extra += 8 {
				for packing, d := range map[string]disk{
					"plain":   {},
					"deflate": {pack: func(i int) bool { return i%3 != 1 }},
					"zstd":    {pack: func(int) bool { return true }, zstd: true},
				} {
					if d.zstd && version == 2 || bits == 21 && extra != 16 {
						continue // there is no such image, or it takes long
					}
					d.bits, d.version, d.size = bits, version, 3<<20+512
					d.states = []state{{"1", "only", want, extra}}
					b := d.bytes(t)
					if extra >= 16 { // the disk was made larger since
						binary.BigEndian.PutUint64(b[24:], 1<<40)
					}
					got, s, err := read(file(t, b), nil)
					require.NoError(t, err)
					require.True(t, bytes.Equal(want, got), "%d bits, version %d, %s, %d bytes more", bits, version, packing, extra)
					require.Equal(t, []string{"qcow2", "none"}, []string{s.Container, s.Compression})
					require.EqualValues(t, len(want), s.Size)
					require.Nil(t, s.Offset)
					require.Nil(t, s.File)
					require.Empty(t, s.Findings())
				}
			}
		}
	}
}

// What is not allocated is zeros, and what is marked so.
func TestZeroClusters(t *testing.T) {
	const cluster = 512
	full := bytes.Repeat([]byte("QEVM"), 300*cluster/4)
	for _, version := range []uint32{2, 3} {
		odd := func(i int) bool { return i%2 == 1 || i >= 64 && i < 128 } // all of a table, too
		d := disk{bits: 9, version: version, size: 1 << 20, states: []state{{"1", "a", full, 16}}, skip: odd}
		if version == 3 {
			d.skip, d.zero = nil, odd
		}
		want := bytes.Clone(full)
		for i := range 300 {
			if odd(i) {
				clear(want[i*cluster:][:cluster])
			}
		}
		got, _, err := read(file(t, d.bytes(t)), nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
}

func TestWhichSnapshot(t *testing.T) {
	a, b := stream(t, "none-7.2"), stream(t, "none-10.0")
	d := disk{bits: 12, version: 3, size: 1 << 20, states: []state{
		{"1", "a", a, 16}, {"2", "disk", nil, 16}, {"3", "b#1", b, 16}, {"4", "2", a, 16}}}
	name := file(t, d.bytes(t))
	for snapshot, want := range map[string][]byte{"a": a, "b#1": b, "1": a, "3": b, "2": a} {
		got, _, err := read(name+"#"+snapshot, nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), snapshot)
	}
	list := fmt.Sprintf(`: it has these snapshots, with so much VM state: 1 "a" (%d bytes), 2 "disk" (0 bytes), 3 "b#1" (%d bytes), 4 "2" (%d bytes)`, len(a), len(b), len(a))
	for snapshot, text := range map[string]string{
		"":      "name one of its snapshots, FILE#NAME" + list,
		"#disk": `snapshot "disk" has no VM state` + list,
		"#c":    `no snapshot is called "c"` + list,
	} {
		_, err := Open(name+snapshot, nil)
		require.EqualError(t, err, name+snapshot+": qcow2 image: "+text)
	}
	d.states = nil
	name = file(t, d.bytes(t))
	_, err := Open(name, nil)
	require.EqualError(t, err, name+": qcow2 image: no snapshot of it has VM state: it has no snapshots")

	_, err = Open(Stdin, bytes.NewReader(d.bytes(t)))
	require.ErrorContains(t, err, "qcow2 image: it is read here and there")
	_, err = Open(file(t, pack(t, "gzip", d.bytes(t))), nil)
	require.ErrorContains(t, err, "qcow2 image: it is read here and there")
	_, err = Open(file(t, image(binary.LittleEndian, "LibvirtQemudSave", 0, domain, d.bytes(t))), nil)
	require.ErrorContains(t, err, "qcow2 image: it is read here and there")
}

func TestImagesThatAreWrong(t *testing.T) {
	want := stream(t, "none-7.2")
	d := disk{bits: 9, version: 3, size: 1 << 20, states: []state{{"1", "a", want, 16}}}
	whole := d.bytes(t)
	be := binary.BigEndian
	entry := int(be.Uint64(whole[64:]))
	l1 := int(be.Uint64(whole[entry:]))
	table := l1 + int(d.size/(512*64))*8 // the state's entry
	l2 := int(be.Uint64(whole[table:]) &^ (1 << 63))
	u32, u64 := func(v uint32) []byte { return be.AppendUint32(nil, v) }, func(v uint64) []byte { return be.AppendUint64(nil, v) }
	for name, c := range map[string]struct {
		off  int
		with []byte
		want string
	}{
		"version 1":         {4, u32(1), "its version is 1, not 2 or 3"},
		"clusters of 256":   {20, u32(8), "its clusters have 2^8 bytes"},
		"clusters of 4 MiB": {20, u32(22), "its clusters have 2^22 bytes"},
		"clusters of 2^all": {20, u32(1<<32 - 1), "its clusters have 2^4294967295 bytes"},
		"encrypted":         {32, u32(2), "it is encrypted"},
		"data file":         {72, u64(1 << 2), "its data lie in another file"},
		"extended":          {72, u64(1 << 4), "it has extended L2 entries"},
		"unknown":           {72, u64(1 << 40), "features that are not known: 10000000000"},
		"compression":       {72, append(u64(1<<3), bytes.Repeat([]byte{2}, 30)...), "its compression 2 is not known"},
		"many snapshots":    {60, u32(65537), "it has 65537 snapshots, more than 65536"},
		"missing snapshots": {60, u32(65536), "its table of snapshots breaks off behind 1 of 65536"},
		"snapshots beyond":  {64, u64(1 << 63), "its table of snapshots breaks off behind 0 of 1"},
		"much extra data":   {entry + 36, u32(1 << 31), "breaks off behind 0 of 1: an entry has 2147483648 bytes more"},
		"extra data beyond": {entry + 36, u32(1000), "breaks off behind 0 of 1"},
		"long name":         {entry + 14, []byte{255, 255}, "breaks off behind 0 of 1"},
		"table beyond":      {entry, u64(1 << 62), "is not inside the file"},
		"long table":        {entry + 8, u32(1<<32 - 1), "is not inside the file"},
		"short table":       {entry + 8, u32(2), "are more than its table covers"},
		"large disk":        {entry + 48, u64(1<<64 - 1), "are more than its table covers"},
		"large state":       {entry + 40, u64(1<<64 - 1), "are more than its table covers"},
		"state of more":     {entry + 40, u64(512*64 + 1), "are more than its table covers"},
		"l2 beyond":         {table, u64(1 << 50), "it does not unpack to a stream: truncated: qcow2: second table at 1048576"},
		"cluster beyond":    {l2, u64(1 << 50), "it does not unpack to a stream: truncated: qcow2: cluster at 1048576"},
		"packed beyond":     {l2, u64(1<<62 | 1<<50), "it does not unpack to a stream: truncated: qcow2: compressed cluster at 1048576"},
		"not packed":        {l2, u64(1<<62 | uint64(l2)), "it does not unpack to a stream: framing: qcow2: compressed cluster at 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(whole)
			copy(b[c.off:], c.with)
			_, err := Open(file(t, b), nil)
			require.ErrorContains(t, err, "qcow2")
			require.ErrorContains(t, err, c.want)
		})
	}

	// Broken further behind, the state is read so far.
	b := bytes.Clone(whole)
	copy(b[l2+8:], u64(1<<50))
	got, s, err := read(file(t, b), nil)
	require.NoError(t, err)
	require.Equal(t, want[:512], got)
	x := only(t, s)
	require.Equal(t, rules.Wrapping, x.Rule)
	require.Equal(t, rules.Truncated, x.Class)
	require.EqualValues(t, 512, x.Offset)
	require.Equal(t, "qcow2: cluster at 1049088 of the image's addresses: unexpected EOF", x.Message)

	// However it is cut, or changed in a place.
	name := filepath.Join(t.TempDir(), "image")
	for n := len(qcow2Magic); n < len(whole); n += 5 {
		require.NoError(t, os.WriteFile(name, whole[:n], 0o666))
		if _, _, err := read(name, nil); n < entry {
			require.Error(t, err)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const tries = 500
	for range tries {
		b := bytes.Clone(whole)
		for range 1 + rnd.IntN(3) {
			places := []int{rnd.IntN(112), entry + rnd.IntN(60), l1 + rnd.IntN(280), l2 + rnd.IntN(80)}
			b[places[rnd.IntN(4)]] ^= 1 << rnd.IntN(8)
		}
		require.NoError(t, os.WriteFile(name, b, 0o666))
		s, err := Open(name, nil)
		if err != nil {
			continue
		}
		_, err = io.ReadAll(io.LimitReader(s, 1<<20))
		s.Close()
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/tries, uint64(16<<20))
}

// What QEMU wrote.
func TestSnapshotsOfQEMU(t *testing.T) {
	name := file(t, recorded(t, "snapshots.qcow2"))
	_, err := Open(name, nil)
	require.ErrorContains(t, err, `1 "first" (765 bytes), 2 "second" (765 bytes)`)
	for _, snapshot := range []string{"first", "second"} {
		b, s, err := read(name+"#"+snapshot, nil)
		require.NoError(t, err)
		require.Empty(t, s.Findings())
		f, err := check.Stream(b, check.Options{Strict: true})
		require.NoError(t, err)
		require.Equal(t, report.Pass, f.Verdict)
		require.Equal(t, report.Identical, f.Roundtrip)
	}
}

// A snapshot and a stream of one machine, which does not run, are the same but for
// the moment.
func TestSnapshotAndStream(t *testing.T) {
	for _, install := range []string{"system", "qemu10"} {
		t.Run(install, func(t *testing.T) {
			folder := t.TempDir()
			blank := filepath.Join(folder, "blank")
			require.NoError(t, os.WriteFile(blank, make([]byte, 65536), 0o666))
			disk := filepath.Join(folder, "disk")
			options := recordtest.Need(t, install, "x86_64", "-machine", "pc", "-m", "1M", "-nodefaults", "-bios", blank,
				"-global", "apic-common.vapic=off", "-drive", "if=none,id=d,file="+disk, "-device", "virtio-blk-pci,drive=d")
			if _, err := exec.LookPath("qemu-img"); err != nil {
				if os.Getenv("CI") == "true" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			out, err := exec.Command("qemu-img", "create", "-f", "qcow2", disk, "1M").CombinedOutput()
			require.NoError(t, err, "%s", out)
			options.Commands = []record.Command{{HMP: "savevm one"}}
			var stream bytes.Buffer
			_, err = record.RecordTo(t.Context(), options, &stream)
			require.NoError(t, err)

			b, _, err := read(disk, nil)
			require.NoError(t, err)
			snapshot, err := check.Stream(b, check.Options{})
			require.NoError(t, err)
			require.Equal(t, report.Pass, snapshot.Verdict, "%v", snapshot.Findings)
			require.Equal(t, report.Identical, snapshot.Roundtrip)
			recorded, err := check.Stream(stream.Bytes(), check.Options{})
			require.NoError(t, err)
			require.Greater(t, len(recorded.Devices), 20)
			require.Equal(t, recorded.Devices, snapshot.Devices) // names, offsets, sizes
			require.Equal(t, recorded.BytesBy, snapshot.BytesBy)
			for _, d := range snapshot.Devices {
				if d.Name == "mc146818rtc" {
					continue // the host's clock goes on
				}
				end := d.Offset + d.Size
				require.True(t, bytes.Equal(b[d.Offset:end], stream.Bytes()[d.Offset:end]), d.Name)
			}
		})
	}
}
