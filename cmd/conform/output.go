package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// An output is where results go and how they look.
type output struct {
	format string
	file   string
}

func (o *output) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "format", "text", "how results are written: text or json")
	cmd.Flags().StringVarP(&o.file, "output", "o", "", "write results to `FILE` instead of standard output")
}

// check refuses a format that there is not.
func (o *output) check() error {
	if o.format != "text" && o.format != "json" {
		return fmt.Errorf("--format %s: text or json", o.format)
	}
	return nil
}

// write gives w to f: standard output, or the file, which is there whole or
// not at all.
func (o *output) write(stdout io.Writer, f func(w io.Writer) error) error {
	if o.file == "" {
		return f(stdout)
	}
	file, err := os.CreateTemp(filepath.Dir(o.file), ".conform-*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", o.file, errors.Unwrap(err))
	}
	err = errors.Join(f(file), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), o.file)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// writeJSON writes a report as JSON.
func writeJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(report)
}
