package gen

import (
	"vmconform/model"

	"pgregory.net/rapid"
)

const (
	maxElements = 4   // of one queue
	maxTotal    = 120 // single values, after which every further queue is empty
)

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
	counts := map[string]bool{}
	for _, f := range s.Fields {
		counts[f.SizeFrom], counts[f.CountFrom] = true, true
	}
	held := map[string]int{}
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Version > version {
			continue
		}
		if counts[f.Name] {
			held[f.Name] = rapid.IntRange(0, maxSmall).Draw(t, f.Name)
			out.Fields[i] = number(f.Type, uint64(held[f.Name]))
			continue
		}
		out.Fields[i] = v.field(t, f, held, depth)
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
	if f.Array {
		n := f.Count
		if f.CountFrom != "" {
			n = held[f.CountFrom]
		}
		l := model.List{}
		for range n {
			l = append(l, v.one(t, f, 0, depth))
		}
		return l
	}
	size := f.Size
	if f.SizeFrom != "" {
		size = held[f.SizeFrom]
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
	case model.TypeUnused, model.TypeNull:
		return model.Null{}
	case model.TypeStruct:
		return v.vmsd(t, f.Elem, f.Elem.Version, depth)
	case model.TypeQueue:
		return v.queue(t, f, depth)
	default:
		return v.integer(t, f)
	}
}

// queue draws the elements of f.
func (v *valuer) queue(t *rapid.T, f *model.Field, depth int) model.List {
	if depth <= 0 || v.left <= 0 {
		return model.List{}
	}
	elem := rapid.Custom(func(t *rapid.T) model.Value {
		rapid.Just(0).Draw(t, "start")
		return v.vmsd(t, f.Elem, f.Elem.Version, depth-1)
	})
	return rapid.SliceOfN(elem, 0, maxElements).Draw(t, f.Name)
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

// integerSize returns the bytes of an integer type.
func integerSize(t model.Type) int {
	if t >= model.TypeUint8 {
		return 1 << (t - model.TypeUint8)
	}
	return 1 << (t - model.TypeInt8)
}

// number makes a value of an integer type of the low bits of u.
func number(t model.Type, u uint64) model.Value {
	unused := 64 - 8*integerSize(t)
	if t >= model.TypeUint8 {
		return model.Uint(u << unused >> unused)
	}
	return model.Int(int64(u<<unused) >> unused)
}
