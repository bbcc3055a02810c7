package defects

// Faults of the rule that decides what a 05 is, and of what it begins.
var subsectionPatches = []Patch{
	{
		"any-05", "A 05 with a name behind it is a subsection, whatever the name (eb60260).", "subsection/peek",
		"impl/vmstate/subsection.go", []string{
			`return name, string(name[:len(parent)]) == parent`,
			`return name, true`,
		},
	},
	{
		"zero-is-end", "A byte of zero is taken for the end of the input (eb60260).", "round-trip",
		"impl/vmstate/load.go", []string{
			`	if n > len(l.in)-l.pos {
`,
			`	if n > len(l.in)-l.pos || n == 1 && l.in[l.pos] == 0 {
`,
		},
	},
	{
		"own-name", "A 05 with the vmsd's own name is a subsection.", "subsection/peek",
		"impl/vmstate/subsection.go", []string{
			`n < len(parent)+1 ||`,
			`n < len(parent) ||`,
		},
	},
	{
		"known-only", "A 05 is a subsection if its name is known, and data if not.", "subsection/peek",
		"impl/vmstate/subsection.go", []string{
			`			return l.Fail(rules.UnknownSubsection, rules.SubsectionKnown, l.Offset(), "%s has no subsection %q", d.Name, name)
`,
			`			return nil
`,
		},
	},
	{
		"top-subsections", "Subsections are looked for behind the top vmsd only.", "subsection/peek",
		"impl/vmstate/load.go", []string{
			`	if err := l.subsections(d, obj); err != nil {
		return err
	}
`,
			`	if l.depth == 1 {
		if err := l.subsections(d, obj); err != nil {
			return err
		}
	}
`,
		},
	},
	{
		"lone-05", "A 05 at the very end of the input is followed by what is not there.", "subsection/peek",
		"impl/vmstate/subsection.go", []string{
			`len(b) < 2 ||`,
			`len(b) < 1 ||`,
		},
	},
	{
		"name-cut-short", "A subsection's name that the input cuts is taken as far as it goes.", "subsection/peek",
		"impl/vmstate/subsection.go", []string{
			`n := int(b[1])`,
			`n := min(int(b[1]), len(b)-2)`,
		},
	},
	{
		"unknown-before-limit", "A subsection that is not known is that, even where it would go beyond the limit on depth.", "limits/depth",
		"impl/vmstate/subsection.go", []string{
			`		if err := l.roomForSubsection(name); err != nil {
			return err
		}
		i := indexOf(d.Subsections, name)
		if i < 0 {
			return l.Fail(rules.UnknownSubsection, rules.SubsectionKnown, l.Offset(), "%s has no subsection %q", d.Name, name)
		}
`,
			`		i := indexOf(d.Subsections, name)
		if i < 0 {
			return l.Fail(rules.UnknownSubsection, rules.SubsectionKnown, l.Offset(), "%s has no subsection %q", d.Name, name)
		}
		if err := l.roomForSubsection(name); err != nil {
			return err
		}
`,
		},
	},
	{
		"order-by-greatest", "A subsection is out of order if any before it is behind it in the list, not only the last.", "subsection/order",
		"impl/vmstate/subsection.go", []string{
			`seen[i], last = true, i`,
			`seen[i], last = true, max(last, i)`,
		},
	},
	{
		"list-order-only", "A subsection that comes after one behind it in the list is data.", "subsection/order",
		"impl/vmstate/subsection.go", []string{
			`		s := d.Subsections[i]
		l.trail.push(s.Name)
`,
			`		if i < last {
			return nil
		}
		s := d.Subsections[i]
		l.trail.push(s.Name)
`,
		},
	},
}

// Faults of versions.
var versionPatches = []Patch{
	{
		"version-itself", "A vmsd's version is compared with itself: none is too new (the seed).", "version/argument",
		"impl/vmstate/load.go", []string{
			`case version > d.VersionID:`,
			`case d.VersionID > d.VersionID:`,
		},
	},
	{
		"minimum-ignored", "No version is too old.", "version/argument",
		"impl/vmstate/load.go", []string{
			`case version < d.MinimumVersionID:`,
			`case false:`,
		},
	},
	{
		"struct-at-own-version", "A struct at a version that its field says is loaded at its vmsd's.", "version/struct",
		"impl/vmstate/load.go", []string{
			`l.object(f.VMSD, o.child, p, f.StructVersionID, l.Offset())`,
			`l.object(f.VMSD, o.child, p, f.VMSD.VersionID, l.Offset())`,
		},
	},
	{
		"tmp-version-unchecked", "A temporary struct is loaded whatever version it has.", "version/struct",
		"impl/vmstate/tmp.go", []string{
			`if err := l.version(d, version, rules.VersionRange, l.Offset()); err != nil {`,
			`if err := l.version(d, version, rules.VersionRange, l.Offset()); err != nil && false {`,
		},
	},
}

