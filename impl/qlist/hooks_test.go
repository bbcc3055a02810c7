package qlist_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"vmconform/impl/qlist"
	"vmconform/impl/vmstate"
	"vmconform/rules"
)

// Loaded elements come behind those that are there, in the wire's order.
func TestGetAppends(t *testing.T) {
	for names, want := range map[string]string{"": "xyz", "a": "axyz", "ab": "abxyz"} {
		h, _ := list(names)
		if _, err := load(describeList(1), h, wire(t, "01 78 01 79 01 7a 00")); err != nil {
			t.Fatal(err)
		}
		is(t, h, want)
		got, err := save(describeList(1), h)
		if err != nil {
			t.Fatal(err)
		}
		var stream []byte
		for _, n := range []byte(want) {
			stream = append(stream, 1, n, 0)
		}
		same(t, string(got), string(append(stream, 0)))
	}
}

// A load that fails leaves the links as they were, and frees nothing that was
// there.
func TestFailedGetLeavesLinks(t *testing.T) {
	stream := wire(t, "01 78 01 79 01 02 02 00 00 00")
	for _, names := range []string{"", "a", "ab"} {
		for n := range len(stream) {
			h, items := list(names)
			was := *h
			var entries []qlist.Entry[item]
			for _, e := range items {
				entries = append(entries, e.one)
			}
			if _, err := load(describeList(2), h, stream[:n]); !errors.Is(err, rules.Truncated) {
				t.Fatal(n, err)
			}
			same(t, *h, was)
			for i, e := range items {
				same(t, e.one, entries[i])
			}
			is(t, h, names)
		}
	}
}

func TestGetErrors(t *testing.T) {
	for _, c := range []struct {
		stream string
		want   verdict
	}{
		{"", verdict{rules.Truncated, 0, "q[0]", rules.ListTerminator}},
		{"01", verdict{rules.Truncated, 1, "q[0]/n", rules.ItemComplete}},
		{"01 41", verdict{rules.Truncated, 2, "q[0]/inner[0]", rules.ListTerminator}},
		{"01 41 00", verdict{rules.Truncated, 3, "q[1]", rules.ListTerminator}},
		{"01 41 01 42 00", verdict{rules.Truncated, 5, "q[0]/inner[1]", rules.ListTerminator}},
		{"01 41 00 00 00", verdict{rules.TrailingData, 4, "", rules.NoTrailing}},
	} {
		_, err := load(describeList(2), new(head), wire(t, c.stream))
		refused(t, err, c.want)
	}
	for _, c := range []struct {
		limits rules.Limits
		want   verdict
	}{
		{rules.Limits{Elements: 2}, verdict{rules.Limit, 6, "q[1]", ""}},
		{rules.Limits{Elements: 1}, verdict{rules.Limit, 2, "q[0]/inner[0]", ""}},
		{rules.Limits{Depth: 2}, verdict{rules.Limit, 2, "q[0]/inner[0]", ""}},
		{rules.Limits{Depth: 1}, verdict{rules.Limit, 0, "q[0]", ""}},
		{rules.Limits{Bytes: 6}, verdict{rules.Limit, 6, "q[1]", ""}},
	} {
		h := new(head)
		// q[0] at 0 holds one element, from 2 to 4, and its end at 5; q[1] is at 6.
		stream := wire(t, "01 61 01 62 00 00 01 63 00 00")
		_, err := vmstate.Load(describeList(2), unsafe.Pointer(h), stream, 1000, vmstate.LoadOptions{Limits: c.limits})
		refused(t, err, c.want)
		same(t, *h, head{})
	}
}

// Loading into a list whose links are broken ends, and leaves it as it is.
func TestGetIntoBrokenList(t *testing.T) {
	for _, harm := range []func(h *head, e []*item){
		func(h *head, e []*item) { e[2].one.Next = e[0] },
		func(h *head, e []*item) { e[1].one.Next = e[1] },
		func(h *head, e []*item) { e[0].one.Prev = nil },
	} {
		h, e := list("abc")
		harm(h, e)
		links := [4]any{*h, e[0].one, e[1].one, e[2].one}
		_, err := load(describeList(2), h, wire(t, "01 78 00 00"))
		refused(t, err, verdict{rules.BadLink, 0, "q", rules.ListLinks})
		same(t, errors.Is(err, qlist.ErrPrev), true)
		same(t, [4]any{*h, e[0].one, e[1].one, e[2].one}, links)
	}
}

