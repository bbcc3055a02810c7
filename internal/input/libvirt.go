package input

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vmconform/rules"
)

// How a save image of libvirt's begins. Part is what it says until the image is
// whole.
const (
	libvirtSaved = "LibvirtQemudSave"
	libvirtPart  = "LibvirtQemudPart"
)

const (
	libvirtHeader  = 92 // bytes
	libvirtVersion = 2
)

// libvirtPacking are the values of the header's compressed. A sparse image is
// mapped-ram, in a stream as it is.
var libvirtPacking = []string{"", "gzip", "bzip2", "xz", "lzop", "zstd", ""}

// libvirt reads what a save image has before its stream, and says how that is
// packed; "" is not at all.
//
//	16 bytes  how it begins
//	u32       version, data_len, was_running, compressed, cookie_offset, 14 unused
//	data_len  XML of the domain, NUL, the cookie's XML, zeros
//
// The integers are in the byte order of the host that wrote them. The stream
// begins where data_len says, and nothing else does.
func (s *Stream) libvirt(in *bufio.Reader) (string, error) {
	var h [libvirtHeader]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return "", errors.New("it is cut inside its header of 92 bytes")
	}
	u32 := h[len(libvirtSaved):]
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(u32) != libvirtVersion {
		order = binary.BigEndian
	}
	if v := order.Uint32(u32); v != libvirtVersion {
		return "", fmt.Errorf("its version is 0x%08x in either byte order, not %d", v, libvirtVersion)
	}
	length, packing := order.Uint32(u32[4:]), order.Uint32(u32[12:])
	if packing >= uint32(len(libvirtPacking)) {
		return "", fmt.Errorf("its compression %d is not known", packing)
	}
	if n, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
		return "", fmt.Errorf("it is cut inside the %d bytes of its description, after %d", length, n)
	}
	s.Container = "libvirt"
	s.origin += libvirtHeader + int64(length)
	if s.Offset != nil {
		*s.Offset += libvirtHeader + int64(length)
	}
	if string(h[:len(libvirtPart)]) == libvirtPart {
		s.notes = append(s.notes, rules.Note{Rule: rules.LibvirtIncomplete, Detail: "the libvirt image is marked incomplete: saving did not reach its end"})
	}
	return libvirtPacking[packing], nil
}

// lzop says how to unpack what no library does.
func (s *Stream) lzop() error {
	command := "lzop -dc FILE"
	if s.Offset != nil && *s.Offset > 0 {
		command = fmt.Sprintf("tail -c +%d FILE | lzop -dc", *s.Offset+1)
	}
	return fmt.Errorf("the stream is packed by lzop; unpack it first: %s | conform check -", command)
}
