package show

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"vmconform/internal/report"
	"vmconform/model"
)

const (
	shownBytes = 16 // of a long buffer
	shownWords = 64 // of a buffer that is text
	shownRuns  = 12 // of a long array
)

// IsBytes reports whether n is bytes: a buffer, or what nothing is known of.
func (n *Node) IsBytes() bool {
	if n.Value == nil {
		return n.Fields == nil && n.Elements == nil
	}
	_, ok := n.Value.value.(model.Bytes)
	return ok
}

// Text is the value in short: of long buffers and arrays only what is first.
func (v *Value) Text() string {
	switch x := v.value.(type) {
	case model.Bytes:
		return bytesText(x)
	case model.List:
		return v.listText(x)
	}
	return v.one(v.value)
}

func (v *Value) one(x model.Value) string {
	switch x := x.(type) {
	case model.Bool:
		return strconv.FormatBool(bool(x))
	case model.Uint:
		return decimalHex(uint64(x))
	case model.Int:
		if x == -1 && v.field.Type == model.TypeTimer {
			return "-1 (off)"
		}
		return strconv.FormatInt(int64(x), 10)
	}
	return "NULL"
}

func decimalHex(n uint64) string {
	if n < 10 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%d (%#x)", n, n)
}

func bytesText(b []byte) string {
	size := "1 byte"
	if len(b) != 1 {
		size = fmt.Sprintf("%d bytes", len(b))
	}
	words := strings.TrimRight(string(b), "\x00")
	switch {
	case len(b) == 0:
		return "empty"
	case words == "" && len(b) > shownBytes:
		return "all zeros (" + size + ")"
	case len(words) > 1 && report.Clean(words) == words:
		size += fmt.Sprintf(", %q", words[:min(len(words), shownWords)])
	}
	if len(b) > shownBytes {
		return hex.EncodeToString(b[:shownBytes]) + "… (" + size + ")"
	}
	return hex.EncodeToString(b) + " (" + size + ")"
}

// listText writes equal neighbours once, with their number.
func (v *Value) listText(list model.List) string {
	var runs []string
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && list[i+n] == list[i] {
			n++
		}
		if len(runs) == shownRuns {
			runs = append(runs, fmt.Sprintf("… %d more", len(list)-i))
			break
		}
		text := v.one(list[i])
		if n > 1 {
			text += fmt.Sprintf(" ×%d", n)
		}
		runs = append(runs, text)
		i += n
	}
	if runs == nil {
		return "empty"
	}
	return strings.Join(runs, ", ")
}
