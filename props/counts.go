package props

import (
	"encoding/binary"
	"slices"

	"vmconform/model"
	"vmconform/rules"

	"pgregory.net/rapid"
)

// maxHostile is what a load of a few bytes may allocate, in bytes.
const maxHostile = 1 << 20

var hostileCounts = Property{
	ID:       "limits/counts",
	Sentence: "A count takes no more memory and no more elements than the input and the limits allow, and is refused where they end.",
	Rules:    []rules.ID{rules.Bounded, rules.CountRange, rules.ItemComplete},
	try: func(t *rapid.T, s *trial) *Failure {
		count := rapid.SampledFrom([]uint32{1 << 24, 1024, 1025, 1 << 16, 1<<31 - 1, 1 << 31}).Draw(t, "count")
		f := rapid.SampledFrom(places).Draw(t, "place")
		f.Name, f.Version = "f", 1
		if types := s.Caps().Types; types != nil && !(slices.Contains(types, f.Type) && slices.Contains(types, model.TypeUint32)) {
			return nil
		}
		c := Case{Version: 1, Schema: &model.Schema{Name: "s", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "n", Type: model.TypeUint32, Version: 1}, f}}}
		zeros := rapid.IntRange(0, 20).Draw(t, "bytes")
		c.Stream = append(binary.BigEndian.AppendUint32(nil, count), make([]byte, zeros)...)
		c = c.decoded()
		c.Memory = maxHostile
		return s.check(c)
	},
}

// places are what a member n may count.
var places = func() []model.Field {
	nothing := &model.Schema{Name: "e", Version: 1, Minimum: 1}
	aByte := &model.Schema{Name: "e", Version: 1, Minimum: 1, Fields: []model.Field{{Name: "x", Type: model.TypeUint8, Version: 1}}}
	array := func(typ model.Type, elem *model.Schema) model.Field {
		return model.Field{Type: typ, Elem: elem, Array: true, CountFrom: "n"}
	}
	return []model.Field{
		{Type: model.TypeBuffer, SizeFrom: "n"}, {Type: model.TypeBitmap, SizeFrom: "n"},
		array(model.TypeUint8, nil), array(model.TypeUint64, nil), array(model.TypeStruct, nothing), array(model.TypeStruct, aByte),
		array(model.TypeQueue, aByte), array(model.TypeList, aByte), array(model.TypeTree, aByte),
	}
}()
