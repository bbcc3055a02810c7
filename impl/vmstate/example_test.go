package vmstate_test

import (
	"fmt"

	"vmconform/impl/vmsd"
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

var timer = vmsd.Must(&vmsd.Description[Timer]{
	Name: "timer", VersionID: 2, MinimumVersionID: 1,
	Fields: func(t *Timer) []vmsd.Field[Timer] {
		return []vmsd.Field[Timer]{
			vmsd.Bool(t, "enabled", &t.Enabled),
			vmsd.Int64(t, "expires", &t.Expires),
			vmsd.Uint32(t, "shots", &t.Shots).Since(2),
		}
	},
	Subsections: []*vmsd.Description[Timer]{{
		Name: "timer/late", VersionID: 1, MinimumVersionID: 1,
		Needed: func(t *Timer) bool { return t.Late != 0 },
		Fields: func(t *Timer) []vmsd.Field[Timer] {
			return []vmsd.Field[Timer]{vmsd.Uint16(t, "late", &t.Late)}
		},
	}},
})

func Example() {
	saved, err := timer.Save(&Timer{true, 70000, 3, 2}, 2, vmstate.SaveOptions{})
	fmt.Printf("% x %v\n", saved.Stream, err)

	var t Timer
	_, err = timer.Load(&t, saved.Stream, 2, vmstate.LoadOptions{All: true})
	fmt.Printf("%+v %v\n", t, err)

	// A stream of version 1 says nothing about shots, and this one is cut.
	_, err = timer.Load(&t, saved.Stream[:5], 1, vmstate.LoadOptions{})
	fmt.Println(err)
	fmt.Printf("%+v\n", t)
	// Output:
	// 01 00 00 00 00 00 01 11 70 00 00 00 03 05 0a 74 69 6d 65 72 2f 6c 61 74 65 00 00 00 01 00 02 <nil>
	// {Enabled:true Expires:70000 Shots:3 Late:2} <nil>
	// truncated at offset 5 in expires [vmstate/item-complete]: 4 of 8 bytes are there
	// {Enabled:true Expires:70000 Shots:3 Late:2}
}
