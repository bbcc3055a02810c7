package corpus

import (
	"strings"

	"vmconform/rules"
)

// Streams of the machine "none", as QEMU 7.2 writes them but for the clock: the
// container's points of qemu-behaviour §1, in their order there. What QEMU itself
// makes of them is in the header, and a test asks it.

const both = "7.2 10.0"

// runState is the payload of globalstate: the size of the name with its NUL, and
// the name in 100 bytes. QEMU 10 has other fields in the last 68, all 0 here.
func runState(size uint32, name string) string {
	return be32(size) + name + strings.Repeat("\x00", 100-len(name))
}

var (
	magic    = "QEVM" + be32(3)
	opening  = magic + config("none")
	ramStart = start(2, "ram", 4, be64(0|0x04)+be64(0x10)) // no blocks
	ramEnd   = end(2, be64(0x10))

	prelaunch = runState(10, "prelaunch")
	state     = full(4, "globalstate", 1, prelaunch)
	ofState   = device("globalstate", member("size", "uint32", 4), member("runstate", "buffer", 100))

	noDevice = ramStart + ramEnd
	inside   = noDevice + state // what is between opening and end
	whole    = opening + inside + described(ofState)
)

// packed is a package of items and their end marker.
func packed(items string) string { return command(7, be32(uint32(len(items)))) + items }

