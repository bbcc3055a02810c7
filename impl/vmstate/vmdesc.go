package vmstate

import (
	"encoding/json"
	"strconv"
)

// A descWriter writes the description of a vmsd beside its bytes, as JSON of
// the shape that QEMU's vmdesc has, but for one thing: QEMU repeats the keys of
// a queue element's vmsd inside the field's object, once for each element, and
// here the elements are objects in an array "elements". All methods do nothing
// on a nil *descWriter.
type descWriter struct {
	text     []byte
	elements []bool // for each open field: an array of elements is open
}

func (w *descWriter) openVMSD(name string, version uint32) {
	if w == nil {
		return
	}
	w.open('{')
	w.key("vmsd_name")
	w.quote(name)
	w.key("version")
	w.number(int64(version))
}

func (w *descWriter) closeVMSD() { w.close('}') }

func (w *descWriter) openFields() { w.openList("fields") }

func (w *descWriter) closeFields() { w.close(']') }

func (w *descWriter) openSubsections() { w.openList("subsections") }

func (w *descWriter) closeSubsections() { w.close(']') }

// openField begins element i of n of a field; same says that it stands for all.
func (w *descWriter) openField(f *Field, typeName string, n, i int, same bool) {
	if w == nil {
		return
	}
	w.elements = append(w.elements, false)
	w.open('{')
	w.key("name")
	w.quote(f.Name)
	switch {
	case n == 1:
	case same:
		w.key("array_len")
		w.number(int64(n))
	default:
		w.key("index")
		w.number(int64(i))
	}
	w.key("type")
	w.quote(typeName)
}

func (w *descWriter) closeField(size int) {
	if w == nil {
		return
	}
	w.key("size")
	w.number(int64(size))
	w.close('}')
	w.elements = w.elements[:len(w.elements)-1]
}

func (w *descWriter) openStruct() {
	if w != nil {
		w.key("struct")
	}
}

// element begins an element of the open field.
func (w *descWriter) element() {
	if w == nil || len(w.elements) == 0 {
		return
	}
	if last := &w.elements[len(w.elements)-1]; !*last {
		*last = true
		w.openList("elements")
	}
}

func (w *descWriter) closeElements() {
	if w != nil && w.elements[len(w.elements)-1] {
		w.close(']')
	}
}

func (w *descWriter) openList(name string) {
	if w != nil {
		w.key(name)
		w.text = append(w.text, '[')
	}
}

func (w *descWriter) open(c byte) {
	w.comma()
	w.text = append(w.text, c)
}

func (w *descWriter) close(c byte) {
	if w != nil {
		w.text = append(w.text, c)
	}
}

func (w *descWriter) key(name string) {
	w.comma()
	w.quote(name)
	w.text = append(w.text, ':')
}

// comma parts a member from the one before: what came last is then a whole
// value, which never ends in one of these.
func (w *descWriter) comma() {
	if len(w.text) == 0 {
		return
	}
	switch w.text[len(w.text)-1] {
	case '{', '[', ':':
	default:
		w.text = append(w.text, ',', ' ')
	}
}

func (w *descWriter) quote(s string) {
	q, _ := json.Marshal(s) // a string never fails
	w.text = append(w.text, q...)
}

func (w *descWriter) number(n int64) { w.text = strconv.AppendInt(w.text, n, 10) }

// typeName is the field's "type".
func (f *Field) typeName() string {
	switch {
	case f.Flags&Struct != 0:
		return "struct"
	case f.Flags&VStruct != 0:
		return "vstruct"
	case f.Info != nil:
		return f.Info.Name
	}
	return "customized" // the seed's name for a field with hooks of its own
}
