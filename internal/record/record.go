// Package record starts a QEMU, brings it into a state by monitor commands and
// saves its migration stream, or asks it to load one.
//
// It talks to QEMU over two sockets of its own, in a private folder: QMP
// (QEMU connects to us, so that there is nothing to wait for) and the stream
// (read to its end, so that it is complete whatever QEMU's exec: helpers do).
// Out of scope: mapped-ram and multifd, which need more than one plain channel.
package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"vmconform/internal/qmp"
)

// Options say which QEMU to start and what to do with it.
type Options struct {
	// Args are QEMU and its arguments. -S, -display none and -qmp are added.
	Args []string
	// Env is added to this process's environment.
	Env []string
	// Incoming is the path of a stream to load first, or "".
	Incoming string
	// Before are commands that are run, in order, before the stream is loaded: what
	// makes the machine the one that the stream is of.
	Before []Command
	// Commands are run in order, before the stream is saved.
	Commands []Command
	// Stderr receives what QEMU and its human monitor print, if not nil.
	Stderr io.Writer
	// Progress is called when a phase begins, if not nil.
	Progress func(phase string)
}

// stopGrace is how long a QEMU that was asked to quit, or that has hung up, may
// take to exit.
var stopGrace = 5 * time.Second

// RecordTo starts the QEMU of options, runs its commands and writes its stream
// to w. On an error, w may have received a part of the stream.
func RecordTo(ctx context.Context, options Options, w io.Writer) (qmp.Version, error) {
	s, err := start(ctx, options)
	if err != nil {
		return qmp.Version{}, err
	}
	defer s.kill()
	version := s.client.Version()
	if err := s.prepare(ctx); err != nil {
		return version, err
	}
	if err := s.save(ctx, w); err != nil {
		return version, err
	}
	s.quit(ctx)
	return version, nil
}

// prepare brings QEMU into the state that the options ask for.
func (s *session) prepare(ctx context.Context) error {
	if s.options.Incoming != "" {
		if err := s.runAll(ctx, s.options.Before); err != nil {
			return err
		}
		if err := s.load(ctx, s.options.Incoming); err != nil {
			return err
		}
	}
	return s.runAll(ctx, s.options.Commands)
}

func (s *session) runAll(ctx context.Context, commands []Command) error {
	for i, command := range commands {
		s.begin(fmt.Sprintf("command %d of %d: %s", i+1, len(commands), command))
		if err := s.run(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

// save migrates to a socket of ours and copies what arrives to w.
func (s *session) save(ctx context.Context, w io.Writer) error {
	s.begin("saving the stream")
	path := filepath.Join(s.dir, "stream")
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	defer listener.Close()

	copied := make(chan error, 1)
	go func() { copied <- receive(listener, w) }()
	// A migration that has failed, or a QEMU that is gone, closes the socket or
	// never opens it: closing the listener ends receive in the second case.
	migration := s.migrate(ctx, "migrate", "unix:"+path)
	if migration != nil {
		listener.Close()
		s.kill()
	}
	received := <-copied
	if migration == nil || errors.As(received, new(*writeError)) {
		return received
	}
	return migration
}

// writeError is a failure to write the output, as opposed to one of QEMU's.
type writeError struct{ error }

func (e *writeError) Unwrap() error { return e.error }

// receive accepts one connection and copies it to w. When w fails, it hangs up,
// so that QEMU's migration fails as well.
func receive(listener net.Listener, w io.Writer) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.Copy(outputWriter{w}, conn)
	return err
}

// outputWriter marks the errors of an output.
type outputWriter struct{ w io.Writer }

func (o outputWriter) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		err = &writeError{err}
	}
	return n, err
}
