package fuzz

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/model"
)

// A schema is drawn from bytes; every byte string stands for one that Check
// accepts. Zeros are the plainest choice, and the end of the bytes ends all
// lists. What does not go with a field's type is read, and dropped.
//
//	schema    = name, version, version (how many are below it), u8 n, n×field, a condition for each field with the flag,
//	            u8 (subsections in the low four bits, hooks above), a condition for each hook, subsections×schema
//	name      = a byte: 00 to 7f choose a derived one, 80+n one of the next n+1 bytes, ff one of u8 n bytes (one, where n is 0)
//	version   = u8, or ff be32
//	field     = u8 type, be16 flags, what each flag is followed by, and if it is a container its elem
//	number    = u8, or ff be16
//	signed    = s8, or 80 be64
//	condition = u8 which number of the vmsd, u8 operator, signed; or, with 80 in the operator, u8 which number
//	elem      = 00 schema, or u8 k: the k-th schema begun
const (
	flagVersion  = 1 << iota // version; without, it is 0, or what the elements take
	flagArray                // number: Count
	flagSize                 // number: Size
	flagFrom                 // u8: which earlier integer holds the size or count
	flagTimes                // number
	flagRoom                 // number
	flagLocal                // signed
	flagWhen                 // the condition follows the fields
	flagMust                 // nothing
	flagPointers             // u8 n, n×number: so many that are not NULL, so many that are, and so on
	flagMarked               // nothing
	flagStruct               // version: of the vstruct, above the minimum of its vmsd
	flagKey                  // elem
	flagElems                // u8 n, n×elem

	wide        = 0xff
	wideSigned  = -0x80
	literalName = 0x80
	longName    = 0xff - literalName + 1 // bytes; shorter ones need no length
	subsBits    = 0x0f
	withOther   = 0x80
)

// What is drawn is bounded, so that one object of a schema is small.
const (
	maxNesting = 10
	maxWeight  = 1 << 13
)

// operators are those of a condition.
var operators = []string{"==", "!=", "<", "<=", ">", ">="}

// hooksOf are the hooks of s, in the order of their bits.
func hooksOf(s *model.Schema) []**model.Condition {
	return []**model.Condition{&s.Hooks.PreLoad, &s.Hooks.PostLoad, &s.Hooks.PreSave, &s.Hooks.PostSave}
}

// A use is what a vmsd is for, and so what may be in it.
type use uint8

const (
	useAny use = iota
	useTmp     // no more than tmpTypes
	useKey     // no more than keyTypes
)

var (
	keyTypes = []model.Type{
		model.TypeBool, model.TypeInt8, model.TypeInt16, model.TypeInt32, model.TypeInt64,
		model.TypeUint8, model.TypeUint16, model.TypeUint32, model.TypeUint64, model.TypeBuffer,
	}
	tmpTypes = append(slices.Clone(keyTypes), model.TypeTimer, model.TypeCPUDouble)
)

// holds says whether a vmsd of this use may have a field f.
func (u use) holds(f *model.Field) bool {
	plain := f.When == nil && !f.Pointers && f.SizeFrom+f.CountFrom == ""
	switch u {
	case useTmp:
		return plain && slices.Contains(tmpTypes, f.Type)
	case useKey:
		return plain && slices.Contains(keyTypes, f.Type) && !f.Must && f.Local == 0
	}
	return true
}

// suits says whether s, which is finished, can be used so.
func (u use) suits(s *model.Schema) bool {
	return u == useAny || len(s.Subsections) == 0 && s.Hooks == model.Hooks{} &&
		!slices.ContainsFunc(s.Fields, func(f model.Field) bool { return !u.holds(&f) })
}

func isContainer(t model.Type) bool { return isStruct(t) || isRepeated(t) }

// isStruct says that a t is one object of its vmsd.
func isStruct(t model.Type) bool {
	return t == model.TypeStruct || t == model.TypeVStruct || t == model.TypeTmp
}

