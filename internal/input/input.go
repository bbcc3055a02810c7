// Package input opens the streams that the command is given, whatever they come
// wrapped in: compressed, in a save image of libvirt's, as a snapshot in a qcow2
// image, one in another. What they are wrapped in is told by its first bytes.
//
// Out of scope: what stands in a stream.
package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// readLimit is how many bytes Read takes of a stream that does not lie in its file
// as it is: a few bytes can unpack to more than there is memory to keep them in. It
// is 4 GiB, and 1 GiB where a process cannot have as much.
const readLimit = min(4<<30, math.MaxInt/2+1)

// Read opens a stream, unwraps it as Open does and reads it to its end. The
// Stream is closed, and says how the bytes were wrapped, and where they break off.
// An error is one line that says what is wrong with name.
func Read(name string, stdin io.Reader) ([]byte, *Stream, error) {
	s, err := Open(name, stdin)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	b, err := s.readAll(readLimit)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", called(name), reason(err))
	}
	return b, s, nil
}

// readAll reads s to its end. One that is not in the file as it is has to end
// within limit bytes.
func (s *Stream) readAll(limit int64) ([]byte, error) {
	if s.File != nil {
		b := bytes.NewBuffer(make([]byte, 0, min(s.Size, 1<<30)+bytes.MinRead))
		_, err := b.ReadFrom(s)
		return b.Bytes(), err
	}
	b, err := io.ReadAll(io.LimitReader(s, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("unpacked it goes on behind %d bytes, as many as are read (limit)", limit)
	}
	return b, err
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
