// Package targettest has implementations that speak the protocol of
// docs/protocol.md, for tests: the reference, and rogues, each of which does one
// thing that it should not.
package targettest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"time"

	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

// Everything is a hello that promises all that there is.
const Everything = `{"protocol":1,"name":"reference","language":"Go","version":"0.1","ops":["load","save"],"offsets":true,"paths":true,"notes":true}`

// A Request is any of the protocol.
type Request struct {
	ID       int64           `json:"id"`
	Op       string          `json:"op"`
	Protocol int             `json:"protocol"`
	Schema   json.RawMessage `json:"schema"`
	Version  uint32          `json:"version"`
	Stream   []byte          `json:"stream"`
	Value    json.RawMessage `json:"value"`
}

// A Role is what a process of this package plays.
type Role struct {
	in    *bufio.Reader
	out   *bufio.Writer
	hello string
	// turn may answer in the place of the reference: it says whether it has.
	turn func(r Request, line []byte) bool

	subject  props.Subject
	document []byte // the schema asked for last: most often the next one is the same
	schema   *model.Schema
}

func (r *Role) schemaOf(q Request) (*model.Schema, error) {
	if bytes.Equal(r.document, q.Schema) {
		return r.schema, nil
	}
	s, err := model.UnmarshalSchema(q.Schema)
	if err == nil {
		r.document, r.schema = bytes.Clone(q.Schema), s
	}
	return s, err
}

// Play plays the role that args name, a rogue or right with a hello of its own,
// until its input ends.
func Play(args []string, in io.Reader, out io.Writer) error {
	r := &Role{in: bufio.NewReader(in), out: bufio.NewWriter(out), hello: Everything, subject: props.Reference()}
	rogue, known := rogues[args[0]]
	switch {
	case args[0] == "right" && len(args) == 2:
		r.hello = args[1]
	case args[0] == "right":
	case known:
		r.turn = rogue(r)
	default:
		return fmt.Errorf("%s is no role", args[0])
	}
	return r.serve()
}

func (r *Role) serve() error {
	for {
		line, err := r.in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var q Request
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&q); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		if r.turn == nil || !r.turn(q, line) {
			r.say(r.answer(q))
		}
	}
}

// say writes what has one line at least.
func (r *Role) say(text string) {
	r.out.WriteString(text)
	r.out.WriteByte('\n')
	r.out.Flush() // a broken pipe: nobody listens any more
}

// answer is that of the reference.
func (r *Role) answer(q Request) string {
	if q.Op == "hello" {
		return fmt.Sprintf(`{"id":%d,"ok":%s}`, q.ID, r.hello)
	}
	s, err := r.schemaOf(q)
	if err != nil {
		return skipped(q, err.Error())
	}
	var ok map[string]any
	if q.Op == "load" {
		var l model.Loaded
		if l, err = r.subject.Load(s, q.Stream, q.Version); err == nil {
			value, err := model.MarshalValue(s, l.Value)
			if err != nil {
				return skipped(q, err.Error())
			}
			ok = map[string]any{"value": json.RawMessage(value), "consumed": l.Consumed}
			var notes []any
			for _, n := range l.Notes {
				notes = append(notes, map[string]any{"rule": n.Rule, "offset": n.Offset, "path": n.Path})
			}
			if notes != nil {
				ok["notes"] = notes
			}
		}
	} else {
		v, valueErr := model.UnmarshalValue(s, q.Value)
		if valueErr != nil {
			return skipped(q, valueErr.Error())
		}
		var stream []byte
		stream, err = r.subject.Save(s, v, q.Version)
		ok = map[string]any{"stream": append([]byte{}, stream...)}
	}
	reply := map[string]any{"id": q.ID}
	if e, refused := errors.AsType[*rules.Error](err); refused {
		reply["error"] = map[string]any{"class": e.Class, "offset": e.Offset, "path": e.Path, "message": e.Detail}
	} else if err != nil {
		return skipped(q, err.Error())
	} else {
		reply["ok"] = ok
	}
	text, err := json.Marshal(reply)
	if err != nil {
		return skipped(q, err.Error())
	}
	return string(text)
}

func skipped(q Request, why string) string {
	return fmt.Sprintf(`{"id":%d,"skipped":%q}`, q.ID, why)
}

