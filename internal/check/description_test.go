package check_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/internal/check"
	"vmconform/internal/report"
	"vmconform/rules"
)

// What is to come of each recorded stream, saved again with a description that
// is written as the devices are saved: the same bytes. 7.2 writes as QEMU 6.0
// began to, 10.0 has runs of its own.
var again = map[string]struct {
	dialect string   // "": there is no description
	defect  rules.ID // of the producer, which the description has both times
}{
	"aarch64-virt-7.2": {dialect: "qemu-6.0"}, "aarch64-virt-10.0": {dialect: "qemu-10.0"},
	"microvm-7.2": {dialect: "qemu-6.0"}, "microvm-10.0": {dialect: "qemu-10.0"},
	"none-7.2": {dialect: "qemu-6.0"}, "none-10.0": {dialect: "qemu-10.0"},
	"microvm-block-7.2": {dialect: "qemu-6.0"}, "none-dirty-bitmap-10.0": {dialect: "qemu-10.0"},
	"pc-7.2": {dialect: "qemu-6.0"}, "pc-10.0": {dialect: "qemu-10.0"},
	"q35-7.2": {dialect: "qemu-6.0"}, "q35-10.0": {dialect: "qemu-10.0"}, "q35-uefi-vars-10.0": {dialect: "qemu-10.0"},
	"riscv64-virt-7.2": {dialect: "qemu-6.0"}, "riscv64-virt-10.0": {dialect: "qemu-10.0"},
	"pseries-0-events-7.2": {dialect: "qemu-6.0"}, "pseries-0-events-10.0": {dialect: "qemu-10.0"},
	"pseries-1-events-7.2": {dialect: "qemu-6.0"}, "pseries-1-events-10.0": {dialect: "qemu-10.0"},
	"pseries-3-events-7.2": {dialect: "qemu-6.0"}, "pseries-3-events-10.0": {dialect: "qemu-10.0"},
	"pseries-20-events-7.2": {dialect: "qemu-6.0"}, "pseries-20-events-10.0": {dialect: "qemu-10.0"},

	// The machine type is older than configuration records, but not than descriptions.
	"pc-i440fx-2.3-7.2": {dialect: "qemu-6.0"},
	"pc-i440fx-2.2-7.2": {},

	// Element 254 of css is no NULL. 7.2 describes the first element only; 10.0
	// has a run for it, and as the first run is of NULLs, all lengths are right.
	"s390x-0-crws-7.2": {dialect: "qemu-6.0", defect: rules.VMDescNullArray}, "s390x-0-crws-10.0": {dialect: "qemu-10.0"},
	"s390x-3-crws-7.2": {dialect: "qemu-6.0", defect: rules.VMDescNullArray}, "s390x-3-crws-10.0": {dialect: "qemu-10.0"},
}

func TestDescribedAgain(t *testing.T) {
	entries, err := corpus.Entries()
	require.NoError(t, err)
	streams := 0
	for _, e := range entries {
		if e.Kind != "stream" {
			continue
		}
		streams++
		t.Run(e.Name, func(t *testing.T) {
			want, ok := again[e.Name]
			require.True(t, ok, "what is to come of it is not written down")
			f := judge(t, stream(t, e.Name), false)
			if want.dialect == "" {
				require.Nil(t, f.VMDesc)
				return
			}
			text := descriptionOf(t, stream(t, e.Name))
			require.Equal(t, report.Identical, f.Roundtrip)
			require.Equal(t, &report.VMDesc{
				Dialect: want.dialect, Roundtrip: report.Identical, Bytes: int64(len(text)), Reencoded: vmsds(t, text),
			}, f.VMDesc)
			for _, x := range f.Findings {
				require.Equal(t, want.defect, x.Rule, "%v", x)
			}
			require.Equal(t, want.defect != "", len(f.Findings) > 0)
		})
	}
	require.Equal(t, len(again), streams)
}

// descriptionOf is the text behind the last 00 06 be32.
func descriptionOf(t *testing.T, b []byte) []byte {
	t.Helper()
	at := bytes.LastIndex(b, []byte("\x00\x06"))
	require.Positive(t, at)
	require.EqualValues(t, len(b)-at-6, binary.BigEndian.Uint32(b[at+2:]))
	return b[at+6:]
}

