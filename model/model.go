// Package model is the oracle: what a vmstate payload means, written from the
// description of the wire format alone and without any pointers or links.
// A Schema says which bytes may stand on the wire, a Value is what they mean,
// and Encode and Decode are pure functions between the two. A queue is a plain
// sequence, a hook is a condition that may not hold, and of memory no more is
// known than what it holds before a load.
//
// The stream container (sections, RAM, the JSON description) is out of scope:
// see impl/savevm. The model never imports impl, nor impl the model.
package model

// A Schema is the wire side of a vmsd. A Schema may reach itself through the
// Elem of a queue, list or tree, and through Elems. It must not be changed once
// used.
type Schema struct {
	Name        string // not empty, at most 255 bytes
	Version     uint32 // version_id
	Minimum     uint32 // minimum_version_id
	Fields      []Field
	Subsections []*Schema
	Hooks       Hooks
}

// Hooks are the hooks of a vmsd that may fail: one with a Condition fails, with
// class hook, unless that holds where it is called. PreLoad is called before the
// first field, PostLoad after the last subsection; PreSave and PostSave
// likewise.
type Hooks struct{ PreLoad, PostLoad, PreSave, PostSave *Condition }

// A Condition compares the value that a member has at that moment with a
// number, or with another member. Numbers are compared as what they stand for,
// whatever their types; false is 0, true 1.
type Condition struct {
	Field string // a bool or integer field of the same vmsd, no array
	Op    string // "==", "!=", "<", "<=", ">", ">="
	Value int64  // what to compare with, without Other
	Other string // another such field
}

// A Type is the wire type of one value.
type Type uint8

// The types, with their size on the wire in bytes.
const (
	TypeBool      Type = iota + 1 // 1
	TypeInt8                      // 1
	TypeInt16                     // 2
	TypeInt32                     // 4
	TypeInt64                     // 8
	TypeUint8                     // 1
	TypeUint16                    // 2
	TypeUint32                    // 4
	TypeUint64                    // 8
	TypeBuffer                    // Size, or what SizeFrom holds
	TypeUnused                    // Size
	TypeNull                      // 1: the byte 30
	TypeStruct                    // its fields and subsections
	TypeQueue                     // (01 element)* 00
	TypeList                      // the same, of another kind of list in memory
	TypeTree                      // be32 count, (01 key value)* 00; a key is a Key, or a be64
	TypeVStruct                   // a struct at the field's StructVersion
	TypeTmp                       // a struct at the field's Version, made for the moment
	TypeBitmap                    // 8 for every 64 of its bits, which Size or SizeFrom counts, low word first
	TypeTimer                     // 8, signed
	TypeCPUDouble                 // 8, unsigned

	// What is in memory has to be on the wire.
	TypeUint8Equal  // 1
	TypeUint16Equal // 2
	TypeUint32Equal // 4
	TypeUint64Equal // 8
	TypeInt32Equal  // 4
	// TypeInt32LE may not be negative, nor above what is in memory.
	TypeInt32LE // 4

	TypeValidate // no bytes: When has to hold
)

// A Field is one member of a Schema.
type Field struct {
	Name string
	Type Type
	// Info is the name of the VMStateInfo that a description gave where it is
	// not Type's own ("pci config"). It has no meaning on the wire.
	Info string
	// Version is the field's version_id: the field is on the wire when Version
	// is at most the version loaded or saved. For a queue, list, tree or tmp it
	// is also the version at which the elements are loaded.
	Version uint32
	// When, where given, decides instead of Version whether the field is on the
	// wire.
	When *Condition
	// Must makes it an error that the field is not on the wire.
	Must bool
	// Local is what memory holds before a load: in a bool, an integer, timer or
	// CPU_Double_U, and in each element of an array of Count of them.
	Local int64

	// Size is of TypeBuffer and TypeUnused in bytes, of TypeBitmap in bits.
	// SizeFrom is the earlier integer field that holds it instead (not of
	// TypeUnused).
	Size     int
	SizeFrom string

	// Array makes the field an array of Type (never of TypeBuffer, TypeUnused,
	// TypeBitmap, TypeTmp or TypeValidate), of Count elements, or as many as the
	// earlier integer field CountFrom holds.
	Array     bool
	Count     int
	CountFrom string

	// Times multiplies what SizeFrom or CountFrom holds; 0 stands for 1.
	Times int
	// Room is how many elements, bytes or bits memory has for what SizeFrom or
	// CountFrom counts; 0: as many as need be. With Room the field holds no
	// vmsd, has no When, and neither has the member that counts, which has the
	// same Version.
	Room int

	// Pointers makes the array one of pointers: Null are those that are NULL in
	// memory, in ascending order, and have to be so on the wire. With Marked
	// there is no Null: each element is preceded by 30 or 31, which say whether
	// it is NULL. A Value has Null for what is NULL.
	Pointers bool
	Null     []int
	Marked   bool

	Elem          *Schema // what has fields and subsections: struct, vstruct, tmp, element of a queue or list, value of a tree
	StructVersion uint32  // TypeVStruct
	Key           *Schema // TypeTree; nil: a key is a be64
	// Elems, of a queue or list, are the vmsds of its first elements, Elem that
	// of all others.
	Elems []*Schema
}

// A Value is one of Bool, Int, Uint, Bytes, Null, *Struct, List, Tree.
type Value interface{ isValue() }

type (
	Bool  bool     // TypeBool
	Int   int64    // the signed integers, TypeTimer
	Uint  uint64   // the unsigned integers, TypeCPUDouble
	Bytes []byte   // TypeBuffer; never nil in what Decode returns
	Null  struct{} // TypeNull, a NULL among Pointers, and the place of what has no value: TypeUnused, TypeValidate
	List  []Value  // an array, a queue or list from first to last, a bitmap's words (Uint, low word first); never nil in what Decode returns
	Tree  []Pair   // TypeTree, in the order of the keys; never nil in what Decode returns
)

// A Pair is one of a tree. Its Key is a Uint where the tree has no Key.
type Pair struct {
	Key   Value
	Value *Struct
}

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
func (Tree) isValue()    {}
func (*Struct) isValue() {}
