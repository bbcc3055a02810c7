package bind_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"vmconform/bind"
	"vmconform/model"
	"vmconform/rules"
)

func asError(err error, e **rules.Error) bool { return errors.As(err, e) }

// queueOf describes a device with one queue of the given bodies.
func queueOf(vmsd, name, typ string, bodies ...string) string {
	return `"vmsd_name": "` + vmsd + `", "version": 1, "fields": [{"name": "` + name + `", "type": "` + typ + `", ` + strings.Join(append(bodies, ""), ", ") + `"size": 1}]`
}

func fields(name string, list ...string) string {
	return `"vmsd_name": "` + name + `", "version": 1, "fields": [` + strings.Join(list, ", ") + `]`
}

func uint(name string, bytes int) string {
	return fmt.Sprintf(`{"name": %q, "type": "uint%d", "size": %d}`, name, 8*bytes, bytes)
}

func buffer(name string, size int) string {
	return fmt.Sprintf(`{"name": %q, "type": "buffer", "size": %d}`, name, size)
}

// Rule 2: bodies that are equal stand for any number of elements. Rule 6: the
// markers count, and how many bodies there are is told.
func TestEqualBodies(t *testing.T) {
	body := fields("e", uint("x", 1), buffer("b", 2))
	d := describe(t, queueOf("dev", "q", "qtailq", body, body))
	f := &d.Schema.Fields[0]
	same(t, len(d.Queues[f].Bodies), 2)
	same(t, f.Type, model.TypeQueue)
	for n, want := range []string{`{"q":[]}`, `{"q":[{"x":1,"b":"QUI="}]}`, "", `{"q":[{"x":1,"b":"QUI="},{"x":1,"b":"QUI="},{"x":1,"b":"QUI="}]}`} {
		if want != "" {
			same(t, value(t, d, strings.Repeat("01 01 4142", n)+"00"), want)
		}
	}
}

func TestQlist(t *testing.T) {
	inner := `{"name": "in", "type": "qlist", ` + fields("i", uint("y", 1)) + `, "size": 4}`
	d := describe(t, queueOf("dev", "q", "qlist", fields("e", uint("x", 1), inner)))
	f := &d.Schema.Fields[0]
	same(t, f.Type, model.TypeList)
	same(t, f.Elem.Fields[1].Type, model.TypeList)
	same(t, value(t, d, "01 02 01 03 00 00"), `{"q":[{"x":2,"in":[{"y":3}]}]}`)
	// Of a queue inside elements nobody said how many bodies there are to be.
	same(t, len(d.Queues), 1)
}

// Rule 1: known elements win, over an empty description and over another one.
func TestKnownElements(t *testing.T) {
	entry := func(n int) string {
		return fields("spapr_event_log_entry", uint("summary", 4), uint("extended_length", 4), buffer("extended_log", n))
	}
	const two = "01 00000001 00000002 4142  01 00000002 00000000 00"
	const want = `{"pending_events":[{"summary":1,"extended_length":2,"extended_log":"QUI="},{"summary":2,"extended_length":0,"extended_log":""}]}`
	for _, bodies := range [][]string{{}, {entry(2), entry(0)}, {entry(7)}, {entry(2), entry(2)}} {
		d := describe(t, queueOf("spapr_pending_events", "pending_events", "qtailq", bodies...))
		same(t, value(t, d, two), want)
		same(t, d.Choices, 1)
		same(t, notes(d), []string(nil))
		same(t, len(d.Queues[&d.Schema.Fields[0]].Bodies), len(bodies))
	}
	d := describe(t, queueOf("spapr_pending_events", "pending_events", "qtailq", fields("spapr_event_log_entry", uint("summary", 4))))
	same(t, value(t, d, two), want)
	same(t, notes(d), []string{"vmdesc/known-element pending_events"})

	// The element is known wherever it stands.
	d = describe(t, queueOf("dev", "other", "qtailq", entry(5)))
	same(t, value(t, d, two), strings.Replace(want, "pending_events", "other", 1))

	d = describe(t, queueOf("s390_css", "pending_crws", "qtailq"))
	same(t, value(t, d, "01 0001 0002 00"), `{"pending_crws":[{"crw":{"flags":1,"rsid":2}}]}`)

	d = describe(t, queueOf("uefi-vars", "variables", "qtailq"))
	same(t, value(t, d, "01"+strings.Repeat("ee", 16)+"00000002 00000001 00000007 4100 42 07e8 01 02 03 04 05 00000006 00")[:13], `{"variables":`)
}

