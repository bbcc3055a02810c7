package gen

import (
	"encoding/binary"
	"maps"
	"slices"

	"vmconform/model"

	"pgregory.net/rapid"
)

const (
	maxElements = 4   // of one queue
	maxTotal    = 120 // single values, after which every further queue is empty
)

// Values draws values of s, whatever its features, to be saved at the given
// version, in which queues hold elements to the given depth.
func Values(s *model.Schema, version uint32, depth int) *rapid.Generator[*model.Struct] {
	return values(s, version, depth, ^Features(0))
}

// values draws a value of s to be saved at the given version, in which queues
// hold elements to the given depth.
func values(s *model.Schema, version uint32, depth int, f Features) *rapid.Generator[*model.Struct] {
	names := vmsdNames(s)
	return rapid.Custom(func(t *rapid.T) *model.Struct {
		v := &valuer{features: f, headers: headers(names), left: maxTotal}
		// A schema of nothing but blanks has nothing to draw.
		rapid.Just(0).Draw(t, "start")
		return v.vmsd(t, s, version, depth)
	})
}

// A valuer draws one value.
type valuer struct {
	features Features
	headers  *rapid.Generator[[]byte]
	left     int // single values until queues stay empty
}

// vmsd draws a value of s. What is not on the wire stays zero, and so does what
// cannot fit because the size or count that it goes by does not.
func (v *valuer) vmsd(t *rapid.T, s *model.Schema, version uint32, depth int) *model.Struct {
	out := model.Zero(s)
	counts := map[string]int{} // and how much there may be of what they count
	for i := range s.Fields {
		f := &s.Fields[i]
		from := f.SizeFrom + f.CountFrom
		if _, ok := counts[from]; !ok {
			counts[from] = maxSmall
		}
		if f.Room > 0 {
			counts[from] = min(counts[from], f.Room/max(1, f.Times))
		}
	}
	demanded := demands(s)
	held := map[string]int{}
	for i := range s.Fields {
		f := &s.Fields[i]
		if !present(f, s, out, version) {
			continue
		}
		most, isCount := counts[f.Name]
		switch c := demanded[f.Name]; {
		case c != nil:
			out.Fields[i] = number(f.Type, obey(t, c))
		case isCount:
			held[f.Name] = rapid.IntRange(0, most).Draw(t, f.Name)
			out.Fields[i] = number(f.Type, uint64(held[f.Name]))
		default:
			out.Fields[i] = v.field(t, f, held, depth)
		}
	}
	for i, sub := range s.Subsections {
		if rapid.Bool().Draw(t, sub.Name) {
			out.Subs[i] = v.vmsd(t, sub, sub.Version, depth)
		}
	}
	return out
}

// field draws the value of f; held has the sizes and counts before it.
func (v *valuer) field(t *rapid.T, f *model.Field, held map[string]int, depth int) model.Value {
	times := max(1, f.Times)
	if f.Array {
		n := f.Count
		if f.CountFrom != "" {
			n = held[f.CountFrom] * times
		}
		l := model.List{}
		for i := range n {
			null := slices.Contains(f.Null, i)
			if f.Marked {
				null = rapid.Bool().Draw(t, "NULL")
			}
			if null {
				l = append(l, model.Null{})
			} else {
				l = append(l, v.one(t, f, 0, depth))
			}
		}
		return l
	}
	size := f.Size
	if f.SizeFrom != "" {
		size = held[f.SizeFrom] * times
	}
	return v.one(t, f, size, depth)
}

// one draws a single value of f's type.
func (v *valuer) one(t *rapid.T, f *model.Field, size, depth int) model.Value {
	v.left--
	switch f.Type {
	case model.TypeBool:
		return model.Bool(rapid.Bool().Draw(t, f.Name))
	case model.TypeBuffer:
		return model.Bytes(v.bytes(size).Draw(t, f.Name))
	case model.TypeUnused, model.TypeNull, model.TypeValidate:
		return model.Null{}
	case model.TypeStruct, model.TypeTmp:
		return v.vmsd(t, f.Elem, f.Elem.Version, depth)
	case model.TypeVStruct:
		return v.vmsd(t, f.Elem, f.StructVersion, depth)
	case model.TypeQueue, model.TypeList:
		return v.queue(t, f, depth)
	case model.TypeTree:
		return v.tree(t, f, depth)
	case model.TypeBitmap:
		l := model.List{}
		for range (size + 63) / 64 {
			l = append(l, model.Uint(rapid.Uint64().Draw(t, f.Name)))
		}
		return l
	case model.TypeUint8Equal, model.TypeUint16Equal, model.TypeUint32Equal, model.TypeUint64Equal, model.TypeInt32Equal:
		return number(f.Type, uint64(f.Local))
	case model.TypeInt32LE:
		return model.Int(rapid.Int64Range(0, f.Local).Draw(t, f.Name))
	default:
		return v.integer(t, f)
	}
}

