package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/impl/savevm"
	"vmconform/internal/show"
)

// A stream does not differ from itself.
func TestNothingDiffersFromItself(t *testing.T) {
	for name, b := range corpusStreams(t) {
		r := compared(t, b, b)
		require.Empty(t, lines(r), name)
		want := Equal
		if r.A.Undecoded {
			want = Undecided
			require.Contains(t, name, "2.2")
		}
		require.Equal(t, want, r.Verdict, name)
		r, err := Streams(of(t, "a", b), of(t, "b", slices.Clone(b)), Options{})
		require.NoError(t, err)
		require.Equal(t, Identical, r.Verdict)
	}
}

// mirrored exchanges the sides of a difference.
func mirrored(d Difference) Difference {
	d.A, d.B = d.B, d.A
	switch d.Kind {
	case OnlyInA:
		d.Kind = OnlyInB
	case OnlyInB:
		d.Kind = OnlyInA
	}
	if d.A != nil && d.A.Path != "" {
		a, b := *d.A, *d.B
		d.Path, b.Path, a.Path = a.Path, d.Path, ""
		d.A, d.B = &a, &b
	}
	if d.Pages != nil {
		p := *d.Pages
		p.OnlyInA, p.OnlyInB = p.OnlyInB, p.OnlyInA
		d.Pages = &p
	}
	return d
}

func sortedJSON(t *testing.T, all []*Difference, change func(Difference) Difference) []string {
	t.Helper()
	var s []string
	for _, d := range all {
		b, err := json.Marshal(change(*d))
		require.NoError(t, err)
		s = append(s, string(b))
	}
	sort.Strings(s)
	return s
}

// Exchanging the streams exchanges the sides.
func TestDifferencesMirror(t *testing.T) {
	all := corpusStreams(t)
	kinds := map[string]int{}
	check := func(a, b []byte) {
		t.Helper()
		there, back := compared(t, a, b), compared(t, b, a)
		require.Equal(t, there.Totals, back.Totals)
		require.Equal(t, there.Verdict, back.Verdict)
		same := func(d Difference) Difference { return d }
		require.Equal(t, sortedJSON(t, there.Differences, same), sortedJSON(t, back.Differences, mirrored))
		for _, d := range there.Differences {
			kinds[string(d.Kind)+" "+string(d.What)]++
		}
	}
	for name, b := range all {
		if other := strings.Replace(name, "-7.2", "-10.0", 1); other != name {
			if all[other] != nil {
				check(b, all[other])
			}
		}
	}
	check(all["pseries-1-events-7.2"], all["pseries-3-events-7.2"])
	check(all["s390x-3-crws-7.2"], all["s390x-0-crws-7.2"])
	check(all["q35-7.2"], all["pc-7.2"])
	check(rich.bytes(), changed.bytes())
	for _, want := range []string{
		"changed value", "changed version", "changed block", "changed stream", "changed payload", "moved device", "changed type",
		"only-in-a device", "only-in-b device", "only-in-a field", "only-in-b field", "only-in-a element", "only-in-b element",
		"only-in-b subsection", "only-in-b command",
	} {
		require.NotZero(t, kinds[want], want)
	}
}

// layout says where everything stands.
func layoutOf(t *testing.T, b []byte) (*show.Report, string) {
	t.Helper()
	r, err := show.Stream("", b)
	require.NoError(t, err)
	var s strings.Builder
	for _, d := range r.Devices {
		walk(d, func(n *show.Node) { fmt.Fprintln(&s, n.Path, n.Offset, n.Size, n.Decoded) })
	}
	return r, s.String()
}

