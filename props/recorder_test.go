package props

import (
	"fmt"
	"runtime"

	"pgregory.net/rapid"
)

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
