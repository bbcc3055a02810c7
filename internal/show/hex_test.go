package show

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// broken yields the streams of the corpus, each whole, cut, and with a byte of
// its devices changed.
func broken(t *testing.T, f func(name string, b []byte, r *Report)) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	open(t, func(name string, b []byte, r *Report) {
		f(name, b, r)
		if len(b) > 1<<20 {
			return
		}
		for range 3 {
			d := r.Devices[random.IntN(len(r.Devices))]
			at := d.Offset + random.Int64N(d.Size)
			wrong := slices.Clone(b)
			wrong[at] ^= 0xff
			for what, b := range map[string][]byte{"cut": b[:at:at], "changed": wrong} {
				r, err := Stream(name, b)
				require.NoError(t, err)
				f(fmt.Sprintf("%s %s at %d", name, what, at), b, r)
			}
		}
	})
}

// Each byte of a section is in one run, and is the stream's.
func TestHexHasEachByteOnce(t *testing.T) {
	seen := map[What]int{}
	broken(t, func(name string, b []byte, r *Report) {
		r.AddHex()
		check := func(at int64, runs []Run) int64 {
			for _, x := range runs {
				require.Equal(t, at, x.Offset, "%s %s", name, x.What)
				require.Equal(t, hex.EncodeToString(b[x.Offset:x.Offset+x.Size]), x.Hex, name)
				at += x.Size
				seen[x.What]++
			}
			return at
		}
		for _, d := range r.Devices {
			var runs []Run
			walk(d, func(n *Node) { runs = append(runs, n.Hex...) })
			slices.SortFunc(runs, func(a, b Run) int { return cmp.Compare(a.Offset, b.Offset) })
			require.Equal(t, d.Offset+d.Size, check(d.Offset, runs), "%s %s", name, d.Path)
			for _, p := range d.Parts {
				require.Equal(t, p.Offset+p.Size, check(p.Offset, p.Hex), name)
			}
		}
		for _, s := range r.Sections {
			header := int64(1 + 4 + 1 + len(s.Name) + 4 + 4)
			require.Equal(t, s.Offset+header, check(s.Offset, s.Hex[:1]), name)
			check(s.Offset+s.Size-5*int64(len(s.Hex)-1), s.Hex[1:])
		}
		if c := r.Configuration; c != nil {
			require.Equal(t, c.Offset+c.Size, check(c.Offset, c.Hex), name)
		}
		for _, c := range r.Commands {
			require.Equal(t, c.Offset+c.Size, check(c.Offset, c.Hex), name)
		}
	})
	for _, what := range []What{WhatValue, WhatHeader, WhatRecord, WhatMarker, WhatTerminator, WhatFooter, WhatPayload} {
		require.NotZero(t, seen[what], what)
	}
}

// What each run is called agrees with what the wire has there.
func TestHexNamesWhatItIs(t *testing.T) {
	open(t, func(name string, b []byte, r *Report) {
		r.AddHex()
		for _, d := range r.Devices {
			walk(d, func(n *Node) {
				for _, x := range n.Hex {
					switch x.What {
					case WhatMarker:
						require.EqualValues(t, 1, x.Size)
						require.NotEqual(t, "00", x.Hex)
					case WhatTerminator:
						require.Equal(t, "00", x.Hex, n.Path)
						require.Equal(t, n.Offset+n.Size, x.Offset+x.Size)
					case WhatFooter:
						require.Equal(t, fmt.Sprintf("7e%08x", *n.SectionID), x.Hex)
					case WhatHeader:
						require.Contains(t, x.Hex, hex.EncodeToString([]byte(n.Name)))
						require.True(t, strings.HasSuffix(x.Hex, fmt.Sprintf("%08x", *n.Version)))
					}
				}
			})
		}
	})
}

var (
	hexLine = regexp.MustCompile(`^ *(\d+) +(\d+)  ([0-9a-f]{2}(?: [0-9a-f]{2})*)(?:  |$)`)
	cutLine = regexp.MustCompile(`^ +… (\d+) more bytes$`)
)

