package corpus

import (
	"hash/adler32"
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

	// two bitmaps with a bit for 64 KiB
	bitmaps = start(3, "dirty-bitmap", 1, "\x1c"+str("disk")+str("b")+be32(65536)+"\x01\x14"+str("a")+be32(65536)+"\x01\x01")
	disk    = start(3, "block", 1, be64(0x02))
)

// stored is a page as the body of a COMPRESS_PAGE: a zlib stream of one block that
// is not compressed (RFC 1950, RFC 1951). Its checksum is wrong by so much.
func stored(page string, wrong uint32) string {
	n := byte(len(page) & 0xff)
	m := byte(len(page) >> 8)
	z := "\x78\x01\x01" + string([]byte{n, m, ^n, ^m}) + page + be32(adler32.Checksum([]byte(page))+wrong)
	return be32(uint32(len(z))) + z
}

var mappedHead = opening + sub("configuration/capabilities", 1) + be32(1) + str("mapped-ram") + head(4, 2, "ram", 0, 4) + be64(0x2000|0x04)

// mapped is a stream of mapped-ram up to the end of its pages, of which the
// second is not zero. The header of its block has a version.
func mapped(version uint32) string {
	entry := mappedHead + str("a") + be64(0x2000)
	bitmap := uint64(len(entry) + 28)
	return entry + be32(version) + be64(0x1000) + be64(bitmap) + be64(bitmap+8+3) +
		"\x02\x00\x00\x00\x00\x00\x00\x00" + "gap" + strings.Repeat("\x00", 0x1000) + strings.Repeat("p", 0x1000)
}

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
	{id: "ram-compressed-page", rules: of(rules.RAMCompressed),
		comment: "a page that zlib stores",
		after:   opening + blocks + last + be64(0x1000|0x100) + str("a") + stored(strings.Repeat("p", 4096), 0) + be64(0x10) + footer(2) + state + described(ofState), want: passes},
	{id: "ram-compressed-page-checksum", rules: of(rules.RAMCompressed),
		comment: "the checksum is one more",
		before:  opening + blocks + last, after: be64(0x1000|0x100) + str("a") + stored(strings.Repeat("p", 4096), 1) + be64(0x10) + footer(2) + state + described(ofState),
		want: fails(rules.Framing, "ram")},
	{id: "ram-compressed-page-short", rules: of(rules.RAMCompressed),
		comment: "a byte less than a page",
		before:  opening + blocks + last, after: be64(0x1000|0x100) + str("a") + stored(strings.Repeat("p", 4095), 0) + be64(0x10) + footer(2) + state + described(ofState),
		want: fails(rules.Framing, "ram")},
	{id: "ram-mapped", rules: of(rules.RAMMapped),
		comment: "the first of two pages is zero; pages that are not aligned to 1 MiB",
		after:   mapped(1) + be64(0x10) + footer(2) + state + described(ofState), want: passes},
	{id: "ram-mapped-version-2", rules: of(rules.RAMMapped),
		before: mapped(2)[:len(mappedHead)], after: mapped(2)[len(mappedHead):] + be64(0x10) + footer(2) + state + described(ofState),
		want: fails(rules.Framing, "ram")},

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

	{id: "dirty-bitmap", rules: of(rules.BitmapRecord, rules.BitmapCanonical),
		comment: "two bitmaps of one node: one with a bit in its second 64, one without any; the node is named once",
		after: opening + bitmaps + end(3, "\x40"+be64(0)+be32(8192)+be64(32)+strings.Repeat("\x00", 8)+"\x01"+strings.Repeat("\x00", 23)+
			"\x46"+str("b")+be64(0)+be32(8192)+"\x24"+str("a")+"\x24"+str("b")+"\x01") + state + described(ofState), want: passes},
	{id: "dirty-bitmap-unknown-flag", rules: of(rules.BitmapRecord),
		comment: "08 in the flags of a bitmap",
		before:  opening + head(1, 3, "dirty-bitmap", 0, 1),
		after:   "\x1c" + str("disk") + str("a") + be32(65536) + "\x08\x01" + footer(3) + state + described(ofState), want: fails(rules.Framing, "dirty-bitmap")},
	{id: "dirty-bitmap-of-no-kind", rules: of(rules.BitmapCanonical),
		comment: "a chunk that is a name",
		before:  opening + bitmaps + "\x03" + be32(3), after: "\x04" + str("b") + "\x01" + footer(3) + state + described(ofState), want: warned("dirty-bitmap")},
	{id: "dirty-bitmap-without-node", rules: of(rules.BitmapCanonical),
		comment: "QEMU says so and goes on without the bitmaps",
		before:  opening + head(1, 3, "dirty-bitmap", 0, 1),
		after:   "\x14" + str("a") + be32(65536) + "\x01\x01" + footer(3) + end(3, "\x01") + state + described(ofState), want: warned("dirty-bitmap")},

	{id: "block", rules: of(rules.BlockRecord, rules.BlockCanonical),
		comment: "progress, and the second MiB of a disk, all zeros",
		after:   opening + disk + end(3, be64(100<<9|0x04)+be64(2048<<9|0x09)+str("disk")+be64(0x02)) + state + described(ofState), want: passes},
	{id: "block-of-no-kind", rules: of(rules.BlockRecord),
		comment: "zeros of no disk",
		before:  opening + disk + "\x03" + be32(3), after: be64(0x08) + be64(0x02) + footer(3) + state + described(ofState), want: fails(rules.Framing, "block")},
	{id: "block-of-two-kinds", rules: of(rules.BlockCanonical),
		comment: "progress that is the end",
		before:  opening + disk + "\x03" + be32(3), after: be64(100<<9|0x06) + footer(3) + state + described(ofState), want: warned("block")},
}
