// Package input opens the streams that the command is given.
package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// Read returns the bytes of a stream file. An error is one line that says what
// is wrong with name.
func Read(name string, stdin io.Reader) ([]byte, error) {
	b, err := Bytes(name, stdin)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("%s: it is empty", name)
	}
	for _, w := range wrappers {
		if bytes.HasPrefix(b, w.magic) {
			return nil, fmt.Errorf("%s: this is %s; give the stream inside: %s", name, w.what, w.unwrap)
		}
	}
	return b, nil
}

// Bytes returns the bytes of any file, as Read does.
func Bytes(name string, stdin io.Reader) ([]byte, error) {
	if name == Stdin {
		b, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return b, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file", name)
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s: this is a directory", name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b, nil
}

// wrappers are what streams come wrapped in.
var wrappers = []struct {
	magic  []byte
	what   string
	unwrap string
}{
	{[]byte("\x1f\x8b"), "gzip", "gzip -dc"},
	{[]byte("\x28\xb5\x2f\xfd"), "zstd", "zstd -dc"},
	{[]byte("\xfd7zXZ\x00"), "xz", "xz -dc"},
	{[]byte("BZh"), "bzip2", "bzip2 -dc"},
	{[]byte("\x04\x22\x4d\x18"), "lz4", "lz4 -dc"},
	{[]byte("\x89LZO"), "lzop", "lzop -dc"},
	{[]byte("LibvirtQemud"), "a libvirt save image", "it follows the header of 92 bytes and the XML"},
}
