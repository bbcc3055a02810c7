package record

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"vmconform/internal/qmp"
)

// session is one running QEMU with its QMP connection and its private folder.
type session struct {
	options Options
	dir     string
	cmd     *exec.Cmd
	client  *qmp.Client
	printed *tail
	phase   string
	exited  chan struct{} // closed when QEMU has been reaped
	stop    context.CancelFunc
}

// start starts QEMU and waits until it has connected and answers.
func start(ctx context.Context, options Options) (_ *session, err error) {
	if len(options.Args) == 0 {
		return nil, errors.New("no QEMU given")
	}
	s := &session{options: options, printed: &tail{copy: options.Stderr}, exited: make(chan struct{})}
	s.begin("starting " + filepath.Base(options.Args[0]))

	if s.dir, err = privateDir(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(s.dir)
		}
	}()
	socket := filepath.Join(s.dir, "qmp")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	defer listener.Close()

	args := slices.Concat(options.Args[1:], []string{
		"-S", "-display", "none", "-qmp", "unix:" + strings.ReplaceAll(socket, ",", ",,"),
	})
	if options.Incoming != "" {
		args = append(args, "-incoming", "defer")
	}
	running, stop := context.WithCancel(ctx)
	s.stop = stop
	s.cmd = exec.CommandContext(running, options.Args[0], args...)
	s.cmd.Env = append(os.Environ(), options.Env...)
	s.cmd.WaitDelay = stopGrace
	s.cmd.Stdout, s.cmd.Stderr = s.printed, s.printed
	if err := s.cmd.Start(); err != nil {
		stop()
		if ctx.Err() != nil {
			return nil, s.interrupted(ctx)
		}
		return nil, fmt.Errorf("cannot start QEMU: %w", err)
	}
	go func() {
		s.cmd.Wait() // how QEMU ended is in s.cmd.ProcessState
		close(s.exited)
		listener.Close() // ends Accept below
	}()
	conn, err := listener.Accept()
	if err == nil {
		if s.client, err = qmp.New(ctx, conn); err != nil {
			conn.Close()
		}
	}
	if err != nil {
		err = s.explain(ctx, err)
		s.kill()
		return nil, err
	}
	return s, nil
}

// begin names what is done from now on, for progress and for time-outs.
func (s *session) begin(phase string) {
	s.phase = phase
	if s.options.Progress != nil {
		s.options.Progress(phase)
	}
}

// privateDir makes the folder of the sockets, whose paths may not be long.
func privateDir() (string, error) {
	const maxBase = 60 // of the 104 bytes that every system allows
	base := os.TempDir()
	if len(base) > maxBase {
		base = "/tmp"
	}
	return os.MkdirTemp(base, "conform-record-")
}

// quit ends QEMU in its own way.
func (s *session) quit(ctx context.Context) {
	s.begin("stopping QEMU")
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	// The answer may be lost in the exit; a QEMU that stays is killed.
	s.client.Execute(ctx, "quit", nil)
	select {
	case <-s.exited:
	case <-ctx.Done():
	}
	s.kill()
}

// kill ends QEMU if it still runs, reaps it and removes the folder.
func (s *session) kill() {
	s.stop()
	<-s.exited
	if s.client != nil {
		s.client.Close()
	}
	os.RemoveAll(s.dir)
}
