package qemuunit_test

import (
	"fmt"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// A trivial is TestStructTriv, and serves as an int32, too.
type trivial struct{ i int32 }

// pointers is an array of pointers, and what they point to.
type pointers struct {
	ar   [4]*trivial
	here [4]trivial
}

// pointing makes an array of the given numbers, whose pointers are there but for
// the one that null says.
func pointing(null int, i ...int32) func() *pointers {
	return func() *pointers {
		p := new(pointers)
		for k := range p.ar {
			p.here[k].i = i[k]
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
			same(t, p.here[k].i, i[k])
		}
	}
}

func pointed(p *pointers) string { return fmt.Sprint(p.here) }

func describeStructs() *vmstate.Description {
	elem := &vmstate.Description{Name: "test/tst", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
		vmstate.Scalar("i", unsafe.Offsetof(trivial{}.i), 0, vmstate.InfoInt32)}}
	return &vmstate.Description{Name: "test/arps", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
		{Name: "ar", Offset: unsafe.Offsetof(pointers{}.ar), Flags: vmstate.Array | vmstate.Struct | vmstate.ArrayOfPointer, Num: 4, VMSD: elem}}}
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
	describe: func() *vmstate.Description {
		return &vmstate.Description{Name: "test/arps", VersionID: 1, MinimumVersionID: 1, Fields: []vmstate.Field{
			{Name: "ar", Offset: unsafe.Offsetof(pointers{}.ar), Flags: vmstate.Array | vmstate.ArrayOfPointer, Num: 4, Info: vmstate.InfoInt32}}}
	},
	version: 1,
	wire:    []item{{"00000000", "ar[0]"}, {"30", "ar[1]"}, {"00000002", "ar[2]"}, {"00000003", "ar[3]"}},
	full:    pointing(1, 0, 42, 2, 3),
	blank:   pointing(1, 3, 42, 1, 0),
	asserts: func(t *testing.T, p *pointers) {
		t.Helper()
		asPointed(1, 0, 42, 2, 3)(t, p)
		same(t, p.here[1].i, 42) // where no pointer points nothing is written
	},
	memory: pointed,
	second: &verdict{rules.Mismatch, 4, "ar[1]"},
}
