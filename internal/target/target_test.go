package target

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"vmconform/internal/target/targettest"
	"vmconform/model"
	"vmconform/props"
	"vmconform/rules"
)

// The test's own program plays the targets: VMCONFORM_ROLE says which.
func TestMain(m *testing.M) {
	if role := os.Getenv("VMCONFORM_ROLE"); role != "" {
		if err := targettest.Play(strings.SplitN(role, " ", 2), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command is the shell command of a role.
func command(role string) string {
	return fmt.Sprintf("VMCONFORM_ROLE='%s' exec '%s'", role, os.Args[0])
}

func start(t *testing.T, role string, timeout time.Duration) *Subject {
	t.Helper()
	s, err := Start(t.Context(), command(role), timeout)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// protocol compiles the schema of all messages.
func protocol(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/protocol.schema.json")
	require.NoError(t, err)
	return s
}

// messages holds each line of a file against the schema.
func messages(t *testing.T, s *jsonschema.Schema, file string) int {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxReply)
	n := 0
	for ; lines.Scan(); n++ {
		x, err := jsonschema.UnmarshalJSON(strings.NewReader(lines.Text()))
		require.NoError(t, err)
		if err := s.Validate(x); err != nil {
			t.Fatalf("%.500s: %v", lines.Text(), err)
		}
	}
	require.NoError(t, lines.Err())
	return n
}

// The reference holds behind the protocol as it does without, in all properties that
// apply, and both sides keep to the schema of the messages.
func TestTheReferenceBehindTheProtocol(t *testing.T) {
	dir := t.TempDir()
	requests, replies := filepath.Join(dir, "requests"), filepath.Join(dir, "replies")
	tapped := fmt.Sprintf("tee '%s' | { %s; } | tee '%s'", requests, strings.ReplaceAll(command("right"), "exec ", ""), replies)
	s, err := Start(t.Context(), tapped, time.Minute)
	require.NoError(t, err)
	require.Equal(t, "exec:reference", s.Name())
	require.Equal(t, props.Caps{Apart: true}, s.Caps())
	f, asked := props.Sane(s)
	require.Nil(t, f)
	require.True(t, asked)
	applied := 0
	for _, p := range props.All {
		if !p.Asks(s) {
			continue
		}
		r := props.Run(p, s, props.Options{Seed: 3, Cases: 12})
		require.True(t, r.Held(), r.Report("-"))
		applied++
	}
	require.Equal(t, len(props.All)-3, applied, "all but those of memory and its links")
	asks := s.id + 1
	require.NoError(t, s.Close())
	schema := protocol(t)
	require.EqualValues(t, asks, messages(t, schema, requests))
	require.EqualValues(t, asks, messages(t, schema, replies))
}

// queue is the schema of a queue of bytes.
var queue = &model.Schema{Name: "q", Version: 1, Minimum: 1, Fields: []model.Field{{
	Name: "l", Type: model.TypeQueue, Version: 1,
	Elem: &model.Schema{Name: "e", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "x", Type: model.TypeUint8, Version: 1}}},
}}}

// one is a queue of one element, 5.
var one = []byte{1, 5, 0}

func breakdown(t *testing.T, err error) *props.Breakdown {
	t.Helper()
	b, ok := errors.AsType[*props.Breakdown](err)
	require.True(t, ok, "%v", err)
	return b
}

// What each rogue does is called what it is, and does not keep the next request from
// being answered.
func TestRogues(t *testing.T) {
	for role, want := range map[string]props.BreakdownKind{
		"crashing": props.Crash, "killed": props.Crash, "partial": props.Partial, "garbage": props.Garbage,
		"wrong-id": props.WrongID, "chatty": props.Unasked, "endless": props.Flood,
	} {
		t.Run(role, func(t *testing.T) {
			s := start(t, role, time.Minute)
			for range 2 {
				f, _ := props.Sane(s)
				require.Nil(t, f)
				_, err := s.Load(queue, one, 1)
				require.Equal(t, want, breakdown(t, err).Kind)
				require.Nil(t, s.child)
			}
		})
	}
	t.Run("what is told", func(t *testing.T) {
		_, err := start(t, "crashing", time.Minute).Load(queue, one, 1)
		require.Equal(t, "crash: it ends with status 3\nstderr: a queue, of all things", err.Error())
		_, err = start(t, "killed", time.Minute).Load(queue, one, 1)
		require.ErrorContains(t, err, "signal 9")
		_, err = start(t, "partial", time.Minute).Load(queue, one, 1)
		require.ErrorContains(t, err, "within a line: {")
	})
	t.Run("flooding", func(t *testing.T) {
		s := start(t, "flooding", time.Minute)
		_, err := s.Load(queue, one, 1)
		if err == nil { // there is more than the first line, but it was not there yet
			err = s.Settle()
		}
		require.Equal(t, props.Flood, breakdown(t, err).Kind)
	})
	t.Run("hanging", func(t *testing.T) {
		_, err := start(t, "hanging", time.Second).Load(queue, one, 1)
		require.Equal(t, props.Silent, breakdown(t, err).Kind)
	})
	t.Run("leaving", func(t *testing.T) {
		s := start(t, "leaving", time.Minute)
		_, err := s.Load(queue, one, 1)
		require.NoError(t, err)
		_, err = s.Load(queue, one, 1)
		require.Equal(t, props.Crash, breakdown(t, err).Kind)
	})
	t.Run("skipping", func(t *testing.T) {
		_, err := start(t, "skipping", time.Minute).Load(queue, one, 1)
		skipped, ok := errors.AsType[*props.Skipped](err)
		require.True(t, ok)
		require.Equal(t, "not today", skipped.Reason)
	})
}

// A request is longer than a pipe holds, and so is its reply.
func TestLongMessages(t *testing.T) {
	s := start(t, "right", time.Minute)
	stream := make([]byte, 0, 1<<20)
	for range 300_000 {
		stream = append(stream, 1, 5)
	}
	l, err := s.Load(queue, append(stream, 0), 1)
	require.NoError(t, err)
	require.EqualValues(t, len(stream)+1, l.Consumed)
	saved, err := s.Save(queue, l.Value, 1)
	require.NoError(t, err)
	require.Equal(t, append(stream, 0), saved)
	_, err = s.Load(queue, stream, 1)
	e, ok := errors.AsType[*rules.Error](err)
	require.True(t, ok)
	require.Equal(t, rules.Truncated, e.Class)
	require.EqualValues(t, len(stream), e.Offset)
	require.Equal(t, "l[300000]", e.Path)
}

func TestWhatDoesNotStart(t *testing.T) {
	for role, want := range map[string]string{
		"silent":   "silent: no line within 1s",
		"dead":     "crash: it ends with status 1",
		"bragging": `no valid hello: ops: "fly" is unknown`,
		"no-role":  "crash: it ends with status 1; stderr: no-role is no role",
	} {
		_, err := Start(t.Context(), command(role), time.Second)
		require.ErrorContains(t, err, "the target does not start: ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
	}
	_, err := Start(t.Context(), "no-such-program-here", time.Minute)
	require.ErrorContains(t, err, "status 127")
}

// alive says whether the process of a child runs.
func alive(c *child) bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// Nothing is left behind: no process, no goroutine, no file.
func TestNothingIsLeft(t *testing.T) {
	files := func() int {
		list, err := os.ReadDir("/dev/fd")
		require.NoError(t, err)
		return len(list)
	}
	before := runtime.NumGoroutine()
	var open int
	for i := range 8 {
		s, err := Start(t.Context(), command("crashing"), time.Minute)
		require.NoError(t, err)
		c := s.child
		s.Load(queue, one, 1)
		require.False(t, alive(c))
		_, err = s.Save(queue, model.Zero(queue), 1)
		require.NoError(t, err)
		c = s.child
		s.Close()
		require.False(t, alive(c))
		if i == 0 {
			open = files()
		}
	}
	require.Equal(t, open, files())
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond) // the last of them may be about to end
	}
	t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// The end of the context ends a process that hangs, and what it has started.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pid := filepath.Join(t.TempDir(), "pid")
	s, err := Start(ctx, fmt.Sprintf("sleep 1000 & echo $! > '%s'; %s", pid, command("hanging")), time.Hour)
	require.NoError(t, err)
	c := s.child
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = s.Load(queue, one, 1)
	require.ErrorContains(t, err, "interrupted")
	require.False(t, alive(c))
	_, err = s.Load(queue, one, 1)
	require.ErrorContains(t, err, "interrupted")
	text, err := os.ReadFile(pid)
	require.NoError(t, err)
	require.True(t, gone(strings.TrimSpace(string(text))))
}

// gone waits until the process of an id has ended: killed it is, but may not know.
func gone(pid string) bool {
	for range 200 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if errors.Is(err, os.ErrNotExist) || strings.Contains(string(stat), ") Z ") {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}
