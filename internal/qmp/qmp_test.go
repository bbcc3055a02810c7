package qmp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/internal/qmp"
)

const greeting = `{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1"}, "capabilities": ["oob"]}}`

// serve plays QEMU: after the greeting it answers the n-th line it receives with
// the n-th of the answers, in which ID stands for that line's id, and hangs up
// when it has no more. The lines received are sent to the channel.
func serve(t *testing.T, conn net.Conn, greeting string, answers ...string) <-chan string {
	t.Helper()
	received := make(chan string, len(answers)+1)
	go func() {
		defer close(received)
		defer conn.Close()
		io.WriteString(conn, greeting+"\n")
		lines := bufio.NewScanner(conn)
		for _, answer := range answers {
			if !lines.Scan() {
				return
			}
			received <- lines.Text()
			var request struct{ ID json.Number }
			if json.Unmarshal(lines.Bytes(), &request) != nil {
				return
			}
			io.WriteString(conn, strings.ReplaceAll(answer, "ID", request.ID.String())+"\n")
		}
		lines.Scan() // until the client hangs up or asks for more
	}()
	return received
}

const ok = `{"return": {}, "id": ID}`

// connect returns a client of a server that gives the answers after negotiation.
func connect(t *testing.T, answers ...string) (*qmp.Client, <-chan string) {
	t.Helper()
	client, server := net.Pipe()
	received := serve(t, server, greeting, append([]string{ok}, answers...)...)
	c, err := qmp.New(t.Context(), client)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.JSONEq(t, `{"execute": "qmp_capabilities", "id": 1}`, <-received)
	return c, received
}

func TestVersionIsTheGreetings(t *testing.T) {
	c, _ := connect(t)
	require.Equal(t, qmp.Version{Major: 7, Minor: 2, Micro: 22, Package: "Debian 1"}, c.Version())
	require.Equal(t, "7.2.22", c.Version().String())
}

func TestExecute(t *testing.T) {
	c, received := connect(t, `{"return": {"status": "paused"}, "id": ID}`)
	result, err := c.Execute(t.Context(), "query-x", map[string]int{"n": 3})
	require.NoError(t, err)
	require.JSONEq(t, `{"status": "paused"}`, string(result))
	require.JSONEq(t, `{"execute": "query-x", "arguments": {"n": 3}, "id": 2}`, <-received)
}

func TestNoArguments(t *testing.T) {
	c, received := connect(t, ok, ok)
	for _, none := range []any{nil, json.RawMessage(nil)} {
		_, err := c.Execute(t.Context(), "stop", none)
		require.NoError(t, err)
		require.NotContains(t, <-received, "arguments")
	}
}

func TestExecuteOverAUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer listener.Close()
	client, err := net.Dial("unix", path)
	require.NoError(t, err)
	server, err := listener.Accept()
	require.NoError(t, err)
	serve(t, server, greeting, ok, ok)

	c, err := qmp.New(t.Context(), client)
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Execute(t.Context(), "stop", nil)
	require.NoError(t, err)
}

func TestARefusalIsAnErrorAndTheConnectionGoesOn(t *testing.T) {
	c, _ := connect(t, `{"error": {"class": "DeviceNotFound", "desc": "no such device"}, "id": ID}`, ok)
	_, err := c.Execute(t.Context(), "device_del", nil)
	require.Equal(t, &qmp.Error{Class: "DeviceNotFound", Desc: "no such device"}, err)
	_, err = c.Execute(t.Context(), "stop", nil)
	require.NoError(t, err)
}

