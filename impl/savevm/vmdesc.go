package savevm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"vmconform/rules"
)

// A VMDesc is the description that ends a stream.
type VMDesc struct {
	PageSize      int   // 0 if not given
	Configuration *VMSD // since QEMU 10
	Devices       []Device

	ConfigurationText Range // of Configuration
}

// A Range is a part of a description's text.
type Range struct{ From, To int64 }

// A Device describes one section.
type Device struct {
	Name       string
	InstanceID uint32
	VMSD       *VMSD       // nil for an old-style section
	Size       int64       // of an old-style payload
	Fields     []DescField // of an old-style payload: one buffer
	Text       Range       // the device's object
}

// A VMSD describes what a vmsd wrote.
type VMSD struct {
	Name        string
	Version     uint32
	Fields      []DescField
	Subsections []*VMSD
}

// A DescField describes one field, or one element or run of elements of it.
type DescField struct {
	Name, Type  string
	Size        int64 // of one element
	ArrayLen    int   // number of elements if HasArrayLen
	HasArrayLen bool
	Index       int     // of the element, -1: none
	Struct      *VMSD   // QEMU 2.9 to 9.2 write an empty one (no name, no fields) for a NULL
	Bodies      []*VMSD // bodies written straight into the field: one per element of a queue, key and value of a tree, the one of a vstruct
}

// maxDepth bounds the nesting of a description. A vmsd inside a vmsd takes three
// levels (object, fields, field), and as many vmsds as a load may open must fit.
const maxDepth = 3*rules.DefaultDepth + 8

// WireSize adds up the sizes: the bytes that the payload of v took, with its
// subsections and their headers. A field's own size includes the subsections
// of what it holds. It saturates instead of overflowing.
//
// Where the description is known to be wrong (arrays of pointers that hold NULL)
// the sum is wrong too.
func (v *VMSD) WireSize() int64 {
	var n int64
	for i := range v.Fields {
		n = satAdd(n, v.Fields[i].wireSize())
	}
	for _, s := range v.Subsections {
		n = satAdd(n, int64(2+len(s.Name)+4))
		n = satAdd(n, s.WireSize())
	}
	return n
}

func (f *DescField) wireSize() int64 {
	if !f.HasArrayLen {
		return f.Size
	}
	count := int64(f.ArrayLen)
	if f.Size > 0 && count > math.MaxInt64/f.Size {
		return math.MaxInt64
	}
	return f.Size * count
}

func satAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// ParseVMDesc reads a description in the text style of QJSON or JSONWriter, or
// in the strict style of this project, which has no duplicate keys and puts the
// bodies of a field into an array "elements". Keys that it does not know are
// skipped. Its errors are of class bad-description and carry the offset in b.
func ParseVMDesc(b []byte) (*VMDesc, error) {
	r := &descReader{text: b, dec: jsontext.NewDecoder(bytes.NewBuffer(b),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	d := r.root()
	if r.err == nil {
		at := r.next()
		if _, err := r.dec.ReadToken(); err != io.EOF {
			r.fail(at, "something follows the object")
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return d, nil
}

// descReader reads tokens and keeps the first error; after an error its
// methods do nothing and report the end of whatever they read.
type descReader struct {
	text  []byte
	dec   *jsontext.Decoder
	depth int
	err   *rules.Error
}

func (r *descReader) fail(off int64, format string, args ...any) {
	if r.err == nil {
		r.err = &rules.Error{Class: rules.BadDescription, Offset: off, Rule: rules.VMDescSyntax, Detail: fmt.Sprintf(format, args...)}
	}
}

// next is the offset of the next token.
func (r *descReader) next() int64 {
	off := r.dec.InputOffset()
	for off < int64(len(r.text)) {
		switch r.text[off] {
		case ' ', '\t', '\n', '\r', ',', ':':
			off++
			continue
		}
		break
	}
	return off
}

func (r *descReader) token() jsontext.Token {
	if r.err != nil {
		return jsontext.Token{}
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		r.syntax(err)
		return jsontext.Token{}
	}
	return t
}

func (r *descReader) syntax(err error) {
	off := int64(len(r.text))
	var se *jsontext.SyntacticError
	if errors.As(err, &se) {
		off = se.ByteOffset
	}
	r.fail(off, "%v", err)
}

// object calls member for each key of the object that comes next; member reads
// the value. at is the offset of the key.
func (r *descReader) object(member func(key string, at int64)) {
	r.nested(jsontext.KindBeginObject, jsontext.KindEndObject, "an object", func() {
		at := r.next()
		key := r.token()
		if r.err == nil {
			member(key.String(), at)
		}
	})
}

func (r *descReader) array(element func()) {
	r.nested(jsontext.KindBeginArray, jsontext.KindEndArray, "an array", element)
}

func (r *descReader) nested(open, end jsontext.Kind, what string, each func()) {
	at := r.next()
	if t := r.token(); r.err == nil && t.Kind() != open {
		r.fail(at, "%s is expected", what)
	}
	if r.depth++; r.depth > maxDepth {
		r.fail(at, "nested deeper than %d", maxDepth)
	}
	for r.err == nil {
		if r.dec.PeekKind() == end {
			r.token()
			break
		}
		each()
	}
	r.depth--
}

func (r *descReader) skip() {
	if r.err == nil {
		if err := r.dec.SkipValue(); err != nil {
			r.syntax(err)
		}
	}
}

func (r *descReader) str() string {
	at := r.next()
	t := r.token()
	if r.err != nil {
		return ""
	}
	if t.Kind() != jsontext.KindString {
		r.fail(at, "a string is expected")
		return ""
	}
	return t.String()
}

func (r *descReader) integer(lo, hi int64) int64 {
	at := r.next()
	t := r.token()
	if r.err != nil {
		return 0
	}
	if t.Kind() != jsontext.KindNumber {
		r.fail(at, "a number is expected")
		return 0
	}
	n, err := strconv.ParseInt(t.String(), 10, 64)
	if err != nil || n < lo || n > hi {
		r.fail(at, "an integer from %d to %d is expected", lo, hi)
		return 0
	}
	return n
}

func (r *descReader) root() *VMDesc {
	d := &VMDesc{}
	hasDevices := false
	r.object(func(key string, _ int64) {
		switch key {
		case "page_size":
			d.PageSize = int(r.integer(1, math.MaxInt32))
		case "configuration":
			d.ConfigurationText.From = r.next()
			d.Configuration = r.vmsd()
			d.ConfigurationText.To = r.dec.InputOffset()
		case "devices":
			hasDevices = true
			r.array(func() { d.Devices = append(d.Devices, r.device()) })
		default:
			r.skip()
		}
	})
	if !hasDevices {
		r.fail(0, "the object has no devices")
	}
	return d
}

func (r *descReader) device() Device {
	at := r.next()
	d := Device{Text: Range{From: at}}
	var v VMSD
	var named, sized, described bool
	r.object(func(key string, keyAt int64) {
		switch key {
		case "name":
			named = true
			d.Name = r.str()
		case "instance_id":
			// Before 6.0 it was printed as a signed int.
			d.InstanceID = uint32(r.integer(math.MinInt32, math.MaxUint32))
		case "size":
			sized = true
			d.Size = r.integer(0, math.MaxInt64)
		default:
			r.bodyMember(&v, &described, key, keyAt)
		}
	})
	d.Text.To = r.dec.InputOffset()
	switch {
	case !named:
		r.fail(at, "a device has no name")
	case described:
		d.VMSD = &v
	case !sized:
		r.fail(at, "a device has neither vmsd_name nor size")
	default:
		d.Fields = v.Fields
	}
	return d
}

// vmsd reads an object that is a body and nothing else.
func (r *descReader) vmsd() *VMSD {
	v := &VMSD{}
	at := r.next()
	var named bool
	keys := 0
	r.object(func(key string, keyAt int64) {
		keys++
		r.bodyMember(v, &named, key, keyAt)
	})
	if keys > 0 && !named {
		r.fail(at, "a vmsd has no vmsd_name")
	}
	return v
}

func (r *descReader) bodyMember(v *VMSD, named *bool, key string, at int64) {
	switch key {
	case "vmsd_name":
		if *named {
			r.fail(at, "a second vmsd_name")
		}
		*named = true
		v.Name = r.str()
	case "version":
		v.Version = uint32(r.integer(math.MinInt32, math.MaxUint32))
	case "fields":
		r.array(func() { v.Fields = append(v.Fields, r.field()) })
	case "subsections":
		r.array(func() {
			sub := r.next()
			s := r.vmsd()
			if s.Name == "" {
				r.fail(sub, "a subsection has no vmsd_name")
			}
			v.Subsections = append(v.Subsections, s)
		})
	default:
		r.skip()
	}
}

func (r *descReader) field() DescField {
	at := r.next()
	f := DescField{Index: -1}
	var named, typed, sized bool
	r.object(func(key string, keyAt int64) {
		switch key {
		case "name":
			named = true
			f.Name = r.str()
		case "type":
			typed = true
			f.Type = r.str()
		case "size":
			sized = true
			f.Size = r.integer(0, math.MaxInt64)
		case "array_len":
			f.HasArrayLen = true
			f.ArrayLen = int(r.integer(0, math.MaxInt32))
		case "index":
			f.Index = int(r.integer(0, math.MaxInt32))
		case "struct":
			f.Struct = r.vmsd()
		case "elements":
			r.array(func() { f.Bodies = append(f.Bodies, r.vmsd()) })
		case "vmsd_name":
			f.Bodies = append(f.Bodies, &VMSD{Name: r.str()})
		case "version", "fields", "subsections":
			if len(f.Bodies) == 0 {
				r.fail(keyAt, "%q before vmsd_name", key)
				return
			}
			named := true
			r.bodyMember(f.Bodies[len(f.Bodies)-1], &named, key, keyAt)
		default:
			r.skip()
		}
	})
	if !named || !typed || !sized {
		r.fail(at, "a field lacks name, type or size")
	}
	return f
}
