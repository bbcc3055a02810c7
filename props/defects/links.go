package defects

import (
	"cmp"
	"slices"
	"unsafe"

	"vmconform/impl/gtree"
	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

var (
	one  = []byte{1} // the marker
	zero = []byte{0} // the terminator
)

// ofLinks are the defects of queues, lists and trees.
var ofLinks = []Defect{
	{"marker-02", "Elements are linked with 02 instead of 01.", "round-trip", hooks(nil, writer{link: []byte{2}, end: zero}.put)},
	{"marker-missing", "Elements are written without a marker.", "round-trip", hooks(nil, writer{end: zero}.put)},
	{"marker-doubled", "Elements are written with two markers.", "round-trip", hooks(nil, writer{link: []byte{1, 1}, end: zero}.put)},
	{"no-terminator", "A queue is saved without its terminator.", "round-trip", hooks(nil, writer{link: one}.put)},
	{"terminator-early", "The terminator is written before the last element.", "round-trip", hooks(nil, writer{link: one, end: zero, early: true}.put)},
	{"terminator-wide", "The terminator is written as four bytes.", "round-trip", hooks(nil, writer{link: one, end: make([]byte, 4)}.put)},
	{"insert-at-head", "A loaded element is inserted first instead of last.", "round-trip", hooks(reader{first: true}.get, nil)},
	{"save-backwards", "Elements are saved from last to first.", "round-trip", saveBackwards},
	{"last-two-swapped", "The last two elements of a loaded queue change places.", "links/elements", accepting(ofQueues(lastTwoSwapped))},
	{"two-elements", "A queue keeps its first two elements only.", "links/elements", accepting(ofQueues(firstTwo))},

	{"marker-unnoted", "Markers other than 00 and 01 are not noted.", "links/marker-values", without(rules.QueueMarker)},
	{"marker-signed", "A marker above 7f ends the queue.", "links/marker-values", hooks(reader{ends: func(b byte) bool { return b > 0x7f }}.get, nil)},
	{"marker-strict", "A marker other than 00 and 01 is refused.", "links/marker-values", refusingNoted(rules.QueueMarker)},
	{"end-is-terminator", "The end of the input ends a queue.", "links/terminator", endIsTerminator},

	{"queue-any-version", "The version of a queue's field is not compared with that of the elements.", "version/queue", hooks(reader{anyVersion: true}.get, nil)},
	{"late-queue-version", "A queue's version is compared when its first marker has been read.", "version/queue", lateQueueVersion},
	{"seed-queue", "The seed's hooks as posted: the version check compares a description with itself, a failed load leaves the queue half filled and its element nowhere, and a new element is memory as malloc leaves it.", "version/queue", hooks(seed.get, writer{link: one, end: zero, anyPrev: true, anyLast: true}.put)},

	{"unchecked-links", "Links in memory are followed unchecked.", "links/memory", hooks(nil, writer{link: one, end: zero, anyPrev: true, anyLast: true}.put)},
	{"unchecked-last", "The head's last is not looked at.", "links/memory", hooks(nil, writer{link: one, end: zero, anyLast: true}.put)},
	{"late-prev", "An element's prev is looked at when it has been written.", "links/memory", hooks(nil, writer{link: one, end: zero, latePrev: true}.put)},
	{"endless-cycle", "The save of a queue that is a cycle never ends.", "links/memory", hooks(nil, writer{link: one, end: zero, anyPrev: true, cycle: forever}.put)},
	{"unchecked-tree", "A tree is saved in whatever order its pairs are.", "links/memory", trees(nil, everAscending)},

	{"tree-order-unnoted", "Pairs of a tree that come out of order are not noted.", "links/tree", without(rules.TreeOrder)},
	{"tree-duplicates", "Of pairs with one key all are kept.", "links/tree", trees(neverEqual, nil)},
	{"tree-keys-signed", "Direct keys are ordered as signed numbers.", "links/tree", trees(signedKeys, signedKeys)},
}

// seed is the extend_get of the seed. Of its four known faults the fourth, keys of
// the description inside an array, is none of hooks: here the engine writes those.
var seed = reader{anyVersion: true, noUndo: true, raw: true}

func forever() { select {} }

func saveBackwards(s *subject) {
	s.save = func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		backwards := ofQueues(func(list model.List) model.List {
			list = slices.Clone(list)
			slices.Reverse(list)
			return list
		})
		return s.Reference.Save(schema, backwards.of(schema, v), version)
	}
}

func lastTwoSwapped(list model.List) model.List {
	if n := len(list); n > 1 {
		list = slices.Clone(list)
		list[n-1], list[n-2] = list[n-2], list[n-1]
	}
	return list
}

func firstTwo(list model.List) model.List { return list[:min(2, len(list))] }

var endIsTerminator = refusing(rules.Truncated, func(l *load) {
	l.again(l.schema, append(slices.Clone(l.stream), 0), rules.Limits{})
})

var lateQueueVersion = ending(func(l *load) {
	tooNewOrOld := l.class() == rules.VersionTooNew || l.class() == rules.VersionTooOld
	if tooNewOrOld && l.err.Path != "" && l.err.Offset == int64(len(l.stream)) {
		l.err.Class = rules.Truncated
	}
})

// An order makes another comparison of that of a tree's keys.
type order func(m *gtree.Metadata) func(a, b unsafe.Pointer) int

// trees has trees loaded and saved with other orders of their keys; nil is the
// right one.
func trees(loaded, saved order) func(*subject) {
	with := func(meta any, o order) *gtree.Metadata {
		m := *meta.(*gtree.Metadata)
		m.Compare = o(&m)
		return &m
	}
	return fields(func(f *vmstate.Field) {
		if f.Info != gtree.Info {
			return
		}
		if loaded != nil {
			f.ExtendGet = func(l *vmstate.Loader, meta any, tree unsafe.Pointer, version uint32) error {
				return gtree.Get(l, with(meta, loaded), tree, version)
			}
		}
		if saved != nil {
			f.ExtendPut = func(s *vmstate.Saver, meta any, tree unsafe.Pointer) error {
				return gtree.Put(s, with(meta, saved), tree)
			}
		}
	})
}

func everAscending(*gtree.Metadata) func(a, b unsafe.Pointer) int {
	return func(a, b unsafe.Pointer) int { return -1 }
}

func neverEqual(m *gtree.Metadata) func(a, b unsafe.Pointer) int {
	compare := m.Compare
	return func(a, b unsafe.Pointer) int { return cmp.Or(compare(a, b), -1) }
}

func signedKeys(m *gtree.Metadata) func(a, b unsafe.Pointer) int {
	if !m.Direct {
		return m.Compare
	}
	return func(a, b unsafe.Pointer) int { return cmp.Compare(*(*int64)(a), *(*int64)(b)) }
}
