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
	Sentence: "Queues nest as deeply as the limit allows, the top vmsd counted, and the element or subsection that would go deeper is refused at its first byte, known or not.",
	Rules:    []rules.ID{rules.Bounded},
	try: func(t *rapid.T, s *trial) *Failure {
		depth := rapid.SampledFrom([]int{
			rules.DefaultDepth - 1, rules.DefaultDepth, rules.DefaultDepth + 1, 2 * rules.DefaultDepth,
		}).Draw(t, "depth")
		innermost := rapid.SampledFrom([]string{"", "node/known", "node/other"}).Draw(t, "subsection of the innermost")
		node := &model.Schema{Name: "node", Version: 1, Minimum: 1}
		node.Fields = []model.Field{{Name: "q", Type: model.TypeQueue, Version: 1, Elem: node}}
		node.Subsections = []*model.Schema{{Name: "node/known", Version: 1, Minimum: 1}}
		// A queue in each element, of one element each but the last.
		stream := append(bytes.Repeat([]byte{1}, depth-1), 0)
		if innermost != "" {
			stream = append(append(stream, 5, byte(len(innermost))), innermost...)
			stream = append(stream, 0, 0, 0, 1)
		}
		c := Case{Schema: node, Version: 1, Stream: append(stream, make([]byte, depth-1)...)}
		path := strings.Repeat("q[0]/", min(depth, rules.DefaultDepth)-1)
		switch {
		case depth > rules.DefaultDepth:
			return s.check(c.refused(&rules.Error{Class: rules.Limit, Offset: rules.DefaultDepth - 1, Path: path + "q[0]", Rule: rules.Bounded}))
		case depth == rules.DefaultDepth && innermost != "":
			return s.check(c.refused(&rules.Error{Class: rules.Limit, Offset: int64(depth), Path: path + innermost, Rule: rules.Bounded}))
		}
		return s.agree(c)
	},
}
