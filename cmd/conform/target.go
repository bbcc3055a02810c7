package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"vmconform/internal/target"
	"vmconform/props"
)

// targets are what can be tested inside this program, by name.
var targets = map[string]func() (props.Subject, error){
	"ref": func() (props.Subject, error) { return props.Reference(), nil },
}

// A targeted is what --target names.
type targeted struct {
	name    string
	timeout time.Duration
	all     string // what a name may be
}

const outside = "exec:"

// targetHelp is what the commands with --target say of it.
const targetHelp = `The target ref is the reference implementation of this program. exec:CMD is an
implementation in a process of its own: the shell command CMD, which reads requests
from standard input and answers each with a line on standard output, as
docs/protocol.md says. What it does instead, to crash, to say nothing, to say what is
no answer, is its failure: it is ended, started again, and the work goes on.`

func (t *targeted) flags(cmd *cobra.Command, what, all string) {
	t.all = all
	cmd.Flags().StringVar(&t.name, "target", "ref", what+", a `TARGET`: "+all)
	cmd.Flags().DurationVar(&t.timeout, "timeout", target.DefaultTimeout, "how long a target outside may take for one answer")
}

// maker gives what makes a target, and the context that ends with an interrupt where
// there is a process to end before the command may.
func (t *targeted) maker(cmd *cobra.Command) (make func() (props.Subject, error), ctx context.Context, stop func(), err error) {
	command, isOutside := strings.CutPrefix(t.name, outside)
	switch {
	case cmd.Flags().Changed("timeout") && t.timeout <= 0:
		return nil, nil, nil, fmt.Errorf("--timeout %v: more than nothing", t.timeout)
	case cmd.Flags().Changed("timeout") && !isOutside:
		return nil, nil, nil, errors.New("--timeout is for a target exec:CMD")
	case isOutside && strings.TrimSpace(command) == "":
		return nil, nil, nil, errors.New("--target exec: which command? exec:CMD")
	case isOutside:
		ctx, stop = signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		return func() (props.Subject, error) {
			s, err := target.Start(ctx, command, t.timeout)
			if err != nil {
				return nil, fmt.Errorf("--target %s: %w", t.name, err)
			}
			return s, nil
		}, ctx, stop, nil
	case targets[t.name] == nil:
		return nil, nil, nil, fmt.Errorf("--target %s: %s are those that there are", t.name, t.all)
	}
	return targets[t.name], cmd.Context(), func() {}, nil
}
