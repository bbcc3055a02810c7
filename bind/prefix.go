package bind

import "vmconform/model"

// Prefix is the schema of what was decoded before a load stopped: spans is
// what the model found, those with a size of -1 being open where it stopped.
// Of an array of NULL markers or of pointers the ones found stay; of any other
// array, and of a queue, nothing does.
func Prefix(s *model.Schema, spans []model.Span) *model.Schema {
	var open []int
	for i, span := range spans {
		if span.Size < 0 {
			open = append(open, i)
		}
	}
	return prefix(s, spans, open, 0)
}

// prefix cuts the vmsd whose spans have the given depth.
func prefix(s *model.Schema, spans []model.Span, open []int, depth int) *model.Schema {
	p := &model.Schema{Name: s.Name, Version: s.Version, Minimum: s.Minimum}
	var stop *model.Span
	if len(open) > 0 {
		stop = &spans[open[0]]
	}
	if stop != nil && stop.Kind == model.SpanSubsection {
		p.Fields = s.Fields
		for _, sub := range s.Subsections {
			if sub == stop.Schema {
				p.Subsections = append(p.Subsections, prefix(sub, spans, open[1:], stop.Depth+1))
				break
			}
			p.Subsections = append(p.Subsections, sub)
		}
		return p
	}
	for i := range s.Fields {
		f := s.Fields[i]
		if stop != nil && stop.Field == &s.Fields[i] {
			switch {
			case f.Type == model.TypeStruct && !f.Array:
				f.Elem = prefix(f.Elem, spans, open[1:], stop.Depth+1)
				p.Fields = append(p.Fields, f)
			case f.Type == model.TypeNull && f.Array:
				f.Count = len(spans) - open[0] - 1
				p.Fields = append(p.Fields, f)
			case f.Pointers && !f.Marked:
				f.Count = elements(spans, open[0])
				for len(f.Null) > 0 && f.Null[len(f.Null)-1] >= f.Count {
					f.Null = f.Null[:len(f.Null)-1]
				}
				p.Fields = append(p.Fields, f)
			}
			return p
		}
		if stop == nil && !complete(spans, &s.Fields[i], depth) {
			return p
		}
		p.Fields = append(p.Fields, f)
	}
	for _, sub := range s.Subsections {
		for i := range spans {
			if spans[i].Schema == sub && spans[i].Kind == model.SpanSubsection && spans[i].Depth == depth && spans[i].Size >= 0 {
				p.Subsections = append(p.Subsections, sub)
				break
			}
		}
	}
	return p
}

// complete: the field has a span, so the load got beyond it.
func complete(spans []model.Span, f *model.Field, depth int) bool {
	for i := len(spans) - 1; i >= 0; i-- {
		if spans[i].Field == f && spans[i].Depth == depth {
			return true
		}
	}
	return false
}

// elements is how many elements of the array at spans[i] are whole.
func elements(spans []model.Span, i int) int {
	n := 0
	for _, s := range spans[i+1:] {
		if s.Depth == spans[i].Depth+1 && s.Size >= 0 {
			n++
		}
	}
	return n
}
