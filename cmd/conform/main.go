// Command conform judges QEMU migration streams.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"vmconform/internal/report"
)

// The exit statuses. Of several, a non-conformance beats inability, which
// beats indecision.
const (
	exitConform   = 0
	exitFail      = 1
	exitUnable    = 2
	exitUndecided = 3
)

func main() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		// The command lives for a moment: to collect garbage as often as Go does
		// would be a third of its work. Beyond the limit it is as often.
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(192 << 20)
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// A status is an outcome that has been reported already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run is the command, with its streams given.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := &cobra.Command{
		Use:   "conform",
		Short: "Judge QEMU migration streams",
		Long: `conform judges QEMU migration streams: what is in them, whether a loader has to
accept them, and which byte of which field is wrong.

Exit status: 0 all conform, 1 a non-conformance was found, 2 could not do the
work, 3 undecided (nothing of the device state could be decoded).`,
		Example: `  conform record -o vm.bin -- qemu-system-ppc64 -machine pseries -m 256 -nodefaults
  conform check vm.bin`,
		Version:           report.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.New("which command? conform --help lists them")
		},
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	root.AddCommand(checkCommand(), showCommand(), diffCommand(), testCommand(), replayCommand(), rulesCommand(), vectorsCommand(), recordCommand())
	err := root.ExecuteContext(ctx)
	var s status
	switch {
	case err == nil:
		return exitConform
	case errors.As(err, &s):
		return int(s)
	}
	fmt.Fprintf(errs, "conform: %v\n", err)
	return exitUnable
}
