package defects

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

// ofAnswers are the defects of how a subject answers, whatever is loaded or
// saved.
var ofAnswers = []Defect{
	{"short-reads-zero", "What is missing at the end of the input is read as zeros.", "links/truncation", shortReadsZero},
	{"truncated-early", "A stream that ends early is refused where what is whole ends.", "links/truncation", truncatedEarly},
	{"path-without-index", "The path of an error leaves out the places of elements.", "links/truncation", pathWithoutIndex},
	{"crash-on-empty", "An empty stream is a crash.", "links/truncation", crashOnEmpty},
	{"notes-backwards", "Notes are given from last to first.", "agree-on-load", notesBackwards},

	{"deeper", "The limit on depth lets one level more through.", "limits/depth", limits(rules.Limits{Depth: rules.DefaultDepth + 1})},
	{"less-deep", "The limit on depth lets one level less through.", "limits/depth", limits(rules.Limits{Depth: rules.DefaultDepth - 1})},
	{"one-element-more", "The limit on elements lets one more through.", "limits/counts", limits(rules.Limits{Elements: rules.DefaultElements + 1})},
	{"count-believed", "Memory is made for as many bytes as a uint32 says before one of them is there.", "limits/counts", descriptions(countBelieved)},

	{"rest-swallowed", "A 00 behind the payload is taken with it.", "answers/rest", restSwallowed},
	{"rest-refused", "Bytes behind the payload are refused.", "answers/rest", restRefused},

	{"stale-object", "A load finds in memory what the load before has left there.", "answers/again", staleObject},
	{"save-drains", "A save takes the elements out of the queues that it writes.", "answers/again", saveDrains},
	{"shared-buffer", "The bytes that a save gives are overwritten by the next one.", "answers/again", sharedBuffer},
	{"stream-kept", "The buffers of a loaded value are parts of the stream.", "answers/again", streamKept},
	{"stream-cleared", "A load overwrites the stream with zeros.", "answers/again", streamCleared},
}

var shortReadsZero = refusing(rules.Truncated, func(l *load) {
	l.again(l.schema, append(slices.Clone(l.stream), make([]byte, 64)...), rules.Limits{})
})

var truncatedEarly = refusing(rules.Truncated, func(l *load) {
	l.err.Offset = 0
	for _, s := range spansOf(l.schema, l.stream, l.version) {
		l.err.Offset = max(l.err.Offset, s.Offset, s.Offset+s.Size)
	}
})

var pathWithoutIndex = ending(func(l *load) {
	if l.err != nil {
		before, after, _ := strings.Cut(l.err.Path, "[")
		_, after, _ = strings.Cut(after, "]")
		l.err.Path = before + after
	}
})

func crashOnEmpty(s *subject) {
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		if len(schema.Fields) > 0 {
			_ = stream[0]
		}
		return s.Reference.Load(schema, stream, version)
	}
}

var notesBackwards = ending(func(l *load) { slices.Reverse(l.Notes) })

func limits(l rules.Limits) func(*subject) {
	return func(s *subject) { s.Limits = l }
}

// countBelieved puts before a buffer a field that takes no bytes.
func countBelieved(d *vmstate.Description) {
	for i, f := range slices.Backward(d.Fields) {
		if f.Flags&vmstate.VBuffer == 0 || f.Flags&vmstate.Alloc == 0 || f.SizeType != vmstate.CountUint32 {
			continue
		}
		believe := func(_ *vmstate.Loader, obj unsafe.Pointer, _ *vmstate.Field) error {
			if n := *(*uint32)(unsafe.Add(obj, f.SizeOffset)); n <= rules.MaxCount {
				memory := make([]byte, n)
				believed.Store(&memory)
			}
			return nil
		}
		d.Fields = slices.Insert(d.Fields, i, vmstate.Field{Flags: vmstate.Single, Info: noBytes(believe)})
	}
}

// believed keeps the memory from being left out by the compiler.
var believed atomic.Pointer[[]byte]

var restSwallowed = ending(func(l *load) {
	if l.err == nil && bytes.HasPrefix(l.stream[l.Consumed:], zero) {
		l.Consumed++
	}
})

var restRefused = ending(func(l *load) {
	if l.err == nil && l.Consumed < int64(len(l.stream)) {
		l.err = &rules.Error{Class: rules.TrailingData, Offset: l.Consumed, Rule: rules.NoTrailing}
	}
})

func staleObject(s *subject) {
	var schema *model.Schema
	var object *model.Struct
	s.load = func(of *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		if of != schema {
			schema, object = of, nil
		}
		after, l, err := s.Reference.LoadOver(of, object, stream, version)
		object, l.Value = after, after
		return l, err
	}
}

func saveDrains(s *subject) {
	var last *model.Struct
	drained := ofQueues(func(model.List) model.List { return model.List{} })
	s.save = func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		if v == last {
			return s.Reference.Save(schema, drained.of(schema, v), version)
		}
		last = v
		return s.Reference.Save(schema, v, version)
	}
}

func sharedBuffer(s *subject) {
	var buffer []byte
	s.save = func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		out, err := s.Reference.Save(schema, v, version)
		buffer = append(buffer[:0], out...)
		return buffer, err
	}
}

var streamKept = ending(func(l *load) {
	if l.err != nil {
		return
	}
	l.Value = mapping(func(_ *model.Field, x model.Value) model.Value {
		if b, ok := x.(model.Bytes); ok {
			if at := bytes.Index(l.stream, b); at >= 0 {
				return model.Bytes(l.stream[at : at+len(b)])
			}
		}
		return x
	}).of(l.schema, l.Value)
})

func streamCleared(s *subject) {
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		defer clear(stream)
		return s.Reference.Load(schema, stream, version)
	}
}
