package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vmconform/impl/savevm"
	"vmconform/internal/input"
	"vmconform/internal/memory"
	"vmconform/internal/report"
	"vmconform/internal/show"
	"vmconform/rules"
)

func showCommand() *cobra.Command {
	var o output
	var trace, hex bool
	var ram string
	var p progress
	var quiet bool
	cmd := &cobra.Command{
		Use:   "show FILE [PATH]",
		Short: "Show a stream as a tree, with offsets",
		Long: `show prints what stands in a stream: header, configuration, sections, and each
device as a tree of fields with their types, values, offsets and sizes. A queue
is shown element by element, each from its marker on. Offsets count from the Q of
QEVM.

` + wrappings + `

PATH picks one device, subsection, field or element: the device's name, #N where
its instance id N is not 0, then the names of subsections and fields, [i] for
elements, joined by slashes, as check and show print them.

With --trace the devices, or the one that PATH names, are loaded by the reference,
step by step: each vmsd and queue as it starts and ends, each field that is
reached, with offsets, and last why the device was refused, if it was.

With --hex the bytes stand beside what they are, and so do the headers and footers
of sections, the markers and terminators of queues, and what nothing is decoded
of: each byte of the stream has its place, but for the records of RAM and the
like, the description, and what is behind the end. Of more than 64 bytes in one
place only the first are shown, unless PATH picks it; JSON has all.

With --ram each block of guest memory is written to a raw file in DIR, which is
made if need be: the contents of each page as the stream gave it last, and a hole
where it is zero. The file is called as the block, with .raw behind it, and
bytes that are unusual in file names as %XX. No file is overwritten, and where one
cannot be made none stays. Of a stream that breaks off what came before is written,
with a line that says so.

Text shortens long buffers and arrays; --format json has them whole. It holds
64-bit integers as strings of digits and bytes in base64.

Exit status: 0 shown, 1 shown as far as the stream is not broken, 2 no stream or
no such PATH, 3 nothing of the device state could be decoded.`,
		Example: `  conform show vm.bin
  conform show vm.bin 'spapr/spapr_pending_events/pending_events[2]/summary'
  conform show vm.bin --hex timer
  conform show vm.bin --trace spapr
  conform show vm.bin --ram mem && strings mem/pc.ram.raw
  conform show vm.bin --format json | jq '.devices[] | [.name, .offset, .size]'`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return errors.New("show which stream? conform show FILE [PATH]")
			case len(args) > 2:
				return errors.New("one FILE and one PATH: conform show FILE [PATH]")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args[0]); err != nil {
				return err
			}
			if trace && hex {
				return errors.New("--trace or --hex: a trace has no bytes")
			}
			if err := p.start(cmd.ErrOrStderr(), quiet); err != nil {
				return err
			}
			defer p.stop()
			path := ""
			if len(args) > 1 {
				path = args[1]
			}
			if cmd.Flags().Changed("ram") {
				if ram == "" {
					return errors.New("--ram wants a directory")
				}
				if path != "" || trace || hex {
					return errors.New("--ram writes all of the guest memory: no PATH, --trace or --hex with it")
				}
				return runShowMemory(cmd, &o, &p, args[0], ram)
			}
			return runShow(cmd, &o, &p, args[0], path, trace, hex)
		},
	}
	o.flags(cmd)
	p.flags(cmd)
	cmd.Flags().BoolVar(&quiet, "quiet", false, "no progress")
	cmd.Flags().BoolVar(&hex, "hex", false, "show the bytes of everything, too")
	cmd.Flags().BoolVar(&trace, "trace", false, "show how each device loads, step by step, and why one is refused")
	cmd.Flags().StringVar(&ram, "ram", "", "write each block of guest memory to a raw file in `DIR`")
	return cmd
}

func runShow(cmd *cobra.Command, o *output, p *progress, name, path string, trace, hex bool) error {
	src, in, err := input.Read(name, cmd.InOrStdin(), savevm.ReadOptions{Progress: p.reading(name)})
	p.stop()
	if err != nil {
		return err
	}
	defer src.Close()
	r, err := show.Source(name, src)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.Errors = append(wrapErrors(in), r.Errors...)
	if hex {
		r.AddHex()
	}
	var shown textWriter = r
	switch {
	case trace:
		if shown, err = r.Trace(path); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	case path != "":
		if shown, err = r.Select(path); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	err = o.write(cmd.OutOrStdout(), func(w io.Writer) error {
		if o.format == "json" {
			return writeJSON(w, shown)
		}
		return shown.WriteText(w, o.ink(cmd.OutOrStdout()))
	})
	if err != nil {
		return err
	}
	return shownStatus(cmd.ErrOrStderr(), name, r)
}

// runShowMemory writes guest memory to files in dir.
func runShowMemory(cmd *cobra.Command, o *output, p *progress, name, dir string) error {
	w, err := memory.New(dir)
	if err != nil {
		return fmt.Errorf("--ram: %w", err)
	}
	src, in, err := input.Read(name, cmd.InOrStdin(), savevm.ReadOptions{Record: w.Record, Progress: p.reading(name)})
	p.stop()
	if err != nil {
		w.Discard()
		return err
	}
	defer src.Close()
	r, err := show.Source(name, src)
	if err != nil {
		w.Discard()
		return fmt.Errorf("%s: %w", name, err)
	}
	r.Errors = append(wrapErrors(in), r.Errors...)
	m, err := r.Memory(dir, w)
	if err != nil {
		w.Discard()
		return fmt.Errorf("%s: %w", name, err)
	}
	err = o.write(cmd.OutOrStdout(), func(w io.Writer) error {
		if o.format == "json" {
			return writeJSON(w, m)
		}
		return m.WriteText(w, o.ink(cmd.OutOrStdout()))
	})
	if err != nil || len(r.Errors) == 0 {
		return err
	}
	return shownStatus(cmd.ErrOrStderr(), name, r)
}

// wrapErrors are what cut the stream, to stand in front of what that broke.
func wrapErrors(in *input.Stream) []report.Finding {
	list := []report.Finding{}
	for _, x := range in.Findings() {
		if x.Severity == rules.SeverityError {
			list = append(list, x)
		}
	}
	return list
}

// A textWriter is a report that can be written for people.
type textWriter interface {
	WriteText(io.Writer, report.Ink) error
}

// shownStatus says why not all of a stream was shown.
func shownStatus(w io.Writer, name string, r *show.Report) error {
	for _, x := range r.Errors {
		fmt.Fprintf(w, "conform: %s: %s\n", name, report.Clean(x.Line()))
	}
	switch {
	case len(r.Errors) > 0:
		return status(exitFail)
	case r.Undecided():
		fmt.Fprintf(w, "conform: %s: nothing of the device state could be decoded: no usable description\n", name)
		return status(exitUndecided)
	}
	return nil
}
