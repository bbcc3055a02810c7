package model

import (
	"errors"
	"fmt"
)

// maxName is the length of the longest name, in bytes: on the wire a name has
// one byte for its length.
const maxName = 255

// Check says whether s is usable, and if not, which field is at fault and why,
// in one line. What it demands:
//
//   - names are not empty and have at most 255 bytes; Minimum ≤ Version;
//   - no two fields of a vmsd and no two of its subsections share a name;
//   - a member is set where its Type has a use for it and nowhere else, as
//     the comments of Field say;
//   - sizes, counts, Times and Room are from 0 to rules.MaxCount;
//   - SizeFrom and CountFrom name an earlier integer of the same vmsd that is
//     no array; a Condition one of any place, or a bool;
//   - Local fits the type, Null is in order and inside the array;
//   - a key has nothing but bools, integers and buffers of fixed size, a tmp no
//     more than these, timers and CPU_Double_U;
//   - a vmsd reaches itself only through a queue, a list or a tree's values.
//
// A subsection whose name does not begin with its parent's passes, although
// QEMU's loader will never recognise it. Everything that s reaches is checked.
func (s *Schema) Check() error {
	if s == nil {
		return errNoSchema
	}
	c := checker{state: map[*Schema]checkState{}}
	c.queues = []queued{{schema: s}}
	// What queues, lists and trees lead to is checked after, not inside, the vmsd
	// that has them, so that a vmsd met while it is open is a cycle without any.
	for len(c.queues) > 0 {
		q := c.queues[0]
		c.queues = c.queues[1:]
		c.trail = q.trail
		if err := c.schema(q.schema); err != nil {
			if path := c.trail.String(); path != "" {
				return fmt.Errorf("schema %q: %q: %w", s.Name, path, err)
			}
			return fmt.Errorf("schema %q: %w", s.Name, err)
		}
	}
	return nil
}

var errNoSchema = errors.New("no schema")

type checkState uint8

const (
	checkOpen checkState = iota + 1
	checkDone
)

type queued struct {
	schema *Schema
	trail  trail
}

// A checker is one Check. After an error its trail leads to the fault.
type checker struct {
	state  map[*Schema]checkState
	queues []queued
	trail  trail
}

func (c *checker) schema(s *Schema) error {
	if s == nil {
		return errNoSchema
	}
	switch c.state[s] {
	case checkDone:
		return nil
	case checkOpen:
		return errors.New("the vmsd contains itself without a queue in between")
	}
	c.state[s] = checkOpen
	if err := checkName(s.Name); err != nil {
		return err
	}
	if s.Minimum > s.Version {
		return fmt.Errorf("minimum version %d is above version %d", s.Minimum, s.Version)
	}
	names := map[string]bool{}
	for i := range s.Fields {
		f := &s.Fields[i]
		if err := checkName(f.Name); err != nil {
			return fmt.Errorf("field %d: %w", i, err)
		}
		c.trail.push(f.Name)
		if names[f.Name] {
			return errors.New("two fields have this name")
		}
		names[f.Name] = true
		if err := c.field(s, i); err != nil {
			return err
		}
		c.trail.pop()
	}
	if err := s.checkHooks(); err != nil {
		return err
	}
	if err := c.subsections(s); err != nil {
		return err
	}
	c.state[s] = checkDone
	return nil
}

func (c *checker) subsections(s *Schema) error {
	names := map[string]bool{}
	for i, sub := range s.Subsections {
		if sub == nil {
			return fmt.Errorf("subsection %d: %w", i, errNoSchema)
		}
		if err := checkName(sub.Name); err != nil {
			return fmt.Errorf("subsection %d: %w", i, err)
		}
		c.trail.push(sub.Name)
		if names[sub.Name] {
			return errors.New("two subsections have this name")
		}
		names[sub.Name] = true
		if err := c.schema(sub); err != nil {
			return err
		}
		c.trail.pop()
	}
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("a name of %d bytes; must be from 1 to %d", len(name), maxName)
	}
	return nil
}
