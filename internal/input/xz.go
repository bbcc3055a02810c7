package input

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// errDictionary is a block that asks for more memory than it gets.
var errDictionary = errors.New("the block's dictionary is larger than the limit")

var (
	errHeaderSum = errors.New("checksum of a header differs")
	errBlockSum  = errors.New("checksum of a block differs")
)

// An xzReader reads the streams of an xz file (The .xz File Format 1.2), with
// LZMA2 blocks, as xz writes them by itself. Package xz would do, but has no limit
// for the memory that a block asks for.
//
//	stream = fd 37 7a 58 5a 00, 2 flags, crc32; block*; index; footer of 12 bytes
//	block  = size/4-1, flags, [sizes], filter, zeros, crc32; LZMA2; zeros; check
//	index  = 00, count, count x (size of block, size of contents), zeros, crc32
type xzReader struct {
	in    *bufio.Reader
	flags [2]byte
	check hash.Hash // of the stream's kind; nil: none
	begun bool      // a stream
	block *lzma.Reader2
	raw   *counting // under block
	any   bool      // a stream came before
	count uint64    // of the stream's blocks
}

const xzMagic = "\xfd7zXZ\x00"

// The checks of a stream's blocks, in the second byte of its flags.
const (
	xzNone   = 0
	xzCRC32  = 1
	xzCRC64  = 4
	xzSHA256 = 10
)

// A counting counts the bytes that are read from a bufio.Reader, and sums those
// that are read one by one.
type counting struct {
	*bufio.Reader
	n   uint64
	sum hash.Hash32
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += uint64(n)
	return n, err
}

func (c *counting) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
		c.sum.Write([]byte{b})
	}
	return b, err
}

func (x *xzReader) Read(p []byte) (int, error) {
	for {
		switch {
		case !x.begun:
			if err := x.header(); err != nil {
				return 0, err
			}
		case x.block == nil:
			if err := x.next(); err != nil {
				return 0, whole(err)
			}
		default:
			n, err := x.block.Read(p)
			if x.check != nil {
				x.check.Write(p[:n])
			}
			if err == io.EOF {
				if err = x.endBlock(); err == nil && n == 0 {
					continue
				}
			}
			return n, whole(err)
		}
	}
}

// header reads that of a stream. What follows the last one may be zeros.
func (x *xzReader) header() error {
	if x.any {
		if err := another(x.in, xzMagic); err != nil {
			return err
		}
	}
	var h [12]byte
	if _, err := io.ReadFull(x.in, h[:]); err != nil {
		return whole(err)
	}
	if crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return errHeaderSum
	}
	x.flags = [2]byte(h[6:8])
	switch x.flags {
	case [2]byte{0, xzNone}:
		x.check = nil
	case [2]byte{0, xzCRC32}:
		x.check = crc32.NewIEEE()
	case [2]byte{0, xzCRC64}:
		x.check = crc64.New(crc64.MakeTable(crc64.ECMA))
	case [2]byte{0, xzSHA256}:
		x.check = sha256.New()
	default:
		return fmt.Errorf("check %02x%02x is not known", x.flags[0], x.flags[1])
	}
	x.begun, x.any = true, true
	x.count = 0
	return nil
}

// next reads a block's header, or the index and the footer.
func (x *xzReader) next() error {
	first, err := x.in.Peek(1)
	if len(first) == 0 {
		return err
	}
	if first[0] == 0 {
		return x.index()
	}
	b := make([]byte, (int(first[0])+1)*4)
	if _, err := io.ReadFull(x.in, b); err != nil {
		return err
	}
	end := len(b) - 4
	if crc32.ChecksumIEEE(b[:end]) != binary.LittleEndian.Uint32(b[end:]) {
		return errHeaderSum
	}
	dictionary, err := dictionaryOf(b[1:end])
	if err != nil {
		return err
	}
	if dictionary > windowLimit {
		return fmt.Errorf("%w: %d bytes, more than %d", errDictionary, dictionary, windowLimit)
	}
	if x.check != nil {
		x.check.Reset()
	}
	x.raw = &counting{Reader: x.in, sum: crc32.NewIEEE()}
	x.block, err = lzma.Reader2Config{DictCap: max(int(dictionary), lzma.MinDictCap)}.NewReader2(x.raw)
	return err
}

// dictionaryOf gives the size of the dictionary, in bytes, that a block's header
// asks for, flags first.
func dictionaryOf(b []byte) (int64, error) {
	flags, r := b[0], bytes.NewReader(b[1:])
	for _, present := range []byte{0x40, 0x80} { // the sizes, packed and not: what comes is counted
		if flags&present != 0 {
			if _, err := binary.ReadUvarint(r); err != nil {
				return 0, errors.New("a block's header is too short")
			}
		}
	}
	const lzma2 = 0x21
	filter := make([]byte, 3) // id, size of properties, properties
	if _, err := io.ReadFull(r, filter); err != nil {
		return 0, errors.New("a block's header is too short")
	}
	if flags&3 != 0 || filter[0] != lzma2 || filter[1] != 1 {
		return 0, errors.New("a block is packed with another filter than LZMA2 alone")
	}
	return lzma.DecodeDictCap(filter[2])
}

// endBlock reads what stands behind a block's bytes.
func (x *xzReader) endBlock() error {
	x.block = nil
	x.count++
	if err := zeros(x.in, x.raw.n); err != nil || x.check == nil {
		return err
	}
	got := make([]byte, x.check.Size())
	if _, err := io.ReadFull(x.in, got); err != nil {
		return whole(err)
	}
	want := x.check.Sum(nil)
	if x.flags[1] != xzSHA256 { // the CRCs are little-endian
		slices.Reverse(want)
	}
	if !bytes.Equal(got, want) {
		return errBlockSum
	}
	return nil
}

// zeros reads the zeros that fill n bytes up to a multiple of 4.
func zeros(r io.ByteReader, n uint64) error {
	for ; n%4 != 0; n++ {
		b, err := r.ReadByte()
		if err != nil {
			return whole(err)
		}
		if b != 0 {
			return errors.New("padding is not zero")
		}
	}
	return nil
}

// index reads the index and the footer, and ends the stream.
func (x *xzReader) index() error {
	r := &counting{Reader: x.in, sum: crc32.NewIEEE()}
	if _, err := r.ReadByte(); err != nil { // the 00
		return err
	}
	count, err := binary.ReadUvarint(r)
	if err != nil {
		return err
	}
	if count != x.count {
		return fmt.Errorf("the index lists %d blocks of %d", count, x.count)
	}
	for range 2 * count { // sizes, which are those of blocks that were checked
		if _, err := binary.ReadUvarint(r); err != nil {
			return err
		}
	}
	if err := zeros(r, r.n); err != nil {
		return err
	}
	var tail [16]byte // crc32 of the index; of the footer: crc32, size, flags, YZ
	if _, err := io.ReadFull(x.in, tail[:]); err != nil {
		return err
	}
	le := binary.LittleEndian
	footer := tail[4:]
	switch {
	case le.Uint32(tail[:]) != r.sum.Sum32(), le.Uint32(footer) != crc32.ChecksumIEEE(footer[4:10]):
		return errHeaderSum
	case (uint64(le.Uint32(footer[4:]))+1)*4 != r.n+4, [2]byte(footer[8:10]) != x.flags, string(footer[10:]) != "YZ":
		return errors.New("the footer does not fit the stream")
	}
	x.begun = false
	return nil
}
