package props

import (
	"vmconform/bind"
	"vmconform/model"
)

// A Subject is an implementation under test. It is used by one goroutine at a
// time. Every error of Save and Load is, or wraps, a *rules.Error; anything
// else is a failure of whatever property met it, and so is a panic.
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
	VerdictOnly bool         // Load can say whether it accepts, and neither what it read nor why it refused
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
