package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

type documentJSON struct {
	Schema refJSON                `json:"schema"`
	Defs   map[string]*schemaJSON `json:"defs,omitempty"`
}

type schemaJSON struct {
	Name        string      `json:"name"`
	Version     uint32      `json:"version"`
	Minimum     uint32      `json:"minimum"`
	Hooks       *hooksJSON  `json:"hooks,omitempty"`
	Fields      []fieldJSON `json:"fields"`
	Subsections []refJSON   `json:"subsections,omitempty"`
}

type hooksJSON struct {
	PreLoad  *conditionJSON `json:"pre_load,omitempty"`
	PostLoad *conditionJSON `json:"post_load,omitempty"`
	PreSave  *conditionJSON `json:"pre_save,omitempty"`
	PostSave *conditionJSON `json:"post_save,omitempty"`
}

type fieldJSON struct {
	Name          string         `json:"name"`
	Type          string         `json:"type"`
	Version       uint32         `json:"version"`
	Info          string         `json:"info,omitempty"`
	When          *conditionJSON `json:"when,omitempty"`
	Must          bool           `json:"must,omitempty"`
	Local         int64          `json:"local,string,omitempty"`
	Size          *int           `json:"size,omitempty"`
	SizeFrom      string         `json:"size_from,omitempty"`
	Count         *int           `json:"count,omitempty"`
	CountFrom     string         `json:"count_from,omitempty"`
	Times         int            `json:"times,omitempty"`
	Room          int            `json:"room,omitempty"`
	Pointers      bool           `json:"pointers,omitempty"`
	Null          []int          `json:"null,omitempty"`
	Marked        bool           `json:"marked,omitempty"`
	Elem          *refJSON       `json:"elem,omitempty"`
	StructVersion uint32         `json:"struct_version,omitempty"`
	Key           *refJSON       `json:"key,omitempty"`
	Elems         []refJSON      `json:"elems,omitempty"`
}

type conditionJSON struct {
	Field string `json:"field"`
	Op    string `json:"op"`
	Value *int64 `json:"value,string,omitempty"`
	Other string `json:"other,omitempty"`
}

// A refJSON is a schema in place, or the name of one in "defs".
type refJSON struct {
	schema *schemaJSON
	name   string
}

func (r refJSON) MarshalJSON() ([]byte, error) {
	if r.schema != nil {
		return encodeJSON(r.schema)
	}
	return encodeJSON(r.name)
}

func (r *refJSON) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &r.name)
	}
	return decodeStrict(b, &r.schema)
}

// decodeStrict is json.Unmarshal, but refuses keys that x has not.
func decodeStrict(b []byte, x any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(x)
}

// MarshalSchema writes s, which must pass Check, in the JSON form that json.go
// describes.
func MarshalSchema(s *Schema) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	w := schemaWriter{seen: map[*Schema]int{}, defs: map[string]*schemaJSON{}, keys: map[*Schema]string{}}
	if err := w.count(s); err != nil {
		return nil, err
	}
	return encodeJSON(documentJSON{Schema: w.ref(s), Defs: w.defs})
}

type schemaWriter struct {
	seen map[*Schema]int // references to it
	keys map[*Schema]string
	defs map[string]*schemaJSON
}

// count counts the references to s and to what it reaches, and sees to it that
// JSON can hold their names.
func (w *schemaWriter) count(s *Schema) error {
	w.seen[s]++
	if w.seen[s] > 1 {
		return nil
	}
	names := []string{s.Name}
	refs := slices.Clone(s.Subsections)
	for i := range s.Fields {
		f := &s.Fields[i]
		names = append(names, f.Name, f.Info)
		refs = append(refs, f.refs()...)
	}
	for _, name := range names {
		if !utf8.ValidString(name) {
			return fmt.Errorf("schema %q: name %q is %w", s.Name, name, errNotUTF8)
		}
	}
	for _, r := range refs {
		if err := w.count(r); err != nil {
			return err
		}
	}
	return nil
}

// refs lists the schemas that f refers to.
func (f *Field) refs() []*Schema {
	var refs []*Schema
	for _, s := range append([]*Schema{f.Elem, f.Key}, f.Elems...) {
		if s != nil {
			refs = append(refs, s)
		}
	}
	return refs
}

func (w *schemaWriter) ref(s *Schema) refJSON {
	if w.seen[s] == 1 {
		j := &schemaJSON{}
		w.fill(j, s)
		return refJSON{schema: j}
	}
	key, ok := w.keys[s]
	if !ok {
		key = s.Name
		for n := 2; w.defs[key] != nil; n++ {
			key = fmt.Sprintf("%s#%d", s.Name, n)
		}
		j := &schemaJSON{}
		// Known before it is filled in, for it may refer to itself.
		w.keys[s], w.defs[key] = key, j
		w.fill(j, s)
	}
	return refJSON{name: key}
}

func (w *schemaWriter) fill(j *schemaJSON, s *Schema) {
	*j = schemaJSON{Name: s.Name, Version: s.Version, Minimum: s.Minimum, Fields: []fieldJSON{}}
	if h := s.Hooks; h != (Hooks{}) {
		j.Hooks = &hooksJSON{h.PreLoad.toJSON(), h.PostLoad.toJSON(), h.PreSave.toJSON(), h.PostSave.toJSON()}
	}
	for i := range s.Fields {
		j.Fields = append(j.Fields, w.field(&s.Fields[i]))
	}
	for _, sub := range s.Subsections {
		j.Subsections = append(j.Subsections, w.ref(sub))
	}
}

