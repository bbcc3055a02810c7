package show

import (
	"encoding/binary"
	"errors"

	"vmconform/impl/savevm"
	"vmconform/internal/decode"
	"vmconform/internal/report"
	"vmconform/model"
	"vmconform/rules"
)

// A tree makes nodes of what was found in one section.
type tree struct {
	section *savevm.Section
	payload []byte
	stop    int64 // where decoding stopped, in the payload
	end     int64 // what begins here, or reaches beyond, is not to be trusted
	spans   []model.Span
	next    int
}

func newTree(s *savevm.Section, payload []byte, d *decode.Section) *tree {
	t := &tree{section: s, payload: payload, stop: int64(len(payload)), end: int64(len(payload)), spans: d.Loaded.Spans}
	var e *rules.Error
	if errors.As(d.Err, &e) {
		t.stop = min(t.stop, e.Offset)
	}
	return t
}

// inside adds to n, a vmsd, the nodes of the spans of the given depth.
func (t *tree) inside(n *Node, depth int) {
	n.Fields, n.Subsections = []*Node{}, []*Node{}
	for t.more(depth) {
		c := t.node()
		if c.Kind == Subsection {
			n.Subsections = append(n.Subsections, c)
		} else {
			n.Fields = append(n.Fields, c)
		}
	}
}

// elements adds to n, an array or queue, the nodes of its elements.
func (t *tree) elements(n *Node, depth int) {
	n.Elements = []*Node{}
	for t.more(depth) {
		c := t.node()
		c.Index = new(len(n.Elements))
		n.Elements = append(n.Elements, c)
	}
	if !n.Partial {
		n.Count = new(len(n.Elements))
	}
}

// more reports whether the next span has the given depth, and lies in what is
// trusted: where decoding took another section's bytes, those are no part of
// this one, and what was decoded behind a length gone astray means nothing.
func (t *tree) more(depth int) bool {
	if t.next == len(t.spans) || t.spans[t.next].Depth < depth {
		return false
	}
	s := &t.spans[t.next]
	astray := t.end < int64(len(t.payload)) && s.Offset >= t.end
	if s.Offset > t.end || astray || s.Value != nil && s.Offset+s.Size > t.end {
		t.next = len(t.spans)
		return false
	}
	return true
}

// keyName is what is shown as the name of a tree's key, which has none.
const keyName = "key"

func (t *tree) node() *Node {
	s := &t.spans[t.next]
	t.next++
	n := &Node{
		Path:   report.Join(t.section.Path(), s.Path),
		Extent: Extent{t.section.PayloadOffset + s.Offset, s.Size},
	}
	if s.Size < 0 || s.Offset+s.Size > t.end {
		n.Partial, n.Size = true, max(0, min(t.stop, t.end)-s.Offset)
	}
	switch s.Kind {
	case model.SpanSubsection:
		n.Kind, n.Name = Subsection, s.Schema.Name
		n.Version = new(binary.BigEndian.Uint32(t.payload[s.Offset+2+int64(len(n.Name)):]))
	case model.SpanElement:
		n.Kind = Element
		if s.Schema != nil && (s.Field.Type == model.TypeQueue || s.Field.Type == model.TypeList || s.Field.Type == model.TypeTree) {
			n.Marker = &t.payload[s.Offset]
		}
	case model.SpanKey:
		n.Kind, n.Name, n.Path = Field, keyName, report.Join(n.Path, keyName)
		if n.Type = model.TypeStruct.String(); s.Schema == nil {
			n.Type = model.TypeUint64.String()
		}
	default:
		n.Kind, n.Name, n.Type, n.array = Field, s.Field.Name, typeName(s.Field), s.Field.Array
	}
	switch {
	case s.Value != nil:
		t.leaf(n, s)
	case s.Schema != nil:
		n.VMSD = s.Schema.Name
		t.inside(n, s.Depth+1)
	default:
		t.elements(n, s.Depth+1)
	}
	return n
}

// leaf gives n its value. An array of NULLs has it as a whole.
func (t *tree) leaf(n *Node, s *model.Span) {
	for t.next < len(t.spans) && t.spans[t.next].Depth > s.Depth {
		t.next++
	}
	if s.Field.Type != model.TypeUnused {
		f := s.Field
		if s.Kind == model.SpanElement { // of an array of pointers
			f = &model.Field{Name: f.Name, Type: f.Type, Info: f.Info, Size: f.Size}
			if s.Value == (model.Null{}) {
				f = &model.Field{Name: f.Name, Type: model.TypeNull}
			}
		}
		if s.Kind == model.SpanKey {
			f = &model.Field{Name: keyName, Type: model.TypeUint64}
		}
		n.Value = &Value{f, s.Value}
	}
	if list, ok := s.Value.(model.List); ok {
		n.Count = new(len(list))
	}
}

// typeName is the description's word for a field's type.
func typeName(f *model.Field) string {
	switch {
	case f.Info != "":
		return f.Info
	case f.Type == model.TypeQueue:
		return "qtailq"
	case f.Type == model.TypeList:
		return "qlist"
	}
	return f.Type.String()
}
