package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vmconform/impl/savevm"
	"vmconform/internal/diff"
	"vmconform/internal/input"
	"vmconform/internal/report"
)

func diffCommand() *cobra.Command {
	var (
		o     output
		opts  diff.Options
		p     progress
		quiet bool
	)
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two streams field by field",
		Long: `diff says what is not the same in two streams: devices are held against each
other by name and instance id, fields and subsections by name, arrays by index.
The elements of a queue belong together if they hold the same, so that one that
is added or removed does not make those behind it differ; between such, by place.
What is not decoded, as the inside of virtio devices, is compared as bytes. RAM is
compared page by page, by what each holds in the end, and counted by block.
Section ids, the way RAM is cut into records, and the text of the description are
not compared. A or B may be -, standard input.

Fields that tell the time, which differ between any two saves, are marked as
clocks, and where only they differ the first line says so.

--ignore hides differences by path: GLOB is a path as show and diff print them, or
a pattern: * stands for anything but a slash, ** for anything, ? for one
character; brackets stand for themselves. What it matches hides all that is in it,
too.

Text shows a few of many differences that have one name but for indices; --format
json has all.

Exit status: 0 no difference, or only ignored ones; 1 there are differences, or a
stream is broken, and is compared as far as it goes; 2 one is unreadable or no
stream; 3 no difference was found, but of one stream nothing of the device state
could be decoded, or RAM has pages that cannot be compared. The same bytes are
identical whatever is in them.`,
		Example: `  conform diff before.bin after.bin
  conform diff --ignore timer --ignore '**/next_transition_time' before.bin after.bin
  conform diff --ignore 'cpu/env.gpr[*]' --ignore ram before.bin after.bin
  conform diff --format json before.bin after.bin | jq -r '.differences[] | select(.clock | not).path'`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) != 2:
				return errors.New("which two streams? conform diff A B")
			case args[0] == input.Stdin && args[1] == input.Stdin:
				return errors.New("only one of two streams can be standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args...); err != nil {
				return err
			}
			if err := p.start(cmd.ErrOrStderr(), quiet); err != nil {
				return err
			}
			defer p.stop()
			var streams [2]diff.Stream
			for i, name := range args {
				m := diff.NewMemory()
				src, in, err := input.Read(name, cmd.InOrStdin(), savevm.ReadOptions{Record: m.Record, Progress: p.reading(name)})
				if err != nil {
					return err
				}
				defer src.Close()
				streams[i] = diff.Stream{Name: name, Source: src, Memory: m, Wrapping: wrapErrors(in)}
			}
			p.stop()
			r, err := diff.Streams(streams[0], streams[1], opts)
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
			return diffStatus(cmd.ErrOrStderr(), r, quiet)
		},
	}
	o.flags(cmd)
	p.flags(cmd)
	cmd.Flags().StringArrayVar(&opts.Ignore, "ignore", nil, "hide differences whose path matches `GLOB`; may be given many times")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "no progress, and in text only the first line, and nothing if there is no difference")
	return cmd
}

// diffStatus says what was not compared, and why.
func diffStatus(w io.Writer, r *diff.Report, quiet bool) error {
	for _, f := range []diff.File{r.A, r.B} {
		for _, x := range f.Errors {
			fmt.Fprintf(w, "conform: %s: %s\n", f.Name, report.Clean(x.Line()))
		}
		if f.Undecoded && len(f.Errors) == 0 {
			fmt.Fprintf(w, "conform: %s: nothing of the device state could be decoded: no usable description\n", f.Name)
		}
	}
	for _, g := range r.Ignored {
		if g.Differences == 0 && !quiet {
			fmt.Fprintf(w, "conform: --ignore %s: no difference has such a path\n", g.Glob)
		}
	}
	switch r.Verdict {
	case diff.Differ, diff.Broken:
		return status(exitFail)
	case diff.Undecided:
		return status(exitUndecided)
	}
	return nil
}
