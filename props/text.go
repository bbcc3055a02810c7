package props

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

// Text is the case as a file of `key: value` lines, in this order:
//
//	property  its id; left out where there is none
//	do        load, save, save-broken, load-over or load-save
//	schema    JSON, as model.UnmarshalSchema reads it
//	version   to load or save at
//	times     how often, where more than once
//	memory    bytes that a load may allocate
//	fault     made in memory: kind, queue, element and other, as bind.Fault has them
//	value     JSON, as model.UnmarshalValue reads it: what is saved, or read where the load is accepted
//	before    JSON: what memory holds before a load-over
//	stream    hex: what is loaded, or written where the save is accepted
//	saved     hex: what a load-save writes that is accepted
//	expect    accept or refuse
//	consumed  bytes that a load takes which is accepted
//	note      rule, offset and path of a note that it gives; as many lines as notes
//	rule      of the error; class, offset and path too
//	class
//	offset
//	path
//
// Paths are quoted as in Go. A line that would say nothing is left out.
func (c Case) Text() []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line("property", c.Property)
	line("do", string(c.Do))
	schema, err := model.MarshalSchema(c.Schema)
	line("schema", orError(schema, err))
	line("version", strconv.FormatUint(uint64(c.Version), 10))
	if c.Times > 1 {
		line("times", strconv.Itoa(c.Times))
	}
	if c.Memory > 0 {
		line("memory", strconv.FormatInt(c.Memory, 10))
	}
	if c.Do == SaveBroken {
		line("fault", fmt.Sprintf("%v %d %d %d", c.Fault.Kind, c.Fault.Queue, c.Fault.Element, c.Fault.Other))
	}
	value := func(key string, v *model.Struct) {
		if v != nil {
			value, err := model.MarshalValue(c.Schema, v)
			line(key, orError(value, err))
		}
	}
	value("value", c.Value)
	value("before", c.Before)
	line("stream", hex.EncodeToString(c.Stream))
	line("saved", hex.EncodeToString(c.Saved))
	if e := c.Refuse; e != nil {
		line("expect", "refuse")
		line("rule", string(e.Rule))
		line("class", string(e.Class))
		line("offset", strconv.FormatInt(e.Offset, 10))
		if e.Path != "" {
			line("path", strconv.Quote(e.Path))
		}
		return b.Bytes()
	}
	line("expect", "accept")
	if c.loads() {
		line("consumed", strconv.FormatInt(c.Consumed, 10))
	}
	for _, n := range c.Notes {
		line("note", fmt.Sprintf("%s %d %q", n.Rule, n.Offset, n.Path))
	}
	return b.Bytes()
}

func orError(b []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b))
}

// ParseCase is the inverse of Text. Empty lines and those that begin with # are
// passed over.
func ParseCase(text []byte) (Case, error) {
	p := caseParser{lines: map[string][]string{}}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok || !slices.Contains(caseKeys, key) {
			return Case{}, fmt.Errorf("case: the line %.60q is none of a case", line)
		}
		if p.lines[key] != nil && key != "note" {
			return Case{}, fmt.Errorf("case: %s stands twice", key)
		}
		p.lines[key] = append(p.lines[key], strings.TrimSpace(value))
	}
	c := p.parse()
	for _, key := range caseKeys {
		if p.lines[key] != nil {
			p.fail(key, errors.New("has no meaning in this case"))
		}
	}
	if p.err != nil {
		return Case{}, fmt.Errorf("case: %w", p.err)
	}
	return c, nil
}

var caseKeys = []string{
	"property", "do", "schema", "version", "times", "memory", "fault", "value", "before", "stream", "saved",
	"expect", "consumed", "note", "rule", "class", "offset", "path",
}

// A caseParser keeps the first thing that is wrong.
type caseParser struct {
	lines map[string][]string // that nobody took yet
	err   error
}

// take gives the value of a key, and takes its line away.
func (p *caseParser) take(key string) (string, bool) {
	values := p.lines[key]
	if len(values) == 0 {
		return "", false
	}
	delete(p.lines, key)
	return values[0], true
}

func (p *caseParser) need(key string) string {
	value, ok := p.take(key)
	if !ok {
		p.fail(key, errors.New("is missing"))
	}
	return value
}

func (p *caseParser) fail(key string, err error) {
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("%s: %w", key, err)
	}
}

func (p *caseParser) number(key string) int64 {
	n, err := strconv.ParseInt(p.need(key), 10, 64)
	p.fail(key, err)
	return n
}

func (p *caseParser) path(key, quoted string) string {
	path, err := strconv.Unquote(quoted)
	p.fail(key, err)
	return path
}

func (p *caseParser) rule(key string, id rules.ID) rules.ID {
	if _, ok := rules.Lookup(id); !ok {
		p.fail(key, fmt.Errorf("there is no rule %.60q", id))
	}
	return id
}

func (p *caseParser) offset(key string, n int64) int64 {
	if n < 0 {
		p.fail(key, fmt.Errorf("%d is no offset", n))
	}
	return n
}

func (p *caseParser) value(key string, of *model.Schema) *model.Struct {
	text, ok := p.take(key)
	if !ok {
		return nil
	}
	v, err := model.UnmarshalValue(of, []byte(text))
	p.fail(key, err)
	return v
}

