package defects

import (
	"encoding/binary"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmstate"
)

// ofMemory are the defects of what a load makes of memory.
var ofMemory = []Defect{
	{"integer-not-undone", "A uint32 keeps what a load that failed has put there.", "memory/load-over", infos(vmstate.InfoUint32, notUndone)},
	{"queue-half-filled", "A queue keeps the elements that were loaded before one that failed.", "memory/load-over", hooks(reader{noUndo: true}.get, nil)},
	{"failed-element-kept", "A queue keeps the element whose load failed.", "memory/load-over", hooks(failedKept, nil)},
	{"queue-emptied", "A load that failed leaves the queue empty.", "memory/load-over", hooks(emptied, nil)},
	{"queue-replaced", "The elements of a queue replace those that it had.", "memory/load-over", hooks(reader{anew: true}.get, nil)},
}

var notUndone = &vmstate.Info{
	Name: "uint32",
	Min:  4,
	Get: func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error {
		b, err := l.Take(4)
		if err == nil {
			*(*uint32)(p) = binary.BigEndian.Uint32(b)
		}
		return err
	},
	Put: func(s *vmstate.Saver, p unsafe.Pointer, _ *vmstate.Field) error {
		s.Write(binary.BigEndian.AppendUint32(nil, *(*uint32)(p))...)
		return nil
	},
}

// What is to be done last of all when a load is undone has to be said first.

// failedKept links the element again that was being loaded.
func failedKept(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error {
	m := *meta.(*tailq.Metadata)
	made := m.New
	var element unsafe.Pointer
	m.New = func() unsafe.Pointer { element = made(); return element }
	failed := false
	l.OnUndo(func() {
		if failed && element != nil {
			tailq.RawInsertTail(&m, head, element)
		}
	})
	err := tailq.Get(l, &m, head, version)
	failed = err != nil
	return err
}

// emptied empties the queue as someone would who has not kept what it was.
func emptied(l *vmstate.Loader, meta any, head unsafe.Pointer, version uint32) error {
	m := meta.(*tailq.Metadata)
	l.OnUndo(func() { tailq.RawInit(m, head) })
	return tailq.Get(l, meta, head, version)
}
