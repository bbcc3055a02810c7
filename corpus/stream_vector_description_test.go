package corpus

import (
	"strings"

	"vmconform/rules"
)

// Descriptions that fit their bytes and ones that do not, of one device each.
// QEMU does not look at the description.

// headOf is all up to the payload of the only device; restOf is that, and what
// follows.
func headOf(name string) string { return opening + noDevice + head(4, 1, name, 0, 1) }

func restOf(name, payload string, fields ...string) string {
	return payload + footer(1) + described(device(name, fields...))
}

// A queue of elements of one byte, and the crws of s390x, which are known.
const (
	oneByte = `"vmsd_name": "e", "version": 1, "fields": [{"name": "v", "type": "uint8", "size": 1}], `
	crw     = `"vmsd_name": "s390_crw_container", "version": 1, "fields": [{"name": "crw", "type": "struct", "struct": ` +
		`{"vmsd_name": "s390_crw", "version": 1, "fields": [{"name": "flags", "type": "uint16", "size": 2}, {"name": "rsid", "type": "uint16", "size": 2}]}, "size": 4}], `
	aStruct = `"type": "struct", "struct": {"vmsd_name": "e", "version": 1, "fields": [{"name": "v", "type": "uint8", "size": 1}]}, "size": 1}`
)

func queueOf(name, bodies, size string) string {
	return `{"name": "` + name + `", "type": "qtailq", ` + bodies + `"size": ` + size + `}`
}

// A tree of trees, and what stands before its first marker and within the second value.
var (
	treeHead  = be32(2)
	innerTree = be32(1) + "\x01\x07\x41\x00"
)

const (
	keyAndValue = `"vmsd_name": "k", "version": 1, "fields": [{"name": "k", "type": "uint8", "size": 1}], ` + oneByte
	trees       = `{"name": "t", "type": "gtree", ` +
		`"vmsd_name": "w", "version": 1, "fields": [{"name": "in", "type": "gtree", "size": 5}], ` +
		`"vmsd_name": "w", "version": 1, "fields": [{"name": "in", "type": "gtree", ` + keyAndValue + `"size": 8}], "size": 36}`
)

