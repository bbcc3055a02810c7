package bind

import "fmt"

// A Fault is one way to break a queue, list or tree in memory before it is
// saved. Queue counts those of the value in the order in which a save meets them
// (a queue before the queues inside its elements, each element of an array of
// queues one queue; nothing is inside a tree's keys), from 0. Elements are
// counted from 0 too.
type Fault struct {
	Queue   int
	Kind    FaultKind
	Element int
	Other   int // see the kinds
}

// A FaultKind says which link is wrong.
type FaultKind uint8

const (
	// FaultCycle makes the last element's next point to Element, which may be
	// the last one itself. Needs one element.
	FaultCycle FaultKind = iota + 1
	// FaultPrev makes prev of Element point to the next of the element after
	// it (round the end: of element 0), which is live memory, and in a queue of
	// one element to its own next. Needs one element, and is no fault for the
	// second of two, whose prev that is.
	FaultPrev
	// FaultLast makes the head's last point to the next of Element, which is
	// not the last one. Needs two elements. A list has no last.
	FaultLast
	// FaultLastEmpty makes the head's last point to the head's own first
	// though there are elements. Needs one element. A list has no last.
	FaultLastEmpty
	// FaultShared makes the last element of Queue point to Element of the queue
	// Other, which is of the same type, has the same element schema and stands
	// elsewhere in the value. Needs one element in each.
	FaultShared
	// FaultOrder changes places of a tree's pairs Element and the next, which
	// there has to be.
	FaultOrder
	// FaultTwice gives a tree's pair after Element, which there has to be, the key
	// of Element. These two are the only faults of trees.
	FaultTwice
)

var faultNames = map[FaultKind]string{
	FaultCycle: "cycle", FaultPrev: "prev", FaultLast: "last", FaultLastEmpty: "last-empty", FaultShared: "shared",
	FaultOrder: "order", FaultTwice: "twice",
}

// String is the kind in a word.
func (k FaultKind) String() string {
	if name, ok := faultNames[k]; ok {
		return name
	}
	return fmt.Sprintf("fault(%d)", uint8(k))
}

// FaultKindByName is the inverse of String.
func FaultKindByName(name string) (FaultKind, bool) {
	for k, n := range faultNames {
		if n == name {
			return k, true
		}
	}
	return 0, false
}

// String names the kind and its operands.
func (f Fault) String() string {
	switch f.Kind {
	case FaultCycle:
		return fmt.Sprintf("queue %d: last.next = element %d", f.Queue, f.Element)
	case FaultPrev:
		return fmt.Sprintf("queue %d: prev of element %d is wrong", f.Queue, f.Element)
	case FaultLast:
		return fmt.Sprintf("queue %d: last = &element %d.next", f.Queue, f.Element)
	case FaultLastEmpty:
		return fmt.Sprintf("queue %d: last = &first", f.Queue)
	case FaultShared:
		return fmt.Sprintf("queue %d: last.next = element %d of queue %d", f.Queue, f.Element, f.Other)
	case FaultOrder:
		return fmt.Sprintf("tree %d: pairs %d and %d change places", f.Queue, f.Element, f.Element+1)
	case FaultTwice:
		return fmt.Sprintf("tree %d: pair %d has the key of pair %d", f.Queue, f.Element+1, f.Element)
	default:
		return fmt.Sprintf("queue %d: fault %d", f.Queue, f.Kind)
	}
}
