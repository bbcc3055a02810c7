// Package savevm reads and writes QEMU's migration stream as a container: the
// header, the configuration, sections with their footers, commands, the
// payloads that no description covers (RAM with all its records and mapped-ram,
// the sPAPR hash table, s390 storage attributes, dirty bitmaps, contents of
// disks) and the JSON description at the end, the vmdesc.
//
// Out of scope: the inside of a device's payload, which a [Decoder] given by the
// caller reads; wrapped streams (libvirt, compression); what multifd sends over
// channels of its own; the sections of vfio and of vendors, which are bridged and
// reported; and every decision that needs a machine to compare with, such as
// whether a section name exists there.
//
// # The wire
//
// Integers are big-endian. "u8 n name" is one length byte and n bytes.
//
//	stream    header [config] item… 00 [vmdesc] [trailing bytes]
//
//	header    51 45 56 4d │ be32 3
//	config    07 │ be32 n, machine name │ (05 u8 n name │ be32 version │ value)…
//
//	          ┌ START 01, FULL 04 ──────────────────────────────┐
//	section   │ type │ be32 id │ u8 n idstr │ be32 instance id │ be32 version │ payload │ [footer]
//	          ┌ PART 02, END 03 ┐
//	          │ type │ be32 id │ payload │ [footer]
//
//	footer    7e │ be32 id of the section that it ends
//	command   08 │ be16 command │ be16 n │ n bytes
//	          PACKAGED: 08 │ 0007 │ 0004 │ be32 n │ n bytes: item… 00
//	vmdesc    06 │ be32 n │ n bytes of JSON: ParseVMDesc, DescWriter
//
// A payload has no length on the wire. Its end is found in one of four ways:
// the package knows the layout (builtin), the description knows it and the
// Decoder follows it, the description gives a bare size (old-style sections),
// or the next footer that can be one is searched (bridging). Machine types up to
// 2.3 write no footers, and up to 2.2 no description: there, the first section
// of unknown layout hides everything that follows.
//
// A package is a stream within the stream: its sections have the ids, footers,
// guest memory and descriptions of the stream's, and end with it at the latest.
//
// # A footer that can be one
//
// The five bytes of a footer occur in payloads by chance: section id 0 exists
// and zeros are the commonest payload. Bridging therefore wants the next item
// to follow: a START or FULL with a printable idstr, a PART or END of a section
// that was started, a known command with its length, or the end marker with a
// description (or the end of the input or package) behind it. Where the input ends inside
// that item, what is there must fit.
package savevm
