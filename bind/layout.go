package bind

import (
	"reflect"
	"sync"
	"unsafe"
)

// A layout is one shape of memory: data words, pointer slots, data words. All
// objects of drawn and described schemas live in a small fixed family of these,
// because a type made by reflect is never freed.
type layout struct {
	typ       reflect.Type // struct{ A [a]uint64; P [p]unsafe.Pointer; B [b]uint64 }
	pointers  uintptr      // offset of P in bytes
	after     uintptr      // offset of B in bytes
	number    uintptr      // offset of a data word: see member.counted
	size      uintptr
	slicetype reflect.Type
}

type layoutKey struct{ a, p, b int }

var (
	layoutMu sync.Mutex
	layouts  = map[layoutKey]*layout{}
)

// layoutFor returns the layout with room for a data words, p pointers and b
// data words.
func layoutFor(a, p, b int) *layout {
	k := layoutKey{roundUp(a), roundUp(p), roundUp(b)}
	if k.a > 0 && k.b > 0 { // fewer types: both sides alike
		k.a = max(k.a, k.b)
		k.b = k.a
	}
	if k.a+k.b == 0 {
		k.b = 1 // for number
	}
	layoutMu.Lock()
	defer layoutMu.Unlock()
	if l := layouts[k]; l != nil {
		return l
	}
	word, ptr := reflect.TypeFor[uint64](), reflect.TypeFor[unsafe.Pointer]()
	t := reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.ArrayOf(k.a, word)},
		{Name: "P", Type: reflect.ArrayOf(k.p, ptr)},
		{Name: "B", Type: reflect.ArrayOf(k.b, word)},
	})
	l := &layout{typ: t, slicetype: reflect.SliceOf(t), pointers: t.Field(1).Offset, after: t.Field(2).Offset, size: t.Size()}
	if k.a == 0 {
		l.number = l.after
	}
	layouts[k] = l
	return l
}

// roundUp gives 0 or the next power of four.
func roundUp(n int) int {
	if n == 0 {
		return 0
	}
	r := 1
	for r < n {
		r *= 4
	}
	return r
}

func (l *layout) new(n int) unsafe.Pointer {
	if n == 1 {
		return reflect.New(l.typ).UnsafePointer()
	}
	return reflect.MakeSlice(l.slicetype, n, n).UnsafePointer()
}

const (
	wordSize    = 8
	pointerSize = unsafe.Sizeof(unsafe.Pointer(nil))
)

// A placer hands out places in an object that is being laid out. Data comes
// before the pointers until the first `before` words are used up, then after
// them.
type placer struct {
	items    []placed
	pointers int
}

// A placed is a request for memory; set is told its offset.
type placed struct {
	size, align uintptr // bytes; align 0: pointer slots
	first       int     // index of the first pointer slot
	set         func(off uintptr)
}

// What takes nothing has its place at the object's beginning: behind its end lies
// another.

func (p *placer) data(size, align uintptr, set func(uintptr)) {
	if size == 0 {
		set(0)
		return
	}
	p.items = append(p.items, placed{size: size, align: align, set: set})
}

func (p *placer) slots(n int, set func(uintptr)) {
	if n == 0 {
		set(0)
		return
	}
	p.items = append(p.items, placed{first: p.pointers, set: set})
	p.pointers += n
}

// A split says where the data goes, seen from the pointers.
type split uint8

const (
	dataBefore split = iota
	dataAfter
	dataAround
	splits
)

// place decides every offset. It returns the layout, and how many bytes of
// data there are where there is no pointer and all data is at the front.
func (p *placer) place(s split) (*layout, uintptr) {
	if p.pointers == 0 {
		s = dataBefore
	}
	var total uintptr
	for _, it := range p.items {
		if it.align > 0 {
			total += it.size + it.align
		}
	}
	room := total + wordSize
	switch s {
	case dataAfter:
		room = 0
	case dataAround:
		room = total / 2
	}
	offs := make([]uintptr, len(p.items))
	behind := make([]bool, len(p.items))
	var a, b uintptr
	for i, it := range p.items {
		if it.align == 0 {
			continue
		}
		if at := alignUp(a, it.align); at+it.size <= room {
			offs[i], a = at, at+it.size
			continue
		}
		behind[i] = true
		offs[i] = alignUp(b, it.align)
		b = offs[i] + it.size
	}
	l := layoutFor(words(a), p.pointers, words(b))
	for i, it := range p.items {
		switch {
		case it.align == 0:
			it.set(l.pointers + uintptr(it.first)*pointerSize)
		case behind[i]:
			it.set(l.after + offs[i])
		default:
			it.set(offs[i])
		}
	}
	return l, a
}

func alignUp(n, align uintptr) uintptr { return (n + align - 1) &^ (align - 1) }

func words(n uintptr) int { return int((n + wordSize - 1) / wordSize) }
