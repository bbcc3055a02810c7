package bind_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

// A place is where a count can stand: a field f that a member n counts, with
// what follows n on the wire and where that ends.
type place struct {
	name string
	f    model.Field
	rest string
	path string
}

func places() []place {
	byteIn := &model.Schema{Name: "e", Version: 2, Minimum: 1, Fields: []model.Field{{Name: "x", Type: model.TypeUint8}}}
	// Of no fixed number of bytes: nothing can be said before it is loaded.
	loose := &model.Schema{Name: "e", Version: 2, Minimum: 1, Fields: []model.Field{{Name: "k", Type: model.TypeUint8}, {Name: "x", Type: model.TypeBuffer, SizeFrom: "k"}}}
	of := func(t model.Type, elem *model.Schema) model.Field {
		return model.Field{Type: t, Version: 1, Elem: elem, Array: true}
	}
	with := func(f model.Field, times, room int) model.Field {
		f.Times, f.Room = times, room
		return f
	}
	vstruct, pointers := of(model.TypeVStruct, byteIn), of(model.TypeUint8, nil)
	vstruct.StructVersion = 1
	pointers.Pointers, pointers.Room = true, 3
	return []place{
		{"integers", of(model.TypeUint64, nil), "0102030405060708 09", "a[1]"},
		{"bools", of(model.TypeBool, nil), "01 00 01", "a[3]"},
		{"timers", of(model.TypeTimer, nil), "01", "a[0]"},
		{"NULLs", of(model.TypeNull, nil), "30 30 30", "a[3]"},
		{"integers, multiplied", with(of(model.TypeUint16, nil), 6, 0), "0102 03", "a[1]"},
		{"integers, in memory for 3", with(of(model.TypeUint16, nil), 0, 3), "0102 03", "a[1]"},
		{"integers, multiplied, in memory for 6", with(of(model.TypeUint16, nil), 2, 6), "0102 03", "a[1]"},
		{"pointers, in memory for 3", pointers, "01", "a[1]"},
		{"structs", of(model.TypeStruct, byteIn), "01 02 03", "a[3]/x"},
		{"structs of any size", of(model.TypeStruct, loose), "00 01", "a[1]/x"},
		{"structs, multiplied", with(of(model.TypeStruct, byteIn), 6, 0), "01 02 03", "a[3]/x"},
		{"structs of nothing", of(model.TypeStruct, &model.Schema{Name: "e"}), "", "a[1024]"},
		{"vstructs", vstruct, "01 02 03", "a[3]/x"},
		{"queues", of(model.TypeQueue, byteIn), "00 01 02 00", "a[2][0]"},
		{"lists", of(model.TypeList, byteIn), "00 01 02 00", "a[2][0]"},
		{"trees", of(model.TypeTree, byteIn), "00000000 00 00", "a[1]"},
		{"buffer", model.Field{Type: model.TypeBuffer}, "010203", "a"},
		{"buffer, multiplied", model.Field{Type: model.TypeBuffer, Times: 6}, "010203", "a"},
		{"buffer, in memory for 3", model.Field{Type: model.TypeBuffer, Room: 3}, "010203", "a"},
		{"bitmap", model.Field{Type: model.TypeBitmap}, "0102030405060708 09", "a"},
		{"bitmap, in memory for 300", model.Field{Type: model.TypeBitmap, Room: 300}, "0102030405060708 09", "a"},
	}
}

// schema has the member n, of type t, before the place.
func (p place) schema(t model.Type) *model.Schema {
	n, f := model.Field{Name: "n", Type: t, Version: 1}, p.f
	if t == model.TypeInt32LE {
		n.Local = rules.MaxCount
	}
	f.Name, f.Version = "a", 1
	if f.Array {
		f.CountFrom = "n"
	} else {
		f.SizeFrom = "n"
	}
	return &model.Schema{Name: "s", Version: 1, Fields: []model.Field{n, f}}
}

