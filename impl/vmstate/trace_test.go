package vmstate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// spell writes an event in a line, with the members that count for its kind,
// indented by how many things are open.
func spell(e vmstate.Event, open int) string {
	s := fmt.Sprintf("%s%d %s", strings.Repeat("  ", open), e.Offset, e.Kind)
	switch e.Kind {
	case vmstate.TraceStart:
		if e.Index >= 0 {
			s += fmt.Sprintf(" [%d]", e.Index)
		}
		return fmt.Sprintf("%s %s v%d", s, e.Name, e.Version)
	case vmstate.TraceField:
		if !e.Exists {
			s += " no"
		}
		return fmt.Sprintf("%s %s.%s", s, e.Name, e.Field)
	case vmstate.TraceElements:
		return fmt.Sprintf("%s %s %d", s, e.Field, e.N)
	case vmstate.TraceSubsection:
		return fmt.Sprintf("%s %s %s", s, e.Name, e.Field)
	case vmstate.TraceNoSubsection:
		return fmt.Sprintf("%s %s", s, e.Name)
	case vmstate.TraceEnd:
		return fmt.Sprintf("%s %s: %s", s, e.Name, e.Reason)
	case vmstate.TraceQueue:
		return fmt.Sprintf("%s %s %s v%d", s, e.Type, e.Name, e.Version)
	case vmstate.TraceQueueEnd:
		return fmt.Sprintf("%s %s %s: %s", s, e.Type, e.Name, e.Reason)
	}
	return s + " unknown"
}

// A traceLog checks that whatever starts ends, the last first.
type traceLog struct {
	lines   []string
	open    []vmstate.Event
	reasons []vmstate.Event // ends other than "end"
	wrong   error
}

func (l *traceLog) observe(e vmstate.Event) {
	switch e.Kind {
	case vmstate.TraceEnd, vmstate.TraceQueueEnd:
		n := len(l.open) - 1
		begins := map[vmstate.TraceKind]vmstate.TraceKind{vmstate.TraceEnd: vmstate.TraceStart, vmstate.TraceQueueEnd: vmstate.TraceQueue}[e.Kind]
		if n < 0 || l.open[n].Kind != begins || l.open[n].Name != e.Name || l.open[n].Type != e.Type {
			l.wrong = errors.Join(l.wrong, fmt.Errorf("%+v ends %+v", e, l.open))
			return
		}
		l.open = l.open[:n]
		if e.Reason != vmstate.ReasonEnd {
			l.reasons = append(l.reasons, e)
		}
	}
	l.lines = append(l.lines, spell(e, len(l.open)))
	if e.Kind == vmstate.TraceStart || e.Kind == vmstate.TraceQueue {
		l.open = append(l.open, e)
	}
}

