package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// A subject is a defect in a process of its own: it may crash, hang or want all
// memory, and each of these is an answer. The process is started when it is
// needed.
type subject struct {
	binary  string // this command, maybe patched
	defect  string // to be planted
	silence time.Duration

	process *exec.Cmd // nil while there is none
	in      io.WriteCloser
	out     *bufio.Scanner
}

const (
	// memory is what a process may map, in KiB: the Go runtime needs a quarter of
	// it, 2^31 elements would take eight times as much.
	memory = 4 << 20
	// silence is how long a process may say nothing. A case takes milliseconds, to
	// shrink one takes seconds.
	silence = 2 * time.Minute
)

// ask puts a question. A process that ends instead of answering, or says nothing
// for too long, has found its defect in the case that it drew last.
func (s *subject) ask(q question) (verdict, error) {
	if s.process == nil {
		if err := s.start(); err != nil {
			return verdict{}, err
		}
	}
	line, err := json.Marshal(q)
	if err != nil {
		return verdict{}, err
	}
	if _, err := fmt.Fprintf(s.in, "%s\n", line); err != nil {
		return verdict{}, err
	}
	process := s.process.Process
	watch := time.AfterFunc(s.silence, func() { process.Kill() })
	defer watch.Stop()
	n := 0 // cases drawn
	for ; s.out.Scan(); watch.Reset(s.silence) {
		if s.out.Text() == drawn {
			n++
			continue
		}
		var a verdict
		if err := json.Unmarshal(s.out.Bytes(), &a); err != nil {
			return verdict{}, fmt.Errorf("%q is no answer: %w", s.out.Text(), err)
		}
		if a.Hung {
			s.end()
		}
		return a, nil
	}
	s.end()
	if n == 0 {
		return verdict{}, errors.New("the process ended before a case was drawn")
	}
	return verdict{Killed: n}, nil
}

func (s *subject) start() error {
	c := exec.Command("sh", "-c", fmt.Sprintf(`ulimit -v %d && exec "$@"`, memory), "sh", s.binary, s.defect)
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	s.process, s.in, s.out = c, in, bufio.NewScanner(out)
	if !s.out.Scan() || s.out.Text() != ready {
		s.end()
		return errors.New("the process does not get ready")
	}
	return nil
}

// end stops the process, if there is one.
func (s *subject) end() {
	if s.process == nil {
		return
	}
	s.process.Process.Kill()
	s.process.Wait() // how it ended says nothing: it was killed
	s.process = nil
}
