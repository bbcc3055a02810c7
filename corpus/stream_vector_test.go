package corpus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmconform/rules"
)

// A streamSource is what a stream vector is written from: all that stands before
// the place of the finding, and the rest; or else the finding is where a text
// begins that stands in the rest, once. The bytes are put together from the tables
// of the wire format.
type streamSource struct {
	id            string
	rules         []rules.ID
	comment       string
	qemu          string
	before, after string
	text          string
	want          streamVerdict
	also          string
}

// A streamVerdict is what has to be said of a stream.
type streamVerdict struct {
	expect string
	class  rules.Class
	path   string
}

var (
	passes   = streamVerdict{expect: "pass"}
	noStream = streamVerdict{expect: "none"}
)

func warned(path string) streamVerdict { return streamVerdict{expect: "warn", path: path} }

func fails(class rules.Class, path string) streamVerdict {
	return streamVerdict{expect: "fail", class: class, path: path}
}

func of(ids ...rules.ID) []rules.ID { return ids }

func streamSources() []streamSource {
	return slices.Concat(containerSources, recordSources, descriptionSources)
}

func (s streamSource) vector(t *testing.T) StreamVector {
	t.Helper()
	v := StreamVector{ID: s.id, Comment: s.comment, QEMU: strings.Fields(s.qemu),
		Expect: s.want.expect, Class: string(s.want.class), Path: s.want.path, Also: strings.Fields(s.also), Stream: []byte(s.before + s.after)}
	for _, r := range s.rules {
		v.Rules = append(v.Rules, string(r))
	}
	if s.want.expect == "warn" || s.want.expect == "fail" {
		if strings.Count(s.after, s.text) != 1 && s.text != "" {
			t.Errorf("%s: %q is not there once", s.id, s.text)
		}
		v.Offset = int64(len(s.before) + strings.Index(s.after, s.text))
	}
	return v
}

func TestStreamVectorsAreAsWritten(t *testing.T) {
	want := map[string][]byte{}
	for _, s := range streamSources() {
		name := s.id + ".vector"
		if want[name] != nil {
			t.Errorf("two vectors are called %s", s.id)
		}
		want[name] = s.vector(t).Bytes()
	}
	keep(t, "stream-vectors", want)
}

func TestStreamVectorFileRoundTrip(t *testing.T) {
	list, err := StreamVectors()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range list {
		written, err := os.ReadFile(filepath.Join("stream-vectors", v.ID+".vector"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written, v.Bytes()) {
			t.Errorf("%s changes when it is read and written", v.ID)
		}
	}
}

// The pieces of a stream (wire format, §1), as strings of bytes.

func be16(v uint16) string { return string(binary.BigEndian.AppendUint16(nil, v)) }
func be32(v uint32) string { return string(binary.BigEndian.AppendUint32(nil, v)) }
func be64(v uint64) string { return string(binary.BigEndian.AppendUint64(nil, v)) }

// str is a length byte and the name.
func str(name string) string { return string([]byte{byte(len(name))}) + name }

func config(machine string) string { return "\x07" + be32(uint32(len(machine))) + machine }

// sub is a subsection up to its fields.
func sub(name string, version uint32) string { return "\x05" + str(name) + be32(version) }

// head is the header of a START (01) or FULL (04) section.
func head(kind byte, id uint32, name string, instance, version uint32) string {
	return string([]byte{kind}) + be32(id) + str(name) + be32(instance) + be32(version)
}

func footer(id uint32) string { return "\x7e" + be32(id) }

func start(id uint32, name string, version uint32, payload string) string {
	return head(1, id, name, 0, version) + payload + footer(id)
}

func part(id uint32, payload string) string { return "\x02" + be32(id) + payload + footer(id) }
func end(id uint32, payload string) string  { return "\x03" + be32(id) + payload + footer(id) }

func full(id uint32, name string, version uint32, payload string) string {
	return head(4, id, name, 0, version) + payload + footer(id)
}

func command(code uint16, data string) string {
	return "\x08" + be16(code) + be16(uint16(len(data))) + data
}

const eof = "\x00"

// record is the description's, with its text.
func record(text string) string { return "\x06" + be32(uint32(len(text))) + text }

// The description's text, as QEMU from 6.0 on writes it.

func describing(devices ...string) string {
	return `{"page_size": 4096, "devices": [` + strings.Join(devices, ", ") + `]}`
}

// device is a device of instance 0 and version 1.
func device(name string, fields ...string) string {
	return fmt.Sprintf(`{"name": %q, "instance_id": 0, %s}`, name, body(name, fields...))
}

func body(name string, fields ...string) string {
	return fmt.Sprintf(`"vmsd_name": %q, "version": 1, "fields": [%s]`, name, strings.Join(fields, ", "))
}

func member(name, kind string, size int) string {
	return fmt.Sprintf(`{"name": %q, "type": %q, "size": %d}`, name, kind, size)
}

// described ends a stream: 00 and the description of the devices.
func described(devices ...string) string { return eof + record(describing(devices...)) }