// Other bytes in one field are one difference: its path, its place, its values.
func TestOneFieldIsOneDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	clocks, whole := 0, 0
	for name, b := range corpusStreams(t) {
		if len(b) > 400_000 || strings.HasPrefix(name, "aarch64") {
			continue // thousands of pages each
		}
		r, layout := layoutOf(t, b)
		var leaves []*show.Node
		ofType := map[string][]*show.Node{}
		for _, d := range r.Devices {
			walk(d, func(n *show.Node) {
				switch {
				case n.Integers() > 0:
					n = n.Integer(random.IntN(n.Integers()))
				case n.Size == 0 || !leaf(n) || n.Kind == show.Device:
					return
				}
				ofType[n.Type] = append(ofType[n.Type], n)
			})
		}
		for _, typ := range slices.Sorted(maps.Keys(ofType)) { // one of each type
			leaves = append(leaves, ofType[typ][random.IntN(len(ofType[typ]))])
		}
		tried := 0
		for _, n := range leaves {
			other := slices.Clone(b)
			for i := n.Offset; i < n.Offset+n.Size; i++ {
				other[i] ^= 0xff
			}
			if _, changed := layoutOf(t, other); changed != layout {
				continue // it was a length, or a byte that says what follows
			}
			tried++
			got := compared(t, b, other)
			require.Equal(t, []string{"changed value " + n.Path}, lines(got), name)
			d := got.Differences[0]
			for _, s := range []*Side{d.A, d.B} {
				require.Equal(t, []int64{n.Offset, n.Size}, []int64{s.Offset, s.Size}, n.Path)
				require.Empty(t, s.Path)
			}
			require.Equal(t, n.Type, d.Type)
			require.Equal(t, b[n.Offset:n.Offset+n.Size], d.A.raw)
			if n.Value != nil {
				want, err := json.Marshal(n.Value)
				require.NoError(t, err)
				value, err := json.Marshal(d.A.Value)
				require.NoError(t, err)
				require.Equal(t, string(want), string(value))
			}
			if n.IsBytes() {
				require.Equal(t, &Bytes{First: 0, Differ: n.Size}, d.Bytes, n.Path)
				whole++
			}
			if n.Type == "timer" {
				require.True(t, d.Clock)
				clocks++
			}
			require.Equal(t, Differ, got.Verdict)
			require.Equal(t, 1, got.Totals.Differing)
			// Hidden, it is no difference.
			hidden := compared(t, b, other, n.Path)
			require.Equal(t, Totals{Ignored: 1, Devices: got.Totals.Devices, Pages: got.Totals.Pages}, hidden.Totals, n.Path)
			require.Equal(t, Equal, hidden.Verdict)
		}
		require.GreaterOrEqual(t, 2*tried, len(leaves), name)
	}
	require.NotZero(t, clocks)
	require.NotZero(t, whole)
}

// The queue of the stream with three events; an event has 117 bytes: marker,
// summary, extended_length (4), extended_log (108).
const (
	queuePath = "spapr/spapr_pending_events/pending_events"
	event     = 1 + 4 + 4 + 108
)

// threeEvents returns a stream that has little more than that queue, cut into
// what precedes the queue, its elements, and what follows from the terminator on.
func threeEvents(t *testing.T) (before []byte, elements [][]byte, behind []byte) {
	t.Helper()
	b := corpusStreams(t)["pseries-3-events-7.2"]
	r, err := show.Stream("", b)
	require.NoError(t, err)
	s, err := r.Select(queuePath)
	require.NoError(t, err)
	d, err := r.Select("spapr")
	require.NoError(t, err)
	from, at := d.Selected.Offset, s.Selected.Offset
	for i := range int64(3) {
		elements = append(elements, b[at+i*event:at+(i+1)*event])
	}
	return slices.Concat(b[:r.Configuration.Offset+r.Configuration.Size], b[from:at]), elements, b[at+3*event:]
}

