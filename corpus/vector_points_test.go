package corpus

import (
	"vmconform/model"
	"vmconform/rules"
)

// What QEMU's loader lets through and what it refuses (qemu-behaviour §1). The
// table in points_test.go says which vector is about which point.

var (
	number    = vmsd("number", u32("n"))
	versioned = versions(1, 2, vmsd("versioned", u32("a"), since(2, u32("b"))))

	// dev has two subsections; framed is followed by bytes that could be one.
	dev    = with(vmsd("dev", u8("x")), versions(1, 2, vmsd("dev/a", u8("y"))), vmsd("dev/b", u8("z")))
	framed = vmsd("top", structure("s", dev), buffer("after", 7))

	bytesIn = vmsd("e", u8("v"))
	inQueue = vmsd("q", queue("q", bytesIn))
	inList  = vmsd("l", list("l", bytesIn))
	inTree  = vmsd("t", tree("t", bytesIn))

	switched = vmsd("flag", field("on", model.TypeBool))
	gap      = vmsd("gap", u8("before"), model.Field{Name: "gap", Type: model.TypeUnused, Size: 4})
	least    = vmsd("le", in(10, field("n", model.TypeInt32LE)))

	three = vmsd("three", i32("n"), room(3, counted("n", u16("a"))))
	grows = vmsd("grows", u32("size"), sized("size", 0, "data"))
)

// Subsections up to their versions, and be64 keys.
const (
	devA   = "05 05 6465762f61 "
	devB   = "05 05 6465762f62 "
	devZ   = "05 05 6465762f7a "
	header = 1 + 1 + 5

	key1 = "0000000000000001 "
	key2 = "0000000000000002 "
)

// elementsAt are vmsds whose field's version_id is v, at which its elements load;
// they are known from 1 to 2.
func elementsAt(v uint32, f model.Field) *model.Schema {
	f.Version = v
	f.Elem = versions(1, 2, vmsd("e", u8("v"), since(2, u8("w"))))
	return versions(1, 9, vmsd("s", f))
}