func TestEventsAreKeptForNextEvent(t *testing.T) {
	c, _ := connect(t,
		`{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}
		 {"return": {"n": 1}, "id": ID}
		 {"event": "MIGRATION", "data": {"status": "active"}}`)
	result, err := c.Execute(t.Context(), "migrate", nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"n": 1}`, string(result))

	event, err := c.NextEvent(t.Context())
	require.NoError(t, err)
	require.Equal(t, qmp.Event{Name: "STOP"}, event)
	event, err = c.NextEvent(t.Context())
	require.NoError(t, err)
	require.Equal(t, "MIGRATION", event.Name)
	require.JSONEq(t, `{"status": "active"}`, string(event.Data))
}

func TestTheOldestEventsAreDropped(t *testing.T) {
	c, _ := connect(t, `{"event": "FIRST"}`+strings.Repeat(`{"event": "LATER"}`, 1024)+ok)
	_, err := c.Execute(t.Context(), "x", nil)
	require.NoError(t, err)
	event, err := c.NextEvent(t.Context())
	require.NoError(t, err)
	require.Equal(t, "LATER", event.Name)
}

func TestHMPReturnsWhatIsPrinted(t *testing.T) {
	c, received := connect(t, `{"return": "Error: no\r\n", "id": ID}`)
	printed, err := c.HMP(t.Context(), `info "x"`)
	require.NoError(t, err)
	require.Equal(t, "Error: no\r\n", printed)
	require.JSONEq(t, `{"execute": "human-monitor-command", "arguments": {"command-line": "info \"x\""}, "id": 2}`, <-received)
}

func TestHMPAnswersAString(t *testing.T) {
	c, _ := connect(t, ok)
	_, err := c.HMP(t.Context(), "info x")
	require.ErrorContains(t, err, "human-monitor-command answered {}")
}

func TestBadAnswers(t *testing.T) {
	for name, test := range map[string]struct{ answer, message string }{
		"other id":    {`{"return": {}, "id": 77}`, "an answer to command 77 instead of 2"},
		"no id":       {`{"return": {}}`, "an answer without an id"},
		"not JSON":    {`QEMU 7.2.22 monitor`, "invalid character"},
		"hang-up":     {`{"event": "SHUTDOWN"}`, "QEMU closed the QMP connection"},
		"half a line": {`{"return"`, "QEMU closed the QMP connection"},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				lines := bufio.NewScanner(server)
				io.WriteString(server, greeting+"\n")
				lines.Scan()
				io.WriteString(server, strings.ReplaceAll(ok, "ID", "1"))
				lines.Scan()
				io.WriteString(server, test.answer)
			}()
			c, err := qmp.New(t.Context(), client)
			require.NoError(t, err)
			defer c.Close()

			_, err = c.Execute(t.Context(), "stop", nil)
			require.ErrorContains(t, err, test.message)
			_, again := c.Execute(t.Context(), "stop", nil)
			require.Equal(t, err, again, "the connection stays unusable")
		})
	}
}

func TestAnAnswerInsteadOfAnEvent(t *testing.T) {
	c, _ := connect(t, ok+` {"return": {}, "id": 3}`)
	_, err := c.Execute(t.Context(), "stop", nil)
	require.NoError(t, err)
	_, err = c.NextEvent(t.Context())
	require.ErrorContains(t, err, "a command that was not given")
}

func TestArgumentsThatAreNotJSON(t *testing.T) {
	c, _ := connect(t, ok)
	_, err := c.Execute(t.Context(), "x", func() {})
	require.ErrorAs(t, err, new(*json.UnsupportedTypeError))
	_, err = c.Execute(t.Context(), "x", nil)
	require.NoError(t, err, "nothing was sent, so the connection is still good")
}

func TestNew(t *testing.T) {
	for name, test := range map[string]struct{ greeting, answer, message string }{
		"no greeting":         {`{"return": {}}`, "", "no QMP greeting"},
		"another protocol":    {`SSH-2.0-OpenSSH`, "", "invalid character"},
		"capabilities denied": {greeting, `{"error": {"class": "GenericError", "desc": "not now"}, "id": ID}`, "qmp_capabilities: not now"},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			defer client.Close()
			serve(t, server, test.greeting, test.answer)
			_, err := qmp.New(t.Context(), client)
			require.ErrorContains(t, err, test.message)
		})
	}
}

func TestDeadlinesAreHonoured(t *testing.T) {
	silent := func(ctx context.Context) error {
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		_, err := qmp.New(ctx, client)
		return err
	}
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, silent(late), context.DeadlineExceeded)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, silent(cancelled), context.Canceled)
}

func TestACommandCutShortBreaksTheConnection(t *testing.T) {
	c, received := connect(t, `{"event": "NOTHING"}`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-received // the command has arrived, and is not going to be answered
		cancel()
	}()
	_, err := c.Execute(ctx, "stop", nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Execute(t.Context(), "stop", nil)
	require.ErrorIs(t, err, context.Canceled, "the answer to the first could be taken for that of the second")
}

func TestAContextThatEndsBetweenCommandsHarmsNone(t *testing.T) {
	c, _ := connect(t, ok, ok)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.Execute(ctx, "stop", nil)
	require.NoError(t, err)
	cancel()
	_, err = c.Execute(ctx, "stop", nil)
	require.True(t, errors.Is(err, context.Canceled))
	_, err = c.Execute(t.Context(), "stop", nil)
	require.NoError(t, err)
}
