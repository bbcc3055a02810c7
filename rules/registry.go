package rules

// An ID names a rule in words, never by position, and is never reused.
type ID string

// A Severity says what a report makes of a broken rule.
type Severity string

// The severities of a report. Under --strict a warning counts as an error.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// A Rule is one requirement.
type Rule struct {
	ID       ID
	Severity Severity
	Sentence string
	Source   string // QEMU file, commit, document or CVE that the fact comes from
}

// The rules of vmstate payloads.
const (
	WireInteger          ID = "wire/integer"
	WireBitmap           ID = "wire/bitmap"
	ItemComplete         ID = "vmstate/item-complete"
	VersionRange         ID = "vmstate/version-range"
	BoolCanonical        ID = "vmstate/bool-canonical"
	UnusedZero           ID = "vmstate/unused-zero"
	NullMarker           ID = "vmstate/null-marker"
	FieldOnWire          ID = "vmstate/field-on-wire"
	AbsentKept           ID = "vmstate/absent-kept"
	CountRange           ID = "vmstate/count-range"
	CountWhenReached     ID = "vmstate/count-when-reached"
	MustExist            ID = "vmstate/must-exist"
	Validate             ID = "vmstate/validate"
	EqualValue           ID = "vmstate/equal-value"
	Int32LE              ID = "vmstate/int32-le"
	HookSucceeds         ID = "vmstate/hook-succeeds"
	HookCalls            ID = "vmstate/hook-calls"
	Bounded              ID = "vmstate/bounded"
	NoTrailing           ID = "vmstate/no-trailing-data"
	TakesNoMore          ID = "vmstate/takes-no-more"
	RoundTrip            ID = "vmstate/round-trip"
	AllOrNothing         ID = "vmstate/all-or-nothing"
	Repeatable           ID = "vmstate/repeatable"
	Agreement            ID = "vmstate/agreement"
	Answers              ID = "vmstate/answers"
	UsableDescription    ID = "vmstate/usable-description"
	SubsectionNeeded     ID = "subsection/needed"
	SubsectionKnown      ID = "subsection/known-name"
	SubsectionVersion    ID = "subsection/version-range"
	SubsectionVersion256 ID = "subsection/version-mod-256"
	SubsectionOrder      ID = "subsection/order"
	SubsectionRepeated   ID = "subsection/repeated"
	QueueMarker          ID = "qtailq/marker-canonical"
	QueueTerminator      ID = "qtailq/terminator"
	QueueVersion         ID = "qtailq/version-range"
	QueueOrder           ID = "qtailq/order"
	QueueLinks           ID = "qtailq/links"
	QueueVariants        ID = "qtailq/variants"
	ListMarker           ID = "qlist/marker-canonical"
	ListTerminator       ID = "qlist/terminator"
	ListVersion          ID = "qlist/version-range"
	ListOrder            ID = "qlist/order"
	ListLinks            ID = "qlist/links"
	TreeVersion          ID = "gtree/version-range"
	TreeCount            ID = "gtree/count"
	TreeMarker           ID = "gtree/marker-canonical"
	TreeTerminator       ID = "gtree/terminator"
	TreeDuplicate        ID = "gtree/duplicate-key"
	TreeOrder            ID = "gtree/order"
	TreeSorted           ID = "gtree/sorted"
)

