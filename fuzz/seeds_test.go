package fuzz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"
)

// seedSize is what most seeds stay below; mutating larger ones is slow.
const seedSize = 4096

// A device is a section cut from a stream.
type device struct {
	decoded
	path    string
	section []byte // header, payload and footer
	payload []byte
	text    []byte // its description
}

// lastSubsection is the bytes of the last subsection of the device itself.
func (d device) lastSubsection() []byte {
	var sub []byte
	for _, s := range d.loaded.Spans {
		if s.Kind == model.SpanSubsection && s.Depth == 0 {
			sub = d.payload[s.Offset : s.Offset+s.Size]
		}
	}
	return sub
}

// A trunk is what is left of a stream without its described sections.
type trunk struct {
	name    string
	head    []byte // header, configuration, commands, sections of known layout, cut short
	devices []device
}

// cuts are the streams of the corpus, cut up once.
var cuts = sync.OnceValues(func() ([]trunk, error) {
	entries, err := corpus.Entries()
	if err != nil {
		return nil, err
	}
	var list []trunk
	seen := map[string]bool{}
	for _, e := range entries {
		b, err := e.Open()
		if err != nil {
			return nil, err
		}
		c, err := cut(e.Name, b, seen)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		list = append(list, c)
	}
	return list, nil
})

func trunks(tb testing.TB) []trunk {
	tb.Helper()
	list, err := cuts()
	require.NoError(tb, err)
	return list
}

func devices(tb testing.TB) []device {
	tb.Helper()
	var list []device
	for _, c := range trunks(tb) {
		list = append(list, c.devices...)
	}
	return list
}

// cut cuts a stream up. Of devices with one description and one size the first
// is enough; large ones are left out unless they have a queue with elements.
func cut(name string, b []byte, seen map[string]bool) (trunk, error) {
	d := &payloadDecoder{limits: rules.Limits{}}
	s, err := savevm.Parse(b, d, savevm.Options{})
	if err != nil {
		return trunk{}, err
	}
	texts, err := deviceTexts(s)
	if err != nil {
		return trunk{}, err
	}
	c := trunk{name: name, head: b[:8:8]}
	if s.Config != nil {
		end := s.Config.Offset + s.Config.Size
		c.head = b[:end:end]
	}
	for _, it := range s.Items {
		if it.Command != nil {
			c.head = append(c.head, b[it.Command.Offset:it.Command.Offset+it.Command.Size]...)
			continue
		}
		sec := it.Section
		key := ""
		if sec.Device != nil && sec.Device.VMSD != nil {
			key = fmt.Sprintf("%s/%d", sec.Device.VMSD.Name, sec.PayloadSize)
		}
		switch got, read := d.read[sec]; {
		case sec.Coverage == savevm.CoverageBuiltin:
			c.head = append(c.head, shortened(s, sec)...)
		case !read || sec.Coverage != savevm.CoverageFull || seen[key]:
		case sec.Size+int64(len(texts[sec.Device])) < seedSize*9/10 || slices.ContainsFunc(got.loaded.Spans, isElement):
			seen[key] = true
			c.devices = append(c.devices, device{
				decoded: got, path: sec.Path(), payload: s.Payload(sec),
				section: b[sec.Offset : sec.Offset+sec.Size],
				text:    texts[sec.Device],
			})
		}
	}
	return c, nil
}

// lastRecord ends a payload, by the section's name.
var lastRecord = map[string]string{
	"s390-storage_attributes": "\x00\x00\x00\x00\x00\x00\x00\x01",
	"dirty-bitmap":            "\x01",
	"block":                   "\x00\x00\x00\x00\x00\x00\x00\x02",
}

// shortened is a section of known layout with its first records only: without
// page contents, hash table entries, storage attributes and the like.
func shortened(s *savevm.Stream, sec *savevm.Section) []byte {
	out := bytes.Clone(s.Bytes[sec.Offset:sec.PayloadOffset])
	switch sec.Name {
	case "ram":
		end := sec.PayloadOffset
		enough := errors.New("enough")
		src, err := savevm.Read(bytes.NewReader(s.Bytes), savevm.ReadOptions{Record: func(r *savevm.RAMRecord) error {
			if r.Offset < sec.PayloadOffset {
				return nil
			}
			if end = r.Offset; r.Flag == savevm.RAMPage || r.Flag == savevm.RAMEOS || end > sec.PayloadOffset+300 {
				return enough
			}
			return nil
		}})
		src.Close()
		if err != enough {
			panic(err) // there is a record that ends the payload
		}
		out = append(out, s.Bytes[sec.PayloadOffset:end]...)
		out = binary.BigEndian.AppendUint64(out, savevm.RAMEOS)
	case "spapr/htab":
		if sec.PayloadSize <= 64 {
			out = append(out, s.Payload(sec)...)
		} else {
			out = append(out, make([]byte, 12)...) // an empty list
		}
	default:
		if sec.PayloadSize <= 64 {
			out = append(out, s.Payload(sec)...)
		} else {
			out = append(out, lastRecord[sec.Name]...)
		}
	}
	if sec.HasFooter {
		out = append(out, s.Bytes[sec.Offset+sec.Size-5:sec.Offset+sec.Size]...)
	}
	return out
}

