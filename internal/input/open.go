package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"vmconform/internal/report"
	"vmconform/rules"
)

// maxWrappings is how deep a stream may be wrapped. A libvirt image that is
// compressed inside, sent through gzip, has three.
const maxWrappings = 4

// windowLimit bounds, in bytes, the memory that the header of a compressed file
// may ask for: what the zstd command takes without being told to take more, and
// twice what xz -9 needs.
const windowLimit = 128 << 20

// bufferSize is that of the buffer behind each wrapping, in bytes.
const bufferSize = 64 << 10

// A Stream is a stream without what it was wrapped in, from the Q of QEVM on.
type Stream struct {
	File        io.ReaderAt // the whole file, if the stream lies in it as it is; else nil
	Size        int64       // of the stream, in bytes; -1: known only at its end
	Container   string      // "qemu": none, "libvirt", "qcow2"
	Compression string      // "none", or "gzip", "zstd", "xz", "bzip2", "lz4"; one in another is "gzip+xz", the outermost first
	Offset      *int64      // of the stream in the file; nil where it is compressed, or does not lie there in one piece

	r      io.Reader
	origin int64        // of the stream in what was there before anything was packed: offsets of mapped-ram count from there
	read   int64        // bytes that were read of the stream
	notes  []rules.Note // about the wrapping
	broken *rules.Error // why there is no more of it: its wrapping is cut short or damaged
	failed error        // reading the file did
	close  []func()
}

// Open opens the file of that name, or standard input, and unwraps the stream in
// it. FILE#SNAPSHOT names a snapshot in a qcow2 image, where no file is called so.
// Memory is bounded, whatever the file says, but not the length of the stream. An
// error is one line that says what is wrong with name.
func Open(name string, stdin io.Reader) (*Stream, error) {
	s := &Stream{Size: -1, Container: "qemu", Compression: "none", Offset: new(int64)}
	var err error
	if name == Stdin {
		err = s.unwrap(s.source(stdin), "")
	} else {
		var snapshot string
		var f *os.File
		f, snapshot, err = openSnapshot(name)
		if err != nil {
			return nil, err
		}
		s.close = append(s.close, func() { f.Close() })
		var r io.Reader = f
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			s.File, s.Size = f, info.Size()
			r = io.NewSectionReader(f, 0, s.Size)
		}
		err = s.unwrap(s.source(r), snapshot)
	}
	if s.failed != nil {
		err = s.failed // whatever that was taken for
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", called(name), err)
	}
	return s, nil
}

// openSnapshot opens FILE, or the FILE of FILE#SNAPSHOT.
func openSnapshot(name string) (*os.File, string, error) {
	f, err := openFile(name)
	for at := len(name); err != nil; {
		if at = strings.LastIndexByte(name[:at], '#'); at <= 0 {
			return nil, "", err
		}
		image, e := openFile(name[:at])
		if e != nil {
			continue
		}
		head := make([]byte, len(qcow2Magic))
		if _, e := image.ReadAt(head, 0); e != nil || string(head) != qcow2Magic {
			image.Close()
			return nil, "", fmt.Errorf("%s: no such file, and %s is no qcow2 image with snapshots", name, name[:at])
		}
		return image, name[at+1:], nil
	}
	return f, "", nil
}

// Read reads the stream. It ends where its wrapping breaks off, too: what came out
// until then can be judged. See Findings.
func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	return n, err
}

// Findings are about the wrapping, once the stream was read to its end: an error
// where that is cut short or damaged, at the length of what came out.
func (s *Stream) Findings() []report.Finding {
	var all []report.Finding
	for _, n := range s.notes {
		if n.Rule == rules.TrailingBytes {
			n.Offset = s.read
		}
		all = append(all, report.Noted(n, 0, ""))
	}
	if s.broken != nil {
		all = append(all, report.Broken(s.broken, s.read, ""))
	}
	return all
}

// Close closes the file.
func (s *Stream) Close() {
	for _, f := range s.close {
		f()
	}
	s.close = nil
}

// A kind of wrapping.
type kind struct {
	name   string
	magics []string
}

// kinds are those that are told by how they begin.
var kinds = []kind{
	{"gzip", []string{gzipMagic}},
	{"zstd", []string{"\x28\xb5\x2f\xfd"}},
	{"xz", []string{xzMagic}},
	{"bzip2", []string{"BZh"}},
	{"lz4", []string{"\x04\x22\x4d\x18"}},
	{"lzop", []string{"\x89LZO"}},
	{"libvirt", []string{libvirtSaved, libvirtPart}},
	{"qcow2", []string{qcow2Magic}},
	{"cpr", []string{cprMagic}},
}

// sniff names what begins with head, or gives "".
func sniff(head []byte) string {
	for _, k := range kinds {
		for _, m := range k.magics {
			if bytes.HasPrefix(head, []byte(m)) {
				return k.name
			}
		}
	}
	// A frame to be skipped, of any of 16 kinds: pzstd begins with one.
	if len(head) >= 4 && head[0]>>4 == 5 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18")) {
		return "zstd"
	}
	return ""
}

// unwrap takes one wrapping after another from in. A snapshot is one of a qcow2
// image, or "".
func (s *Stream) unwrap(in *bufio.Reader, snapshot string) error {
	var declared string // compression, by the header of an image
	for depth := 0; ; depth++ {
		head, err := in.Peek(len(libvirtSaved))
		if err != nil && err != io.EOF {
			return err
		}
		found := sniff(head)
		switch {
		case found == "" && s.broken != nil && !bytes.HasPrefix(head, []byte("QEVM")):
			return fmt.Errorf("it does not unpack to a stream: %s: %s", s.broken.Class, s.broken.Detail)
		case len(head) == 0:
			return errors.New("it is empty")
		case declared != "" && found != declared:
			return fmt.Errorf("the libvirt image says that its stream is packed by %s, which it is not", declared)
		case found != "" && depth == maxWrappings:
			return fmt.Errorf("the stream is wrapped more than %d times: unpack it first", maxWrappings)
		}
		declared = ""
		switch found {
		case "":
			s.settle(in)
			return nil
		case "libvirt":
			if declared, err = s.libvirt(in); err != nil {
				return fmt.Errorf("libvirt image: %w", err)
			}
		case "qcow2":
			if in, err = s.qcow2(snapshot); err != nil {
				return fmt.Errorf("qcow2 image: %w", err)
			}
		case "cpr":
			return describeCPR(in)
		case "lzop":
			return s.lzop()
		default:
			if in, err = s.unpack(found, in); err != nil {
				return err
			}
		}
	}
}

// settle makes what is left of in the stream. From a file it is read without a
// buffer in between.
func (s *Stream) settle(in *bufio.Reader) {
	s.r = in
	if s.File != nil {
		s.Size -= *s.Offset
		s.r = io.NewSectionReader(s.File, *s.Offset, s.Size)
	}
}

// A source is a file. That it cannot be read is no fault of what is in it.
type source struct {
	s *Stream
	r io.Reader
}

func (s *Stream) source(r io.Reader) *bufio.Reader {
	return bufio.NewReaderSize(&source{s, r}, bufferSize)
}

func (f *source) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF && f.s.failed == nil {
		f.s.failed = reason(err)
	}
	return n, err
}
