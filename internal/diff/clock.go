package diff

import (
	"regexp"
	"strings"

	"vmconform/internal/show"
)

// clocks are fields that tell the time or when something is due and whose type
// does not say so: the vmsd of the device and the path in it, without indices.
// A device that is kept as bytes goes by its name, without a path. The names are
// those that QEMU 7.2 and 10.0 write; that they are times can be seen by saving
// one machine twice.
var clocks = map[string]bool{
	"ICH9LPC/pm/acpi_regs.tmr.overflow_time":      true,
	"ICH9LPC/pm/ich9_pm/tco/tco_regs/expire_time": true,
	"apic/initial_count_load_time":                true,
	"apic/next_time":                              true,
	"apic/timer_expiry":                           true,
	"goldfish_rtc/tick_offset":                    true,
	"goldfish_rtc/tick_offset_vmstate":            true,
	"hpet/hpet_counter":                           true,
	"i8254/channels.next_transition_time":         true,
	"i8254/channels/count_load_time":              true,
	"i8254/channels/next_transition_time":         true,
	"kvmclock/clock":                              true,
	"mc146818rtc/base_rtc":                        true,
	"mc146818rtc/last_update":                     true,
	"mc146818rtc/next_alarm_time":                 true,
	"mc146818rtc/next_periodic_time":              true,
	"mc146818rtc/offset":                          true,
	"piix4_pm/ar.tmr.overflow_time":               true,
	"pl031/pl031/tick-offset/tick_offset":         true,
	"pl031/tick_offset_vmstate":                   true,
	"spapr/rtc/ns_offset":                         true,
	"spapr/tb/guest_timebase":                     true,
	"spapr/tb/time_of_the_day_ns":                 true,
	"timer/cpu_clock_offset":                      true,
	"timer/cpu_ticks_offset":                      true,
	"todclock":                                    true,
	"uhci/expire_time":                            true,
}

var index = regexp.MustCompile(`\[[0-9]+\]`)

// clock: the field of this type, if both have one, and with these paths tells
// the time, or when something is due.
func (c *comparer) clock(pathA, pathB, typ string) bool {
	return typ == "timer" || clocks[inDevice(c.devices[0], pathA)] || clocks[inDevice(c.devices[1], pathB)]
}

// inDevice is a path as clocks has it.
func inDevice(device *show.Node, path string) string {
	if device == nil {
		return ""
	}
	name := device.VMSD
	if name == "" {
		name = device.Name
	}
	return index.ReplaceAllString(name+strings.TrimPrefix(path, device.Path), "")
}