var containerSources = []streamSource{
	{id: "machine-none", qemu: both, after: whole, want: passes,
		rules: of(rules.StreamEmpty, rules.StreamMagic, rules.StreamVersion, rules.StreamEOF, rules.SectionType,
			rules.SectionName, rules.SectionNameNUL, rules.SectionInstance, rules.SectionRepeated, rules.SectionEnded,
			rules.SectionFooter, rules.SectionPayload, rules.SectionBridged, rules.ConfigurationOnce, rules.TrailingBytes,
			rules.VMDescAbsent, rules.VMDescTruncated, rules.VMDescSyntax, rules.VMDescFits, rules.VMDescDevice,
			rules.VMDescVersion, rules.VMDescRoundTrip, rules.RunState, rules.RunStateSize)},

	// the header
	{id: "magic", rules: of(rules.StreamMagic), qemu: both,
		after: "QEVN" + whole[4:], want: noStream},
	{id: "version-2", rules: of(rules.StreamVersion), qemu: both,
		before: "QEVM", after: be32(2) + whole[8:], want: fails(rules.Framing, "")},

	// 1: the machine's name
	{id: "machine-name-prefix", rules: of(rules.MachineName), qemu: both,
		comment: "of one byte, the local name's first",
		after:   magic + config("n") + inside + described(ofState), want: passes},
	{id: "machine-name-empty", rules: of(rules.MachineName), qemu: both,
		before: magic + "\x07" + be32(0), after: inside + described(ofState), want: warned("configuration")},
	{id: "machine-name-nul", rules: of(rules.MachineName), qemu: both,
		before: magic + "\x07" + be32(6), after: "none\x00x" + inside + described(ofState), want: warned("configuration")},
	{id: "configuration-subsections", rules: of(rules.Configuration), qemu: both,
		comment: "page bits, no capabilities, uuid",
		after: opening + sub("configuration/target-page-bits", 1) + be32(12) + sub("configuration/capabilities", 1) + be32(0) +
			sub("configuration/uuid", 1) + strings.Repeat("\x00", 16) + inside + described(ofState), want: passes},
	{id: "capability-ignore-shared", rules: of(rules.Capability),
		after: opening + sub("configuration/capabilities", 1) + be32(1) + str("x-ignore-shared") + inside + described(ofState), want: passes},
	{id: "capability-xbzrle", rules: of(rules.Capability), qemu: both,
		comment: "one that exists, and that no QEMU writes",
		before:  opening + sub("configuration/capabilities", 1) + be32(1), after: str("xbzrle") + inside + described(ofState),
		want: warned("configuration/configuration/capabilities")},
	{id: "configuration-page-bits-9", rules: of(rules.Configuration), qemu: both,
		comment: "the flags of RAM records take ten bits",
		before:  opening + sub("configuration/target-page-bits", 1), after: be32(9) + inside + described(ofState),
		want: fails(rules.OutOfRange, "configuration/configuration/target-page-bits")},

	// 2: a second configuration
	{id: "configuration-twice", rules: of(rules.ConfigurationOnce), qemu: both,
		before: opening, after: config("none") + inside + described(ofState), want: fails(rules.Framing, "")},

	// 3: sections that are there twice, or not to their end
	{id: "section-twice", rules: of(rules.SectionRepeated), qemu: both,
		before: opening + inside, after: state + described(ofState), want: warned("globalstate")},
	{id: "section-without-end", rules: of(rules.SectionEnded), qemu: both,
		before: opening + ramStart + state, after: described(ofState), want: warned("ram")},

	// 4: section ids
	{id: "section-id-any", rules: of(rules.SectionKnown), qemu: both,
		after: opening + start(0xfffffff0, "ram", 4, be64(0x04)+be64(0x10)) + part(0xfffffff0, be64(0x10)) + end(0xfffffff0, be64(0x10)) +
			state + described(ofState), want: passes},
	{id: "section-id-never-started", rules: of(rules.SectionKnown), qemu: both,
		before: opening + ramStart, after: end(3, be64(0x10)) + state + described(ofState), want: fails(rules.Framing, "")},

	// 5: footers, and what is none of the section types
	{id: "footer-of-another", rules: of(rules.SectionFooter), qemu: both,
		before: opening + noDevice + head(4, 4, "globalstate", 0, 1) + prelaunch, after: footer(5) + described(ofState),
		want: fails(rules.Framing, "globalstate")},
	{id: "footer-missing", rules: of(rules.SectionFooter), qemu: both,
		before: opening + noDevice + head(4, 4, "globalstate", 0, 1) + prelaunch, after: described(ofState),
		want: fails(rules.Framing, "globalstate")},
	{id: "footer-stray", rules: of(rules.SectionType), qemu: both,
		before: opening + noDevice, after: footer(2) + state + described(ofState), want: fails(rules.Framing, "")},
	{id: "section-type-55", rules: of(rules.SectionType), qemu: both,
		before: opening + noDevice, after: "\x55" + state + described(ofState), want: fails(rules.Framing, "")},
	{id: "payload-one-byte-longer", rules: of(rules.SectionPayload), qemu: both,
		before: opening + noDevice + head(4, 4, "globalstate", 0, 1) + prelaunch, after: "\x00" + footer(4) + described(ofState),
		want: fails(rules.Framing, "globalstate")},

	// 6: names
	{id: "idstr-empty", rules: of(rules.SectionName), qemu: both,
		before: opening + noDevice, after: full(4, "", 1, prelaunch) + described(ofState), want: fails(rules.Framing, "")},
	{id: "idstr-nul", rules: of(rules.SectionNameNUL), qemu: both,
		before: opening + noDevice, after: full(4, "globalstate\x00x", 1, prelaunch) + described(ofState), want: warned("globalstate")},

	// 10: what follows the end marker
	{id: "description-absent", rules: of(rules.VMDescAbsent), qemu: both,
		before: opening + noDevice + eof, want: warned("")},
	{id: "description-cut", rules: of(rules.VMDescTruncated), qemu: both,
		comment: "the last byte is missing",
		before:  opening + noDevice + strings.TrimSuffix(described(), "}"), want: warned("")},
	{id: "description-garbled", rules: of(rules.VMDescSyntax), qemu: both,
		comment: "] and } change places at the end",
		before:  opening + noDevice + eof + "\x06" + be32(uint32(len(`{"devices": []}`))) + `{"devices": [`, after: `}]`, want: warned("")},
	{id: "description-and-more", rules: of(rules.TrailingBytes), qemu: both,
		before: whole, after: state, want: warned("")},

	// 11: the end of the input
	{id: "end-missing", rules: of(rules.StreamEOF), qemu: both,
		comment: "all but 00 and the description",
		before:  opening + noDevice, want: fails(rules.Truncated, "")},

	// 16: commands
	{id: "commands", rules: of(rules.Command, rules.SwitchoverOnce),
		comment: "OPEN_RETURN_PATH, PING, POSTCOPY_ADVISE and SWITCHOVER_START",
		after: opening + command(1, "") + command(2, be32(1)) + command(3, be64(4096)+be64(4096)) + ramStart + command(11, "") + ramEnd + state +
			described(ofState), want: passes},
	{id: "package", rules: of(rules.Command, rules.StreamEOF, rules.TrailingBytes),
		comment: "RAM's END and a device, packed", qemu: both,
		after: opening + ramStart + packed(ramEnd+state+eof) + described(ofState), want: passes},
	{id: "package-in-a-package", rules: of(rules.Command), qemu: both,
		comment: "QEMU takes the inner one's length from behind the outer one",
		before:  opening + ramStart + command(7, be32(uint32(len(packed(ramEnd+eof)+state+eof)))), after: packed(ramEnd+eof) + state + eof + described(ofState),
		want: fails(rules.Framing, "")},
	{id: "package-and-more", rules: of(rules.TrailingBytes), qemu: both,
		comment: "a section behind the end marker of a package",
		before:  opening + ramStart + command(7, be32(uint32(len(ramEnd+eof+state)))) + ramEnd + eof, after: state + state + described(ofState), want: warned("")},
	{id: "package-without-end", rules: of(rules.StreamEOF), qemu: both,
		before: opening + ramStart + command(7, be32(uint32(len(ramEnd)))) + ramEnd, after: state + described(ofState), want: fails(rules.Truncated, "")},
	{id: "package-unknown-type", rules: of(rules.SectionType), qemu: both,
		before: opening + ramStart + command(7, be32(uint32(len(ramEnd)+2))) + ramEnd, after: "\x55" + eof + state + described(ofState), want: fails(rules.Framing, "")},
	{id: "command-12", rules: of(rules.Command), qemu: both,
		before: opening + ramStart, after: command(12, "") + ramEnd + state + described(ofState), want: fails(rules.Framing, "")},
	{id: "command-ping-of-3", rules: of(rules.Command), qemu: both,
		before: opening + ramStart, after: command(2, "abc") + ramEnd + state + described(ofState), want: fails(rules.Framing, "")},
	{id: "switchover-twice", rules: of(rules.SwitchoverOnce), qemu: "10.0",
		before: opening + ramStart + command(11, ""), after: command(11, "") + ramEnd + state + described(ofState), want: warned("")},

	// 18: globalstate
	{id: "run-state-unknown", rules: of(rules.RunState), qemu: both,
		before: opening + noDevice + head(4, 4, "globalstate", 0, 1) + be32(9), after: runState(0, "launched")[4:] + footer(4) + described(ofState),
		want: fails(rules.OutOfRange, "globalstate/runstate")},
	{id: "run-state-size", rules: of(rules.RunStateSize), qemu: both,
		before: opening + noDevice + head(4, 4, "globalstate", 0, 1), after: runState(99, "prelaunch") + footer(4) + described(ofState),
		want: warned("globalstate/size")},

	// 19: any instance
	{id: "instance-id-any", rules: of(rules.SectionInstance), qemu: both,
		comment: "described so, too",
		before:  opening + noDevice,
		after: head(4, 4, "globalstate", 0xffffffff, 1) + prelaunch + footer(4) +
			described(strings.Replace(ofState, `"instance_id": 0`, `"instance_id": 4294967295`, 1)), want: warned("globalstate#4294967295")},

	// 21: no input at all; QEMU waits for ever
	{id: "empty", rules: of(rules.StreamEmpty), want: noStream},

	// a section that no description covers, and whose records are not known
	{id: "vendor-section", rules: of(rules.SectionBridged),
		before: opening + ramStart, after: start(9, "vendor", 1, "state") + end(9, "") + ramEnd + state + described(ofState), want: warned("vendor")},
}
