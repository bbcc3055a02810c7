package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"vmconform/internal/memory"
	"vmconform/internal/report"
)

// A Memory is the guest memory of a stream, written to files.
type Memory struct {
	Head
	Directory string           `json:"directory"`
	Blocks    []MemoryBlock    `json:"blocks"`
	Errors    []report.Finding `json:"errors"` // why it may not be all
}

// A MemoryBlock is a block of guest memory and the file in the directory.
type MemoryBlock struct {
	Block
	File  string `json:"file"`
	Pages int64  `json:"pages"` // that the stream gave, one given twice counted twice
}

// Memory takes what w wrote to dir as the stream was read, and the memory that
// was not told of then. It closes w.
func (r *Report) Memory(dir string, w *memory.Writer) (*Memory, error) {
	err := r.Stream.KeptMemory(w.Record)
	blocks, closeErr := w.Close()
	if err == nil {
		err = closeErr
	}
	if err == nil && len(blocks) == 0 && len(r.Errors) == 0 {
		err = fmt.Errorf("it has no guest memory")
	}
	m := &Memory{Head: r.Head, Directory: dir, Blocks: []MemoryBlock{}, Errors: r.Errors}
	for _, b := range blocks {
		m.Blocks = append(m.Blocks, MemoryBlock{Block{b.Name, strconv.FormatUint(b.UsedLength, 10)}, b.File, b.Pages})
	}
	return m, err
}

// WriteText writes it for people.
func (m *Memory) WriteText(w io.Writer, _ report.Ink) error {
	var b strings.Builder
	if len(m.Errors) > 0 {
		b.WriteString("the stream is broken: this may not be all\n")
	}
	for _, x := range m.Blocks {
		fmt.Fprintf(&b, "%s/%s: %s, %s bytes, %d pages\n", report.Clean(m.Directory), report.Clean(x.File), report.Clean(x.Name), x.UsedLength, x.Pages)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
