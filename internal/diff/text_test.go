package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/internal/show"
)

// text is the report in lines, their columns set apart by single spaces.
func text(t *testing.T, r *Report, quiet bool) []string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, r.WriteText(&b, false, quiet))
	var lines []string
	for line := range strings.Lines(b.String()) {
		require.Equal(t, strings.TrimRight(line, " \n")+"\n", line)
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

// Offsets by arithmetic: header 8, configuration 6, PING 9, START of ram
// 1+4+4+4+4 + 8 + 2*(2+8) + 8 + 5, its END 1+4 + (8+2+1)*3 + (8+2+4096) + 8 + 5;
// in changed, the second command has 5 bytes more.
func TestText(t *testing.T) {
	const (
		ram  = 8 + 6 + 9
		one  = ram + 58 + 1 + 4 + 3*11 + 8 + 2 + 4096 + 8 + 5
		head = 1 + 4 + 1 + 3 + 4 + 4
		two  = one + head + 16 + 5 // and two#1 of the same size
		raw  = two + 2*(head+4+5)
		old  = raw + head + 10 + 5

		ramB = ram + 5
		twoB = one + 5
		oneB = twoB + 2*(head+4+5)
		rawB = oneB + head + 16 + 5
		newB = rawB + head + 12 + 5
		endB = newB + head + 1 + 5
	)
	size := len(changed.bytes())
	require.Equal(t, []string{
		"differ a b: 15 differences in 5 of 6 devices, 1 of them clocks, 3 of 5 pages of RAM",
		"offset A offset B",
		"configuration",
		"8 8 changed machine m -> n",
		"commands",
		fmt.Sprint(ram, " only in B [1] command SWITCHOVER_START"),
		"ram",
		fmt.Sprint(ram, " ", ramB, " changed a block 1 page differing, first at 0x1000"),
		fmt.Sprint(ram, " only in A b block 4096 bytes, 1 zero"),
		fmt.Sprint(ramB, " only in B c block 4096 bytes, 1 zero"),
		"one",
		fmt.Sprint(one, " ", oneB, " moved device section 1 -> section 3"),
		fmt.Sprint(one+head+4, " only in A y uint32 2"),
		fmt.Sprint(one+head+8, " ", oneB+head+8, " clock t timer 5 -> 6"),
		fmt.Sprint(oneB+head+4, " only in B z uint32 2"),
		"two",
		fmt.Sprint(two, " ", twoB, " changed version 1 -> 2"),
		fmt.Sprint(two+head, " ", twoB+head, " changed x type uint32 -> int32"),
		"raw",
		fmt.Sprint(raw+head, " ", rawB+head, " changed payload 10 -> 12 bytes, 3 differ, at +2 3233343536373839 -> 7833343536373839…"),
		"old",
		fmt.Sprint(old, " only in A device 23 bytes"),
		"new",
		fmt.Sprint(newB, " only in B device 23 bytes"),
		"stream",
		fmt.Sprint(size-3, " only in B trailing 3 bytes"),
	}, text(t, compared(t, rich.bytes(), changed.bytes()), false))
	require.Equal(t, byte(4), changed.bytes()[newB])
	require.Equal(t, byte(0), changed.bytes()[endB])
}

// Of many differences that have one name but for indices some are shown.
func TestTextShowsSomeOfMany(t *testing.T) {
	array := func(n int, digits string) []byte {
		var fields []string
		for i := range n {
			fields = append(fields, fmt.Sprintf("r[%d].x:uint8=%s", i, digits))
		}
		return built{devices: []device{{name: "d", version: 1, fields: strings.Join(fields, " ") + " z:uint8=" + digits}}}.bytes()
	}
	for n, want := range map[int]int{8: 8, 9: 4 + 1, 40: 4 + 1} {
		lines := text(t, compared(t, array(n, "01"), array(n, "02")), false)[3:]
		require.Len(t, lines, want+1)
		require.Contains(t, lines[3], "changed r[3].x uint8 1 -> 2")
		require.Contains(t, lines[want], "changed z uint8 1 -> 2")
		if want < n {
			require.Equal(t, fmt.Sprintf("… and %d more r[*].x", n-4), lines[4])
		}
	}
}

// The same value in other bytes, and bytes that are many.
func TestTextOfValues(t *testing.T) {
	of := func(fields string) []byte {
		return built{devices: []device{{name: "d", version: 1, fields: fields}}}.bytes()
	}
	for _, c := range []struct{ a, b, want string }{
		{"x:bool=01", "x:bool=02", "x bool true 01 -> true 02"},
		{"x:bool=00", "x:bool=01", "x bool false -> true"},
		{"x:timer=ffffffffffffffff", "x:timer=0000000000001000", "x timer -1 (off) -> 4096"},
		{"x:uint32=00000010", "x:uint32=00000011", "x uint32 16 (0x10) -> 17 (0x11)"},
		{"x:buffer=000102030405060708090a", "x:buffer=00ff02ff0405060708090a",
			"x buffer 11 bytes, 2 differ, at +1 0102030405060708… -> ff02ff0405060708…"},
		{"x:buffer=0001", "x:buffer=000102", "x buffer 2 -> 3 bytes, 1 differ, at +2 nothing -> 02"},
		{"x:unused_buffer=00", "x:unused_buffer=01", "x unused 1 byte, 1 differ, at +0 00 -> 01"},
	} {
		lines := text(t, compared(t, of(c.a), of(c.b)), false)
		require.Len(t, lines, 4)
		_, line, _ := strings.Cut(lines[3], " ")
		_, line, _ = strings.Cut(line, " ")
		_, line, _ = strings.Cut(line, " ")
		require.Equal(t, c.want, line)
	}
}

// What a stream says cannot drive the terminal.
func TestTextIsPlain(t *testing.T) {
	bad := func(x byte) []byte {
		return built{machine: "\x1b[2J" + string(x), devices: []device{{name: "d\x1b]0;", data: string(x)}},
			blocks: "r\x1b=1", ram: [][]byte{zero(0, "r\x1b", x)}}.bytes()
	}
	var b strings.Builder
	require.NoError(t, compared(t, bad('1'), bad('2')).WriteText(&b, false, false))
	require.NotContains(t, b.String(), "\x1b")
	for _, want := range []string{`\x1b[2J1 -> \x1b[2J2`, `d\x1b]0;`, `r\x1b  block`} {
		require.Contains(t, b.String(), want)
	}
}

func TestSummary(t *testing.T) {
	for want, r := range map[string]Report{
		"the same 7 bytes":                                          {Verdict: Identical, A: File{Bytes: 7}},
		"no difference in 1 device":                                 {Verdict: Equal, Totals: Totals{Devices: 1}},
		"no difference in 2 devices, 3 ignored":                     {Verdict: Equal, Totals: Totals{Devices: 2, Ignored: 3}},
		"no difference as far as both go":                           {Verdict: Broken},
		"1 difference":                                              {Verdict: Differ, Totals: Totals{Differences: 1, Devices: 1}},
		"2 differences in 1 of 3 devices, only clocks":              {Verdict: Differ, Totals: Totals{Differences: 2, Clocks: 2, Devices: 3, Differing: 1}},
		"2 differences, 1 of 9 pages of RAM, 1 ignored":             {Verdict: Differ, Totals: Totals{Differences: 2, DifferPages: 1, Pages: 9, Ignored: 1}},
		"no difference was found, 1 page of RAM cannot be compared": {Verdict: Undecided, Totals: Totals{Unknown: 1}},
		"no difference was found, but nothing of the device state could be decoded": {
			Verdict: Undecided, B: File{Undecoded: true}},
	} {
		require.Equal(t, want, r.summary())
		quiet := text(t, &r, true)
		require.Equal(t, r.Verdict == Differ, len(quiet) == 1)
	}
}

// Each field that is taken for a clock is one that there is.
func TestClocks(t *testing.T) {
	timers := &show.Node{Path: "t", VMSD: "timer"}
	for _, devices := range [][2]*show.Node{{timers, nil}, {nil, timers}} {
		c := &comparer{devices: devices}
		require.True(t, c.clock("t/cpu_clock_offset", "t/cpu_clock_offset", "int64"))
		require.False(t, c.clock("t/unused", "t/unused", "int64"))
		require.True(t, c.clock("t/unused", "t/unused", "timer"))
	}
	missing := map[string]bool{}
	for name := range clocks {
		missing[name] = true
	}
	for _, b := range corpusStreams(t) {
		r, err := show.Stream("", b)
		require.NoError(t, err)
		for _, d := range r.Devices {
			walk(d, func(n *show.Node) {
				if n.Kind == show.Device && !decoded(n) || n.Kind != show.Device && leaf(n) {
					delete(missing, inDevice(d, n.Path))
				}
			})
		}
	}
	require.Equal(t, map[string]bool{"kvmclock/clock": true}, missing) // for that takes KVM
}