func (p *caseParser) bytes(key string) []byte {
	digits, _ := p.take(key)
	b, err := hex.DecodeString(digits)
	p.fail(key, err)
	return b
}

func (p *caseParser) parse() Case {
	c := Case{Do: Do(p.need("do"))}
	version, err := strconv.ParseUint(p.need("version"), 10, 32)
	p.fail("version", err)
	c.Version = uint32(version)
	c.Property, _ = p.take("property")
	schema := p.need("schema")
	if p.err != nil {
		return c
	}
	if c.Schema, err = model.UnmarshalSchema([]byte(schema)); err != nil {
		p.fail("schema", err)
		return c
	}
	c.Value, c.Before = p.value("value", c.Schema), p.value("before", c.Schema)
	c.Stream, c.Saved = p.bytes("stream"), p.bytes("saved")
	if p.lines["times"] != nil {
		n := p.number("times")
		if n < 2 || n > maxTimes {
			p.fail("times", fmt.Errorf("%d is not from 2 to %d", n, maxTimes))
		}
		c.Times = int(n)
	}
	if p.lines["memory"] != nil {
		if c.Memory = p.number("memory"); c.Memory < 1 {
			p.fail("memory", fmt.Errorf("%d is less than a byte", c.Memory))
		}
	}
	switch expect := p.need("expect"); expect {
	case "refuse":
		c.Refuse = &rules.Error{
			Rule: p.rule("rule", rules.ID(p.need("rule"))), Class: rules.Class(p.need("class")),
			Offset: p.offset("offset", p.number("offset")),
		}
		if !slices.Contains(rules.Classes, c.Refuse.Class) {
			p.fail("class", fmt.Errorf("there is no class %.60q", c.Refuse.Class))
		}
		if path, ok := p.take("path"); ok {
			c.Refuse.Path = p.path("path", path)
		}
	case "accept":
		p.accept(&c)
	default:
		p.fail("expect", fmt.Errorf("%q is neither accept nor refuse", expect))
	}
	missing := errors.New("is missing")
	switch c.Do {
	case LoadOver:
		if c.Before == nil {
			p.fail("before", missing)
		}
		fallthrough
	case Load, LoadSave:
		if c.Refuse == nil && c.Value == nil {
			p.fail("value", missing)
		}
	case SaveBroken:
		p.fault(&c)
		fallthrough
	case Save:
		if c.Value == nil {
			p.fail("value", missing)
		}
	default:
		p.fail("do", fmt.Errorf("%q is nothing that can be done", c.Do))
	}
	return c
}

// accept reads what an accepted case has.
func (p *caseParser) accept(c *Case) {
	if c.loads() {
		if c.Consumed = p.number("consumed"); c.Consumed < 0 || c.Consumed > int64(len(c.Stream)) {
			p.fail("consumed", fmt.Errorf("%d is not from 0 to the %d bytes of the stream", c.Consumed, len(c.Stream)))
		}
	}
	for _, value := range p.lines["note"] {
		var n rules.Note
		var path string
		if !scan(value, "%s %d %q", &n.Rule, &n.Offset, &path) {
			p.fail("note", fmt.Errorf("%q is not rule, offset and path", value))
		}
		p.rule("note", n.Rule)
		p.offset("note", n.Offset)
		n.Path = path
		c.Notes = append(c.Notes, n)
	}
	delete(p.lines, "note")
}

func (p *caseParser) fault(c *Case) {
	var kind string
	value := p.need("fault")
	f := &c.Fault
	if !scan(value, "%s %d %d %d", &kind, &f.Queue, &f.Element, &f.Other) || min(f.Queue, f.Element, f.Other) < 0 {
		p.fail("fault", fmt.Errorf("%q is not kind, queue, element and other", value))
		return
	}
	var ok bool
	if c.Fault.Kind, ok = bind.FaultKindByName(kind); !ok {
		p.fail("fault", fmt.Errorf("%q is no kind of fault", kind))
	}
	if c.Refuse == nil {
		p.fail("expect", errors.New("broken links are to be refused"))
	}
}

// scan is fmt.Sscanf of the whole of s.
func scan(s, format string, to ...any) bool {
	var more string
	n, _ := fmt.Sscanf(s, format+" %s", append(to, &more)...)
	return n == len(to)
}

// Token is the text, deflated and in base64url: one word to hand on.
func (c Case) Token() string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err) // the level is a good one
	}
	w.Write(c.Text()) // to memory: no error
	w.Close()
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// maxTimes bounds how often a case asks the same.
const maxTimes = 100

// maxText is the longest text of a token, in bytes. A drawn case is a few
// hundred, and one of 255-byte names a few thousand.
const maxText = 16 << 20

// ParseToken is the inverse of Token.
func ParseToken(token string) (Case, error) {
	deflated, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return Case{}, fmt.Errorf("token: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(deflated)), maxText+1))
	switch {
	case err != nil:
		return Case{}, fmt.Errorf("token: %w", err)
	case len(text) > maxText:
		return Case{}, fmt.Errorf("token: more than %d bytes", maxText)
	}
	return ParseCase(text)
}
