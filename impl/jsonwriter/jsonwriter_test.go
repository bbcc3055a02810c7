package jsonwriter_test

import (
	"testing"

	"vmconform/impl/jsonwriter"
)

func text(s *jsonwriter.Style, write func(w *jsonwriter.Writer)) string {
	w := jsonwriter.New(s)
	write(w)
	return string(w.Text)
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Keys may repeat, arrays and objects may be empty.
func TestStyles(t *testing.T) {
	write := func(w *jsonwriter.Writer) {
		w.Object("")
		w.String("k", "v")
		w.Array("a")
		w.Int("", 1)
		w.Int("", -2)
		w.EndArray()
		w.Int("k", 3)
		w.Array("none")
		w.EndArray()
		w.Object("o")
		w.EndObject()
		w.EndObject()
	}
	same(t, text(jsonwriter.JSONWriter, write), `{"k": "v", "a": [1, -2], "k": 3, "none": [], "o": {}}`)
	same(t, text(jsonwriter.QJSON, write), `{ "k" : "v", "a" : [ 1, -2 ], "k" : 3, "none" : [  ], "o" : {  } }`)
}

// A text made elsewhere becomes part of this one.
func TestMembers(t *testing.T) {
	for _, c := range []struct {
		style *jsonwriter.Style
		want  string
	}{
		{jsonwriter.JSONWriter, `{"a": 1, "b": 2, "c": 3, "d": {"b": 2, "c": 3}}`},
		{jsonwriter.QJSON, `{ "a" : 1, "b" : 2, "c" : 3, "d" : { "b" : 2, "c" : 3 } }`},
	} {
		part := text(c.style, func(w *jsonwriter.Writer) {
			w.Object("")
			w.Int("b", 2)
			w.Int("c", 3)
			w.EndObject()
		})
		same(t, text(c.style, func(w *jsonwriter.Writer) {
			w.Object("")
			w.Int("a", 1)
			w.Members([]byte(part))
			w.Members([]byte(text(c.style, func(w *jsonwriter.Writer) { w.Object(""); w.EndObject() })))
			w.Value("d", []byte(part))
			w.EndObject()
		}), c.want)
	}
}

// What QEMU 7.2 answers over QMP to a command with this id.
func TestEscapes(t *testing.T) {
	const s = "a\x00\x01\b\f\n\r\t\x1f /\\\"\x7f\u0080é€\U0001F600<>&\u2028"
	same(t, text(jsonwriter.JSONWriter, func(w *jsonwriter.Writer) { w.String("", s) }),
		`"a\u0000\u0001\b\f\n\r\t\u001F /\\\"\u007F\u0080\u00E9\u20AC\uD83D\uDE00<>&\u2028"`)
	same(t, text(jsonwriter.JSONWriter, func(w *jsonwriter.Writer) { w.String("", "\xff~") }), `"\uFFFD~"`)
	same(t, text(jsonwriter.QJSON, func(w *jsonwriter.Writer) { w.String("é\n", s) }), "\"é\n\" : \""+s+"\"")
}
