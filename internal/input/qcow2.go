package input

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const qcow2Magic = "QFI\xfb"

// Limits of an image that are not the format's.
const (
	qcow2Snapshots = 65536   // that are looked at: as many as QEMU has
	qcow2ExtraData = 1 << 10 // bytes of a snapshot that are not known
)

// The bits of a header that change how an image is read.
const (
	qcow2DataFile    = 1 << 2
	qcow2Compression = 1 << 3
	qcow2ExtendedL2  = 1 << 4
	qcow2Known       = 0x1f // dirty and corrupt, too
)

// A qcow2 reads the VM state of one snapshot in an image (QEMU's
// docs/interop/qcow2.txt). State and disk share a table of two levels: the state
// lies where the disk ends, rounded up to what one entry of the first level
// covers. All integers are big-endian.
type qcow2 struct {
	file        io.ReaderAt
	size        int64 // of the file
	clusterBits uint  // 9 to 21
	zstd        bool  // compressed clusters are, else they are deflate
	v3          bool

	l1     int64  // offset of the first level
	l1Size uint64 // entries
	begin  uint64 // of the state, in the snapshot's address space
	end    uint64

	l2      []byte // the table at l2At
	l2At    int64
	cluster []byte // unpacked from the entry packedAt
	packed  uint64
	window  []byte
}

// A snapshot of an image.
type snapshot struct {
	id, name string
	l1       uint64
	l1Size   uint32
	disk     uint64 // bytes
	state    uint64 // bytes
}

// qcow2 returns the VM state of a snapshot of the image, that of the name or the id,
// or for "" the only one.
func (s *Stream) qcow2(name string) (*bufio.Reader, error) {
	if s.File == nil || *s.Offset != 0 {
		return nil, errors.New("it is read here and there, which takes a regular file: unpack it first")
	}
	q := &qcow2{file: s.File, size: s.Size, l2At: -1}
	all, err := q.open()
	if err != nil {
		return nil, err
	}
	chosen, err := choose(all, name)
	if err != nil {
		return nil, err
	}
	if err := q.seek(chosen); err != nil {
		return nil, fmt.Errorf("snapshot %q: %w", chosen.name, err)
	}
	s.Container, s.Size, s.File, s.Offset = "qcow2", int64(chosen.state), nil, nil
	return bufio.NewReaderSize(&packed{s: s, name: "qcow2", r: q}, bufferSize), nil
}

// at reads len(b) bytes.
func (q *qcow2) at(b []byte, off uint64) error {
	if off > uint64(q.size) || uint64(len(b)) > uint64(q.size)-off {
		return io.ErrUnexpectedEOF
	}
	_, err := q.file.ReadAt(b, int64(off))
	return whole(err)
}

// open reads the header and the table of snapshots.
func (q *qcow2) open() ([]snapshot, error) {
	var h [112]byte
	if err := q.at(h[:72], 0); err != nil {
		return nil, errors.New("it is cut inside its header")
	}
	be := binary.BigEndian
	version := be.Uint32(h[4:])
	if version != 2 && version != 3 {
		return nil, fmt.Errorf("its version is %d, not 2 or 3", version)
	}
	if q.clusterBits = uint(be.Uint32(h[20:])); q.clusterBits < 9 || q.clusterBits > 21 {
		return nil, fmt.Errorf("its clusters have 2^%d bytes, not 2^9 to 2^21", q.clusterBits)
	}
	if be.Uint32(h[32:]) != 0 {
		return nil, errors.New("it is encrypted")
	}
	if q.v3 = version == 3; q.v3 {
		if err := q.at(h[:104], 0); err != nil {
			return nil, errors.New("it is cut inside its header")
		}
		features := be.Uint64(h[72:])
		switch {
		case features&qcow2DataFile != 0:
			return nil, errors.New("its data lie in another file")
		case features&qcow2ExtendedL2 != 0:
			return nil, errors.New("it has extended L2 entries, which are not read here")
		case features&^qcow2Known != 0:
			return nil, fmt.Errorf("it has features that are not known: %x", features&^qcow2Known)
		case features&qcow2Compression != 0:
			if err := q.at(h[:], 0); err != nil {
				return nil, errors.New("it is cut inside its header")
			}
			if h[104] > 1 {
				return nil, fmt.Errorf("its compression %d is not known", h[104])
			}
			q.zstd = h[104] == 1
		}
	}
	n := be.Uint32(h[60:])
	if n > qcow2Snapshots {
		return nil, fmt.Errorf("it has %d snapshots, more than %d", n, qcow2Snapshots)
	}
	var all []snapshot
	off := be.Uint64(h[64:])
	for i := range n {
		var x snapshot
		var err error
		if x, off, err = q.snapshot(off, be.Uint64(h[24:])); err != nil {
			return nil, fmt.Errorf("its table of snapshots breaks off behind %d of %d: %w", i, n, err)
		}
		all = append(all, x)
	}
	return all, nil
}