// The text of a device, picked by its path, has all its bytes in their places;
// that of the whole stream has no more than 64 of one place.
func TestHexText(t *testing.T) {
	all := 0
	open(t, func(name string, b []byte, r *Report) {
		if len(b) > 1<<20 {
			return
		}
		r.AddHex()
		paths := map[string]int{}
		for _, d := range r.Devices {
			paths[d.Path]++
		}
		for _, d := range r.Devices {
			if paths[d.Path] > 1 {
				continue
			}
			s, err := r.Select(d.Path)
			require.NoError(t, err)
			var text strings.Builder
			require.NoError(t, s.WriteText(&text, false))
			at := d.Offset
			for line := range strings.Lines(text.String()) {
				m := hexLine.FindStringSubmatch(line)
				require.NotRegexp(t, cutLine, line)
				if m == nil {
					continue
				}
				size := int64(len(m[3])+1) / 3
				require.Equal(t, strconv.FormatInt(at, 10), m[1], line)
				require.Equal(t, fmt.Sprintf("% x", b[at:at+size]), m[3], line)
				at += size
			}
			require.Equal(t, d.Offset+d.Size, at, "%s %s", name, d.Path)
		}
		longest := map[string]int64{}
		walkAll(r, func(n *Node) {
			for _, x := range n.Hex {
				if x.Size > 64 {
					longest[strconv.FormatInt(x.Offset+64, 10)] = x.Size - 64
				}
			}
		})
		var text strings.Builder
		require.NoError(t, r.WriteText(&text, false))
		cuts, next := 0, ""
		for line := range strings.Lines(text.String()) {
			if m := hexLine.FindStringSubmatch(line); m != nil {
				from, _ := strconv.Atoi(m[1])
				next = strconv.Itoa(from + (len(m[3])+1)/3)
				require.NotContains(t, longest, m[1], name)
			}
			if m := cutLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
				require.Equal(t, strconv.FormatInt(longest[next], 10), m[1], line)
				cuts++
			}
		}
		require.Equal(t, len(longest), cuts)
		all += cuts
	})
	require.NotZero(t, all)
}

// An element of an array of integers has its own bytes, if the array has any.
func TestHexOfAnInteger(t *testing.T) {
	open(t, func(name string, b []byte, r *Report) {
		for _, hexed := range []bool{false, true} {
			if hexed {
				r.AddHex()
			}
			for _, d := range r.Devices {
				walk(d, func(n *Node) {
					if n.Integers() == 0 {
						return
					}
					last := n.Integer(n.Integers() - 1)
					require.Equal(t, n.Offset+n.Size, last.Offset+last.Size)
					if !hexed {
						require.Empty(t, last.Hex)
						return
					}
					require.Equal(t, []Run{{last.Extent, WhatValue, hex.EncodeToString(b[last.Offset : last.Offset+last.Size])}}, last.Hex)
				})
			}
		}
	})
}

func walkAll(r *Report, f func(*Node)) {
	for _, n := range r.Devices {
		walk(n, f)
	}
}

// A row shows 16 bytes and what of them is ASCII.
func TestHexRow(t *testing.T) {
	tab := table{hex: true, longest: 64}
	tab.add(0, Extent{100, 20}, "x", "", "")
	tab.dump(1, Run{Extent{100, 20}, WhatHeader, hex.EncodeToString([]byte("\x00\x1f !0Aaz~\x7f\x80\xff\ndefghij"))})
	var text strings.Builder
	require.NoError(t, tab.write(&text, false, 200))
	lines := strings.Split(text.String(), "\n")
	require.Equal(t, "   100      16  00 1f 20 21 30 41 61 7a 7e 7f 80 ff 0a 64 65 66  |.. !0Aaz~....def|  header", lines[2])
	require.Equal(t, "   116       4  67 68 69 6a                                      |ghij|", lines[3])
}

// Few bytes stand beside what they begin, and not beside something empty.
func TestHexBeside(t *testing.T) {
	tab := table{hex: true, longest: 64}
	tab.add(0, Extent{0, 3}, "queue", "", "")
	tab.dump(1, Run{Extent{0, 1}, WhatMarker, "01"})
	tab.add(1, Extent{1, 0}, "empty", "", "")
	tab.dump(1, Run{Extent{1, 2}, WhatTerminator, "0002"})
	tab.remark(1, "a remark")
	tab.dump(1, Run{Extent{0, 1}, WhatFooter, "7e"})
	var text strings.Builder
	require.NoError(t, tab.write(&text, false, 9))
	var lines []string
	for line := range strings.Lines(text.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	require.Equal(t, []string{"offset size bytes", "0 3 01 queue", "1 0 empty", "1 2 00 02 terminator", "a remark", "0 1 7e footer"}, lines)
}
