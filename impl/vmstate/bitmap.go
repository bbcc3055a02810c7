package vmstate

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"vmconform/rules"
)

// A bitmap is the meta data of a field that holds one. In memory it is words of
// 64 bits, the low word first, and so it is on the wire, each word big-endian
// (migration/vmstate-types.c put_bitmap). A word's bits beyond the size travel
// too. The fields are CSTM fields since an Info is not told the object.
type bitmap struct {
	size     uintptr // from the field to the member with the number of bits
	sizeType CountType
	room     int64
	place    place
}

// place says where a bitmap's words are.
type place uint8

const (
	inline    place = iota // in the object
	pointed                // where a member points to
	allocated              // there, and Load makes them
)

// BitmapField is a pointer to a bitmap of as many bits as the member at
// sizeOffset says, in memory for room bits that the device has allocated
// (VMSTATE_BITMAP). Neither this field nor InlineBitmap nor AllocatedBitmap may
// be made an array.
func BitmapField(name string, offset uintptr, version uint32, sizeOffset uintptr, sizeType CountType, room int) Field {
	return newBitmap(name, offset, version, &bitmap{sizeOffset - offset, sizeType, int64(room), pointed}, unsafe.Sizeof(uintptr(0)))
}

// InlineBitmap is BitmapField for a member that is itself an array of uint64,
// with room for as many bits.
func InlineBitmap(name string, offset uintptr, version uint32, sizeOffset uintptr, sizeType CountType, room int) Field {
	return newBitmap(name, offset, version, &bitmap{sizeOffset - offset, sizeType, int64(room), inline}, uintptr(8*words(int64(room))))
}

// AllocatedBitmap is BitmapField for a bitmap that Load allocates; the member
// becomes nil for one without bits.
func AllocatedBitmap(name string, offset uintptr, version uint32, sizeOffset uintptr, sizeType CountType) Field {
	return newBitmap(name, offset, version, &bitmap{sizeOffset - offset, sizeType, rules.MaxCount, allocated}, unsafe.Sizeof(uintptr(0)))
}

var infoBitmap = &Info{Name: "bitmap"}

func newBitmap(name string, offset uintptr, version uint32, b *bitmap, size uintptr) Field {
	return CSTMField(name, offset, size, version, infoBitmap, b, getBitmap, putBitmap)
}

func words(bits int64) int { return int((bits + 63) / 64) }

// words returns how many words the bitmap of the field at p has, and where they
// are; bad says what is wrong with that.
func (b *bitmap) words(p unsafe.Pointer) (n int, at unsafe.Pointer, bad string) {
	bits := b.sizeType.read(unsafe.Add(p, b.size))
	if !isCount(bits) {
		return 0, nil, fmt.Sprintf("a bitmap of %d bits", bits)
	}
	if bits > b.room {
		return 0, nil, fmt.Sprintf("a bitmap of %d bits; there is room for %d", bits, b.room)
	}
	if at = p; b.place != inline {
		at = *(*unsafe.Pointer)(p)
	}
	return words(bits), at, ""
}

func noWords(n int) string {
	return fmt.Sprintf("a bitmap of %d words where there is no memory for any", n)
}

func getBitmap(l *Loader, meta any, p unsafe.Pointer, _ uint32) error {
	b := meta.(*bitmap)
	n, at, bad := b.words(p)
	if bad == "" && n > 0 && at == nil && b.place == pointed {
		bad = noWords(n)
	}
	if bad != "" {
		return l.Fail(rules.OutOfRange, rules.CountRange, l.Offset(), "%s", bad)
	}
	wire, err := l.Take(8 * n) // before memory is made for them
	if err != nil {
		return err
	}
	if b.place == allocated {
		at = nil
		if n > 0 {
			at = unsafe.Pointer(unsafe.SliceData(make([]uint64, n)))
		}
		slot := (*unsafe.Pointer)(p)
		l.WillChangePointer(slot)
		*slot = at
	} else {
		was := l.fresh
		l.fresh = was && b.place == inline // no other memory was made by this load
		l.WillChange(at, 8*n)
		l.fresh = was
	}
	memory := unsafe.Slice((*uint64)(at), n)
	for i := range memory {
		memory[i] = binary.BigEndian.Uint64(wire[8*i:])
	}
	return nil
}

func putBitmap(s *Saver, meta any, p unsafe.Pointer) error {
	n, at, bad := meta.(*bitmap).words(p)
	if bad == "" && n > 0 && at == nil {
		bad = noWords(n)
	}
	if bad != "" {
		return s.Fail(rules.OutOfRange, rules.CountRange, "%s", bad)
	}
	for _, w := range unsafe.Slice((*uint64)(at), n) {
		s.out = binary.BigEndian.AppendUint64(s.out, w)
	}
	return nil
}
