package fuzz

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/model"
)

// A schema is drawn from bytes; every byte string stands for one that Check
// accepts. Zeros are the plainest choice, and the end of the bytes ends all
// lists.
//
//	schema  = name, version, u8 versions below it, u8 n, n×field, u8 n (mod 16), n×schema
//	name    = a byte: 00 to 7f choose a derived one, 80+n one of the next n+1 bytes
//	version = u8, or ff be32
//	field   = u8 (type in the low four bits, flags above) [version] [shape] [elem]
//	shape   = number (a size or count), or u8 (which earlier integer holds it)
//	number  = u8, or ff be16
//	elem    = schema, or u8 (which of the schemas begun before)
const (
	typeBits  = 0x0f
	hasArray  = 0x10
	hasFrom   = 0x20 // the size or count is in an earlier integer
	hasFieldV = 0x40 // a version follows; without, it is 0, or what a queue's elements take
	hasKnown  = 0x80 // the element is a schema that was begun before

	wide        = 0xff
	literalName = 0x80
	subsBits    = 0x0f
)

// What is drawn is bounded, so that one object of a schema is small.
const (
	maxNesting = 10
	maxWeight  = 1 << 13
)

func readSchema(b []byte) *model.Schema {
	r := &schemaReader{b: b, weight: map[*model.Schema]int{}}
	return r.schema(nil, 0)
}

type schemaReader struct {
	b      []byte
	begun  []*model.Schema
	weight map[*model.Schema]int // of the finished ones: about how many values an object has
}

func (r *schemaReader) u8() byte {
	if len(r.b) == 0 {
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *schemaReader) bytes(n int) []byte {
	out := make([]byte, n)
	r.b = r.b[copy(out, r.b):]
	return out
}

func (r *schemaReader) version() uint32 {
	if v := r.u8(); v != wide {
		return uint32(v)
	}
	return binary.BigEndian.Uint32(r.bytes(4))
}

func (r *schemaReader) number() int {
	if n := r.u8(); n != wide {
		return int(n)
	}
	return int(binary.BigEndian.Uint16(r.bytes(2)))
}

// name draws a name. Derived names of subsections begin with their parent's,
// as QEMU's rule for them wants; short ones look like data.
func (r *schemaReader) name(parent *model.Schema) string {
	b := r.u8()
	if b >= literalName {
		name := string(r.bytes(int(b&^literalName) + 1))
		if parent == nil || !taken(parent, name) {
			return name
		}
	}
	if parent == nil {
		return []string{"a", "ab", "a/", "b"}[b%4]
	}
	letter := string(rune('a' + len(parent.Subsections)%26))
	for _, name := range []string{parent.Name + "/" + letter, parent.Name + letter, parent.Name + "/" + letter + "/" + letter, letter}[b%4:] {
		if !taken(parent, name) && len(name) <= math.MaxUint8 {
			return name
		}
	}
	return fmt.Sprintf("sub%d", len(parent.Subsections))
}

func taken(parent *model.Schema, name string) bool {
	return slices.ContainsFunc(parent.Subsections, func(s *model.Schema) bool { return s.Name == name })
}

func (r *schemaReader) schema(parent *model.Schema, depth int) *model.Schema {
	s := &model.Schema{Name: r.name(parent), Version: r.version()}
	s.Minimum = s.Version - min(s.Version, uint32(r.u8()))
	r.begun = append(r.begun, s)
	weight := 1
	for n := r.u8(); n > 0 && len(r.b) > 0; n-- {
		f := r.field(s, depth)
		w := r.fieldWeight(&f)
		if weight+w > maxWeight {
			f = model.Field{Name: f.Name, Type: model.TypeUint8}
			w = 1
		}
		weight += w
		s.Fields = append(s.Fields, f)
	}
	for n := r.u8() & subsBits; n > 0 && len(r.b) > 0 && depth < maxNesting; n-- {
		sub := r.schema(s, depth+1)
		if weight+r.weight[sub] > maxWeight {
			break
		}
		weight += r.weight[sub]
		s.Subsections = append(s.Subsections, sub)
	}
	r.weight[s] = weight
	return s
}

func (r *schemaReader) fieldWeight(f *model.Field) int {
	w := 1 + f.Size/64
	if f.Type == model.TypeStruct {
		w += r.weight[f.Elem]
	}
	if f.Array && f.CountFrom == "" {
		w *= f.Count
	}
	return w
}

func (r *schemaReader) field(s *model.Schema, depth int) model.Field {
	head := r.u8()
	f := model.Field{Name: fmt.Sprintf("f%d", len(s.Fields)), Type: model.TypeBool + model.Type(head&typeBits)%model.TypeQueue}
	container := f.Type == model.TypeStruct || f.Type == model.TypeQueue
	if container && depth >= maxNesting {
		f.Type = model.TypeUint8
		container = false
	}
	if head&hasFieldV != 0 {
		f.Version = r.version()
	}
	r.shape(&f, head, integers(s))
	if !container {
		return f
	}
	f.Elem = r.elem(f.Type, head, depth)
	if f.Type == model.TypeQueue && head&hasFieldV == 0 {
		f.Version = f.Elem.Minimum
	}
	return f
}

// integers are the fields that can hold a size or count.
func integers(s *model.Schema) []string {
	var names []string
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Type >= model.TypeInt8 && f.Type <= model.TypeUint64 && !f.Array {
			names = append(names, f.Name)
		}
	}
	return names
}

