package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vmconform/internal/rulebook"
)

func rulesCommand() *cobra.Command {
	var o output
	var coverage bool
	cmd := &cobra.Command{
		Use:   "rules [GLOB]",
		Short: "List the rules, and the cases that cover them",
		Long: `rules lists what a stream and its loader are held to: of each rule the id that
findings carry, the severity of a finding, the requirement and where it comes
from. GLOB is an id, or a pattern for several: * stands for anything but a slash.

With --coverage it names the cases of each rule that accept (the rule is kept,
and nothing said) and those that reject (it is broken, and found): vectors and
streams of the corpus, properties that the reference has, defects that are
planted and found, and tests.

Exit status: 0 listed, and with --coverage every rule has cases of both kinds;
1 a rule lacks one; 2 no such rule.`,
		Example: `  conform rules 'qtailq/*'
  conform rules --coverage qtailq/terminator
  conform rules --format json | jq -r '.rules[] | [.id, .severity] | @tsv'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("one GLOB, in quotes: conform rules 'qtailq/*'")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			glob := "*/*"
			if len(args) > 0 {
				glob = args[0]
			}
			r, err := rulebook.Match(glob)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", glob, err)
			case len(r.Rules) == 0:
				return fmt.Errorf("no rule is called %s", glob)
			}
			if coverage {
				if err := r.Cover(); err != nil {
					return err
				}
			}
			if err := o.write(cmd.OutOrStdout(), func(w io.Writer) error {
				if o.format == "json" {
					return writeJSON(w, r)
				}
				return r.WriteText(w, o.ink(cmd.OutOrStdout()))
			}); err != nil {
				return err
			}
			if coverage && r.Lacks() {
				return status(exitFail)
			}
			return nil
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&coverage, "coverage", false, "name the cases of each rule")
	return cmd
}
