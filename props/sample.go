package props

import (
	"fmt"
	"slices"

	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

// A sample is a drawn case as its own stream, with what the model finds where
// in it. Where the stream is ambiguous, spans are what it means, up to the byte
// at which the model refuses it.
type sample struct {
	Case                // without an answer
	value *model.Struct // drawn
	spans []model.Span
}

// drawSample draws a sample that s can be asked about, with the given features
// never switched off.
func drawSample(t *rapid.T, s *trial, always gen.Features) sample {
	c := drawCase(t, s, always)
	stream, err := model.Encode(c.Schema, c.Value, c.Version)
	if err != nil {
		panic(fmt.Sprintf("props: the model refuses a drawn value: %v", err))
	}
	// The error of a stream that is refused says nothing here.
	loaded, _ := model.Decode(c.Schema, stream, c.Version, model.Options{Spans: true})
	return sample{Case{Schema: c.Schema, Version: c.Version, Stream: stream}, c.Value, loaded.Spans}
}

// with gives the load of another stream in the place of the sample's own.
func (p sample) with(stream ...[]byte) Case {
	c := p.Case
	c.Stream = slices.Concat(stream...)
	return c
}

// isSubsection, isQueue and isElement say what a span is of: a subsection, a
// queue or list from its first marker through its terminator (one of an array of
// them too), an element of one from its marker on.
func isSubsection(s model.Span) bool { return s.Kind == model.SpanSubsection }

func isQueue(s model.Span) bool { return isWhole(s, model.TypeQueue, model.TypeList) }

func isElement(s model.Span) bool {
	return s.Field != nil && (s.Field.Type == model.TypeQueue || s.Field.Type == model.TypeList) && s.Schema != nil
}

// isTree and isPair say the same of a tree, from its count on, and of its pairs.
func isTree(s model.Span) bool { return isWhole(s, model.TypeTree) }

func isPair(s model.Span) bool {
	return s.Field != nil && s.Field.Type == model.TypeTree && s.Schema != nil && s.Kind == model.SpanElement
}

// isWhole says whether a span is of one value of a type that holds vmsds. A NULL
// is none, nor one that is marked: its span begins with the mark.
func isWhole(s model.Span, types ...model.Type) bool {
	return s.Field != nil && slices.Contains(types, s.Field.Type) && s.Schema == nil && s.Value == nil &&
		!s.Field.Marked && s.Field.Array == (s.Kind == model.SpanElement)
}

// isAtVersion says whether a span is of a struct at a version of its own, or of
// a temporary one.
func isAtVersion(s model.Span) bool {
	return s.Field != nil && (s.Field.Type == model.TypeVStruct || s.Field.Type == model.TypeTmp) && s.Schema != nil && !s.Field.Marked
}

// closed says whether the model found the end of what the span is of.
func closed(s model.Span) bool { return s.Size >= 0 }

// only lists the spans that all the conditions hold for.
func (p sample) only(conditions ...func(model.Span) bool) []model.Span {
	var list []model.Span
	for _, s := range p.spans {
		if !slices.ContainsFunc(conditions, func(holds func(model.Span) bool) bool { return !holds(s) }) {
			list = append(list, s)
		}
	}
	return list
}

// cut gives the bytes before, of and after a closed span.
func (p sample) cut(s model.Span) (before, of, after []byte) {
	end := s.Offset + s.Size
	return p.Stream[:s.Offset], p.Stream[s.Offset:end], p.Stream[end:]
}

const (
	maxVariants = 48      // of one sample
	maxElements = 1 << 12 // of a variant
)

// variants checks that s makes of variants of a sample what the model makes of
// them, spread evenly where there are many, until one fails. It passes over those
// that take data for a count and run into the limit on elements: they take long,
// and they all say the same.
func (s *trial) variants(list []Case) *Failure {
	for i := 0; i < len(list); i += 1 + (len(list)-1)/maxVariants {
		c, ok := list[i].modelled(rules.Limits{Elements: maxElements})
		if !ok {
			continue
		}
		if f := s.check(c); f != nil {
			return f
		}
	}
	return nil
}
