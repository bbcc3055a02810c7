// Package qlist is QLIST, QEMU's doubly linked list without a tail, and how it
// travels: typed operations over the links as <sys/queue.h> lays them out, raw
// ones by offsets alone, and the CSTM hooks Get and Put that carry a list on a
// vmstate stream.
//
// Out of scope: the other lists of queue.h (package tailq is QTAILQ), locking,
// and what an element's fields are; package vmstate loads those by the element's
// description.
//
// # In memory
//
// The pointers back are to pointers: to the slot in which the pointer to this
// element stands, so that an element leaves its list without the head. The last
// element is found by a walk only.
//
//	head                 element a            element b
//	First ─────────────▶ ┌───────────┐   ┌──▶ ┌───────────┐
//	                     │ Entry     │   │    │ Entry     │
//	                     │  Next ────│───┘    │  Next nil │
//	                     │  Prev ─▶ &First    │  Prev ─▶ &a.Next
//	                     └───────────┘        └───────────┘
//
// # On the wire
//
//	list = (01 element)… 00
//
// A list's bytes are a queue's, from first to last, and the loaded list has
// their order: each element comes behind the one before. Get takes any marker but
// 00 for 01, with a note, and loads elements at the version_id of the list's
// field, which is checked before the first marker; Put saves them at their own.
package qlist
