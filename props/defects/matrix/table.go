package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"vmconform/props"
)

// A row is what all properties make of one defect.
type row struct {
	id       string
	sentence string
	property string // the id of the one that has to find it
	file     string // of a patch
	links    bool   // of queues, lists and trees
	cells    []cell // parallel to props.All
}

// A cell is what one property makes of one defect.
type cell struct {
	limit  int   // on the cases of a seed
	killed []int // for each seed the number of the case that fails, 0 for none; of the first seed only, if that finds nothing
	shrunk *size // of the first seed's case; nil for one that cannot be made smaller
}

// finds says whether the first seed finds the defect.
func (c cell) finds() bool { return len(c.killed) > 0 && c.killed[0] > 0 }

// cases lists the cases that the seeds take, from few to many. A seed that finds
// nothing takes one more than the limit.
func (c cell) cases() []int {
	var list []int
	for _, n := range c.killed {
		if n == 0 {
			n = c.limit + 1
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// median is the greater of the two in the middle.
func (c cell) median() int { return c.cases()[len(c.killed)/2] }

func (c cell) worst() int { return c.cases()[len(c.killed)-1] }

// String gives median, worst and size.
func (c cell) String() string {
	text := c.text(c.median()) + " / " + c.text(c.worst())
	if c.shrunk != nil {
		text += fmt.Sprintf(" (%d, %d, %d)", c.shrunk.Elements, c.shrunk.Bytes, c.shrunk.Fields)
	}
	return text
}

// text is a number of cases.
func (c cell) text(n int) string {
	if n > c.limit {
		return fmt.Sprintf(">%d", c.limit)
	}
	return fmt.Sprint(n)
}

// named is the cell of the property that has to find the defect.
func (r row) named() cell {
	for i, p := range props.All {
		if p.ID == r.property {
			return r.cells[i]
		}
	}
	return cell{}
}

// described begins the row of a table: what is known of the defect beforehand.
func (r row) described() string {
	sentence := r.sentence
	if r.file != "" {
		sentence += " `" + r.file + "`"
	}
	return fmt.Sprintf("| %s | %s | %s |", r.id, sentence, r.property)
}

// String says how it went, in a line.
func (r row) String() string {
	n := 0
	for _, c := range r.cells {
		if c.finds() {
			n++
		}
	}
	line := fmt.Sprintf("%s: found by %d of %d properties", r.id, n, len(props.All))
	if c := r.named(); c.finds() {
		line += fmt.Sprintf(", %s %v", r.property, c)
	}
	return line
}

const (
	maxMedian   = 100 // cases that a defect's own property may take
	maxElements = 3   // in a shrunk case of links
)

// findings lists what the harness does not do and has to: find every defect by
// its property, in few cases and, if it is one of links, in a small one; find
// something by every property, and nothing in the reference.
func findings(rows []row) []error {
	var list []error
	add := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	found := map[string]bool{}
	for _, r := range rows {
		for i, c := range r.cells {
			switch {
			case !c.finds():
			case r.id == reference:
				add("%s finds a fault in the reference, in case %d", props.All[i].ID, c.killed[0])
			default:
				found[props.All[i].ID] = true
			}
		}
		c := r.named()
		switch {
		case r.id == reference:
			continue
		case !c.finds():
			add("%s: %s does not find it", r.id, r.property)
			continue
		case c.median() > maxMedian:
			add("%s: %s takes %s cases, more than %d", r.id, r.property, c.text(c.median()), maxMedian)
		}
		if r.links && c.shrunk != nil && c.shrunk.Elements > maxElements {
			add("%s: the shrunk case of %s has %d elements, more than %d", r.id, r.property, c.shrunk.Elements, maxElements)
		}
	}
	for _, p := range props.All {
		if !found[p.ID] {
			add("%s finds no defect", p.ID)
		}
	}
	return list
}

// page is docs/defects.md. The first row is the reference's.
func page(rows []row) []byte {
	rows = slices.Clone(rows[1:])
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.id, b.id) })
	count := func(is func(r row) bool) int {
		n := 0
		for _, r := range rows {
			if is(r) {
				n++
			}
		}
		return n
	}
	const plain = "round-trip"
	at := slices.IndexFunc(props.All, func(p props.Property) bool { return p.ID == plain })
	var b bytes.Buffer
	patches := count(func(r row) bool { return r.file != "" })
	fmt.Fprintf(&b, head, len(rows), len(rows)-patches, patches, len(rows),
		count(func(r row) bool { return r.property == plain }),
		count(func(r row) bool { return r.cells[at].finds() }), otherCases,
		seeds, namedCases)
	for _, r := range rows {
		c := r.named()
		size := "– | – | –"
		if c.shrunk != nil {
			size = fmt.Sprintf("%d | %d | %d", c.shrunk.Elements, c.shrunk.Bytes, c.shrunk.Fields)
		}
		fmt.Fprintf(&b, "%s %s | %s | %s |\n", r.described(), c.text(c.median()), c.text(c.worst()), size)
	}
	fmt.Fprintf(&b, middle, otherCases, seeds)
	line := func(first string, text func(i int) string) {
		fmt.Fprintf(&b, "| %s |", first)
		for i := range props.All {
			fmt.Fprintf(&b, " %s |", text(i))
		}
		b.WriteByte('\n')
	}
	line("defect", func(i int) string { return props.All[i].ID })
	fmt.Fprintf(&b, "|---|%s\n", strings.Repeat("---|", len(props.All)))
	for _, r := range rows {
		line(r.id, func(i int) string {
			switch c := r.cells[i]; {
			case !c.finds():
				return ""
			case props.All[i].ID == r.property:
				return "**" + c.String() + "**"
			default:
				return c.String()
			}
		})
	}
	line("found", func(i int) string { return fmt.Sprint(count(func(r row) bool { return r.cells[i].finds() })) })
	return b.Bytes()
}

const head = `# Defects, and the properties that find them

What the harness is worth: %d implementations that are wrong on purpose, each in
one way, and every property tried on each. %d of them are layers, hooks and Infos
put on the reference (props/defects), %d are patches of its source, whose file is
named. ` + "`make defects`" + ` writes this page, the same on every machine.

Each defect was tried in a process of its own. A crash counts as found, and so do
no answer for two minutes and more than 4 GiB of memory. The reference without a
defect was tried in the same way; no property finds anything wrong with it.

Of the %d defects %d are meant to be found by the plain round trip. It finds %d,
if it is given %d cases.

## Each defect, and the property that has to find it

Median and worst are of the cases that %d seeds took, each up to %d; of two
medians the greater one. The case of the first seed was made smaller: its stream,
and the memory that it is loaded over, have so many elements of queues and lists
and pairs of trees, the stream has so many bytes, and the schema so many fields,
those of all vmsds together. A case that crashes
or hangs is not made smaller.

| defect | what it does wrong | found by | median | worst | elements | bytes | fields |
|---|---|---|---:|---:|---:|---:|---:|
`

const middle = `
## Every defect, and every property

Median / worst of the cases, and in brackets elements, bytes and fields, as above.
The property that has to find the defect is in bold. The first seed of any other
was given %d cases: if it found nothing the field is empty, else %d seeds were
given as many, each.

`