// rogues do one thing that they should not: most of them to a load of what has a
// queue, and answer all else as the reference does.
var rogues = map[string]func(r *Role) func(q Request, line []byte) bool{
	"crashing": onQueues(func(*Role, Request) { fmt.Fprintln(os.Stderr, "a queue, of all things"); os.Exit(3) }),
	"killed":   onQueues(func(*Role, Request) { kill() }),
	"hanging":  onQueues(func(*Role, Request) { forever() }),
	"partial": onQueues(func(r *Role, q Request) {
		r.out.WriteString(r.answer(q)[:10])
		r.out.Flush()
		os.Exit(0)
	}),
	"garbage": onQueues(func(r *Role, _ Request) { r.say("Segmentation fault") }),
	"wrong-id": onQueues(func(r *Role, q Request) {
		q.ID += 7
		r.say(r.answer(q))
	}),
	"chatty": onQueues(func(r *Role, q Request) { r.say(r.answer(q) + "\nloaded a queue") }),
	"endless": onQueues(func(r *Role, q Request) {
		for {
			r.out.WriteString(`{"id":`)
		}
	}),
	"flooding": onQueues(func(r *Role, q Request) {
		for {
			r.say(r.answer(q))
		}
	}),
	// lying says that it has taken nothing.
	"lying": onQueues(func(r *Role, q Request) {
		r.say(consumed.ReplaceAllString(r.answer(q), `"consumed":0`))
	}),
	// nondeterministic now and then refuses what it took before.
	"nondeterministic": onQueues(func(r *Role, q Request) {
		if rand.IntN(2) == 0 {
			r.say(fmt.Sprintf(`{"id":%d,"error":{"class":"hook","offset":%d,"path":""}}`, q.ID, rand.IntN(1<<20)))
			return
		}
		r.say(r.answer(q))
	}),
	// silent never says a word, mute none after its hello.
	"silent": always(func(*Role, Request) bool { forever(); return true }),
	"mute":   always(func(_ *Role, q Request) bool { return q.Op != "hello" }),
	"dead":   always(func(*Role, Request) bool { os.Exit(1); return true }),
	// bragging says no valid hello.
	"bragging": always(func(r *Role, q Request) bool {
		r.say(`{"id":0,"ok":{"protocol":1,"name":"b","language":"Go","version":"1","ops":["load","fly"]}}`)
		return true
	}),
	// chattering adds a line to each reply, a moment later.
	"chattering": always(func(r *Role, q Request) bool {
		if q.Op == "hello" {
			return false
		}
		r.say(r.answer(q))
		r.say("that was easy")
		return true
	}),
	// leaving answers one request and is gone.
	"leaving": always(func(r *Role, q Request) bool {
		r.say(r.answer(q))
		if q.Op != "hello" {
			os.Exit(0)
		}
		return true
	}),
	// wrong refuses everything.
	"wrong": always(func(r *Role, q Request) bool {
		if q.Op == "hello" {
			return false
		}
		r.say(fmt.Sprintf(`{"id":%d,"error":{"class":"limit","offset":0,"path":""}}`, q.ID))
		return true
	}),
	// skipping skips everything, choosy all but the plainest.
	"skipping": always(func(r *Role, q Request) bool { return skips(r, q, q.Op != "hello") }),
	"choosy": always(func(r *Role, q Request) bool {
		return skips(r, q, q.Op != "hello" && len(q.Schema) > 120)
	}),
	// spoiling leaves the file spoilt behind after a while, and is wrong where it is.
	"spoiling": func(*Role) func(Request, []byte) bool {
		n := 0
		return func(q Request, _ []byte) bool {
			if n++; n == 50 {
				os.WriteFile("spoilt", nil, 0o666)
			}
			if _, err := os.Stat("spoilt"); err == nil && q.Op != "hello" {
				os.Exit(4)
			}
			return false
		}
	},
}

// Rogues are their names.
func Rogues() []string {
	var names []string
	for name := range rogues {
		names = append(names, name)
	}
	return names
}

func skips(r *Role, q Request, does bool) bool {
	if does {
		r.say(skipped(q, "not today"))
	}
	return does
}

var consumed = regexp.MustCompile(`"consumed":[0-9]+`)

func kill() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Kill()
	}
	forever()
}

func forever() { time.Sleep(time.Hour) }

func always(turn func(*Role, Request) bool) func(r *Role) func(Request, []byte) bool {
	return func(r *Role) func(Request, []byte) bool {
		return func(q Request, _ []byte) bool { return turn(r, q) }
	}
}

func onQueues(do func(*Role, Request)) func(r *Role) func(Request, []byte) bool {
	return always(func(r *Role, q Request) bool {
		if q.Op != "load" || !bytes.Contains(q.Schema, []byte(`"type":"queue"`)) {
			return false
		}
		do(r, q)
		return true
	})
}
