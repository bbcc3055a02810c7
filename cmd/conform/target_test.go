package main

import (
	"fmt"
	"os"

	"vmconform/internal/target/targettest"
)

// role is the command `role NAME` of the scripts: a target outside, right or rogue.
func role() {
	if err := targettest.Play(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
