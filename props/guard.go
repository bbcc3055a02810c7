package props

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"vmconform/bind"
	"vmconform/model"
)

// saveTime is how long a save from broken links may take. A save of so small
// a value takes microseconds.
const saveTime = 2 * time.Second

// A guard turns what a subject may do instead of answering, panic or hang,
// into errors.
type guard struct {
	Subject
	asked bool // set by every call
	hung  bool // a save was left behind that may never end
}

func (g *guard) Save(s *model.Schema, v *model.Struct, version uint32) (out []byte, err error) {
	g.asked = true
	defer recoverTo(&err)
	return g.Subject.Save(s, v, version)
}

func (g *guard) Load(s *model.Schema, stream []byte, version uint32) (l model.Loaded, err error) {
	g.asked = true
	defer recoverTo(&err)
	return g.Subject.Load(s, stream, version)
}

// SaveBroken makes a guard the LinkBreaker that its subject is; Property.Asks
// has made sure of that. A save that hangs cannot be stopped.
func (g *guard) SaveBroken(s *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error) {
	g.asked = true
	type answer struct {
		out []byte
		err error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() { done <- a }()
		defer recoverTo(&a.err)
		a.out, a.err = g.Subject.(LinkBreaker).SaveBroken(s, v, fault)
	}()
	select {
	case a := <-done:
		return a.out, a.err
	case <-time.After(saveTime):
		g.hung = true
		return nil, fmt.Errorf("no answer within %v", saveTime)
	}
}

// recoverTo turns a panic into an error that says where in the subject it
// arose. It leaves out the addresses of a full trace, and the callers: they
// differ between the calls of one failing case, which must look the same.
func recoverTo(err *error) {
	p := recover()
	if p == nil {
		return
	}
	message := fmt.Sprintf("panic: %v", p)
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); strings.Contains(f.Function, ".(*guard).") {
			break
		}
		if !strings.HasPrefix(f.Function, "runtime.") {
			message += fmt.Sprintf("\n  %s line %d", f.Function, f.Line)
		}
	}
	*err = errors.New(message)
}
