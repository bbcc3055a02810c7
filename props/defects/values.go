package defects

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/model"
	"vmconform/rules"
)

var ofValues = []Defect{
	{"int16-little-endian", "An int16 is little-endian on the wire.", "round-trip", infos(vmstate.InfoInt16, littleEndian)},
	{"uint32-two-bytes", "A uint32 is two bytes on the wire.", "round-trip", infos(vmstate.InfoUint32, twoBytes)},
	{"int32-unsigned", "A negative int32 is read as a large number.", "values/numbers", accepting(int32Unsigned)},
	{"bitmap-32-bit-words", "A bitmap is read as words of 32 bits, the low one first.", "round-trip", accepting(bitmap32)},

	{"bool-kept-raw", "A bool other than 00 and 01 is saved as it was loaded.", "memory/saved-again", infos(vmstate.InfoBool, rawBool)},
	{"bool-one-is-true", "Only 01 is true.", "values/numbers", infos(vmstate.InfoBool, oneIsTrue)},
	{"equal-unchecked", "A value that has to be what memory holds is loaded whatever it is.", "values/compared", fields(equalUnchecked)},
	{"le-as-mismatch", "An int32 le that is out of range is refused as a mismatch.", "values/compared", leAsMismatch},
	{"count-unsigned", "A negative count or size is taken for a large one.", "values/numbers", fields(countUnsigned)},

	{"null-by-data", "A number that begins with 30 is taken for a NULL in an array of pointers.", "values/pointers", fields(nullByData)},
	{"null-any-byte", "Any byte is taken for the 30 of a NULL.", "values/pointers", nullAnyByte},
	{"unused-refused", "Unused bytes have to be zero.", "memory/saved-again", infos(vmstate.InfoUnused, zeroUnused)},
}

// infos has the fields of one Info loaded and saved by another.
func infos(right, wrong *vmstate.Info) func(*subject) {
	return fields(func(f *vmstate.Field) {
		if f.Info == right {
			f.Info = wrong
		}
	})
}

var littleEndian = &vmstate.Info{
	Name: "int16",
	Min:  2,
	Get: func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error {
		b, err := l.Take(2)
		if err == nil {
			l.WillChange(p, 2)
			*(*uint16)(p) = binary.LittleEndian.Uint16(b)
		}
		return err
	},
	Put: func(s *vmstate.Saver, p unsafe.Pointer, _ *vmstate.Field) error {
		s.Write(binary.LittleEndian.AppendUint16(nil, *(*uint16)(p))...)
		return nil
	},
}

var twoBytes = &vmstate.Info{
	Name: "uint32",
	Min:  2,
	Get: func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error {
		b, err := l.Take(2)
		if err == nil {
			l.WillChange(p, 4)
			*(*uint32)(p) = uint32(binary.BigEndian.Uint16(b))
		}
		return err
	},
	Put: func(s *vmstate.Saver, p unsafe.Pointer, _ *vmstate.Field) error {
		s.Write(binary.BigEndian.AppendUint16(nil, uint16(*(*uint32)(p)))...)
		return nil
	},
}

func equalUnchecked(f *vmstate.Field) {
	plain := map[*vmstate.Info]*vmstate.Info{
		vmstate.InfoUint8Equal: vmstate.InfoUint8, vmstate.InfoUint16Equal: vmstate.InfoUint16, vmstate.InfoUint32Equal: vmstate.InfoUint32,
		vmstate.InfoUint64Equal: vmstate.InfoUint64, vmstate.InfoInt32Equal: vmstate.InfoInt32,
	}
	if info, ok := plain[f.Info]; ok {
		f.Info = info
	}
}

func int32Unsigned(f *model.Field, x model.Value) model.Value {
	if n, ok := x.(model.Int); ok && f.Type == model.TypeInt32 {
		return model.Int(uint32(n))
	}
	return x
}

func bitmap32(f *model.Field, x model.Value) model.Value {
	words, ok := x.(model.List)
	if !ok || f.Type != model.TypeBitmap {
		return x
	}
	halves := model.List{}
	for _, w := range words {
		halves = append(halves, w.(model.Uint)<<32|w.(model.Uint)>>32)
	}
	return halves
}

