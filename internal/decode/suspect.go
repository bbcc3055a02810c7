package decode

import (
	"fmt"

	"vmconform/impl/savevm"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// Suspect says, of a section that does not decode to its end, which field of a
// queue's element is the first that has not the size in the description, or
// which element the first beyond those described: the length that was read, or
// the terminator, is most likely what is wrong.
func (d *Decoder) Suspect(s *savevm.Section) (report.Finding, bool) {
	got := d.sections[s]
	if got == nil || s.DecodeErr == nil {
		return report.Finding{}, false
	}
	spans := got.Loaded.Spans
	for i := range spans {
		q := got.Described.Queues[spans[i].Field]
		if q == nil || spans[i].Kind != model.SpanField {
			continue
		}
		n := -1
		for j := i + 1; j < len(spans) && spans[j].Depth > spans[i].Depth; j++ {
			x := &spans[j]
			if x.Depth == spans[i].Depth+1 {
				n++
			}
			if n >= len(q.Bodies) {
				note := rules.Note{
					Rule: rules.QueueTerminator, Offset: x.Offset, Path: x.Path,
					Detail: fmt.Sprintf("an element begins here; the description has the queue end after %d", len(q.Bodies)),
				}
				return report.Noted(note, s.PayloadOffset, s.Path()), true
			}
			want, ok := sizeOf(q.Bodies[n], x)
			if x.Depth != spans[i].Depth+2 || !ok || x.Size < 0 || x.Size == want {
				continue
			}
			note := rules.Note{
				Rule: rules.VMDescFits, Offset: x.Offset, Path: x.Path,
				Detail: fmt.Sprintf("%d bytes, by the length that was read; the description has %d", x.Size, want),
			}
			return report.Noted(note, s.PayloadOffset, s.Path()), true
		}
	}
	return report.Finding{}, false
}

// sizeOf is the size that a body gives for the buffer x.
func sizeOf(body *savevm.VMSD, x *model.Span) (int64, bool) {
	if x.Field == nil || x.Field.SizeFrom == "" {
		return 0, false
	}
	for i := range body.Fields {
		if body.Fields[i].Name == x.Field.Name {
			return body.Fields[i].Size, true
		}
	}
	return 0, false
}
