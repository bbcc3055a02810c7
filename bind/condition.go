package bind

import (
	"cmp"
	"errors"
	"unsafe"

	"vmconform/model"
)

// condition makes a predicate over an object of a condition over its members.
func (t *body) condition(c *model.Condition) func(obj unsafe.Pointer) bool {
	field := t.member(c.Field)
	other := func(unsafe.Pointer) model.Value { return model.Int(c.Value) }
	if c.Other != "" {
		m := t.member(c.Other)
		other = func(obj unsafe.Pointer) model.Value { return m.integer(m.base(obj)) }
	}
	return func(obj unsafe.Pointer) bool {
		switch order := compare(field.integer(field.base(obj)), other(obj)); c.Op {
		case "==":
			return order == 0
		case "!=":
			return order != 0
		case "<":
			return order < 0
		case "<=":
			return order <= 0
		case ">":
			return order > 0
		default:
			return order >= 0
		}
	}
}

// compare compares two numbers as what they stand for: a negative one is less
// than any Uint, however large that is.
func compare(a, b model.Value) int {
	high, low := split64(a)
	otherHigh, otherLow := split64(b)
	return cmp.Or(cmp.Compare(high, otherHigh), cmp.Compare(low, otherLow))
}

// split64 gives a number's bits above the low 64, and those.
func split64(v model.Value) (high int, low uint64) {
	switch v := v.(type) {
	case model.Bool:
		if v {
			low = 1
		}
	case model.Int:
		if low = uint64(v); v < 0 {
			high = -1
		}
	case model.Uint:
		low = uint64(v)
	}
	return high, low
}

var errRefused = errors.New("the condition of the schema does not hold")

// hook makes a hook that fails unless the condition holds; there is none without
// one.
func (t *body) hook(c *model.Condition) func(obj unsafe.Pointer) error {
	if c == nil {
		return nil
	}
	holds := t.condition(c)
	return func(obj unsafe.Pointer) error {
		if !holds(obj) {
			return errRefused
		}
		return nil
	}
}
