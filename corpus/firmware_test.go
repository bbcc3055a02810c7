package corpus_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"vmconform/internal/record"
	"vmconform/internal/record/recordtest"
)

// firmware is text that the firmware QEMU is shipped with contains, in lower
// case.
var firmware = []string{
	"seabios", "ipxe", "etherboot", "slof", "s390-ccw", "zipl", "openbios", "u-boot", "opensbi", "edk2", "tianocore",
	"vgabios", "skiboot", "kvm apic", "linuxboot", "copyright", "gnu general public", "free software",
}

// allowed are names that QEMU itself puts into every stream of a machine.
var allowed = []string{"s390-ccw-virtio"}

// firmwareIn returns the first text of firmware in a stream, or "".
func firmwareIn(stream []byte) string {
	text := bytes.ToLower(stream)
	for _, name := range allowed {
		text = bytes.ReplaceAll(text, []byte(name), nil)
	}
	for _, s := range firmware {
		if bytes.Contains(text, []byte(s)) {
			return s
		}
	}
	return ""
}

// Firmware is under licences of its own, so no stream may contain any.
func TestNoFirmware(t *testing.T) {
	for _, e := range entries(t) {
		require.Empty(t, firmwareIn(open(t, e)), e.Name)
	}
}

// Plain recordings contain firmware, and the search finds it.
func TestFirmwareIsFound(t *testing.T) {
	for target, machine := range map[string][]string{
		"x86_64":  {"-machine", "pc", "-m", "1M"},
		"ppc64":   {"-machine", "pseries", "-m", "256M"},
		"s390x":   {"-machine", "s390-ccw-virtio", "-m", "16M"},
		"riscv64": {"-machine", "virt", "-m", "16M"},
	} {
		for _, install := range record.Installs() {
			t.Run(target+"/"+install.Name, func(t *testing.T) {
				options := recordtest.Need(t, install.Name, target, append(machine, "-nodefaults")...)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var stream bytes.Buffer
				_, err := record.RecordTo(ctx, options, &stream)
				require.NoError(t, err)
				found := firmwareIn(stream.Bytes())
				require.NotEmpty(t, found)
				t.Log("found ", found)
			})
		}
	}
}
