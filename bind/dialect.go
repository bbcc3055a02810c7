package bind

import (
	"bytes"

	"vmconform/impl/savevm"
	"vmconform/impl/vmstate"
)

// DialectOf tells the dialect of a description by what stands in it. Where
// nothing tells two dialects apart, both would write it alike.
func DialectOf(d *savevm.VMDesc, text []byte) *vmstate.Dialect {
	var e evidence
	if d.Configuration != nil {
		e.vmsd(d.Configuration)
	}
	for i := range d.Devices {
		if v := d.Devices[i].VMSD; v != nil {
			e.vmsd(v)
		}
	}
	switch {
	case bytes.HasPrefix(text, []byte(`{ "`)): // QJSON
		if e.customized {
			return vmstate.Seed
		}
		return vmstate.QEMU29
	case bytes.Contains(text, []byte(`"elements": [`)): // in no string, where quotes are escaped
		return vmstate.Strict
	case e.marker || e.noIndex && !e.lastIndex && !e.nullptr:
		return vmstate.QEMU111
	case e.nullptr || e.lastMissing || d.Configuration != nil && !e.lastIndex && !e.emptyStruct:
		return vmstate.QEMU100
	}
	return vmstate.QEMU60
}

// evidence is what tells dialects apart.
type evidence struct {
	customized, marker, nullptr, emptyStruct bool
	// Of an array that is described one by one the last element has an index,
	// or only the others have, or none has.
	lastIndex, lastMissing, noIndex bool
}

func (e *evidence) vmsd(v *savevm.VMSD) {
	for i := 0; i < len(v.Fields); {
		n := neighbours(v.Fields[i:])
		e.run(v.Fields[i : i+n])
		i += n
	}
	for _, s := range v.Subsections {
		e.vmsd(s)
	}
}

// neighbours is how many fields at the front have one name.
func neighbours(fields []savevm.DescField) int {
	n := 1
	for n < len(fields) && fields[n].Name == fields[0].Name {
		n++
	}
	return n
}

func (e *evidence) run(run []savevm.DescField) {
	first, last := &run[0], &run[len(run)-1]
	special := false
	for i := range run {
		f := &run[i]
		switch f.Type {
		case "customized":
			e.customized = true
		case "ptr-marker":
			e.marker, special = true, true
		case "nullptr":
			e.nullptr, special = true, true
		}
		if f.Struct != nil {
			e.emptyStruct = e.emptyStruct || f.Struct.Name == ""
			e.vmsd(f.Struct)
		}
		for _, b := range f.Bodies {
			e.vmsd(b)
		}
		special = special || f.HasArrayLen
	}
	switch {
	case len(run) == 1 || special:
	case last.Index >= 0:
		e.lastIndex = true
	case first.Index >= 0:
		e.lastMissing = true
	default:
		e.noIndex = true
	}
}
