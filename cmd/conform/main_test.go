package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"conform": main, "role": role})
}

// The scripts in testdata/script run the whole command. What they expect of a
// stream follows from its bytes or from what recorded it.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition:           condition,
		Cmds:                scriptCommands,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"CI", "VMCONFORM_QEMU10"} {
				e.Setenv(name, os.Getenv(name))
			}
			examples, err := filepath.Abs("../../examples")
			e.Setenv("EXAMPLES", examples)
			return err
		},
	})
}
