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
