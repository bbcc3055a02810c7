package qemuunit_test

import (
	"fmt"
	"testing"

	"vmconform/impl/vmsd"
	"vmconform/rules"
)

// pointers is an array of pointers, and what they point to: a TestStructTriv, of
// which an int32 is all, or an int32.
type pointers struct {
	ar   [4]*int32
	here [4]int32
}

// pointing makes an array of the given numbers, whose pointers are there but for
// the one that null says.
func pointing(null int, i ...int32) func() *pointers {
	return func() *pointers {
		p := new(pointers)
		for k := range p.ar {
			p.here[k] = i[k]
			if k != null {
				p.ar[k] = &p.here[k]
			}
		}
		return p
	}
}

// asPointed asserts the numbers in memory, and which pointer is NULL.
func asPointed(null int, i ...int32) func(*testing.T, *pointers) {
	return func(t *testing.T, p *pointers) {
		t.Helper()
		for k := range p.ar {
			if k == null {
				same(t, p.ar[k], nil)
				continue
			}
			same(t, p.ar[k], &p.here[k])
			same(t, p.here[k], i[k])
		}
	}
}

func pointed(p *pointers) string { return fmt.Sprint(p.here) }

func describeStructs() *vmsd.Description[pointers] {
	elem := describe("test/tst", 1, 1, func(e *int32) []vmsd.Field[int32] {
		return []vmsd.Field[int32]{vmsd.Int32(e, "i", e)}
	})
	return describe("test/arps", 1, 1, func(p *pointers) []vmsd.Field[pointers] {
		return []vmsd.Field[pointers]{vmsd.ArrayOfPointers(p, "ar", p.ar[:], elem)}
	})
}

var pointersWhole = unit[pointers]{
	describe: describeStructs,
	version:  1,
	wire:     []item{{"00000000", "ar[0]/i"}, {"00000001", "ar[1]/i"}, {"00000002", "ar[2]/i"}, {"00000003", "ar[3]/i"}},
	full:     pointing(-1, 0, 1, 2, 3),
	blank:    pointing(-1, 0, 0, 0, 0),
	asserts:  asPointed(-1, 0, 1, 2, 3),
	memory:   pointed,
	second:   &verdict{rules.Truncated, 8, "ar[2]/i"},
}

var pointersNull = unit[pointers]{
	describe: describeStructs,
	version:  1,
	wire:     []item{{"00000000", "ar[0]/i"}, {"30", "ar[1]"}, {"00000002", "ar[2]/i"}, {"00000003", "ar[3]/i"}},
	full:     pointing(1, 0, 1, 2, 3),
	blank:    pointing(1, 0, 0, 0, 0),
	asserts:  asPointed(1, 0, 0, 2, 3),
	memory:   pointed,
	second:   &verdict{rules.Mismatch, 4, "ar[1]"}, // 00020000 00 …: no NULL
}

var pointersPrimitive = unit[pointers]{
	describe: func() *vmsd.Description[pointers] {
		return describe("test/arps", 1, 1, func(p *pointers) []vmsd.Field[pointers] {
			return []vmsd.Field[pointers]{vmsd.ArrayOfPointers(p, "ar", p.ar[:], vmsd.InfoInt32)}
		})
	},
	version: 1,
	wire:    []item{{"00000000", "ar[0]"}, {"30", "ar[1]"}, {"00000002", "ar[2]"}, {"00000003", "ar[3]"}},
	full:    pointing(1, 0, 42, 2, 3),
	blank:   pointing(1, 3, 42, 1, 0),
	asserts: func(t *testing.T, p *pointers) {
		t.Helper()
		asPointed(1, 0, 42, 2, 3)(t, p)
		same(t, p.here[1], 42) // where no pointer points nothing is written
	},
	memory: pointed,
	second: &verdict{rules.Mismatch, 4, "ar[1]"},
}
