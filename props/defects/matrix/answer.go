package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"vmconform/model"
	"vmconform/props"
	"vmconform/props/defects"
	"vmconform/props/gen"
)

// reference is the id of no defect.
const reference = "reference"

// A question asks how soon a property finds a defect.
type question struct {
	Property string
	Seed     uint64
	Cases    int  // to be drawn at most
	Shrink   bool // make the case that fails smaller
}

// A verdict is the answer.
type verdict struct {
	Killed int   // the number of the case that fails, from 1; 0 if none does
	Shrunk *size `json:",omitempty"`
	Hung   bool  `json:",omitempty"` // the subject is still busy: nothing more can be asked
}

// A size is how large a case is.
type size struct {
	Elements int // of queues and lists, and pairs of trees, in its stream and the memory that it is loaded over
	Bytes    int // of its stream
	Fields   int // of its schema, all vmsds together
}

// What the answering process writes besides verdicts, a line each.
const (
	ready = "ready" // for questions
	drawn = "drawn" // one more case
)

// answer takes questions about a defect, a line each, until there are no more.
// The reference is the one that was compiled, maybe with a patch.
func answer(in io.Reader, out io.Writer, defect string) error {
	plant := props.Reference
	if defect != reference {
		i := slices.IndexFunc(defects.All, func(d defects.Defect) bool { return d.ID == defect })
		if i < 0 {
			return fmt.Errorf("there is no defect %q", defect)
		}
		plant = func() props.Subject { return defects.All[i].Subject() }
	}
	fmt.Fprintln(out, ready)
	questions := bufio.NewScanner(in)
	for questions.Scan() {
		var q question
		if err := json.Unmarshal(questions.Bytes(), &q); err != nil {
			return err
		}
		v, err := q.try(plant(), out)
		if err != nil {
			return err
		}
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", line)
	}
	return questions.Err()
}

// try leaves it at Killed 0 where s cannot be asked.
func (q question) try(s props.Subject, out io.Writer) (verdict, error) {
	p, ok := props.Lookup(q.Property)
	if !ok {
		return verdict{}, fmt.Errorf("there is no property %q", q.Property)
	}
	r := props.Run(p, s, props.Options{
		Seed: q.Seed, Cases: q.Cases, First: true, Quick: !q.Shrink,
		Begun: func() { fmt.Fprintln(out, drawn) },
	})
	if len(r.Found) == 0 {
		return verdict{}, nil
	}
	f := r.Found[0]
	v := verdict{Killed: f.Case, Hung: f.Kind == "hangs"}
	if q.Shrink && !v.Hung {
		v.Shrunk = sizeOf(f.Failure.Case)
	}
	return v, nil
}

// sizeOf measures a case.
func sizeOf(c props.Case) *size {
	loaded, _ := model.Decode(c.Schema, c.Stream, c.Version, model.Options{Spans: true, Over: c.Before})
	n := &size{Bytes: len(c.Stream), Elements: elements(loaded)}
	if c.Before != nil {
		before, _ := model.Encode(c.Schema, c.Before, c.Schema.Version) // as far as it is on the wire
		held, _ := model.Decode(c.Schema, before, c.Schema.Version, model.Options{Spans: true})
		n.Elements += elements(held)
	}
	for _, s := range gen.VMSDs(c.Schema) {
		n.Fields += len(s.Fields)
	}
	return n
}

// elements counts those of queues and lists, and the pairs of trees.
func elements(l model.Loaded) int {
	n := 0
	for _, s := range l.Spans {
		if s.Kind != model.SpanElement || s.Schema == nil {
			continue
		}
		switch s.Field.Type {
		case model.TypeQueue, model.TypeList, model.TypeTree:
			n++
		}
	}
	return n
}
