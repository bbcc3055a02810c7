package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"vmconform/internal/input"
	"vmconform/internal/live"
	whole "vmconform/internal/output"
	"vmconform/internal/report"
	"vmconform/internal/test"
)

func testCommand() *cobra.Command {
	var (
		o      output
		p      progress
		opts   test.Options
		target targeted
		l      live.Options
		known  string
		update bool
		quiet  bool
	)
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Run the properties against an implementation",
		Long: `test draws schemas, values and streams, and holds an implementation of vmstate
save and load against the rules: what it writes, what it makes of streams valid
and broken, which versions it refuses, what it does with broken links. What fails
is made as small as it can be and printed as a case, which conform replay repeats.
A failure does not end the run: each distinct one is reported once.

` + targetHelp + `

` + liveHelp + `

A file of known failures has lines of rule, fingerprint and reason. They are
passed over; one that no longer fails is an error, unless the run was partial
(--rule, --budget).

Exit status: 0 all properties hold, 1 one is broken, 2 could not do the work (the
target does not start), 3 undecided (a property could not be tried; a target that
is flaky, or says nothing in time).`,
		Example: `  conform test --cases 20000 --seed 1
  conform test --rule 'qtailq/*' --budget 90s
  conform test --target 'exec:python3 adapter.py' --cases 1000 --timeout 2s
  conform test --known known.txt --update-known
  conform test --target 'qemu:qemu-system-ppc64 -machine pseries -m 256 -nodefaults'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("test takes no argument %q: --target names what is tested", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			flags := cmd.Flags()
			if command, ok := strings.CutPrefix(target.name, liveTarget); ok {
				l.Command, l.Seed, l.Variants, l.Timeout, l.Budget, l.Rule = command, opts.Seed, opts.Cases, target.timeout, opts.Budget, opts.Rule
				return runLive(cmd, &l, &o, &p, known, update, quiet)
			}
			for _, name := range []string{"hmp", "qmp", "variant", "keep"} {
				if flags.Changed(name) {
					return fmt.Errorf("--%s is for a target qemu:CMDLINE", name)
				}
			}
			var err error
			var stop func()
			if opts.Target, opts.Stop, stop, err = target.maker(cmd); err != nil {
				return err
			}
			defer stop()
			switch {
			case opts.Seed > test.MaxSeed:
				return fmt.Errorf("--seed %d: from 0 to %d", opts.Seed, test.MaxSeed)
			case flags.Changed("cases") && opts.Cases < 1:
				return fmt.Errorf("--cases %d: at least 1", opts.Cases)
			case flags.Changed("budget") && opts.Budget <= 0:
				return fmt.Errorf("--budget %v: more than nothing", opts.Budget)
			case update && (known == "none" || known == input.Stdin):
				return errors.New("--update-known needs --known FILE")
			case update && (opts.Rule != "" || opts.Budget > 0):
				return errors.New("--update-known needs a whole run: without --rule and --budget")
			}
			if _, err := path.Match(opts.Rule, ""); err != nil {
				return fmt.Errorf("--rule %s: %w", opts.Rule, err)
			}
			if !flags.Changed("seed") {
				opts.Seed = rand.Uint64N(test.MaxSeed + 1)
			}
			if opts.Budget > 0 && !flags.Changed("cases") {
				opts.Cases = 0
			}
			if opts.Known, err = readKnown(known, update, cmd.InOrStdin()); err != nil {
				return err
			}
			if err := p.start(cmd.ErrOrStderr(), quiet); err != nil {
				return err
			}
			defer p.stop()
			opts.Case = p.cases()
			r, err := test.Run(opts)
			p.stop()
			if err != nil {
				return err
			}
			if len(r.Properties) == 0 {
				return fmt.Errorf("--rule %s: no rule that a property checks, and no property, has such a name", opts.Rule)
			}
			if err := o.write(cmd.OutOrStdout(), func(w io.Writer) error {
				if o.format == "json" {
					return writeJSON(w, r)
				}
				return r.WriteText(w, o.ink(cmd.OutOrStdout()), quiet)
			}); err != nil {
				return err
			}
			if update {
				if err := whole.Write(known, func(w io.Writer) error { _, err := w.Write(r.Update()); return err }); err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "conform: wrote the known failures to %s\n", known)
				return nil
			}
			switch r.Verdict {
			case report.Fail:
				return status(exitFail)
			case report.Undecided:
				return status(exitUndecided)
			}
			return nil
		},
	}
	o.flags(cmd)
	p.flags(cmd)
	target.flags(cmd, "what is tested", "ref, exec:CMD and qemu:CMDLINE")
	liveFlags(cmd, &l)
	cmd.Flags().Uint64Var(&opts.Seed, "seed", 0, "draw from this seed, 0 to 2147483647 (default: any; the report says which)")
	cmd.Flags().IntVar(&opts.Cases, "cases", 1000, "draw `N` cases for each property")
	cmd.Flags().DurationVar(&opts.Budget, "budget", 0, "end after this time, such as 90s; without --cases nothing else ends it")
	cmd.Flags().StringVar(&opts.Rule, "rule", "", "only the properties that are named so or check a rule named so: a `GLOB` as 'qtailq/*'")
	cmd.Flags().StringVar(&known, "known", "none", "pass over the failures that are known in `FILE`")
	cmd.Flags().BoolVar(&update, "update-known", false, "write what fails now to the file of --known")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "no progress, and in text only what is wrong")
	return cmd
}

// readKnown reads the file of known failures. One that is about to be written
// need not be there.
func readKnown(name string, update bool, stdin io.Reader) (*test.Known, error) {
	if name == "none" {
		return nil, nil
	}
	if _, err := os.Stat(name); update && errors.Is(err, os.ErrNotExist) {
		return test.ParseKnown(nil)
	}
	text, err := input.Bytes(name, stdin)
	if err != nil {
		return nil, err
	}
	k, err := test.ParseKnown(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}
