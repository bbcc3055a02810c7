// Package gtree is the GTree of QEMU's devices, a map whose pairs are in the
// order of their keys, and how it travels: typed operations over a sorted slice,
// and the CSTM hooks Get and Put that carry a tree on a vmstate stream.
//
// Out of scope: balance, which the wire does not show; locking; and what the
// fields of keys and values are, which package vmstate loads by their
// descriptions.
//
// # On the wire
//
//	tree = be32 count  (01 key value)…  00
//	key  = an object of the key's description | be64, a direct key
//
// The count is of pairs. Put writes them from the least key to the greatest. Get
// takes any marker but 00 for 01, keys in any order, and keys that come again,
// each with a note, but exactly count pairs. It loads keys and values at the
// version_id of the tree's field, which has to be in the range of both, the key's
// first, and is checked before the count; Put saves them at their own.
//
// What is the order, and when two keys are the same, only the comparison that
// the device gives says: intervals that overlap may well be one key. Of equal
// keys the first stays, with the value of the last (g_tree_insert).
package gtree
