package props

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"pgregory.net/rapid"
)

// maxCalls bounds how often a property is tried while its failing case is made
// smaller. Time would be no bound: the same seed is to end at the same case.
const maxCalls = 20_000

// A Result is the outcome of trying one property on one subject.
type Result struct {
	Property Property
	Subject  string
	Cases    int      // drawn before a failure
	Tried    int      // those of them that led to asking the subject anything
	Seed     uint64   // repeats the failure; 0 where there is none
	Failure  *Failure // the smallest case that breaks the property
	Problem  string   // why no answer could be given
}

// Held says whether the property was tried and never broken.
func (r Result) Held() bool { return r.Failure == nil && r.Problem == "" }

// Report says what broke the property and how to see it again: repeat is the
// command to which -rapid.seed is added. It is empty where the property held.
func (r Result) Report(repeat string) string {
	if r.Held() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "property %s: %s\nsubject  %s\n", r.Property.ID, r.Property.Sentence, r.Subject)
	if r.Failure != nil {
		b.WriteString(r.Failure.String())
	} else {
		fmt.Fprintf(&b, "problem  %s\n", r.Problem)
	}
	fmt.Fprintf(&b, "repeat   %s -rapid.seed=%d\n", repeat, r.Seed)
	return b.String()
}

// Check tries p on s with as many cases as -rapid.checks says. Outside of go
// test the caller has run testing.Init and flag.Parse before.
func Check(p Property, s Subject) Result {
	configure()
	r := Result{Property: p, Subject: s.Name()}
	if !p.Asks(s) {
		r.Problem = "the subject's links cannot be broken"
		return r
	}
	g := &guard{Subject: s}
	calls := 0       // since the first failure
	confirm := false // the last call failed, and is repeated at once
	log := recorder{name: p.ID}
	seed, done := drawSeed()
	defer done()
	iteration := uint64(0)
	log.check(func(t *rapid.T) {
		switch {
		case r.Failure != nil:
			calls++
		default: // rapid adds to the seed of a case the number of those before it
			seed, iteration = seed+iteration, iteration+1
		}
		if g.hung || calls > maxCalls && !confirm {
			// The rest of the shrinking would change nothing, and rapid keeps all that
			// it has tried: gigabytes.
			runtime.Goexit()
		}
		g.asked = false
		f := p.try(t, g)
		if r.Failure == nil {
			r.Cases++
			if g.asked {
				r.Tried++
			}
		}
		confirm = f != nil && !confirm
		if f == nil {
			return
		}
		r.Failure = f
		t.Fatalf("%s", f.What)
	})
	switch {
	case r.Failure != nil:
		r.Seed = seed
	case log.errors != "":
		r.Problem = log.errors
	case r.Tried == 0:
		r.Problem = "no case was drawn that the property could be tried on"
	}
	return r
}

// drawSeed gives the seed that rapid is to begin with: the user's, or else one
// that rapid is told until done is called.
func drawSeed() (seed uint64, done func()) {
	value := flag.Lookup("rapid.seed").Value
	if seed, _ = strconv.ParseUint(value.String(), 10, 64); seed != 0 {
		return seed, func() {}
	}
	seed = max(1, rand.Uint64())
	set := func(n uint64) {
		if err := value.Set(strconv.FormatUint(n, 10)); err != nil {
			panic(err)
		}
	}
	set(seed)
	return seed, func() { set(0) }
}

// configure sets what rapid takes from flags only, unless the user has: no
// file is left behind that would replay before the seed, and shrinking is
// ended by maxCalls and not by the clock.
var configure = sync.OnceFunc(func() {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "1h"} {
		if given[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
})

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
