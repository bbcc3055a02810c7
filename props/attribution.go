package props

import (
	"errors"
	"fmt"
	"strings"

	"vmconform/model"
)

// An Attribution says who stands alone with an answer to a failing case.
type Attribution struct {
	Alone                    Alone
	Target, Reference, Model string // their answers
}

// Alone says who of three, or that the case does.
type Alone string

// Who may stand alone.
const (
	TargetAlone    Alone = "target"
	ReferenceAlone Alone = "reference"
	ModelAlone     Alone = "model"
	NobodyAlone    Alone = "nobody" // all three differ
	CaseAlone      Alone = "case"   // all three agree, and what the case says is another answer
)

// String says it in one line.
func (a Attribution) String() string {
	switch a.Alone {
	case TargetAlone:
		return fmt.Sprintf("the target stands alone; reference and model: %s", a.Model)
	case ReferenceAlone:
		return fmt.Sprintf("the reference stands alone: %s; model: %s", a.Reference, a.Model)
	case ModelAlone:
		return fmt.Sprintf("the model stands alone: %s; reference and target: %s", a.Model, a.Reference)
	case CaseAlone:
		return fmt.Sprintf("the case stands alone; target, reference and model: %s", a.Model)
	}
	return fmt.Sprintf("all three differ; target: %s; reference: %s; model: %s", a.Target, a.Reference, a.Model)
}

// attribute compares the answer that fails with those of reference and model. What
// the subject cannot say is no difference.
func (s *trial) attribute(f *Failure) Attribution {
	c := f.Case
	c.Times, c.Memory = 0, 0
	caps := s.Caps()
	target, oracle, ref := f.given(), c.modelAnswer(), (&trial{Subject: Reference()}).answer(c)
	a := Attribution{Target: brief(c.words(caps, target)), Reference: brief(c.words(caps, ref)), Model: brief(c.words(caps, oracle))}
	a.Alone = alone(c, caps, target, ref, oracle)
	if _, is := s.Subject.(*reference); is && a.Alone == ModelAlone {
		a.Alone = ReferenceAlone // which the target is
	}
	return a
}

// alone says which of three answers is not like the others.
func alone(c Case, caps Caps, target, ref, oracle answer) Alone {
	refIsModel, targetIsModel := c.same(caps, oracle, ref), c.same(caps, oracle, target)
	switch {
	case refIsModel && targetIsModel:
		return CaseAlone
	case refIsModel:
		return TargetAlone
	case targetIsModel:
		return ReferenceAlone
	case c.same(caps, ref, target):
		return ModelAlone
	}
	return NobodyAlone
}

// modelAnswer is what the model makes of a case. Of links it knows nothing: there it
// says what the case does.
func (c Case) modelAnswer() (a answer) {
	switch c.Do {
	case Save:
		a.saved, a.err = model.Encode(c.Schema, c.Value, c.Version)
	case SaveBroken:
		if c.Refuse != nil {
			a.err = c.Refuse
		}
	default:
		a.loaded, a.err = model.Decode(c.Schema, c.Stream, c.Version, model.Options{Over: c.Before})
		switch {
		case a.err != nil && c.Do == LoadOver:
			a.loaded.Value = c.Before
		case a.err == nil && c.Do == LoadSave:
			a.saved, a.err = model.Encode(c.Schema, a.loaded.Value, c.Schema.Version)
		}
	}
	return a
}

// same says whether two answers to a case are the same, as far as caps go.
func (c Case) same(caps Caps, a, b answer) bool {
	c.Refuse = asError(a.err)
	if a.err != nil && c.Refuse == nil {
		return false
	}
	if c.loads() {
		c.Value, c.Consumed, c.Notes, c.Saved = a.loaded.Value, a.loaded.Consumed, a.loaded.Notes, a.saved
	} else {
		c.Stream = a.saved
	}
	return c.judge(caps, b) == nil
}

// maxWords bounds how much of an answer is said in a line, in bytes.
const maxWords = 160

// words says what an answer to a case is, in one line: as far as caps go, and none
// of what is for people alone.
func (c Case) words(caps Caps, a answer) string {
	var text string
	if b, ok := errors.AsType[*Breakdown](a.err); ok {
		return "no answer: " + string(b.Kind)
	}
	switch e := asError(a.err); {
	case e != nil:
		text = "refuses: " + string(e.Class)
		if !caps.NoOffsets {
			text += fmt.Sprintf(" at %d", e.Offset)
		}
		if !caps.NoPaths {
			text += fmt.Sprintf(" in %q", e.Path)
		}
	case a.err != nil:
		text, _, _ = strings.Cut("no answer: "+a.err.Error(), "\n")
	case caps.VerdictOnly:
		return "accepts"
	case c.loads():
		value, err := model.MarshalValue(c.Schema, a.loaded.Value)
		text = fmt.Sprintf("takes %d bytes, reads %s", a.loaded.Consumed, orError(value, err))
		for _, n := range a.loaded.Notes {
			text += ", notes " + string(n.Rule)
			if !caps.NoOffsets {
				text += fmt.Sprintf(" at %d", n.Offset)
			}
		}
		if c.Do == LoadSave {
			text += fmt.Sprintf(", writes %x", a.saved)
		}
	default:
		text = fmt.Sprintf("writes %x", a.saved)
	}
	return text
}

// brief cuts what is too long for a line.
func brief(words string) string {
	if len(words) > maxWords {
		return strings.ToValidUTF8(words[:maxWords], "") + "…"
	}
	return words
}

// explain finishes a failure that is to be reported: it asks a subject that can be
// had anew whether it answers so again, and says who stands alone.
func (s *trial) explain(f *Failure) {
	if again, ok := s.Subject.(Restarter); ok {
		s.askAgain(f, again)
	}
	f.Attribution = s.attribute(f)
}

// askAgain asks for the case of a failure once more: in the same process, unless it
// has ended, and in a new one; not where that was slow.
func (s *trial) askAgain(f *Failure, r Restarter) {
	first := f.given()
	b, down := errors.AsType[*Breakdown](first.err)
	if down && b.slow() {
		return
	}
	caps := s.Caps()
	same := true
	var again []string
	ask := func(where string) *Failure {
		words, skipped := "the right answer", s.skipped
		g := s.put(f.Case)
		switch {
		case g != nil:
			words = g.words(caps, g.given())
		case s.skipped > skipped:
			words = "skipped"
		}
		again = append(again, where+": "+brief(words))
		same = same && words == f.words(caps, first)
		return g
	}
	if !down {
		ask("in the same process")
	}
	r.Restart()
	if g := ask("in a new process"); g != nil && same {
		f.What, f.Diff, f.answer = g.What, g.Diff, g.answer // after nothing else
	}
	if !same {
		f.Again = again
	}
}

// given is the answer that fails, or where no single one does, what is wrong.
func (f *Failure) given() answer {
	if f.answer == nil {
		return answer{err: errors.New(f.What)}
	}
	return *f.answer
}
