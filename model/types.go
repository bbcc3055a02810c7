package model

import "fmt"

// A typeInfo is what is fixed about a Type.
type typeInfo struct {
	name   string // in JSON, messages
	size   int    // bytes on the wire; 0 where the field or the value says
	signed bool
	kind   typeKind
}

type typeKind uint8

const (
	kindUnknown   typeKind = iota
	kindInteger            // Int or Uint
	kindOther              // Bool, Bytes, Null
	kindContainer          // has an Elem
)

var types = [...]typeInfo{
	TypeBool:   {"bool", 1, false, kindOther},
	TypeInt8:   {"int8", 1, true, kindInteger},
	TypeInt16:  {"int16", 2, true, kindInteger},
	TypeInt32:  {"int32", 4, true, kindInteger},
	TypeInt64:  {"int64", 8, true, kindInteger},
	TypeUint8:  {"uint8", 1, false, kindInteger},
	TypeUint16: {"uint16", 2, false, kindInteger},
	TypeUint32: {"uint32", 4, false, kindInteger},
	TypeUint64: {"uint64", 8, false, kindInteger},
	TypeBuffer: {"buffer", 0, false, kindOther},
	TypeUnused: {"unused", 0, false, kindOther},
	TypeNull:   {"null", 1, false, kindOther},
	TypeStruct: {"struct", 0, false, kindContainer},
	TypeQueue:  {"queue", 0, false, kindContainer},
}

func (t Type) info() typeInfo {
	if int(t) < len(types) {
		return types[t]
	}
	return typeInfo{}
}

// String returns the type's name, which is also its name in JSON.
func (t Type) String() string {
	if i := t.info(); i.kind != kindUnknown {
		return i.name
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// typeByName is the inverse of String.
func typeByName(name string) (Type, bool) {
	for t, i := range types {
		if i.kind != kindUnknown && i.name == name {
			return Type(t), true
		}
	}
	return 0, false
}
