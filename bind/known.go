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
	{"uefi-vars", "variables"}:                 uefiVariable,
}

// knownSizes says which integer of an element holds the size of which buffer.
var knownSizes = map[string]map[string]string{
	"spapr_event_log_entry": {"extended_log": "extended_length"},
	"uefi-variable":         {"name": "name_size", "data": "data_size"},
}

// knownPointees are the elements of arrays of pointers which QEMU before 10.0
// describes by their first element, a NULL.
var knownPointees = map[queueKey]*model.Schema{
	{"s390_css", "css"}: s390CSSImage,
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

// hw/s390x/css.c vmstate_css_img, vmstate_chp_info.
var s390CSSImage = &model.Schema{Name: "s390_css_img", Version: 1, Fields: []model.Field{
	{Name: "chpids", Type: model.TypeStruct, Array: true, Count: 256, Elem: &model.Schema{Name: "s390_chp_info", Version: 1, Fields: []model.Field{
		{Name: "in_use", Type: model.TypeUint8},
		{Name: "type", Type: model.TypeUint8},
		{Name: "is_virtual", Type: model.TypeUint8},
	}}},
}}

// hw/uefi/var-service-core.c vmstate_uefi_variable, vmstate_uefi_time.
var uefiVariable = &model.Schema{Name: "uefi-variable", Fields: []model.Field{
	{Name: "guid.data", Type: model.TypeUint8, Array: true, Count: 16},
	{Name: "name_size", Type: model.TypeUint32},
	{Name: "data_size", Type: model.TypeUint32},
	{Name: "attributes", Type: model.TypeUint32},
	{Name: "name", Type: model.TypeBuffer, SizeFrom: "name_size"},
	{Name: "data", Type: model.TypeBuffer, SizeFrom: "data_size"},
	{Name: "time", Type: model.TypeStruct, Elem: &model.Schema{Name: "uefi-time", Fields: []model.Field{
		{Name: "year", Type: model.TypeUint16},
		{Name: "month", Type: model.TypeUint8},
		{Name: "day", Type: model.TypeUint8},
		{Name: "hour", Type: model.TypeUint8},
		{Name: "minute", Type: model.TypeUint8},
		{Name: "second", Type: model.TypeUint8},
		{Name: "nanosecond", Type: model.TypeUint32},
	}}},
}}
