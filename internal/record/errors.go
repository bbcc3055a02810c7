package record

import (
	"context"
	"errors"
	"fmt"

	"vmconform/internal/qmp"
)

// ExitError is a QEMU that exited before its work was done.
type ExitError struct {
	Status  string // as os.ProcessState says it
	Message string // the last line that it printed
}

func (e *ExitError) Error() string {
	if e.Message == "" {
		return "QEMU exited (" + e.Status + ") without a message"
	}
	return "QEMU exited (" + e.Status + "): " + e.Message
}

// explain turns an error of the connection into what lies behind it: the time
// is up, or QEMU has exited with a message.
func (s *session) explain(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*qmp.Error](err); ok {
		return fmt.Errorf("%s: QEMU says: %w", s.phase, err)
	}
	// QEMU hangs up before it exits.
	waiting, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	select {
	case <-s.exited:
		err = &ExitError{Status: s.cmd.ProcessState.String(), Message: s.printed.last()}
	case <-waiting.Done():
	}
	if ctx.Err() != nil {
		return s.interrupted(ctx)
	}
	return fmt.Errorf("%s: %w", s.phase, err)
}

// interrupted is the error of a context that has ended.
func (s *session) interrupted(ctx context.Context) error {
	how := "interrupted"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		how = "timed out"
	}
	return fmt.Errorf("%s: %s: %w", s.phase, how, ctx.Err())
}
