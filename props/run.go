package props

import (
	"fmt"
	"slices"

	"vmconform/props/gen"

	"pgregory.net/rapid"
)

// Options say how a property is tried.
type Options struct {
	Seed  uint64 // of the first case, its low 31 bits; the same seed draws the same cases
	Cases int    // at least 1
	First bool   // end at the first failure
	Quick bool   // leave failing cases as they were drawn

	// Known passes failures over, and Until ends the trial before its cases are
	// through; nil for neither.
	Known func(*Failure) bool
	Until func() bool
	// Begun is told of every case before it is drawn, and Drawn of what it is
	// (of a property's own kind of case it is not); nil for nobody.
	Begun func()
	Drawn func(gen.Case)
}

// maxUnsure is how often a failure that decides nothing may come again and be
// looked into.
const maxUnsure = 5

// A Result is the outcome of trying one property on one subject.
type Result struct {
	Property  Property
	Subject   string
	Cases     int     // drawn
	Tried     int     // those of them that led to asking the subject anything
	Discarded int     // draws that were given up, and drawn anew
	Skipped   int     // what the subject would not answer
	Ended     bool    // by Until, a hang or breakdowns, before the cases were through
	Found     []Found // one for each rule and fingerprint, in the order in which they were met
	Problem   string  // why no answer, or not all, could be given
	Untested  bool    // the problem is that there was nothing the subject could be asked, or would answer
}

// Found is a failure and where it was met.
type Found struct {
	*Failure        // the smallest case that fails in this way; the first one where Quick
	Seed     uint64 // of the first case that fails so
	Case     int    // its number, from 1
}

// Held says whether the property was tried and never broken.
func (r Result) Held() bool { return len(r.Found) == 0 && r.Problem == "" }

// Run tries p on s. A failure does not end it: the cases after it show whatever
// else is broken, and each failure that rule and fingerprint tell apart is found
// once. Outside of go test the caller has run testing.Init and flag.Parse
// before.
func Run(p Property, s Subject, o Options) Result {
	r := Result{Property: p, Subject: s.Name()}
	if !p.Asks(s) {
		r.Problem = "the subject does not show its memory"
		return r
	}
	t := &trial{Subject: s, property: p.ID, drawn: o.Drawn}
	// What was found is passed over; but where that decides nothing, others that
	// look the same may.
	unsure := map[int]int{} // how often more, by the place in Found
	place := func(f *Failure) int {
		return slices.IndexFunc(r.Found, func(g Found) bool { return f.same(g.Failure) })
	}
	found := func(f *Failure) bool {
		if i := place(f); i >= 0 && (r.Found[i].Decides() || unsure[i] >= maxUnsure) {
			return true
		}
		return o.Known != nil && o.Known(f)
	}
	for r.Cases < o.Cases && !t.spent() {
		if o.Until != nil && o.Until() {
			r.Ended = true
			break
		}
		seed := seedOf(o.Seed, r.Cases)
		r.Cases++
		if o.Begun != nil {
			o.Begun()
		}
		t.passOver = found
		f, draws := t.draw(p, seed)
		r.Discarded += draws - 1
		if t.asked {
			r.Tried++
		}
		if f == nil {
			continue
		}
		t.explain(f)
		at := place(f)
		if at >= 0 && !f.Decides() {
			unsure[at]++
			continue
		}
		if !o.Quick && f.Decides() && !f.slow() && !t.spent() {
			if small := t.reduce(f); small != f {
				t.explain(small)
				f = small
			}
		}
		if at >= 0 {
			r.Found[at] = Found{f, seed, r.Cases}
		} else {
			r.Found = append(r.Found, Found{f, seed, r.Cases})
		}
		if o.First {
			break
		}
	}
	r.Skipped = t.skipped
	switch {
	case t.spent():
		r.Ended = true
		if !t.hung {
			r.Problem = fmt.Sprintf("the target gave no answer %d times, and was asked no more", t.breakdowns)
		}
	case r.Tried > 0 || len(r.Found) > 0:
	case r.Skipped > 0:
		r.Problem, r.Untested = "the target skips all of it", true
	case s.Caps().restricted():
		r.Problem, r.Untested = "the target says that it does not support what this needs", true
	default:
		r.Problem = "no case was drawn that the property could be tried on"
	}
	return r
}

// Try draws the case of a seed, from 1 to 2^31-1, and tries p on it: how s breaks the property, or
// nil, and whether s was asked anything.
func Try(p Property, s Subject, seed uint64) (f *Failure, asked bool) {
	t := &trial{Subject: s, property: p.ID}
	f, _ = t.draw(p, seed)
	return f, t.asked
}

// seedOf gives the seed of the i-th case. There are 2^31 that an int holds on
// every platform, and the step between two comes round to none of them before
// all have been. 0 is no seed to rapid.
func seedOf(first uint64, i int) uint64 {
	const step = 0x9e3779b1
	return max(1, (first+uint64(i)*step)&(1<<31-1))
}

// draw draws the case of a seed, in as many draws as it takes, and tries p on it.
func (s *trial) draw(p Property, seed uint64) (f *Failure, draws int) {
	s.asked = false
	rapid.Custom(func(t *rapid.T) bool {
		draws++
		f = p.try(t, s)
		return true
	}).Example(int(seed))
	return f, draws
}

// Report says what broke the property: repeat is the command to which the seed is
// added. It is empty where the property held.
func (r Result) Report(repeat string) string {
	if r.Held() {
		return ""
	}
	head := fmt.Sprintf("property %s: %s\nsubject  %s\n", r.Property.ID, r.Property.Sentence, r.Subject)
	if r.Problem != "" {
		head += "problem  " + r.Problem + "\n"
	}
	for _, f := range r.Found {
		head += fmt.Sprintf("%vrepeat: %s -rapid.seed=%d\nreplay: conform replay %s\n", f.Failure, repeat, f.Seed, f.Token())
	}
	return head
}
