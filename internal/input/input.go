// Package input opens the streams that the command is given, whatever they come
// wrapped in: compressed, in a save image of libvirt's, as a snapshot in a qcow2
// image, one in another. What they are wrapped in is told by its first bytes.
//
// Out of scope: what stands in a stream.
package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"vmconform/impl/savevm"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// Read opens a stream, unwraps it as Open does and reads it by savevm.Read. The
// Stream is closed, and says how the bytes were wrapped, and where they break off;
// the source is the caller's to close. An error is one line that says what is
// wrong with name.
func Read(name string, stdin io.Reader, o savevm.ReadOptions) (*savevm.Source, *Stream, error) {
	s, err := Open(name, stdin)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	o.Size, o.Origin = s.Size, s.origin
	src, err := savevm.Read(s, o)
	if err != nil {
		src.Close()
		return nil, nil, fmt.Errorf("%s: %w", called(name), reason(err))
	}
	return src, s, nil
}

// Bytes returns the bytes of any file, as they are. An error is one line that
// says what is wrong with name.
func Bytes(name string, stdin io.Reader) ([]byte, error) {
	var r io.Reader = stdin
	if name != Stdin {
		f, err := openFile(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", called(name), reason(err))
	}
	return b, nil
}

func called(name string) string {
	if name == Stdin {
		return "standard input"
	}
	return name
}

func openFile(name string) (*os.File, error) {
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file", name)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: this is a directory", name)
	}
	return f, nil
}

// reason is an error without the name of the file, which is said already.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
