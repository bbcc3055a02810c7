package live

import (
	"math"
	"math/rand/v2"

	"vmconform/model"
)

// bitsOf are the integers that an element made here may have.
var bitsOf = map[model.Type]int{
	model.TypeBool: 1,
	model.TypeInt8: 8, model.TypeInt16: 16, model.TypeInt32: 32, model.TypeInt64: 64,
	model.TypeUint8: 8, model.TypeUint16: 16, model.TypeUint32: 32, model.TypeUint64: 64,
}

// drawable says whether elements of s can be made: they consist of integers, of
// buffers, and of structs of such.
func drawable(s *model.Schema) bool {
	for i := range s.Fields {
		f := &s.Fields[i]
		switch {
		case f.When != nil || f.CountFrom != "" || f.Pointers || f.Times > 1:
			return false
		case f.Type == model.TypeStruct && drawable(f.Elem) || f.Type == model.TypeBuffer || bitsOf[f.Type] > 0:
		default:
			return false
		}
	}
	return len(s.Subsections) == 0
}

// drawStruct makes a value; sizes that the value says are below most.
func drawStruct(r *rand.Rand, s *model.Schema, most int) *model.Struct {
	v := &model.Struct{Fields: make([]model.Value, len(s.Fields)), Subs: []*model.Struct{}}
	sizes := map[string]int{}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.SizeFrom != "" {
			j := fieldOf(s, f.SizeFrom)
			sizes[f.SizeFrom] = drawSize(r, min(most, 1<<min(30, bitsOf[s.Fields[j].Type]-1)))
		}
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		size, isSize := sizes[f.Name]
		switch {
		case f.Array:
			l := make(model.List, f.Count)
			for k := range l {
				l[k] = drawOne(r, f, most)
			}
			v.Fields[i] = l
		case isSize:
			v.Fields[i] = integer(f.Type, uint64(size))
		case f.SizeFrom != "":
			v.Fields[i] = drawBytes(r, sizes[f.SizeFrom])
		default:
			v.Fields[i] = drawOne(r, f, most)
		}
	}
	return v
}

func fieldOf(s *model.Schema, name string) int {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return i
		}
	}
	panic(s.Name + " has no field " + name) // Schema.Check has seen to that
}

func drawOne(r *rand.Rand, f *model.Field, most int) model.Value {
	switch f.Type {
	case model.TypeStruct:
		return drawStruct(r, f.Elem, most)
	case model.TypeBuffer:
		return drawBytes(r, f.Size)
	}
	return integer(f.Type, r.Uint64())
}

// integer makes of the low bits of x a value of t.
func integer(t model.Type, x uint64) model.Value {
	shift := 64 - bitsOf[t]
	switch t {
	case model.TypeBool:
		return model.Bool(x&1 != 0)
	case model.TypeInt8, model.TypeInt16, model.TypeInt32, model.TypeInt64:
		return model.Int(int64(x<<shift) >> shift)
	}
	return model.Uint(x & (math.MaxUint64 >> shift))
}

// drawSize draws a size below most: one is about as likely to have few digits as
// many.
func drawSize(r *rand.Rand, most int) int {
	n := 1
	for n < most && r.IntN(12) > 0 {
		n *= 2
	}
	return r.IntN(min(n, most))
}

// drawBytes draws bytes of which some are those that mean something elsewhere.
func drawBytes(r *rand.Rand, n int) model.Bytes {
	b := make(model.Bytes, n)
	for i := range b {
		b[i] = byte(r.Uint32())
		if r.IntN(8) == 0 {
			b[i] = []byte{0x00, 0x01, 0x05, 0x7e}[r.IntN(4)]
		}
	}
	return b
}

// pick draws one of a list that is not empty.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// between draws from low to high, both included.
func between(r *rand.Rand, low, high int64) int64 { return low + r.Int64N(high-low+1) }
