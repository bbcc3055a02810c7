package main

import (
	"fmt"
	"slices"
	"strings"

	"vmconform/corpus"
	"vmconform/internal/record"
)

// recipe is how one stream is made and what follows from it.
type recipe struct {
	name     string
	qemu     string // name of a record.Install
	target   string
	args     []string
	commands []record.Command
	expected corpus.Expected
}

// releases are the QEMUs that recipes are for, by installation.
var releases = []struct{ install, release string }{
	{"system", "7.2"},
	{"qemu10", "10.0"},
}

const (
	pendingEvents = "spapr/spapr_pending_events/pending_events"
	pendingCRWs   = "s390_css/pending_crws"
	uefiVariables = "uefi-vars-sysbus/state/variables"
)

var pass = corpus.Expected{Verdict: "pass"}

// recipes lists every stream of the corpus.
func recipes() []recipe {
	var all []recipe
	for _, r := range releases {
		for _, events := range []int{0, 1, 3, 20} {
			all = append(all, pseries(r.install, events))
		}
		for _, devices := range []int{0, 3} {
			all = append(all, s390x(r.install, devices))
		}
		all = append(all,
			pc(r.install),
			q35(r.install),
			x86("microvm", r.install, "-device", "virtio-rng-device", "-device", "virtio-serial-device"),
			recipe{name: "aarch64-virt", qemu: r.install, target: "aarch64", expected: pass,
				args: []string{"-machine", "virt", "-cpu", "cortex-a57", "-m", "1M", "-nodefaults"}},
			recipe{name: "riscv64-virt", qemu: r.install, target: "riscv64", expected: pass,
				args: []string{"-machine", "virt", "-m", "1M", "-nodefaults", "-bios", "none"}},
			recipe{name: "none", qemu: r.install, target: "x86_64", expected: pass,
				args: []string{"-machine", "none", "-nodefaults"}},
		)
	}
	return append(all,
		uefi(),
		dirtyBitmaps(),
		disk(),
		oldPC("2.3", pass),
		oldPC("2.2", corpus.Expected{Verdict: "undecided"}))
}

// pseries has one pending event for each system_powerdown; the subsection with
// the queue is sent only when there are any.
func pseries(qemu string, events int) recipe {
	r := recipe{
		name: fmt.Sprintf("pseries-%d-events", events), qemu: qemu, target: "ppc64",
		args:     []string{"-machine", "pseries", "-m", "256M", "-nodefaults", "-bios", blank4K},
		commands: slices.Repeat([]record.Command{{HMP: "system_powerdown"}}, events),
		expected: corpus.Expected{Verdict: "pass", AbsentQueues: []string{pendingEvents}},
	}
	if events > 0 {
		r.expected = corpus.Expected{Verdict: "pass", Queues: []corpus.Queue{{Path: pendingEvents, Elements: events}}}
	}
	return r
}

// s390x has one pending channel report for each device that was plugged in.
func s390x(qemu string, devices int) recipe {
	return recipe{
		name: fmt.Sprintf("s390x-%d-crws", devices), qemu: qemu, target: "s390x",
		args:     []string{"-machine", "s390-ccw-virtio", "-m", "4M", "-nodefaults", "-bios", blank4K},
		commands: slices.Repeat([]record.Command{{QMP: []byte(`{"execute":"device_add","arguments":{"driver":"virtio-rng-ccw"}}`)}}, devices),
		expected: corpus.Expected{Verdict: "pass", Queues: []corpus.Queue{{Path: pendingCRWs, Elements: devices}}},
	}
}

// pc has the ISA and the older PCI devices.
func pc(qemu string) recipe {
	r := x86("pc", qemu,
		"-device", "ipmi-bmc-sim,id=bmc", "-device", "isa-ipmi-bt,bmc=bmc",
		"-device", "ib700", "-device", "isa-serial", "-device", "pvpanic")
	r.plug("02", "virtio-net", "virtio-net-pci-transitional", "romfile=")
	r.plug("03", "uhci", "piix3-usb-uhci", "id=uhci")
	r.args = append(r.args, "-device", "usb-mouse,bus=uhci.0")
	r.plug("04", "e1000", "e1000", "romfile=")
	r.plug("05", "pcnet", "pcnet", "romfile=")
	r.plug("06", "rtl8139", "rtl8139", "romfile=")
	r.plug("07", "lsiscsi", "lsi53c895a")
	r.plug("08", "i6300esb_wdt", "i6300esb")
	r.plug("09", "es1370", "ES1370", "audiodev=mute")
	r.plug("0a", "cirrus_vga", "cirrus-vga", "romfile=", "vgamem_mb=4")
	r.args = append(r.args, "-audiodev", "none,id=mute")
	return r
}