// snapshot reads an entry of the table, and says where the next one is. The disk
// had the size it has now, where the entry does not say.
func (q *qcow2) snapshot(off, disk uint64) (snapshot, uint64, error) {
	const fixed = 40
	var b [fixed + 16]byte
	if err := q.at(b[:fixed], off); err != nil {
		return snapshot{}, 0, err
	}
	be := binary.BigEndian
	x := snapshot{l1: be.Uint64(b[:]), l1Size: be.Uint32(b[8:]), disk: disk, state: uint64(be.Uint32(b[32:]))}
	ids, names, extra := uint64(be.Uint16(b[12:])), uint64(be.Uint16(b[14:])), uint64(be.Uint32(b[36:]))
	if extra > qcow2ExtraData {
		return snapshot{}, 0, fmt.Errorf("an entry has %d bytes more than are known", extra)
	}
	if err := q.at(b[fixed:fixed+min(extra, 16)], off+fixed); err != nil {
		return snapshot{}, 0, err
	}
	if extra >= 8 {
		x.state = be.Uint64(b[fixed:])
	}
	if extra >= 16 {
		x.disk = be.Uint64(b[fixed+8:])
	}
	text := make([]byte, ids+names)
	if err := q.at(text, off+fixed+extra); err != nil {
		return snapshot{}, 0, err
	}
	x.id, x.name = string(text[:ids]), string(text[ids:])
	size := fixed + extra + ids + names
	return x, off + (size+7)&^7, nil
}

// choose finds a snapshot.
func choose(all []snapshot, name string) (snapshot, error) {
	var states []snapshot
	var list []string
	for _, x := range all {
		list = append(list, fmt.Sprintf("%s %q (%d bytes)", x.id, x.name, x.state))
		if x.state > 0 {
			states = append(states, x)
		}
	}
	has := "it has no snapshots"
	switch {
	case len(list) > 20:
		has = fmt.Sprintf("it has %d snapshots, the first of them: %s", len(list), strings.Join(list[:20], ", "))
	case len(list) > 0:
		has = "it has these snapshots, with so much VM state: " + strings.Join(list, ", ")
	}
	switch {
	case name == "" && len(states) == 1:
		return states[0], nil
	case name == "" && len(states) == 0:
		return snapshot{}, errors.New("no snapshot of it has VM state: " + has)
	case name == "":
		return snapshot{}, errors.New("name one of its snapshots, FILE#NAME: " + has)
	}
	for _, by := range []func(snapshot) string{func(x snapshot) string { return x.name }, func(x snapshot) string { return x.id }} {
		for _, x := range all {
			switch {
			case by(x) != name:
			case x.state == 0:
				return snapshot{}, fmt.Errorf("snapshot %q has no VM state: %s", name, has)
			default:
				return x, nil
			}
		}
	}
	return snapshot{}, fmt.Errorf("no snapshot is called %q: %s", name, has)
}