// Every marker but 00 starts an element; all but 01 are noted.
func TestMarkers(t *testing.T) {
	for m := 1; m < 256; m++ {
		h := new(head)
		l, err := load(describeList(1), h, []byte{1, 'x', byte(m), 'y', 0})
		if err != nil {
			t.Fatal(err)
		}
		is(t, h, "xy")
		if m == 1 {
			same(t, len(l.Notes), 0)
			continue
		}
		same(t, len(l.Notes), 1)
		l.Notes[0].Detail = ""
		same(t, l.Notes[0], rules.Note{Rule: rules.ListMarker, Offset: 2, Path: "q[1]"})
	}
}

// The field's version_id against the element's range [1, 2], decided before
// the first marker is looked at.
func TestGetVersions(t *testing.T) {
	for version, class := range map[uint32]rules.Class{0: rules.VersionTooOld, 1: "", 2: "", 3: rules.VersionTooNew} {
		d := describeList(version)
		for _, stream := range [][]byte{{0}, nil} {
			_, err := load(d, new(head), stream)
			switch {
			case class != "":
				refused(t, err, verdict{class, 0, "q", rules.ListVersion})
			case stream == nil:
				refused(t, err, verdict{rules.Truncated, 0, "q[0]", ""})
			case err != nil:
				t.Fatal(err)
			}
		}
	}
}

// Links that are broken end a save, where that shows.
func TestPutErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(h *head, e []*item)
		want int64 // element i takes 3 bytes
	}{
		{"cycle to the first", func(h *head, e []*item) { e[2].one.Next = e[0] }, 9},
		{"cycle of one", func(h *head, e []*item) { e[1].one.Next = e[1] }, 6},
		{"prev of the first", func(h *head, e []*item) { e[0].one.Prev = &e[1].one.Next }, 0},
		{"prev of the second", func(h *head, e []*item) { e[1].one.Prev = &h.First }, 3},
		{"an element skipped", func(h *head, e []*item) { e[0].one.Next = e[2] }, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, e := list("abc")
			c.harm(h, e)
			got, err := save(describeList(2), h)
			refused(t, err, verdict{rules.BadLink, c.want, "q[" + string(rune('0'+c.want/3)) + "]", rules.ListLinks})
			same(t, int64(len(got)), c.want)
			same(t, errors.Is(err, qlist.ErrPrev), true)
		})
	}
}

func TestNestedLists(t *testing.T) {
	const bytes = "01 61  01 62  01 63 00 00  01 64 00 00  01 65 00 00"
	h := new(head)
	if _, err := load(describeList(2), h, wire(t, bytes)); err != nil {
		t.Fatal(err)
	}
	is(t, h, "ae")
	is(t, &h.First.inner, "bd")
	is(t, &h.First.inner.First.inner, "c")
	got, err := save(describeList(2), h)
	if err != nil {
		t.Fatal(err)
	}
	same(t, string(got), string(wire(t, bytes)))
	got, err = save(describeList(2), new(head))
	if err != nil || string(got) != "\x00" {
		t.Fatal(got, err)
	}
}

// CSTM with ARRAY and POINTER: an array of heads, a pointer to a head.
func TestArraysOfHeads(t *testing.T) {
	to := func(flags vmstate.Flags, obj unsafe.Pointer, stream string) error {
		d := describeList(1)
		f := &d.Fields[0]
		f.Flags = f.Flags&^vmstate.Single | flags
		f.Num = 2
		_, err := vmstate.Load(d, obj, wire(t, stream), d.VersionID, vmstate.LoadOptions{All: true})
		return err
	}
	var heads [2]head
	if err := to(vmstate.Array, unsafe.Pointer(&heads), "01 61 00 01 62 01 63 00"); err != nil {
		t.Fatal(err)
	}
	is(t, &heads[0], "a")
	is(t, &heads[1], "bc")
	refused(t, to(vmstate.Array, unsafe.Pointer(&heads), "00 01 64"), verdict{rules.Truncated, 3, "q[1][1]", ""})
	is(t, &heads[1], "bc")
	p := new(head)
	if err := to(vmstate.Pointer, unsafe.Pointer(&p), "01 61 00"); err != nil {
		t.Fatal(err)
	}
	is(t, p, "a")
}

// The type's name in a description is QEMU's; the size covers markers and end.
func TestDescription(t *testing.T) {
	h, _ := list("ab")
	s, err := vmstate.Save(describeList(1), unsafe.Pointer(h), 1000, vmstate.SaveOptions{VMDesc: vmstate.Strict})
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Fields []struct {
			Name, Type string
			Size       int
		}
	}
	if err := json.Unmarshal(s.VMDesc, &d); err != nil {
		t.Fatal(err)
	}
	same(t, len(d.Fields), 1)
	f := d.Fields[0]
	same(t, f.Name+" "+f.Type, "q qlist")
	same(t, f.Size, len("\x01a\x00\x01b\x00\x00"))
	bad := describeList(1)
	bad.Fields[0] = qlist.Field("q", 0, 1, byOne.Metadata(nil))
	refused(t, bad.Compile(), verdict{rules.BadDescription, 0, "q", rules.UsableDescription})
}