// boolOf is the Info of a bool that memory gets as hold makes it, and that is
// saved as memory holds it.
func boolOf(hold func(wire byte) byte) *vmstate.Info {
	return &vmstate.Info{
		Name: "bool",
		Min:  1,
		Get: func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error {
			at := l.Offset()
			b, err := l.Take(1)
			if err != nil {
				return err
			}
			if b[0] > 1 {
				l.Note(rules.BoolCanonical, at, "%02x", b[0])
			}
			l.WillChange(p, 1)
			*(*byte)(p) = hold(b[0])
			return nil
		},
		Put: func(s *vmstate.Saver, p unsafe.Pointer, _ *vmstate.Field) error {
			s.Write(*(*byte)(p))
			return nil
		},
	}
}

var (
	rawBool   = boolOf(func(wire byte) byte { return wire })
	oneIsTrue = boolOf(func(wire byte) byte {
		if wire == 1 {
			return 1
		}
		return 0
	})
)

var leAsMismatch = refusing(rules.OutOfRange, func(l *load) {
	if l.err.Rule == rules.Int32LE {
		l.err.Class = rules.Mismatch
	}
})

func countUnsigned(f *vmstate.Field) {
	unsigned := map[vmstate.CountType]vmstate.CountType{
		vmstate.CountInt8: vmstate.CountUint8, vmstate.CountInt16: vmstate.CountUint16,
	}
	if t, ok := unsigned[f.NumType]; ok {
		f.NumType = t
	}
	if t, ok := unsigned[f.SizeType]; ok {
		f.SizeType = t
	}
}

// nullByData has the numbers of an array of pointers asked whether they are there,
// which the array says already.
func nullByData(f *vmstate.Field) {
	if f.Flags&vmstate.ArrayOfPointer == 0 || f.Flags&vmstate.MarkAlways != 0 || !integers[f.Info] {
		return
	}
	right := f.Info
	f.Info = &vmstate.Info{
		Name: right.Name,
		Min:  1,
		Get: func(l *vmstate.Loader, p unsafe.Pointer, _ *vmstate.Field) error {
			first, err := l.Take(1)
			if err != nil || first[0] == 0x30 {
				return err
			}
			rest, err := l.Take(right.Min - 1)
			if err != nil {
				return err
			}
			l.WillChange(p, right.Min)
			memory := unsafe.Slice((*byte)(p), right.Min)
			copy(memory, nativeOrder(slices.Concat(first, rest)))
			return nil
		},
		Put: func(s *vmstate.Saver, p unsafe.Pointer, _ *vmstate.Field) error {
			s.Write(nativeOrder(unsafe.Slice((*byte)(p), right.Min))...)
			return nil
		},
	}
}

// nativeOrder gives the bytes of a number on the wire in the machine's order, and
// back.
func nativeOrder(b []byte) []byte {
	b = slices.Clone(b)
	if binary.NativeEndian.Uint16([]byte{0, 1}) != 1 {
		slices.Reverse(b)
	}
	return b
}

var zeroUnused = &vmstate.Info{
	Name: "unused_buffer",
	Get: func(l *vmstate.Loader, _ unsafe.Pointer, f *vmstate.Field) error {
		at := l.Offset()
		b, err := l.Take(int(f.Size))
		if err == nil && slices.Max(append(b, 0)) > 0 {
			err = l.Fail(rules.Mismatch, rules.UnusedZero, at, "not zero")
		}
		return err
	},
	Put: func(s *vmstate.Saver, _ unsafe.Pointer, f *vmstate.Field) error {
		s.Write(make([]byte, f.Size)...)
		return nil
	},
}

// nullAnyByte loads as if every NULL were there.
var nullAnyByte = refusing(rules.Mismatch, func(l *load) {
	l.stream = slices.Clone(l.stream)
	for l.class() == rules.Mismatch && l.err.Rule == rules.NullMarker {
		l.stream[l.err.Offset] = 0x30
		l.again(l.schema, l.stream, rules.Limits{})
	}
})
