package corpus

import "vmconform/rules"

// The seed's two users (hw/ppc/spapr.c, hw/ppc/spapr_drc.c as the seed has
// them), each alone in a vmsd: 01 before each element, 00 behind the last.

var pendingEvents = vmsd("spapr_pending_events", queue("pending_events",
	vmsd("spapr_event_log_entry", u32("summary"), u32("extended_length"), sized("extended_length", 0, "extended_log"))))

var ccsList = vmsd("spapr_ccs_list", queue("ccs_list",
	vmsd("spapr_ccs", u32("drc_index"), i32("fdt_offset"), i32("fdt_depth"))))

var queueSources = []source{
	{id: "pending-events", rule: rules.QueueOrder, fault: "list-order", schema: pendingEvents,
		comment: "two events, with logs of 3 bytes and of none",
		wire:    "01 54000000 00000003 a1b2c3  01 54000001 00000000  00", want: accepted},
	{id: "pending-events-empty", rule: rules.QueueTerminator, schema: pendingEvents,
		comment: "no event: the terminator alone",
		wire:    "00", want: accepted},
	{id: "pending-events-unterminated", rule: rules.QueueTerminator, fault: "list-terminator", schema: pendingEvents,
		comment: "the terminator is missing; the end of the input is none",
		wire:    "01 54000000 00000003 a1b2c3", want: refused(rules.Truncated, 1+4+4+3, "pending_events[1]")},
	{id: "pending-events-marker-02", rule: rules.QueueMarker, schema: pendingEvents,
		comment: "the second element is marked by 02",
		wire:    "01 54000000 00000003 a1b2c3  02 54000001 00000000  00",
		want: noted(rules.QueueMarker, 1+4+4+3, "pending_events[1]",
			`{"pending_events":[{"summary":1409286144,"extended_length":3,"extended_log":"obLD"},{"summary":1409286145,"extended_length":0,"extended_log":""}]}`)},
	{id: "pending-events-too-new", rule: rules.VersionRange, fault: "seed-version", schema: pendingEvents, version: 2,
		comment: "version 2 of a vmsd that is known up to 1: the seed compared version_id with itself",
		wire:    "00", want: refused(rules.VersionTooNew, 0, "")},
	{id: "pending-events-cut-in-second", rule: rules.ItemComplete, fault: "seed-element", schema: pendingEvents,
		comment: "the second element's log ends after 1 of 2 bytes: the first element must not stay behind",
		wire:    "01 54000000 00000003 a1b2c3  01 54000001 00000002 d4",
		want:    refused(rules.Truncated, 12+1+4+4+1, "pending_events[1]/extended_log")},
	{id: "ccs-list", rule: rules.QueueOrder, schema: ccsList,
		comment: "two entries; the second one's offset is -1",
		wire:    "01 80000001 00000040 00000002  01 80000002 ffffffff 00000000  00", want: accepted},
	{id: "ccs-list-cut", rule: rules.ItemComplete, schema: ccsList,
		comment: "the input ends inside fdt_depth",
		wire:    "01 80000001 00000040 0000", want: refused(rules.Truncated, 1+4+4+2, "ccs_list[0]/fdt_depth")},
}
