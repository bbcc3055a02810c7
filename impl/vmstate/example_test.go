package vmstate_test

import (
	"fmt"
	"unsafe"

	"vmconform/impl/vmstate"
)

// A timer has, since version 2, a count of its shots, and a subsection for the
// ones that are late.
type Timer struct {
	Enabled bool
	Expires int64
	Shots   uint32
	Late    uint16
}

var timer = &vmstate.Description{
	Name: "timer", VersionID: 2, MinimumVersionID: 1,
	Fields: []vmstate.Field{
		vmstate.Scalar("enabled", unsafe.Offsetof(Timer{}.Enabled), 1, vmstate.InfoBool),
		vmstate.Scalar("expires", unsafe.Offsetof(Timer{}.Expires), 1, vmstate.InfoInt64),
		vmstate.Scalar("shots", unsafe.Offsetof(Timer{}.Shots), 2, vmstate.InfoUint32),
	},
	Subsections: []*vmstate.Description{{
		Name: "timer/late", VersionID: 1, MinimumVersionID: 1,
		Needed: func(obj unsafe.Pointer) bool { return (*Timer)(obj).Late != 0 },
		Fields: []vmstate.Field{
			vmstate.Scalar("late", unsafe.Offsetof(Timer{}.Late), 1, vmstate.InfoUint16),
		},
	}},
}

func Example() {
	saved, err := vmstate.Save(timer, unsafe.Pointer(&Timer{true, 70000, 3, 2}), timer.VersionID, vmstate.SaveOptions{})
	fmt.Printf("% x %v\n", saved.Stream, err)

	var t Timer
	_, err = vmstate.Load(timer, unsafe.Pointer(&t), saved.Stream, 2, vmstate.LoadOptions{All: true})
	fmt.Printf("%+v %v\n", t, err)

	// A stream of version 1 says nothing about shots, and this one is cut.
	_, err = vmstate.Load(timer, unsafe.Pointer(&t), saved.Stream[:5], 1, vmstate.LoadOptions{})
	fmt.Println(err)
	fmt.Printf("%+v\n", t)
	// Output:
	// 01 00 00 00 00 00 01 11 70 00 00 00 03 05 0a 74 69 6d 65 72 2f 6c 61 74 65 00 00 00 01 00 02 <nil>
	// {Enabled:true Expires:70000 Shots:3 Late:2} <nil>
	// truncated at offset 5 in expires [vmstate/item-complete]: 4 of 8 bytes are there
	// {Enabled:true Expires:70000 Shots:3 Late:2}
}