// vmsds is the number of bytes in which vmsds are described: what is left of the
// devices' objects without name and instance_id, and of the configuration's.
func vmsds(t *testing.T, text []byte) int64 {
	t.Helper()
	d, err := savevm.ParseVMDesc(text)
	require.NoError(t, err)
	n := d.ConfigurationText.To - d.ConfigurationText.From
	for _, dev := range d.Devices {
		if dev.VMSD == nil {
			continue // old style
		}
		head := fmt.Sprintf(`"name": %q, "instance_id": %d, `, dev.Name, dev.InstanceID)
		require.True(t, strings.HasPrefix(string(text[dev.Text.From+1:]), head))
		n += dev.Text.To - dev.Text.From - int64(len(head))
	}
	return n
}

// edited replaces in the description the only place, or the last one, where old
// stands, and returns the offset.
func edited(t *testing.T, name, old, new string) ([]byte, int64) {
	t.Helper()
	b := stream(t, name)
	at := len(b) - len(descriptionOf(t, b))
	i := bytes.LastIndex(b[at:], []byte(old))
	require.GreaterOrEqual(t, i, 0, old)
	text := string(b[at:at+i]) + new + string(b[at+i+len(old):])
	return savevm.AppendVMDesc(b[:at-5:at-5], []byte(text)), int64(at + i)
}

// A description that is another than the one that QEMU would have written is
// found at its byte. What is changed here is read from nowhere else.
func TestDescriptionOfAnother(t *testing.T) {
	for name, c := range map[string]struct {
		stream, old, new string
		at               int64 // from old's first byte
		path             string
	}{
		"no blank":                      {"none-7.2", `"version": 1`, `"version":1`, 10, "globalstate"},
		"a blank more":                  {"none-7.2", `"fields": [{"name": "size"`, `"fields": [ {"name": "size"`, 11, "globalstate"},
		"another order of keys":         {"none-7.2", `"type": "uint32", "size": 4`, `"size": 4, "type": "uint32"`, 1, "globalstate"},
		"another key":                   {"none-7.2", `"size": 4}`, `"size": 4, "x": 0}`, 9, "globalstate"},
		"an escape that need not be":    {"none-7.2", `"runstate"`, `"\u0072unstate"`, 1, "globalstate"},
		"another index":                 {"pc-7.2", `"name": "bus", "index": 1`, `"name": "bus", "index": 2`, 24, "0000:00:01.1/ide"},
		"no index":                      {"pc-7.2", `"name": "bus", "index": 0, `, `"name": "bus", `, 16, "0000:00:01.1/ide"},
		"an index of 7.2":               {"pc-10.0", `"name": "bus", "type"`, `"name": "bus", "index": 1, "type"`, 16, "0000:00:01.1/ide"},
		"an array_len of one":           {"none-10.0", `"vm_was_suspended", `, `"vm_was_suspended", "array_len": 1, `, 21, "globalstate"},
		"the size of a struct inside":   {"q35-7.2", `"unit", "type": "uint8", "size": 1}]}, "size": 2}`, `"unit", "type": "uint8", "size": 1}]}, "size": 3}`, 47, "0000:00:1f.2/ich9_ahci"},
		"the configuration":             {"none-10.0", `"name": "len", `, `"name":"len", `, 7, "configuration"},
		"an array without a length":     {"s390x-3-crws-10.0", `"array_len": 254`, `"array_len":254`, 12, "s390_css"},
		"a queue's elements in objects": {"s390x-3-crws-7.2", `"type": "qtailq", "vmsd_name"`, `"type": "qtailq",  "vmsd_name"`, 18, "s390_css"},
		"an old-style section":          {"s390x-3-crws-7.2", `"name": "data", "size": 10, `, `"name": "date", "size": 10, `, 12, "todclock"},
		"what is between devices":       {"none-7.2", `"devices": [`, `"devices":  [`, 11, ""},
		"a key of the whole":            {"none-7.2", `{"page_size"`, `{"x": 1, "page_size"`, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, at := edited(t, c.stream, c.old, c.new)
			f := judge(t, b, false)
			require.Equal(t, report.Pass, f.Verdict)
			require.Equal(t, report.Differs, f.Roundtrip)
			require.Equal(t, report.Differs, f.VMDesc.Roundtrip)
			x := of(t, f, rules.VMDescRoundTrip)
			require.Equal(t, rules.SeverityWarning, x.Severity)
			require.Equal(t, at+c.at, x.Offset, "%v", x)
			require.Equal(t, c.path, x.Path)
			f = judge(t, b, true)
			require.Equal(t, report.Fail, f.Verdict)
		})
	}
}