var descriptionSources = []streamSource{
	{id: "described-longer", rules: of(rules.VMDescFits),
		comment: "a buffer of 1000 bytes, where the stream has not as many left",
		before:  headOf("dev"), after: restOf("dev", "\x01", member("b", "buffer", 1000)), want: fails(rules.BadDescription, "dev")},
	{id: "described-and-missing", rules: of(rules.VMDescDevice), qemu: both,
		comment: "a device more than there are sections",
		before:  opening + inside + eof, after: record(describing(ofState, device("dev", member("n", "uint8", 1)))), want: warned("dev"), also: "vmdesc/round-trip"},
	{id: "described-newer", rules: of(rules.VMDescVersion),
		comment: "version 0, described as 1",
		before:  opening + noDevice, after: head(4, 1, "dev", 0, 0) + "\x07" + footer(1) + described(device("dev", member("n", "uint8", 1))), want: warned("dev")},
	{id: "described-with-a-blank-more", rules: of(rules.VMDescRoundTrip), qemu: both,
		after: opening + inside + eof + record(strings.Replace(describing(ofState), `"devices": [`, `"devices":  [`, 1)), text: ` [{"name": "globalstate"`, want: warned("")},

	{id: "queue-described", rules: of(rules.VMDescElements, rules.VMDescElementUnknown),
		after: headOf("dev") + restOf("dev", "\x01\x07\x01\x08\x00", queueOf("q", oneByte+oneByte, "5")), want: passes},
	{id: "queue-described-shorter", rules: of(rules.VMDescElements),
		comment: "two elements, a body for one",
		before:  headOf("dev"), after: restOf("dev", "\x01\x07\x01\x08\x00", queueOf("q", oneByte, "3")), want: warned("dev/q")},
	{id: "queue-not-described", rules: of(rules.VMDescElementUnknown),
		comment: "an element, where the description has an empty queue",
		before:  headOf("dev"), after: restOf("dev", "\x01\x07\x00", queueOf("q", "", "1")), want: warned("dev/q[0]")},
	{id: "queue-known", rules: of(rules.VMDescKnown),
		after: headOf("s390_css") + restOf("s390_css", "\x01\x00\x04\x00\x01\x00", queueOf("pending_crws", crw, "6")), want: passes},
	{id: "queue-known-otherwise", rules: of(rules.VMDescKnown),
		comment: "rsid is called rsix",
		before:  headOf("s390_css"),
		after:   restOf("s390_css", "\x01\x00\x04\x00\x01\x00", queueOf("pending_crws", strings.Replace(crw, "rsid", "rsix", 1), "6")), want: warned("s390_css/pending_crws"), also: "vmdesc/round-trip"},

	{id: "tree-described", rules: of(rules.VMDescElements, rules.TreeMarker),
		comment: "a tree whose keys are numbers, in its second value one whose keys are structs; the first has an empty one",
		after:   headOf("dev") + restOf("dev", treeHead+"\x01"+be64(5)+be32(0)+"\x00"+"\x01"+be64(6)+innerTree+"\x00", trees), want: passes},
	{id: "tree-marker", rules: of(rules.TreeMarker),
		comment: "marker 80",
		before:  headOf("dev") + treeHead, after: restOf("dev", "\x80"+be64(5)+be32(0)+"\x00"+"\x01"+be64(6)+innerTree+"\x00", trees), want: warned("dev/t[0]")},
	{id: "tree-not-described", rules: of(rules.VMDescElementUnknown),
		comment: "a pair, where the description has an empty tree",
		before:  headOf("dev") + be32(1), after: restOf("dev", "\x01"+be64(5)+"\x07\x00", `{"name": "t", "type": "gtree", "size": 5}`), want: warned("dev/t[0]")},

	{id: "pointers-all-null", rules: of(rules.VMDescNullArray),
		comment: "as 2.9 to 9.2 describe it: by its first element",
		after:   headOf("dev") + restOf("dev", "000", `{"name": "p", "array_len": 3, "type": "struct", "struct": {}, "size": 1}`), want: passes},
	{id: "pointers-one-not-null", rules: of(rules.VMDescNullArray),
		comment: "what the second one is is nowhere",
		before:  headOf("dev") + "0",
		after:   restOf("dev", "\x070", `{"name": "p", "array_len": 3, "type": "struct", "struct": {}, "size": 1}`), want: warned("dev/p[1]")},
	{id: "pointers-in-runs", rules: of(rules.VMDescRunLength),
		comment: "a NULL and two others, as 10.0 to 10.2 describe them",
		after:   headOf("dev") + restOf("dev", "0\x07\x08", `{"name": "p", "type": "nullptr", "size": 1}`, `{"name": "p", "array_len": 2, `+aStruct), want: passes},
	{id: "pointers-in-a-long-run", rules: of(rules.VMDescRunLength),
		comment: "two others and a NULL: the first run has the array's length, as in 10.0 to 10.2",
		before:  headOf("dev"),
		after:   restOf("dev", "\x07\x080", `{"name": "p", "array_len": 3, `+aStruct, `{"name": "p", "type": "nullptr", "size": 1}`),
		want:    warned("dev/p")},

	{id: "subsection-described", rules: of(rules.VMDescSubsection),
		after: headOf("dev") + "\x07" + sub("dev/s", 1) + "\x08" + footer(1) +
			described(strings.TrimSuffix(device("dev", member("n", "uint8", 1)), "}")+`, "subsections": [{`+body("dev/s", member("m", "uint8", 1))+`}]}`), want: passes},
	{id: "subsection-not-described", rules: of(rules.VMDescSubsection),
		before: headOf("dev") + "\x07", after: restOf("dev", sub("dev/s", 1)+"\x08", member("n", "uint8", 1)), want: warned("dev")},
}