// isRepeated says that a t is markers and objects.
func isRepeated(t model.Type) bool {
	return t == model.TypeQueue || t == model.TypeList || t == model.TypeTree
}

func isInteger(t model.Type) bool  { return t >= model.TypeInt8 && t <= model.TypeUint64 }
func isCompared(t model.Type) bool { return t >= model.TypeUint8Equal && t <= model.TypeInt32LE }

// integers are the fields that can hold a size or count.
func integers(fields []model.Field) []string {
	var names []string
	for i := range fields {
		if f := &fields[i]; (isInteger(f.Type) || isCompared(f.Type)) && !f.Array {
			names = append(names, f.Name)
		}
	}
	return names
}

// numbers are the fields that a condition can look at.
func numbers(fields []model.Field) []string {
	var names []string
	for i := range fields {
		if f := &fields[i]; (f.Type == model.TypeBool || isInteger(f.Type) || isCompared(f.Type)) && !f.Array {
			names = append(names, f.Name)
		}
	}
	return names
}

func readSchema(b []byte) *model.Schema {
	r := &schemaReader{b: b, weight: map[*model.Schema]int{}}
	return r.schema(nil, useAny, 0)
}

type schemaReader struct {
	b      []byte
	begun  []*model.Schema
	weight map[*model.Schema]int // of the finished ones: about how many values an object has
}

func (r *schemaReader) u8() byte { return r.bytes(1)[0] }

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

func (r *schemaReader) signed() int64 {
	if n := int8(r.u8()); n != wideSigned {
		return int64(n)
	}
	return int64(binary.BigEndian.Uint64(r.bytes(8)))
}

// which draws one of names, "" where there are none.
func (r *schemaReader) which(names []string) string {
	i := int(r.u8())
	if len(names) == 0 {
		return ""
	}
	return names[i%len(names)]
}

