package vmstate_test

import (
	"fmt"
	"testing"
	"unsafe"

	"vmconform/impl/vmstate"
	"vmconform/rules"
)

type bitmaps struct {
	n      int32
	inline [3]uint64
	words  *[3]uint64
	m      int32
}

// describeBitmap describes n, a bitmap of n bits in one of its three places, and
// m, after it.
func describeBitmap(place string) *vmstate.Description {
	var b bitmaps
	var f vmstate.Field
	switch at, size := unsafe.Offsetof(b.words), unsafe.Offsetof(b.n); place {
	case "inline":
		f = vmstate.InlineBitmap("b", unsafe.Offsetof(b.inline), 0, size, vmstate.CountInt32, 192)
	case "pointed":
		f = vmstate.BitmapField("b", at, 0, size, vmstate.CountInt32, 192)
	case "allocated":
		f = vmstate.AllocatedBitmap("b", at, 0, size, vmstate.CountInt32)
	}
	return one(vmstate.Scalar("n", unsafe.Offsetof(b.n), 0, vmstate.InfoInt32), f, vmstate.Scalar("m", unsafe.Offsetof(b.m), 0, vmstate.InfoInt32))
}

// bits returns the first n words of the bitmap.
func (b *bitmaps) bits(place string, n int) []uint64 {
	if place == "inline" {
		return b.inline[:n]
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(b.words)), n)
}

var places = []string{"inline", "pointed", "allocated"}

func TestBitmap(t *testing.T) {
	for _, place := range places {
		for _, c := range []struct {
			bits, words int
		}{{0, 0}, {1, 1}, {63, 1}, {64, 1}, {65, 2}, {128, 2}, {129, 3}, {192, 3}} {
			t.Run(fmt.Sprint(place, "/", c.bits), func(t *testing.T) {
				d := describeBitmap(place)
				obj := bitmaps{words: new([3]uint64)}
				obj.words[2], obj.inline[2] = 5, 5
				stream := fmt.Sprintf("%08x", c.bits)
				for w := range c.words {
					// Byte k of word w is 16w+k, from the lowest.
					stream += fmt.Sprintf("%016x", 0x0706050403020100+uint64(w)*0x1010101010101010)
				}
				stream += "00000009"
				loads(t, d, &obj, stream)
				for w, v := range obj.bits(place, c.words) {
					for k := range 8 {
						same(t, byte(v>>(8*k)), byte(16*w+k))
					}
				}
				if place == "allocated" {
					same(t, obj.words == nil, c.bits == 0)
				} else if c.words < 3 {
					same(t, obj.bits(place, 3)[2], 5)
				}
				same(t, [2]int32{obj.n, obj.m}, [2]int32{int32(c.bits), 9})
				saves(t, d, &obj, stream)
			})
		}
	}
}

func TestBitmapErrors(t *testing.T) {
	const word = "0123456789abcdef"
	for _, place := range places {
		for _, c := range []struct {
			stream string
			want   verdict
		}{
			{"ffffffff", verdict{rules.OutOfRange, 4, "b"}},
			{"80000000" + word, verdict{rules.OutOfRange, 4, "b"}},
			{"000000c1" + word + word + word, verdict{rules.OutOfRange, 4, "b"}}, // 193
			{"7fffffff" + word, verdict{rules.OutOfRange, 4, "b"}},
			{"00000040", verdict{rules.Truncated, 4, "b"}},
			{"00000041" + word + "01", verdict{rules.Truncated, 13, "b"}},
			{"00000001" + word + "0000", verdict{rules.Truncated, 14, "m"}},
		} {
			switch {
			case place != "allocated": // which has room for any
			case c.stream[:8] == "000000c1":
				c.want = verdict{rules.Truncated, 28, "b"}
			case c.stream[:8] == "7fffffff":
				c.want = verdict{rules.Limit, 4, "b"} // 4 + 2^28 bytes
			}
			was := bitmaps{n: 3, inline: [3]uint64{1, 2, 3}, words: &[3]uint64{4, 5, 6}, m: 7}
			got := was
			var err error
			if n := allocates(func() { _, err = load(describeBitmap(place), &got, wire(t, c.stream), 1) }); n > 1<<18 {
				t.Fatalf("%d bytes allocated", n)
			}
			refused(t, err, c.want)
			if c.want.class == rules.OutOfRange {
				ruled(t, err, rules.CountRange)
			}
			same(t, got, was)
			same(t, *got.words, [3]uint64{4, 5, 6})
		}
	}
	_, err := vmstate.Load(describeBitmap("allocated"), unsafe.Pointer(&bitmaps{}), wire(t, "00000041"+word+word), 1,
		vmstate.LoadOptions{Limits: rules.Limits{Bytes: 19}})
	refused(t, err, verdict{rules.Limit, 4, "b"})
}

// A bitmap without memory, or of more bits than its memory has.
func TestBitmapMemory(t *testing.T) {
	d := describeBitmap("pointed")
	var got bitmaps
	_, err := load(d, &got, wire(t, "00000001 0123456789abcdef 00000000"), 1)
	refused(t, err, verdict{rules.OutOfRange, 4, "b"})
	loads(t, d, &got, "00000000 00000001")

	for _, place := range places {
		for n, class := range map[int32]rules.Class{-1: rules.OutOfRange, 193: rules.OutOfRange, 1: ""} {
			obj := bitmaps{n: n, inline: [3]uint64{1}}
			if place == "inline" && class == "" {
				saves(t, describeBitmap(place), &obj, "00000001 0000000000000001 00000000")
				continue
			}
			_, err := vmstate.Save(describeBitmap(place), unsafe.Pointer(&obj), 1, vmstate.SaveOptions{})
			refused(t, err, verdict{rules.OutOfRange, 4, "b"})
		}
	}
}

// In an object that the load has made, a bitmap behind a pointer that the load
// has not made is undone all the same.
func TestBitmapInFreshObject(t *testing.T) {
	type holder struct {
		list *bitmaps
	}
	memory := [3]uint64{1, 2, 3}
	d := one(vmstate.Field{Name: "list", Flags: vmstate.Pointer | vmstate.Alloc | vmstate.Struct, VMSD: describeBitmap("pointed"),
		Size: unsafe.Sizeof(bitmaps{}), New: func(int) unsafe.Pointer { return unsafe.Pointer(&bitmaps{words: &memory}) }})
	var h holder
	_, err := load(d, &h, wire(t, "00000041 0000000000000008 0000000000000009"), 1)
	refused(t, err, verdict{rules.Truncated, 20, "list/m"})
	same(t, memory, [3]uint64{1, 2, 3})
	loads(t, d, &h, "00000041 0000000000000008 0000000000000009 00000000")
	same(t, memory, [3]uint64{8, 9, 3})
	same(t, h.list.n, 65)
}

// The size may be of any type, on either side of the bitmap.
func TestBitmapSizes(t *testing.T) {
	type object struct {
		b *uint64
		n uint16
	}
	d := one(
		vmstate.Scalar("n", unsafe.Offsetof(object{}.n), 0, vmstate.InfoUint16),
		vmstate.AllocatedBitmap("b", unsafe.Offsetof(object{}.b), 0, unsafe.Offsetof(object{}.n), vmstate.CountUint16),
	)
	var got object
	loads(t, d, &got, "0008 00000000000000ff")
	same(t, *got.b, 0xff)
	saves(t, d, &got, "0008 00000000000000ff")
}
