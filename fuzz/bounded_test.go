package fuzz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/model"
	"vmconform/rules"
)

// What a call may allocate, freed or not, beside what each byte of its input
// may cost. An element of one byte on the wire is a value of some words in the
// model, and in memory an object with its entry.
const (
	perCall = 1 << 20
	perByte = 1500
)

// allocates says how much f allocates, and ends the test if it takes far too long.
func allocates(t *testing.T, f func()) int {
	t.Helper()
	defer hangs()()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// A hostile is an input that says much in few bytes.
type hostile struct {
	name string
	load
}

func field(name string, t model.Type) model.Field { return model.Field{Name: name, Type: t} }

// hostiles are loads whose counts, depths and elements are what an attacker
// would choose, at the default limits.
func hostiles() []hostile {
	all := []byte{0x7f, 0xff, 0xff, 0xff}
	vmsd := func(fields ...model.Field) *model.Schema { return &model.Schema{Name: "v", Version: 1, Fields: fields} }
	counted := func(f model.Field) *model.Schema {
		f.Name = "list"
		if f.Type == model.TypeBuffer {
			f.SizeFrom = "n"
		} else {
			f.Array, f.CountFrom = true, "n"
		}
		return vmsd(field("n", model.TypeUint32), f)
	}
	word := vmsd(field("x", model.TypeUint64))
	deep := &model.Schema{Name: strings.Repeat("n", 255), Version: 1}
	deep.Fields = []model.Field{{Name: strings.Repeat("q", 255), Type: model.TypeQueue, Version: 1, Elem: deep}}
	deepList := &model.Schema{Name: "n", Version: 1}
	deepList.Fields = []model.Field{{Name: "l", Type: model.TypeList, Version: 1, Elem: deepList}}
	one := func(s *model.Schema, stream []byte) load { return loadOf(s, 1, stream, rules.Limits{}) }
	return []hostile{
		{"a buffer of 2 GiB", one(counted(field("", model.TypeBuffer)), all)},
		{"2^31 integers", one(counted(field("", model.TypeUint64)), all)},
		{"2^31 NULL markers", one(counted(field("", model.TypeNull)), append(all, bytes.Repeat([]byte{0x30}, 100)...))},
		{"2^31 structs", one(counted(model.Field{Type: model.TypeStruct, Elem: word}), append(all, make([]byte, 1000)...))},
		{"2^31 queues", one(counted(model.Field{Type: model.TypeQueue, Elem: word}), append(all, make([]byte, 1000)...))},
		{"2^31 structs of a counted array", one(counted(model.Field{Type: model.TypeStruct, Elem: counted(field("", model.TypeUint8))}), bytes.Repeat(all, 100))},
		{"elements of one byte", one(vmsd(model.Field{Name: "q", Type: model.TypeQueue, Elem: vmsd(field("x", model.TypeUint8))}), bytes.Repeat([]byte{1}, 10000))},
		{"elements of nothing", one(vmsd(model.Field{Name: "q", Type: model.TypeQueue, Elem: vmsd()}), bytes.Repeat([]byte{1}, 10000))},
		{"markers to be noted", one(vmsd(model.Field{Name: "q", Type: model.TypeQueue, Elem: vmsd()}), bytes.Repeat([]byte{2}, 10000))},
		{"a queue in a queue in a queue", one(deep, bytes.Repeat([]byte{1}, 1000))},
		{"markers to be noted, deep down", one(deep, append(bytes.Repeat([]byte{1}, 900), bytes.Repeat([]byte{2, 0}, 1000)...))},
		{"deeper than can be", one(deep, bytes.Repeat([]byte{1}, 100000))},
		{"2^31 pairs", one(vmsd(model.Field{Name: "t", Type: model.TypeTree, Version: 1, Elem: word}), append(all, make([]byte, 1000)...))},
		{"pairs from the last to the first", one(vmsd(model.Field{Name: "t", Type: model.TypeTree, Version: 1, Elem: vmsd()}), descending(2000))},
		{"one key, again and again", one(vmsd(model.Field{Name: "t", Type: model.TypeTree, Version: 1, Elem: vmsd()}), slices.Concat(
			[]byte{0, 0, 0x27, 0x10}, bytes.Repeat([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, 10000), []byte{0}))},
		{"a list in a list in a list", one(deepList, bytes.Repeat([]byte{1}, 1000))},
		{"2^31 trees", one(counted(model.Field{Type: model.TypeTree, Version: 1, Elem: word}), append(all, make([]byte, 1000)...))},
		{"2^31 bits", one(vmsd(field("n", model.TypeUint32), model.Field{Name: "b", Type: model.TypeBitmap, SizeFrom: "n"}), all)},
		{"2^31 by 2^31", one(vmsd(field("n", model.TypeUint64), model.Field{Name: "list", Type: model.TypeUint8, Array: true, CountFrom: "n", Times: rules.MaxCount}),
			slices.Concat([]byte{0, 0, 0, 0}, all))},
		{"repeated subsections", one(&model.Schema{Name: "v", Version: 1, Subsections: []*model.Schema{
			{Name: "v/s", Version: 1, Fields: []model.Field{{Name: "list", Type: model.TypeUint64, Array: true, Count: 2}}},
		}}, bytes.Repeat(append([]byte("\x05\x03v/s\x00\x00\x00\x01"), make([]byte, 16)...), 1000))},
	}
}

// descending is a tree of n pairs without values, the greatest key first.
func descending(n int) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(n))
	for key := uint64(n); key > 0; key-- {
		b = binary.BigEndian.AppendUint64(append(b, 1), key)
	}
	return append(b, 0)
}

