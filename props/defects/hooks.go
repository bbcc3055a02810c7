package defects

import (
	"unsafe"

	"vmconform/impl/vmstate"
)

var ofHooks = []Defect{
	{"post-load-skipped", "post_load is not called.", "hooks", descriptions(func(d *vmstate.Description) { d.PostLoad = nil })},
	{"post-load-early", "post_load is called before the subsections are loaded.", "hooks", descriptions(postLoadEarly)},
	{"pre-load-late", "pre_load is called when all is loaded.", "hooks", descriptions(preLoadLate)},
	{"pre-load-twice", "pre_load is called again when all is loaded.", "hooks", descriptions(preLoadTwice)},
	{"pre-save-late", "pre_save is called when all is saved.", "hooks", descriptions(preSaveLate)},
	{"post-save-skipped", "post_save is not called.", "hooks", descriptions(func(d *vmstate.Description) { d.PostSave = nil })},
}

// postLoadEarly makes the hook a last field that takes no bytes.
func postLoadEarly(d *vmstate.Description) {
	hook := d.PostLoad
	if hook == nil {
		return
	}
	d.PostLoad = nil
	d.Fields = append(d.Fields, vmstate.Field{Flags: vmstate.Single, Info: noBytes(func(_ *vmstate.Loader, obj unsafe.Pointer, _ *vmstate.Field) error {
		return hook(obj, d.VersionID)
	})})
}

// noBytes is an Info of what takes no bytes, and does something when it would be
// loaded.
func noBytes(get func(*vmstate.Loader, unsafe.Pointer, *vmstate.Field) error) *vmstate.Info {
	return &vmstate.Info{Get: get, Put: func(*vmstate.Saver, unsafe.Pointer, *vmstate.Field) error { return nil }}
}

func preLoadLate(d *vmstate.Description) {
	preLoadTwice(d)
	d.PreLoad = nil
}

func preLoadTwice(d *vmstate.Description) {
	early, late := d.PreLoad, d.PostLoad
	if early == nil {
		return
	}
	d.PostLoad = func(obj unsafe.Pointer, version uint32) error {
		if err := early(obj); err != nil || late == nil {
			return err
		}
		return late(obj, version)
	}
}

func preSaveLate(d *vmstate.Description) {
	early, late := d.PreSave, d.PostSave
	if early == nil {
		return
	}
	d.PreSave = nil
	d.PostSave = func(obj unsafe.Pointer) error {
		if err := early(obj); err != nil || late == nil {
			return err
		}
		return late(obj)
	}
}
