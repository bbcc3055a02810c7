package bind

import "vmconform/model"

// What is known of the elements of real queues, beside what a description says
// of them (fields and versions as QEMU writes them; the files are QEMU's).

type queueKey struct{ vmsd, field string }

// knownQueues are the elements of queues which may be empty when they are
// saved, and then have no description.
var knownQueues = map[queueKey]*model.Schema{
	{"spapr_pending_events", "pending_events"}: spaprEvent,
	{"s390_css", "pending_crws"}:               s390CRW,
}

// knownSizes says which integer of an element holds the size of which buffer.
var knownSizes = map[string]map[string]string{
	"spapr_event_log_entry": {"extended_log": "extended_length"},
	"uefi-variable":         {"name": "name_size", "data": "data_size"}, // hw/uefi/var-service-core.c
}

// hw/ppc/spapr.c vmstate_spapr_event_entry.
var spaprEvent = &model.Schema{Name: "spapr_event_log_entry", Version: 1, Fields: []model.Field{
	{Name: "summary", Type: model.TypeUint32},
	{Name: "extended_length", Type: model.TypeUint32},
	{Name: "extended_log", Type: model.TypeBuffer, SizeFrom: "extended_length"},
}}

// hw/s390x/css.c vmstate_crw_container, vmstate_crw.
var s390CRW = &model.Schema{Name: "s390_crw_container", Version: 1, Fields: []model.Field{
	{Name: "crw", Type: model.TypeStruct, Elem: &model.Schema{Name: "s390_crw", Version: 1, Fields: []model.Field{
		{Name: "flags", Type: model.TypeUint16},
		{Name: "rsid", Type: model.TypeUint16},
	}}},
}}
