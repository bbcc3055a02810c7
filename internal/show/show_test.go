package show

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/model"
)

func open(t *testing.T, f func(name string, b []byte, r *Report)) {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name, "pseries-") && !strings.HasPrefix(e.Name, "pseries-3-") {
			continue // the same devices
		}
		b, err := e.Open()
		require.NoError(t, err)
		r, err := Stream(e.Name, b)
		require.NoError(t, err)
		f(e.Name, b, r)
	}
}

// Each byte of what is decoded has its place in the tree: a node begins where
// the one before it ends, and together they fill what they stand in.
func TestTheTreeLeavesNoByteOut(t *testing.T) {
	nodes := 0
	open(t, func(name string, b []byte, r *Report) {
		for _, d := range r.Devices {
			if d.Decoded != "full" {
				continue
			}
			header := int64(1 + 4 + 1 + len(d.Name) + 4 + 4)
			footer := int64(0)
			if r.Footers {
				footer = 5
			}
			filled(t, d, header, footer)
			walk(d, func(n *Node) { nodes++ })
		}
	})
	require.Greater(t, nodes, 10000)
}

// filled checks that the children of n fill it, but for so many bytes before and
// behind them.
func filled(t *testing.T, n *Node, before, behind int64) {
	t.Helper()
	at := n.Offset + before
	next := func(c *Node) {
		require.Equal(t, at, c.Offset, c.Path)
		require.False(t, c.Partial, c.Path)
		at += c.Size
		switch {
		case c.Kind == Subsection:
			filled(t, c, int64(1+1+len(c.Name)+4), 0)
		case c.Marker != nil:
			filled(t, c, 1, 0)
		case c.Elements != nil && !c.array:
			filled(t, c, 0, 1) // a queue ends with a byte of its own
		case c.Elements != nil || c.Fields != nil:
			filled(t, c, 0, 0)
		}
	}
	for _, list := range [][]*Node{n.Fields, n.Elements, n.Subsections} {
		for _, c := range list {
			next(c)
		}
	}
	require.Equal(t, n.Offset+n.Size, at+behind, n.Path)
}

func walk(n *Node, f func(*Node)) {
	f(n)
	for _, list := range [][]*Node{n.Fields, n.Elements, n.Subsections} {
		for _, c := range list {
			walk(c, f)
		}
	}
}

// What is printed as a path selects the thing.
func TestEveryPathSelects(t *testing.T) {
	open(t, func(name string, b []byte, r *Report) {
		if len(b) > 200_000 {
			return
		}
		for _, d := range r.Devices {
			walk(d, func(n *Node) {
				s, err := r.Select(n.Path)
				require.NoError(t, err, name)
				require.Equal(t, n.Offset, s.Selected.Offset, "%s %s", name, n.Path)
			})
		}
	})
}

// leafNode is a field of four bytes at off.
func leafNode(name, path string, off int64) *Node {
	return &Node{Kind: Field, Name: name, Path: path, Type: "uint32", Extent: Extent{off, 4},
		Value: &Value{&model.Field{Name: name, Type: model.TypeUint32}, model.Uint(1)}}
}

// Names contain slashes and brackets: the longest that leads somewhere wins.
func TestSelectTakesTheLongestName(t *testing.T) {
	list := &model.Field{Name: "c", Type: model.TypeUint16, Array: true, Count: 3}
	r := &Report{Devices: []*Node{
		{Kind: Device, Name: "a", Path: "a", Fields: []*Node{
			leafNode("b/c", "a/b/c", 10),
			leafNode("x", "a/x", 14),
			{Kind: Field, Name: "b", Path: "a/b", Extent: Extent{18, 0}, Fields: []*Node{leafNode("d", "a/b/d", 18)}},
		}},
		{Kind: Device, Name: "a/b", Path: "a/b", Extent: Extent{30, 0}, Fields: []*Node{
			leafNode("c", "a/b/c", 30),
			leafNode("k[1]", "a/b/k[1]", 34),
			{Kind: Field, Name: "c", Path: "a/b/c", Type: "uint16", Extent: Extent{40, 6},
				Value: &Value{list, model.List{model.Uint(1), model.Uint(2), model.Uint(3)}}},
		}},
		{Kind: Device, Name: "a", Path: "a#1", Fields: []*Node{leafNode("x", "a#1/x", 50)}},
	}}
	for path, want := range map[string]int64{
		"a/b/c": 30, "a/b": 30, "a/x": 14, "a/b/d": 18, "a/b/k[1]": 34, "a/b/c[0]": 40, "a/b/c[2]": 44, "a#1/x": 50,
	} {
		s, err := r.Select(path)
		require.NoError(t, err)
		require.Equal(t, want, s.Selected.Offset, path)
	}
	for path, want := range map[string]string{
		"b":         "there is no device b",
		"a#2":       "there is no device a#2",
		"ab":        "there is no device ab",
		"a/y":       "there is no a/y; there is a",
		"a/b/c[3]":  "there is no a/b/c[3]; there is a/b/c",
		"a/b/c[02]": "there is no a/b/c[02]; there is a/b/c",
		"a/b/c[-1]": "there is no a/b/c[-1]; there is a/b/c",
		"a/x/y":     "there is no a/x/y; there is a/x",
		"a/b/k[1]/": "there is no a/b/k[1]/; there is a/b/k[1]",
	} {
		_, err := r.Select(path)
		require.EqualError(t, err, want)
	}
}

