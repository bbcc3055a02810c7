package props

import (
	"encoding/binary"
	"slices"

	"vmconform/model"
	"vmconform/rules"

	"pgregory.net/rapid"
)

// comparedTypes are the types that are compared with memory, and their bytes.
var comparedTypes = []struct {
	model.Type
	bytes int
}{
	{model.TypeInt32LE, 4}, {model.TypeUint8Equal, 1}, {model.TypeUint16Equal, 2}, {model.TypeUint32Equal, 4}, {model.TypeUint64Equal, 8}, {model.TypeInt32Equal, 4},
}

var compared = Property{
	ID:       "values/compared",
	Sentence: "A value that has to be what memory holds is refused if it is not, and one that memory has the most of if it is negative or above.",
	Rules:    []rules.ID{rules.EqualValue, rules.Int32LE},
	try: func(t *rapid.T, s *trial) *Failure {
		typ := rapid.SampledFrom(comparedTypes).Draw(t, "type")
		if types := s.Caps().Types; types != nil && !slices.Contains(types, typ.Type) {
			return nil
		}
		local := rapid.SampledFrom([]int64{0, 1, 0x7f}).Draw(t, "local")
		if rapid.Bool().Draw(t, "any local") {
			local = rapid.Int64Range(0, 1<<(8*typ.bytes-1)-1).Draw(t, "local")
		}
		f := model.Field{Name: "x", Type: typ.Type, Version: 1, Local: local}
		if rapid.Bool().Draw(t, "array") {
			f.Array, f.Count = true, 2
		}
		c := Case{Version: 1, Schema: &model.Schema{Name: "s", Version: 1, Minimum: 1, Fields: []model.Field{f}}}
		wire := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n))[8-typ.bytes:] }
		var variants []Case
		for _, n := range tellingNumbers(c.Schema, &f, wire(local)) {
			c.Stream = append(wire(n), wire(local)...)
			variants = append(variants, c)
			c.Stream = append(wire(local), wire(n)...)
			variants = append(variants, c)
		}
		return s.variants(variants)
	},
}
