package props

import (
	"encoding/hex"
	"fmt"
	"strings"

	"vmconform/model"
	"vmconform/rules"
)

// A Failure is one case on which a subject breaks a property.
type Failure struct {
	Rule    rules.ID // the rule that is broken
	What    string   // what the subject did
	Diff    []string // want and got, part by part
	Schema  *model.Schema
	Value   *model.Struct // what was to be saved; nil where only a stream was loaded
	Version uint32
	Stream  []byte // what was loaded, or was to be written
}

// String prints the case: nothing in it changes from one run to the next.
func (f *Failure) String() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s%s\n", label, fmt.Sprintf(format, args...))
	}
	line("failure", "%s", f.What)
	for _, d := range f.Diff {
		line("", "%s", d)
	}
	if r, ok := rules.Lookup(f.Rule); ok {
		line("rule", "%s: %s", r.ID, r.Sentence)
	}
	schema, err := model.MarshalSchema(f.Schema)
	line("schema", "%s", orError(schema, err))
	if f.Value != nil {
		value, err := model.MarshalValue(f.Schema, f.Value)
		line("value", "%s", orError(value, err))
	}
	line("version", "%d", f.Version)
	line("stream", "%s", hex.EncodeToString(f.Stream))
	return b.String()
}

func orError(b []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b))
}
