package corpus

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A Vector is a payload, made by hand from the wire format, with the schema
// that it is to be loaded by and what has to become of it. Its file is a text
// header of `key: value` lines, an empty line, and the payload's bytes:
//
//	rule     the rule that it is a case of; that of the error, where there is one
//	fault    the past faults that it is modelled on (qemu-behaviour §3), with blanks between
//	comment  for people
//	schema   JSON, as model.UnmarshalSchema reads it
//	version  to load at
//	expect   accept or refuse
//	class    of the error, where it is refused
//	note     the rule of the one note, where it is accepted with one
//	offset   of the error or note
//	path     of the error or note; left out where that is the top
//	value    JSON, as model.UnmarshalValue reads it: what was loaded, where it is accepted with a note, or the rule is about that
//
// Rule, schema, version and expect are in every file. A payload that is accepted
// is taken whole; without a note it is what saving the loaded value writes.
type Vector struct {
	ID      string // the file's name without its ending
	Rule    string
	Faults  []string
	Comment string
	Schema  string
	Version uint32
	Expect  string
	Class   string
	Note    string
	Offset  int64
	Path    string
	Value   string
	Payload []byte
}

// Vectors returns the vectors, sorted by id.
func Vectors() ([]Vector, error) {
	list, err := files.ReadDir("vectors")
	if err != nil {
		return nil, err
	}
	var vectors []Vector
	for _, f := range list {
		name := path.Join("vectors", f.Name())
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v, err := ParseVector(b)
		if err != nil {
			return nil, fmt.Errorf("corpus/%s: %w", name, err)
		}
		v.ID = strings.TrimSuffix(f.Name(), ".vector")
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// Bytes is the vector's file.
func (v Vector) Bytes() []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line("rule", v.Rule)
	line("fault", strings.Join(v.Faults, " "))
	line("comment", v.Comment)
	line("schema", v.Schema)
	line("version", strconv.FormatUint(uint64(v.Version), 10))
	line("expect", v.Expect)
	line("class", v.Class)
	line("note", v.Note)
	if v.Class != "" || v.Note != "" {
		line("offset", strconv.FormatInt(v.Offset, 10))
		line("path", v.Path)
	}
	line("value", v.Value)
	b.WriteByte('\n')
	b.Write(v.Payload)
	return b.Bytes()
}

// ParseVector is the inverse of Bytes; it leaves the ID empty.
func ParseVector(b []byte) (Vector, error) {
	var v Vector
	payload, err := parseHeader(b, func(key, value string) (err error) {
		switch key {
		case "rule":
			v.Rule = value
		case "fault":
			v.Faults = strings.Fields(value)
		case "comment":
			v.Comment = value
		case "schema":
			v.Schema = value
		case "version":
			var n uint64
			n, err = strconv.ParseUint(value, 10, 32)
			v.Version = uint32(n)
		case "expect":
			v.Expect = value
		case "class":
			v.Class = value
		case "note":
			v.Note = value
		case "offset":
			v.Offset, err = strconv.ParseInt(value, 10, 64)
		case "path":
			v.Path = value
		case "value":
			v.Value = value
		default:
			err = fmt.Errorf("header key %q", key)
		}
		return err
	})
	v.Payload = payload
	return v, err
}

// parseHeader hands the lines of a vector's header to set, and returns what
// stands behind its empty line.
func parseHeader(b []byte, set func(key, value string) error) ([]byte, error) {
	header, rest, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return nil, fmt.Errorf("no empty line behind the header")
	}
	for line := range strings.Lines(string(header) + "\n") {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok {
			return nil, fmt.Errorf("header line %q", line)
		}
		if err := set(key, value); err != nil {
			return nil, err
		}
	}
	return rest, nil
}