func (l *traceLog) is(t *testing.T, want string) {
	t.Helper()
	if l.wrong != nil || len(l.open) > 0 {
		t.Fatal(l.wrong, l.open)
	}
	got := strings.Join(l.lines, "\n")
	if want = strings.TrimSpace(strings.ReplaceAll(want, "\n\t\t", "\n")); got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

func trace[T any](d *vmstate.Description, obj *T, stream []byte, version uint32) (*traceLog, error) {
	l := new(traceLog)
	_, err := vmstate.Load(d, unsafe.Pointer(obj), stream, version, vmstate.LoadOptions{All: true, Trace: l.observe})
	return l, err
}

// A queue with an element, an array of structs, what is not on the wire, a
// subsection and a 05 that is none.
func describeTraced() *vmstate.Description {
	var o traced
	sub := &vmstate.Description{Name: "d/s", VersionID: 2, MinimumVersionID: 2,
		Needed: func(obj unsafe.Pointer) bool { return (*traced)(obj).s != 0 },
		Fields: []vmstate.Field{vmstate.Scalar("s", unsafe.Offsetof(o.s), 0, vmstate.InfoUint8)}}
	return &vmstate.Description{Name: "d", VersionID: 2, MinimumVersionID: 1, Subsections: []*vmstate.Description{sub}, Fields: []vmstate.Field{
		vmstate.Scalar("x", unsafe.Offsetof(o.x), 0, vmstate.InfoUint8),
		vmstate.Scalar("new", unsafe.Offsetof(o.x), 2, vmstate.InfoUint8),
		{Name: "p", Offset: unsafe.Offsetof(o.p), Flags: vmstate.Array | vmstate.VStruct, Num: 2, Size: unsafe.Sizeof(pair{}), VMSD: describePair(), StructVersionID: 2},
		tailq.Field("q", unsafe.Offsetof(o.q), 1, nodeType.Metadata(describeNode())),
		vmstate.ScalarArray("a", unsafe.Offsetof(o.a), 0, vmstate.InfoUint8, 2),
		vmstate.Field{Offset: unsafe.Offsetof(o.s), Info: vmstate.InfoUint8, Exists: func(unsafe.Pointer, uint32) bool { return false }},
	}}
}

type traced struct {
	x, s uint8
	a    [2]uint8
	p    [2]pair
	q    tailq.Head[node]
}

func TestTraceOfALoad(t *testing.T) {
	var got traced
	l, err := trace(describeTraced(), &got, wire(t, "09 01 05 01 07 00 00 0809 05 03 642f73 00000002 06"), 1)
	if err != nil {
		t.Fatal(err)
	}
	l.is(t, `
		0 start d v1
		  0 field d.x
		  1 field no d.new
		  1 field d.p
		  1 elements p 2
		  1 start [0] pair v2
		    1 field pair.x
		    2 field no pair.y
		    2 no-subsection pair
		  2 end pair: end
		  2 start [1] pair v2
		    2 field pair.x
		    3 field no pair.y
		  3 end pair: end
		  3 field d.q
		  3 queue qtailq node v1
		    4 start [0] node v1
		      4 field node.n
		      5 field node.inner
		      5 queue qtailq node v0
		      6 queue-end qtailq node: end
		    6 end node: end
		  7 queue-end qtailq node: end
		  7 field d.a
		  7 elements a 2
		  9 subsection d d/s
		  18 start d/s v2
		    18 field d/s.s
		  19 end d/s: end
		19 end d: end`)
}

// What ends early ends everything that is open, each with the reason.
func TestTraceOfAFailure(t *testing.T) {
	l, err := trace(describeTraced(), new(traced), wire(t, "09 01 05 01 07 01"), 1)
	refused(t, err, verdict{rules.Truncated, 6, "q[0]/inner[0]/n"})
	l.is(t, `
		0 start d v1
		  0 field d.x
		  1 field no d.new
		  1 field d.p
		  1 elements p 2
		  1 start [0] pair v2
		    1 field pair.x
		    2 field no pair.y
		    2 no-subsection pair
		  2 end pair: end
		  2 start [1] pair v2
		    2 field pair.x
		    3 field no pair.y
		  3 end pair: end
		  3 field d.q
		  3 queue qtailq node v1
		    4 start [0] node v1
		      4 field node.n
		      5 field node.inner
		      5 queue qtailq node v0
		        6 start [0] node v0
		          6 field node.n
		        6 end node: truncated
		      6 queue-end qtailq node: truncated
		    6 end node: truncated
		  6 queue-end qtailq node: truncated
		6 end d: truncated`)
}

// A version that is refused is told of as QEMU does, whose it may be.
func TestTraceOfVersions(t *testing.T) {
	vstruct := func(version uint32) *vmstate.Description {
		return one(vmstate.Field{Name: "p", Flags: vmstate.VStruct, VMSD: describePair(), StructVersionID: version})
	}
	queue := func(version uint32) *vmstate.Description {
		d := one(tailq.Field("q", 0, version, nodeType.Metadata(describeNode())))
		d.VersionID = 9
		return d
	}
	for _, c := range []struct {
		name    string
		d       *vmstate.Description
		stream  string
		version uint32
		want    string
	}{
		{"top, too new", one(), "", 2, `
		0 start d v2
		0 end d: too new`},
		{"top, too old", one(), "", 0, `
		0 start d v0
		0 end d: too old`},
		{"vstruct", vstruct(4), "", 1, `
		0 start d v1
		  0 field d.p
		  0 start pair v4
		  0 end pair: too new
		0 end d: too new`},
		{"tmp", describeTmp(3, nil), "05", 9, `
		0 start d v9
		  0 field d.a
		  1 field d.tmp
		  1 start d/diff v3
		  1 end d/diff: too new
		1 end d: too new`},
		{"queue", queue(2), "", 9, `
		0 start d v9
		  0 field d.q
		  0 queue qtailq node v2
		  0 queue-end qtailq node: too new
		0 end d: too new`},
		{"subsection", describeDevice(), "01" + "05 05 6465762f78 00000001", 1, `
		0 start dev v1
		  0 field dev.a
		  1 subsection dev dev/x
		  12 start dev/x v1
		  8 end dev/x: too old
		8 end dev: too old`},
		{"no such subsection", describeDevice(), "01" + "05 05 6465762f77 00000001", 1, `
		0 start dev v1
		  0 field dev.a
		  1 subsection dev dev/w
		1 end dev: unknown-subsection`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := trace(c.d, new([64]byte), wire(t, c.stream), c.version)
			if err == nil {
				t.Fatal("it loads")
			}
			l.is(t, c.want)
		})
	}
}

// Wherever a load ends, what was open ends with its class, at its offset, and
// without it the load is the same.
func TestTraceOfAllFailures(t *testing.T) {
	stream := machineStream(t)
	check := func(stream []byte) {
		l, err := trace(describeMachine(), newMachine(), stream, 2)
		_, quiet := load(describeMachine(), newMachine(), stream, 2)
		same(t, fmt.Sprint(err), fmt.Sprint(quiet))
		if l.wrong != nil || len(l.open) > 0 {
			t.Fatal(l.wrong, l.open)
		}
		var e *rules.Error
		if !errors.As(err, &e) || e.Class == rules.TrailingData {
			same(t, len(l.reasons), 0)
			return
		}
		if len(l.reasons) == 0 || l.reasons[len(l.reasons)-1].Name != "machine" {
			t.Fatal(l.reasons)
		}
		want := string(e.Class)
		if name, ok := map[rules.Class]string{rules.VersionTooNew: "too new", rules.VersionTooOld: "too old"}[e.Class]; ok {
			want = name
		}
		for _, r := range l.reasons {
			same(t, r.Reason, want)
			same(t, r.Offset, e.Offset)
		}
	}
	for n := range stream {
		check(stream[:n])
		for _, b := range []byte{0, 1, 5, 0x30, 0xff} {
			bad := slices.Clone(stream)
			bad[n] = b
			check(bad)
		}
	}
	check(append(slices.Clone(stream), 0))
}

