package defects

import (
	"strings"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

var ofSubsections = []Defect{
	{"needed-ignored", "Subsections are saved whether they are needed or not.", "round-trip", descriptions(everNeeded)},
	{"slash-required", "A subsection is one only if a slash follows the parent's name.", "subsection/peek", descriptions(slashRequired)},
	{"peek-of-parents", "A vmsd without subsections leaves one that has its name in front to what comes next.", "subsection/peek", descriptions(peekOfParents)},
	{"unknown-as-truncated", "An unknown subsection is refused as if the input ended.", "subsection/peek", unknownAsTruncated},
	{"order-refused", "Subsections that come out of order are refused.", "subsection/order", refusingNoted(rules.SubsectionOrder)},
	{"repeated-unnoted", "A subsection that comes again is not noted.", "subsection/order", without(rules.SubsectionRepeated)},
}

func everNeeded(d *vmstate.Description) { d.Needed = nil }

// The name of a vmsd that is no subsection is nowhere on the wire: it is what the
// peek compares.

func slashRequired(d *vmstate.Description) {
	if !isSubsection(d) && len(d.Name) < 255 {
		d.Name += "/"
	}
}

func peekOfParents(d *vmstate.Description) {
	if !isSubsection(d) && len(d.Subsections) == 0 {
		d.Name = strings.Repeat("\xff", 255) // no subsection's name is longer
	}
}

var unknownAsTruncated = refusing(rules.UnknownSubsection, func(l *load) {
	l.err = &rules.Error{Class: rules.Truncated, Offset: int64(len(l.stream)), Path: l.err.Path, Rule: rules.ItemComplete}
})
