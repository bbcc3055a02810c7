// Package vectors makes of the corpus' vectors a set for people who have nothing of
// this project: one file a vector, an index, and what one has to read.
package vectors

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vmconform/corpus"
	"vmconform/docs"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// A File is one of a set.
type File struct {
	Name  string // with slashes
	Bytes []byte
}

// An Index lists a set: index.json.
type Index struct {
	Tool   string   `json:"tool"`
	Format int      `json:"format"`
	Files  []Entry  `json:"vectors"` // in the order of their files' names
	Rules  []Rule   `json:"rules"`   // those that they are cases of
	Others []string `json:"others"`  // the other files of the set
}

// Format is that of the files and the index.
const Format = 1

// An Entry is one vector: what stands in its file's header, but for schema, value
// and comment.
type Entry struct {
	ID     string     `json:"id"`
	File   string     `json:"file"`
	Kind   Kind       `json:"kind"`
	Rules  []rules.ID `json:"rules"`
	Expect string     `json:"expect"` // accept or refuse
	Class  string     `json:"class,omitempty"`
	Note   string     `json:"note,omitempty"`
	Offset *int64     `json:"offset,omitempty"`
	Path   *string    `json:"path,omitempty"`
	Bytes  int        `json:"bytes"`  // behind the header
	SHA256 string     `json:"sha256"` // of these
}

// A Kind of vector.
type Kind string

// The kinds, which are folders of the set, too.
const (
	Payload Kind = "payload" // of one vmsd
	Stream  Kind = "stream"  // a whole one
)

// A Rule is one of the rulebook.
type Rule struct {
	ID       rules.ID `json:"id"`
	Severity string   `json:"severity"`
	Sentence string   `json:"sentence"`
	Source   string   `json:"source"`
}

//go:embed set.md
var readme string

// Set makes the set. It is the same whenever it is made.
func Set() ([]File, error) {
	payloads, err := corpus.Vectors()
	if err != nil {
		return nil, err
	}
	streams, err := corpus.StreamVectors()
	if err != nil {
		return nil, err
	}
	form, err := theForm()
	if err != nil {
		return nil, err
	}
	files := []File{{"README.md", []byte(readme)}, {"fine-points.md", []byte(rules.FinePoints)}, {"json-form.md", []byte(form)}}
	x := Index{Tool: report.Tool, Format: Format, Others: []string{"README.md", "fine-points.md", "index.json", "json-form.md"}}
	used := map[rules.ID]bool{}
	add := func(e Entry, header string, bytes []byte) {
		sum := sha256.Sum256(bytes)
		e.File, e.Bytes, e.SHA256 = string(e.Kind)+"/"+e.ID+".vector", len(bytes), hex.EncodeToString(sum[:])
		files = append(files, File{e.File, append([]byte(header+"\n"), bytes...)})
		x.Files = append(x.Files, e)
		for _, r := range e.Rules {
			used[r] = true
		}
	}
	for _, v := range payloads {
		e, header, err := payload(v)
		if err != nil {
			return nil, fmt.Errorf("vector %s: %w", v.ID, err)
		}
		add(e, header, v.Payload)
	}
	for _, v := range streams {
		e, header := stream(v)
		add(e, header, v.Stream)
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		r, _ := rules.Lookup(id)
		x.Rules = append(x.Rules, Rule{r.ID, string(r.Severity), r.Sentence, r.Source})
	}
	var index bytes.Buffer
	j := json.NewEncoder(&index)
	j.SetEscapeHTML(false)
	j.SetIndent("", "  ")
	if err := j.Encode(x); err != nil {
		return nil, err
	}
	return append(files, File{"index.json", index.Bytes()}), nil
}

// theForm is what the protocol says of schemas, values and limits.
func theForm() (string, error) {
	_, form, found := strings.Cut(docs.Protocol, "\n## The JSON form\n")
	form, _, ended := strings.Cut(form, "\nA reply has at most")
	if !found || !ended {
		return "", fmt.Errorf("docs/protocol.md has not its parts")
	}
	return "# Schemas and values in JSON\n" + form, nil
}

// A header is the lines before the bytes.
type header struct{ strings.Builder }

func (h *header) line(key, value string) {
	if value != "" {
		fmt.Fprintf(h, "%s: %s\n", key, value)
	}
}

// place says where an error or note is.
func (e *Entry) place(h *header, offset int64, path string) {
	e.Offset, e.Path = &offset, &path
	fmt.Fprintf(h, "offset: %d\npath: %s\n", offset, path)
}

// payload makes an entry and a header. What is accepted has its value, in full: the
// corpus leaves it out where the rule is not about that, and the model has it.
func payload(v corpus.Vector) (Entry, string, error) {
	e := Entry{ID: v.ID, Kind: Payload, Rules: []rules.ID{rules.ID(v.Rule)}, Expect: v.Expect, Class: v.Class, Note: v.Note}
	var h header
	h.line("id", v.ID)
	h.line("kind", string(e.Kind))
	h.line("rule", v.Rule)
	h.line("comment", v.Comment)
	h.line("schema", v.Schema)
	h.line("version", fmt.Sprint(v.Version))
	h.line("expect", v.Expect)
	h.line("class", v.Class)
	h.line("note", v.Note)
	if v.Class != "" || v.Note != "" {
		e.place(&h, v.Offset, v.Path)
	}
	if v.Expect == accept {
		value, err := valueOf(v)
		if err != nil {
			return e, "", err
		}
		h.line("value", value)
	}
	return e, h.String(), nil
}

const accept, refuse = "accept", "refuse"

func valueOf(v corpus.Vector) (string, error) {
	if v.Value != "" {
		return v.Value, nil
	}
	s, err := model.UnmarshalSchema([]byte(v.Schema))
	if err != nil {
		return "", err
	}
	l, err := model.Decode(s, v.Payload, v.Version, model.Options{All: true})
	if err != nil {
		return "", err
	}
	value, err := model.MarshalValue(s, l.Value)
	return string(value), err
}

// stream makes an entry and a header.
func stream(v corpus.StreamVector) (Entry, string) {
	e := Entry{ID: v.ID, Kind: Stream, Expect: accept}
	for _, r := range v.Rules {
		e.Rules = append(e.Rules, rules.ID(r))
	}
	switch v.Expect {
	case "warn":
		e.Note = v.Rules[0]
	case "fail":
		e.Expect, e.Class = refuse, v.Class
	case "none":
		e.Expect = refuse
	}
	var h header
	h.line("id", v.ID)
	h.line("kind", string(e.Kind))
	h.line("rule", strings.Join(v.Rules, " "))
	h.line("comment", v.Comment)
	h.line("qemu", strings.Join(v.QEMU, " "))
	h.line("expect", e.Expect)
	h.line("class", e.Class)
	h.line("note", e.Note)
	if e.Class != "" || e.Note != "" {
		e.place(&h, v.Offset, v.Path)
	}
	h.line("also", strings.Join(v.Also, " "))
	return e, h.String()
}
