// Package target puts implementations outside this program to the test: a child
// process that speaks the protocol of docs/protocol.md, one JSON object a line on
// its standard input and output, is a props.Subject.
//
//	conform  {"id":1,"op":"load","schema":{…},"version":1,"stream":"Bw=="}
//	child    {"id":1,"ok":{"value":{"x":7},"consumed":1}}
//
// Whatever a child does instead of answering is its failure, a *props.Breakdown:
// its process group is killed, and the next request goes to a new process. A live
// QEMU is out of scope: it speaks QMP, not this.
package target

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"vmconform/model"
	"vmconform/props"
)

// DefaultTimeout is how long a child may take for one answer.
const DefaultTimeout = 10 * time.Second

// A Subject is an implementation in a child process, one at a time. It is a
// props.Subject and a props.Restarter.
type Subject struct {
	ctx     context.Context
	command string
	timeout time.Duration
	hello   Hello
	child   *child // nil: none runs
	id      int64  // of the last request
	request []byte

	schema   *model.Schema // the one asked for last
	document []byte        // it in JSON
}

// Start starts a shell command, and asks it what it is. It may take timeout for
// each answer. The end of ctx is the end of the process, and of all calls.
func Start(ctx context.Context, command string, timeout time.Duration) (*Subject, error) {
	s := &Subject{ctx: ctx, command: command, timeout: timeout}
	if err := s.start(); err != nil {
		return nil, errors.New("the target does not start: " + strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return s, nil
}

// start starts a process, which has to say of itself what those before it did.
func (s *Subject) start() error {
	child, err := startChild(s.ctx, s.command)
	if err != nil {
		return err
	}
	s.child, s.id = child, 0
	line, err := s.exchange([]byte(`{"id":0,"op":"hello","protocol":1}` + "\n"))
	if err != nil {
		return err
	}
	hello, err := parseHello(line)
	if err != nil {
		return s.broken(props.Garbage, fmt.Sprintf("no valid hello: %v: %s", err, excerpt(line)))
	}
	if s.hello.Name != "" && !reflect.DeepEqual(s.hello, hello) {
		return s.broken(props.Garbage, "another hello than before: "+excerpt(line))
	}
	s.hello = hello
	return nil
}

// Name is exec: and the name that the target gives itself.
func (s *Subject) Name() string { return "exec:" + s.hello.Name }

// Hello is what it says of itself.
func (s *Subject) Hello() Hello { return s.hello }

// Caps are what it says that it can be asked for.
func (s *Subject) Caps() props.Caps { return s.hello.caps }

// Load asks it to load.
func (s *Subject) Load(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
	var l model.Loaded
	err := s.ask("load", schema, version, "stream", appendBase64(nil, stream), func(ok object) (err error) {
		l, err = s.hello.loaded(ok, schema)
		return err
	})
	return l, err
}

// Save asks it to save.
func (s *Subject) Save(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
	value, err := model.MarshalValue(schema, v)
	if err != nil {
		return nil, err // a value that has not the shape of its schema: ours
	}
	var stream []byte
	err = s.ask("save", schema, version, "value", value, func(ok object) (err error) {
		stream, err = saved(ok)
		return err
	})
	return stream, err
}

// ask makes a request and has read read what stands behind ok.
func (s *Subject) ask(op string, schema *model.Schema, version uint32, key string, value []byte, read func(ok object) error) error {
	if s.schema != schema {
		document, err := model.MarshalSchema(schema)
		if err != nil {
			return err // as above
		}
		s.schema, s.document = schema, document
	}
	if s.child == nil {
		if err := s.start(); err != nil {
			return err
		}
	}
	if s.child.pending() {
		return s.unasked()
	}
	s.id++
	b := s.request[:0]
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, s.id, 10)
	b = append(b, `,"op":"`+op+`","schema":`...)
	b = append(b, s.document...)
	b = append(b, `,"version":`...)
	b = strconv.AppendUint(b, uint64(version), 10)
	b = append(b, `,"`+key+`":`...)
	b = append(b, value...)
	s.request = append(b, "}\n"...)
	line, err := s.exchange(s.request)
	if err != nil {
		return err
	}
	r, err := s.hello.parseReply(line)
	switch {
	case err != nil:
	case r.id == s.id-1:
		return s.unasked()
	case r.id != s.id:
		return s.broken(props.WrongID, fmt.Sprintf("id %d in the place of %d: %s", r.id, s.id, excerpt(line)))
	case r.skipped != "":
		return &props.Skipped{Reason: r.skipped}
	case r.refused != nil:
		return r.refused
	default:
		err = read(r.ok)
	}
	if err != nil {
		return s.broken(props.Garbage, fmt.Sprintf("%v: %s", err, excerpt(line)))
	}
	return nil
}

// exchange sends a request and gives the line that answers it.
func (s *Subject) exchange(request []byte) ([]byte, error) {
	line, err := s.child.exchange(request, s.timeout)
	if err != nil {
		s.child = nil
		return nil, err
	}
	if s.child.more() {
		return nil, s.unasked()
	}
	return line, nil
}

// unasked gives up a process that has said more than it was asked for.
func (s *Subject) unasked() error {
	err := s.child.unasked()
	s.child = nil
	return err
}

// broken gives up the process for what it has said.
func (s *Subject) broken(kind props.BreakdownKind, what string) error {
	err := s.child.giveUp(kind, what)
	s.child = nil
	return err
}

// Restart ends the process; the next request starts another.
func (s *Subject) Restart() {
	if s.child != nil {
		s.child.end()
		s.child = nil
	}
}

// Settle waits a moment for what nobody has asked for, the end of the process
// included.
func (s *Subject) Settle() error {
	if s.child == nil {
		return nil
	}
	err := s.child.settle()
	if err != nil {
		s.child = nil
	}
	return err
}

// Close ends the process: its standard input is closed first, and it is killed if
// it stays.
func (s *Subject) Close() error {
	s.Restart()
	return nil
}

// appendBase64 appends b as a JSON string.
func appendBase64(to, b []byte) []byte {
	to = append(to, '"')
	to = base64.StdEncoding.AppendEncode(to, b)
	return append(to, '"')
}

// maxExcerpt bounds what is shown of a line, in bytes.
const maxExcerpt = 120

func excerpt(line []byte) string {
	if len(line) > maxExcerpt {
		return string(line[:maxExcerpt]) + "…"
	}
	return string(line)
}
