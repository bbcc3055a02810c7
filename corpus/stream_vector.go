package corpus

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A StreamVector is a whole stream, from the Q of QEVM on, made by hand from the
// wire format: it is right, or differs from what QEMU writes in one point. Its
// file is a text header as that of a Vector, an empty line, and the stream:
//
//	rules    that it is a case of, with blanks between; that of the finding, where there is one
//	comment  for people
//	qemu     the versions whose machine "none" has been seen to load it, or to refuse it, with blanks between
//	expect   pass: there is nothing to say; warn: a finding that is no error; fail: an error; none: it is no stream
//	class    of the error
//	offset   of the finding
//	path     of the finding; left out where that is the whole stream
//	also     the rules of warnings that follow from the finding, with blanks between
type StreamVector struct {
	ID      string // the file's name without its ending
	Rules   []string
	Comment string
	QEMU    []string
	Expect  string
	Class   string
	Offset  int64
	Path    string
	Also    []string
	Stream  []byte
}

// StreamVectors returns the vectors that are whole streams, sorted by id.
func StreamVectors() ([]StreamVector, error) {
	list, err := files.ReadDir("stream-vectors")
	if err != nil {
		return nil, err
	}
	var vectors []StreamVector
	for _, f := range list {
		name := path.Join("stream-vectors", f.Name())
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v, err := parseStreamVector(b)
		if err != nil {
			return nil, fmt.Errorf("corpus/%s: %w", name, err)
		}
		v.ID = strings.TrimSuffix(f.Name(), ".vector")
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// Bytes is the vector's file.
func (v StreamVector) Bytes() []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line("rules", strings.Join(v.Rules, " "))
	line("comment", v.Comment)
	line("qemu", strings.Join(v.QEMU, " "))
	line("expect", v.Expect)
	line("class", v.Class)
	if v.Expect == "warn" || v.Expect == "fail" {
		line("offset", strconv.FormatInt(v.Offset, 10))
		line("path", v.Path)
		line("also", strings.Join(v.Also, " "))
	}
	b.WriteByte('\n')
	b.Write(v.Stream)
	return b.Bytes()
}

func parseStreamVector(b []byte) (StreamVector, error) {
	var v StreamVector
	stream, err := parseHeader(b, func(key, value string) (err error) {
		switch key {
		case "rules":
			v.Rules = strings.Fields(value)
		case "comment":
			v.Comment = value
		case "qemu":
			v.QEMU = strings.Fields(value)
		case "expect":
			v.Expect = value
		case "class":
			v.Class = value
		case "offset":
			v.Offset, err = strconv.ParseInt(value, 10, 64)
		case "path":
			v.Path = value
		case "also":
			v.Also = strings.Fields(value)
		default:
			err = fmt.Errorf("header key %q", key)
		}
		return err
	})
	v.Stream = stream
	return v, err
}
