package corpus

import (
	"strings"

	"vmconform/rules"
)

// The payloads that no description covers and whose records are known.

var (
	// two blocks, of two pages and of one
	blocks = start(2, "ram", 4, be64(0x3000|0x04)+str("a")+be64(0x2000)+str("b")+be64(0x1000)+be64(0x10))
	last   = "\x03" + be32(2) // the header of RAM's END
	zero   = "\x00"

	// a table of 2^18 bytes: 2^14 entries of 16
	table = start(3, "spapr/htab", 1, be32(18))
)

var recordSources = []streamSource{
	{id: "ram-zero-pages", rules: of(rules.RAMRecord, rules.RAMBlock, rules.RAMRange),
		comment: "every page of two blocks, the second by CONTINUE",
		after: opening + blocks + last + be64(0|0x02) + str("a") + zero + be64(0x1000|0x22) + zero + be64(0|0x02) + str("b") + zero + be64(0x10) + footer(2) +
			state + described(ofState), want: passes},
	{id: "ram-two-flags", rules: of(rules.RAMRecord),
		comment: "EOS and MEM_SIZE in one",
		before:  opening + blocks + last, after: be64(0x14) + footer(2) + state + described(ofState), want: fails(rules.Framing, "ram")},
	{id: "ram-no-flag", rules: of(rules.RAMRecord), qemu: both,
		before: opening + ramStart + last, after: be64(0) + be64(0x10) + footer(2) + state + described(ofState), want: fails(rules.Framing, "ram")},
	{id: "ram-block-unknown", rules: of(rules.RAMBlock), qemu: both,
		before: opening + ramStart + last, after: be64(0|0x02) + str("c") + zero + be64(0x10) + footer(2) + state + described(ofState), want: fails(rules.Framing, "ram")},
	{id: "ram-page-beyond", rules: of(rules.RAMRange),
		comment: "the third page of a block of two",
		before:  opening + blocks + last, after: be64(0x2000|0x02) + str("a") + zero + be64(0x10) + footer(2) + state + described(ofState), want: fails(rules.Framing, "ram")},

	{id: "htab", rules: of(rules.HTABRecord),
		comment: "the last two entries of the table: one valid, one invalid",
		after: opening + table + "\x03" + be32(3) + be32(0) + be32(1<<14-2) + be16(1) + be16(1) + strings.Repeat("e", 16) + be64(0) + footer(3) +
			state + described(ofState), want: passes},
	{id: "htab-beyond-table", rules: of(rules.HTABRecord),
		comment: "one entry further",
		before:  opening + table + "\x03" + be32(3) + be32(0),
		after:   be32(1<<14-1) + be16(1) + be16(1) + strings.Repeat("e", 16) + be64(0) + footer(3) + state + described(ofState),
		want:    fails(rules.Framing, "spapr/htab")},

	{id: "storage-attributes", rules: of(rules.AttributesRecord),
		after: opening + start(7, "s390-storage_attributes", 0, be64(0x01)) + end(7, be64(0x02)+be64(3)+"abc"+be64(0x08)+be64(0x01)) +
			state + described(ofState), want: passes},
	{id: "storage-attributes-two-flags", rules: of(rules.AttributesRecord),
		comment: "DONE and EOS in one",
		before:  opening + start(7, "s390-storage_attributes", 0, be64(0x01)) + "\x03" + be32(7),
		after:   be64(0x09) + be64(0x01) + footer(7) + state + described(ofState), want: fails(rules.Framing, "s390-storage_attributes")},
}
