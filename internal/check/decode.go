package check

import (
	"errors"
	"strings"

	"vmconform/bind"
	"vmconform/impl/savevm"
	"vmconform/model"
	"vmconform/rules"
)

// Decode decodes a section by the model for savevm.Parse. Of the readings that
// the description allows it takes the first that ends at the section's end.
// Where the description is known not to say all, what it does say is decoded,
// and the rest left.
func (c *checker) Decode(s *savevm.Section, b []byte) (int64, error) {
	var first *device
	for choice := 0; ; choice++ {
		described, err := bind.Describe(s.Device.VMSD, choice)
		if err != nil {
			return 0, err
		}
		d := decode(described, s.VersionID, b)
		if first == nil {
			first = d
		}
		if d.err == nil && fits(s, b, d.size) {
			c.decoded[s] = d
			return d.size, nil
		}
		if choice+1 >= described.Choices {
			break
		}
	}
	c.decoded[s] = first
	return first.size, first.err
}

// fits: the section's footer stands behind what was decoded. Without footers
// there is no telling.
func fits(s *savevm.Section, b []byte, n int64) bool {
	rest := b[n:]
	return len(rest) >= 5 && rest[0] == savevm.KindFooter && uint32(rest[1])<<24|uint32(rest[2])<<16|uint32(rest[3])<<8|uint32(rest[4]) == s.ID
}

func decode(described *bind.Described, version uint32, b []byte) *device {
	d := &device{described: described}
	if n := fixedSize(described.Schema); n > int64(len(b)) {
		d.err = &rules.Error{Class: rules.BadDescription, Rule: rules.VMDescFits, Detail: "the description speaks of more bytes than there are"}
		return d
	}
	var err error
	d.loaded, err = model.Decode(described.Schema, b, version, model.Options{Spans: true})
	if err == nil {
		d.size = d.loaded.Consumed
		return d
	}
	d.err = err
	var e *rules.Error
	if errors.As(err, &e) && (undescribed(e) || inNullArray(d, e)) {
		// What stands before that can be told for sure.
		short := bind.Prefix(described.Schema, d.loaded.Spans)
		loaded, err := model.Decode(short, b, version, model.Options{Spans: true})
		if err == nil {
			described.Schema, d.loaded, d.size = short, loaded, loaded.Consumed
		}
	}
	return d
}

// inNullArray: the load stopped in an array of which the description shows the
// first element only, a NULL.
func inNullArray(d *device, e *rules.Error) bool {
	if e.Class != rules.Mismatch || e.Rule != rules.NullMarker {
		return false
	}
	for f := range d.described.NullArrays {
		if i := strings.LastIndex(e.Path, f.Name+"["); i >= 0 && strings.Index(e.Path[i:], "]") == len(e.Path[i:])-1 {
			return true
		}
	}
	return false
}

// fixedSize is the fewest bytes that a payload of s takes. It saturates.
func fixedSize(s *model.Schema) int64 {
	const most = int64(1) << 50
	var n int64
	for i := range s.Fields {
		f := &s.Fields[i]
		var one int64
		switch f.Type {
		case model.TypeStruct:
			one = fixedSize(f.Elem)
		case model.TypeBuffer, model.TypeUnused:
			one = int64(f.Size)
		default:
			one = 1
		}
		if f.Array {
			if f.Count > 0 && one > most/int64(f.Count) {
				return most
			}
			one *= int64(f.Count)
		}
		if n += one; n > most {
			return most
		}
	}
	return n
}
