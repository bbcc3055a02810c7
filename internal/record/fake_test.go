package record_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The test binary plays QEMU when it is started with this variable, which names
// the way in which this QEMU misbehaves.
const fakeVariable = "CONFORM_FAKE_QEMU"

func TestMain(m *testing.M) {
	if how := os.Getenv(fakeVariable); how != "" {
		fakeQEMU(how)
	}
	os.Exit(m.Run())
}

// fakeStream is what the fake saves.
const fakeStream = "QEVM, as it were"

func fakeQEMU(how string) {
	socket := strings.TrimPrefix(os.Args[slices.Index(os.Args, "-qmp")+1], "unix:")
	switch how {
	case "exits at once":
		fmt.Fprintln(os.Stderr, "fake: warning: first")
		fmt.Fprintln(os.Stderr, "fake: no such machine")
		os.Exit(1)
	case "exits in silence":
		os.Exit(0)
	case "never connects":
		hang()
	}
	conn, err := net.Dial("unix", strings.ReplaceAll(socket, ",,", ","))
	if err != nil {
		panic(err)
	}
	if how == "speaks something else" {
		fmt.Fprintln(conn, "mail ready")
		hang()
	}
	fmt.Fprintln(conn, `{"QMP": {"version": {"qemu": {"major": 9, "minor": 8, "micro": 7}, "package": ""}}}`)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var request struct {
			Execute   string
			Arguments struct {
				URI     string
				Command string `json:"command-line"`
			}
			ID int
		}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			panic(err)
		}
		answer := "{}"
		switch request.Execute {
		case "human-monitor-command":
			answer = fmt.Sprintf("%q", "you said "+request.Arguments.Command+"\r\n")
		case "query-migrate":
			answer = `{"status": "failed", "error-desc": "Unable to\nwrite"}`
		case "migrate":
			fakeMigrate(how, conn, strings.TrimPrefix(request.Arguments.URI, "unix:"))
		case "migrate-incoming":
			fmt.Fprintln(os.Stderr, "fake: about to crash")
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			hang()
		case "quit":
			if how == "does not quit" {
				hang()
			}
			fmt.Fprintf(conn, `{"return": {}, "id": %d}`, request.ID)
			os.Exit(0)
		}
		fmt.Fprintf(conn, `{"return": %s, "id": %d}`, answer, request.ID)
	}
	os.Exit(3)
}

func fakeMigrate(how string, qmp io.Writer, path string) {
	switch how {
	case "exits while saving":
		fmt.Fprintln(os.Stderr, "fake: out of memory")
		os.Exit(1)
	case "never completes":
		return
	}
	out, err := net.Dial("unix", path)
	if err != nil {
		panic(err)
	}
	_, err = io.WriteString(out, fakeStream)
	if how == "saves half" {
		fmt.Fprintln(qmp, `{"event": "MIGRATION", "data": {"status": "failed"}}`)
		return
	}
	// The stream is complete only when the socket is closed: a reader that trusts
	// the event misses the rest.
	fmt.Fprintln(qmp, `{"event": "MIGRATION", "data": {"status": "active"}}`)
	fmt.Fprintln(qmp, `{"event": "MIGRATION", "data": {"status": "completed"}}`)
	if err == nil {
		io.WriteString(out, ", and the rest")
	}
	out.Close()
}

// hang waits for ever, for what is never written; an empty select would be a
// deadlock that the runtime notices.
func hang() {
	silent, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	silent.Read(make([]byte, 1))
}
