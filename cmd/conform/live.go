package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"vmconform/internal/live"
	"vmconform/internal/record"
	"vmconform/internal/report"
	"vmconform/internal/test"
)

const liveTarget = "qemu:"

// liveHelp is what the help of test says of a live QEMU.
const liveHelp = `qemu:CMDLINE is a live QEMU, without a guest. A stream is recorded from it, and
variants of that are made, of its queues and of the sections and subsections around
them, each with a verdict that a rule fixes. Each is given to a fresh QEMU with
-incoming, and to reference and model; what QEMU accepts it saves again, and the
queues have to hold what the variant says; of a machine without a queue that is known
nothing is compared but whether it accepts. Reference and model judge payloads apart,
but find them by one reader of sections. --cases is the number of variants in all, 336
unless it is given, and --timeout the time for one QEMU to start, load and save, a
minute unless it is given.
--hmp and --qmp are run before the stream is recorded, as record does; without them
a pseries is powered down three times, and an s390-ccw-virtio given two devices, so
that their queues have elements. Where QEMU accepts what no writer writes it differs
from the strict rules; the differences that are known of its version are passed over
unless --known says otherwise. What depends on more than the description says is
counted apart, and a time-out decides nothing.`

func liveFlags(cmd *cobra.Command, l *live.Options) {
	cmd.Flags().Var(&commandFlag{&l.Commands, hmpCommand}, "hmp", "before qemu:CMDLINE is recorded, run a `line` of the human monitor")
	cmd.Flags().Var(&commandFlag{&l.Commands, record.ParseQMP}, "qmp", "the same with a QMP command, `JSON`")
	cmd.Flags().StringVar(&l.Only, "variant", "", "of qemu:CMDLINE, only the variant `KIND/N`")
	cmd.Flags().StringVar(&l.Keep, "keep", "", "write the stream of --variant to `FILE`")
}

// runLive is test of a live QEMU.
func runLive(cmd *cobra.Command, l *live.Options, o *output, p *progress, known string, update, quiet bool) error {
	flags := cmd.Flags()
	switch {
	case strings.TrimSpace(l.Command) == "":
		return errors.New("--target qemu: which QEMU? qemu:CMDLINE")
	case l.Seed > test.MaxSeed:
		return fmt.Errorf("--seed %d: from 0 to %d", l.Seed, test.MaxSeed)
	case flags.Changed("cases") && l.Variants < 1:
		return fmt.Errorf("--cases %d: at least 1", l.Variants)
	case flags.Changed("budget") && l.Budget <= 0:
		return fmt.Errorf("--budget %v: more than nothing", l.Budget)
	case flags.Changed("timeout") && l.Timeout <= 0:
		return fmt.Errorf("--timeout %v: more than nothing", l.Timeout)
	case update:
		return errors.New("--update-known is not for a live QEMU: what is known of one is shipped")
	case l.Keep != "" && l.Only == "":
		return errors.New("--keep keeps the stream of --variant")
	case l.Only != "" && !flags.Changed("seed"):
		return errors.New("--variant needs the --seed that it was drawn from")
	}
	if _, err := path.Match(l.Rule, ""); err != nil {
		return fmt.Errorf("--rule %s: %w", l.Rule, err)
	}
	if !flags.Changed("seed") {
		l.Seed = rand.Uint64N(test.MaxSeed + 1)
	}
	if !flags.Changed("cases") {
		l.Variants = live.DefaultVariants
	}
	if !flags.Changed("timeout") {
		l.Timeout = live.DefaultTimeout
	}
	if l.Commands == nil {
		l.Commands = live.DefaultCommands(l.Command)
	}
	var err error
	switch {
	case !flags.Changed("known"): // what is shipped
	case known == "none":
		l.Known, err = test.ParseKnown(nil)
	default:
		l.Known, err = readKnown(known, false, cmd.InOrStdin())
	}
	if err != nil {
		return err
	}
	if err := p.start(cmd.ErrOrStderr(), quiet); err != nil {
		return err
	}
	defer p.stop()
	l.Asked = p.asked()
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	r, err := live.Run(ctx, *l)
	p.stop()
	if err != nil {
		return err
	}
	if err := o.write(cmd.OutOrStdout(), func(w io.Writer) error {
		if o.format == "json" {
			return writeJSON(w, r)
		}
		return r.WriteText(w, o.ink(cmd.OutOrStdout()), quiet)
	}); err != nil {
		return err
	}
	switch r.Verdict {
	case report.Fail:
		return status(exitFail)
	case report.Undecided:
		return status(exitUndecided)
	}
	return nil
}
