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
	Fields      []fieldJSON `json:"fields"`
	Subsections []refJSON   `json:"subsections,omitempty"`
}

type fieldJSON struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Version   uint32   `json:"version"`
	Info      string   `json:"info,omitempty"`
	Size      *int     `json:"size,omitempty"`
	SizeFrom  string   `json:"size_from,omitempty"`
	Count     *int     `json:"count,omitempty"`
	CountFrom string   `json:"count_from,omitempty"`
	Elem      *refJSON `json:"elem,omitempty"`
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
		if f.Elem != nil {
			refs = append(refs, f.Elem)
		}
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
	for _, f := range s.Fields {
		k := fieldJSON{Name: f.Name, Type: f.Type.String(), Version: f.Version, Info: f.Info, SizeFrom: f.SizeFrom, CountFrom: f.CountFrom}
		if f.Type == TypeUnused || f.Type == TypeBuffer && f.SizeFrom == "" {
			k.Size = &f.Size
		}
		if f.Array && f.CountFrom == "" {
			k.Count = &f.Count
		}
		if f.Elem != nil {
			r := w.ref(f.Elem)
			k.Elem = &r
		}
		j.Fields = append(j.Fields, k)
	}
	for _, sub := range s.Subsections {
		j.Subsections = append(j.Subsections, w.ref(sub))
	}
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
	f := Field{Name: k.Name, Type: t, Info: k.Info, Version: k.Version, SizeFrom: k.SizeFrom, CountFrom: k.CountFrom}
	if k.Size != nil && k.SizeFrom != "" || k.Count != nil && k.CountFrom != "" {
		return Field{}, errors.New("a size or count is given twice")
	}
	if k.Size == nil && (t == TypeUnused || t == TypeBuffer && k.SizeFrom == "") {
		return Field{}, errors.New("a size is missing")
	}
	if k.Size != nil {
		f.Size = *k.Size
	}
	f.Array = k.Count != nil || k.CountFrom != ""
	if k.Count != nil {
		f.Count = *k.Count
	}
	if k.Elem != nil {
		s, err := r.ref(*k.Elem)
		if err != nil {
			return Field{}, err
		}
		f.Elem = s
	}
	return f, nil
}
