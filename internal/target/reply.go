package target

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"vmconform/model"
	"vmconform/props"
	"vmconform/props/gen"
	"vmconform/rules"
)

// classes are those that a reply may have: of a payload, not of the container
// around it.
var classes = []rules.Class{
	rules.Truncated, rules.VersionTooNew, rules.VersionTooOld, rules.UnknownSubsection, rules.Mismatch, rules.OutOfRange,
	rules.MissingField, rules.CountMismatch, rules.Limit, rules.Hook, rules.BadLink,
}

// features are those of the handshake, with what a case without them lacks. To lack
// limits is no matter of schemas.
var features = map[string]gen.Features{
	"arrays": gen.Arrays, "counts": gen.Counts, "rooms": gen.Rooms, "pointers": gen.Pointers, "subsections": gen.Subsections,
	"recursive": gen.SelfReference, "versions": gen.Versions, "locals": gen.Locals, "conditions": gen.Conditions,
	"hooks": gen.Hooks, "elements": gen.Elements, "limits": 0,
}

// An object is a JSON object of a reply, read member by member. The first thing
// wrong is kept, and what is read then is zero.
type object struct {
	members map[string]jsontext.Value
	read    map[string]bool
	err     *error // of the whole reply
}

// parseObject reads one JSON object: UTF-8, without names that are there twice.
func parseObject(text []byte) (object, error) {
	o := object{read: map[string]bool{}, err: new(error)}
	if err := json.Unmarshal(text, &o.members); err != nil {
		return o, fmt.Errorf("no JSON object: %w", err)
	}
	if o.members == nil { // null
		return o, errors.New("no JSON object")
	}
	return o, nil
}

func (o object) fail(format string, args ...any) {
	if *o.err == nil {
		*o.err = fmt.Errorf(format, args...)
	}
}

// has says whether a member is there.
func (o object) has(name string) bool { return o.members[name] != nil }

// member gives a member of a kind, as jsontext has it ('"' is a string, '0' a
// number), which must be there.
func (o object) member(name string, kind jsontext.Kind) (jsontext.Value, bool) {
	o.read[name] = true
	v, ok := o.members[name]
	switch {
	case !ok:
		o.fail("%s is missing", name)
	case v.Kind() != kind:
		o.fail("%s is no %s", name, kinds[kind])
		ok = false
	}
	return v, ok
}

var kinds = map[jsontext.Kind]string{'"': "string", '0': "number", '{': "object", '[': "array"}

func (o object) text(name string) string {
	v, ok := o.member(name, '"')
	if !ok {
		return ""
	}
	return unquote(v)
}

// words is text that says something.
func (o object) words(name string) string {
	s := o.text(name)
	if s == "" {
		o.fail("%s is empty", name)
	}
	return s
}

// unquote gives the string of a JSON string, which has been read already.
func unquote(v jsontext.Value) string {
	b, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		panic(err) // it was valid
	}
	return string(b)
}

// count reads an integer from 0 to 2^53-1, in digits alone.
func (o object) count(name string) int64 {
	v, ok := o.member(name, '0')
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(string(v), 10, 53)
	if err != nil {
		o.fail("%s is no integer from 0 to 2^53-1", name)
	}
	return int64(n)
}

// flag reads a bool that may be left out.
func (o object) flag(name string) bool {
	if !o.has(name) {
		return false
	}
	o.read[name] = true
	switch v := o.members[name]; v.Kind() {
	case 't':
		return true
	case 'f':
	default:
		o.fail("%s is neither true nor false", name)
	}
	return false
}

// object gives an object inside, whose errors are the outer one's.
func (o object) object(name string) object {
	v, _ := o.member(name, '{')
	return o.inside(name, v)
}

func (o object) inside(name string, v jsontext.Value) object {
	inner := object{read: map[string]bool{}, err: o.err}
	if *o.err == nil && json.Unmarshal(v, &inner.members) != nil {
		o.fail("%s is no object", name)
	}
	return inner
}

// list gives the members of an array.
func (o object) list(name string) []jsontext.Value {
	v, ok := o.member(name, '[')
	if !ok {
		return nil
	}
	var list []jsontext.Value
	if err := json.Unmarshal(v, &list); err != nil {
		panic(err) // it was valid
	}
	return list
}

// names gives the strings of an array, each one of known, and none twice.
func (o object) names(name string, known []string) []string {
	var list []string
	for _, v := range o.list(name) {
		word := ""
		if v.Kind() == '"' {
			word = unquote(v)
		}
		if !slices.Contains(known, word) || slices.Contains(list, word) {
			o.fail("%s: %s is unknown, or there twice", name, v)
		}
		list = append(list, word)
	}
	return list
}

// bytes reads base64, with padding and nothing else.
func (o object) bytes(name string) []byte {
	text := o.text(name)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(text) != base64.StdEncoding.EncodedLen(len(b)) { // which leaves out line ends
		o.fail("%s is no base64", name)
	}
	return b
}

// end is the first error, or that of a member that nobody has read.
func (o object) end() error {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !o.read[name] {
			o.fail("%.40q is no key here", name)
		}
	}
	return *o.err
}

