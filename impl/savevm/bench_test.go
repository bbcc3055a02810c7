package savevm

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// memoryFile is a stream with so many pages of guest memory, in a file.
func memoryFile(b *testing.B, pages int) string {
	s := machine().head(4, 2, "ram", 0, 4).be64(uint64(pages)<<12 | 4).str("m").be64(uint64(pages) << 12)
	for i := range pages {
		if i == 0 {
			s.be64(RAMPage).str("m")
		} else {
			s.be64(uint64(i)<<12 | RAMPage | RAMContinue)
		}
		s.raw(string(bytes.Repeat([]byte{byte(i) | 1}, 4096)))
	}
	s.be64(RAMEOS).u8(KindFooter).be32(2).done()
	name := filepath.Join(b.TempDir(), "stream")
	if err := os.WriteFile(name, s.b, 0o666); err != nil {
		b.Fatal(err)
	}
	return name
}

// BenchmarkGuestMemory reads 64 MiB of guest memory, from the page cache: as a
// stream, and not looking at it, as cat would.
func BenchmarkGuestMemory(b *testing.B) {
	name := memoryFile(b, 16<<10)
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	open := func() *os.File {
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	b.Run("stream", func(b *testing.B) {
		b.SetBytes(info.Size())
		b.ReportAllocs()
		for b.Loop() {
			f := open()
			src, err := Read(f, ReadOptions{Size: info.Size()})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := ParseSource(src, nil, Options{}); err != nil {
				b.Fatal(err)
			}
			src.Close()
			f.Close()
		}
	})
	b.Run("cat", func(b *testing.B) {
		b.SetBytes(info.Size())
		buffer := make([]byte, 128<<10)
		for b.Loop() {
			f := open()
			if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, buffer); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}