// ends says how the load of the place ends that has to have n elements, bytes or
// bits, counted in width bytes, in a stream of the given length.
func (p place) ends(n uint64, width, length int64) verdict {
	most := uint64(rules.MaxCount)
	if p.f.Room > 0 {
		most = uint64(p.f.Room)
	}
	times := uint64(max(p.f.Times, 1))
	if n > most/times {
		return verdict{rules.OutOfRange, width, "a"}
	}
	item := int64(n * times) // of a buffer or bitmap, in bytes
	if p.f.Type == model.TypeBitmap {
		item = (item + 63) / 64 * 8
	}
	switch {
	case !p.f.Array && width+item > rules.DefaultBytes:
		return verdict{rules.Limit, width, "a"}
	case p.name == "structs of nothing":
		return verdict{rules.Limit, length, p.path}
	}
	return verdict{rules.Truncated, length, p.path}
}

// Counts that the input does not hold, wherever one can stand and of whatever
// type: an error, the one that follows from the number, and next to no memory.
func TestHostileCounts(t *testing.T) {
	for _, c := range []struct {
		t      model.Type
		width  int64
		counts []uint64 // as they stand on the wire
		signed bool
	}{
		{model.TypeInt8, 1, []uint64{1<<7 - 1, 1<<8 - 1}, true},
		{model.TypeUint8, 1, []uint64{1<<7 - 1, 1<<8 - 1}, false},
		{model.TypeInt16, 2, []uint64{1<<15 - 1, 1<<16 - 1}, true},
		{model.TypeUint16, 2, []uint64{1<<15 - 1, 1<<16 - 1}, false},
		{model.TypeInt32, 4, []uint64{1<<31 - 1, 1<<32 - 1}, true},
		{model.TypeUint32, 4, []uint64{1<<31 - 1, 1<<32 - 1}, false},
		{model.TypeInt64, 8, []uint64{1<<31 - 1, 1<<32 - 1, 1<<64 - 1}, true},
		{model.TypeUint64, 8, []uint64{1<<31 - 1, 1<<32 - 1, 1<<64 - 1}, false},
		{model.TypeInt32LE, 4, []uint64{1<<31 - 1}, true},
	} {
		for _, p := range places() {
			if c.t == model.TypeInt32LE && p.f.Room > 0 {
				continue // before the load n says that all are in memory
			}
			for _, n := range c.counts {
				t.Run(fmt.Sprintf("%s/%v %#x", p.name, c.t, n), func(t *testing.T) {
					s := p.schema(c.t)
					must(t, s.Check())
					stream := wire(t, fmt.Sprintf("%0*x", 2*c.width, n)+p.rest)
					want := p.ends(n, c.width, int64(len(stream)))
					if c.signed && n>>(8*c.width-1) != 0 {
						want = verdict{rules.OutOfRange, c.width, "a"}
					}
					if p.name == "structs of nothing" && n < 1024 {
						return // there may be as many
					}
					hostile(t, s, stream, want)
				})
			}
		}
	}
}

// A tree's count stands on the wire by itself.
func TestHostileTreeCounts(t *testing.T) {
	elem := &model.Schema{Name: "e", Version: 1}
	s := &model.Schema{Name: "s", Version: 1, Fields: []model.Field{{Name: "t", Type: model.TypeTree, Version: 1, Elem: elem}}}
	for digits, want := range map[string]verdict{
		"7fffffff 01 0000000000000001 01": {rules.Truncated, 4 + 9 + 1, "t[1]"},
		"7fffffff 00":                     {rules.CountMismatch, 4, "t[0]"},
		"80000000 01 0000000000000001 01": {rules.OutOfRange, 0, "t"},
		"ffffffff 01 0000000000000001 01": {rules.OutOfRange, 0, "t"},
	} {
		hostile(t, s, wire(t, digits), want)
	}
}

// hostile demands that model and reference refuse the stream so, and allocate
// next to nothing.
func hostile(t *testing.T, s *model.Schema, stream []byte, want verdict) {
	t.Helper()
	var ref bind.Reference
	for who, load := range map[string]func() error{
		"model": func() error { _, err := model.Decode(s, stream, 1, model.Options{}); return err },
		"ref":   func() error { _, err := ref.Load(s, stream, 1); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := load()
		runtime.ReadMemStats(&after)
		var e *rules.Error
		if !errors.As(err, &e) || (verdict{e.Class, e.Offset, e.Path}) != want {
			t.Errorf("%s: %v, want %v", who, err, want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n >= 1<<20 {
			t.Errorf("%s allocates %d bytes", who, n)
		}
	}
}
