//go:build !linux

package savevm

import (
	"errors"
	"math"
)

// zeros gives n zero bytes.
func zeros(n int64) (b []byte, free func(), err error) {
	if n > math.MaxInt {
		return nil, nil, errors.New("more than this machine can address")
	}
	return make([]byte, n), func() {}, nil
}
