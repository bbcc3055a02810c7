// Package qmp is a client of QMP, the QEMU Machine Protocol: one JSON object a
// line over a stream socket, a greeting from QEMU first, then commands answered
// one by one, with events in between.
//
//	QEMU   {"QMP": {"version": …, "capabilities": […]}}
//	client {"execute": "qmp_capabilities", "id": 1}
//	QEMU   {"return": {}, "id": 1}
//	client {"execute": "query-status", "id": 2}
//	QEMU   {"event": "STOP", "timestamp": …}
//	QEMU   {"return": {…}, "id": 2}
//
// Out of scope: out-of-band commands and passing file descriptors.
package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// maxPending bounds the events kept for NextEvent; the oldest are dropped.
const maxPending = 1024

// Error is a command that QEMU refused.
type Error struct {
	Class string `json:"class"`
	Desc  string `json:"desc"`
}

func (e *Error) Error() string { return e.Desc }

// Event is something that QEMU reported without being asked.
type Event struct {
	Name string
	Data json.RawMessage
}

// Version is QEMU's own, as its greeting says it.
type Version struct {
	Major, Minor, Micro int
	Package             string // the distributor's addition, often empty
}

func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Micro)
}

// Client is one QMP connection, for use by one goroutine at a time. A call that
// fails for another reason than an [*Error] leaves the connection unusable.
type Client struct {
	conn    net.Conn
	decoder *json.Decoder
	version Version
	lastID  uint64
	pending []Event
	broken  error
}

type message struct {
	QMP *struct {
		Version struct {
			QEMU    struct{ Major, Minor, Micro int }
			Package string
		}
	}
	Event  string
	Data   json.RawMessage
	Return json.RawMessage
	Error  *Error
	ID     *uint64
}

type request struct {
	Execute   string          `json:"execute"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	ID        uint64          `json:"id"`
}

// New reads QEMU's greeting from conn and leaves capability negotiation. On
// success the Client owns conn.
func New(ctx context.Context, conn net.Conn) (*Client, error) {
	c := &Client{conn: conn, decoder: json.NewDecoder(conn)}
	if err := c.greet(ctx); err != nil {
		return nil, err
	}
	if _, err := c.Execute(ctx, "qmp_capabilities", nil); err != nil {
		return nil, fmt.Errorf("qmp_capabilities: %w", err)
	}
	return c, nil
}

// Version is that of the QEMU at the other end.
func (c *Client) Version() Version { return c.version }

// Close closes the connection.
func (c *Client) Close() error { return c.conn.Close() }

// Execute runs one command. Arguments are anything that marshals to a JSON
// object or null. A refusal is an [*Error].
func (c *Client) Execute(ctx context.Context, command string, arguments any) (json.RawMessage, error) {
	text, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	if string(text) == "null" {
		text = nil // QEMU takes an object only
	}
	c.lastID++
	line, err := json.Marshal(request{command, text, c.lastID})
	if err != nil {
		return nil, err
	}
	var answer message
	err = c.guard(ctx, func() error {
		if _, err := c.conn.Write(append(line, '\n')); err != nil {
			return err
		}
		answer, err = c.answer()
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case answer.Error != nil:
		return nil, answer.Error
	}
	return answer.Return, nil
}

// HMP runs one line of the human monitor and returns what it printed, errors
// included: the human monitor has no other way to tell.
func (c *Client) HMP(ctx context.Context, line string) (string, error) {
	result, err := c.Execute(ctx, "human-monitor-command", map[string]string{"command-line": line})
	if err != nil {
		return "", err
	}
	var printed string
	if err := json.Unmarshal(result, &printed); err != nil {
		return "", fmt.Errorf("human-monitor-command answered %s: %w", result, err)
	}
	return printed, nil
}

// NextEvent returns the next event not yet returned, waiting for one if need be.
func (c *Client) NextEvent(ctx context.Context) (Event, error) {
	if len(c.pending) == 0 {
		err := c.guard(ctx, func() error {
			m, err := c.read()
			if err != nil {
				return err
			}
			if m.Event == "" {
				return errors.New("QEMU answered a command that was not given")
			}
			return nil
		})
		if err != nil {
			return Event{}, err
		}
	}
	event := c.pending[0]
	c.pending = c.pending[1:]
	return event, nil
}

func (c *Client) greet(ctx context.Context) error {
	return c.guard(ctx, func() error {
		m, err := c.read()
		if err != nil {
			return err
		}
		if m.QMP == nil {
			return errors.New("no QMP greeting")
		}
		v := m.QMP.Version
		c.version = Version{v.QEMU.Major, v.QEMU.Minor, v.QEMU.Micro, v.Package}
		return nil
	})
}

// answer reads up to the answer to the last command. An answer without an id is
// QEMU's to a line that it could not parse.
func (c *Client) answer() (message, error) {
	for {
		m, err := c.read()
		switch {
		case err != nil:
			return m, err
		case m.Event != "":
			continue
		case m.ID == nil && m.Error == nil:
			return m, errors.New("an answer without an id")
		case m.ID != nil && *m.ID != c.lastID:
			return m, fmt.Errorf("an answer to command %d instead of %d", *m.ID, c.lastID)
		}
		return m, nil
	}
}

// read reads one message and keeps it if it is an event.
func (c *Client) read() (message, error) {
	var m message
	if err := c.decoder.Decode(&m); err != nil {
		return m, err
	}
	if m.Event != "" {
		if len(c.pending) == maxPending {
			c.pending = c.pending[1:]
		}
		c.pending = append(c.pending, Event{m.Event, m.Data})
	}
	return m, nil
}

// guard runs one exchange under ctx. An exchange that was cut short leaves no
// way to tell where the next message starts, so its error is final.
func (c *Client) guard(ctx context.Context, exchange func() error) error {
	if c.broken != nil {
		return c.broken
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		c.conn.SetDeadline(time.Unix(1, 0))
	})
	err := exchange()
	if !stop() {
		<-interrupted
		c.conn.SetDeadline(time.Time{})
	}
	if err == nil {
		return nil
	}
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("QEMU closed the QMP connection: %w", err)
	}
	c.broken = fmt.Errorf("qmp: %w", err)
	return c.broken
}