func (r *schemaReader) shape(f *model.Field, head byte, from []string) {
	counted := head&hasFrom != 0 && len(from) > 0
	switch {
	case f.Type == model.TypeBuffer && counted:
		f.SizeFrom = from[int(r.u8())%len(from)]
	case f.Type == model.TypeBuffer || f.Type == model.TypeUnused:
		f.Size = r.number()
	case head&hasArray != 0 && counted:
		f.Array, f.CountFrom = true, from[int(r.u8())%len(from)]
	case head&hasArray != 0:
		f.Array, f.Count = true, r.number()
	}
}

// elem draws a new vmsd or takes one that was begun: a queue any, a struct one
// that is finished.
func (r *schemaReader) elem(t model.Type, head byte, depth int) *model.Schema {
	if head&hasKnown != 0 {
		s := r.begun[int(r.u8())%len(r.begun)]
		if t == model.TypeQueue || r.weight[s] > 0 {
			return s
		}
	}
	return r.schema(nil, depth+1)
}

// simple is s with the types that readSchema makes, where one has the same bytes.
func simple(s *model.Schema, done map[*model.Schema]*model.Schema) *model.Schema {
	if p := done[s]; p != nil {
		return p
	}
	p := &model.Schema{Name: s.Name, Version: s.Version, Minimum: s.Minimum}
	done[s] = p
	for _, f := range s.Fields {
		switch f.Type {
		case model.TypeTimer:
			f.Type = model.TypeInt64
		case model.TypeCPUDouble:
			f.Type = model.TypeUint64
		case model.TypeList:
			f.Type = model.TypeQueue
		case model.TypeVStruct:
			if f.StructVersion == f.Elem.Version {
				f.Type, f.StructVersion = model.TypeStruct, 0
			}
		case model.TypeBitmap:
			if f.SizeFrom == "" {
				f.Type, f.Array, f.Count, f.Size = model.TypeUint64, true, (f.Size+63)/64, 0
			}
		}
		if f.Elem != nil {
			f.Elem = simple(f.Elem, done)
		}
		p.Fields = append(p.Fields, f)
	}
	for _, sub := range s.Subsections {
		p.Subsections = append(p.Subsections, simple(sub, done))
	}
	return p
}

// writeSchema writes the bytes that readSchema makes s of, but for the names
// of fields and of types; it is false where there are none.
func writeSchema(s *model.Schema) ([]byte, bool) {
	w := &schemaWriter{}
	w.schema(simple(s, map[*model.Schema]*model.Schema{}), true)
	return w.out, !w.failed
}

type schemaWriter struct {
	out    []byte
	begun  []*model.Schema
	failed bool
}

func (w *schemaWriter) u8(n int, most int) {
	if n < 0 || n > most {
		w.failed = true
	}
	w.out = append(w.out, byte(n))
}

func (w *schemaWriter) version(v uint32) {
	if v < wide {
		w.out = append(w.out, byte(v))
		return
	}
	w.out = binary.BigEndian.AppendUint32(append(w.out, wide), v)
}