// name draws a name. Derived names of subsections begin with their parent's,
// as QEMU's rule for them wants; short ones look like data.
func (r *schemaReader) name(parent *model.Schema) string {
	b := r.u8()
	if b >= literalName {
		n := int(b&^literalName) + 1
		if n == longName {
			n = max(1, int(r.u8()))
		}
		name := strings.ToValidUTF8(string(r.bytes(n)), "?") // or no case could be written of it
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

func (r *schemaReader) schema(parent *model.Schema, u use, depth int) *model.Schema {
	s := &model.Schema{Name: r.name(parent), Version: r.version()}
	s.Minimum = s.Version - min(s.Version, r.version())
	r.begun = append(r.begun, s)
	weight := 1
	var whens []int // the fields with a condition
	for n := r.u8(); n > 0 && len(r.b) > 0; n-- {
		f, when := r.field(s, depth)
		w := r.fieldWeight(&f)
		if weight+w > maxWeight || !u.holds(&f) {
			f, when = model.Field{Name: f.Name, Type: model.TypeUint8}, false
			w = 1
		}
		weight += w
		if when && u == useAny {
			whens = append(whens, len(s.Fields))
		}
		s.Fields = append(s.Fields, f)
	}
	for _, i := range whens {
		s.Fields[i].When = r.condition(s)
	}
	settle(s)
	tail := r.u8()
	if u != useAny {
		tail = 0
	}
	for i, hook := range hooksOf(s) {
		if tail&((subsBits+1)<<i) != 0 {
			*hook = r.condition(s)
		}
	}
	for n := tail & subsBits; n > 0 && len(r.b) > 0 && depth < maxNesting; n-- {
		sub := r.schema(s, useAny, depth+1)
		if weight+r.weight[sub] > maxWeight {
			break
		}
		weight += r.weight[sub]
		s.Subsections = append(s.Subsections, sub)
	}
	r.weight[s] = weight
	return s
}

// condition draws a condition of s, nil where there is no number to look at.
func (r *schemaReader) condition(s *model.Schema) *model.Condition {
	names := numbers(s.Fields)
	c := &model.Condition{Field: r.which(names)}
	op := r.u8()
	c.Op = operators[int(op&^withOther)%len(operators)]
	if op&withOther != 0 {
		c.Other = r.which(names)
	} else {
		c.Value = r.signed()
	}
	if len(names) == 0 {
		return nil
	}
	return c
}

func (r *schemaReader) fieldWeight(f *model.Field) int {
	w := 1 + f.Size/64
	if isStruct(f.Type) {
		w += r.weight[f.Elem]
	}
	switch {
	case f.Array && f.CountFrom == "":
		w = w*(f.Count-len(f.Null)) + len(f.Null)
	case f.Array:
		w *= max(1, f.Room)
	default:
		w += f.Room / 64
	}
	return w
}

// field draws a field of s, and says whether there will be a condition for it.
func (r *schemaReader) field(s *model.Schema, depth int) (f model.Field, when bool) {
	f = model.Field{Name: fmt.Sprintf("f%d", len(s.Fields)), Type: model.TypeBool + model.Type(r.u8())%model.TypeValidate}
	if isContainer(f.Type) && depth >= maxNesting {
		f.Type = model.TypeUint8
	}
	flags := binary.BigEndian.Uint16(r.bytes(2))
	has := func(flag uint16) bool { return flags&flag != 0 }
	from := ""
	if has(flagVersion) {
		f.Version = r.version()
	}
	if has(flagArray) {
		f.Array, f.Count = true, r.number()
	}
	if has(flagSize) {
		f.Size = r.number()
	}
	if has(flagFrom) {
		from = r.which(integers(s.Fields))
	}
	if has(flagTimes) {
		f.Times = r.number()
	}
	if has(flagRoom) {
		f.Room = r.number()
	}
	if has(flagLocal) {
		f.Local = r.signed()
	}
	f.Must = has(flagMust)
	if has(flagPointers) {
		f.Pointers, f.Null = true, r.nulls()
	}
	f.Marked = has(flagMarked)
	if has(flagStruct) {
		f.StructVersion = r.version()
	}
	fit(&f, from)
	if has(flagKey) && f.Type == model.TypeTree {
		f.Key = r.elem(useKey, true, depth)
	}
	if has(flagElems) && (f.Type == model.TypeQueue || f.Type == model.TypeList) {
		for n := r.u8(); n > 0 && len(r.b) > 0; n-- {
			f.Elems = append(f.Elems, r.elem(useAny, false, depth))
		}
	}
	if !isContainer(f.Type) {
		return f, has(flagWhen)
	}
	u := useAny
	if f.Type == model.TypeTmp {
		u = useTmp
	}
	f.Elem = r.elem(u, isStruct(f.Type), depth)
	if !has(flagVersion) && (isRepeated(f.Type) || f.Type == model.TypeTmp) {
		f.Version = f.Elem.Minimum
	}
	if f.Type == model.TypeVStruct {
		f.StructVersion += f.Elem.Minimum
	}
	return f, has(flagWhen)
}

// nulls draws which pointers are NULL.
func (r *schemaReader) nulls() []int {
	var null []int
	at := 0
	for i, n := 0, int(r.u8()); i < n && len(r.b) > 0; i++ {
		for range r.number() {
			if i%2 == 1 && at < maxWeight {
				null = append(null, at)
			}
			at++
		}
	}
	return null
}

// elem draws a new vmsd or takes one that was begun, and finished if it has to
// be.
func (r *schemaReader) elem(u use, finished bool, depth int) *model.Schema {
	if k := int(r.u8()); k > 0 {
		s := r.begun[(k-1)%len(r.begun)]
		if isFinished := r.weight[s] > 0; (isFinished || !finished) && u.suits(s) {
			return s
		}
	}
	return r.schema(nil, u, depth+1)
}

// fit takes from f what does not go with its type; from is what its size or
// count is to be from, if anything.
func fit(f *model.Field, from string) {
	sized := f.Type == model.TypeBuffer || f.Type == model.TypeBitmap
	f.Array = f.Array && !sized && f.Type != model.TypeUnused && f.Type != model.TypeTmp && f.Type != model.TypeValidate
	if !f.Array {
		f.Count = 0
	}
	if !sized && f.Type != model.TypeUnused {
		f.Size = 0
	}
	switch {
	case from == "":
	case sized:
		f.Size, f.SizeFrom = 0, from
	case f.Array && !isCompared(f.Type):
		f.Count, f.CountFrom = 0, from
	}
	if f.SizeFrom+f.CountFrom == "" {
		f.Times, f.Room = 0, 0
	}
	if f.Type == model.TypeBitmap {
		f.Times = 0
	}
	f.Local = fitLocal(f.Type, f.Local)
	if f.CountFrom != "" {
		f.Local = 0
	}
	f.Must = f.Must && f.Type != model.TypeValidate
	f.Pointers = f.Pointers && f.Array && f.Type != model.TypeNull
	f.Marked = f.Marked && f.Pointers && f.CountFrom == ""
	if !f.Pointers || f.Marked {
		f.Null = nil
	}
	f.Null = slices.DeleteFunc(f.Null, func(i int) bool { return i >= max(f.Count, f.Room) })
	if f.Type != model.TypeVStruct {
		f.StructVersion = 0
	}
}

// fitLocal cuts n to what a number of type t can be, 0 for what is none.
func fitLocal(t model.Type, n int64) int64 {
	switch t {
	case model.TypeBool:
		return n & 1
	case model.TypeInt8:
		return int64(int8(n))
	case model.TypeInt16:
		return int64(int16(n))
	case model.TypeInt32, model.TypeInt32Equal, model.TypeInt32LE:
		return int64(int32(n))
	case model.TypeUint8, model.TypeUint8Equal:
		return int64(uint8(n))
	case model.TypeUint16, model.TypeUint16Equal:
		return int64(uint16(n))
	case model.TypeUint32, model.TypeUint32Equal:
		return int64(uint32(n))
	case model.TypeInt64, model.TypeUint64, model.TypeUint64Equal, model.TypeTimer, model.TypeCPUDouble:
		return n
	}
	return 0
}

// settle takes from the fields of s what does not go with their conditions, or
// with the fields that count them.
func settle(s *model.Schema) {
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Type == model.TypeValidate && f.When == nil {
			f.Type = model.TypeUnused
		}
		if f.Room > 0 && !hasRoom(s, f) {
			f.Room = 0
		}
		if f.CountFrom != "" && f.Room == 0 {
			f.Pointers, f.Null = false, nil
		}
	}
}

// hasRoom says whether f, which the state counts, can have room in memory.
func hasRoom(s *model.Schema, f *model.Field) bool {
	if f.Array && (isCompared(f.Type) || isContainer(f.Type)) || f.When != nil {
		return false
	}
	n := &s.Fields[slices.IndexFunc(s.Fields, func(n model.Field) bool { return n.Name == f.SizeFrom+f.CountFrom })]
	return n.When == nil && !n.Must && n.Version == f.Version && n.Local >= 0 && n.Local <= int64(f.Room/max(1, f.Times))
}

// writeSchema writes the bytes that readSchema makes s of, but for the names
// of fields and of types; it is false where there are none.
func writeSchema(s *model.Schema) ([]byte, bool) {
	w := &schemaWriter{}
	w.schema(s)
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

func (w *schemaWriter) signed(n int64) {
	if n == int64(int8(n)) && n != wideSigned {
		w.out = append(w.out, byte(n))
		return
	}
	w.out = binary.BigEndian.AppendUint64(append(w.out, 0x80), uint64(n))
}

func (w *schemaWriter) which(names []string, name string) {
	w.u8(slices.Index(names, name), math.MaxUint8)
}

func (w *schemaWriter) schema(s *model.Schema) {
	w.begun = append(w.begun, s)
	w.u8(literalName+min(len(s.Name), longName)-1, math.MaxUint8)
	if len(s.Name) >= longName {
		w.u8(len(s.Name), math.MaxUint8)
	}
	w.out = append(w.out, s.Name...)
	w.version(s.Version)
	w.version(s.Version - s.Minimum)
	w.u8(len(s.Fields), math.MaxUint8)
	for i := range s.Fields {
		w.field(s, i)
	}
	for i := range s.Fields {
		w.condition(s, s.Fields[i].When)
	}
	at := len(w.out)
	w.u8(len(s.Subsections), subsBits)
	for i, hook := range hooksOf(s) {
		if *hook != nil {
			w.out[at] |= (subsBits + 1) << i
			w.condition(s, *hook)
		}
	}
	for _, sub := range s.Subsections {
		w.schema(sub)
	}
}

func (w *schemaWriter) condition(s *model.Schema, c *model.Condition) {
	if c == nil {
		return
	}
	names := numbers(s.Fields)
	w.which(names, c.Field)
	op := slices.Index(operators, c.Op)
	if c.Other != "" {
		w.u8(op|withOther, math.MaxUint8)
		w.which(names, c.Other)
		return
	}
	w.u8(op, math.MaxUint8)
	w.signed(c.Value)
}

func (w *schemaWriter) field(s *model.Schema, i int) {
	f := &s.Fields[i]
	w.u8(int(f.Type-model.TypeBool), math.MaxUint8)
	at := len(w.out)
	w.out = append(w.out, 0, 0)
	flags := uint16(0)
	has := func(flag uint16, there bool) bool {
		if there {
			flags |= flag
		}
		return there
	}
	if has(flagVersion, f.Version != 0 || isContainer(f.Type)) {
		w.version(f.Version)
	}
	if has(flagArray, f.Array) {
		w.number(f.Count)
	}
	if has(flagSize, f.Size != 0) {
		w.number(f.Size)
	}
	if has(flagFrom, f.SizeFrom+f.CountFrom != "") {
		w.which(integers(s.Fields[:i]), f.SizeFrom+f.CountFrom)
	}
	if has(flagTimes, f.Times != 0) {
		w.number(f.Times)
	}
	if has(flagRoom, f.Room != 0) {
		w.number(f.Room)
	}
	if has(flagLocal, f.Local != 0) {
		w.signed(f.Local)
	}
	has(flagWhen, f.When != nil)
	has(flagMust, f.Must)
	if has(flagPointers, f.Pointers) {
		w.nulls(f.Null)
	}
	has(flagMarked, f.Marked)
	if has(flagStruct, f.Type == model.TypeVStruct) {
		w.version(f.StructVersion - f.Elem.Minimum)
	}
	if has(flagKey, f.Key != nil) {
		w.elem(f.Key)
	}
	if has(flagElems, len(f.Elems) > 0) {
		w.u8(len(f.Elems), math.MaxUint8)
		for _, e := range f.Elems {
			w.elem(e)
		}
	}
	if f.Elem != nil {
		w.elem(f.Elem)
	}
	binary.BigEndian.PutUint16(w.out[at:], flags)
}

// nulls writes, as runs, which pointers are NULL.
func (w *schemaWriter) nulls(null []int) {
	var runs []int
	for i, at := range null {
		switch {
		case i > 0 && at == null[i-1]+1:
			runs[len(runs)-1]++
		case i > 0:
			runs = append(runs, at-null[i-1]-1, 1)
		default:
			runs = append(runs, at, 1)
		}
	}
	w.u8(len(runs), math.MaxUint8)
	for _, n := range runs {
		w.number(n)
	}
}

func (w *schemaWriter) elem(s *model.Schema) {
	k := slices.Index(w.begun, s)
	w.u8(k+1, math.MaxUint8)
	if k < 0 {
		w.schema(s)
	}
}

// plain is s without the names of fields and types.
func plain(s *model.Schema, done map[*model.Schema]*model.Schema) *model.Schema {
	if s == nil {
		return nil
	}
	if p := done[s]; p != nil {
		return p
	}
	p := &model.Schema{Name: s.Name, Version: s.Version, Minimum: s.Minimum, Hooks: s.Hooks}
	done[s] = p
	names := map[string]string{}
	for i := range s.Fields {
		names[s.Fields[i].Name] = fmt.Sprintf("f%d", i)
	}
	named := func(c *model.Condition) *model.Condition {
		if c == nil {
			return nil
		}
		return &model.Condition{Field: names[c.Field], Op: c.Op, Value: c.Value, Other: names[c.Other]}
	}
	for _, f := range s.Fields {
		f.Name, f.Info = names[f.Name], ""
		f.SizeFrom, f.CountFrom = names[f.SizeFrom], names[f.CountFrom]
		f.When = named(f.When)
		f.Key, f.Elem = plain(f.Key, done), plain(f.Elem, done)
		f.Elems = slices.Clone(f.Elems)
		for i, e := range f.Elems {
			f.Elems[i] = plain(e, done)
		}
		p.Fields = append(p.Fields, f)
	}
	for _, hook := range hooksOf(p) {
		*hook = named(*hook)
	}
	for _, sub := range s.Subsections {
		p.Subsections = append(p.Subsections, plain(sub, done))
	}
	return p
}

// spell writes a schema without the names of fields and of types.
func spell(t testing.TB, s *model.Schema) string {
	t.Helper()
	b, err := model.MarshalSchema(plain(s, map[*model.Schema]*model.Schema{}))
	require.NoError(t, err)
	return string(b)
}

// What is written is read again, so that a seed is the device that it was cut
// from, and all that a schema can say can be drawn.
func TestSchemaBytes(t *testing.T) {
	check := func(s *model.Schema) bool {
		b, ok := writeSchema(s)
		if !ok {
			return false
		}
		require.Equal(t, spell(t, s), spell(t, readSchema(b)))
		return true
	}
	for _, c := range queueCases {
		s := c.schema(c.elem.Version)
		s.Version = c.elem.Version
		require.True(t, check(s), c.path)
	}
	vectors, err := corpus.Vectors()
	require.NoError(t, err)
	for _, v := range vectors {
		require.True(t, check(loadOfVector(t, v).schema), v.ID)
	}
	list := devices(t)
	n := 0
	for _, d := range list {
		if check(d.schema) {
			n++
		}
	}
	require.Greater(t, n*10, len(list)*8, "devices")
	n = 0
	types := map[model.Type]int{}
	for i := range 400 {
		s := drawn.Example(i).Schema
		if !check(s) {
			continue
		}
		n++
		for i := range s.Fields {
			types[s.Fields[i].Type]++
		}
	}
	require.Equal(t, 400, n, "drawn")
	require.Len(t, types, int(model.TypeValidate), "%v", types)
}

// Any bytes stand for a schema that is sound and not large.
func TestSchemaOfAnyBytes(t *testing.T) {
	for seed := range 2000 {
		b := noise(uint64(seed), seed%200)
		s := readSchema(b)
		require.NoError(t, s.Check(), "%x", b)
		_, err := model.MarshalSchema(s)
		require.NoError(t, err, "%x", b)
		require.LessOrEqual(t, values(model.Zero(s)), 64*maxWeight, "%x", b)
	}
}

// values is how many values there are in v.
func values(v model.Value) int {
	n := 1
	switch v := v.(type) {
	case model.List:
		for _, x := range v {
			n += values(x)
		}
	case model.Tree:
		for _, p := range v {
			n += values(p.Key) + values(p.Value)
		}
	case *model.Struct:
		if v == nil {
			return 0
		}
		for _, x := range v.Fields {
			n += values(x)
		}
		for _, sub := range v.Subs {
			n += values(sub)
		}
	}
	return n
}
