package savevm

import (
	"math"
	"syscall"
)

// zeros gives n zero bytes that take memory only where they are written to. They
// are no memory of the Go heap, which would count them all.
func zeros(n int64) (b []byte, free func(), err error) {
	if n > math.MaxInt {
		return nil, nil, syscall.ENOMEM
	}
	b, err = syscall.Mmap(-1, 0, int(n), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return nil, nil, err
	}
	return b, func() { syscall.Munmap(b) }, nil // fails for what is not mapped only
}