func TestTraceOfHooks(t *testing.T) {
	for hook, want := range map[string]string{
		"pre_load d/s": `
		0 start d v4
		  0 field d.v
		  1 field d.in
		  1 start in v4
		    1 field in.v
		    2 no-subsection in
		  2 end in: end
		  2 subsection d d/s
		  11 start d/s v4
		  11 end d/s: hook
		11 end d: hook`,
		"post_load in 4": `
		0 start d v4
		  0 field d.v
		  1 field d.in
		  1 start in v4
		    1 field in.v
		    2 no-subsection in
		  2 end in: hook
		2 end d: hook`,
	} {
		l := hookLog{fail: hook}
		log, _ := trace(l.describe(), new([3]uint8), wire(t, hooked), 4)
		log.is(t, want)
	}
}

func TestTraceOfASave(t *testing.T) {
	obj := traced{x: 9, s: 6, p: [2]pair{{x: 1}, {x: 2}}, a: [2]uint8{8, 9}}
	nodeType.InsertTail(&obj.q, &node{n: 7})
	saves := func(version uint32) (*traceLog, error) {
		l := new(traceLog)
		_, err := vmstate.Save(describeTraced(), unsafe.Pointer(&obj), version, vmstate.SaveOptions{Trace: l.observe, VMDesc: vmstate.Strict})
		return l, err
	}
	l, err := saves(1)
	if err != nil {
		t.Fatal(err)
	}
	const begin = `
		0 start d v1
		  0 field d.x
		  1 field no d.new
		  1 field d.p
		  1 elements p 2
		  1 start [0] pair v2
		    1 field pair.x
		    2 field no pair.y
		  2 end pair: end
		  2 start [1] pair v2
		    2 field pair.x
		    3 field no pair.y
		  3 end pair: end
		  3 field d.q
		  3 queue qtailq node v1
		    4 start [0] node v1
		      4 field node.n
		      5 field node.inner
		      5 queue qtailq node v1
		      6 queue-end qtailq node: end
		    6 end node: end`
	l.is(t, begin+`
		  7 queue-end qtailq node: end
		  7 field d.a
		  7 elements a 2
		  9 subsection d d/s
		  18 start d/s v2
		    18 field d/s.s
		  19 end d/s: end
		19 end d: end`)

	obj.q.Last = nil // which shows where the terminator would have been written
	l, err = saves(1)
	refused(t, err, verdict{rules.BadLink, 6, "q"})
	l.is(t, begin+`
		  6 queue-end qtailq node: bad-link
		6 end d: bad-link`)

	l, err = saves(3)
	refused(t, err, verdict{rules.VersionTooNew, 0, ""})
	l.is(t, `
		0 start d v3
		0 end d: too new`)
}

// A number of elements that a hook tells of is that of its field, in the array too.
func TestTraceOfElements(t *testing.T) {
	f := vmstate.CSTMField("f", 0, 1, 0, nil, nil,
		func(l *vmstate.Loader, _ any, _ unsafe.Pointer, _ uint32) error { l.TraceElements(7); return nil },
		func(s *vmstate.Saver, _ any, _ unsafe.Pointer) error { s.TraceElements(8); return nil })
	f.Flags, f.Num = vmstate.CSTM|vmstate.Array, 1
	d := one(vmstate.StructField("s", 0, 0, one(f)))
	for _, d := range []*vmstate.Description{one(f), d} {
		for n, run := range map[int]func(l *traceLog) error{
			7: func(l *traceLog) error {
				_, err := vmstate.Load(d, unsafe.Pointer(new(uint8)), nil, 1, vmstate.LoadOptions{Trace: l.observe})
				return err
			},
			8: func(l *traceLog) error {
				_, err := vmstate.Save(d, unsafe.Pointer(new(uint8)), 1, vmstate.SaveOptions{Trace: l.observe})
				return err
			},
		} {
			var l traceLog
			if err := run(&l); err != nil {
				t.Fatal(err)
			}
			told := slices.DeleteFunc(l.lines, func(s string) bool { return !strings.Contains(s, "elements") })
			for i := range told {
				told[i] = strings.TrimSpace(told[i])
			}
			same(t, strings.Join(told, ", "), fmt.Sprintf("0 elements f 1, 0 elements f %d", n))
		}
	}
}

// Each kind has a name.
func TestTraceKinds(t *testing.T) {
	names := map[string]bool{}
	for k := vmstate.TraceStart; k <= vmstate.TraceQueueEnd; k++ {
		names[k.String()] = true
	}
	same(t, len(names), int(vmstate.TraceQueueEnd))
}
