package props

import (
	"bytes"
	"fmt"

	"vmconform/model"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var roundTrip = Property{
	ID:       "round-trip",
	Sentence: "A value is saved to the bytes that the rules fix, and they load to that value.",
	Rules:    []rules.ID{rules.RoundTrip, rules.QueueOrder, rules.QueueMarker, rules.QueueTerminator, rules.SubsectionOrder, rules.UnusedZero, rules.BoolCanonical, rules.NullMarker},
	try: func(t *rapid.T, s Subject) *Failure {
		c := drawCase(t, s, 0)
		l, f := savedBy(s, c.Schema, c.Value, c.Version)
		if f != nil {
			return f
		}
		// Bytes may be ambiguous, and elements may be loaded at another version
		// than they are saved at: what they mean is for the model to say.
		return l.agree(s)
	},
}

// savedBy returns the load of what the model makes of v, and how s makes
// something else of it. A value that the model refuses to save is not tried: a
// count may be on the wire at a version where its array was not yet, so that v
// lacks it.
func savedBy(s Subject, schema *model.Schema, v *model.Struct, version uint32) (load, *Failure) {
	want, err := model.Encode(schema, v, version)
	l := load{schema, v, version, want}
	if err != nil {
		return l, nil
	}
	got, err := s.Save(schema, v, version)
	switch {
	case err != nil:
		return l, l.fail(rules.RoundTrip, nil, "refuses to save: %v", err)
	case !bytes.Equal(want, got):
		return l, l.fail(rules.RoundTrip, bytesDiff(l, got), "saves other bytes: %x", got)
	}
	return l, nil
}

// bytesDiff says where got parts from the stream of l, and what it means.
func bytesDiff(l load, got []byte) []string {
	at := 0
	for at < min(len(l.stream), len(got)) && l.stream[at] == got[at] {
		at++
	}
	diff := []string{fmt.Sprintf("offset %d: want %s, got %s", at, byteAt(l.stream, at), byteAt(got, at))}
	read, err := model.Decode(l.schema, got, l.version, model.Options{All: true})
	if err != nil {
		return append(diff, fmt.Sprintf("to the model these bytes are %v", err))
	}
	return append(diff, model.Diff(l.value, read.Value, l.schema)...)
}

func byteAt(b []byte, at int) string {
	if at == len(b) {
		return "the end"
	}
	return fmt.Sprintf("%02x", b[at])
}