// seek goes to the state of a snapshot.
func (q *qcow2) seek(x snapshot) error {
	covers := 2*q.clusterBits - 3 // bits: what an entry of the first level covers
	first := x.disk >> covers
	if x.disk&(1<<covers-1) != 0 {
		first++
	}
	q.l1, q.l1Size = int64(x.l1), uint64(x.l1Size)
	table := q.l1Size * 8
	if x.l1 > uint64(q.size) || table > uint64(q.size)-x.l1 {
		return fmt.Errorf("its table of %d bytes at %d is not inside the file of %d", table, x.l1, q.size)
	}
	if q.l1Size > 1<<(63-covers) || first >= q.l1Size || x.state > (q.l1Size-first)<<covers {
		return fmt.Errorf("its %d bytes of VM state behind a disk of %d are more than its table covers", x.state, x.disk)
	}
	q.begin = first << covers
	q.end = q.begin + x.state
	return nil
}

// Read reads the state, cluster by cluster.
func (q *qcow2) Read(p []byte) (int, error) {
	if q.begin == q.end {
		return 0, io.EOF
	}
	size := uint64(1) << q.clusterBits
	within := q.begin & (size - 1)
	p = p[:min(uint64(len(p)), size-within, q.end-q.begin)]
	if err := q.read(p, within); err != nil {
		return 0, err
	}
	q.begin += uint64(len(p))
	return len(p), nil
}

// read reads from a cluster, within it. One that is not allocated is zeros: a
// backing file has no VM state.
func (q *qcow2) read(p []byte, within uint64) error {
	const (
		offset     = 1<<56 - 1<<9
		compressed = 1 << 62
		zero       = 1
	)
	var b [8]byte
	if err := q.at(b[:], uint64(q.l1)+q.begin>>(2*q.clusterBits-3)*8); err != nil {
		return q.broken("first table", err)
	}
	l2 := binary.BigEndian.Uint64(b[:]) & offset
	if l2 == 0 {
		clear(p)
		return nil
	}
	if int64(l2) != q.l2At {
		if q.l2 == nil {
			q.l2 = make([]byte, 1<<q.clusterBits)
		}
		q.l2At = -1
		if err := q.at(q.l2, l2); err != nil {
			return q.broken("second table", err)
		}
		q.l2At = int64(l2)
	}
	index := q.begin >> q.clusterBits & (1<<(q.clusterBits-3) - 1)
	entry := binary.BigEndian.Uint64(q.l2[index*8:])
	switch {
	case entry&compressed != 0:
		if err := q.unpack(entry); err != nil {
			return q.broken("compressed cluster", err)
		}
		copy(p, q.cluster[within:])
		return nil
	case entry&offset == 0, q.v3 && entry&zero != 0:
		clear(p)
		return nil
	}
	if err := q.at(p, entry&offset+within); err != nil {
		return q.broken("cluster", err)
	}
	return nil
}

// broken says what does not stand where the tables of the image say.
func (q *qcow2) broken(what string, err error) error {
	return fmt.Errorf("%s at %d of the image's addresses: %w", what, q.begin, err)
}

// unpack makes a cluster of what a compressed entry points to: the offset in the
// low bits, above it how many more sectors of 512 bytes are touched.
func (q *qcow2) unpack(entry uint64) error {
	if q.cluster != nil && q.packed == entry {
		return nil
	}
	if q.cluster == nil {
		q.cluster = make([]byte, 1<<q.clusterBits)
		q.window = make([]byte, 0, 2<<q.clusterBits)
	}
	bits := 62 - (q.clusterBits - 8)
	off := entry & (1<<bits - 1)
	sectors := entry&(1<<62-1)>>bits + 1
	if off >= uint64(q.size) {
		return io.ErrUnexpectedEOF
	}
	// The last sector may stand beyond the end of the file.
	size := min(sectors*512-off&511, uint64(q.size)-off)
	q.window = q.window[:size]
	if err := q.at(q.window, off); err != nil {
		return err
	}
	q.packed = 0
	var r io.Reader = flate.NewReader(bytes.NewReader(q.window))
	if q.zstd {
		d, err := zstd.NewReader(bytes.NewReader(q.window), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(windowLimit))
		if err != nil {
			return err
		}
		defer d.Close()
		r = d
	}
	if _, err := io.ReadFull(r, q.cluster); err != nil {
		return errors.New(err.Error()) // its end is no end of the image
	}
	q.packed = entry
	return nil
}
