package props

import (
	"vmconform/bind"
	"vmconform/model"
	"vmconform/props/gen"
)

// A Subject is an implementation under test. It is used by one goroutine at a
// time. Every error of Save and Load is, or wraps, a *rules.Error, or a *Skipped,
// or a *Breakdown; anything else is a failure of whatever property met it, and so
// is a panic.
type Subject interface {
	// Name is how reports call it: one word, maybe with arguments after a colon.
	Name() string
	// Caps says what can be asked of it.
	Caps() Caps
	// Save writes v, a value of s, at a version.
	Save(s *model.Schema, v *model.Struct, version uint32) ([]byte, error)
	// Load reads a value of s at a version, within the default limits. It
	// leaves alone what follows the payload and says how much it took; Spans
	// are not asked for.
	Load(s *model.Schema, stream []byte, version uint32) (model.Loaded, error)
}

// Caps say what a Subject can do. The zero value is a subject that can do
// everything.
type Caps struct {
	Types       []model.Type // the field types it supports, uint8 among them; nil means all
	Never       gen.Features // what it does not support, of those that gen.Uses tells
	VerdictOnly bool         // Load can say whether it accepts, and neither what it read nor why it refused
	NoLoad      bool         // it cannot load
	NoSave      bool         // it cannot save
	NoOffsets   bool         // its errors and notes do not say at which offset
	NoPaths     bool         // nor in which field
	NoNotes     bool         // it gives no notes
	NoLimits    bool         // it has no limits on depth and elements, or others than the default
	Apart       bool         // it is another process: what it allocates nobody sees
}

// restricted says whether there is anything that cannot be asked.
func (c Caps) restricted() bool {
	return c.Types != nil || c.Never != 0 || c.NoLoad || c.NoSave || c.NoLimits
}

// A Skipped is the error of a subject that was not made for what it is asked: no
// answer, and no failure.
type Skipped struct{ Reason string }

func (s *Skipped) Error() string { return "skipped: " + s.Reason }

// A Breakdown is the error of a subject in another process that does something
// else than answer.
type Breakdown struct {
	Kind BreakdownKind
	What string   // for people
	Last []string // lines that it printed before, for people
}

// A BreakdownKind says what it does.
type BreakdownKind string

// What a subject in another process may do instead of answering.
const (
	Crash   BreakdownKind = "crash"    // it ends
	Partial BreakdownKind = "partial"  // it ends within a line
	Garbage BreakdownKind = "garbage"  // its line is no reply
	WrongID BreakdownKind = "wrong-id" // its line is a reply to something else
	Unasked BreakdownKind = "unasked"  // it says more than it was asked for
	Flood   BreakdownKind = "flood"    // it does not stop
	Silent  BreakdownKind = "silent"   // it says nothing in time
)

// slow says whether it took time to see, which looking again would take again.
// What nobody has asked for is besides no answer to anything.
func (b *Breakdown) slow() bool { return b.Kind == Silent || b.Kind == Unasked || b.Kind == Flood }

func (b *Breakdown) Error() string {
	text := string(b.Kind) + ": " + b.What
	for _, line := range b.Last {
		text += "\nstderr: " + line
	}
	return text
}

// A LinkBreaker is a Subject that keeps queues in real memory, and whose links
// can be broken before it saves.
type LinkBreaker interface {
	// SaveBroken saves v at the version of s from memory in which the fault
	// has been made.
	SaveBroken(s *model.Schema, v *model.Struct, fault bind.Fault) ([]byte, error)
}

// A Keeper is a Subject that keeps objects in memory, to be loaded into once more
// or saved from.
type Keeper interface {
	// LoadOver loads into an object that holds before, and says what it holds
	// afterwards, whether the load is refused or not.
	LoadOver(s *model.Schema, before *model.Struct, stream []byte, version uint32) (after *model.Struct, l model.Loaded, err error)
	// LoadAndSave loads, and saves at the version of s what it has loaded, from
	// the same memory.
	LoadAndSave(s *model.Schema, stream []byte, version uint32) (l model.Loaded, saved []byte, err error)
}

// A Restarter is a Subject in another process, which may remember what it was
// asked before, and may say more than it is asked for.
type Restarter interface {
	// Restart ends the process, so that the next call meets a new one.
	Restart()
	// Settle waits a moment for what nobody has asked for: it is a *Breakdown.
	Settle() error
}