// Elements of a queue are told apart by what they hold, wherever they stand.
func TestElementsOfAQueue(t *testing.T) {
	before, e, behind := threeEvents(t)
	stream := func(elements ...[]byte) []byte {
		return slices.Concat(before, slices.Concat(elements...), behind)
	}
	other := func(b []byte, at int, with byte) []byte {
		b = slices.Clone(b)
		b[at] = with
		return b
	}
	fresh := other(e[0], 4, 0x55)  // another summary
	later := other(e[1], 116, 'x') // another end of its log
	marked := other(e[1], 0, 2)
	at := func(i int) int64 { return int64(len(before) + i*event) }
	type side struct {
		path         string
		offset, size int64
	}
	none := side{}
	all := func(i int) side { return side{fmt.Sprintf("%s[%d]", queuePath, i), at(i), event} }
	log := func(i int) side { return side{fmt.Sprintf("%s[%d]/extended_log", queuePath, i), at(i) + 9, 108} }
	mark := func(i int) side { return side{fmt.Sprintf("%s[%d]", queuePath, i), at(i), 1} }
	for _, c := range []struct {
		name string
		b    []byte
		want [][2]side
	}{
		{"first", stream(fresh, e[0], e[1], e[2]), [][2]side{{none, all(0)}}},
		{"second", stream(e[0], fresh, e[1], e[2]), [][2]side{{none, all(1)}}},
		{"last", stream(e[0], e[1], e[2], fresh), [][2]side{{none, all(3)}}},
		{"without the first", stream(e[1], e[2]), [][2]side{{all(0), none}}},
		{"without the second", stream(e[0], e[2]), [][2]side{{all(1), none}}},
		{"empty", stream(), [][2]side{{all(0), none}, {all(1), none}, {all(2), none}}},
		{"changed", stream(e[0], later, e[2]), [][2]side{{log(1), log(1)}}},
		{"first, and changed", stream(fresh, e[0], later, e[2]), [][2]side{{none, all(0)}, {log(1), log(2)}}},
		{"other marker", stream(e[0], marked, e[2]), [][2]side{{mark(1), mark(1)}}},
		{"second, and other marker", stream(e[0], fresh, marked, e[2]), [][2]side{{none, all(1)}, {mark(1), mark(2)}}},
		{"first, and other marker", stream(fresh, e[0], marked, e[2]), [][2]side{{none, all(0)}, {mark(1), mark(2)}}},
	} {
		for _, reverse := range []bool{false, true} {
			a, b := stream(e...), c.b
			if reverse {
				a, b = b, a
			}
			r := compared(t, a, b)
			got := [][2]side{}
			for _, d := range r.Differences {
				var x [2]side
				if d.A != nil {
					x[0] = side{d.Path, d.A.Offset, d.A.Size}
				}
				if d.B != nil {
					x[1] = side{d.Path, d.B.Offset, d.B.Size}
					if d.B.Path != "" {
						x[1].path = d.B.Path
					}
				}
				kind := Changed
				if d.A == nil {
					kind = OnlyInB
				} else if d.B == nil {
					kind = OnlyInA
				}
				require.Equal(t, kind, d.Kind)
				if reverse {
					x[0], x[1] = x[1], x[0]
				}
				got = append(got, x)
			}
			require.Equal(t, c.want, got, c.name)
		}
	}
}

// A stream that is cut has nothing else than its beginning has, and says so.
func TestACutIsNoDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	broken := 0
	for name, b := range corpusStreams(t) {
		tries := 6
		if len(b) > 1<<20 {
			tries = 1
		}
		for range tries {
			n := 8 + random.IntN(len(b)-8)
			for _, r := range []*Report{compared(t, b, b[:n:n]), compared(t, b[:n:n], b)} {
				require.Empty(t, lines(r), "%s cut at %d", name, n)
				if len(r.A.Errors)+len(r.B.Errors) > 0 {
					require.Equal(t, Broken, r.Verdict)
					broken++
				}
			}
		}
	}
	require.Greater(t, broken, 50)
}

