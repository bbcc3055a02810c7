package live

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"vmconform/internal/qmp"
)

//go:embed known.txt
var shipped string

// Shipped gives the differences between a QEMU and the strict rules that are known,
// as a file for test.ParseKnown: those lines of known.txt, without their first word,
// that are of its version.
func Shipped(v qmp.Version) []byte {
	var out strings.Builder
	for line := range strings.Lines(shipped) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		versions, rest, _ := strings.Cut(line, " ")
		if ok, err := covers(versions, v); err != nil {
			panic(fmt.Sprintf("known.txt: %s: %v", line, err)) // a test reads them all
		} else if ok {
			out.WriteString(rest + "\n")
		}
	}
	return []byte(out.String())
}

// covers says whether "7.2..10.0", both included, or "7.2..", without an end, has a
// version in it.
func covers(versions string, v qmp.Version) (bool, error) {
	from, to, found := strings.Cut(versions, "..")
	if !found {
		return false, fmt.Errorf("%s is no range of versions", versions)
	}
	low, err := number(from)
	if err != nil {
		return false, err
	}
	high := 1 << 30
	if to != "" {
		if high, err = number(to); err != nil {
			return false, err
		}
	}
	n := v.Major<<8 | v.Minor
	return low <= n && n <= high, nil
}

// number makes of MAJOR.MINOR what versions are compared by.
func number(version string) (int, error) {
	major, minor, _ := strings.Cut(version, ".")
	a, err := strconv.ParseUint(major, 10, 16)
	if err != nil {
		return 0, err
	}
	b, err := strconv.ParseUint(minor, 10, 8)
	return int(a)<<8 | int(b), err
}
