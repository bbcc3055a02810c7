package props

import (
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"pgregory.net/rapid"
)

// maxCalls bounds how often a property is tried while its failing case is made
// smaller. Time would be no bound: the same seed is to end at the same case.
const maxCalls = 20_000

// rapidFlags guards the flags of rapid: to shrink a case they are set, to draw one they are
// read.
var rapidFlags sync.RWMutex

// shrink makes smaller the case of a seed that is known to fail as first does,
// and gives the smallest that fails in the same way; first itself where it
// cannot be repeated.
func (s *trial) shrink(p Property, seed uint64, first *Failure) *Failure {
	rapidFlags.Lock()
	defer rapidFlags.Unlock()
	defer setFlags(map[string]string{
		"rapid.seed":       strconv.FormatUint(seed, 10),
		"rapid.checks":     "5",    // one where -short is given
		"rapid.nofailfile": "true", // such a file replays before the seed
		"rapid.shrinktime": "1h",   // maxCalls ends it
	})()
	s.passOver = func(f *Failure) bool { return !f.same(first) }
	smallest := first
	calls := 0
	confirm := false // the last call failed, and is repeated at once
	recorder := &recorder{name: p.ID}
	recorder.check(func(t *rapid.T) {
		if calls++; s.hung || calls > maxCalls && !confirm {
			// The rest of the shrinking would change nothing, and rapid keeps all that
			// it has tried: gigabytes.
			runtime.Goexit()
		}
		f := p.try(t, s)
		confirm = f != nil && !confirm
		if f == nil {
			if smallest == first && calls == 1 {
				runtime.Goexit() // another answer than before
			}
			return
		}
		smallest = f
		t.Fatalf("%s", f.What)
	})
	return smallest
}

// setFlags sets flags of go test, until what it returns is called.
func setFlags(values map[string]string) (restore func()) {
	before := map[string]string{}
	set := func(values map[string]string) {
		for name, value := range values {
			if err := flag.Set(name, value); err != nil {
				panic(err)
			}
		}
	}
	for name := range values {
		before[name] = flag.Lookup(name).Value.String()
	}
	set(values)
	return func() { set(before) }
}

// A recorder is the test that rapid believes to run in. It keeps the errors,
// which name the seed, and drops the log of draws.
type recorder struct {
	rapid.TB // nil: what is not here is never called
	name     string
	errors   string
	failed   bool
}

// check has rapid check a property, which ends with Goexit where it fails.
func (r *recorder) check(property func(*rapid.T)) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		rapid.Check(r, property)
	}()
	<-ended
}

func (r *recorder) Helper()             {}
func (r *recorder) Name() string        { return r.name }
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Failed() bool        { return r.failed }
func (r *recorder) FailNow()            { runtime.Goexit() }

func (r *recorder) Errorf(format string, args ...any) {
	r.errors += fmt.Sprintf(format, args...)
	r.failed = true
}
