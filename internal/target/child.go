package target

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"vmconform/props"
)

const (
	// A reply has at most minReply bytes and perByte for each of its request, and
	// never more than maxReply: see docs/protocol.md.
	minReply = 1 << 20
	perByte  = 1 << 10
	maxReply = 64 << 20

	settleTime = 50 * time.Millisecond // until what was not asked for is taken to be all
	endTime    = time.Second           // for a process whose output has ended to end itself
	unaskedMax = 256 << 10             // bytes that were not asked for, from which on they are a flood

	tailBytes = 2 << 10 // kept of standard error
	tailLines = 5       // of them shown
)

// A child is a process and its pipes, used by one goroutine.
type child struct {
	ctx    context.Context
	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	lines  *bufio.Reader // over out
	ahead  []byte        // read before it was asked for
	errs   tail
	exited chan struct{} // closed when it has been reaped
	unhook func() bool   // from ctx
}

// startChild starts a shell command in a process group of its own, which ends with
// ctx.
func startChild(ctx context.Context, command string) (*child, error) {
	if ctx.Err() != nil {
		return nil, interrupted()
	}
	c := &child{ctx: ctx, exited: make(chan struct{})}
	in, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	theirs, out, err := os.Pipe()
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer out.Close()
	c.in, c.out, c.lines = ours, theirs, bufio.NewReaderSize(theirs, 64<<10)
	c.cmd = exec.Command("/bin/sh", "-c", command)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = in, out, &c.errs
	inGroup(c.cmd)
	c.cmd.WaitDelay = endTime // for who has left the group and holds standard error
	if err := c.cmd.Start(); err != nil {
		c.close()
		return nil, err
	}
	go func() {
		c.cmd.Wait() // how it ended is in c.cmd.ProcessState
		close(c.exited)
	}()
	c.unhook = context.AfterFunc(ctx, c.kill)
	return c, nil
}

// kill kills the whole group.
func (c *child) kill() { killGroup(c.cmd) }

func (c *child) close() {
	c.in.Close()
	c.out.Close()
}

// end ends the process: it is killed unless it ends by itself once its input has.
func (c *child) end() {
	c.in.Close()
	c.wait()
	c.finish()
}

// wait waits a while for the process to end, and says whether it has.
func (c *child) wait() bool {
	timer := time.NewTimer(endTime)
	defer timer.Stop()
	select {
	case <-c.exited:
		return true
	case <-timer.C:
		return false
	}
}

// finish kills what is left of the group and reaps the process.
func (c *child) finish() {
	c.unhook()
	c.kill()
	<-c.exited
	c.close()
}

// giveUp kills the process and says what it was given up for.
func (c *child) giveUp(kind props.BreakdownKind, what string) error {
	c.finish()
	if c.ctx.Err() != nil {
		return interrupted()
	}
	return &props.Breakdown{Kind: kind, What: what, Last: c.errs.lines()}
}

func interrupted() error { return &props.Breakdown{Kind: props.Silent, What: "interrupted"} }

// exchange sends a request and reads a line, without its end.
func (c *child) exchange(request []byte, timeout time.Duration) ([]byte, error) {
	deadline := time.Now().Add(timeout)
	c.in.SetWriteDeadline(deadline)
	c.out.SetReadDeadline(deadline)
	if _, err := c.in.Write(request); errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, c.giveUp(props.Silent, fmt.Sprintf("it has not read the request within %v", timeout))
	}
	// A request that nobody reads is told by what there is to read.
	most := min(minReply+perByte*min(len(request), maxReply/perByte), maxReply)
	line, err := c.line(most)
	switch {
	case err == nil:
		return line, nil
	case errors.Is(err, errLong):
		return nil, c.giveUp(props.Flood, fmt.Sprintf("a line of more than %d bytes: %s", most, excerpt(line)))
	case errors.Is(err, os.ErrDeadlineExceeded) && len(line) > 0:
		return nil, c.giveUp(props.Silent, fmt.Sprintf("no whole line within %v: %s", timeout, excerpt(line)))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, c.giveUp(props.Silent, fmt.Sprintf("no line within %v", timeout))
	case len(line) > 0:
		return nil, c.giveUp(props.Partial, c.ending()+" within a line: "+excerpt(line))
	}
	return nil, c.giveUp(props.Crash, c.ending())
}

var errLong = errors.New("a long line")

// line reads a line of at most most bytes. What was read comes with the error, too.
func (c *child) line(most int) ([]byte, error) {
	var line []byte
	for {
		part, err := c.lines.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > most:
			return line, errLong
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return line, err
		}
	}
}

// ending says how the process has ended, or that it has not.
func (c *child) ending() string {
	if !c.wait() {
		return "its output ends"
	}
	state := c.cmd.ProcessState
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Sprintf("it ends by signal %d (%v)", status.Signal(), status.Signal())
	}
	status := fmt.Sprintf("it ends with status %d", state.ExitCode())
	if n := syscall.Signal(state.ExitCode() - 128); n > 0 && n < 65 { // how a shell tells it
		status += fmt.Sprintf(", by signal %d (%v)", n, n)
	}
	return status
}

// more says whether there is something behind the line that was read last.
func (c *child) more() bool { return c.lines.Buffered() > 0 }

// pending says whether there is something to read before it was asked for. It does
// not wait.
func (c *child) pending() bool {
	if c.more() {
		return true
	}
	var b [64]byte
	c.ahead = append(c.ahead, b[:readReady(c.out, b[:])]...)
	return len(c.ahead) > 0
}

// settle waits a moment. What comes then is unasked, and an end is a crash.
func (c *child) settle() error {
	c.out.SetReadDeadline(time.Now().Add(settleTime))
	_, err := c.lines.Peek(1)
	switch {
	case err == nil:
		return c.unasked()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return c.giveUp(props.Crash, c.ending())
}

// unasked gives up a process that says more than it was asked for: it reads on
// until there is no more, or it is a flood.
func (c *child) unasked() error {
	b := bytes.NewBuffer(c.ahead)
	for b.Len() < unaskedMax {
		c.out.SetReadDeadline(time.Now().Add(settleTime))
		n, err := io.CopyN(b, c.lines, 4<<10)
		if err != nil && n == 0 {
			break
		}
	}
	if b.Len() >= unaskedMax {
		return c.giveUp(props.Flood, fmt.Sprintf("more than %d bytes that nobody has asked for: %s", unaskedMax, excerpt(b.Bytes())))
	}
	line, _, _ := strings.Cut(b.String(), "\n")
	return c.giveUp(props.Unasked, "a line that nobody has asked for: "+excerpt([]byte(line)))
}

// A tail keeps the end of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if len(t.b) > tailBytes {
		t.b = append(t.b[:0], t.b[len(t.b)-tailBytes:]...)
	}
	return len(b), nil
}

// lines are the last lines, none of them empty.
func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []string
	for line := range strings.Lines(string(t.b)) {
		if line = strings.TrimRight(line, " \t\r\n"); line != "" {
			list = append(list, excerpt([]byte(line)))
		}
	}
	return list[max(0, len(list)-tailLines):]
}
