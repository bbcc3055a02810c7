package corpus

import (
	"strings"

	"vmconform/model"
	"vmconform/rules"
)

// Past faults of devices (qemu-behaviour §3): each vector has the fields that its
// fault was about, under QEMU's names and with QEMU's bounds, and a payload with
// that one value wrong. Where the wrong number counts what follows, all of that
// is there. A bound that a fix checks in post_load is a hook here, or a VALIDATE.

// A ranged int32 has to be from 0 to below n, by two VALIDATEs.
func ranged(name string, n int64) []model.Field {
	return []model.Field{i32(name),
		validate(name+" is not negative", is(name, ">=", 0)),
		validate(name+" is in range", is(name, "<", n))}
}

var (
	// hw/net/virtio-net.c: 64 addresses of 6 bytes
	macTable = vmsd("virtio-net-mac-table", i32("in_use"), room(64*6, sized("in_use", 6, "macs")))

	// hw/virtio/virtio.c: 64 queues; a selector among them; the device's config
	virtio = vmsd("virtio", u16("queue_sel"), u32("config_len"), room(8, sized("config_len", 0, "config")), u32("num"),
		validate("queue_sel in range", is("queue_sel", "<", 64)),
		validate("num in range", is("num", "<=", 64)),
		counted("num", structure("vq", vmsd("virtqueue", u32("vring_num"), u16("last_avail_idx")))))

	// include/hw/virtio/virtio.h VirtQueueElement: 1024 addresses each way
	element = vmsd("virtqueue-element", u32("index"), u32("out_num"), u32("in_num"),
		room(1024, counted("in_num", field("in_addr", model.TypeUint64))),
		room(1024, counted("out_num", field("out_addr", model.TypeUint64))))
	scsiRequest = checked(is("in_num", "<=", 1024), vmsd("virtio-scsi-request", u32("n"), u32("in_num"), u32("out_num")))

	// hw/ide/ahci.c: as many ports as the local device has
	ahci = vmsd("ahci", in(6, field("ports", model.TypeUint32Equal)),
		array(6, structure("dev", vmsd("ahci port", u32("port_state"), field("init_d2h_sent", model.TypeBool)))))

	// hw/timer/hpet.c: 32 timers
	hpet = vmsd("hpet", u8("num_timers"), validate("num_timers in range", is("num_timers", "<=", 32)),
		counted("num_timers", structure("timer", vmsd("hpet_timer", u8("tn"), field("cmp", model.TypeUint64)))))

	// hw/pci/pcie_aer.c: as many errors as the local log holds
	aerLog = vmsd("PCIE_AER_ERROR_LOG", u16("log_num"), in(8, field("log_max", model.TypeUint16Equal)),
		validate("log_num <= log_max", isOther("log_num", "<=", "log_max")),
		counted("log_num", structure("log", vmsd("PCIE_AER_ERROR", u32("status"), u16("source_id"), u16("flags")))))

	// hw/net/stellaris_enet.c: 31 packets received
	stellaris = checked(is("np", "<=", 31), vmsd("stellaris_enet", u32("next_packet"), i32("np"), u32("rx_fifo_offset")))

	// hw/ssi/pl022.c: queues of 8
	pl022 = vmsd("pl022_ssp", append(ranged("rx_fifo_head", 8),
		i32("tx_fifo_head"), array(8, u16("tx_fifo")), array(8, u16("rx_fifo")))...)

	// hw/arm/pxa2xx.c: a receive queue of 16
	pxa2xx = vmsd("pxa2xx-ssp", u8("rx_level"), room(16, counted("rx_level", u8("rx_fifo"))))

	// hw/intc/openpic.c: 32 CPUs
	openpic = vmsd("openpic", u32("nb_cpus"), validate("nb_cpus in range", is("nb_cpus", "<=", 32)),
		counted("nb_cpus", structure("dst", vmsd("openpic_irqdest", i32("ctpr"), u32("outputs_active")))))

	// hw/sd/ssi-sd.c: 4 bytes of arguments; hw/display/ssd0323.c: 8 of data
	ssiSD   = checked(is("arglen", "<=", 4), vmsd("ssi_sd", u32("mode"), i32("cmd"), array(4, u8("cmdarg")), i32("arglen")))
	ssd0323 = checked(is("cmd_len", "<=", 8), vmsd("ssd0323_oled", i32("cmd_len"), i32("cmd"), array(8, i32("cmd_data"))))

	// hw/input/tsc210x.c: 4 resolutions
	tsc210x = checked(is("precision", "<", 4), vmsd("tsc2102", u8("function"), u8("precision")))

	// hw/gpio/zaurus.c: 16 lines
	scoop = vmsd("scoop", u32("gpio_dir"), u32("gpio_level"), validate("irq levels are 16 bit", is("gpio_level", "<", 1<<16)))

	// target/arm/machine.c: no more registers than the local CPU has
	cpreg = vmsd("cpu", in(3, field("cpreg_vmstate_array_len", model.TypeInt32LE)),
		room(3, counted("cpreg_vmstate_array_len", field("cpreg_vmstate_indexes", model.TypeUint64))))

	// hw/usb/bus.c: a setup buffer of 4096
	usb = checked(isOther("setup_index", "<=", "setup_len"), vmsd("USBDevice", append(
		append(ranged("setup_len", 4096+1), i32("setup_index")),
		validate("setup_index is not negative", is("setup_index", ">=", 0)))...))

	// hw/usb/hcd-xhci.c: a buffer of events, of which put and get are places
	event    = vmsd("xhci-event", u32("type"), u32("ccode"), field("ptr", model.TypeUint64), u8("slotid"), u8("epid"))
	xhciIntr = vmsd("xhci-intr", array(2, structure("ev_buffer", event)), u32("ev_buffer_put"),
		validate("ev_buffer_put in range", is("ev_buffer_put", "<", 2)))

	// hw/input/ps2.c: a ring of 256
	ps2 = vmsd("ps2", append(append(ranged("rptr", 256), ranged("count", 256+1)...), buffer("data", 256))...)

	// css of s390 has such an array: a NULL, and a pointer to a struct
	pointers = vmsd("css", model.Field{Name: "css", Type: model.TypeStruct, Array: true, Count: 2, Pointers: true, Null: []int{0},
		Elem: vmsd("css_image", u8("is_default"))})

	// A nested vmsd of few bytes, and what stands behind it.
	nested = vmsd("top", structure("s", with(vmsd("dev", u8("x")), vmsd("dev/a", u8("y")))), u8("after"), u8("last"))
)