// deviceTexts cuts the description up into those of its devices.
func deviceTexts(s *savevm.Stream) (map[*savevm.Device][]byte, error) {
	texts := map[*savevm.Device][]byte{}
	if s.VMDesc == nil {
		return texts, nil
	}
	at := s.VMDescOffset + 5
	dec := jsontext.NewDecoder(bytes.NewBuffer(s.Bytes[at:at+s.VMDescSize]), jsontext.AllowDuplicateNames(true))
	for {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if dec.StackDepth() == 1 && token.Kind() == '"' && token.String() == "devices" {
			break
		}
	}
	if _, err := dec.ReadToken(); err != nil { // [
		return nil, err
	}
	for i := range s.VMDesc.Devices {
		v, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		texts[&s.VMDesc.Devices[i]] = bytes.Clone(v)
	}
	return texts, nil
}

// description is the description of some devices.
func description(devices []device) []byte {
	texts := make([][]byte, len(devices))
	for i, d := range devices {
		texts[i] = d.text
	}
	return fmt.Appendf(nil, `{"page_size": 4096, "devices": [%s]}`, bytes.Join(texts, []byte(", ")))
}

// stream puts the trunk together with some of its devices.
func (c trunk) stream(devices []device) []byte {
	out := bytes.Clone(c.head)
	for _, d := range devices {
		out = append(out, d.section...)
	}
	text := description(devices)
	out = binary.BigEndian.AppendUint32(append(out, savevm.KindEOF, savevm.KindVMDesc), uint32(len(text)))
	return append(out, text...)
}

// streamSeeds are short streams: of each entry of the corpus the trunk, and
// its devices, as many as fit in a small seed together.
func streamSeeds(tb testing.TB) [][]byte {
	tb.Helper()
	var list [][]byte
	for _, c := range trunks(tb) {
		var group []device
		for _, d := range c.devices {
			if len(group) > 0 && len(c.stream(append(group, d))) >= seedSize/4 {
				list = append(list, c.stream(group))
				group = nil
			}
			group = append(group, d)
		}
		list = append(list, c.stream(group))
	}
	return list
}

// descriptionSeeds are the descriptions of single devices.
func descriptionSeeds(tb testing.TB) [][]byte {
	tb.Helper()
	var list [][]byte
	for _, d := range devices(tb) {
		list = append(list, description([]device{d}))
	}
	return list
}

// cutShort are some of the seeds without their last bytes.
func cutShort(seeds [][]byte) [][]byte {
	var list [][]byte
	for i := 0; i < len(seeds); i += 7 {
		list = append(list, seeds[i][:len(seeds[i])*(i%5+1)/6])
	}
	return list
}

// queueSeeds are the queues of the corpus, at the versions at and beside the
// ends of their elements' range, and one small queue of each of the table.
func queueSeeds(tb testing.TB) []queueSeed {
	tb.Helper()
	var list []queueSeed
	add := func(i int, stream []byte) {
		c := queueCases[i]
		for _, v := range c.versions() {
			list = append(list, queueSeed{stream, uint8(i), v})
		}
		for k := range limitSets {
			list = append(list, queueSeed{stream, uint8(i + k*len(queueCases)), c.elem.Version})
		}
	}
	for _, q := range queues(tb) {
		for i, c := range queueCases {
			if c.elem.Name == q.elem {
				add(i, append(make([]byte, c.before), q.bytes...))
			}
		}
	}
	for i, c := range queueCases {
		s := c.schema(c.elem.Version)
		stream, err := model.Encode(s, sample(s, 2), s.Version)
		require.NoError(tb, err)
		add(i, stream)
		if other := bytes.ReplaceAll(stream, []byte("e/x"), []byte("e/z")); !bytes.Equal(other, stream) {
			add(i, other) // no such subsection, under each of the limits
		}
	}
	return list
}