// q35 has PCI Express and most of the virtio devices, controllers with devices
// behind them, and a BMC's interface: a structure with a version of its own.
func q35(qemu string) recipe {
	r := x86("q35", qemu,
		"-device", "ipmi-bmc-sim,id=bmc", "-device", "isa-ipmi-kcs,bmc=bmc",
		"-device", "vmgenid", "-device", "vmcoreinfo",
		"-audiodev", "none,id=mute", "-blockdev", "null-co,node-name=disk,size=1048576,read-zeroes=on")
	r.plug("02", "virtio-net", "virtio-net-pci", "romfile=")
	r.plug("03", "xhci", "qemu-xhci", "id=xhci")
	r.args = append(r.args, "-device", "usb-tablet,bus=xhci.0", "-device", "usb-kbd,bus=xhci.0")
	r.plug("04", "intel-hda", "ich9-intel-hda", "id=hda")
	r.args = append(r.args, "-device", "hda-duplex,bus=hda.0,audiodev=mute")
	r.plug("05", "e1000e", "e1000e", "romfile=")
	r.plug("06", "virtio-rng", "virtio-rng-pci")
	r.plug("07", "virtio-balloon", "virtio-balloon-pci")
	r.plug("08", "virtio-console", "virtio-serial-pci", "id=serial")
	r.args = append(r.args, "-device", "virtserialport,bus=serial.0")
	r.plug("09", "virtio-scsi", "virtio-scsi-pci")
	r.plug("0a", "virtio-blk", "virtio-blk-pci", "drive=disk")
	r.plug("0b", "virtio-iommu", "virtio-iommu-pci")
	r.plug("0c", "virtio-gpu", "virtio-gpu-pci")
	r.plug("0d", "pcie-root-port", "pcie-root-port", "chassis=1")
	r.plug("0e", "vmxnet3", "vmxnet3", "romfile=")
	r.plug("0f", "virtio-input", "virtio-keyboard-pci")
	r.plug("10", "megasas-gen2", "megasas-gen2")
	r.plug("11", "sdhci", "sdhci-pci")
	return r
}

// uefi has a store of UEFI variables, a queue whose elements differ in the
// lengths of both their buffers. QEMU 7.2 does not have the device.
func uefi() recipe {
	r := x86("q35", "qemu10", "-device", "uefi-vars-x64,jsonfile="+uefiVarsJSON)
	r.name = "q35-uefi-vars"
	// To the two variables of the file QEMU adds those that authenticated
	// variables start with: SetupMode, SignatureSupport, SecureBoot, CustomMode,
	// VendorKeysNv and VendorKeys.
	r.expected.Queues = []corpus.Queue{{Path: uefiVariables, Elements: 2 + 6}}
	return r
}

// dirtyBitmaps has three bitmaps of one node: two in which the bits of two writes
// are set, and one that was disabled before. The low bandwidth keeps the number of
// PARTs down that say nothing, which otherwise are tens of thousands.
func dirtyBitmaps() recipe {
	add := func(options string) record.Command {
		return record.Command{QMP: []byte(`{"execute":"block-dirty-bitmap-add","arguments":{"node":"disk",` + options + `}}`)}
	}
	return recipe{
		name: "none-dirty-bitmap", qemu: "qemu10", target: "x86_64", expected: pass,
		args: []string{"-machine", "none", "-nodefaults", "-blockdev", "null-co,node-name=disk,size=1048576,read-zeroes=on"},
		commands: []record.Command{
			add(`"name":"fine","granularity":4096`),
			add(`"name":"coarse","granularity":65536`),
			add(`"name":"off","granularity":65536,"disabled":true`),
			{HMP: `qemu-io disk "write 0 64k"`},
			{HMP: `qemu-io disk "write 512k 192k"`},
			{QMP: []byte(`{"execute":"migrate-set-parameters","arguments":{"max-bandwidth":2000}}`)},
			capabilities("dirty-bitmaps"),
		},
	}
}

// disk has the contents of a disk, all zeros and said to be. QEMU wrote these
// sections up to 9.0.
func disk() recipe {
	r := x86("microvm", "system", "-drive", "if=none,id=disk,driver=null-co,size=2097152,read-zeroes=on", "-device", "virtio-blk-device,drive=disk")
	r.name = "microvm-block"
	r.commands = []record.Command{capabilities("block", "zero-blocks")}
	return r
}

// capabilities switches some on.
func capabilities(names ...string) record.Command {
	var list []string
	for _, name := range names {
		list = append(list, fmt.Sprintf(`{"capability":%q,"state":true}`, name))
	}
	return record.Command{QMP: []byte(`{"execute":"migrate-set-capabilities","arguments":{"capabilities":[` + strings.Join(list, ",") + `]}}`)}
}

// x86 is a PC without firmware: the machine's own is a file of zeros, and
// without vapic there is no option ROM of QEMU's.
func x86(machine, qemu string, args ...string) recipe {
	return recipe{
		name: machine, qemu: qemu, target: "x86_64", expected: pass,
		args: append([]string{
			"-machine", machine, "-m", "1M", "-nodefaults", "-bios", blank64K, "-global", "apic-common.vapic=off",
		}, args...),
	}
}

// plug adds a PCI device in a given slot, which makes the identification string
// of its section known; section is the last part of that.
func (r *recipe) plug(slot, section, driver string, properties ...string) {
	properties = append([]string{driver, "addr=0x" + slot}, properties...)
	r.args = append(r.args, "-device", strings.Join(properties, ","))
	r.expected.Devices = append(r.expected.Devices, "0000:00:"+slot+".0/"+section)
}

// oldPC is a machine type whose streams lack what was invented after it; QEMU 10
// no longer has it.
func oldPC(version string, expected corpus.Expected) recipe {
	r := x86("pc-i440fx-"+version, "system")
	r.expected = expected
	return r
}
