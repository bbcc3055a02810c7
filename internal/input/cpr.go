package input

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

const cprMagic = "QCPR"

// What a CPR channel may have before it is taken for broken. QEMU has a
// descriptor for each block of RAM and a few for each device.
const (
	cprNameLimit = 4096 // bytes
	cprListLimit = 32   // descriptors that are listed
	// A byte stands for a descriptor, which travels beside.
	cprDescriptor = 0x20
)

// describeCPR says what stands in a CPR channel, by which one QEMU hands its file
// descriptors to the next (10.0). It is no stream of devices: there are no
// sections in it.
//
//	"QCPR", be32 1, (01, be32 n, n bytes of a name with its NUL, be32 id, 20)*, 00
//
// What follows is a subsection of VFIO devices, or nothing.
func describeCPR(in *bufio.Reader) error {
	const what = "this is the CPR channel of a QEMU, not its stream"
	names, count, err := cprNames(in)
	list := strings.Join(names, ", ")
	if count > len(names) {
		list += ", …"
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s; %w behind %d descriptors (%s)", what, err, count, list)
	case count == 0:
		return errors.New(what + "; it holds no descriptors")
	}
	return fmt.Errorf("%s; it holds %d descriptors: %s", what, count, list)
}

func cprNames(in *bufio.Reader) (names []string, count int, err error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, 0, errors.New("it is cut")
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != 1 {
		return nil, 0, fmt.Errorf("its version is %d, not 1", v)
	}
	for {
		marker, err := in.ReadByte()
		if err != nil {
			return names, count, errors.New("it is cut")
		}
		if marker == 0 {
			return names, count, nil
		}
		var n uint32
		if err := binary.Read(in, binary.BigEndian, &n); err != nil {
			return names, count, errors.New("it is cut")
		}
		if n == 0 || n > cprNameLimit {
			return names, count, fmt.Errorf("a name of %d bytes", n)
		}
		body := make([]byte, n+5)
		if _, err := io.ReadFull(in, body); err != nil {
			return names, count, errors.New("it is cut")
		}
		if body[n-1] != 0 || body[n+4] != cprDescriptor {
			return names, count, errors.New("something else than a name and a descriptor")
		}
		count++
		if len(names) < cprListLimit {
			names = append(names, fmt.Sprintf("%q %d", body[:n-1], binary.BigEndian.Uint32(body[n:])))
		}
	}
}
