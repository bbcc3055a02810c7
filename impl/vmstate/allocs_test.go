package vmstate_test

import (
	"fmt"
	"testing"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
)

type flat struct{ words [100]uint32 }

// describeFlat has a hundred fields.
func describeFlat() *vmstate.Description {
	d := one()
	for i := range uintptr(100) {
		d.Fields = append(d.Fields, vmstate.Scalar(fmt.Sprintf("w%d", i), 4*i, 0, vmstate.InfoUint32))
	}
	return d
}

type event struct {
	id, kind uint32
	entry    tailq.Entry[event]
}

var eventType = tailq.Of(func(e *event) *tailq.Entry[event] { return &e.entry })

func describeEvents() *vmstate.Description {
	return one(tailq.Field("events", 0, 0, eventType.Metadata(&vmstate.Description{Name: "event", Fields: []vmstate.Field{
		vmstate.Scalar("id", unsafe.Offsetof(event{}.id), 0, vmstate.InfoUint32),
		vmstate.Scalar("kind", unsafe.Offsetof(event{}.kind), 0, vmstate.InfoUint32),
	}})))
}

func events(n int) *tailq.Head[event] {
	h := new(tailq.Head[event])
	for i := range n {
		eventType.InsertTail(h, &event{id: uint32(i)})
	}
	return h
}

// No allocation per field; per element of a queue one, the element.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool forgets at random")
	}
	d, obj := describeFlat(), new(flat)
	stream := save(t, d, obj)
	check := func(what string, most float64, f func()) {
		t.Helper()
		if got := testing.AllocsPerRun(200, f); got > most {
			t.Errorf("%s: %v allocations, want at most %v", what, got, most)
		}
	}
	check("load of 100 fields", 0, func() { _, _ = load(d, obj, stream, 1) })
	check("failing load of 100 fields", 5, func() { _, _ = load(d, obj, stream[:399], 1) })
	buffer := make([]byte, 0, 400)
	check("save of 100 fields", 2, func() {
		_, _ = vmstate.Save(d, unsafe.Pointer(obj), 1, vmstate.SaveOptions{Buffer: buffer})
	})
	d = describeEvents()
	stream = save(t, d, events(1000))
	check("load of 1,000 elements", 1002, func() { _, _ = load(d, new(tailq.Head[event]), stream, 1) })
	buffer, queue := make([]byte, 0, len(stream)), events(1000)
	check("save of 1,000 elements", 5, func() {
		_, _ = vmstate.Save(d, unsafe.Pointer(queue), 1, vmstate.SaveOptions{Buffer: buffer})
	})
}

func benchmark[T any](b *testing.B, d *vmstate.Description, obj *T, fresh func() *T) {
	stream := save(b, d, obj)
	b.Run("Load", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(stream)))
		for b.Loop() {
			if _, err := load(d, fresh(), stream, 1); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Save", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(stream)))
		buffer := make([]byte, 0, len(stream))
		for b.Loop() {
			if _, err := vmstate.Save(d, unsafe.Pointer(obj), 1, vmstate.SaveOptions{Buffer: buffer}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFlat100(b *testing.B) {
	obj := new(flat)
	benchmark(b, describeFlat(), obj, func() *flat { return obj })
}

func BenchmarkQueue1000(b *testing.B) {
	benchmark(b, describeEvents(), events(1000), func() *tailq.Head[event] { return new(tailq.Head[event]) })
}
