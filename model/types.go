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
	kindCompared           // Int or Uint, compared with what is in memory
	kindNumber             // Int or Uint that nothing is counted by
	kindOther              // Bool, Bytes, Null, a bitmap's List
	kindContainer          // has an Elem
)

var types = [...]typeInfo{
	TypeBool:        {"bool", 1, false, kindOther},
	TypeInt8:        {"int8", 1, true, kindInteger},
	TypeInt16:       {"int16", 2, true, kindInteger},
	TypeInt32:       {"int32", 4, true, kindInteger},
	TypeInt64:       {"int64", 8, true, kindInteger},
	TypeUint8:       {"uint8", 1, false, kindInteger},
	TypeUint16:      {"uint16", 2, false, kindInteger},
	TypeUint32:      {"uint32", 4, false, kindInteger},
	TypeUint64:      {"uint64", 8, false, kindInteger},
	TypeBuffer:      {"buffer", 0, false, kindOther},
	TypeUnused:      {"unused", 0, false, kindOther},
	TypeNull:        {"null", 1, false, kindOther},
	TypeStruct:      {"struct", 0, false, kindContainer},
	TypeQueue:       {"queue", 0, false, kindContainer},
	TypeList:        {"list", 0, false, kindContainer},
	TypeTree:        {"tree", 0, false, kindContainer},
	TypeVStruct:     {"vstruct", 0, false, kindContainer},
	TypeTmp:         {"tmp", 0, false, kindContainer},
	TypeBitmap:      {"bitmap", 0, false, kindOther},
	TypeTimer:       {"timer", 8, true, kindNumber},
	TypeCPUDouble:   {"CPU_Double_U", 8, false, kindNumber},
	TypeUint8Equal:  {"uint8 equal", 1, false, kindCompared},
	TypeUint16Equal: {"uint16 equal", 2, false, kindCompared},
	TypeUint32Equal: {"uint32 equal", 4, false, kindCompared},
	TypeUint64Equal: {"uint64 equal", 8, false, kindCompared},
	TypeInt32Equal:  {"int32 equal", 4, true, kindCompared},
	TypeInt32LE:     {"int32 le", 4, true, kindCompared},
	TypeValidate:    {"validate", 0, false, kindOther},
}

func (t Type) info() typeInfo {
	if int(t) < len(types) {
		return types[t]
	}
	return typeInfo{}
}

// isNumber says whether a value of t is an Int or Uint.
func (t Type) isNumber() bool {
	k := t.info().kind
	return k == kindInteger || k == kindCompared || k == kindNumber
}

// counts says whether a size or count may be read from a field of t.
func (t Type) counts() bool {
	k := t.info().kind
	return k == kindInteger || k == kindCompared
}

// isQueue says whether t is markers and elements up to a 00.
func (t Type) isQueue() bool { return t == TypeQueue || t == TypeList }

// hasValue says whether a field of t has a value worth writing down.
func (t Type) hasValue() bool { return t != TypeUnused && t != TypeValidate }

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
