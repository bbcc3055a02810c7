package model

import (
	"errors"
	"fmt"
	"math"

	"vmconform/rules"
)

// field checks field i of s, and what it leads to.
func (c *checker) field(s *Schema, i int) error {
	f := &s.Fields[i]
	for _, check := range []func() error{
		f.checkType,
		f.checkSize,
		func() error { return s.checkCounter(i) },
		f.checkLocal,
		f.checkPointers,
		func() error { return s.checkWhen(f) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return c.elements(f)
}

// elements checks the vmsds that f leads to.
func (c *checker) elements(f *Field) error {
	switch f.Type {
	case TypeStruct, TypeVStruct:
		return c.schema(f.Elem)
	case TypeTmp:
		return c.plain(f.Elem, "a tmp", tmpHas)
	case TypeTree:
		if f.Key != nil {
			if err := c.plain(f.Key, "a key", keyHas); err != nil {
				return err
			}
		}
	case TypeQueue, TypeList:
		for _, elem := range f.Elems {
			c.later(elem)
		}
	default:
		return nil
	}
	c.later(f.Elem)
	return nil
}

// later sees to it that s is checked.
func (c *checker) later(s *Schema) {
	c.queues = append(c.queues, queued{s, append(trail(nil), c.trail...)})
}

// plain checks s, the vmsd of a key or a tmp, of whose fields each must satisfy
// has.
func (c *checker) plain(s *Schema, what string, has func(*Field) bool) error {
	if len(s.Subsections) > 0 || s.Hooks != (Hooks{}) {
		return fmt.Errorf("%s with subsections or hooks", what)
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; !has(f) {
			return fmt.Errorf("%s with such a field as %q", what, f.Name)
		}
	}
	return c.schema(s)
}

func tmpHas(f *Field) bool {
	switch k := f.Type.info().kind; {
	case f.When != nil || f.Pointers || f.counter() != "":
		return false
	case k == kindInteger || k == kindNumber:
		return true
	}
	return f.Type == TypeBool || f.Type == TypeBuffer
}

func keyHas(f *Field) bool {
	return tmpHas(f) && f.Type.info().kind != kindNumber && !f.Must && f.Local == 0
}

// checkType checks which members go with f's type.
func (f *Field) checkType() error {
	container := f.Type.info().kind == kindContainer
	switch {
	case f.Type.info().kind == kindUnknown:
		return fmt.Errorf("%v is no type", f.Type)
	case f.Array && !f.Type.inArrays():
		return fmt.Errorf("an array of %v", f.Type)
	case container && f.Elem == nil:
		return fmt.Errorf("%v without an element", f.Type)
	case !container && f.Elem != nil:
		return fmt.Errorf("%v with an element", f.Type)
	case len(f.Elems) > 0 && !f.Type.isQueue():
		return fmt.Errorf("%v with elements that differ", f.Type)
	case f.Key != nil && f.Type != TypeTree:
		return fmt.Errorf("%v with a key", f.Type)
	case f.StructVersion != 0 && f.Type != TypeVStruct:
		return fmt.Errorf("%v with a version of the struct", f.Type)
	case f.Must && f.Type == TypeValidate:
		return errors.New("validate that must be on the wire")
	}
	for _, elem := range f.Elems {
		if elem == nil {
			return fmt.Errorf("%v without one of its elements", f.Type)
		}
	}
	return nil
}

// inArrays says whether there are arrays of t.
func (t Type) inArrays() bool {
	switch t {
	case TypeBuffer, TypeUnused, TypeBitmap, TypeTmp, TypeValidate:
		return false
	}
	return true
}

// checkSize checks sizes and counts, as far as one can see without the members
// that they come from.
func (f *Field) checkSize() error {
	sized := f.Type == TypeBuffer || f.Type == TypeBitmap
	switch {
	case f.SizeFrom != "" && !sized:
		return fmt.Errorf("%v with a size from the state", f.Type)
	case f.Size != 0 && (!sized && f.Type != TypeUnused || f.SizeFrom != ""):
		return fmt.Errorf("size %d on what has its size from elsewhere", f.Size)
	case !f.Array && (f.Count != 0 || f.CountFrom != ""):
		return errors.New("a count on what is no array")
	case f.Count != 0 && f.CountFrom != "":
		return errors.New("two counts")
	case f.counter() == "" && (f.Times != 0 || f.Room != 0):
		return errors.New("a factor or room for what is not counted by the state")
	case f.Times != 0 && f.Type == TypeBitmap:
		return errors.New("a bitmap with a factor")
	}
	for _, n := range []int{f.Size, f.Count, f.Times, f.Room} {
		if n < 0 || int64(n) > rules.MaxCount {
			return fmt.Errorf("size or count %d is not from 0 to %d", n, rules.MaxCount)
		}
	}
	return nil
}

// checkCounter checks the member that gives field i of s its size or count, and
// the room for that.
func (s *Schema) checkCounter(i int) error {
	f := &s.Fields[i]
	name := f.counter()
	if name == "" {
		return nil
	}
	var n *Field
	for k := range s.Fields[:i] {
		if s.Fields[k].Name == name {
			n = &s.Fields[k]
		}
	}
	switch {
	case n == nil || n.Array || !n.Type.counts():
		return fmt.Errorf("%q is no earlier integer field", name)
	case f.Room == 0:
		return nil
	case f.Array && !f.Type.inRoom():
		return fmt.Errorf("room for %v", f.Type)
	case f.When != nil || n.When != nil || n.Must || f.Version != n.Version:
		return fmt.Errorf("with room, this and %q have to be on the wire together", name)
	}
	if local, _ := exactly(zeroOne(n)); local.bits > uint64(f.Room)/f.times() {
		return fmt.Errorf("no room for as many as %q says before a load", name)
	}
	return nil
}

// inRoom says whether memory may have fixed room for an array of t.
func (t Type) inRoom() bool {
	switch t.info().kind {
	case kindInteger, kindNumber:
		return true
	}
	return t == TypeBool || t == TypeNull
}

// checkLocal checks what memory holds before a load.
func (f *Field) checkLocal() error {
	if f.CountFrom != "" && f.Type.info().kind == kindCompared {
		return fmt.Errorf("an array of %v whose count is from the state", f.Type)
	}
	if f.Local == 0 {
		return nil
	}
	info := f.Type.info()
	least, most := int64(0), int64(1)
	switch {
	case f.CountFrom != "" || !f.Type.isNumber() && f.Type != TypeBool:
		return fmt.Errorf("%d in memory, where there is no such number", f.Local)
	case info.size == 8:
		least, most = math.MinInt64, math.MaxInt64
	case info.signed:
		least, most = -1<<(8*info.size-1), 1<<(8*info.size-1)-1
	case f.Type != TypeBool:
		most = 1<<(8*info.size) - 1
	}
	if f.Local < least || f.Local > most {
		return fmt.Errorf("%d in memory is no %v", f.Local, f.Type)
	}
	return nil
}

// checkPointers checks an array of pointers.
func (f *Field) checkPointers() error {
	switch {
	case !f.Pointers && (len(f.Null) > 0 || f.Marked):
		return errors.New("NULL where there are no pointers")
	case !f.Pointers:
		return nil
	case !f.Array || f.Type == TypeNull:
		return fmt.Errorf("pointers of %v, no array", f.Type)
	case f.Marked && (len(f.Null) > 0 || f.CountFrom != ""):
		return errors.New("marked pointers with NULL, or with a count from the state")
	case f.CountFrom != "" && f.Room == 0:
		return errors.New("pointers without room")
	}
	next := 0
	for _, i := range f.Null {
		if i < next || i >= max(f.Count, f.Room) {
			return fmt.Errorf("NULL at %d is out of order, or outside the array", i)
		}
		next = i + 1
	}
	return nil
}

func (s *Schema) checkWhen(f *Field) error {
	if f.Type == TypeValidate && f.When == nil {
		return errors.New("validate without a condition")
	}
	return s.checkCondition(f.When)
}

func (s *Schema) checkHooks() error {
	for _, hook := range []*Condition{s.Hooks.PreLoad, s.Hooks.PostLoad, s.Hooks.PreSave, s.Hooks.PostSave} {
		if err := s.checkCondition(hook); err != nil {
			return fmt.Errorf("hook: %w", err)
		}
	}
	return nil
}

func (s *Schema) checkCondition(c *Condition) error {
	if c == nil {
		return nil
	}
	if operators[c.Op] == nil {
		return fmt.Errorf("condition with %q", c.Op)
	}
	if c.Other != "" && c.Value != 0 {
		return errors.New("condition with both a value and another member")
	}
	if !s.hasNumber(c.Field) {
		return fmt.Errorf("condition: %q is no bool or integer field", c.Field)
	}
	if c.Other != "" && !s.hasNumber(c.Other) {
		return fmt.Errorf("condition: %q is no bool or integer field", c.Other)
	}
	return nil
}

// hasNumber says whether s has a field called name that a condition may ask for.
func (s *Schema) hasNumber(name string) bool {
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Name == name {
			return !f.Array && (f.Type == TypeBool || f.Type.counts())
		}
	}
	return false
}
