package live

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/internal/report"
	"vmconform/internal/test"
	"vmconform/props"
)

// The test binary plays QEMU when it is started with this variable: it saves the
// stream in the file of the second one, and misbehaves as the first one says.
const (
	howVariable  = "CONFORM_FAKE_QEMU"
	fileVariable = "CONFORM_FAKE_STREAM"
)

func TestMain(m *testing.M) {
	if how := os.Getenv(howVariable); how != "" {
		fakeQEMU(how)
	}
	os.Exit(m.Run())
}

func fakeQEMU(how string) {
	incoming := slices.Contains(os.Args, "-incoming")
	if how == "silent" && incoming {
		hang()
	}
	socket := strings.TrimPrefix(os.Args[slices.Index(os.Args, "-qmp")+1], "unix:")
	conn, err := net.Dial("unix", socket)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(conn, `{"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 99}, "package": ""}}}`)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		var request struct {
			Execute   string
			Arguments struct{ URI string }
			ID        int
		}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			panic(err)
		}
		switch request.Execute {
		case "migrate-incoming":
			switch how {
			case "aborts":
				fmt.Fprintln(os.Stderr, "fake: assertion failed")
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				hang()
			case "hangs":
				hang()
			case "refuses":
				fmt.Fprintln(conn, `{"event": "MIGRATION", "data": {"status": "failed"}}`)
				fmt.Fprintln(os.Stderr, "fake: I take nothing")
				os.Exit(1)
			}
			fmt.Fprintln(conn, `{"event": "MIGRATION", "data": {"status": "completed"}}`)
		case "migrate":
			if how == "aborts in saving" && incoming {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				hang()
			}
			out, err := net.Dial("unix", strings.TrimPrefix(request.Arguments.URI, "unix:"))
			if err != nil {
				panic(err)
			}
			b, err := os.ReadFile(os.Getenv(fileVariable))
			if err != nil {
				panic(err)
			}
			out.Write(b)
			out.Close()
			fmt.Fprintln(conn, `{"event": "MIGRATION", "data": {"status": "completed"}}`)
		case "quit":
			fmt.Fprintf(conn, `{"return": {}, "id": %d}`, request.ID)
			os.Exit(0)
		}
		fmt.Fprintf(conn, `{"return": {}, "id": %d}`, request.ID)
	}
	os.Exit(3)
}

// hang waits for ever, for what is never written.
func hang() {
	silent, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	io.ReadAll(silent)
}

// fake gives options that ask such a QEMU, with the stream of a machine.
func fake(t *testing.T, how, machine string) Options {
	t.Helper()
	file := t.TempDir() + "/stream"
	require.NoError(t, os.WriteFile(file, stream(t, machine), 0o600))
	t.Setenv(howVariable, how)
	t.Setenv(fileVariable, file)
	t.Setenv("TMPDIR", t.TempDir())
	program, err := os.Executable()
	require.NoError(t, err)
	return Options{Command: program, Seed: 1, Variants: 6, Timeout: time.Minute}
}

// nothing is left behind by a run.
func nothing(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// A QEMU that saves what it always saves has not loaded what it accepts.
func TestForgetfulQEMU(t *testing.T) {
	o := fake(t, "forgets", "s390x-3-crws-7.2")
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	nothing(t)
	require.Equal(t, report.Fail, r.Verdict)
	require.Equal(t, "7.2.99", r.QEMU)
	require.Equal(t, 6, r.Accepted)
	f := r.Findings[0]
	require.Equal(t, "add:one:elements", f.Fingerprint)
	require.Equal(t, props.TargetAlone, f.Attribution)
	require.Contains(t, f.What, "QEMU accepts it, but s390_css/pending_crws has 3 elements, not ")

	// The same seed gives the same report.
	again, err := Run(context.Background(), o)
	require.NoError(t, err)
	one, err := json.Marshal(r)
	require.NoError(t, err)
	two, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(one), string(two))
}