func TestLoadIsBounded(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			limit := perCall + perByte*len(h.stream)
			n := allocates(t, func() { _, _ = model.Decode(h.schema, h.stream, h.version, model.Options{}) })
			require.Less(t, n, limit, "the model, for %d bytes", len(h.stream))
			n = allocates(t, func() { _, _ = h.ref.Load(h.schema, h.stream, h.version) })
			require.Less(t, n, limit, "the reference, for %d bytes", len(h.stream))
			h.agree(t, false)
		})
	}
}

// Elements that take no bytes are bounded by the limit of elements alone.
func TestElementsOfNothingAreBounded(t *testing.T) {
	s := &model.Schema{Name: "v", Fields: []model.Field{
		field("n", model.TypeUint32),
		{Name: "list", Type: model.TypeStruct, Array: true, CountFrom: "n", Elem: &model.Schema{Name: "e"}},
	}}
	l := loadOf(s, 0, []byte{0x7f, 0xff, 0xff, 0xff}, rules.Limits{Elements: 1 << 12})
	n := allocates(t, func() {
		_, err := l.agree(t, false)
		require.Equal(t, rules.Limit, err.Class)
	})
	require.Less(t, n, perCall+perByte*l.limits.Elements)
}

// Every queue of the corpus, and all that is one byte away from it.
func TestQueueLoadIsBounded(t *testing.T) {
	for _, s := range queueSeeds(t) {
		c := queueCases[int(s.schema)%len(queueCases)]
		l := loadOf(c.schema(s.version), math.MaxUint32, nil, limitSets[0])
		streams := [][]byte{s.stream}
		for i := range s.stream {
			b := bytes.Clone(s.stream)
			b[i] ^= 0xff
			streams = append(streams, b)
			if i == 40 {
				break
			}
		}
		n := allocates(t, func() {
			for _, b := range streams {
				_, _ = model.Decode(l.schema, b, l.version, model.Options{Limits: l.limits})
				_, _ = l.ref.Load(l.schema, b, l.version)
			}
		})
		require.Less(t, n, len(streams)*(1<<16+2*perByte*len(s.stream)), "%s, %d bytes", c.path, len(s.stream))
	}
}