// The rules of the container and of its description.
const (
	StreamEmpty          ID = "container/empty"
	StreamMagic          ID = "container/magic"
	StreamVersion        ID = "container/version"
	StreamEOF            ID = "container/eof"
	SectionType          ID = "container/section-type"
	SectionKnown         ID = "container/section-id"
	SectionName          ID = "container/idstr"
	SectionNameNUL       ID = "container/idstr-nul"
	SectionInstance      ID = "container/instance-id"
	SectionRepeated      ID = "container/section-repeated"
	SectionEnded         ID = "container/section-ended"
	SectionFooter        ID = "container/footer"
	SectionPayload       ID = "container/payload-length"
	SectionBridged       ID = "container/section-bridged"
	Command              ID = "container/command"
	SwitchoverOnce       ID = "container/switchover-once"
	Configuration        ID = "container/configuration"
	ConfigurationOnce    ID = "container/configuration-once"
	MachineName          ID = "container/machine-name"
	Capability           ID = "container/capability"
	TrailingBytes        ID = "container/trailing-bytes"
	Wrapping             ID = "container/wrapping"
	LibvirtIncomplete    ID = "container/libvirt-incomplete"
	RAMRecord            ID = "ram/record-flags"
	RAMBlock             ID = "ram/block-known"
	RAMRange             ID = "ram/page-in-block"
	RAMCompressed        ID = "ram/compressed-page"
	RAMMapped            ID = "ram/mapped"
	HTABRecord           ID = "htab/record"
	AttributesRecord     ID = "storage-attributes/record"
	BitmapRecord         ID = "dirty-bitmap/record"
	BitmapCanonical      ID = "dirty-bitmap/canonical"
	BlockRecord          ID = "block/record"
	BlockCanonical       ID = "block/canonical"
	VMDescAbsent         ID = "vmdesc/absent"
	VMDescTruncated      ID = "vmdesc/truncated"
	VMDescSyntax         ID = "vmdesc/syntax"
	VMDescFits           ID = "vmdesc/fits"
	VMDescNullArray      ID = "vmdesc/null-array"
	VMDescRunLength      ID = "vmdesc/run-length"
	VMDescElements       ID = "vmdesc/element-count"
	VMDescElementUnknown ID = "vmdesc/element-undescribed"
	VMDescSubsection     ID = "vmdesc/subsection-undescribed"
	VMDescKnown          ID = "vmdesc/known-element"
	VMDescDevice         ID = "vmdesc/device-listed"
	VMDescVersion        ID = "vmdesc/version"
	VMDescRoundTrip      ID = "vmdesc/round-trip"
	RunState             ID = "globalstate/run-state"
	RunStateSize         ID = "globalstate/size"
)

