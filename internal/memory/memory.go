// Package memory writes the guest memory of a stream to files.
package memory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vmconform/impl/savevm"
)

// A Block is one block of guest memory and the file that holds it.
type Block struct {
	Name       string // as in the stream
	File       string // in the directory
	UsedLength uint64 // bytes; the file's length
	Pages      int64  // records that gave contents to a page
}

// A Writer writes each block to a raw file of its own: a page that is never
// given, or is zero, is a hole.
type Writer struct {
	dir    string
	made   bool // the directory was not there
	blocks []*block
	page   []byte // room for one
}

type block struct {
	Block
	file    *os.File
	written map[uint64]uint64 // bit i%64 of word i/64: page i is not a hole
}

// maxBlocks is how many blocks are written at most: each has a file open.
const maxBlocks = 512

// New makes the directory if it is not there. Nothing in it is ever overwritten.
func New(dir string) (*Writer, error) {
	_, err := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return &Writer{dir: dir, made: errors.Is(err, fs.ErrNotExist)}, nil
}

// FileName is the name of a block's file: that of the block, bytes that are no
// part of a plain file name as %XX.
func FileName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("._-@:+", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String() + ".raw"
}

// Record takes a record, for savevm.ReadOptions.
func (w *Writer) Record(r *savevm.RAMRecord) error {
	if err := w.take(r); err != nil {
		return fmt.Errorf("--ram: %v", err) // not of the stream's file, so not to be unwrapped
	}
	return nil
}

func (w *Writer) take(r *savevm.RAMRecord) error {
	for _, b := range r.Blocks {
		if err := w.announce(b); err != nil {
			return err
		}
	}
	if r.In == nil {
		return nil
	}
	b, err := w.block(r.In)
	if err != nil {
		return err
	}
	switch r.Flag {
	case savevm.RAMZero:
		return b.fill(w.room(r.PageSize), r)
	case savevm.RAMXBZRLE:
		page := w.room(r.PageSize)
		if n, err := b.file.ReadAt(page, int64(r.Addr)); err == io.EOF {
			clear(page[n:]) // a block of no whole number of pages
		} else if err != nil {
			return err
		}
		savevm.ApplyXBZRLE(page, r.Data)
		return b.write(page, r)
	}
	return b.write(r.Page, r)
}

func (w *Writer) room(n int) []byte {
	if len(w.page) != n {
		w.page = make([]byte, n)
	}
	return w.page
}

// announce makes a block's file as long as the block is.
func (w *Writer) announce(of savevm.RAMBlock) error {
	b, err := w.block(&of)
	if err != nil {
		return err
	}
	if b.UsedLength != of.UsedLength {
		if err := b.file.Truncate(int64(of.UsedLength)); err != nil {
			return err
		}
		b.UsedLength = of.UsedLength
	}
	return nil
}

// block gives the block of that name, and makes its file if need be.
func (w *Writer) block(of *savevm.RAMBlock) (*block, error) {
	i := slices.IndexFunc(w.blocks, func(b *block) bool { return b.Name == of.Name })
	if i >= 0 {
		return w.blocks[i], nil
	}
	if len(w.blocks) == maxBlocks {
		return nil, fmt.Errorf("more than %d blocks of guest memory", maxBlocks)
	}
	name := FileName(of.Name)
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	b := &block{Block: Block{Name: of.Name, File: name}, file: f, written: map[uint64]uint64{}}
	w.blocks = append(w.blocks, b)
	return b, nil
}

func (b *block) fill(page []byte, r *savevm.RAMRecord) error {
	i := r.Addr / uint64(len(page))
	if r.Fill == 0 && b.written[i/64]>>(i%64)&1 == 0 {
		b.Pages++
		return nil
	}
	for i := range page {
		page[i] = r.Fill
	}
	return b.write(page, r)
}

func (b *block) write(page []byte, r *savevm.RAMRecord) error {
	i := r.Addr / uint64(len(page))
	b.written[i/64] |= 1 << (i % 64)
	b.Pages++
	_, err := b.file.WriteAt(page, int64(r.Addr))
	return err
}

// Discard removes the files that were made, and the directory if it was not there
// and nobody else has put something into it.
func (w *Writer) Discard() {
	for _, b := range w.blocks {
		b.file.Close()
		os.Remove(filepath.Join(w.dir, b.File))
	}
	if w.made {
		os.Remove(w.dir)
	}
}

// Close closes the files and says what they hold.
func (w *Writer) Close() ([]Block, error) {
	var blocks []Block
	var errs []error
	for _, b := range w.blocks {
		errs = append(errs, b.file.Close())
		blocks = append(blocks, b.Block)
	}
	return blocks, errors.Join(errs...)
}