// Rule 2: the size of a buffer that varies is in one of the integers before
// it; each is a reading.
func TestReadings(t *testing.T) {
	body := func(n int) string {
		return fields("e", uint("kind", 1), uint("flags", 2), uint("size", 1), buffer("data", n), uint("after", 1))
	}
	text := text(t, queueOf("dev", "q", "qtailq", body(1), body(3)))
	stream := wire(t, "01 05 0006 01 41 07   01 05 0006 03 414243 07 00")
	var fit []string
	for choice := 0; ; choice++ {
		d, err := bind.Describe(text, choice)
		must(t, err)
		same(t, d.Choices, 3)
		if _, err := model.Decode(d.Schema, stream, 1, model.Options{All: true}); err == nil {
			fit = append(fit, d.Schema.Fields[0].Elem.Fields[3].SizeFrom)
		}
		if choice+1 == d.Choices {
			break
		}
	}
	same(t, fit, []string{"size"})
}

// Two such buffers: the readings multiply, and each occurs.
func TestReadingsMultiply(t *testing.T) {
	body := func(n int) string {
		return fields("e", uint("k", 1), uint("l", 1), buffer("a", n), buffer("b", 2*n))
	}
	desc := text(t, queueOf("dev", "q", "qtailq", body(1), body(2)))
	seen := map[string]bool{}
	for choice := range 4 {
		d, err := bind.Describe(desc, choice)
		must(t, err)
		same(t, d.Choices, 4)
		e := d.Schema.Fields[0].Elem
		seen[e.Fields[2].SizeFrom+e.Fields[3].SizeFrom] = true
	}
	same(t, seen, map[string]bool{"kk": true, "kl": true, "lk": true, "ll": true})
}

// However many there are, the number of readings is bounded.
func TestReadingsAreBounded(t *testing.T) {
	body := func(n int) string {
		list := []string{uint("k", 1), uint("l", 1), uint("m", 1)}
		for i := range 20 {
			list = append(list, buffer(fmt.Sprint("b", i), n))
		}
		return fields("e", list...)
	}
	d := describe(t, queueOf("dev", "q", "qtailq", body(1), body(2)))
	if d.Choices < 2 || d.Choices > 64 {
		t.Fatal(d.Choices)
	}
}

// The buffer may stand in a struct, with the integer beside it.
func TestBufferInsideStruct(t *testing.T) {
	body := func(n int) string {
		return fields("e", fmt.Sprintf(`{"name": "s", "type": "struct", "struct": {%s}, "size": %d}`, fields("in", uint("n", 1), buffer("b", n)), n+1))
	}
	d := describe(t, queueOf("dev", "q", "qtailq", body(1), body(2)))
	same(t, value(t, d, "01 01 41 01 02 4142 01 00 00"), `{"q":[{"s":{"n":1,"b":"QQ=="}},{"s":{"n":2,"b":"QUI="}},{"s":{"n":0,"b":""}}]}`)
}

