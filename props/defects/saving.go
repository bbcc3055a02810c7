package defects

import (
	"slices"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/props"
)

func saveBackwards(s props.Subject) layer {
	return layer{save: func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		return s.Save(schema, eachQueue(schema, v, reversed), version)
	}}
}

func marker02(s props.Subject) layer {
	return layer{save: func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		out, err := s.Save(schema, v, version)
		for _, span := range spansOf(schema, out, version) {
			if span.Kind == model.SpanElement && span.Schema != nil && span.Field.Type == model.TypeQueue {
				out[span.Offset] = 2
			}
		}
		return out, err
	}}
}

func noTerminator(s props.Subject) layer {
	return layer{save: func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		out, err := s.Save(schema, v, version)
		for _, span := range spansOf(schema, out, version) {
			if span.Kind == model.SpanField && span.Field.Type == model.TypeQueue && !span.Field.Array && span.Size > 0 {
				end := int(span.Offset + span.Size)
				return slices.Delete(out, end-1, end), err
			}
		}
		return out, err
	}}
}

func trustingLinks(s props.Subject) layer {
	return layer{broken: func(schema *model.Schema, v *model.Struct, _ bind.Fault) ([]byte, error) {
		return s.Save(schema, v, schema.Version)
	}}
}

// spansOf finds what is where in a stream, up to where it is refused.
func spansOf(s *model.Schema, stream []byte, version uint32) []model.Span {
	l, _ := model.Decode(s, stream, version, model.Options{Spans: true})
	return l.Spans
}