func (w *schemaWriter) field(f *Field) fieldJSON {
	j := fieldJSON{
		Name: f.Name, Type: f.Type.String(), Version: f.Version, Info: f.Info,
		When: f.When.toJSON(), Must: f.Must, Local: f.Local,
		SizeFrom: f.SizeFrom, CountFrom: f.CountFrom, Times: f.Times, Room: f.Room,
		Pointers: f.Pointers, Null: f.Null, Marked: f.Marked, StructVersion: f.StructVersion,
	}
	if f.hasSize() {
		j.Size = &f.Size
	}
	if f.Array && f.CountFrom == "" {
		j.Count = &f.Count
	}
	if f.Elem != nil {
		r := w.ref(f.Elem)
		j.Elem = &r
	}
	if f.Key != nil {
		r := w.ref(f.Key)
		j.Key = &r
	}
	for _, elem := range f.Elems {
		j.Elems = append(j.Elems, w.ref(elem))
	}
	return j
}

// hasSize says whether f has to say its Size.
func (f *Field) hasSize() bool {
	return f.Type == TypeUnused || (f.Type == TypeBuffer || f.Type == TypeBitmap) && f.SizeFrom == ""
}

func (c *Condition) toJSON() *conditionJSON {
	if c == nil {
		return nil
	}
	j := &conditionJSON{Field: c.Field, Op: c.Op, Other: c.Other}
	if c.Other == "" {
		j.Value = &c.Value
	}
	return j
}

func (j *conditionJSON) condition() *Condition {
	if j == nil {
		return nil
	}
	c := &Condition{Field: j.Field, Op: j.Op, Other: j.Other}
	if j.Value != nil {
		c.Value = *j.Value
	}
	return c
}

// UnmarshalSchema is the inverse of MarshalSchema. What it returns has passed
// Check.
func UnmarshalSchema(b []byte) (*Schema, error) {
	s, err := readSchema(b)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s, nil
}

func readSchema(b []byte) (*Schema, error) {
	if _, err := decodeJSON(b); err != nil {
		return nil, err
	}
	var doc documentJSON
	if err := decodeStrict(b, &doc); err != nil {
		return nil, err
	}
	r := schemaReader{doc: doc, defs: map[string]*Schema{}}
	return r.ref(doc.Schema)
}

type schemaReader struct {
	doc  documentJSON
	defs map[string]*Schema // begun or complete
}

func (r *schemaReader) ref(ref refJSON) (*Schema, error) {
	if ref.schema != nil {
		s := &Schema{}
		return s, r.fill(s, ref.schema)
	}
	if s := r.defs[ref.name]; s != nil {
		return s, nil
	}
	j := r.doc.Defs[ref.name]
	if j == nil {
		return nil, fmt.Errorf("%q is not in defs", ref.name)
	}
	s := &Schema{}
	r.defs[ref.name] = s
	return s, r.fill(s, j)
}

func (r *schemaReader) fill(s *Schema, j *schemaJSON) error {
	*s = Schema{Name: j.Name, Version: j.Version, Minimum: j.Minimum}
	if h := j.Hooks; h != nil {
		s.Hooks = Hooks{h.PreLoad.condition(), h.PostLoad.condition(), h.PreSave.condition(), h.PostSave.condition()}
	}
	for _, k := range j.Fields {
		f, err := r.field(k)
		if err != nil {
			return fmt.Errorf("%q: field %q: %w", j.Name, k.Name, err)
		}
		s.Fields = append(s.Fields, f)
	}
	for _, ref := range j.Subsections {
		sub, err := r.ref(ref)
		if err != nil {
			return fmt.Errorf("%q: %w", j.Name, err)
		}
		s.Subsections = append(s.Subsections, sub)
	}
	return nil
}

func (r *schemaReader) field(k fieldJSON) (Field, error) {
	t, ok := typeByName(k.Type)
	if !ok {
		return Field{}, fmt.Errorf("%q is no type", k.Type)
	}
	f := Field{
		Name: k.Name, Type: t, Info: k.Info, Version: k.Version,
		When: k.When.condition(), Must: k.Must, Local: k.Local,
		SizeFrom: k.SizeFrom, CountFrom: k.CountFrom, Times: k.Times, Room: k.Room,
		Pointers: k.Pointers, Null: k.Null, Marked: k.Marked, StructVersion: k.StructVersion,
	}
	if k.Size != nil && k.SizeFrom != "" || k.Count != nil && k.CountFrom != "" {
		return Field{}, errors.New("a size or count is given twice")
	}
	if k.Size == nil && f.hasSize() {
		return Field{}, errors.New("a size is missing")
	}
	if k.Size != nil {
		f.Size = *k.Size
	}
	f.Array = k.Count != nil || k.CountFrom != ""
	if k.Count != nil {
		f.Count = *k.Count
	}
	return f, r.refs(&f, k)
}

// refs fills in the schemas that f refers to.
func (r *schemaReader) refs(f *Field, k fieldJSON) (err error) {
	if k.Elem != nil {
		if f.Elem, err = r.ref(*k.Elem); err != nil {
			return err
		}
	}
	if k.Key != nil {
		if f.Key, err = r.ref(*k.Key); err != nil {
			return err
		}
	}
	for _, ref := range k.Elems {
		elem, err := r.ref(ref)
		if err != nil {
			return err
		}
		f.Elems = append(f.Elems, elem)
	}
	return nil
}
