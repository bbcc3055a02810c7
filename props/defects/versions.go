package defects

import (
	"math"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

var ofVersions = []Defect{
	{"any-version", "The version argument is compared with itself.", "version/argument", anyVersion},
	{"newest-too-new", "The newest known version is refused as too new.", "round-trip", newestTooNew},
	{"version-8-bits", "The version argument is cut to 8 bits.", "version/argument", version8Bits},
	{"version-signed", "Versions are compared as signed numbers.", "version/argument", versionSigned},
	{"save-any-version", "A save at a version that is none of the vmsd's is one at its own.", "version/argument", saveAnyVersion},
	{"fields-of-all-versions", "The version of a field is not looked at.", "version/argument", fields(sinceEver)},
	{"absent-cleared", "An integer that is not on the wire is set to zero.", "version/argument", descriptions(absentCleared)},

	{"version-32-bits", "A subsection's version is not cut to 8 bits.", "version/subsection", version32Bits},
	{"any-old-subsection", "A subsection's version is not compared with the oldest known.", "version/subsection", descriptions(anyOldSubsection)},
	{"struct-too-old", "A struct at a version that is too new is refused as too old.", "version/struct", structTooOld},
}

var anyVersion = ending(func(l *load) {
	if l.version < l.schema.Minimum || l.version > l.schema.Version {
		wide := *l.schema
		wide.Minimum, wide.Version = 0, math.MaxUint32
		l.again(&wide, l.stream, rules.Limits{})
	}
})

var newestTooNew = ending(func(l *load) {
	if l.version == l.schema.Version {
		l.err = &rules.Error{Class: rules.VersionTooNew, Rule: rules.VersionRange}
	}
})

func version8Bits(s *subject) {
	s.load = func(schema *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		return s.Reference.Load(schema, stream, version&0xff)
	}
}

var versionSigned = refusing(rules.VersionTooNew, func(l *load) {
	if l.err.Path == "" && int32(l.version) < int32(l.schema.Minimum) {
		l.err.Class = rules.VersionTooOld
	}
})

func saveAnyVersion(s *subject) {
	s.save = func(schema *model.Schema, v *model.Struct, version uint32) ([]byte, error) {
		if version < schema.Minimum || version > schema.Version {
			version = schema.Version
		}
		return s.Reference.Save(schema, v, version)
	}
}

func sinceEver(f *vmstate.Field) {
	if f.Flags&vmstate.CSTM == 0 { // else it is the version of the elements
		f.VersionID = 0
	}
}

// absentCleared has a pre_load that clears what is on the wire or not.
func absentCleared(d *vmstate.Description) {
	hook := d.PreLoad
	d.PreLoad = func(obj unsafe.Pointer) error {
		if hook != nil {
			if err := hook(obj); err != nil {
				return err
			}
		}
		for i := range d.Fields {
			if f := &d.Fields[i]; f.Flags == vmstate.Single && integers[f.Info] {
				clear(unsafe.Slice((*byte)(unsafe.Add(obj, f.Offset)), f.Size))
			}
		}
		return nil
	}
}

var version32Bits = ending(func(l *load) {
	for _, n := range l.Notes {
		if n.Rule == rules.SubsectionVersion256 {
			l.err = &rules.Error{Class: rules.VersionTooNew, Offset: n.Offset, Path: n.Path, Rule: rules.SubsectionVersion}
			return
		}
	}
})

func anyOldSubsection(d *vmstate.Description) {
	if isSubsection(d) {
		d.MinimumVersionID = 0
	}
}

var structTooOld = refusing(rules.VersionTooNew, func(l *load) {
	if l.err.Rule == rules.VersionRange && l.err.Path != "" {
		l.err.Class = rules.VersionTooOld
	}
})