func TestValueText(t *testing.T) {
	uints := func(n ...uint64) model.List {
		l := model.List{}
		for _, x := range n {
			l = append(l, model.Uint(x))
		}
		return l
	}
	var many []uint64
	for i := range uint64(20) {
		many = append(many, i%10)
	}
	for want, v := range map[string]Value{
		"9":                    {&model.Field{}, model.Uint(9)},
		"10 (0xa)":             {&model.Field{}, model.Uint(10)},
		"-10":                  {&model.Field{}, model.Int(-10)},
		"-1":                   {&model.Field{}, model.Int(-1)},
		"-1 (off)":             {&model.Field{Type: model.TypeTimer}, model.Int(-1)},
		"true":                 {&model.Field{}, model.Bool(true)},
		"NULL":                 {&model.Field{}, model.Null{}},
		"empty":                {&model.Field{}, model.Bytes{}},
		"00 (1 byte)":          {&model.Field{}, model.Bytes{0}},
		"0001ff (3 bytes)":     {&model.Field{}, model.Bytes{0, 1, 255}},
		"all zeros (17 bytes)": {&model.Field{}, make(model.Bytes, 17)},
		"6f6b00 (3 bytes, \"ok\")": {
			&model.Field{}, model.Bytes("ok\x00")},
		strings.Repeat("ff", 16) + "… (20 bytes)": {&model.Field{}, model.Bytes(strings.Repeat("\xff", 20))},
		"0 ×3, 7, 0": {&model.Field{}, uints(0, 0, 0, 7, 0)},
		"0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, … 8 more": {&model.Field{}, uints(many...)},
	} {
		require.Equal(t, want, v.Text())
	}
}

func TestValueJSON(t *testing.T) {
	for want, v := range map[string]Value{
		`7`:      {&model.Field{Name: "/x", Type: model.TypeUint32}, model.Uint(7)},
		`"7"`:    {&model.Field{Name: "x", Type: model.TypeUint64}, model.Uint(7)},
		`"-7"`:   {&model.Field{Name: "x", Type: model.TypeInt64}, model.Int(-7)},
		`null`:   {&model.Field{Name: "x", Type: model.TypeNull}, model.Null{}},
		`"AAE="`: {&model.Field{Name: "x", Type: model.TypeBuffer}, model.Bytes{0, 1}},
		`["1"]`:  {&model.Field{Name: "x", Type: model.TypeUint64, Array: true}, model.List{model.Uint(1)}},
		`[true]`: {&model.Field{Name: "x", Type: model.TypeBool, Array: true}, model.List{model.Bool(true)}},
		`[]`:     {&model.Field{Name: "x", Type: model.TypeUint8, Array: true}, model.List{}},
		`[null]`: {&model.Field{Name: "x", Type: model.TypeNull, Array: true}, model.List{model.Null{}}},
	} {
		b, err := v.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, want, string(b))
	}
}

// What a stream says cannot drive the terminal.
func TestTextIsPlain(t *testing.T) {
	name := "\x1b[2J\xffdev"
	idstr := append([]byte{byte(len(name))}, name...)
	b := []byte("QEVM\x00\x00\x00\x03\x07\x00\x00\x00\x02\x1b]\x04\x00\x00\x00\x00")
	b = append(append(b, idstr...), 0, 0, 0, 0, 0, 0, 0, 1, 9, 9)
	r, err := Stream("f", b)
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, r.WriteText(&text, false))
	require.NotContains(t, text.String(), "\x1b")
	require.Contains(t, text.String(), `\x1b[2J\xffdev`)
	require.Contains(t, fmt.Sprint(r.Errors), "truncated")
}
