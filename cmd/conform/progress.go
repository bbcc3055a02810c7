package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// A progress tells on standard error what is being worked on, once that takes
// longer than a person likes to wait without a word.
type progress struct {
	mode  string
	w     io.Writer // nil: no progress
	line  bool      // one line, written over
	since time.Time
	shown bool
}

const progressAfter = 2 * time.Second

func (p *progress) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.mode, "progress", "auto", "progress on standard error after two seconds: auto (on a terminal), plain or none")
}

func (p *progress) start(w io.Writer, quiet bool) error {
	f, ok := w.(*os.File)
	terminal := ok && isTerminal(f)
	switch p.mode {
	case "auto":
		p.line = true
		if !terminal {
			return nil
		}
	case "plain":
	case "none":
		return nil
	default:
		return fmt.Errorf("--progress %s: auto, plain or none", p.mode)
	}
	if !quiet {
		p.w, p.since = w, time.Now()
	}
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// at says that the i-th of n things is begun.
func (p *progress) at(i, n int, what string) {
	if p.w == nil || time.Since(p.since) < progressAfter {
		return
	}
	p.say(fmt.Sprintf("%d of %d: %s", i+1, n, what))
}

func (p *progress) say(text string) {
	if p.line {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
		p.shown = true
		return
	}
	fmt.Fprintln(p.w, text)
}

// cases gives what tells of the cases of a property, not too often.
func (p *progress) cases() func(property string, done int) {
	due := p.seldom()
	return func(property string, done int) {
		if due() {
			p.say(fmt.Sprintf("%s: %d cases", property, done))
		}
	}
}

// asked gives what tells how many variants were asked for, not too often.
func (p *progress) asked() func(done, of int) {
	due := p.seldom()
	return func(done, of int) {
		if due() {
			p.say(fmt.Sprintf("%d of %d variants", done, of))
		}
	}
}

// reading gives what tells how far a file was read, not too often.
func (p *progress) reading(name string) func(offset int64) {
	due := p.seldom()
	return func(offset int64) {
		if due() {
			p.say(fmt.Sprintf("%s: %d MiB", name, offset>>20))
		}
	}
}

// seldom gives what says when something is to be told of what goes on.
func (p *progress) seldom() func() bool {
	last := time.Now()
	every := time.Second / 4
	if !p.line {
		every = 5 * time.Second
	}
	return func() bool {
		if p.w == nil || time.Since(p.since) < progressAfter || time.Since(last) < every {
			return false
		}
		last = time.Now()
		return true
	}
}

// stop wipes the line.
func (p *progress) stop() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
