package check

import (
	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// queues lists the queues of a device, compares their lengths with the
// description, and tries their variants.
func (c *checker) queues(s *savevm.Section, d *decode.Section) {
	spans := d.Loaded.Spans
	for i := range spans {
		q := &spans[i]
		if !isQueue(q) {
			continue
		}
		elements := elementsOf(spans, i)
		path := report.Join(s.Path(), q.Path)
		c.file.Queues = append(c.file.Queues, report.Queue{
			Path: path, Kind: kindOf(q.Field), Elements: len(elements),
			Offset: s.PayloadOffset + q.Offset, Size: q.Size,
		})
		if f := d.Described.Queues[q.Field]; f != nil && len(f.Bodies) != len(elements) {
			c.note(rules.Note{Rule: rules.VMDescElements, Path: q.Path, Offset: q.Offset,
				Detail: plural(len(elements), "element") + "; the description has " + plural(len(f.Bodies), "body", "bodies")}, s.PayloadOffset, s.Path())
		}
		c.vary(s, d, i, elements)
	}
}

// isQueue: a span of a queue or list, be it a field or an element of an array of
// them.
func isQueue(s *model.Span) bool {
	return s.Field != nil && (s.Field.Type == model.TypeQueue || s.Field.Type == model.TypeList) && s.Schema == nil && (s.Kind == model.SpanElement || !s.Field.Array)
}

// elementsOf returns the spans of the elements of the queue at spans[i].
func elementsOf(spans []model.Span, i int) []model.Span {
	var list []model.Span
	for _, e := range spans[i+1:] {
		if e.Depth <= spans[i].Depth {
			break
		}
		if e.Depth == spans[i].Depth+1 {
			list = append(list, e)
		}
	}
	return list
}

func kindOf(f *model.Field) string {
	if f.Type == model.TypeList {
		return "qlist"
	}
	return "qtailq"
}
