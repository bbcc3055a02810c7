package record

import "time"

// SetStopGrace changes how long QEMU may take to exit and returns the function
// that sets it back.
func SetStopGrace(d time.Duration) (restore func()) {
	old := stopGrace
	stopGrace = d
	return func() { stopGrace = old }
}