// So it is wherever it is cut.
func TestACutAnywhereIsNoDifference(t *testing.T) {
	s := rich
	s.iter = []string{"start", "part", "end"}
	late := slices.Concat(be64(4096|4), counted("late"), be64(4096)) // a second list of blocks
	s.ram = [][]byte{zero(0, "a", 0), zero(1, "a", 0), zero(0, "b", 0), late, zero(0, "late", 0)}
	b := s.bytes()
	r, err := show.Stream("", b)
	require.NoError(t, err)
	for n := 8; n < len(b); n++ {
		if int64(n) == *r.End+1 {
			continue // that is a whole stream, which has no description
		}
		for _, r := range []*Report{compared(t, b, b[:n:n]), compared(t, b[:n:n], b)} {
			require.Empty(t, lines(r), "cut at %d", n)
		}
	}
}

// Where decoding stops, what is behind is compared as bytes, and is not missing.
func TestAStopIsNoDifference(t *testing.T) {
	before, e, behind := threeEvents(t)
	long := slices.Clone(e[1])
	long[8]++ // its extended_length
	whole := slices.Concat(before, e[0], e[1], e[2], behind)
	stopped := slices.Concat(before, e[0], long, e[2], behind)
	want := []string{"changed value " + queuePath + "[1]/extended_length", "changed decoded spapr"}
	require.Equal(t, want, lines(compared(t, whole, stopped)))
	require.Equal(t, want, lines(compared(t, stopped, whole)))
	later := slices.Clone(stopped)
	at := len(before) + 2*event + 50
	later[at] ^= 1
	r := compared(t, stopped, later)
	require.Equal(t, []string{"changed payload spapr"}, lines(r))
	d := r.Differences[0]
	require.EqualValues(t, at, d.A.Offset+d.Bytes.First)
	require.EqualValues(t, 1, d.Bytes.Differ)
}

// A type may change with the value, and a subsection's version.
func TestTypesAndVersions(t *testing.T) {
	of := func(field string) []byte {
		return built{devices: []device{{name: "d", version: 1, fields: field}}}.bytes()
	}
	r := compared(t, of("x:uint32=00000001"), of("x:int32=00000002"))
	require.Equal(t, []string{"changed type d/x", "changed value d/x"}, lines(r))
	require.Equal(t, []any{"uint32", "int32", ""}, []any{r.Differences[0].A.Value, r.Differences[0].B.Value, r.Differences[1].Type})
	r = compared(t, of("x:timer=0000000000000001"), of("x:int64=0000000000000002"))
	require.Zero(t, r.Totals.Clocks)

	before, e, behind := threeEvents(t)
	other := slices.Clone(before)
	other[len(other)-2] = 1 // 101 is accepted for 1
	r = compared(t, slices.Concat(before, e[0], behind), slices.Concat(other, e[0], behind))
	require.Equal(t, []string{"changed version spapr/spapr_pending_events"}, lines(r))
	require.Equal(t, []any{uint32(1), uint32(0x101)}, []any{r.Differences[0].A.Value, r.Differences[0].B.Value})
}

// A NULL in one stream and a struct in the other are different even if they have
// the same byte.
func TestLeafAndStruct(t *testing.T) {
	c, err := newComparer(of(t, "", nil), of(t, "", nil), Options{})
	require.NoError(t, err)
	r := &show.Report{Stream: &savevm.Stream{Bytes: []byte("0")}}
	c.a, c.b = r, r
	null := &show.Node{Kind: show.Element, Path: "p[0]", Extent: show.Extent{Size: 1}}
	structure := &show.Node{Kind: show.Element, Path: "p[0]", Extent: show.Extent{Size: 1}, Fields: []*show.Node{}}
	c.node(null, structure)
	c.node(structure, null)
	c.node(null, null)
	c.node(structure, structure)
	require.Equal(t, []string{"changed value p[0]", "changed value p[0]"}, lines(c.report))
}

