package props

import (
	"flag"
	"math/rand/v2"
	"strconv"
	"testing"
)

// Check tries p on s with as many cases as -rapid.checks says, from the seed of
// -rapid.seed, until one fails. Outside of go test the caller has run
// testing.Init and flag.Parse before.
func Check(p Property, s Subject) Result {
	cases := number("rapid.checks")
	if testing.Short() {
		cases = max(1, cases/5) // as rapid does
	}
	seed := number("rapid.seed")
	if seed == 0 {
		seed = rand.Uint64()
	}
	return Run(p, s, Options{Seed: seed, Cases: int(cases), First: true})
}

// number is the value of one of rapid's flags.
func number(name string) uint64 {
	n, err := strconv.ParseUint(flag.Lookup(name).Value.String(), 10, 64)
	if err != nil {
		panic(err) // rapid has taken it for a number
	}
	return n
}
