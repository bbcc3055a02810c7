package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"vmconform/internal/input"
	whole "vmconform/internal/output"
	"vmconform/internal/report"
	"vmconform/internal/test"
	"vmconform/props"
)

func replayCommand() *cobra.Command {
	var (
		o      output
		target targeted
		vector string
	)
	cmd := &cobra.Command{
		Use:   "replay CASE|TOKEN",
		Short: "Repeat one failing case",
		Long: `replay asks an implementation for just what one case says, and compares the
answer with the one that the case says the rules fix. CASE is a file with the
lines that conform test prints from property: on; - is standard input. TOKEN is
the same in one word.

With --vector the case is also written as a vector: as corpus/vectors/found-NAME.vector
of this project it is one more test, and a seed of the fuzz targets.

` + targetHelp + `

Exit status: 0 the target answers so, 1 it does not, 2 no such case or target,
3 undecided (the target skips the case, is flaky, or says nothing in time).`,
		Example: `  conform replay case.txt
  conform replay --target 'exec:python3 adapter.py' case.txt
  conform test --cases 100000 | sed -n 's/.*conform replay //p' | xargs -n 1 conform replay`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("replay which case? conform replay CASE|TOKEN")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args[0]); err != nil {
				return err
			}
			newTarget, _, stop, err := target.maker(cmd)
			if err != nil {
				return err
			}
			defer stop()
			c, err := readCase(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			if vector != "" {
				v, err := c.Vector()
				if err != nil {
					return fmt.Errorf("--vector: %w", err)
				}
				if err := whole.Write(vector, func(w io.Writer) error { _, err := w.Write(v.Bytes()); return err }); err != nil {
					return err
				}
			}
			r, err := test.Replay(c, newTarget)
			if err != nil {
				return err
			}
			if err := o.write(cmd.OutOrStdout(), func(w io.Writer) error {
				if o.format == "json" {
					return writeJSON(w, r)
				}
				return r.WriteText(w, o.ink(cmd.OutOrStdout()))
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
		},
	}
	o.flags(cmd)
	target.flags(cmd, "what is asked", "ref and exec:CMD")
	cmd.Flags().StringVar(&vector, "vector", "", "write the case as a vector to `FILE`")
	return cmd
}

// readCase reads a case from a file, or out of a token.
func readCase(arg string, stdin io.Reader) (props.Case, error) {
	if _, err := os.Stat(arg); err != nil && arg != input.Stdin {
		c, tokenErr := props.ParseToken(arg)
		if tokenErr != nil {
			return c, fmt.Errorf("%.60s: no such file, and no token: %w", arg, tokenErr)
		}
		return c, nil
	}
	text, err := input.Bytes(arg, stdin)
	if err != nil {
		return props.Case{}, err
	}
	c, err := props.ParseCase(text)
	if err != nil {
		return c, fmt.Errorf("%s: %w", arg, err)
	}
	return c, nil
}