// A queue is the bytes of one, cut from a stream.
type queue struct {
	elem     string
	elements int
	bytes    []byte
}

// queues are the queues of the corpus, no two with the same bytes.
func queues(tb testing.TB) []queue {
	tb.Helper()
	var list []queue
	seen := map[string]bool{}
	for _, d := range devices(tb) {
		for _, s := range d.loaded.Spans {
			if !isQueue(s) {
				continue
			}
			q := queue{elem: s.Field.Elem.Name, bytes: d.payload[s.Offset : s.Offset+s.Size]}
			for _, e := range d.loaded.Spans {
				if isElement(e) && e.Field == s.Field {
					q.elements++
				}
			}
			if key := q.elem + string(q.bytes); !seen[key] {
				seen[key] = true
				list = append(list, q)
			}
		}
	}
	return list
}

// stateSeeds are devices whose schema can be written as bytes, the queues of
// the table, and drawn cases, which have what no device of the corpus has.
func stateSeeds(tb testing.TB) []stateSeed {
	tb.Helper()
	var list []stateSeed
	add := func(l load, limits uint8) {
		if s, ok := stateSeedOf(l, limits); ok {
			list = append(list, s)
		}
	}
	for _, d := range devices(tb) {
		if len(d.payload) >= 4*seedSize {
			continue
		}
		add(d.load, 0)
		if sub := d.lastSubsection(); sub != nil {
			// Loaded a second time before the third shows to be cut.
			add(d.with(slices.Concat(d.payload, sub, sub[:len(sub)-1])), 0)
		}
	}
	for _, c := range queueCases {
		s := c.schema(c.elem.Version)
		s.Version = c.elem.Version
		stream, err := model.Encode(s, sample(s, 2), s.Version)
		require.NoError(tb, err)
		add(load{schema: s, version: s.Version, stream: stream}, 0)
	}
	for i := range 40 {
		c := drawn.Example(i)
		stream, err := model.Encode(c.Schema, c.Value, c.Version)
		require.NoError(tb, err)
		add(load{schema: c.Schema, version: c.Version, stream: stream}, uint8(i))
	}
	return list
}

// vectorSeeds are the vectors of the corpus, accepted and refused: each that can
// be said in the arguments of FuzzLoadState, and in those of FuzzLoadQTAILQ.
func vectorSeeds(tb testing.TB) (states []stateSeed, queues []queueSeed) {
	tb.Helper()
	vectors, err := corpus.Vectors()
	require.NoError(tb, err)
	for _, v := range vectors {
		l := loadOfVector(tb, v)
		if s, ok := stateSeedOf(l, 0); ok {
			states = append(states, s)
		}
		if q, ok := queueSeedOf(tb, l); ok {
			queues = append(queues, q)
		}
	}
	return states, queues
}

func loadOfVector(tb testing.TB, v corpus.Vector) load {
	tb.Helper()
	s, err := model.UnmarshalSchema([]byte(v.Schema))
	require.NoError(tb, err, v.ID)
	return load{schema: s, version: v.Version, stream: v.Payload}
}

var drawn = gen.Cases(gen.Space{Depth: 3})

// noise is n bytes that depend on the seed only; low values are frequent.
func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		if b[i] = byte(r.Uint32()); b[i]&1 == 0 {
			b[i] = byte(r.IntN(16))
		}
	}
	return b
}

// A target without seeds, or with large ones only, would still run, and find
// nothing.
func TestSeeds(t *testing.T) {
	sizes := map[string][]int{}
	for _, s := range queueSeeds(t) {
		sizes["FuzzLoadQTAILQ"] = append(sizes["FuzzLoadQTAILQ"], len(s.stream))
	}
	for _, s := range stateSeeds(t) {
		sizes["FuzzLoadState"] = append(sizes["FuzzLoadState"], len(s.schema)+len(s.stream))
	}
	for _, s := range streamSeeds(t) {
		sizes["FuzzStream"] = append(sizes["FuzzStream"], len(s))
	}
	for _, s := range descriptionSeeds(t) {
		sizes["FuzzVMDesc"] = append(sizes["FuzzVMDesc"], len(s))
	}
	for target, want := range map[string]int{"FuzzLoadQTAILQ": 100, "FuzzLoadState": 70, "FuzzStream": 30, "FuzzVMDesc": 70} {
		small, largest := 0, 0
		for _, n := range sizes[target] {
			largest = max(largest, n)
			if n < seedSize {
				small++
			}
		}
		t.Logf("%s: %d seeds, %d of them under %d bytes, the largest %d", target, len(sizes[target]), small, seedSize, largest)
		require.GreaterOrEqual(t, len(sizes[target]), want, target)
		require.Greater(t, small*10, len(sizes[target])*8, target)
	}

	found := map[string]int{}
	for _, q := range queues(t) {
		found[q.elem] = max(found[q.elem], q.elements)
	}
	t.Log("queues, and the most elements:", found)
	require.Equal(t, 20, found["spapr_event_log_entry"])
	require.Equal(t, 3, found["s390_crw_container"])
	require.Equal(t, 8, found["uefi-variable"])
}