// times repeats the digits.
func times(n int, digits string) string { return strings.Repeat(digits+" ", n) }

var faultSources = []source{
	// A count that is larger than what it fills.
	{id: "virtio-net-macs-all", rule: rules.CountRange, schema: macTable,
		comment: "as many as there is room for",
		wire:    "00000040" + times(64, "525400123456"), want: accepted},
	{id: "virtio-net-macs-negative", rule: rules.CountRange, fault: "CVE-2013-4148", schema: macTable,
		comment: "-1 is not above 64 either; the product would be huge",
		wire:    "ffffffff" + times(64, "525400123456"), want: refused(rules.OutOfRange, 4, "macs")},
	{id: "virtio-net-macs-65", rule: rules.CountRange, fault: "CVE-2013-4149", schema: macTable,
		wire: "00000041" + times(65, "525400123456"), want: refused(rules.OutOfRange, 4, "macs")},
	{id: "virtio-whole", rule: rules.Validate, schema: virtio,
		wire: "003f 00000008 0102030405060708 00000001 00000100 0007", want: accepted},
	{id: "virtio-queues-65", rule: rules.Validate, fault: "CVE-2013-4151", schema: virtio,
		wire: "003f 00000008 0102030405060708 00000041" + times(65, "00000100 0007"),
		want: refused(rules.OutOfRange, 2+4+8+4, "num in range")},
	{id: "virtio-queue-selector-64", rule: rules.Validate, fault: "CVE-2013-6399", schema: virtio,
		wire: "0040 00000008 0102030405060708 00000001 00000100 0007",
		want: refused(rules.OutOfRange, 2+4+8+4, "queue_sel in range")},
	{id: "virtio-config-length-9", rule: rules.CountRange, fault: "CVE-2014-0182", schema: virtio,
		comment: "the sender's configuration is longer than the local one",
		wire:    "003f 00000009 010203040506070809 00000001 00000100 0007",
		want:    refused(rules.OutOfRange, 2+4, "config")},
	{id: "virtio-in-num-minus-1", rule: rules.CountRange, fault: "CVE-2013-4535", schema: element,
		wire: "00000000 00000000 ffffffff" + times(2, "0000000000001000"), want: refused(rules.OutOfRange, 12, "in_addr")},
	{id: "virtio-out-num-1025", rule: rules.CountRange, fault: "CVE-2013-4536", schema: element,
		wire: "00000000 00000401 00000000" + times(1025, "0000000000001000"), want: refused(rules.OutOfRange, 12, "out_addr")},
	{id: "virtio-scsi-in-num-1025", rule: rules.HookSucceeds, fault: "CVE-2013-4542", schema: scsiRequest,
		comment: "a request's element is loaded as it is, and its scatter list used later",
		wire:    "00000000 00000401 00000000", want: refused(rules.Hook, 12, "")},
	{id: "ahci-ports-7", rule: rules.EqualValue, fault: "CVE-2013-4526", schema: ahci,
		wire: "00000007" + times(7, "00000000 00"), want: refused(rules.Mismatch, 0, "ports")},
	{id: "ahci-ports-6", rule: rules.EqualValue, schema: ahci,
		wire: "00000006" + times(6, "00000000 00"), want: accepted},
	{id: "hpet-timers-33", rule: rules.Validate, fault: "CVE-2013-4527", schema: hpet,
		wire: "21" + times(33, "00 0000000000000000"), want: refused(rules.OutOfRange, 1, "num_timers in range")},
	{id: "pcie-aer-log-9", rule: rules.Validate, fault: "CVE-2013-4529", schema: aerLog,
		wire: "0009 0008" + times(9, "00000000 0000 0000"), want: refused(rules.OutOfRange, 4, "log_num <= log_max")},
	{id: "pcie-aer-log-max-9", rule: rules.EqualValue, fault: "CVE-2013-4529", schema: aerLog,
		comment: "nor may the stream raise the bound",
		wire:    "0009 0009" + times(9, "00000000 0000 0000"), want: refused(rules.Mismatch, 2, "log_max")},
	{id: "stellaris-enet-packets-32", rule: rules.HookSucceeds, fault: "CVE-2013-4532", schema: stellaris,
		wire: "00000000 00000020 00000000", want: refused(rules.Hook, 12, "")},
	{id: "pxa2xx-rx-level-17", rule: rules.CountRange, fault: "CVE-2013-4533", schema: pxa2xx,
		wire: "11" + times(17, "aa"), want: refused(rules.OutOfRange, 1, "rx_fifo")},
	{id: "openpic-cpus-33", rule: rules.Validate, fault: "CVE-2013-4534", schema: openpic,
		wire: "00000021" + times(33, "00000000 00000000"), want: refused(rules.OutOfRange, 4, "nb_cpus in range")},
	{id: "cpreg-length-all", rule: rules.Int32LE, schema: cpreg,
		wire: "00000003" + times(3, "4030000000130000"), want: accepted},
	{id: "cpreg-length-negative", rule: rules.Int32LE, fault: "CVE-2013-4531", schema: cpreg,
		wire: "80000000" + times(3, "4030000000130000"), want: refused(rules.OutOfRange, 0, "cpreg_vmstate_array_len")},
	{id: "cpreg-length-larger", rule: rules.Int32LE, fault: "CVE-2013-4531", schema: cpreg,
		wire: "00000004" + times(4, "4030000000130000"), want: refused(rules.OutOfRange, 0, "cpreg_vmstate_array_len")},

	// An index or a length that is used later.
	{id: "pl022-rx-head-8", rule: rules.Validate, fault: "CVE-2013-4530", schema: pl022,
		wire: "00000008 00000007" + times(16, "0000"), want: refused(rules.OutOfRange, 4, "rx_fifo_head is in range")},
	{id: "pl022-rx-head-negative", rule: rules.Validate, fault: "CVE-2013-4530", schema: pl022,
		wire: "ffffffff 00000007" + times(16, "0000"), want: refused(rules.OutOfRange, 4, "rx_fifo_head is not negative")},
	{id: "pl022-tx-head-8", rule: rules.HookSucceeds, fault: "CVE-2013-4530",
		schema: checked(is("tx_fifo_head", "<", 8), vmsd(pl022.Name, pl022.Fields...)),
		wire:   "00000007 00000008" + times(16, "0000"), want: refused(rules.Hook, 4+4+16*2, "")},
	{id: "ssi-sd-arglen-5", rule: rules.HookSucceeds, fault: "CVE-2013-4537", schema: ssiSD,
		wire: "00000002 00000009 01020304 00000005", want: refused(rules.Hook, 16, "")},
	{id: "ssd0323-cmd-len-9", rule: rules.HookSucceeds, fault: "CVE-2013-4538", schema: ssd0323,
		wire: "00000009 00000015" + times(8, "00000000"), want: refused(rules.Hook, 8+8*4, "")},
	{id: "tsc210x-precision-4", rule: rules.HookSucceeds, fault: "CVE-2013-4539", schema: tsc210x,
		wire: "02 04", want: refused(rules.Hook, 2, "")},
	{id: "scoop-level-17-bits", rule: rules.Validate, fault: "CVE-2013-4540", schema: scoop,
		wire: "0000ffff 00010000", want: refused(rules.OutOfRange, 8, "irq levels are 16 bit")},
	{id: "usb-setup-whole", rule: rules.HookSucceeds, schema: usb,
		comment: "the index may be the length",
		wire:    "00001000 00001000", want: accepted},
	{id: "usb-setup-index-above-length", rule: rules.HookSucceeds, fault: "CVE-2013-4541 CVE-2014-3461", schema: usb,
		wire: "00000008 00000009", want: refused(rules.Hook, 8, "")},
	{id: "usb-setup-length-negative", rule: rules.Validate, fault: "CVE-2013-4541", schema: usb,
		comment: "QEMU still lets it pass",
		wire:    "fffffff8 00000000", want: refused(rules.OutOfRange, 4, "setup_len is not negative")},
	{id: "usb-setup-index-negative", rule: rules.Validate, fault: "CVE-2013-4541", schema: usb,
		wire: "00000008 ffffffff", want: refused(rules.OutOfRange, 8, "setup_index is not negative")},
	{id: "ps2-count-257", rule: rules.Validate, fault: "CVE-2017-16845", schema: ps2,
		comment: "QEMU's post_load makes a queue of it that is in range; a loader that does not know how refuses",
		wire:    "00000000 00000101" + times(256, "1c"), want: refused(rules.OutOfRange, 8, "count is in range")},
	{id: "ps2-rptr-256", rule: rules.Validate, fault: "CVE-2017-16845", schema: ps2,
		wire: "00000100 00000001" + times(256, "1c"), want: refused(rules.OutOfRange, 4, "rptr is in range")},
	{id: "ps2-whole", rule: rules.Validate, schema: ps2,
		wire: "000000ff 00000100" + times(256, "1c"), want: accepted},

	// A list of fields that has an end.
	{id: "xhci-events", rule: rules.Validate, schema: xhciIntr,
		wire: times(2, "00000022 00000001 00000000fee00000 01 00") + "00000001", want: accepted},
	{id: "xhci-events-with-neighbours", rule: rules.Validate, fault: "CVE-2014-5263", schema: xhciIntr,
		comment: "each event has four bytes more, as if its list of fields had no end: they are the next thing's",
		wire:    times(2, "00000022 00000001 00000000fee00000 01 00 00000003") + "00000001",
		want:    refused(rules.OutOfRange, 2*18+4, "ev_buffer_put in range")},

	// A 05 that is data, and a 00 that is no end.
	{id: "nested-05-is-data", rule: rules.SubsectionKnown, fault: "eb60260", schema: nested,
		comment: "05 behind the struct belongs to what follows: no name of 9 bytes is there",
		wire:    "01 05 09", want: accepted},
	{id: "nested-00-is-data", rule: rules.ItemComplete, fault: "eb60260", schema: nested,
		comment: "00 behind the struct is a value, and no end of the stream",
		wire:    "01 00 09", want: accepted},
	{id: "nested-05-is-subsection", rule: rules.SubsectionKnown, schema: nested,
		wire: "01" + devA + "00000001 07 05 09", want: accepted},
	{id: "nested-05-is-unknown", rule: rules.SubsectionKnown, fault: "eb60260", schema: nested,
		comment: "05 with a name that has the struct's as prefix is no data, known or not",
		wire:    "01" + devZ + "00000001 07 05 09", want: refused(rules.UnknownSubsection, 1, "s")},
	{id: "nested-05-cut", rule: rules.ItemComplete, fault: "eb60260", schema: nested,
		comment: "05 is data, and the input ends behind it",
		wire:    "01 05", want: refused(rules.Truncated, 2, "last")},

	// NULL in an array of pointers.
	{id: "pointers-null", rule: rules.NullMarker, fault: "07d4e69147", schema: pointers,
		wire: "30 07", want: accepted},
	{id: "pointers-null-without-mark", rule: rules.NullMarker, fault: "07d4e69147", schema: pointers,
		comment: "a struct where the pointer is NULL",
		wire:    "08 07", want: refused(rules.Mismatch, 0, "css[0]")},
}
