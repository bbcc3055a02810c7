package qemuunit_test

import (
	"fmt"
	"testing"

	"vmconform/impl/qlist"
	"vmconform/impl/tailq"
	"vmconform/impl/vmsd"
)

// TestQtailq and its elements.
type queue struct {
	i16 int16
	q   tailq.Head[queued]
	i32 int32
}

type queued struct {
	b    bool
	u8   uint8
	next tailq.Entry[queued]
}

var queuedType = tailq.Of(func(e *queued) *tailq.Entry[queued] { return &e.next })

func fullQueue() *queue {
	o := &queue{i16: -512, i32: 70000}
	queuedType.InsertTail(&o.q, &queued{b: true, u8: 130})
	queuedType.InsertTail(&o.q, &queued{b: false, u8: 65})
	return o
}

// The second half, 4100 00 01117000, is an empty queue between two numbers.
var queueUnit = unit[queue]{
	describe: func() *vmsd.Description[queue] {
		elem := describe("test/queue-element", 1, 1, func(e *queued) []vmsd.Field[queued] {
			return []vmsd.Field[queued]{
				vmsd.Bool(e, "b", &e.b),
				vmsd.Uint8(e, "u8", &e.u8),
			}
		})
		return describe("test/queue", 1, 1, func(o *queue) []vmsd.Field[queue] {
			return []vmsd.Field[queue]{
				vmsd.Int16(o, "i16", &o.i16),
				vmsd.Single(o, "q", &o.q, queuedType.Queue(elem)).Since(1),
				vmsd.Int32(o, "i32", &o.i32),
			}
		})
	},
	version: 1,
	wire: []item{{"fe00", "i16"},
		{"01", "q[0]"}, {"01", "q[0]/b"}, {"82", "q[0]/u8"},
		{"01", "q[1]"}, {"00", "q[1]/b"}, {"41", "q[1]/u8"},
		{"00", "q[2]"}, {"00011170", "i32"}},
	full:  fullQueue,
	blank: func() *queue { return new(queue) },
	// From both ends, and then it is taken apart from the last.
	asserts: func(t *testing.T, o *queue) {
		t.Helper()
		same(t, o.i16, -512)
		same(t, o.i32, 70000)
		first, last := queuedType.First(&o.q), queuedType.Last(&o.q)
		same(t, queuedType.Next(first), last)
		same(t, queuedType.Prev(last), first)
		same(t, queuedType.Next(last), nil)
		same(t, queuedType.Prev(first), nil)
		same(t, fmt.Sprint(first.b, first.u8, last.b, last.u8), "true 130 false 65")
		if err := queuedType.Check(&o.q); err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; !queuedType.Empty(&o.q); n++ {
			queuedType.Remove(&o.q, queuedType.Last(&o.q))
		}
		same(t, n, 2)
	},
}

// TestQListContainer and its elements.
type container struct {
	id   uint32
	list qlist.Head[listed]
}

type listed struct {
	id   uint32
	next qlist.Entry[listed]
}

var listedType = qlist.Of(func(e *listed) *qlist.Entry[listed] { return &e.next })

func fullContainer() *container {
	c := &container{id: 1}
	for _, id := range []uint32{0xd000000, 0xc0000, 0xb00, 0xa} {
		listedType.InsertHead(&c.list, &listed{id: id})
	}
	return c
}

// The second half, 0001000c 00 …, is a container of an empty list.
var listUnit = unit[container]{
	describe: func() *vmsd.Description[container] {
		elem := describe("test/queue list", 1, 1, func(e *listed) []vmsd.Field[listed] {
			return []vmsd.Field[listed]{vmsd.Uint32(e, "id", &e.id)}
		})
		return describe("test/container/qlist", 1, 1, func(c *container) []vmsd.Field[container] {
			return []vmsd.Field[container]{
				vmsd.Uint32(c, "id", &c.id),
				vmsd.Single(c, "list", &c.list, listedType.List(elem)).Since(1),
			}
		})
	},
	version: 1,
	wire: []item{{"00000001", "id"},
		{"01", "list[0]"}, {"0000000a", "list[0]/id"}, {"01", "list[1]"}, {"00000b00", "list[1]/id"},
		{"01", "list[2]"}, {"000c0000", "list[2]/id"}, {"01", "list[3]"}, {"0d000000", "list[3]/id"},
		{"00", "list[4]"}},
	full:  fullContainer,
	blank: func() *container { return new(container) },
	// The links are proved by what insertions and a removal make of them.
	asserts: func(t *testing.T, c *container) {
		t.Helper()
		same(t, c.id, 1)
		same(t, ids(c), "[a b00 c0000 d000000]")
		first := listedType.First(&c.list)
		listedType.InsertAfter(first, &listed{id: 0x12})
		listedType.InsertHead(&c.list, &listed{id: 0x13})
		last := first
		for e := range listedType.All(&c.list) {
			last = e
		}
		listedType.InsertBefore(last, &listed{id: 0x14})
		listedType.InsertAfter(last, &listed{id: 0x15})
		listedType.Remove(last)
		same(t, ids(c), "[13 a 12 b00 c0000 14 15]")
		if err := listedType.Check(&c.list); err != nil {
			t.Fatal(err)
		}
	},
}

func ids(c *container) string {
	var list []uint32
	for e := range listedType.All(&c.list) {
		list = append(list, e.id)
	}
	return fmt.Sprintf("%x", list)
}
