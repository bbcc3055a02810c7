package record

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// RefusedError is a stream that QEMU did not accept.
type RefusedError struct {
	Reason  string // what QEMU printed
	Crashed bool   // QEMU was ended by a signal instead of refusing
}

func (e *RefusedError) Error() string {
	if e.Crashed {
		return "QEMU crashed while loading the stream: " + e.Reason
	}
	return "QEMU refused the stream: " + e.Reason
}

// Load starts the QEMU of options, lets it load the stream at path and runs the
// commands of options after that. It returns nil if the stream was accepted and
// a [*RefusedError] if it was not. QEMU waits for ever for an empty stream: give
// ctx a deadline.
func Load(ctx context.Context, options Options, path string) error {
	options.Incoming = path
	s, err := start(ctx, options)
	if err != nil {
		return err
	}
	defer s.kill()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	s.quit(ctx)
	return nil
}

// load lets QEMU read the stream at path.
func (s *session) load(ctx context.Context, path string) error {
	s.begin("loading " + filepath.Base(path))
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	file.Close() // the helper that QEMU starts reads it; here it had to be readable
	path, err = filepath.Abs(path)
	if err != nil {
		return err
	}
	s.printed.take()
	err = s.migrate(ctx, "migrate-incoming", "exec:cat "+shellQuote(path))
	_, failed := errors.AsType[*migrationError](err)
	_, exited := errors.AsType[*ExitError](err)
	if !failed && !exited {
		return err
	}
	// QEMU reports the failure, prints the reason and exits.
	select {
	case <-s.exited:
		return &RefusedError{Reason: s.printed.take(), Crashed: !s.cmd.ProcessState.Exited()}
	case <-ctx.Done():
		return s.explain(ctx, err)
	}
}

func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
