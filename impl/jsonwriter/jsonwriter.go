// Package jsonwriter writes JSON text as QEMU does, byte for byte, in the style
// of either of its writers. Keys may repeat, as they do in a description of a
// queue, and may be left out of what is no object.
//
// Out of scope: reading, numbers other than integers, and any other layout.
package jsonwriter

import (
	"strconv"
	"unicode/utf8"
)

// A Style is the style of one of QEMU's writers.
type Style struct {
	pad    string // inside brackets and braces, at either end
	colon  string
	escape bool
}

var (
	// JSONWriter is the style since 6.0 (qobject/json-writer.c): {"k": v, "l": [w]}.
	JSONWriter = &Style{colon: ": ", escape: true}
	// QJSON is the style up to 5.2 (migration/qjson.c): { "k" : v, "l" : [ w ] },
	// where nothing is escaped.
	QJSON = &Style{pad: " ", colon: " : "}
)

// A Writer is a text being written. A key is "" in an array and at the top.
type Writer struct {
	Text  []byte
	style *Style
	comma bool // before the next member
}

// New begins a text.
func New(s *Style) *Writer { return &Writer{style: s} }

// Object begins an object.
func (w *Writer) Object(key string) { w.open(key, '{') }

// EndObject ends it.
func (w *Writer) EndObject() { w.close('}') }

// Array begins an array.
func (w *Writer) Array(key string) { w.open(key, '[') }

// EndArray ends it.
func (w *Writer) EndArray() { w.close(']') }

// String writes a string.
func (w *Writer) String(key, s string) {
	w.begin(key)
	w.quote(s)
}

// Int writes a number.
func (w *Writer) Int(key string, n int64) {
	w.begin(key)
	w.Text = strconv.AppendInt(w.Text, n, 10)
}

// Members writes the members of an object whose text is in the same style.
func (w *Writer) Members(object []byte) {
	edge := 1 + len(w.style.pad)
	if len(object) <= 2*edge {
		return
	}
	w.begin("")
	w.Text = append(w.Text, object[edge:len(object)-edge]...)
}

// Value writes a text as it is.
func (w *Writer) Value(key string, text []byte) {
	w.begin(key)
	w.Text = append(w.Text, text...)
}

func (w *Writer) open(key string, c byte) {
	w.begin(key)
	w.Text = append(w.Text, c)
	w.Text = append(w.Text, w.style.pad...)
	w.comma = false
}

func (w *Writer) close(c byte) {
	w.Text = append(w.Text, w.style.pad...)
	w.Text = append(w.Text, c)
	w.comma = true
}

func (w *Writer) begin(key string) {
	if w.comma {
		w.Text = append(w.Text, ", "...)
	}
	w.comma = true
	if key != "" {
		w.quote(key)
		w.Text = append(w.Text, w.style.colon...)
	}
}

const hex = "0123456789ABCDEF"

// quote escapes all but printable ASCII; what is no UTF-8 becomes U+FFFD.
func (w *Writer) quote(s string) {
	w.Text = append(w.Text, '"')
	if !w.style.escape {
		w.Text = append(w.Text, s...)
		w.Text = append(w.Text, '"')
		return
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case r == '"' || r == '\\':
			w.Text = append(w.Text, '\\', byte(r))
		case r == '\b':
			w.Text = append(w.Text, `\b`...)
		case r == '\f':
			w.Text = append(w.Text, `\f`...)
		case r == '\n':
			w.Text = append(w.Text, `\n`...)
		case r == '\r':
			w.Text = append(w.Text, `\r`...)
		case r == '\t':
			w.Text = append(w.Text, `\t`...)
		case r >= ' ' && r < 0x7f:
			w.Text = append(w.Text, byte(r))
		case r >= 0x10000:
			r -= 0x10000
			w.unit(0xd800 + r>>10)
			w.unit(0xdc00 + r&0x3ff)
		default:
			w.unit(r)
		}
	}
	w.Text = append(w.Text, '"')
}

// unit writes a UTF-16 code unit.
func (w *Writer) unit(u rune) {
	w.Text = append(w.Text, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
}