// What concerns the whole stream, one thing at a time.
func TestHeads(t *testing.T) {
	sub := func(name string, body ...byte) []byte { // wire-format, Configuration
		return slices.Concat([]byte{5}, counted("configuration/"+name), be32(1), body)
	}
	uuid := sub("uuid", make([]byte, 16)...)
	uuid[len(uuid)-1] = 7
	base := built{machine: "m", devices: rich.devices}
	for _, c := range []struct {
		change func(*built)
		want   string
		value  any
	}{
		{func(s *built) { s.subs = sub("target-page-bits", 0, 0, 0, 12) }, "configuration/page_bits", uint32(12)},
		{func(s *built) { s.subs = sub("capabilities", 0, 0, 0, 1, 3, 'a', '-', 'b') }, "configuration/capabilities", []string{"a-b"}},
		{func(s *built) { s.subs = uuid }, "configuration/uuid", "00000000-0000-0000-0000-000000000007"},
		{func(s *built) { s.pageSize = 8192 }, "stream/page_size", 8192},
	} {
		s := base
		c.change(&s)
		r := compared(t, base.bytes(), s.bytes())
		require.Equal(t, []string{"changed stream " + c.want}, lines(r))
		require.Equal(t, c.value, r.Differences[0].B.Value)
	}
	old := base.bytes()
	old[7] = 2
	require.Equal(t, []string{"changed stream stream/version"}, lines(compared(t, base.bytes(), old)))

	all := corpusStreams(t)
	got := lines(compared(t, all["pc-i440fx-2.3-7.2"], all["pc-7.2"]))
	require.Equal(t, []string{"changed stream stream/footers", "only-in-b stream configuration"}, got[:2])
}

// Pages of two sizes are not held against each other.
func TestPagesOfTwoSizes(t *testing.T) {
	a := built{machine: "m", blocks: "a=2", ram: [][]byte{zero(0, "a", 0)}, devices: rich.devices}
	b := a
	b.pageSize = 8192
	require.Equal(t, []string{"changed stream stream/page_size"}, lines(compared(t, a.bytes(), b.bytes())))
}

// A section of several parts that nothing is known of.
func TestParts(t *testing.T) {
	a := rich
	a.iter = []string{"start", "part", "end"}
	for _, c := range []struct {
		iter []string
		want []string
	}{
		{[]string{"start", "part", "end"}, []string{}},
		{[]string{"Start", "part", "end"}, []string{"changed payload iter"}},
		{[]string{"start", "parts", "End"}, []string{"changed part iter", "changed part iter"}},
		{[]string{"start", "part", "end", "end"}, []string{"only-in-b part iter"}},
		{[]string{"start", "part"}, []string{"only-in-a part iter"}},
	} {
		b := a
		b.iter = c.iter
		require.Equal(t, c.want, lines(compared(t, a.bytes(), b.bytes())))
	}
}

var (
	rich = built{
		machine: "m", blocks: "a=4 b=1", ram: [][]byte{zero(0, "a", 0), zero(1, "a", 0), normal(2, "a", 7), zero(0, "b", 0)},
		commands: [][]byte{command(2, 4)},
		devices: []device{
			{name: "one", version: 1, fields: "x:uint32=00000001 y:uint32=00000002 t:timer=0000000000000005"},
			{name: "two", version: 1, fields: "x:uint32=00000001"},
			{name: "two", instance: 1, version: 1, fields: "x:uint32=00000001"},
			{name: "raw", version: 3, data: "0123456789"},
			{name: "old", version: 1, fields: "x:uint8=01"},
		},
	}
	changed = built{
		machine: "n", blocks: "a=4 c=1", ram: [][]byte{zero(0, "a", 0), zero(1, "a", 1), normal(2, "a", 7), zero(0, "c", 0)},
		commands: [][]byte{command(2, 4), command(11, 0)},
		devices: []device{
			{name: "two", version: 2, fields: "x:int32=00000001"},
			{name: "two", instance: 1, version: 1, fields: "x:uint32=00000001"},
			{name: "one", version: 1, fields: "x:uint32=00000001 z:uint32=00000002 t:timer=0000000000000006"},
			{name: "raw", version: 3, data: "01x3456789yz"},
			{name: "new", version: 1, fields: "x:uint8=01"},
		},
		trailing: "xyz",
	}
)