// tree draws the pairs of f.
func (v *valuer) tree(t *rapid.T, f *model.Field, depth int) model.Tree {
	pairs := model.Tree{}
	if depth <= 0 || v.left <= 0 {
		return pairs
	}
	keys := map[string]model.Value{}
	for range rapid.IntRange(0, maxElements).Draw(t, f.Name) {
		var key model.Value
		var wire []byte
		if f.Key == nil {
			u := rapid.Uint64().Draw(t, "key")
			key, wire = model.Uint(u), binary.BigEndian.AppendUint64(nil, u)
		} else {
			k := v.vmsd(t, f.Key, f.Key.Version, depth)
			key = k
			wire, _ = model.Encode(f.Key, k, f.Key.Version) // a vmsd of scalars
		}
		keys[string(wire)] = key
	}
	for _, wire := range slices.Sorted(maps.Keys(keys)) {
		pairs = append(pairs, model.Pair{Key: keys[wire], Value: v.vmsd(t, f.Elem, f.Elem.Version, depth-1)})
	}
	return pairs
}

// queue draws the elements of f.
func (v *valuer) queue(t *rapid.T, f *model.Field, depth int) model.List {
	if depth <= 0 || v.left <= 0 {
		return model.List{}
	}
	place := 0
	elem := rapid.Custom(func(t *rapid.T) model.Value {
		rapid.Just(0).Draw(t, "start")
		e := elemOf(f, place)
		place++
		return v.vmsd(t, e, e.Version, depth-1)
	})
	return rapid.SliceOfN(elem, 0, maxElements).Draw(t, f.Name)
}

// elemOf is the vmsd of the element at a place in a queue or list.
func elemOf(f *model.Field, place int) *model.Schema {
	if place < len(f.Elems) {
		return f.Elems[place]
	}
	return f.Elem
}

// integer draws an integer of f's type: any, or one whose bytes on the wire
// look like a subsection's header.
func (v *valuer) integer(t *rapid.T, f *model.Field) model.Value {
	size := integerSize(f.Type)
	if v.looksLikeHeader(t) {
		var u uint64
		for _, c := range fit(v.headers.Draw(t, "header"), size) {
			u = u<<8 | uint64(c)
		}
		return number(f.Type, u)
	}
	return number(f.Type, rapid.Uint64Range(0, 1<<(8*size)-1).Draw(t, f.Name))
}

// bytes draws the content of a buffer.
func (v *valuer) bytes(size int) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		if v.looksLikeHeader(t) {
			return fit(v.headers.Draw(t, "header"), size)
		}
		return rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "bytes")
	})
}

func (v *valuer) looksLikeHeader(t *rapid.T) bool {
	return v.features.has(Captures) && rapid.Bool().Draw(t, "looks like a subsection")
}

// headers draws bytes that look like the header of a subsection of one of the
// vmsds called names, or of one that is not on any list.
func headers(names []string) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		name := rapid.SampledFrom(names).Draw(t, "name")
		name += rapid.SampledFrom([]string{"", "/", "a", "/a"}).Draw(t, "suffix")
		name = name[:min(len(name), maxName)]
		version := rapid.SampledFrom([]byte{1, 0, 2, 3}).Draw(t, "version")
		header := append([]byte{0x05, byte(len(name))}, name...)
		header = append(header, 0, 0, 0, version)
		// Without the 05 the rest completes a marker that was turned into one.
		return header[rapid.IntRange(0, 1).Draw(t, "from"):]
	})
}

// fit cuts b to n bytes or fills it up with zeros.
func fit(b []byte, n int) []byte {
	out := make([]byte, n)
	copy(out, b)
	return out
}

// integerOf gives the plain integer type whose values a type has.
func integerOf(t model.Type) model.Type {
	switch t {
	case model.TypeTimer:
		return model.TypeInt64
	case model.TypeCPUDouble, model.TypeUint64Equal:
		return model.TypeUint64
	case model.TypeUint8Equal:
		return model.TypeUint8
	case model.TypeUint16Equal:
		return model.TypeUint16
	case model.TypeUint32Equal:
		return model.TypeUint32
	case model.TypeInt32Equal, model.TypeInt32LE:
		return model.TypeInt32
	}
	return t
}

// integerSize returns the bytes of an integer type.
func integerSize(t model.Type) int {
	if t = integerOf(t); t >= model.TypeUint8 {
		return 1 << (t - model.TypeUint8)
	}
	return 1 << (t - model.TypeInt8)
}

// number makes a value of an integer type, or bool, of the low bits of u.
func number(t model.Type, u uint64) model.Value {
	if t == model.TypeBool {
		return model.Bool(u&1 != 0)
	}
	unused := 64 - 8*integerSize(t)
	if integerOf(t) >= model.TypeUint8 {
		return model.Uint(u << unused >> unused)
	}
	return model.Int(int64(u<<unused) >> unused)
}
