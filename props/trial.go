package props

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"strings"
	"time"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props/gen"
)

// saveTime is how long a save from broken links may take. A save of so small
// a value takes microseconds.
const saveTime = 2 * time.Second

// What a subject does instead of answering.
var (
	errPanic = errors.New("panic")
	errHang  = errors.New("no answer")
)

// What a trial bears of a subject in another process: each breakdown takes a new
// process, and a slow one the time in which it is waited for, or read to its end.
// They are counted, for the same seed is to end at the same place.
const (
	maxBreakdowns = 40
	maxSlow       = 3
)

// A trial is a subject that a property is tried on. It turns what the subject
// may do instead of answering, panic or hang, into errors.
type trial struct {
	Subject
	property   string
	passOver   func(*Failure) bool // failures that are none of this trial's; nil for none
	drawn      func(gen.Case)      // is told of what is drawn; nil for nobody
	asked      bool                // set by every call that is not skipped
	skipped    int                 // calls
	breakdowns int                 // calls that a *Breakdown ended
	slow       int                 // those of them that took time
	hung       bool                // a save was left behind that may never end
}

// spent says whether the subject is not to be asked any more.
func (s *trial) spent() bool {
	return s.hung || s.breakdowns >= maxBreakdowns || s.slow >= maxSlow
}

// called takes in how a call ended.
func (s *trial) called(err *error) {
	if _, skipped := errors.AsType[*Skipped](*err); skipped {
		s.skipped++
		return
	}
	s.asked = true
	if b, ok := errors.AsType[*Breakdown](*err); ok {
		s.breakdowns++
		if b.slow() {
			s.slow++
		}
	}
}

func (s *trial) Save(schema *model.Schema, v *model.Struct, version uint32) (out []byte, err error) {
	defer s.called(&err)
	defer recoverTo(&err)
	return s.Subject.Save(schema, v, version)
}

func (s *trial) Load(schema *model.Schema, stream []byte, version uint32) (l model.Loaded, err error) {
	defer s.called(&err)
	defer recoverTo(&err)
	return s.Subject.Load(schema, stream, version)
}

// LoadOver and LoadAndSave make a trial the Keeper that its subject is;
// Property.Asks has made sure of that.
func (s *trial) LoadOver(schema *model.Schema, before *model.Struct, stream []byte, version uint32) (after *model.Struct, l model.Loaded, err error) {
	defer s.called(&err)
	defer recoverTo(&err)
	return s.Subject.(Keeper).LoadOver(schema, before, stream, version)
}

func (s *trial) LoadAndSave(schema *model.Schema, stream []byte, version uint32) (l model.Loaded, saved []byte, err error) {
	defer s.called(&err)
	defer recoverTo(&err)
	return s.Subject.(Keeper).LoadAndSave(schema, stream, version)
}

// SaveBroken makes a trial the LinkBreaker that its subject is; Property.Asks
// has made sure of that. A save that hangs cannot be stopped.
func (s *trial) SaveBroken(schema *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error) {
	s.asked = true
	type answer struct {
		out []byte
		err error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() { done <- a }()
		defer recoverTo(&a.err)
		a.out, a.err = s.Subject.(LinkBreaker).SaveBroken(schema, v, fault)
	}()
	select {
	case a := <-done:
		return a.out, a.err
	case <-time.After(saveTime):
		s.hung = true
		return nil, fmt.Errorf("%w within %v", errHang, saveTime)
	}
}

// allocates measures how many bytes a load allocates: the fewest in three
// attempts, for what else goes on in the process counts, too.
func (s *trial) allocates(c Case) int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	read := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	least := int64(math.MaxInt64)
	for range 3 {
		before := read()
		s.Load(c.Schema, c.Stream, c.Version) // its answer is judged elsewhere
		least = min(least, read()-before)
	}
	return least
}

// recoverTo turns a panic into an error that says where in the subject it
// arose. It leaves out the addresses of a full trace, and the callers: they
// differ between the calls of one failing case, which must look the same.
func recoverTo(err *error) {
	p := recover()
	if p == nil {
		return
	}
	message := fmt.Sprintf("%v", p)
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(2, pc)])
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); strings.Contains(f.Function, ".(*trial).") {
			break
		}
		if !strings.HasPrefix(f.Function, "runtime.") {
			message += fmt.Sprintf("\n  %s line %d", f.Function, f.Line)
		}
	}
	*err = fmt.Errorf("%w: %s", errPanic, message)
}