// Faults of counts, sizes and values.
var numberPatches = []Patch{
	{
		"negative-count", "A count is compared with its room only, which a negative one is below (CVE-2013-4148).", "values/numbers",
		"impl/vmstate/load.go", []string{
			`		if !isCount(c) {
			return 0, 0, fmt.Sprintf("a count of %d", c)
		}
`,
			``,
		},
	},
	{
		// What is beyond the room falls on its last element: in C it falls on other
		// memory, which would take the harness along.
		"count-beyond-room", "A count is not compared with the array that it fills (CVE-2013-4149).", "values/numbers",
		"impl/vmstate/load.go", []string{
			`if f.Flags&Alloc == 0 && c > int64(room) {`,
			`if false {`,
			`		at := l.pos
`,
			`		place := i
		if o.count != 0 && f.Flags&Alloc == 0 {
			place = min(i, o.capacity()-1)
		}
		at := l.pos
`,
			`l.element(o, o.at(base, i, size), size)`,
			`l.element(o, o.at(base, place, size), size)`,
		},
	},
	{
		// Here, too, what has no room is dropped.
		"size-beyond-room", "A size is not compared with the buffer that it fills (CVE-2014-0182).", "values/numbers",
		"impl/vmstate/load.go", []string{
			`if f.Flags&Alloc == 0 && s > int64(f.Num) {`,
			`if false {`,
			`		l.WillChange(p, int(size))
		copy(unsafe.Slice((*byte)(p), size), b)
`,
			`		if f.Flags&(VBuffer|Alloc) == VBuffer {
			size = min(size, uintptr(f.Num))
		}
		l.WillChange(p, int(size))
		copy(unsafe.Slice((*byte)(p), size), b)
`,
		},
	},
	{
		"full-array-refused", "An array may not be as full as its room.", "values/numbers",
		"impl/vmstate/load.go", []string{
			`c > int64(room)`,
			`c >= int64(room)`,
		},
	},
	{
		"product-wraps", "A count is multiplied in 32 bits.", "values/numbers",
		"impl/vmstate/load.go", []string{
			`c *= int64(f.Num)`,
			`c = int64(int32(c) * int32(f.Num))`,
		},
	},
	{
		"count-read-early", "A count is read before the field that it comes from.", "round-trip",
		"impl/vmstate/load.go", []string{
			`	for i := range pl.ops {
		o := &pl.ops[i]
		l.trail.push(o.f.Name)
`,
			`	early := make([]int, len(pl.ops))
	for i := range pl.ops {
		early[i], _, _ = pl.ops[i].shape(obj)
	}
	for i := range pl.ops {
		o := &pl.ops[i]
		l.early = early[i]
		l.trail.push(o.f.Name)
`,
			`	n, size, bad := o.shape(obj)
`,
			`	n, size, bad := o.shape(obj)
	n = l.early
`,
			`	fresh    bool //`,
			`	early    int
	fresh    bool //`,
		},
	},
	{
		"count-sign-extended", "A count of one unsigned byte is taken for a signed one.", "values/numbers",
		"impl/vmstate/description.go", []string{
			`return int64(*(*uint8)(p))`,
			`return int64(*(*int8)(p))`,
		},
	},
	{
		"memory-for-a-million", "Memory is made for a million elements, however little input is left to fill it.", "limits/counts",
		"impl/vmstate/load.go", []string{
			`n = min(n, (len(l.in)-l.pos)/o.minWire+1)`,
			`n = min(n, 1<<20)`,
			`n = min(n, len(l.in)-l.pos+max(0, l.limits.Elements-l.elements)/rules.EmptyElementCost+2)`,
			`n = min(n, 1<<20)`,
		},
	},
	{
		"size-by-four-bytes", "A buffer's size is read as an int32 whatever it is.", "round-trip",
		"impl/vmstate/load.go", []string{
			`t := f.SizeType
`,
			`t := CountInt32
`,
		},
	},
	{
		"le-negative", "An int32 le may be below 0 (CVE-2013-4531).", "values/compared",
		"impl/vmstate/infos.go", []string{
			`if wire < 0 || wire > *local {`,
			`if wire > *local {`,
		},
	},
	{
		"le-larger", "An int32 le may be above the local value (CVE-2013-4531).", "values/compared",
		"impl/vmstate/infos.go", []string{
			`if wire < 0 || wire > *local {`,
			`if wire < 0 {`,
		},
	},
	{
		"validate-ignored", "A check that fails is passed over.", "values/numbers",
		"impl/vmstate/load.go", []string{
			`			return l.Fail(rules.OutOfRange, rules.Validate, l.Offset(), "the check of this field fails")
`,
			`			return nil
`,
		},
	},
	{
		"must-exist-ignored", "A field that must exist need not.", "values/numbers",
		"impl/vmstate/load.go", []string{
			`		return l.Fail(rules.MissingField, rules.MustExist, l.Offset(), "the field has to be there")
`,
			`		return nil
`,
		},
	},
	{
		"null-without-byte", "A NULL in an array of pointers is no byte (07d4e69147).", "values/pointers",
		"impl/vmstate/load.go", []string{
			`			return nil, l.null()
`,
			`			return nil, nil
`,
		},
	},
	{
		"mark-of-any-byte", "Any byte but 30 marks a pointer.", "values/pointers",
		"impl/vmstate/load.go", []string{
			`b[0] != nullMarker && b[0] != validMarker`,
			`false`,
			`if b[0] == validMarker {`,
			`if b[0] != nullMarker {`,
		},
	},
	{
		"partly-there", "What is partly there at the end of the input is filled up with zeros.", "links/truncation",
		"impl/vmstate/load.go", []string{
			`	if n > len(l.in)-l.pos {
`,
			`	if rest := l.in[l.pos:]; len(rest) > 0 && n > len(rest) {
		l.pos = len(l.in)
		return append(rest[:len(rest):len(rest)], make([]byte, n-len(rest))...), nil
	}
	if n > len(l.in)-l.pos {
`,
		},
	},
	{
		"elements-limit-inclusive", "The limit on elements lets one more through.", "limits/counts",
		"impl/vmstate/load.go", []string{
			`l.elements >= l.limits.Elements`,
			`l.elements > l.limits.Elements`,
		},
	},
	{
		"depth-limit-inclusive", "The limit on depth lets one level more through.", "limits/depth",
		"impl/vmstate/load.go", []string{
			`l.depth >= l.limits.Depth`,
			`l.depth > l.limits.Depth`,
		},
	},
}