// A device of which not all is decoded has its description copied.
func TestDescriptionThatIsCopied(t *testing.T) {
	f, err := check.Stream(renamed(t, "pseries-3-events-7.2", "spapr_pending_events", "spapr_pending_eventz"), check.Options{})
	require.NoError(t, err)
	require.Equal(t, report.Identical, f.VMDesc.Roundtrip)
	text := descriptionOf(t, stream(t, "pseries-3-events-7.2"))
	d, err := savevm.ParseVMDesc(text)
	require.NoError(t, err)
	for _, dev := range d.Devices {
		if dev.Name == "spapr" {
			require.Equal(t, dev.Text.To-dev.Text.From, f.VMDesc.Copied)
			require.Less(t, f.VMDesc.Reencoded, vmsds(t, text)-f.VMDesc.Copied+int64(len(`"name": "spapr", "instance_id": 0, `))+1)
		}
	}
}

// Bytes whose own description is lost have it copied.
func TestDescriptionOfWhatIsKeptAsBytes(t *testing.T) {
	f, err := check.Stream(renamed(t, "pseries-3-events-7.2", "qtailq", "qtailx"), check.Options{})
	require.NoError(t, err)
	require.Equal(t, report.Pass, f.Verdict)
	require.Empty(t, f.Queues)
	require.Equal(t, report.Identical, f.VMDesc.Roundtrip)
	text := descriptionOf(t, stream(t, "pseries-3-events-7.2"))
	d, err := savevm.ParseVMDesc(text)
	require.NoError(t, err)
	for _, dev := range d.Devices {
		if dev.Name == "spapr" {
			require.Equal(t, dev.Text.To-dev.Text.From, f.VMDesc.Copied)
		}
	}
}

// Elements without a common layout go by their place: they are decoded and
// described again, and variants keep them where they are.
func TestElementsWithoutACommonLayout(t *testing.T) {
	b := renamed(t, "pseries-3-events-7.2", "summary", "summarx")
	i := bytes.LastIndex(b, []byte(`"pending_events"`))
	b[i+len(`"pending_event`)] = 'z' // the elements of this one are not known
	f := judge(t, b, false)
	require.Equal(t, report.Pass, f.Verdict, "%v", f.Findings)
	require.Equal(t, report.Identical, f.Roundtrip)
	require.Equal(t, report.Identical, f.VMDesc.Roundtrip)
	require.Zero(t, f.VMDesc.Copied)
	require.Equal(t, rules.VMDescElementUnknown, only(t, f, rules.SeverityWarning).Rule)
	require.Equal(t, 3, f.Queues[0].Elements)
	require.Zero(t, f.Variants.ByExpectation.Accept)
	require.Positive(t, f.Variants.ByExpectation.Warn)
	require.Positive(t, f.Variants.ByExpectation.Refuse)
	require.Equal(t, f.Variants.Tried, f.Variants.AsExpected)
}

// A description of other bytes than the devices have is told of, and is not what
// the round trip goes by: the bytes are written again as they are.
func TestDescriptionOfOtherBytes(t *testing.T) {
	b := shorterLog(t, "7.2")
	f := judge(t, b, false)
	require.Equal(t, report.Identical, f.Roundtrip)
	require.Equal(t, report.Differs, f.VMDesc.Roundtrip)
	x := of(t, f, rules.VMDescRoundTrip)
	require.Equal(t, "spapr", x.Path)
	// The second log's size is one digit shorter: 98 and not 108.
	text := descriptionOf(t, b)
	first := bytes.Index(text, []byte(`"extended_log", "type": "buffer", "size": 108`))
	second := first + 1 + bytes.Index(text[first+1:], []byte(`"extended_log", "type": "buffer", "size": 108`))
	require.Equal(t, int64(len(b)-len(text)+second+len(`"extended_log", "type": "buffer", "size": `)), x.Offset)
	require.Contains(t, x.Message, "bytes, the section has")
}
