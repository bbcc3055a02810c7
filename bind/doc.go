// Package bind joins the model to the reference implementation: it lays a
// model.Schema out over real memory for package vmstate to work on, moves values
// in and out of that memory, and makes a Schema of the description that ends a
// stream.
//
// Out of scope: judging anything. What is wrong with a stream the two sides say;
// package props and internal/check compare them.
//
// # Memory
//
// Objects of drawn and described schemas are of a small fixed family of types,
//
//	struct { A [a]uint64; P [p]unsafe.Pointer; B [b]uint64 }
//
// with a, p and b from a few sizes, because a type made by reflect is never
// freed. Fields are placed by our own offsets; a queue's entry stands before,
// between or after the data. The collector sees every pointer, and a pointer
// slot only ever holds nil or the address of something alive.
//
// # Descriptions
//
// A description says what was written once. Describe takes what follows from it
// and no more: versions, predicates and members that hold a size are not in it.
// Where the size of a buffer differs from element to element, each integer that
// could hold it makes a reading of its own; the caller tries them. An element
// that the description does not show has no layout, and a load that meets one
// ends there, in a field called Undescribed.
//
// LoadAndDescribe saves what it loaded with a description that is the one it was
// loaded by, byte for byte, if DialectOf told the dialect right. Where the fields
// have other shapes than those that wrote it (bytes for a type of a device's own,
// a field for each element of an array) they know how they were shown.
package bind
