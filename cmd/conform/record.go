package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"vmconform/internal/record"
)

func recordCommand() *cobra.Command {
	var (
		out      string
		commands []record.Command
		p        progress
		quiet    bool
	)
	cmd := &cobra.Command{
		Use:   "record -o FILE [--hmp CMD]… [--qmp JSON]… -- QEMU ARGS…",
		Short: "Save the stream of a QEMU",
		Long: `record starts that QEMU, stopped and without a display, runs the commands in the
order in which they are given, saves its migration stream and ends it. FILE
appears whole or not at all. What QEMU and its monitor print goes to standard
error.

--hmp is a line for the human monitor, --qmp a QMP command as JSON; both may be
given many times.`,
		Example: `  conform record -o vm.bin --hmp system_powerdown -- qemu-system-ppc64 -machine pseries -m 256 -nodefaults
  conform record -o vm.bin --qmp '{"execute":"device_add","arguments":{"driver":"virtio-rng-ccw"}}' -- \
      qemu-system-s390x -machine s390-ccw-virtio -m 4M -nodefaults`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch dash := cmd.ArgsLenAtDash(); {
			case dash != 0:
				return errors.New("QEMU and its arguments come after --: conform record -o FILE -- QEMU ARGS…")
			case len(args) == 0:
				return errors.New("which QEMU? conform record -o FILE -- QEMU ARGS…")
			case out == "":
				return errors.New("where to? conform record -o FILE -- QEMU ARGS…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			// Only here is there something to end before the command may: QEMU.
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			errs := cmd.ErrOrStderr()
			if err := p.start(errs, quiet); err != nil {
				return err
			}
			phases := phases{p: &p}
			options := record.Options{Args: args, Commands: commands, Progress: phases.begin}
			if !quiet {
				options.Stderr = errs
			}
			version, err := record.Record(ctx, options, out)
			phases.stop()
			if err != nil {
				return err
			}
			if !quiet {
				fmt.Fprintf(errs, "conform: %s from QEMU %s\n", written(out), version)
			}
			return nil
		},
	}
	// What follows -- is QEMU's, and without -- nothing after the first word is ours.
	cmd.Flags().SetInterspersed(false)
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the stream to `FILE`")
	cmd.Flags().Var(&commandFlag{&commands, hmpCommand}, "hmp", "run a `line` of the human monitor")
	cmd.Flags().Var(&commandFlag{&commands, record.ParseQMP}, "qmp", "run a QMP command, `JSON`")
	p.flags(cmd)
	cmd.Flags().BoolVar(&quiet, "quiet", false, "nothing on standard error but errors")
	return cmd
}

// written says what has become of the file; of a pipe nobody knows.
func written(name string) string {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return fmt.Sprintf("wrote %d bytes to %s", info.Size(), name)
	}
	return "wrote a stream to " + name
}

// A commandFlag appends to a list that several flags share, so that their order
// is kept.
type commandFlag struct {
	list  *[]record.Command
	parse func(string) (record.Command, error)
}

func (f *commandFlag) Set(text string) error {
	c, err := f.parse(text)
	if err == nil {
		*f.list = append(*f.list, c)
	}
	return err
}

func (*commandFlag) String() string { return "" }
func (*commandFlag) Type() string   { return "string" }

func hmpCommand(line string) (record.Command, error) {
	if line == "" {
		return record.Command{}, errors.New("an empty line")
	}
	return record.Command{HMP: line}, nil
}
