package diff

import "vmconform/internal/show"

// clock: the field tells the time or when something is due.
func clock(n *show.Node) bool {
	return n.Type == "timer"
}
