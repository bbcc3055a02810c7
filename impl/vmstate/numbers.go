package vmstate

import (
	"encoding/binary"
	"unsafe"
)

// fromWire puts the numbers that are b, which has whole ones only, into the
// elements of an array in place: large arrays are of numbers, and one by one they
// cost many times as much.
func (o *op) fromWire(base unsafe.Pointer, b []byte) {
	n := uintptr(len(b)) / o.width
	switch o.width {
	case 1:
		for i := range n {
			*(*uint8)(unsafe.Add(base, i*o.stride)) = b[i]
		}
	case 2:
		for i := range n {
			*(*uint16)(unsafe.Add(base, i*o.stride)) = binary.BigEndian.Uint16(b[2*i:])
		}
	case 4:
		for i := range n {
			*(*uint32)(unsafe.Add(base, i*o.stride)) = binary.BigEndian.Uint32(b[4*i:])
		}
	default:
		for i := range n {
			*(*uint64)(unsafe.Add(base, i*o.stride)) = binary.BigEndian.Uint64(b[8*i:])
		}
	}
}

// toWire appends the n numbers of such an array to b.
func (o *op) toWire(b []byte, base unsafe.Pointer, n int) []byte {
	switch o.width {
	case 1:
		for i := range uintptr(n) {
			b = append(b, *(*uint8)(unsafe.Add(base, i*o.stride)))
		}
	case 2:
		for i := range uintptr(n) {
			b = binary.BigEndian.AppendUint16(b, *(*uint16)(unsafe.Add(base, i*o.stride)))
		}
	case 4:
		for i := range uintptr(n) {
			b = binary.BigEndian.AppendUint32(b, *(*uint32)(unsafe.Add(base, i*o.stride)))
		}
	default:
		for i := range uintptr(n) {
			b = binary.BigEndian.AppendUint64(b, *(*uint64)(unsafe.Add(base, i*o.stride)))
		}
	}
	return b
}