// Registry holds every rule, in the order in which `conform rules` is to list
// them.
var Registry = []Rule{
	{WireInteger, SeverityError, "An integer is written in its own width, big-endian, a signed one in two's complement.", "migration/vmstate-types.c; migration/qemu-file.c qemu_put_be64"},
	{WireBitmap, SeverityError, "A bitmap is written in words of 64 bits, big-endian, the low word first, with all bits of the last one.", "migration/vmstate-types.c put_bitmap"},
	{ItemComplete, SeverityError, "Every item of a payload is there whole; a short read is never taken for a zero.", "migration/qemu-file.c; wire-format §4"},
	{VersionRange, SeverityError, "A vmsd loads at a version from minimum_version_id to version_id, compared as 32 bits, and at no other.", "migration/vmstate.c vmstate_load_state; the seed compared version_id with itself"},
	{BoolCanonical, SeverityWarning, "A bool is written as 00 or 01; any other non-zero byte loads as true.", "migration/vmstate-types.c; live QEMU 7.2 and 10.2"},
	{UnusedZero, SeverityWarning, "An unused buffer is written as zeros; its content is ignored.", "migration/vmstate-types.c put_unused_buffer"},
	{NullMarker, SeverityError, "A NULL in an array of pointers is one byte 30; where every pointer is marked, 31 stands before one that is not NULL.", "commit 07d4e69147; migration/vmstate-types.c vmstate_info_nullptr"},
	{FieldOnWire, SeverityError, "A field is on the wire where its condition holds, or without one from its version_id on.", "migration/vmstate.c vmstate_load_state, vmstate_save_state_v"},
	{AbsentKept, SeverityError, "What is not on the wire keeps what memory holds.", "tests/unit/test-vmstate.c versioned/load/v1, field_exists/load/skip"},
	{CountRange, SeverityError, "A count or size from the state is neither negative, nor above 2^31-1, nor more than memory has room for.", "CVE-2013-4148 and the CVE-2013-45xx family"},
	{CountWhenReached, SeverityError, "An array's count and a buffer's size are what their member holds when the field is reached.", "migration/vmstate.c vmstate_n_elems, vmstate_size"},
	{MustExist, SeverityError, "A field flagged MUST_EXIST is there.", "migration/vmstate.c"},
	{Validate, SeverityError, "The predicate of a VALIDATE field holds.", "include/migration/vmstate.h VMSTATE_VALIDATE"},
	{EqualValue, SeverityError, "The value of an equal field is the local one.", "migration/vmstate-types.c get_*_equal"},
	{Int32LE, SeverityError, "The value of an int32 le field is from 0 to the local one.", "migration/vmstate-types.c get_int32_le; CVE-2013-4531"},
	{HookSucceeds, SeverityError, "A pre_load, post_load, pre_save or post_save hook succeeds.", "migration/vmstate.c"},
	{HookCalls, SeverityError, "pre_load is called before the first field and post_load behind the last subsection, pre_save and post_save likewise, once for every object.", "migration/vmstate.c vmstate_load_state, vmstate_save_state_v"},
	{Bounded, SeverityError, "Depth, elements and bytes of a load stay within the loader's limits.", "qemu-behaviour §1.20: hostile counts abort QEMU"},
	{NoTrailing, SeverityError, "Where a caller asks for the whole input to be taken, nothing is left over.", "wire-format §4"},
	{TakesNoMore, SeverityError, "A load takes its payload and nothing of what follows.", "wire-format §1: a payload has no length; migration/savevm.c check_section_footer"},
	{RoundTrip, SeverityError, "What was loaded is saved to the same bytes, and what was saved loads to the same value.", "vmconform"},
	{AllOrNothing, SeverityError, "A load that fails leaves memory as it was.", "vmconform; the seed left the queue half filled"},
	{Repeatable, SeverityError, "The same call gives the same answer, and changes neither what it was given nor an answer before it.", "vmconform"},
	{Agreement, SeverityError, "Reference and model, written apart, make the same of a payload.", "vmconform"},
	{Answers, SeverityError, "An implementation in another process answers each request in time, with one line that the protocol allows, and says nothing else.", "docs/protocol.md"},
	{UsableDescription, SeverityError, "A description of a vmsd in a program holds together: its types, flags, sizes and hooks fit each other.", "include/migration/vmstate.h; vmconform"},
	{SubsectionNeeded, SeverityError, "A subsection is written where it is needed, and nowhere else.", "migration/vmstate.c vmstate_subsection_save"},
	{SubsectionKnown, SeverityError, "A subsection whose name has its parent's name as prefix is one that the parent knows.", "migration/vmstate.c vmstate_subsection_load (ENOENT)"},
	{SubsectionVersion, SeverityError, "A subsection's version, modulo 256, is from its minimum_version_id to its version_id.", "migration/vmstate.c vmstate_subsection_load"},
	{SubsectionVersion256, SeverityWarning, "A subsection's version is below 256; QEMU keeps its low 8 bits only.", "migration/vmstate.c (uint8_t version_id); live QEMU"},
	{SubsectionOrder, SeverityWarning, "Subsections are written in the order of the parent's list; any order loads.", "migration/vmstate.c vmstate_subsection_save; live QEMU"},
	{SubsectionRepeated, SeverityWarning, "A subsection is written once; a repeated one loads again.", "live QEMU 7.2 and 10.2"},
	{QueueMarker, SeverityWarning, "A link byte before an element is 01; any other non-zero byte starts an element too.", "migration/vmstate-types.c put_qtailq, get_qtailq; live QEMU"},
	{QueueTerminator, SeverityError, "A queue ends with one byte 00, which is really there.", "migration/vmstate-types.c get_qtailq; a short read reads as 0"},
	{QueueVersion, SeverityError, "A queue's elements load at the field's version_id, which lies in the element's range.", "migration/vmstate-types.c get_qtailq"},
	{QueueOrder, SeverityError, "Elements are written and inserted from first to last.", "include/qemu/queue.h QTAILQ_RAW_FOREACH, QTAILQ_RAW_INSERT_TAIL"},
	{QueueLinks, SeverityError, "first, last, next and prev of a queue hold together: no cycle, no wrong prev, no wrong last, no element in two queues.", "include/qemu/queue.h"},
	{QueueVariants, SeverityError, "Reference and model give the verdict that the rules fix for each variant derived from a queue.", "vmconform"},
	{ListMarker, SeverityWarning, "A link byte before a list's element is 01; any other non-zero byte starts an element too.", "migration/vmstate-types.c put_qlist, get_qlist"},
	{ListTerminator, SeverityError, "A list ends with one byte 00, which is really there.", "migration/vmstate-types.c get_qlist; a short read reads as 0"},
	{ListVersion, SeverityError, "A list's elements load at the field's version_id, which lies in the element's range.", "migration/vmstate-types.c get_qlist"},
	{ListOrder, SeverityError, "A list's elements are written from first to last, and stand in that order once loaded.", "migration/vmstate-types.c get_qlist; include/qemu/queue.h QLIST_RAW_FOREACH"},
	{ListLinks, SeverityError, "first, next and prev of a list hold together: no cycle, no wrong prev, no element in two lists.", "include/qemu/queue.h"},
	{TreeVersion, SeverityError, "A tree's keys and values load at the field's version_id, which lies in the range of both.", "migration/vmstate-types.c get_gtree"},
	{TreeCount, SeverityError, "A tree has as many pairs on the wire as its count says.", "migration/vmstate-types.c get_gtree; live QEMU"},
	{TreeMarker, SeverityWarning, "A link byte before a tree's pair is 01; any other non-zero byte starts a pair too.", "migration/vmstate-types.c put_gtree_elem, get_gtree"},
	{TreeTerminator, SeverityError, "A tree ends with one byte 00, which is really there.", "migration/vmstate-types.c get_gtree; a short read reads as 0"},
	{TreeDuplicate, SeverityWarning, "A tree's key is written once; of equal keys the first stays, with the value of the last.", "migration/vmstate-types.c get_gtree (g_tree_insert); live QEMU"},
	{TreeOrder, SeverityWarning, "The pairs of a tree are written in the order of their keys; any order loads.", "migration/vmstate-types.c put_gtree (g_tree_foreach), get_gtree"},
	{TreeSorted, SeverityError, "In memory the pairs of a tree stand in the order of their keys, each key once, and are whole.", "vmconform"},
	{StreamEmpty, SeverityError, "A stream has bytes: an empty input is said to be none at once.", "live QEMU waits for ever"},
	{StreamMagic, SeverityError, "A stream begins with 51 45 56 4d.", "migration/savevm.c"},
	{StreamVersion, SeverityError, "The stream's version is 3.", "migration/savevm.c"},
	{StreamEOF, SeverityError, "The sections end with one byte 00.", "migration/savevm.c QEMU_VM_EOF"},
	{SectionType, SeverityError, "Where a section may begin stands a known section type.", "migration/savevm.c qemu_loadvm_state_main"},
	{SectionKnown, SeverityError, "A PART or END section has the id of a section that was started.", "migration/savevm.c qemu_loadvm_section_part_end"},
	{SectionName, SeverityError, "A section's idstr is not empty.", "migration/savevm.c; live QEMU"},
	{SectionNameNUL, SeverityWarning, "A section's idstr has no NUL; QEMU takes it to end there.", "migration/savevm.c; live QEMU 7.2 and 10.0"},
	{SectionInstance, SeverityWarning, "A section's instance_id is not ffffffff, which stands for the first entry of that name that has no older id beside its own.", "migration/savevm.c find_se; live QEMU 7.2 and 10.0"},
	{SectionRepeated, SeverityWarning, "A section is written as often as the description lists its device; one that comes again loads again.", "live QEMU 7.2 and 10.0"},
	{SectionEnded, SeverityWarning, "A section that was started is ended; QEMU loads it without, too.", "live QEMU 7.2 and 10.0"},
	{SectionFooter, SeverityError, "A section ends with 7e and its own id, or no section of the stream does.", "migration/savevm.c check_section_footer"},
	{SectionPayload, SeverityError, "A section's payload ends where its footer stands.", "migration/savevm.c check_section_footer"},
	{SectionBridged, SeverityNote, "A section of unknown layout was bridged to its footer.", "wire-format §1"},
	{Command, SeverityError, "A command is known and has its length.", "migration/savevm.c loadvm_process_command"},
	{SwitchoverOnce, SeverityWarning, "SWITCHOVER_START is sent once; QEMU 10 takes any number.", "live QEMU 10.0"},
	{Configuration, SeverityError, "The configuration record is whole and its subsections are known.", "migration/savevm.c vmstate_configuration"},
	{ConfigurationOnce, SeverityError, "A configuration record stands behind the header and nowhere else.", "migration/savevm.c qemu_loadvm_state; live QEMU 7.2 and 10.0"},
	{MachineName, SeverityWarning, "The configuration's machine name is not empty and has no NUL; QEMU compares it as a prefix of its own, and takes both.", "migration/savevm.c configuration_post_load; live QEMU 7.2 and 10.0"},
	{Capability, SeverityWarning, "A capability of the configuration is x-ignore-shared or mapped-ram; QEMU takes others that it knows, and refuses what it does not.", "migration/savevm.c should_validate_capability; live QEMU 7.2 and 10.0"},
	{TrailingBytes, SeverityNote, "Bytes after the stream's end are ignored.", "live QEMU"},
	{Wrapping, SeverityError, "What a stream is wrapped in is whole, and unpacks to its end.", "RFC 1952, RFC 8878; The .xz File Format; docs/interop/qcow2.txt"},
	{LibvirtIncomplete, SeverityWarning, "A libvirt save image says that it is complete.", "libvirt src/qemu/qemu_saveimage.h; wire-format §1"},
	{RAMRecord, SeverityError, "A RAM record has exactly one of the known flags besides CONTINUE.", "migration/ram.c ram_load_precopy"},
	{RAMBlock, SeverityError, "A RAM page names a block that the size list announced.", "migration/ram.c ram_block_from_stream"},
	{RAMRange, SeverityError, "A RAM page lies inside the used length of its block.", "CVE-2014-7840"},
	{RAMCompressed, SeverityError, "A compressed RAM page is one zlib stream of one page.", "migration/ram.c, COMPRESS_PAGE"},
	{RAMMapped, SeverityError, "With mapped-ram a block's bitmap and pages follow its entry, at the offsets of the file that the entry says.", "migration/ram.c mapped-ram; docs/devel/migration/mapped-ram.rst"},
	{HTABRecord, SeverityError, "A hash table section is made of known records.", "hw/ppc/spapr.c htab_load"},
	{AttributesRecord, SeverityError, "A storage attributes section is made of known records.", "hw/s390x/s390-stattrib.c cmma_load"},
	{BitmapRecord, SeverityError, "A dirty-bitmap section is made of known records.", "migration/block-dirty-bitmap.c dirty_bitmap_load; live QEMU 7.2 and 10.0"},
	{BitmapCanonical, SeverityWarning, "A dirty-bitmap record is of one kind, and of a bitmap that was named.", "migration/block-dirty-bitmap.c dirty_bitmap_load; live QEMU 7.2 and 10.0"},
	{BlockRecord, SeverityError, "A block section is made of known records.", "migration/block.c block_load, up to QEMU 9.0; live QEMU 7.2"},
	{BlockCanonical, SeverityWarning, "A block record is of one kind.", "migration/block.c block_load, up to QEMU 9.0; live QEMU 7.2"},
	{VMDescAbsent, SeverityWarning, "A stream ends with the description of its devices.", "migration/savevm.c; live QEMU loads without it"},
	{VMDescTruncated, SeverityWarning, "The description is as long as it says.", "live QEMU loads it cut short"},
	{VMDescSyntax, SeverityWarning, "The description is JSON of the known shape.", "migration/savevm.c; live QEMU ignores it"},
	{VMDescFits, SeverityError, "A device's bytes are as its description and the rules of vmstate say.", "migration/vmstate.c vmstate_save_state_v"},
	{VMDescNullArray, SeverityWarning, "An array of pointers holding NULL is described so that it fits its bytes; QEMU 2.9 to 9.2 describe the first element only.", "migration/vmstate.c; s390 css on live QEMU 7.2"},
	{VMDescRunLength, SeverityWarning, "A run in an array of pointers is described with its own length; QEMU 10.0 to 10.2 give the first run the array's length.", "migration/vmstate.c; live QEMU 10.2"},
	{VMDescElements, SeverityWarning, "The description has as many bodies for a queue as the queue has elements.", "migration/vmstate-types.c put_qtailq"},
	{VMDescElementUnknown, SeverityWarning, "Every element of a queue is described.", "wire-format §2"},
	{VMDescKnown, SeverityWarning, "The elements of a known queue are described as they are known.", "design: known elements win; live QEMU ignores the description"},
	{VMDescSubsection, SeverityWarning, "Every subsection that was saved is described; another one with its parent's prefix cannot be decoded.", "wire-format §1; migration/vmstate.c vmstate_subsection_save"},
	{VMDescDevice, SeverityWarning, "Every device section is listed in the description, and every listed device is there.", "migration/savevm.c"},
	{VMDescVersion, SeverityWarning, "A device's section has the version that its description has.", "migration/savevm.c vmstate_save; live QEMU ignores the description"},
	{VMDescRoundTrip, SeverityWarning, "What is saved again is described as it was, byte for byte, in the dialect of the QEMU that wrote it.", "migration/vmstate.c vmsd_desc_field_start; corpus streams"},
	{RunState, SeverityError, "The run state that globalstate names is one that QEMU has.", "migration/global_state.c; qapi/run-state.json RunState; live QEMU 7.2 and 10.0"},
	{RunStateSize, SeverityWarning, "The size that globalstate gives for the run state's name is its length and that of its NUL; QEMU does not look at it.", "migration/global_state.c; live QEMU 7.2 and 10.0"},
}

// Lookup returns the rule with the given id.
func Lookup(id ID) (Rule, bool) {
	for _, r := range Registry {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