// hostileStreams are containers that say much in few bytes.
func hostileStreams(t *testing.T) map[string][]byte {
	head := []byte("QEVM\x00\x00\x00\x03")
	section := func(name string, payload []byte) []byte {
		b := append([]byte{savevm.KindFull, 0, 0, 0, 1, byte(len(name))}, name...)
		b = append(b, make([]byte, 8)...)
		return append(append(b, payload...), savevm.KindFooter, 0, 0, 0, 1)
	}
	tail := func(text string) []byte {
		b := binary.BigEndian.AppendUint32([]byte{savevm.KindEOF, savevm.KindVMDesc}, uint32(len(text)))
		return append(b, text...)
	}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	wrap := func(device string) string { return `{"page_size": 4096, "devices": [` + device + `]}` }
	field := func(format string, args ...any) string {
		return wrap(`{"name": "d", "instance_id": 0, "vmsd_name": "d", "version": 1, "fields": [` + fmt.Sprintf(format, args...) + `]}`)
	}
	list := map[string][]byte{
		"nothing but footers":      join(head, section("d", bytes.Repeat([]byte{savevm.KindFooter, 0, 0, 0, 1}, 200000))),
		"nothing but descriptions": join(head, section("d", bytes.Repeat(tail(wrap("")), 20000)), tail(wrap(""))),
		"nothing but zeros":        join(head, section("d", make([]byte, 1<<20)), tail(wrap(""))),
		"a buffer of 2 GiB":        join(head, section("d", nil), tail(field(`{"name": "b", "type": "buffer", "size": 2147483647}`))),
		"2^31 integers":            join(head, section("d", nil), tail(field(`{"name": "b", "type": "uint8", "array_len": 2147483647, "size": 1}`))),
		"2^31 structs":             join(head, section("d", nil), tail(field(`{"name": "b", "type": "struct", "array_len": 2147483647, "struct": {"vmsd_name": "e", "version": 1, "fields": []}, "size": 1}`))),
	}
	same := func(n int, instance uint32) []byte {
		b := bytes.Clone(head)
		for i := range n {
			s := section("d", []byte{1})
			binary.BigEndian.PutUint32(s[1:], uint32(i))
			binary.BigEndian.PutUint32(s[7:], instance)
			binary.BigEndian.PutUint32(s[len(s)-4:], uint32(i))
			b = append(b, s...)
		}
		device := `{"name": "d", "instance_id": 0, "vmsd_name": "d", "fields": [{"name": "x", "type": "uint8", "size": 1}]}`
		return append(b, tail(wrap(strings.Repeat(device+", ", n-1)+device))...)
	}
	list["many devices of one name"] = same(10000, 0)
	list["many sections of any instance"] = same(10000, 1<<32-1)
	run := `{"name": "r", "type": "struct", "array_len": 30000, "struct": {"vmsd_name": "e", "version": 1, "fields": [%s]}, "size": 1}`
	one := `{"name": "x", "type": "uint8", "size": 1}`
	list["runs of 30000"] = join(head, section("d", nil), tail(field("%s, %s", fmt.Sprintf(run, one), fmt.Sprintf(run, one))))
	list["runs of 30000 in each of as many"] = join(head, section("d", nil), tail(field("%s, %s",
		fmt.Sprintf(run, fmt.Sprintf(run, one)+", "+fmt.Sprintf(run, one)), fmt.Sprintf(run, one))))
	deep := one
	for range 300 {
		deep = fmt.Sprintf(`{"name": "%s", "type": "struct", "struct": {"vmsd_name": "e", "version": 1, "fields": [%s]}, "size": 1}`, strings.Repeat("n", 200), deep)
	}
	list["deep"] = join(head, section("d", []byte{1}), tail(field("%s", deep)))
	return list
}

// A description is expanded, so it may cost more than its bytes: a run of
// pointers is described in one object and becomes as many fields.
func TestStreamIsBounded(t *testing.T) {
	const perExpansion = 64 << 20
	for name, b := range hostileStreams(t) {
		t.Run(name, func(t *testing.T) {
			n := allocates(t, func() {
				_, _ = savevm.Parse(b, &payloadDecoder{limits: limitSets[0]}, savevm.Options{})
			})
			require.Less(t, n, perExpansion+perByte*len(b))
		})
	}
}

// An object as described is in memory before a byte is loaded, what no stream
// has to hold included.
func TestDescribedIsBounded(t *testing.T) {
	const perObject = 1 << 30
	for _, field := range []savevm.DescField{
		{Name: "b", Type: "buffer", Size: 1<<31 - 1},
		{Name: "b", Type: "uint64", Size: 8, HasArrayLen: true, ArrayLen: 1 << 27},
	} {
		sub := &savevm.VMSD{Name: "d/s", Fields: []savevm.DescField{field}}
		for _, v := range []*savevm.VMSD{sub, {Name: "d", Subsections: []*savevm.VMSD{sub}}} {
			n := allocates(t, func() {
				d, err := bind.Describe(v, 0)
				if err != nil {
					require.Equal(t, rules.BadDescription, asError(err).Class)
					return
				}
				_, _ = (&bind.Reference{}).Load(d.Schema, nil, 0)
			})
			require.Less(t, n, perObject)
		}
	}
}