func (w *schemaWriter) number(n int) {
	if n < wide {
		w.u8(n, wide)
		return
	}
	w.failed = w.failed || n > math.MaxUint16
	w.out = binary.BigEndian.AppendUint16(append(w.out, wide), uint16(n))
}

func (w *schemaWriter) schema(s *model.Schema, named bool) {
	w.begun = append(w.begun, s)
	if named {
		w.u8(len(s.Name)-1, literalName-1)
		w.out[len(w.out)-1] |= literalName
		w.out = append(w.out, s.Name...)
	} else {
		w.out = append(w.out, 0)
	}
	w.version(s.Version)
	w.u8(int(min(s.Version-s.Minimum, math.MaxInt32)), math.MaxUint8)
	w.u8(len(s.Fields), math.MaxUint8)
	for i := range s.Fields {
		w.field(s, i)
	}
	w.u8(len(s.Subsections), subsBits)
	for _, sub := range s.Subsections {
		w.schema(sub, true)
	}
}

func (w *schemaWriter) field(s *model.Schema, i int) {
	f := &s.Fields[i]
	w.failed = w.failed || f.Type > model.TypeQueue || f.Pointers || f.Elems != nil
	at := len(w.out)
	head := byte(f.Type - model.TypeBool)
	w.out = append(w.out, 0)
	if f.Version != 0 || f.Type == model.TypeQueue {
		head |= hasFieldV
		w.version(f.Version)
	}
	if f.Array {
		head |= hasArray
	}
	from := slices.Index(integers(&model.Schema{Fields: s.Fields[:i]}), f.SizeFrom+f.CountFrom)
	switch {
	case from >= 0:
		head |= hasFrom
		w.u8(from, math.MaxUint8)
	case f.Type == model.TypeBuffer || f.Type == model.TypeUnused:
		w.number(f.Size)
	case f.Array:
		w.number(f.Count)
	}
	if f.Elem != nil {
		if k := slices.Index(w.begun, f.Elem); k >= 0 {
			head |= hasKnown
			w.u8(k, math.MaxUint8)
		} else {
			w.schema(f.Elem, true)
		}
	}
	w.out[at] = head
}

// plain is s without the names of fields and types.
func plain(s *model.Schema, done map[*model.Schema]*model.Schema) *model.Schema {
	if p := done[s]; p != nil {
		return p
	}
	p := &model.Schema{Name: s.Name, Version: s.Version, Minimum: s.Minimum}
	done[s] = p
	names := map[string]string{"": ""}
	for i, f := range s.Fields {
		names[f.Name] = fmt.Sprintf("f%d", i)
		f.Name, f.Info = names[f.Name], ""
		f.SizeFrom, f.CountFrom = names[f.SizeFrom], names[f.CountFrom]
		if f.Elem != nil {
			f.Elem = plain(f.Elem, done)
		}
		p.Fields = append(p.Fields, f)
	}
	for _, sub := range s.Subsections {
		p.Subsections = append(p.Subsections, plain(sub, done))
	}
	return p
}

// What is written is read again, so that a seed is the device that it was cut
// from.
func TestSchemaBytes(t *testing.T) {
	n := 0
	check := func(s *model.Schema) {
		b, ok := writeSchema(s)
		if !ok {
			return
		}
		got, err := model.MarshalSchema(readSchema(b))
		require.NoError(t, err)
		want, err := model.MarshalSchema(plain(simple(s, map[*model.Schema]*model.Schema{}), map[*model.Schema]*model.Schema{}))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		n++
	}
	for _, c := range queueCases {
		check(c.schema(c.elem.Version))
	}
	for _, d := range devices(t) {
		check(d.schema)
	}
	require.Greater(t, n, 60)
}

// Any bytes stand for a schema that is sound and not large.
func TestSchemaOfAnyBytes(t *testing.T) {
	for seed := range 2000 {
		b := noise(uint64(seed), seed%200)
		s := readSchema(b)
		require.NoError(t, s.Check(), "%x", b)
		require.LessOrEqual(t, values(model.Zero(s)), 64*maxWeight, "%x", b)
	}
}

func values(v model.Value) int {
	n := 1
	switch v := v.(type) {
	case model.List:
		for _, x := range v {
			n += values(x)
		}
	case *model.Struct:
		for _, x := range v.Fields {
			n += values(x)
		}
	}
	return n
}
