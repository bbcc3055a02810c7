package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/internal/check"
	"vmconform/internal/input"
	"vmconform/internal/report"
)

func checkCommand() *cobra.Command {
	var (
		o     output
		p     progress
		opts  check.Options
		quiet bool
	)
	cmd := &cobra.Command{
		Use:   "check [FILE…]",
		Short: "Judge stream dumps",
		Long: `check decodes every described section of a stream, through real memory and by
an independent model, compares the two, checks the links of every queue, saves
again and compares with the source, and derives variants of every queue whose
verdict the rules fix. What is saved again is described again, in the way of the
QEMU that wrote the stream, and the whole description compared, too.

` + wrappings + `

Without FILE it checks the streams that are built in against what the commands
that recorded them promise.`,
		Example: `  conform check vm.bin
  conform check --strict --format json vm.bin | jq .verdict
  conform check vm.save.gz disk.qcow2#before-upgrade`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args...); err != nil {
				return err
			}
			if err := p.start(cmd.ErrOrStderr(), quiet); err != nil {
				return err
			}
			defer p.stop()
			var files []*report.File
			var err error
			if len(args) > 0 {
				files = checkFiles(args, cmd.InOrStdin(), opts, &p)
			} else if files, err = checkCorpus(opts, &p); err != nil {
				return err
			}
			p.stop()
			for _, f := range files {
				if f.Error != "" {
					fmt.Fprintln(cmd.ErrOrStderr(), "conform:", f.Error)
				}
			}
			r := &report.Check{Tool: report.Tool, Command: "check", Files: files}
			code := judge(r)
			if err := o.write(cmd.OutOrStdout(), func(w io.Writer) error { return o.render(w, r, o.ink(cmd.OutOrStdout()), quiet) }); err != nil {
				return err
			}
			if code != exitConform {
				return status(code)
			}
			return nil
		},
	}
	o.flags(cmd)
	p.flags(cmd)
	cmd.Flags().BoolVar(&opts.Strict, "strict", false, "take warnings for errors")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "no progress, and in text only what is wrong")
	return cmd
}

// wrappings is what the help of check and show says about FILE.
const wrappings = `FILE is a stream as QEMU wrote it, or wrapped: packed by gzip, zstd, xz, bzip2
or lz4; a save image of libvirt's; a snapshot in a qcow2 image, FILE#NAME where it
has several; one in another. Its first bytes tell. - is standard input.`

func checkFiles(names []string, stdin io.Reader, opts check.Options, p *progress) []*report.File {
	var files []*report.File
	for i, name := range names {
		p.at(i, len(names), name)
		src, s, err := input.Read(name, stdin, savevm.ReadOptions{Progress: p.reading(name)})
		var f *report.File
		if err == nil {
			opts.Wrapping = s.Findings()
			f, err = check.Source(src, opts)
			src.Close()
			if errors.Is(err, check.ErrNoStream) {
				err = fmt.Errorf("%s: %w", name, err)
			}
		}
		if err != nil {
			f = report.Unreadable(err)
		} else {
			f.Container, f.Compression, f.StreamOffset = s.Container, s.Compression, s.Offset
		}
		f.Name = name
		files = append(files, f)
	}
	return files
}

func checkCorpus(opts check.Options, p *progress) ([]*report.File, error) {
	entries, err := corpus.Entries()
	if err != nil {
		return nil, err
	}
	var files []*report.File
	for i, e := range entries {
		p.at(i, len(entries), e.Name)
		b, err := e.Open()
		if err != nil {
			return nil, err
		}
		f, err := check.Stream(b, opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		f.Name, f.Container, f.Compression = e.Name, "qemu", "zstd"
		f.Expect(e.Expected)
		files = append(files, f)
	}
	return files, nil
}

// judge gives the report its verdict, and the exit status.
func judge(r *report.Check) int {
	seen := map[int]bool{}
	for _, f := range r.Files {
		seen[statusOf(f)] = true
	}
	for _, s := range []int{exitFail, exitUnable, exitUndecided} {
		if seen[s] {
			r.Verdict = report.Undecided
			if s == exitFail {
				r.Verdict = report.Fail
			}
			return s
		}
	}
	r.Verdict = report.Pass
	return exitConform
}

func statusOf(f *report.File) int {
	switch {
	case f.Error != "":
		return exitUnable
	case f.Expected != nil && f.Expected.Agrees:
		return exitConform
	case f.Expected != nil || f.Verdict == report.Fail:
		return exitFail
	case f.Verdict == report.Undecided:
		return exitUndecided
	}
	return exitConform
}

func (o *output) render(w io.Writer, r *report.Check, ink report.Ink, quiet bool) error {
	if o.format == "json" {
		return writeJSON(w, r)
	}
	return r.WriteText(w, ink, quiet)
}