// A reply is one to a load or save: ok, or an error, or skipped.
type reply struct {
	id      int64
	ok      object
	refused *rules.Error
	skipped string
}

// envelope reads what all replies have. What is behind ok is read by who asked.
func envelope(line []byte) (r reply, o object, err error) {
	if o, err = parseObject(line); err != nil {
		return r, o, err
	}
	r.id = o.count("id")
	n := 0
	for _, name := range []string{"ok", "error", "skipped"} {
		if o.has(name) {
			n++
		}
	}
	if n != 1 {
		o.fail("not one of ok, error, skipped")
	}
	return r, o, *o.err
}

// parseReply reads a reply to a load or save.
func (h Hello) parseReply(line []byte) (reply, error) {
	r, o, err := envelope(line)
	switch {
	case err != nil:
		return r, err
	case o.has("ok"):
		r.ok = o.object("ok")
	case o.has("skipped"):
		r.skipped = o.words("skipped")
	default:
		e := o.object("error")
		r.refused = h.refusal(e)
		e.end()
	}
	return r, o.end()
}

// refusal reads an error. Which rule it is for a target does not say.
func (h Hello) refusal(e object) *rules.Error {
	r := new(rules.Error)
	r.Class = rules.Class(e.text("class"))
	if !slices.Contains(classes, r.Class) {
		e.fail("class %.40q is none", r.Class)
	}
	r.Offset, r.Path = h.place(e)
	if e.has("message") {
		r.Detail = e.text("message")
	}
	return r
}

// place reads an offset and a path. Where the handshake does not promise them, they
// may be left out.
func (h Hello) place(o object) (offset int64, path string) {
	if !h.caps.NoOffsets || o.has("offset") {
		offset = o.count("offset")
	}
	if !h.caps.NoPaths || o.has("path") {
		path = o.text("path")
	}
	return offset, path
}

var ruleID = regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`)

// loaded reads what a load of s gave.
func (h Hello) loaded(ok object, s *model.Schema) (model.Loaded, error) {
	var l model.Loaded
	value, _ := ok.member("value", '{')
	l.Consumed = ok.count("consumed")
	if ok.has("notes") {
		for _, v := range ok.list("notes") {
			o := ok.inside("a note", v)
			n := rules.Note{Rule: rules.ID(o.text("rule"))}
			if !ruleID.MatchString(string(n.Rule)) {
				o.fail("%.40q is no rule", n.Rule)
			}
			n.Offset, n.Path = h.place(o)
			if o.has("message") {
				n.Detail = o.text("message")
			}
			if o.end() == nil {
				l.Notes = append(l.Notes, n)
			}
		}
	}
	if err := ok.end(); err != nil {
		return model.Loaded{}, err
	}
	var err error
	l.Value, err = model.UnmarshalValue(s, value)
	return l, err
}

// saved reads what a save gave.
func saved(ok object) ([]byte, error) {
	stream := ok.bytes("stream")
	return stream, ok.end()
}

// A Hello is what a target says of itself.
type Hello struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	Version  string `json:"version"`

	caps props.Caps
}

// parseHello reads the reply to a hello.
func parseHello(line []byte) (Hello, error) {
	var h Hello
	r, o, err := envelope(line)
	if err != nil {
		return h, err
	}
	if r.id != 0 {
		o.fail("id %d in the place of 0", r.id)
	}
	ok := o.object("ok")
	if n := ok.count("protocol"); n != 1 {
		ok.fail("protocol %d in the place of 1", n)
	}
	h.Name, h.Language, h.Version = ok.words("name"), ok.words("language"), ok.words("version")
	if utf8.RuneCountInString(h.Name) > maxName {
		ok.fail("a name of more than %d characters", maxName)
	}
	ops := ok.names("ops", []string{"load", "save"})
	if len(ops) == 0 {
		ok.fail("ops is empty")
	}
	h.caps = props.Caps{
		NoLoad: !slices.Contains(ops, "load"), NoSave: !slices.Contains(ops, "save"),
		NoOffsets: !ok.flag("offsets"), NoPaths: !ok.flag("paths"), NoNotes: !ok.flag("notes"),
		Apart: true,
	}
	if ok.has("types") {
		h.caps.Types = typesOf(ok)
	}
	if ok.has("features") {
		list := ok.names("features", slices.Sorted(maps.Keys(features)))
		for name, f := range features {
			if !slices.Contains(list, name) {
				h.caps.Never |= f
			}
		}
		h.caps.NoLimits = !slices.Contains(list, "limits")
	}
	ok.end()
	return h, o.end()
}

const maxName = 60 // characters of a target's name

func typesOf(ok object) []model.Type {
	types := map[string]model.Type{}
	for t := model.TypeBool; t <= model.TypeValidate; t++ {
		types[t.String()] = t
	}
	list := []model.Type{}
	for _, name := range ok.names("types", slices.Sorted(maps.Keys(types))) {
		list = append(list, types[name])
	}
	if !slices.Contains(list, model.TypeUint8) {
		ok.fail("types without uint8")
	}
	return list
}
