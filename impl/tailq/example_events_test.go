package tailq_test

import (
	"fmt"
	"unsafe"

	"vmconform/impl/tailq"
	"vmconform/impl/vmsd"
	"vmconform/impl/vmstate"
)

// EventLogEntry is sPAPR's SpaprEventLogEntry (hw/ppc/spapr.c).
type EventLogEntry struct {
	Summary        uint32
	ExtendedLength uint32
	ExtendedLog    *byte // ExtendedLength bytes
	Next           tailq.Entry[EventLogEntry]
}

// Machine has the one member of sPAPR's machine that matters here.
type Machine struct {
	PendingEvents tailq.Head[EventLogEntry]
}

var eventLog = tailq.Of(func(e *EventLogEntry) *tailq.Entry[EventLogEntry] { return &e.Next })

var eventLogEntry = vmsd.Must(&vmsd.Description[EventLogEntry]{
	Name: "spapr_event_log_entry", VersionID: 1, MinimumVersionID: 1,
	Fields: func(e *EventLogEntry) []vmsd.Field[EventLogEntry] {
		return []vmsd.Field[EventLogEntry]{
			vmsd.Uint32(e, "summary", &e.Summary),
			vmsd.Uint32(e, "extended_length", &e.ExtendedLength),
			vmsd.VBufferAlloc(e, "extended_log", &e.ExtendedLog, &e.ExtendedLength),
		}
	},
})

var pendingEvents = vmsd.Must(&vmsd.Description[Machine]{
	Name: "spapr_pending_events", VersionID: 1, MinimumVersionID: 1,
	Fields: func(m *Machine) []vmsd.Field[Machine] {
		return []vmsd.Field[Machine]{
			vmsd.Single(m, "pending_events", &m.PendingEvents, eventLog.Queue(eventLogEntry)).Since(1),
		}
	},
})

// The seed's first user: the events that sPAPR has not yet told its guest.
func ExampleType_pendingEvents() {
	var m Machine
	for i, log := range []string{"\x02\x00\xa0", "\x06\x40"} {
		eventLog.InsertTail(&m.PendingEvents, &EventLogEntry{
			Summary:        0x18400000 + uint32(i),
			ExtendedLength: uint32(len(log)),
			ExtendedLog:    unsafe.SliceData([]byte(log)),
		})
	}
	saved, err := pendingEvents.Save(&m, 1, vmstate.SaveOptions{})
	fmt.Printf("%x %v\n", saved.Stream, err)

	var loaded Machine
	_, err = pendingEvents.Load(&loaded, saved.Stream, 1, vmstate.LoadOptions{All: true})
	for e := range eventLog.All(&loaded.PendingEvents) {
		fmt.Printf("summary %x, log % x\n", e.Summary, unsafe.Slice(e.ExtendedLog, e.ExtendedLength))
	}
	fmt.Println(err, eventLog.Check(&loaded.PendingEvents))
	// Output:
	// 0118400000000000030200a0011840000100000002064000 <nil>
	// summary 18400000, log 02 00 a0
	// summary 18400001, log 06 40
	// <nil> <nil>
}