var pointSources = []source{
	// 7: section versions
	{id: "version-own", rule: rules.VersionRange, schema: versioned,
		wire: "0000000a 0000000b", want: accepted},
	{id: "version-older", rule: rules.VersionRange, schema: versioned, version: 1,
		comment: "down to minimum_version_id; what came with version 2 is not there",
		wire:    "0000000a", want: accepted},
	{id: "version-32-bits", rule: rules.VersionRange, schema: versioned, version: 0x80000002,
		comment: "the low 8 bits alone would be in range",
		wire:    "0000000a 0000000b", want: refused(rules.VersionTooNew, 0, "")},
	{id: "version-too-old", rule: rules.VersionRange, schema: versions(2, 2, vmsd("number", u32("n"))), version: 1,
		wire: "0000000a", want: refused(rules.VersionTooOld, 0, "")},

	{id: "must-exist-there", rule: rules.MustExist, schema: versions(1, 2, vmsd("must", model.Field{Name: "n", Type: model.TypeUint32, Version: 2, Must: true})),
		wire: "0000000a", want: accepted},
	{id: "must-exist-not-there", rule: rules.MustExist, version: 1,
		comment: "the field came with version 2",
		schema:  versions(1, 2, vmsd("must", u8("before"), model.Field{Name: "n", Type: model.TypeUint32, Version: 2, Must: true})),
		wire:    "07", want: refused(rules.MissingField, 1, "n")},

	// 8: subsection versions
	{id: "subsection-version", rule: rules.SubsectionVersion, schema: dev,
		wire: "01" + devA + "00000002 07", want: accepted},
	{id: "subsection-version-too-new", rule: rules.SubsectionVersion, schema: dev,
		wire: "01" + devA + "00000003 07", want: refused(rules.VersionTooNew, 1+header, "dev/a")},
	{id: "subsection-version-0x103", rule: rules.SubsectionVersion, schema: dev,
		comment: "3, modulo 256",
		wire:    "01" + devA + "00000103 07", want: refused(rules.VersionTooNew, 1+header, "dev/a")},
	{id: "subsection-version-0x100", rule: rules.SubsectionVersion, schema: dev,
		comment: "0, modulo 256",
		wire:    "01" + devA + "00000100 07", want: refused(rules.VersionTooOld, 1+header, "dev/a")},
	{id: "subsection-version-255", rule: rules.SubsectionVersion256,
		comment: "the largest version that a subsection can have",
		schema:  with(vmsd("dev", u8("x")), versions(1, 255, vmsd("dev/a", u8("y")))),
		wire:    "01" + devA + "000000ff 07", want: accepted},
	{id: "subsection-version-0x101", rule: rules.SubsectionVersion256, schema: dev,
		comment: "loads as 1",
		wire:    "01" + devA + "00000101 07",
		want:    noted(rules.SubsectionVersion256, 1+header, "dev/a", `{"x":1,"/subsections":{"dev/a":{"y":7}}}`)},

	// 9: what is a subsection, and in which order
	{id: "subsections-in-order", rule: rules.SubsectionOrder, schema: dev,
		wire: "01" + devA + "00000002 07" + devB + "00000001 08", want: accepted},
	{id: "subsections-out-of-order", rule: rules.SubsectionOrder, schema: dev,
		wire: "01" + devB + "00000001 08" + devA + "00000002 07",
		want: noted(rules.SubsectionOrder, 1+header+4+1, "dev/a", `{"x":1,"/subsections":{"dev/a":{"y":7},"dev/b":{"z":8}}}`)},
	{id: "subsection-once", rule: rules.SubsectionRepeated, schema: dev,
		wire: "01" + devB + "00000001 08", want: accepted},
	{id: "subsection-twice", rule: rules.SubsectionRepeated, schema: dev,
		comment: "the second one is loaded over the first",
		wire:    "01" + devB + "00000001 08" + devB + "00000001 09",
		want:    noted(rules.SubsectionRepeated, 1+header+4+1, "dev/b", `{"x":1,"/subsections":{"dev/b":{"z":9}}}`)},
	{id: "subsection-known", rule: rules.SubsectionKnown, schema: dev,
		wire: "01" + devB + "00000001 07", want: accepted},
	{id: "subsection-name-of-parent", rule: rules.SubsectionKnown, schema: framed,
		comment: "05 and the parent's own name: data",
		wire:    "01 05 03 646576 0000", want: accepted},
	{id: "subsection-other-prefix", rule: rules.SubsectionKnown, schema: framed,
		comment: "05 and a name without the parent's as prefix: data",
		wire:    "01 05 05 6162632f61", want: accepted},
	{id: "subsection-unknown", rule: rules.SubsectionKnown, schema: framed,
		comment: "05 and a name with the parent's as prefix: ENOENT, data or not",
		wire:    "01" + devZ, want: refused(rules.UnknownSubsection, 1, "s")},

	// 11: the end of the input is neither a zero nor a terminator
	{id: "integer-whole", rule: rules.ItemComplete, schema: number,
		wire: "0000002a", want: accepted},
	{id: "integer-cut", rule: rules.ItemComplete, schema: number,
		wire: "000000", want: refused(rules.Truncated, 3, "n")},
	{id: "list-terminated", rule: rules.ListTerminator, schema: inList,
		wire: "01 07 00", want: accepted},
	{id: "list-unterminated", rule: rules.ListTerminator, fault: "list-terminator", schema: inList,
		wire: "01 07", want: refused(rules.Truncated, 2, "l[1]")},
	{id: "tree-terminated", rule: rules.TreeTerminator, schema: inTree,
		wire: "00000001 01" + key1 + "07 00", want: accepted},
	{id: "tree-unterminated", rule: rules.TreeTerminator, schema: inTree,
		wire: "00000001 01" + key1 + "07", want: refused(rules.Truncated, 4+1+8+1, "t[1]")},

	// 12: any byte but 00 starts an element
	{id: "queue-marker-01", rule: rules.QueueMarker, schema: inQueue,
		wire: "01 07 01 08 00", want: accepted},
	{id: "queue-marker-05", rule: rules.QueueMarker, schema: inQueue,
		comment: "no subsection of the element before: 08 bytes of name are not there",
		wire:    "01 07 05 08 00", want: noted(rules.QueueMarker, 2, "q[1]", `{"q":[{"v":7},{"v":8}]}`)},
	{id: "queue-marker-80", rule: rules.QueueMarker, schema: inQueue,
		wire: "80 07 00", want: noted(rules.QueueMarker, 0, "q[0]", `{"q":[{"v":7}]}`)},
	{id: "list-marker-01", rule: rules.ListMarker, schema: inList,
		wire: "01 07 01 08 00", want: accepted},
	{id: "list-marker-ff", rule: rules.ListMarker, schema: inList,
		wire: "01 07 ff 08 00", want: noted(rules.ListMarker, 2, "l[1]", `{"l":[{"v":7},{"v":8}]}`)},
	{id: "tree-marker-01", rule: rules.TreeMarker, schema: inTree,
		wire: "00000001 01" + key1 + "07 00", want: accepted},
	{id: "tree-marker-02", rule: rules.TreeMarker, schema: inTree,
		wire: "00000001 02" + key1 + "07 00", want: noted(rules.TreeMarker, 4, "t[0]", `{"t":[{"key":"1","value":{"v":7}}]}`)},

	// 13: any byte but 00 is true
	{id: "bool-01", rule: rules.BoolCanonical, schema: switched,
		wire: "01", want: accepted},
	{id: "bool-80", rule: rules.BoolCanonical, schema: switched,
		wire: "80", want: noted(rules.BoolCanonical, 0, "on", `{"on":true}`)},

	// 14: trees
	{id: "tree-count", rule: rules.TreeCount, schema: inTree,
		wire: "00000002 01" + key1 + "07 01" + key2 + "08 00", want: accepted},
	{id: "tree-count-exceeded", rule: rules.TreeCount, schema: inTree,
		comment: "a second pair where the count is 1",
		wire:    "00000001 01" + key1 + "07 01" + key2 + "08 00", want: refused(rules.CountMismatch, 4+1+8+1, "t[1]")},
	{id: "tree-count-not-reached", rule: rules.TreeCount, schema: inTree,
		comment: "one pair where the count is 2",
		wire:    "00000002 01" + key1 + "07 00", want: refused(rules.CountMismatch, 4+1+8+1, "t[1]")},
	{id: "tree-keys-differ", rule: rules.TreeDuplicate, schema: inTree,
		wire: "00000002 01" + key1 + "07 01" + key2 + "07 00", want: accepted},
	{id: "tree-key-twice", rule: rules.TreeDuplicate, schema: inTree,
		comment: "the pairs become one, with the last value",
		wire:    "00000002 01" + key1 + "07 01" + key1 + "08 00",
		want:    noted(rules.TreeDuplicate, 4+1+8+1+1+8, "t[1]", `{"t":[{"key":"1","value":{"v":8}}]}`)},
	{id: "tree-keys-in-order", rule: rules.TreeOrder, schema: inTree,
		wire: "00000002 01" + key1 + "08 01" + key2 + "07 00", want: accepted},
	{id: "tree-keys-out-of-order", rule: rules.TreeOrder, schema: inTree,
		wire: "00000002 01" + key2 + "07 01" + key1 + "08 00",
		want: noted(rules.TreeOrder, 4+1+8+1+1+8, "t[1]", `{"t":[{"key":"1","value":{"v":8}},{"key":"2","value":{"v":7}}]}`)},

	// 15: unused bytes, int32 le
	{id: "unused-zeros", rule: rules.UnusedZero, schema: gap,
		wire: "07 00000000", want: accepted},
	{id: "unused-not-zero", rule: rules.UnusedZero, schema: gap,
		wire: "07 00003000", want: noted(rules.UnusedZero, 1+2, "gap", `{"before":7}`)},
	{id: "int32-le-most", rule: rules.Int32LE, schema: least,
		wire: "0000000a", want: accepted},
	{id: "int32-le-none", rule: rules.Int32LE, schema: least,
		wire: "00000000", want: accepted},
	{id: "int32-le-negative", rule: rules.Int32LE, schema: least,
		wire: "ffffffff", want: refused(rules.OutOfRange, 0, "n")},
	{id: "int32-le-above", rule: rules.Int32LE, schema: least,
		wire: "0000000b", want: refused(rules.OutOfRange, 0, "n")},

	// 20: hostile counts
	{id: "count-of-room", rule: rules.CountRange, schema: three,
		wire: "00000003 0001 0002 0003", want: accepted},
	{id: "count-above-room", rule: rules.CountRange, schema: three,
		wire: "00000004 0001 0002 0003 0004", want: refused(rules.OutOfRange, 4, "a")},
	{id: "count-negative", rule: rules.CountRange, schema: three,
		wire: "ffffffff 0001 0002 0003", want: refused(rules.OutOfRange, 4, "a")},
	{id: "buffer-of-2-gib", rule: rules.CountRange, schema: grows,
		comment: "2^31, an int of C below zero: QEMU aborts in its allocator",
		wire:    "80000000 01020304", want: refused(rules.OutOfRange, 4, "data")},
	{id: "buffer-whole", rule: rules.Bounded, schema: grows,
		wire: "00000004 01020304", want: accepted},
	{id: "buffer-beyond-limit", rule: rules.Bounded, schema: grows,
		comment: "2^31-1 bytes in one item, 8 times the default limit",
		wire:    "7fffffff 01020304", want: refused(rules.Limit, 4, "data")},

	// 22: the version of elements is the field's, and not on the wire
	{id: "queue-version", rule: rules.QueueVersion, schema: elementsAt(2, queue("q", nil)),
		wire: "01 07 08 00", want: accepted},
	{id: "queue-version-too-new", rule: rules.QueueVersion, schema: elementsAt(3, queue("q", nil)),
		wire: "00", want: refused(rules.VersionTooNew, 0, "q")},
	{id: "queue-version-too-old", rule: rules.QueueVersion, schema: elementsAt(0, queue("q", nil)),
		wire: "00", want: refused(rules.VersionTooOld, 0, "q")},
	{id: "list-version", rule: rules.ListVersion, schema: elementsAt(2, list("l", nil)),
		wire: "01 07 08 00", want: accepted},
	{id: "list-version-too-new", rule: rules.ListVersion, schema: elementsAt(3, list("l", nil)),
		wire: "00", want: refused(rules.VersionTooNew, 0, "l")},
	{id: "list-version-too-old", rule: rules.ListVersion, schema: elementsAt(0, list("l", nil)),
		wire: "00", want: refused(rules.VersionTooOld, 0, "l")},
	{id: "tree-version", rule: rules.TreeVersion, schema: elementsAt(2, tree("t", nil)),
		wire: "00000001 01" + key1 + "07 08 00", want: accepted},
	{id: "tree-version-too-new", rule: rules.TreeVersion, schema: elementsAt(3, tree("t", nil)),
		wire: "00000000 00", want: refused(rules.VersionTooNew, 0, "t")},
	{id: "tree-version-too-old", rule: rules.TreeVersion, schema: elementsAt(0, tree("t", nil)),
		wire: "00000000 00", want: refused(rules.VersionTooOld, 0, "t")},
}
