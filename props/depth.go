package props

import (
	"bytes"
	"strings"

	"vmconform/model"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var depthLimit = Property{
	ID:       "limits/depth",
	Sentence: "Queues nest as deeply as the limit allows, the top vmsd counted, and the element that would go deeper is refused at its marker.",
	Rules:    []rules.ID{rules.Bounded},
	try: func(t *rapid.T, s *trial) *Failure {
		depth := rapid.SampledFrom([]int{rules.DefaultDepth, rules.DefaultDepth + 1, 2 * rules.DefaultDepth}).Draw(t, "depth")
		node := &model.Schema{Name: "node", Version: 1, Minimum: 1}
		node.Fields = []model.Field{{Name: "q", Type: model.TypeQueue, Version: 1, Elem: node}}
		// A queue in each element, of one element each but the last.
		c := Case{Schema: node, Version: 1, Stream: append(bytes.Repeat([]byte{1}, depth-1), make([]byte, depth)...)}
		if depth <= rules.DefaultDepth {
			return s.agree(c)
		}
		return s.check(c.refused(&rules.Error{
			Class:  rules.Limit,
			Offset: rules.DefaultDepth - 1,
			Path:   strings.Repeat("q[0]/", rules.DefaultDepth-1) + "q[0]",
			Rule:   rules.Bounded,
		}))
	},
}
