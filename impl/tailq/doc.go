// Package tailq is QTAILQ, QEMU's doubly linked tail queue, and how it travels:
// typed operations over the links as <sys/queue.h> lays them out, raw ones by
// offsets alone, and the CSTM hooks Get and Put that carry a queue on a vmstate
// stream.
//
// Out of scope: the other lists of queue.h, locking, and what an element's
// fields are; package vmstate loads those by the element's description.
//
// # In memory
//
// The pointers back are to pointers: to the slot in which the pointer to this
// element stands. An element leaves its queue without the head, and the tail
// is found without a walk.
//
//	head                 element a            element b
//	First ─────────────▶ ┌───────────┐   ┌──▶ ┌───────────┐
//	Last ──────────┐     │ Entry     │   │    │ Entry     │
//	               │     │  Next ────│───┘    │  Next nil │◀─ Last
//	               └─…   │  Prev ─▶ &First    │  Prev ─▶ &a.Next
//	                     └───────────┘        └───────────┘
//
// # On the wire
//
//	queue = (01 element)… 00
//
// An element is an object of its description, with its subsections. Get takes
// any marker but 00 for 01, with a note, and loads elements at the version_id of
// the queue's field, which is checked before the first marker; Put saves them
// at their own.
package tailq
