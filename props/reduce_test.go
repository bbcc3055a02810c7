package props

import (
	"testing"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"

	"github.com/stretchr/testify/require"
)

// The smallest case of each fault, to the byte.
func TestSmallestCases(t *testing.T) {
	refuses := func(when func(l model.Loaded, stream []byte) bool) *altered {
		s := &altered{}
		s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
			l, err := model.Decode(schema, stream, version, model.Options{Spans: true})
			if err == nil && when(l, stream) {
				return model.Loaded{}, &rules.Error{Class: rules.Hook}
			}
			return l, err
		}
		return s
	}
	span := func(is func(s model.Span) bool) func(model.Loaded, []byte) bool {
		return func(l model.Loaded, _ []byte) bool {
			for _, s := range l.Spans {
				if is(s) {
					return true
				}
			}
			return false
		}
	}
	elements := func(n int) func(model.Loaded, []byte) bool {
		return func(l model.Loaded, _ []byte) bool {
			count := 0
			for _, s := range l.Spans {
				if isElement(s) && s.Field.Type == model.TypeQueue {
					count++
				}
			}
			return count >= n
		}
	}
	const (
		empty = `"version":1,"minimum":1,"fields":[]`
		head  = "property: agree-on-load\ndo: load\nschema: "
	)
	for _, test := range []struct {
		fault   string
		subject *altered
		want    string
	}{
		{
			"every stream is refused",
			refuses(func(model.Loaded, []byte) bool { return true }),
			head + `{"schema":{"name":"a",` + empty + `}}
version: 1
value: {}
expect: accept
consumed: 0
`,
		},
		{
			"two elements are refused",
			refuses(elements(2)),
			head + `{"schema":{"name":"a","version":1,"minimum":1,"fields":[{"name":"f0","type":"queue","version":1,"elem":{"name":"b",` + empty + `}}]}}
version: 1
value: {"f0":[{},{}]}
stream: 010100
expect: accept
consumed: 3
`,
		},
		{
			"a subsection is refused",
			refuses(span(isSubsection)),
			head + `{"schema":{"name":"a",` + empty + `,"subsections":[{"name":"a/a",` + empty + `}]}}
version: 1
value: {"/subsections":{"a/a":{}}}
stream: 0503612f6100000001
expect: accept
consumed: 9
`,
		},
		{
			"an uint16 above 255 is refused",
			refuses(span(func(s model.Span) bool {
				n, ok := s.Value.(model.Uint)
				return ok && s.Kind == model.SpanField && s.Field.Type == model.TypeUint16 && n > 255
			})),
			head + `{"schema":{"name":"a","version":1,"minimum":1,"fields":[{"name":"f0","type":"uint16","version":0}]}}
version: 1
value: {"f0":256}
stream: 0100
expect: accept
consumed: 2
`,
		},
	} {
		t.Run(test.fault, func(t *testing.T) {
			for seed := range uint64(3) {
				r := Run(agreeOnLoad, test.subject, Options{Seed: 1000 * seed, Cases: 1000, First: true})
				require.Len(t, r.Found, 1)
				require.Equal(t, test.want, string(r.Found[0].Text()))
			}
		})
	}
}

// Of saves, and of saves from broken links: a cycle takes an element.
func TestSmallestSaves(t *testing.T) {
	s := &altered{broken: func() ([]byte, error) { return nil, nil }}
	for seed := range uint64(3) {
		r := Run(brokenLinks, s, Options{Seed: 1000 * seed, Cases: 200})
		for _, f := range r.Found {
			switch f.Fault.Kind {
			case bind.FaultCycle, bind.FaultPrev, bind.FaultLastEmpty:
				require.Equal(t, []byte{1, 0}, f.Stream, "%v", f.Failure)
			case bind.FaultLast:
				require.Equal(t, []byte{1, 1, 0}, f.Stream, "%v", f.Failure)
			}
		}
		require.NotEmpty(t, r.Found)
	}
	backwards := &altered{}
	backwards.save = func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		b, err := model.Encode(schema, v, version)
		for i := range b {
			if b[i] == 1 {
				b[i] = 2
			}
		}
		return b, err
	}
	for seed := range uint64(3) {
		r := Run(roundTrip, backwards, Options{Seed: 1000 * seed, Cases: 200})
		sizes := map[string]int{}
		for _, f := range r.Found {
			sizes[f.Kind] = len(f.Stream)
		}
		require.Equal(t, 2, sizes["bytes-of-queue"], "01 00")
	}
}
