package vmsd_test

import (
	"fmt"

	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
)

// A UART has four registers, a line, as long as it says, and, since version 2,
// a rate that its lock keeps from travelling.
type UART struct {
	Regs    [4]uint16
	Locked  bool
	Rate    uint32
	LineLen uint32
	Line    *byte // LineLen bytes
}

var uart = vmsd.Must(&vmsd.Description[UART]{
	Name: "uart", VersionID: 2, MinimumVersionID: 1,
	Fields: func(u *UART) []vmsd.Field[UART] {
		return []vmsd.Field[UART]{
			vmsd.Array(u, "regs", u.Regs[:], vmsd.InfoUint16),
			vmsd.Bool(u, "locked", &u.Locked).Since(2),
			vmsd.Uint32(u, "rate", &u.Rate).If(func(u *UART, version uint32) bool { return version >= 2 && !u.Locked }),
			vmsd.Uint32(u, "line_len", &u.LineLen),
			vmsd.VBufferAlloc(u, "line", &u.Line, &u.LineLen),
			vmsd.Validate(u, "line is short", func(u *UART, _ uint32) bool { return u.LineLen <= 80 }),
		}
	},
})

func Example() {
	line := []byte("at")
	saved, err := uart.Save(&UART{[4]uint16{1, 2, 3, 4}, false, 9600, 2, &line[0]}, 2, vmstate.SaveOptions{})
	fmt.Printf("%x %v\n", saved.Stream, err)

	var u UART
	_, err = uart.Load(&u, saved.Stream[:18], 2, vmstate.LoadOptions{})
	fmt.Println(err)

	// A part of an array of another object.
	var other UART
	err = (&vmsd.Description[UART]{Name: "uart", Fields: func(u *UART) []vmsd.Field[UART] {
		return []vmsd.Field[UART]{vmsd.Array(u, "regs", other.Regs[1:], vmsd.InfoUint16)}
	}}).Build()
	fmt.Println(err)
	// Output:
	// 00010002000300040000002580000000026174 <nil>
	// truncated at offset 18 in line [vmstate/item-complete]: 1 of 2 bytes are there
	// bad-description at offset 0 in regs [vmstate/usable-description]: the array does not lie in the vmsd_test.UART that is described
}
