package vmstate

import (
	"unsafe"

	"vmconform/impl/jsonwriter"
)

// A Shown is how a field is described that was made of a description, and has
// another shape than the field that wrote it. What it leaves out is as the
// field's own shape says.
type Shown struct {
	Type string // the type's name; a STRUCT of another than "struct" has its body in the field's own object
	// Len, where not 0, makes the field's bytes those of an array of Len elements
	// of one size.
	Len int
	// Name is that of an array described one by one, where the field is element
	// Index of Of.
	Name      string
	Index, Of int
}

// A descWriter writes the description of a vmsd beside its bytes. All methods do
// nothing on a nil *descWriter.
type descWriter struct {
	*jsonwriter.Writer
	dialect *Dialect
	fields  []openField // those that are open
}

// An openField is a field, or an element of it, whose object is open.
type openField struct {
	inStruct bool // its "struct" is open
	bodies   bool // its "elements" are open
}

func newDescWriter(d *Dialect) *descWriter {
	return &descWriter{Writer: jsonwriter.New(d.Style), dialect: d}
}

func (w *descWriter) open() {
	if w != nil {
		w.Object("")
	}
}

func (w *descWriter) close() {
	if w != nil {
		w.EndObject()
	}
}

func (w *descWriter) closeList() {
	if w != nil {
		w.EndArray()
	}
}

// vmsd begins the members of a vmsd, and its fields.
func (w *descWriter) vmsd(name string, version uint32) {
	if w == nil {
		return
	}
	w.String("vmsd_name", name)
	w.Int("version", int64(version))
	w.Array("fields")
}

func (w *descWriter) subsections() {
	if w != nil {
		w.Array("subsections")
	}
}

// A span is the elements that an object stands for.
type span struct {
	index  int // the first
	length int
	packed bool // "array_len" for all, and not "index" for one
}

// nullType is the type's name of a NULL, "" if it has the field's.
func (w *descWriter) nullType() string {
	if w == nil {
		return ""
	}
	return w.dialect.Null
}

// openField begins the object of a field's elements, which are of the field's
// own type unless typ names another.
func (w *descWriter) openField(o *op, e span, typ string) {
	if w == nil {
		return
	}
	f, name := o.f, o.name
	if f.Shown != nil && f.Shown.Name != "" {
		name = f.Shown.Name
	}
	w.Object("")
	w.String("name", name)
	switch {
	case e.length <= 1:
	case e.packed:
		w.Int("array_len", int64(e.length))
	default:
		w.Int("index", int64(e.index))
	}
	isStruct := false
	if typ == "" {
		typ = f.typeName(w.dialect)
		isStruct = typ == structName || f.Flags&VStruct != 0 && w.dialect.Bodies
	}
	w.String("type", typ)
	if isStruct {
		w.Object("struct")
	}
	w.fields = append(w.fields, openField{inStruct: isStruct})
}

func (w *descWriter) closeField(size int) {
	if w == nil {
		return
	}
	last := len(w.fields) - 1
	if w.fields[last].bodies {
		w.EndArray()
	}
	if w.fields[last].inStruct {
		w.EndObject()
	}
	w.Int("size", int64(size))
	w.EndObject()
	w.fields = w.fields[:last]
}

// openBody begins what a hook saves by a vmsd.
func (w *descWriter) openBody() {
	if w == nil || !w.dialect.Bodies {
		return
	}
	if last := &w.fields[len(w.fields)-1]; !last.bodies {
		last.bodies = true
		w.Array("elements")
	}
	w.Object("")
}

func (w *descWriter) closeBody() {
	if w != nil && w.dialect.Bodies {
		w.EndObject()
	}
}

// A telling is how far the description of a field's elements has come.
type telling struct {
	w    *descWriter // nil: nothing is to be said
	null bool        // the run at hand is of NULLs
	done bool        // the elements to come are described
}

// next returns what to describe element i of n with, nil if that is not to be
// done, and what its object stands for. The elements of an array of pointers
// are at base.
func (t *telling) next(o *op, base unsafe.Pointer, n, i int, null bool) (*descWriter, span) {
	if t.w == nil {
		return nil, span{}
	}
	if x := o.f.Shown; x != nil && x.Name != "" {
		return t.w, x.span(t.w.dialect.Arrays)
	}
	rule := t.w.dialect.Arrays
	e := span{i, n, o.packs}
	switch rule {
	case ArraysUniform:
		e.packed = o.same
	case ArraysInRuns:
		e.length = n - i
	case ArraysWithoutIndex:
		e.length = n - i
		if !o.packs {
			e.length = 1
		}
	}
	runs := rule == ArraysInRuns || rule == ArraysWithoutIndex && e.length > 1
	if runs && o.f.Flags&ArrayOfPointer != 0 && null != t.null {
		t.null, t.done = null, false
		e.length = 1
		for i+e.length < n && (*slot(base, i+e.length) == nil) == null {
			e.length++
		}
	}
	if t.done {
		return nil, span{}
	}
	t.done = e.packed && (rule != ArraysWithoutIndex || e.length > 1)
	if null && rule == ArraysInRuns {
		e.packed = true
	}
	return t.w, e
}

// slot is element i of an array of pointers.
func slot(base unsafe.Pointer, i int) *unsafe.Pointer {
	return (*unsafe.Pointer)(unsafe.Add(base, uintptr(i)*unsafe.Sizeof(unsafe.Pointer(nil))))
}

func (x *Shown) span(rule ArrayRule) span {
	e := span{index: x.Index, length: x.Of}
	switch rule {
	case ArraysInRuns:
		e.length = x.Of - x.Index
	case ArraysWithoutIndex:
		e.length = 1
	}
	return e
}

const structName = "struct"

// typeName is the field's "type".
func (f *Field) typeName(d *Dialect) string {
	switch {
	case f.Flags&(Struct|VStruct) == 0 && f.Flags&CSTM != 0 && d.Custom != "":
		return d.Custom
	case f.Shown != nil && f.Shown.Type != "":
		return f.Shown.Type
	case f.Flags&Struct != 0:
		return structName
	case f.Flags&VStruct != 0:
		return "vstruct"
	case f.Info != nil:
		return f.Info.Name
	}
	return customized
}
