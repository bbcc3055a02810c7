package live

import "vmconform/rules"

// shapes are the ways to make variants. What each expects is fixed by its rule
// for whatever is drawn, and by the description for sections of known layout;
// it is never asked of a decoder.
var shapes = []shape{
	{"add", "one", Accept, rules.QueueOrder, 1, addOne},
	{"add", "several", Accept, rules.QueueOrder, 2, addSeveral},
	{"remove", "some", Accept, rules.QueueOrder, 4, removeSome},
	{"remove", "all", Accept, rules.QueueOrder, 1, removeAll},
	{"repeat", "one", Accept, rules.QueueOrder, 1, repeatOne},
	{"reorder", "elements", Accept, rules.QueueOrder, 1, reorder},
	{"made", "queue", Accept, rules.QueueOrder, 1, madeQueue},

	{"marker", "not-01", Warn, rules.QueueMarker, 4, markerOther},
	{"marker", "00-early", Refuse, rules.SectionFooter, 1, markerEarly},
	{"marker", "no-00", Refuse, rules.QueueTerminator, 1, markerNone},

	{"count", "elements", Accept, rules.QueueOrder, 3, countElements},
	{"count", "machine-name", Refuse, rules.Configuration, 1, countMachineName},
	{"count", "machine-name-negative", Refuse, rules.Configuration, 1, countMachineNameNegative},

	{"length", "fitting", Accept, rules.CountWhenReached, 3, lengthFitting},
	{"length", "off", Refuse, rules.SectionFooter, 2, lengthOff},
	{"length", "beyond-end", Refuse, rules.ItemComplete, 1, lengthBeyond},
	{"length", "negative", Refuse, rules.CountRange, 1, lengthNegative},
	{"length", "description-long", Warn, rules.VMDescTruncated, 1, lengthDescriptionLong},
	{"length", "description-short", Warn, rules.VMDescSyntax, 1, lengthDescriptionShort},
	{"length", "idstr-0", Refuse, rules.SectionName, 1, lengthName},

	{"version", "subsection-new", Refuse, rules.SubsectionVersion, 2, versionSubsectionNew},
	{"version", "subsection-256", Warn, rules.SubsectionVersion256, 2, versionSubsection256},
	{"version", "subsection-old", Open, rules.SubsectionVersion, 1, versionSubsectionOld},
	{"version", "section-new", Refuse, rules.VersionRange, 2, versionSectionNew},
	{"version", "section-high-bit", Refuse, rules.VersionRange, 1, versionSectionHigh},
	{"version", "section-old", Open, rules.VersionRange, 1, versionSectionOld},

	{"drop", "subsection", Accept, rules.SubsectionNeeded, 1, dropSubsection},
	{"double", "subsection", Warn, rules.SubsectionRepeated, 1, doubleSubsection},
	{"double", "subsection-taken", Refuse, rules.SubsectionKnown, 1, doubleTaken},
	{"swap", "subsections", Warn, rules.SubsectionOrder, 1, swapSubsections},
	{"name", "unknown", Refuse, rules.SubsectionKnown, 1, nameUnknown},
	{"name", "other-prefix", Refuse, rules.SectionFooter, 1, nameOtherPrefix},
	{"name", "changed", Refuse, rules.SubsectionKnown, 1, nameChanged},

	{"section", "dropped", Warn, rules.VMDescDevice, 2, sectionDropped},
	{"section", "doubled", Warn, rules.SectionRepeated, 2, sectionDoubled},
	{"section", "swapped", Accept, rules.SectionFooter, 2, sectionSwapped},
	{"section", "started", Warn, rules.SectionEnded, 1, sectionStarted},
	{"section", "other-id", Accept, rules.SectionFooter, 1, sectionID},
	{"section", "instance-any", Open, rules.SectionInstance, 1, sectionInstance},
	{"section", "idstr-nul", Warn, rules.SectionNameNUL, 1, sectionNUL},
	{"section", "type", Refuse, rules.SectionType, 1, sectionType},

	{"cut", "anywhere", Refuse, rules.StreamEOF, 2, cutAnywhere},
	{"cut", "in-queue", Refuse, rules.StreamEOF, 3, cutQueue},
	{"cut", "in-description", Warn, rules.VMDescTruncated, 1, cutDescription},
	{"cut", "description", Warn, rules.VMDescAbsent, 1, cutOff},

	{"footer", "other-type", Refuse, rules.SectionFooter, 1, footerType},
	{"footer", "other-id", Refuse, rules.SectionFooter, 1, footerID},
	{"footer", "missing", Refuse, rules.SectionFooter, 1, footerMissing},
	{"footer", "second", Refuse, rules.SectionType, 1, footerSecond},
}
