package props

import (
	"fmt"
	"strings"

	"vmconform/corpus"
	"vmconform/model"
)

// Vector makes a vector of the case, for corpus/vectors, where tests and fuzz
// targets take it from: of a load, and of a save the load of what it has to
// write. A vector has one note at most, and what memory holds is none.
func (c Case) Vector() (corpus.Vector, error) {
	switch {
	case c.Do == SaveBroken, c.Do == LoadOver:
		return corpus.Vector{}, fmt.Errorf("a vector is a stream: what memory holds is none")
	case c.Do == Save && c.Refuse != nil:
		return corpus.Vector{}, fmt.Errorf("a vector is a stream: a save that is refused has none")
	case c.Do == Save:
		value := c.Value
		c.Do = Load
		if c = c.decoded(); c.Refuse == nil && !model.Equal(c.Value, value) {
			return corpus.Vector{}, fmt.Errorf("the stream loads to another value than was saved")
		}
	}
	schema, err := model.MarshalSchema(c.Schema)
	if err != nil {
		return corpus.Vector{}, err
	}
	v := corpus.Vector{Schema: strings.TrimSpace(string(schema)), Version: c.Version, Payload: c.Stream}
	if c.Property != "" {
		v.Comment = "a case of " + c.Property
	}
	if e := c.Refuse; e != nil {
		v.Expect, v.Rule, v.Class, v.Offset, v.Path = "refuse", string(e.Rule), string(e.Class), e.Offset, e.Path
		return v, nil
	}
	v.Expect, v.Rule, v.Payload = "accept", "vmstate/round-trip", c.Stream[:c.Consumed]
	switch len(c.Notes) {
	case 0:
		return v, nil
	case 1:
	default:
		return corpus.Vector{}, fmt.Errorf("a vector has one note at most, and this case has %d", len(c.Notes))
	}
	value, err := model.MarshalValue(c.Schema, c.Value)
	if err != nil {
		return corpus.Vector{}, err
	}
	n := c.Notes[0]
	v.Rule, v.Note, v.Offset, v.Path, v.Value = string(n.Rule), string(n.Rule), n.Offset, n.Path, strings.TrimSpace(string(value))
	return v, nil
}
