package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	whole "vmconform/internal/output"
	"vmconform/internal/report"
)

// An output is where results go and how they look.
type output struct {
	format string
	file   string
	color  string
}

func (o *output) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "format", "text", "how results are written: text or json")
	cmd.Flags().StringVar(&o.color, "color", "auto", "colours in text: auto (on a terminal, unless NO_COLOR is set), always or never")
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "write results to `FILE` instead of standard output")
}

// check refuses a format, or a way to colour, that there is not, and results that
// would replace one of the files that are read.
func (o *output) check(inputs ...string) error {
	if o.format != "text" && o.format != "json" {
		return fmt.Errorf("--format %s: text or json", o.format)
	}
	if o.color != "auto" && o.color != "always" && o.color != "never" {
		return fmt.Errorf("--color %s: auto, always or never", o.color)
	}
	for _, name := range inputs {
		image, _, _ := strings.Cut(name, "#")
		if sameFile(o.file, name) || sameFile(o.file, image) {
			return fmt.Errorf("-o %s: this would replace what is read", o.file)
		}
	}
	return nil
}

// sameFile reports whether two names are those of one regular file.
func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	return errA == nil && errB == nil && x.Mode().IsRegular() && os.SameFile(x, y)
}

// ink says whether text is coloured that goes to stdout or the file. NO_COLOR
// counts when it is set and not empty (no-color.org).
func (o *output) ink(stdout io.Writer) report.Ink {
	if o.color != "auto" {
		return o.color == "always"
	}
	f, ok := stdout.(*os.File)
	return report.Ink(ok && o.file == "" && isTerminal(f) && os.Getenv("NO_COLOR") == "")
}

// write gives w to f: standard output, or the file.
func (o *output) write(stdout io.Writer, f func(w io.Writer) error) error {
	if o.file == "" {
		return f(stdout)
	}
	return whole.Write(o.file, f)
}

// writeJSON writes a report as JSON.
func writeJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(report)
}