// Every vector is a seed that asks for what the vector does, so that a case
// which was made a vector is tried and mutated from then on.
func TestVectorsAreSeeds(t *testing.T) {
	vectors, err := corpus.Vectors()
	require.NoError(t, err)
	var queues []string
	for _, v := range vectors {
		l := loadOfVector(t, v)
		s, ok := stateSeedOf(l, 0)
		require.True(t, ok, "FuzzLoadState cannot express %s", v.ID)
		s.load().comesTo(t, v)
		if q, ok := queueSeedOf(t, l); ok {
			queues = append(queues, v.ID)
			_, l := q.load()
			l.comesTo(t, v)
		}
	}
	require.Subset(t, queues, []string{
		"ccs-list", "ccs-list-cut", "pending-events", "pending-events-cut-in-second", "pending-events-empty",
		"pending-events-marker-02", "pending-events-unterminated",
	})
	require.NotContains(t, queues, "pending-events-too-new", "the target's own vmsd is never too new")
	top := &model.Schema{Name: "old", Version: 1, Fields: []model.Field{{Name: "q", Type: model.TypeQueue, Version: 1, Elem: eventElem}}}
	_, ok := queueSeedOf(t, load{schema: top, version: 1})
	require.True(t, ok)
	_, ok = queueSeedOf(t, load{schema: top, version: 0})
	require.False(t, ok, "the queue is not on the wire")
	asStates, asQueues := vectorSeeds(t)
	require.Len(t, asStates, len(vectors))
	require.Len(t, asQueues, len(queues))
}

// comesTo fails unless the model makes of a load what a vector says, but for
// the names of fields.
func (l load) comesTo(t *testing.T, v corpus.Vector) {
	t.Helper()
	loaded, err := model.Decode(l.schema, l.stream, l.version, model.Options{Limits: l.limits})
	if v.Expect == "refuse" {
		require.Error(t, err, v.ID)
		require.Equal(t, v.Class, string(asError(err).Class), v.ID)
		require.Equal(t, v.Offset, asError(err).Offset, v.ID)
		return
	}
	require.NoError(t, err, v.ID)
	require.Equal(t, int64(len(v.Payload)), loaded.Consumed, v.ID)
	if v.Note == "" {
		require.Empty(t, loaded.Notes, v.ID)
		return
	}
	require.Len(t, loaded.Notes, 1, v.ID)
	require.Equal(t, v.Note, string(loaded.Notes[0].Rule), v.ID)
	require.Equal(t, v.Offset, loaded.Notes[0].Offset, v.ID)
}

// A seed that is refused at once leads nowhere.
func TestSeedsAreAccepted(t *testing.T) {
	partial := 0
	for _, b := range streamSeeds(t) {
		s, err := savevm.Parse(b, &payloadDecoder{limits: limitSets[0]}, savevm.Options{})
		require.NoError(t, err)
		require.NotNil(t, s.VMDesc)
		require.Equal(t, int64(len(b)), s.End)
		for sec := range s.Sections {
			if sec.Coverage != savevm.CoverageFull && sec.Coverage != savevm.CoverageBuiltin {
				t.Log(sec.Path(), sec.Coverage, sec.DecodeErr)
				partial++
			}
		}
	}
	require.Zero(t, partial)
	// Drawn values may be saved at a version at which they do not load, and some
	// devices have a subsection too many.
	seeds, whole := stateSeeds(t), 0
	for _, s := range seeds {
		l := s.load()
		loaded, err := model.Decode(l.schema, l.stream, l.version, model.Options{})
		if err == nil && int64(len(s.stream)) == loaded.Consumed {
			whole++
		}
	}
	require.Greater(t, whole*10, len(seeds)*8)
}