// command is a command with so many bytes.
func command(code, size int) []byte {
	return slices.Concat([]byte{8}, be16(code), be16(size), make([]byte, size))
}

// Every kind of difference, from streams of which each byte is known.
func TestKindsOfDifferences(t *testing.T) {
	r := compared(t, rich.bytes(), changed.bytes())
	require.Equal(t, []string{
		"changed stream configuration/machine",
		"only-in-b command commands[1]",
		"changed block ram/a",
		"only-in-a block ram/b",
		"only-in-b block ram/c",
		"moved device one",
		"only-in-a field one/y",
		"changed value one/t",
		"only-in-b field one/z",
		"changed version two",
		"changed type two/x",
		"changed payload raw",
		"only-in-a device old",
		"only-in-b device new",
		"only-in-b stream stream/trailing",
	}, lines(r))
	require.Equal(t, Totals{Differences: 15, Clocks: 1, Devices: 6, Differing: 5, Pages: 5, DifferPages: 3}, r.Totals)
	require.Equal(t, &Bytes{First: 2, Differ: 3}, r.Differences[11].Bytes)
	require.Equal(t, &Pages{Differ: 1, First: "4096"}, r.Differences[2].Pages)
	require.Equal(t, []any{1, 3}, []any{r.Differences[5].A.Value, r.Differences[5].B.Value}) // after ram
	for _, c := range []struct {
		name   string
		change func(s *built)
		want   []string
	}{
		{"nothing", func(*built) {}, []string{}},
		{"machine", func(s *built) { s.machine = "mm" }, []string{"changed stream configuration/machine"}},
		{"configuration", func(s *built) { s.machine = "" }, []string{"only-in-a stream configuration"}},
		{"description", func(s *built) { s.bare, s.devices = true, s.devices[:0] }, []string{
			"only-in-a device one", "only-in-a device two", "only-in-a device two#1", "only-in-a device raw", "only-in-a device old",
			"only-in-a stream stream/description"}},
		{"bare", func(s *built) { s.bare = true }, []string{"only-in-a stream stream/description"}},
		{"command", func(s *built) { s.commands = [][]byte{command(11, 0), command(2, 4)} }, []string{"only-in-b command commands[0]"}},
		{"no command", func(s *built) { s.commands = nil }, []string{"only-in-a command commands[0]"}},
		{"order", func(s *built) {
			s.devices = []device{s.devices[1], s.devices[2], s.devices[3], s.devices[4], s.devices[0]}
		}, []string{"moved device one"}},
		{"twice", func(s *built) { s.devices = append(s.devices, s.devices[3]) }, []string{"only-in-b device raw"}},
		{"ram", func(s *built) { s.ram = nil }, []string{"only-in-a section ram"}},
		{"trailing", func(s *built) { s.trailing = "x" }, []string{"only-in-b stream stream/trailing"}},
	} {
		s := rich
		s.devices = slices.Clone(rich.devices)
		c.change(&s)
		require.Equal(t, c.want, lines(compared(t, rich.bytes(), s.bytes())), c.name)
	}
	long, short := changed, changed
	long.trailing = "xYzz"
	r = compared(t, long.bytes(), short.bytes())
	require.Equal(t, []string{"changed payload stream/trailing"}, lines(r))
	require.Equal(t, &Bytes{First: 1, Differ: 2}, r.Differences[0].Bytes)
}

// What is no stream is no identical stream either.
func TestNoStream(t *testing.T) {
	good := of(t, "good", rich.bytes())
	bad := of(t, "bad", []byte("QEVN\x00\x00\x00\x03"))
	for _, c := range [][2]Stream{{bad, bad}, {good, bad}, {bad, good}} {
		_, err := Streams(c[0], c[1], Options{})
		require.ErrorIs(t, err, show.ErrNoStream)
		require.ErrorContains(t, err, "bad: ")
	}
}
