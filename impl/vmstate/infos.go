package vmstate

import (
	"encoding/binary"
	"unsafe"

	"vmconform/rules"
)

// Infos for Scalar and ScalarArray beyond the plain integers
// (migration/vmstate-types.c, migration/vmstate.h).
var (
	// InfoTimer is when a timer expires, an int64: TimerOff for never.
	InfoTimer = scalar("timer", kindScalar, 8)
	// InfoCPUDouble is a floating-point register, a uint64 or float64.
	InfoCPUDouble = scalar("CPU_Double_U", kindScalar, 8)

	// The value on the wire has to be the one in memory, which a load never
	// changes (VMSTATE_UINT8_EQUAL and its like).
	InfoUint8Equal  = equal("uint8 equal", 1)
	InfoUint16Equal = equal("uint16 equal", 2)
	InfoInt32Equal  = equal("int32 equal", 4)
	InfoUint32Equal = equal("uint32 equal", 4)
	// InfoUint64Equal has the name that QEMU's has.
	InfoUint64Equal = equal("int64 equal", 8)

	// InfoInt32LE is an int32 that a load may only lower, and not below 0
	// (VMSTATE_INT32_POSITIVE_LE).
	InfoInt32LE = &Info{Name: "int32 le", Min: 4, width: 4, Get: getInt32LE,
		Put: func(s *Saver, p unsafe.Pointer, _ *Field) error { s.scalar(p, 4); return nil }}
)

// TimerOff is the expiry time of a timer that is not set (timer_get).
const TimerOff int64 = -1

func equal(name string, width int) *Info {
	return &Info{Name: name, Min: width, width: width,
		Get: func(l *Loader, p unsafe.Pointer, _ *Field) error { return l.equal(p, width) },
		Put: func(s *Saver, p unsafe.Pointer, _ *Field) error { s.scalar(p, uintptr(width)); return nil },
	}
}

func (l *Loader) equal(p unsafe.Pointer, width int) error {
	at := l.Offset()
	b, err := l.Take(width)
	if err != nil {
		return err
	}
	var wire, local uint64
	switch width {
	case 1:
		wire, local = uint64(b[0]), uint64(*(*uint8)(p))
	case 2:
		wire, local = uint64(binary.BigEndian.Uint16(b)), uint64(*(*uint16)(p))
	case 4:
		wire, local = uint64(binary.BigEndian.Uint32(b)), uint64(*(*uint32)(p))
	default:
		wire, local = binary.BigEndian.Uint64(b), *(*uint64)(p)
	}
	if wire != local {
		return l.Fail(rules.Mismatch, rules.EqualValue, at, "%#x where the local value is %#x", wire, local)
	}
	return nil
}

func getInt32LE(l *Loader, p unsafe.Pointer, _ *Field) error {
	at := l.Offset()
	b, err := l.Take(4)
	if err != nil {
		return err
	}
	wire, local := int32(binary.BigEndian.Uint32(b)), (*int32)(p)
	if wire < 0 || wire > *local {
		return l.Fail(rules.OutOfRange, rules.Int32LE, at, "%d is not from 0 to the local %d", wire, *local)
	}
	l.WillChange(p, 4)
	*local = wire
	return nil
}