func TestQEMUThatRefusesAll(t *testing.T) {
	o := fake(t, "refuses", "s390x-3-crws-7.2")
	o.Rule = "reorder"
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	nothing(t)
	require.Equal(t, Counts{Variants: 6, Queues: 6, Differ: 6}, r.Counts)
	require.Len(t, r.Findings, 1)
	require.Equal(t, 6, r.Findings[0].Times)
	require.Equal(t, "reorder:elements:refuses", r.Findings[0].Fingerprint)
	require.Equal(t, "fake: I take nothing", r.Findings[0].Asked.Message)
}

// An end by a signal is a finding about QEMU, while it loads and while it saves again.
func TestQEMUThatAborts(t *testing.T) {
	for _, how := range []string{"aborts", "aborts in saving"} {
		o := fake(t, how, "none-7.2")
		o.Rule, o.Variants = "section:swapped", 2
		r, err := Run(context.Background(), o)
		require.NoError(t, err)
		nothing(t)
		require.Equal(t, report.Fail, r.Verdict, how)
		require.Equal(t, "section:swapped:aborts", r.Findings[0].Fingerprint)
		require.Contains(t, r.Findings[0].What, "QEMU is ended by a signal")
		require.Equal(t, props.TargetAlone, r.Findings[0].Attribution)
	}
}

// One that says nothing in time, before it has connected or while it loads, decides
// nothing: neither does it agree.
func TestQEMUThatHangs(t *testing.T) {
	for _, how := range []string{"silent", "hangs"} {
		o := fake(t, how, "none-7.2")
		o.Variants, o.Timeout = 2, 300*time.Millisecond
		r, err := Run(context.Background(), o)
		require.NoError(t, err)
		nothing(t)
		require.Equal(t, report.Undecided, r.Verdict, how)
		require.Equal(t, 2, r.Undecided)
		require.Zero(t, r.Agree)
		require.Equal(t, report.Undecided, r.Findings[0].Verdict)
		require.Contains(t, r.Findings[0].What, "no end within 300ms")
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	o := fake(t, "", "none-7.2")
	o.Command = "no-such-qemu -machine none"
	_, err := Run(context.Background(), o)
	require.ErrorContains(t, err, "the target does not start: ")
	nothing(t)

	o = fake(t, "forgets", "pc-i440fx-2.2-7.2")
	_, err = Run(context.Background(), o)
	require.ErrorContains(t, err, "no configuration, no footers or no description")
	nothing(t)

	o = fake(t, "forgets", "none-7.2")
	o.Rule = "qtailq/*"
	_, err = Run(context.Background(), o)
	require.ErrorContains(t, err, "gives no such variant")

	o = fake(t, "hangs", "none-7.2")
	ctx, stop := context.WithCancel(context.Background())
	o.Rule = "section"
	o.Known, err = test.ParseKnown(nil)
	require.NoError(t, err)
	go func() { // an interrupt, once a QEMU is loading
		for left := 0; left < 2; {
			entries, _ := os.ReadDir(os.Getenv("TMPDIR"))
			left = len(entries)
		}
		stop()
	}()
	_, err = Run(ctx, o)
	require.ErrorContains(t, err, "interrupted")
	nothing(t)
}

// The stream of one variant is kept for who asks for it.
func TestKeep(t *testing.T) {
	o := fake(t, "forgets", "s390x-3-crws-7.2")
	o.Only, o.Keep = "marker/2", t.TempDir()+"/kept"
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	require.Equal(t, 1, r.Variants)
	kept, err := os.ReadFile(o.Keep)
	require.NoError(t, err)
	require.NotEqual(t, stream(t, "s390x-3-crws-7.2"), kept)
	d, err := Options{Seed: 1, Only: "marker/2"}.drawer(baseOf(t, "s390x-3-crws-7.2"))
	require.NoError(t, err)
	require.Equal(t, d.next().stream, kept)
	o.Only = "double/3" // none of that machine's
	_, err = Run(context.Background(), o)
	require.NoError(t, err)
}
