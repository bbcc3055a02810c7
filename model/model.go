// Package model is the oracle: what a vmstate payload means, written from the
// description of the wire format alone and without any memory, links or hooks.
// A Schema says which bytes may stand on the wire, a Value is what they mean,
// and Encode and Decode are pure functions between the two. A queue is a plain
// sequence.
//
// The stream container (sections, RAM, the JSON description) is out of scope:
// see impl/savevm. The model never imports impl, nor impl the model.
package model

// A Schema is the wire side of a vmsd. A Schema may reach itself through the
// Elem of a queue field. It must not be changed once used.
type Schema struct {
	Name        string // not empty, at most 255 bytes
	Version     uint32 // version_id
	Minimum     uint32 // minimum_version_id
	Fields      []Field
	Subsections []*Schema
}

// A Type is the wire type of one value.
type Type uint8

// The types, with their size on the wire in bytes.
const (
	TypeBool   Type = iota + 1 // 1
	TypeInt8                   // 1
	TypeInt16                  // 2
	TypeInt32                  // 4
	TypeInt64                  // 8
	TypeUint8                  // 1
	TypeUint16                 // 2
	TypeUint32                 // 4
	TypeUint64                 // 8
	TypeBuffer                 // Size, or what SizeFrom holds
	TypeUnused                 // Size
	TypeNull                   // 1: the byte 30
	TypeStruct                 // its fields and subsections
	TypeQueue                  // (01 element)* 00
)

// A Field is one member of a Schema.
type Field struct {
	Name string
	Type Type
	// Info is the name of the VMStateInfo that a description gave where it is
	// not Type's own ("timer", "pci config"). It has no meaning on the wire.
	Info string
	// Version is the field's version_id: the field is on the wire when Version
	// is at most the version loaded or saved. For a queue it is also the
	// version at which the elements are loaded.
	Version uint32

	Size     int    // TypeBuffer without SizeFrom, TypeUnused: bytes
	SizeFrom string // TypeBuffer: the earlier integer field that holds its size

	// Array makes the field an array of Type (never of TypeBuffer or
	// TypeUnused), of Count elements, or as many as the earlier integer field
	// CountFrom holds.
	Array     bool
	Count     int
	CountFrom string

	Elem *Schema // TypeStruct, TypeQueue
}

// A Value is one of Bool, Int, Uint, Bytes, Null, *Struct, List.
type Value interface{ isValue() }

type (
	Bool  bool     // TypeBool
	Int   int64    // the signed integers
	Uint  uint64   // the unsigned integers
	Bytes []byte   // TypeBuffer; never nil in what Decode returns
	Null  struct{} // TypeNull, and the place of TypeUnused, which has no value
	List  []Value  // an array, or a queue from first to last; never nil in what Decode returns
)

// A Struct is a vmsd's value. Fields stands parallel to Schema.Fields, Subs to
// Schema.Subsections; a subsection that is not present is nil.
type Struct struct {
	Fields []Value
	Subs   []*Struct
}

func (Bool) isValue()    {}
func (Int) isValue()     {}
func (Uint) isValue()    {}
func (Bytes) isValue()   {}
func (Null) isValue()    {}
func (List) isValue()    {}
func (*Struct) isValue() {}