// A queue inside the elements may be empty in some of them.
func TestNestedQueueEmptyInSome(t *testing.T) {
	inner := func(bodies string) string { return `{"name": "in", "type": "qtailq", ` + bodies + `"size": 1}` }
	empty := fields("e", uint("x", 1), inner(""))
	full := fields("e", uint("x", 1), inner(fields("i", uint("y", 1))+", "))
	for _, bodies := range [][]string{{empty, full}, {full, empty}, {full, full}} {
		d := describe(t, queueOf("dev", "q", "qtailq", bodies...))
		same(t, notes(d), []string(nil))
		same(t, value(t, d, "01 01 00  01 02 01 03 00  00"), `{"q":[{"x":1,"in":[]},{"x":2,"in":[{"y":3}]}]}`)
	}
}

// Subsections that only some elements have.
func TestSubsectionsOfSomeElements(t *testing.T) {
	with := func(subs ...string) string {
		return fields("e", uint("x", 1)) + `, "subsections": [` + strings.Join(subs, ", ") + `]`
	}
	a, b := "{"+fields("e/a", uint("y", 1))+"}", "{"+fields("e/b", uint("z", 1))+"}"
	d := describe(t, queueOf("dev", "q", "qtailq", fields("e", uint("x", 1)), with(b), with(a, b)))
	same(t, value(t, d, "01 01  01 02 05 03 652f62 00000001 07  00"), `{"q":[{"x":1},{"x":2,"/subsections":{"e/b":{"z":7}}}]}`)
}

// Rules 2 and 3: body i describes element i where they have no common layout. An
// element of which nothing is known ends the load, and is never given a layout.
func TestUndescribedElements(t *testing.T) {
	for name, c := range map[string]struct {
		bodies []string
		stream string // of the elements that are described
		value  string
	}{
		"no body":               {nil, "", ``},
		"another field":         {[]string{fields("e", uint("x", 1)), fields("e", uint("y", 1))}, "01 41 01 42", `{"x":65},{"y":66}`},
		"another type":          {[]string{fields("e", uint("x", 1)), fields("e", uint("x", 2))}, "01 41 01 0042", `{"x":65},{"x":66}`},
		"another number":        {[]string{fields("e", uint("x", 1)), fields("e")}, "01 41 01", `{"x":65},{}`},
		"another name":          {[]string{fields("e", uint("x", 1)), fields("f", uint("x", 1))}, "01 41 01 42", `{"x":65},{"x":66}`},
		"no integer before":     {[]string{fields("e", buffer("b", 1), uint("x", 1)), fields("e", buffer("b", 2), uint("x", 1))}, "01 41 05 01 4142 06", `{"b":"QQ==","x":5},{"b":"QUI=","x":6}`},
		"other bytes of no use": {[]string{fields("e", `{"name": "n", "type": "unused_buffer", "size": 1}`), fields("e", `{"name": "n", "type": "unused_buffer", "size": 2}`)}, "01 00 01 0000", `{},{}`},
	} {
		t.Run(name, func(t *testing.T) {
			d := describe(t, queueOf("dev", "q", "qtailq", c.bodies...))
			same(t, value(t, d, "00"), `{"q":[]}`)
			same(t, value(t, d, c.stream+"00"), `{"q":[`+c.value+`]}`)
			want := []string{"vmdesc/element-undescribed q"}
			if c.bodies == nil {
				want = nil // nothing to remark before there is an element
			}
			same(t, notes(d), want)
			more := wire(t, c.stream+"01 41 00")
			_, err := model.Decode(d.Schema, more, 1, model.Options{})
			beyond := verdict{rules.Limit, int64(len(more) - 2), fmt.Sprintf("q[%d]/%s", len(c.bodies), bind.Undescribed)}
			refused(t, err, beyond)
			var ref bind.Reference
			_, err = ref.Load(d.Schema, more, 1)
			refused(t, err, beyond)
		})
	}
}

// The seed's word for a queue.
func TestCustomized(t *testing.T) {
	d := describe(t, queueOf("dev", "q", "customized", fields("e", uint("x", 1))))
	same(t, value(t, d, "01 05 00"), `{"q":[{"x":5}]}`)
}