// Faults that show when a load has failed.
var undoPatches = []Patch{
	{
		"buffer-kept", "A buffer stays loaded when the load fails.", "memory/load-over",
		"impl/vmstate/load.go", []string{
			`		l.WillChange(p, int(size))
`,
			``,
		},
	},
	{
		"undone-forwards", "What was changed first is undone first.", "subsection/order",
		"impl/vmstate/undo.go", []string{
			`for i := len(u.entries) - 1; i >= 0; i-- {`,
			`for i := range u.entries {`,
		},
	},
	{
		"pointers-kept", "Pointers stay when the load fails, numbers do not.", "memory/load-over",
		"impl/vmstate/undo.go", []string{
			`			*(*unsafe.Pointer)(e.at) = e.pointer
`,
			``,
		},
	},
}

// Faults of hooks, conditions and notes.
var orderPatches = []Patch{
	{
		"post-load-unheard", "What post_load complains of is ignored (CVE-2013-4530).", "hooks",
		"impl/vmstate/load.go", []string{
			`			return l.hookFailed("post_load", d, err)
`,
			`			return nil
`,
		},
	},
	{
		"condition-and-version", "A field with a condition has to be of the version, too.", "version/argument",
		"impl/vmstate/load.go", []string{
			`return f.Exists(obj, version)`,
			`return f.Exists(obj, version) && f.VersionID <= version`,
		},
	},
	{
		"bool-unnoted", "A bool other than 00 and 01 is not noted.", "values/numbers",
		"impl/vmstate/load.go", []string{
			`if b[0] > 1 {`,
			`if false {`,
		},
	},
}