// Where elements differ each goes by its place in the list, those that were
// there included; the version has to suit those that have no description of
// their own, and each is saved at its own.
func TestElementsThatDiffer(t *testing.T) {
	made := 0
	wide := func(version uint32) qlist.Element {
		return qlist.Element{
			New: func() unsafe.Pointer { made++; return unsafe.Pointer(new(item)) },
			VMSD: &vmstate.Description{Name: "wide", VersionID: version, MinimumVersionID: version, Fields: []vmstate.Field{
				vmstate.Scalar("n", unsafe.Offsetof(item{}.n), 0, vmstate.InfoUint8),
				vmstate.UnusedField("since 3", 3, 2),
			}},
		}
	}
	describe := func(version uint32, elements ...qlist.Element) *vmstate.Description {
		m := byOne.Metadata(&vmstate.Description{Name: "plain", VersionID: 4, MinimumVersionID: 2, Fields: []vmstate.Field{
			vmstate.Scalar("n", unsafe.Offsetof(item{}.n), 0, vmstate.InfoUint8)}})
		m.Elements = elements
		return &vmstate.Description{Name: "d", VersionID: 9, Fields: []vmstate.Field{qlist.Field("q", 0, version, m)}}
	}
	for _, c := range []struct {
		there   string
		version uint32
		stream  string
		want    string
		made    int
		saved   string
	}{
		{"", 3, "01 78 0000 01 79 0000 01 7a 00", "xyz", 2, "01 78 0000 01 79 0000 01 7a 00"},
		{"", 2, "01 78 01 79 01 7a 00", "xyz", 2, "01 78 0000 01 79 0000 01 7a 00"},
		{"a", 3, "01 78 0000 01 79 00", "axy", 1, "01 61 0000 01 78 0000 01 79 00"},
		{"abc", 3, "01 78 00", "abcx", 0, "01 61 0000 01 62 0000 01 63 01 78 00"},
		{"", 4, "00", "", 0, "00"},
	} {
		made = 0
		h, _ := list(c.there)
		d := describe(c.version, wide(3), wide(8))
		if _, err := load(d, h, wire(t, c.stream)); err != nil {
			t.Fatal(err)
		}
		is(t, h, c.want)
		same(t, made, c.made)
		got, err := save(d, h)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(got), string(wire(t, c.saved)))
	}
	for version, class := range map[uint32]rules.Class{1: rules.VersionTooOld, 5: rules.VersionTooNew} {
		_, err := load(describe(version, wide(version)), new(head), nil)
		refused(t, err, verdict{class, 0, "q", rules.ListVersion})
	}
	bad := describe(2, wide(2), qlist.Element{})
	refused(t, bad.Compile(), verdict{rules.BadDescription, 0, "q", rules.UsableDescription})

	h, items := list("abc")
	items[1].one.Prev = &items[2].one.Next
	_, err := load(describe(3, wide(3)), h, nil)
	refused(t, err, verdict{rules.BadLink, 0, "q", rules.ListLinks})
	if !errors.Is(err, qlist.ErrPrev) {
		t.Fatal(err)
	}
}

// The list tells the trace its own start and end, with the reason.
func TestTrace(t *testing.T) {
	for _, c := range []struct {
		version uint32
		stream  string
		want    string
	}{
		{1, "01 78 00", "qlist item v1, end at 3: end"},
		{1, "01 78", "qlist item v1, end at 2: truncated"},
		{3, "01 78 00", "qlist item v3, end at 0: too new"},
		{0, "", "qlist item v0, end at 0: too old"},
	} {
		var got []string
		observe := func(e vmstate.Event) {
			switch e.Kind {
			case vmstate.TraceQueue:
				got = append(got, fmt.Sprintf("%s %s v%d", e.Type, e.Name, e.Version))
			case vmstate.TraceQueueEnd:
				got = append(got, fmt.Sprintf("end at %d: %s", e.Offset, e.Reason))
			}
		}
		h := new(head)
		d := describeList(c.version)
		_, err := vmstate.Load(d, unsafe.Pointer(h), wire(t, c.stream), d.VersionID, vmstate.LoadOptions{Trace: observe})
		same(t, strings.Join(got, ", "), c.want)
		if err != nil {
			continue
		}
		got = nil
		if _, err := vmstate.Save(d, unsafe.Pointer(h), d.VersionID, vmstate.SaveOptions{Trace: observe}); err != nil {
			t.Fatal(err)
		}
		same(t, strings.Join(got, ", "), "qlist item v2, qlist item v2, end at 3: end, end at 4: end")
	}
}
