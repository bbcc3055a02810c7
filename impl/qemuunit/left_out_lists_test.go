package qemuunit_test

import (
	"fmt"
	"testing"

	"vmconform/impl/qlist"
	"vmconform/impl/savevm"
	"vmconform/impl/tailq"
	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

var emptyQueue = extra[queue]{unit: unit[queue]{
	describe: queueUnit.describe,
	version:  1,
	wire:     []item{{"fe00", "i16"}, {"00", "q[0]"}, {"00011170", "i32"}},
	full:     func() *queue { return &queue{i16: -512, i32: 70000} },
	blank:    func() *queue { return new(queue) },
	asserts: func(t *testing.T, o *queue) {
		t.Helper()
		same(t, queuedType.First(&o.q), nil)
		same(t, o.i32, 70000)
	},
}}

var emptyList = extra[container]{unit: unit[container]{
	describe: listUnit.describe,
	version:  1,
	wire:     []item{{"00000001", "id"}, {"00", "list[0]"}},
	full:     func() *container { return &container{id: 1} },
	blank:    func() *container { return new(container) },
	asserts:  func(t *testing.T, c *container) { t.Helper(); same(t, ids(c), "[]") },
}}

var emptyTree = extra[domain]{unit: unit[domain]{
	describe: describeDomain,
	version:  1,
	wire:     []item{{"00000006", "id"}, {"00000000", "mappings"}, {"00", "mappings[0]"}},
	full:     func() *domain { return &domain{id: 6} },
	blank:    func() *domain { return new(domain) },
	asserts:  func(t *testing.T, d *domain) { t.Helper(); same(t, d.spell(), "6") },
}}

// The second element of QEMU's queue, list and tree fails, in the way that its
// description has it fail, where there are elements already: they stay as they
// were, and those of the load are gone.
func failingElement(t *testing.T) {
	strict := func(d *vmsd.Description[queued]) *vmsd.Description[queued] {
		d.PostLoad = func(e *queued, _ uint32) error {
			if e.u8 > 200 {
				return failure("post_load")
			}
			return nil
		}
		return d
	}
	queues := queueUnit
	queues.describe = func() *vmsd.Description[queue] {
		elem := strict(describe("test/queue-element", 1, 1, func(e *queued) []vmsd.Field[queued] {
			return []vmsd.Field[queued]{vmsd.Bool(e, "b", &e.b), vmsd.Uint8(e, "u8", &e.u8)}
		}))
		return describe("test/queue", 1, 1, func(o *queue) []vmsd.Field[queue] {
			return []vmsd.Field[queue]{vmsd.Single(o, "q", &o.q, queuedType.Queue(elem)).Since(1)}
		})
	}
	for _, full := range []bool{false, true} {
		o := new(queue)
		if full {
			o = fullQueue()
		}
		queues.refused(t, o, item{"01 01 82  01 00 c9  00", ""}.bytes(t), verdict{rules.Hook, 3 + 3, "q[1]"})
		if err := queuedType.Check(&o.q); err != nil {
			t.Fatal(err)
		}
		n := 0
		for range queuedType.All(&o.q) {
			n++
		}
		same(t, n > 0, full)
	}

	c := fullContainer()
	listUnit.refused(t, c, item{"00000001 01 0000000a 01 00000b", ""}.bytes(t), verdict{rules.Truncated, 4 + 5 + 4, "list[1]/id"})
	same(t, ids(c), "[a b00 c0000 d000000]")
	same(t, listedType.Check(&c.list), nil)

	d := fullDomain()
	whole := domainUnit.bytes(t)
	domainUnit.refused(t, d, whole[:len(whole)-2], verdict{rules.Truncated, int64(len(whole)) - 2, "mappings[1]/flags"})
	same(t, d.spell(), spelledSix)
}

// Domain 6, whose 2 pairs of 1+16+12 bytes stand from 8 on, with another count.
func countMismatch(t *testing.T) {
	const pairs, first = 8, 1 + 16 + 12
	for _, c := range []struct {
		count byte
		want  verdict
	}{
		{0, verdict{rules.CountMismatch, pairs, "mappings[0]"}},
		{1, verdict{rules.CountMismatch, pairs + first, "mappings[1]"}},
		{3, verdict{rules.CountMismatch, pairs + 2*first, "mappings[2]"}},
	} {
		stream := domainUnit.bytes(t)
		stream[pairs-1] = c.count
		domainUnit.refused(t, new(domain), stream, c.want)
	}
	stream := domainUnit.bytes(t)
	stream[4] = 0x80 // no number of pairs
	domainUnit.refused(t, new(domain), stream, verdict{rules.OutOfRange, 4, "mappings"})
}

// Every byte but 00 links an element. What is loaded so is saved with 01.
func otherMarkers(t *testing.T) {
	for m := 2; m < 256; m++ {
		// The second marker of each: behind i16 and an element of 3; behind id and one of 5; behind id, count and a pair.
		stream, o := queueUnit.bytes(t), new(queue)
		stream[2+3] = byte(m)
		l, err := queueUnit.load(o, stream)
		same(t, err, nil)
		noted(t, l.Notes, rules.QueueMarker, 2+3, "q[1]")
		queueUnit.saves(t, o, queueUnit.bytes(t))
		queueUnit.asserts(t, o)

		stream, c := listUnit.bytes(t), new(container)
		stream[4+5] = byte(m)
		l, err = listUnit.load(c, stream)
		same(t, err, nil)
		noted(t, l.Notes, rules.ListMarker, 4+5, "list[1]")
		listUnit.saves(t, c, listUnit.bytes(t))

		stream, d := domainUnit.bytes(t), new(domain)
		stream[4+4+29] = byte(m)
		l, err = domainUnit.load(d, stream)
		same(t, err, nil)
		noted(t, l.Notes, rules.TreeMarker, 4+4+29, "mappings[1]")
		domainUnit.saves(t, d, domainUnit.bytes(t))
	}
}

// An all has what a description can say: an array, a struct, pointers of which
// one is NULL, a queue of two, a list of none, a vstruct, and a subsection.
type all struct {
	a    [2]uint8
	in   trivial
	p    [3]*trivial
	q    tailq.Head[queued]
	l    qlist.Head[listed]
	v    trivial
	late uint16
}

type trivial struct{ i int32 }

func fullAll() *all {
	o := &all{a: [2]uint8{1, 2}, in: trivial{3}, p: [3]*trivial{nil, {4}, {5}}, v: trivial{6}, late: 7}
	queuedType.InsertTail(&o.q, &queued{b: true, u8: 130})
	queuedType.InsertTail(&o.q, &queued{b: false, u8: 65})
	return o
}

func describeAll() *vmsd.Description[all] {
	tst := describe("test/tst", 1, 1, func(e *trivial) []vmsd.Field[trivial] {
		return []vmsd.Field[trivial]{vmsd.Int32(e, "i", &e.i)}
	})
	element := describe("test/el", 1, 1, func(e *queued) []vmsd.Field[queued] {
		return []vmsd.Field[queued]{vmsd.Bool(e, "b", &e.b), vmsd.Uint8(e, "u8", &e.u8)}
	})
	none := describe("test/none", 1, 1, func(e *listed) []vmsd.Field[listed] {
		return []vmsd.Field[listed]{vmsd.Uint32(e, "id", &e.id)}
	})
	d := describe("test/all", 3, 1, func(o *all) []vmsd.Field[all] {
		return []vmsd.Field[all]{
			vmsd.Array(o, "a", o.a[:], vmsd.InfoUint8),
			vmsd.Single(o, "in", &o.in, tst),
			vmsd.ArrayOfPointers(o, "p", o.p[:], tst),
			vmsd.Single(o, "q", &o.q, queuedType.Queue(element)).Since(1),
			vmsd.Single(o, "l", &o.l, listedType.List(none)).Since(1),
			vmsd.Single(o, "v", &o.v, tst.At(1)),
		}
	})
	d.Subsections = []*vmsd.Description[all]{{
		Name: "test/all/late", VersionID: 2, MinimumVersionID: 2,
		Needed: func(o *all) bool { return o.late != 0 },
		Fields: func(o *all) []vmsd.Field[all] { return []vmsd.Field[all]{vmsd.Uint16(o, "late", &o.late)} },
	}}
	return d
}

var everything = extra[all]{
	unit: unit[all]{
		describe: describeAll,
		version:  3,
		wire: []item{{"01", "a[0]"}, {"02", "a[1]"}, {"00000003", "in/i"},
			{"30", "p[0]"}, {"00000004", "p[1]/i"}, {"00000005", "p[2]/i"},
			{"01", "q[0]"}, {"01", "q[0]/b"}, {"82", "q[0]/u8"}, {"01", "q[1]"}, {"00", "q[1]/b"}, {"41", "q[1]/u8"}, {"00", "q[2]"},
			{"00", "l[0]"}, {"00000006", "v/i"},
			{"05 0d 746573742f616c6c2f6c617465", "test/all/late"}, {"00000002", "test/all/late"}, {"0007", "test/all/late/late"}},
		full:  fullAll,
		blank: func() *all { return &all{p: [3]*trivial{nil, {}, {}}} },
		asserts: func(t *testing.T, o *all) {
			t.Helper()
			same(t, fmt.Sprint(o.a, o.in, o.p[0], *o.p[1], *o.p[2], o.v, o.late), "[1 2] {3} <nil> {4} {5} {6} 7")
		},
		memory: func(o *all) string { return fmt.Sprint(*o.p[1], *o.p[2]) },
	},
	// 2 + 4 + 9 + 7 + 1 + 4 bytes, then a header of 15.
	optional: [][2]int{{27, 27 + 15}},
}

// described compares descriptions, put together from wire-format §2, of
// everything, and cuts them at every byte.
func described(t *testing.T) {
	const (
		tst     = `"vmsd_name": "test/tst", "version": 1, "fields": [{"name": "i", "type": "int32", "size": 4}]`
		element = `"vmsd_name": "test/el", "version": 1, "fields": [{"name": "b", "type": "bool", "size": 1}, {"name": "u8", "type": "uint8", "size": 1}]`
		begin   = `{"vmsd_name": "test/all", "version": 3, "fields": [` +
			`{"name": "a", "array_len": 2, "type": "uint8", "size": 1}, ` +
			`{"name": "in", "type": "struct", "struct": {` + tst + `}, "size": 4}, `
		// The keys of a queue's elements repeat; an empty list has none.
		end = `{"name": "q", "type": "qtailq", ` + element + `, ` + element + `, "size": 7}, ` +
			`{"name": "l", "type": "qlist", "size": 1}, ` +
			`{"name": "v", "type": "vstruct", ` + tst + `, "size": 4}` +
			`], "subsections": [{"vmsd_name": "test/all/late", "version": 2, "fields": [{"name": "late", "type": "uint16", "size": 2}]}]}`
	)
	for _, c := range []struct {
		dialect  *vmstate.Dialect
		pointers string
	}{
		// 2.9 to 9.2: the first element stands for all.
		{vmstate.QEMU60, `{"name": "p", "array_len": 3, "type": "struct", "struct": {}, "size": 1}, `},
		// From 10.0 on: each run has an object.
		{vmstate.QEMU100, `{"name": "p", "type": "nullptr", "size": 1}, {"name": "p", "array_len": 2, "type": "struct", "struct": {` + tst + `}, "size": 4}, `},
		{vmstate.QEMU111, `{"name": "p", "type": "ptr-marker", "size": 1}, {"name": "p", "array_len": 2, "type": "struct", "struct": {` + tst + `}, "size": 4}, `},
	} {
		s, err := describeAll().Save(fullAll(), 3, vmstate.SaveOptions{VMDesc: c.dialect})
		same(t, err, nil)
		same(t, string(s.Stream), string(everything.bytes(t)))
		same(t, string(s.VMDesc), begin+c.pointers+end)

		text := device(s.VMDesc)
		if _, err := savevm.ParseVMDesc(text); err != nil {
			t.Fatal(err)
		}
		for n := range text {
			if _, err := savevm.ParseVMDesc(text[:n]); err == nil {
				t.Fatalf("%s is a description", text[:n])
			}
		}
	}
}
