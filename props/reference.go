package props

import "vmconform/bind"

// Reference returns the reference implementation as a Subject.
func Reference() Subject { return &reference{} }

// reference adds what only this package can name. It is a LinkBreaker.
type reference struct{ bind.Reference }

func (*reference) Caps() Caps { return Caps{} }
