package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The one JSON form. A value:
//
//	bool                 true, false
//	8 to 32 bit integer  a number
//	64 bit integer       a string, decimal; so timer and CPU_Double_U
//	buffer               a string, base64 with padding
//	NULL                 null
//	array, queue, list   an array
//	bitmap               an array of its words, each a string, decimal
//	struct, vstruct,     an object: fields in order, then, if any is present,
//	tmp                  "/subsections": an object of the subsections by name
//	tree                 an array of { "key": KEY, "value": struct }; a direct
//	                     key is a string, decimal
//	unused, validate     left out
//
// So that no field can be taken for "/subsections", a field whose name begins
// with '/' gets another '/' in front of it.
//
// A schema:
//
//	document   = { "schema": REF, "defs": { name: SCHEMA, … } }
//	SCHEMA     = { "name", "version", "minimum", "hooks": HOOKS, "fields": [FIELD, …], "subsections": [REF, …] }
//	HOOKS      = { "pre_load": CONDITION, "post_load": …, "pre_save": …, "post_save": … }
//	FIELD      = { "name", "type", "version", "info", "when": CONDITION, "must", "local",
//	               "size" | "size_from", "count" | "count_from", "times", "room",
//	               "pointers", "null": [index, …], "marked",
//	               "elem": REF, "struct_version", "key": REF, "elems": [REF, …] }
//	CONDITION  = { "field", "op", "value" | "other" }
//	REF        = SCHEMA | name of one in "defs"
//
// where all but "name" to "version", "minimum" and "fields" is there if it
// applies; "count" or "count_from" makes an array; "local" and "value" are
// strings, decimal. In "defs" stands each schema that is
// referred to more than once, hence every recursive one. Its name there is its
// own, with "#2" and so on where different ones share a name.
//
// Marshalling the same thing twice gives the same bytes, without blanks or line
// ends. Names must be UTF-8. Reading takes blanks and any order of keys, but no
// key that is unknown or there twice. A value must have all its fields; in a
// schema a number that is left out is 0, except a size.
const subsectionsKey = "/subsections"

var errNotUTF8 = errors.New("not UTF-8")

// fieldKey returns the key of a field in the object of its struct.
func fieldKey(name string) string {
	if name[0] == '/' {
		return "/" + name
	}
	return name
}

// encodeJSON is json.Marshal, but leaves <, > and & as they are.
func encodeJSON(x any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeJSON reads one JSON document: nil, bool, json.Number, string, []any and
// map[string]any. It refuses a key that an object has twice.
func decodeJSON(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, errNotUTF8
	}
	if !json.Valid(b) { // also bounds the nesting and refuses a second document
		return nil, errors.New("not one JSON document")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return decodeToken(d)
}

func decodeToken(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			x, err := decodeToken(d)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := key.(string) // an object's keys are strings, or Token fails
			if _, twice := object[name]; twice {
				return nil, fmt.Errorf("key %q is there twice", name)
			}
			if object[name], err = decodeToken(d); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	}
	return t, nil
}
