package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vmconform/internal/qmp"
	"vmconform/internal/record"
	"vmconform/model"
	"vmconform/rules"
)

// What a QEMU may do with a stream besides accepting and refusing it.
const (
	Abort   Expect = "abort"   // it is ended by a signal
	Timeout Expect = "timeout" // it is silent: that decides nothing
)

// shell makes a command line in the shell's words one that arguments can be added
// to.
func shell(command string) []string {
	return []string{"/bin/sh", "-c", "exec " + command + ` "$@"`, "sh"}
}

// DefaultCommands are what is done before the base stream is taken, where nothing
// else is asked for, so that the queues that are known have elements.
func DefaultCommands(command string) []record.Command {
	switch {
	case strings.Contains(command, "pseries"):
		return slices.Repeat([]record.Command{{HMP: "system_powerdown"}}, 3)
	case strings.Contains(command, "s390-ccw-virtio"):
		return slices.Repeat([]record.Command{{HMP: "device_add virtio-rng-ccw"}}, 2)
	}
	return nil
}

// A qemu is one to ask.
type qemu struct {
	args    []string
	before  []record.Command // what makes the machine that of the base; it fills its queues, too
	dir     string           // for streams
	timeout time.Duration
}

// record takes the base stream. That it takes long decides nothing.
func (q qemu) record(ctx context.Context, commands []record.Command) ([]byte, qmp.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, max(q.timeout, DefaultTimeout))
	defer cancel()
	var out bytes.Buffer
	version, err := record.RecordTo(ctx, record.Options{Args: q.args, Commands: commands}, &out)
	return out.Bytes(), version, err
}

// same says whether two streams are of the same machine, by their sections.
func (b *base) same(other *base) bool {
	names := func(b *base) map[string]bool {
		m := map[string]bool{}
		for s := range b.stream.Sections {
			m[s.Path()] = true
		}
		return m
	}
	return maps.Equal(names(b), names(other))
}

// ask feeds a stream to a fresh QEMU, and lets it save again what it accepts. The
// answer without a verdict comes with the error of a work that could not be done.
func (q qemu) ask(ctx context.Context, b *base, v *variant) (answer, error) {
	path := filepath.Join(q.dir, strings.ReplaceAll(v.id, "/", "-"))
	if err := os.WriteFile(path, v.stream, 0o600); err != nil {
		return answer{}, err
	}
	defer os.Remove(path)
	limited, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	var out bytes.Buffer
	_, err := record.RecordTo(limited, record.Options{Args: q.args, Incoming: path, Before: q.before}, &out)
	var refused *record.RefusedError
	var exited *record.ExitError
	switch {
	case err == nil:
		return accepted(out.Bytes(), b, v, q.before != nil), nil
	case ctx.Err() != nil:
		return answer{}, errors.New("interrupted")
	case limited.Err() != nil:
		return answer{Opinion: Opinion{Verdict: Timeout, Message: fmt.Sprintf("no end within %v", q.timeout)}}, nil
	case errors.As(err, &refused) && refused.Crashed:
		return answer{Opinion: Opinion{Verdict: Abort, Message: refused.Reason}}, nil
	case errors.As(err, &refused):
		return answer{Opinion: Opinion{Verdict: Refuse, Message: refused.Reason}}, nil
	case errors.As(err, &exited) && strings.HasPrefix(exited.Status, "signal: "):
		return answer{Opinion: Opinion{Verdict: Abort, Message: err.Error()}}, nil
	}
	return answer{}, err
}

// An answer is QEMU's.
type answer struct {
	Opinion
	again string // how what it saves again is not what it was given; ""
}

// accepted looks at what QEMU has saved again: the elements are those that a load of
// the variant gives, behind those of the base where these were there before, and their
// bytes canonical, whatever those of the variant were.
func accepted(stream []byte, b *base, v *variant, filled bool) answer {
	a := answer{Opinion: Opinion{Verdict: Accept}}
	if v.shape.expect == Refuse || v.shape.expect == Open {
		return a // nothing says what it has loaded
	}
	again, err := newBase(stream)
	if err != nil {
		a.again = err.Error()
		return a
	}
	for _, q := range b.queues {
		got := again.queue(q.path)
		want := v.elements(q)
		if filled {
			want = slices.Concat(q.list, want)
		}
		switch {
		case got == nil && len(want) == 0: // a subsection that is not needed is not saved
		case got == nil:
			a.again = q.path + " is not saved again as it was"
		case !model.Equal(got.list, want):
			a.again = differ(q, want, got.list)
		}
	}
	return a
}

// queue finds one by its path.
func (b *base) queue(path string) *queue {
	for _, q := range b.queues {
		if q.path == path {
			return q
		}
	}
	return nil
}

// misses says how an answer differs from what the rules, taken strictly, fix for a
// variant: in a word for its fingerprint, and in a sentence; or nothing. Strictly
// means that what no writer writes is to be refused.
func (a answer) misses(v *variant) (kind, what string) {
	strict := v.shape.expect
	switch {
	case a.Verdict == Abort:
		return "aborts", "is ended by a signal: " + a.Message
	case a.Verdict == Timeout:
		return "silent", a.Message
	case strict == Open:
		return "", ""
	case a.Verdict == Refuse && strict != Refuse:
		return "refuses", "refuses it: " + a.Message
	case a.Verdict == Accept && a.again != "":
		return "elements", "accepts it, but " + a.again
	case a.Verdict == Accept && strict == Warn:
		return "accepts", "accepts what no writer writes: " + sentence(v.shape.rule)
	case a.Verdict == Accept && strict == Refuse:
		return "accepts", "accepts what is to be refused: " + sentence(v.shape.rule)
	}
	return "", ""
}

func sentence(id rules.ID) string {
	r, _ := rules.Lookup(id)
	return r.Sentence
}
