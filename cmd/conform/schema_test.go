package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"vmconform/internal/live"
	"vmconform/internal/record/recordtest"
	"vmconform/internal/report"
	"vmconform/internal/show"
	"vmconform/internal/test"
)

// schema compiles the schema of docs/ for a command's reports.
func schema(t *testing.T, command string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/" + command + ".schema.json")
	require.NoError(t, err)
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text string) {
	t.Helper()
	x, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, s.Validate(x))
}

// Without a file, the streams that are built in are checked.
func TestCheckOfTheCorpus(t *testing.T) {
	status, out, errs := conform(t, nil, "check", "--format", "json")
	require.Equal(t, exitConform, status)
	require.Empty(t, errs)
	validate(t, schema(t, "check"), out)
	r := unmarshal[report.Check](t, out)
	require.Equal(t, report.Pass, r.Verdict)
	require.Len(t, r.Files, len(streams(t)))
	for _, f := range r.Files {
		require.NotNil(t, f.Expected, f.Name)
		require.True(t, f.Expected.Agrees, f.Name)
	}
}

// Files that are read, broken ones, and ones that cannot be read.
func TestCheckReportsFitTheirSchema(t *testing.T) {
	s := schema(t, "check")
	dir := t.TempDir()
	all := streams(t)
	names := []string{filepath.Join(dir, "missing")}
	add := func(name string, b []byte) {
		names = append(names, filepath.Join(dir, name))
		require.NoError(t, os.WriteFile(names[len(names)-1], b, 0o666))
	}
	for _, image := range []string{"libvirt-raw.img.zst", "libvirt-bzip2.img.zst", "libvirt-lzop.img.zst", "snapshots.qcow2.zst"} {
		names = append(names, "../../internal/input/testdata/"+image)
	}
	add("text", []byte("text"))
	add("magic", []byte("QEV"))
	add("good", all["none-10.0"])
	for name, b := range all {
		if len(b) > 200_000 {
			continue
		}
		add(name, b[:len(b)*9/10])
		wrong := append([]byte{}, b...)
		for i := len(b) / 3; i < len(b); i += len(b) / 3 {
			wrong[i] ^= 0xff
		}
		add(name+"-wrong", wrong)
	}
	for _, flags := range [][]string{{}, {"--strict"}} {
		status, out, _ := conform(t, nil, append(append([]string{"check", "--format", "json"}, flags...), names...)...)
		require.Equal(t, exitFail, status)
		validate(t, s, out)
	}
}

func TestShowReportsFitTheirSchema(t *testing.T) {
	s := schema(t, "show")
	for name, b := range streams(t) {
		if strings.HasPrefix(name, "pseries-") {
			continue // tens of thousands of fields each; see the selections
		}
		for _, cut := range []int{len(b), len(b) - 100, len(b) / 2, 30, 3} {
			r, err := show.Stream(name, b[:cut:cut])
			require.NoError(t, err)
			text, err := json.Marshal(r)
			require.NoError(t, err)
			validate(t, s, string(text))
		}
		wrong := append([]byte{}, b...)
		for i := len(b) / 7; i < len(b); i += len(b) / 7 {
			wrong[i] ^= 0xff
		}
		for _, flags := range [][]string{{"show"}, {"show", "--hex"}} {
			status, out, _ := conform(t, wrong, append(flags, "--format", "json", "-")...)
			require.Contains(t, []int{exitConform, exitFail, exitUndecided}, status)
			validate(t, s, out)
			require.Equal(t, len(flags) > 1, strings.Contains(out, `"hex": [`))
		}
	}
}

// Each kind of thing that a PATH selects.
func TestSelectionsFitTheirSchema(t *testing.T) {
	s := schema(t, "show")
	all := streams(t)
	for path, name := range map[string]string{
		"ram":                                 "pseries-3-events-7.2",
		"spapr":                               "pseries-3-events-7.2",
		"spapr/spapr_pending_events":          "pseries-3-events-7.2",
		"spapr/tb":                            "pseries-3-events-7.2",
		"cpu/env.gpr[31]":                     "pseries-3-events-7.2",
		"s390_css/pending_crws":               "s390x-3-crws-7.2",
		"s390_css/pending_crws[2]":            "s390x-3-crws-7.2",
		"s390_css/pending_crws[2]/crw":        "s390x-3-crws-7.2",
		"s390_css/pending_crws[2]/crw/rsid":   "s390x-3-crws-7.2",
		"s390_css/css[3]":                     "s390x-3-crws-10.0",
		"s390_css/css[254]":                   "s390x-3-crws-7.2",
		"uefi-vars-sysbus/state/variables[0]": "q35-uefi-vars-10.0",
	} {
		status, out, errs := conform(t, all[name], "show", "--format", "json", "-", path)
		require.Zero(t, status, errs)
		validate(t, s, out)
		got := unmarshal[struct {
			Tool, Command, File, Path string
			Bytes                     int64
			Selected, Errors          json.RawMessage
		}](t, out)
		require.Equal(t, path, got.Path)
		require.Contains(t, string(got.Selected), `"path": "`+path+`"`)
	}
}

func TestMemoryFitsItsSchema(t *testing.T) {
	s := schema(t, "show")
	for name, b := range streams(t) {
		if strings.HasPrefix(name, "none-") {
			continue // it has none
		}
		status, out, errs := conform(t, b, "show", "--format", "json", "-", "--ram", t.TempDir())
		require.Zero(t, status, errs)
		validate(t, s, out)
		_, out, _ = conform(t, b[:len(b)/2], "show", "--format", "json", "-", "--ram", t.TempDir())
		validate(t, s, out)
	}
}

// Traces of whole streams, of one device, and of broken ones.
func TestTracesFitTheirSchema(t *testing.T) {
	s := schema(t, "show")
	for name, b := range streams(t) {
		if strings.HasPrefix(name, "pseries-") {
			continue // as above
		}
		wrong := append([]byte{}, b...)
		for i := len(b) / 7; i < len(b); i += len(b) / 7 {
			wrong[i] ^= 0xff
		}
		for _, stream := range [][]byte{b, wrong, b[:len(b)*9/10]} {
			status, out, _ := conform(t, stream, "show", "--trace", "--format", "json", "-")
			require.Contains(t, []int{exitConform, exitFail, exitUndecided}, status)
			validate(t, s, out)
			require.Contains(t, out, `"traces": [`)
		}
	}
	all := streams(t)
	status, out, errs := conform(t, all["s390x-3-crws-7.2"], "show", "--trace", "--format", "json", "-", "s390_css")
	require.Zero(t, status, errs)
	validate(t, s, out)
}

func TestRulesFitTheirSchema(t *testing.T) {
	s := schema(t, "rules")
	for _, args := range [][]string{{}, {"--coverage"}, {"qtailq/*"}, {"--coverage", "container/*"}} {
		status, out, errs := conform(t, nil, append([]string{"rules", "--format", "json"}, args...)...)
		require.Contains(t, []int{exitConform, exitFail}, status)
		require.Empty(t, errs)
		validate(t, s, out)
	}
}

// A schema that lets everything through would prove nothing.
func TestSchemasRefuse(t *testing.T) {
	ofStreams := [][2]string{ // each becomes the other
		{`"bytes":1`, `"bytes":-1`},
		{`"bytes":1`, `"bytes":1,"more":1`},
		{`"devices":[]`, `"devices":[{}]`},
		{`"devices":[],`, ``},
	}
	for command, c := range map[string]struct {
		good  string
		wrong [][2]string
	}{
		"check": {`{"tool":"conform 0.1.0","command":"check","verdict":"pass","files":[{"file":"a","verdict":"pass","bytes":1,` +
			`"bytes_by":{"framing":1,"ram":0,"decoded":0,"opaque":0},"roundtrip":"identical","reencoded":0,"copied":0,` +
			`"devices":[],"queues":[],"variants":{"tried":0,"as_expected":0,"by_expectation":{"accept":0,"warn":0,"refuse":0}},"findings":[]}]}`, ofStreams},
		"show": {`{"tool":"conform 0.1.0","command":"show","file":"a","bytes":1,"version":3,"footers":true,"page_size":4096,` +
			`"commands":[],"sections":[],"devices":[],"errors":[]}`, ofStreams},
		"rules": {`{"tool":"conform 0.1.0","command":"rules","rules":[{"id":"a/b","severity":"note","sentence":"B.","source":"s",` +
			`"cases":{"accepting":[{"kind":"vector","id":"v"}],"rejecting":[]}}],` +
			`"totals":{"rules":1,"covered":0,"cases":{"vector":1,"stream":0,"property":0,"defect":0,"test":0}}}`, [][2]string{
			{`"rules":[{`, `"rules":[],"x":[{`},
			{`"a/b"`, `"b"`},
			{`"note"`, `"info"`},
			{`"source":"s",`, ``},
			{`"kind":"vector"`, `"kind":"victor"`},
			{`,"rejecting":[]`, ``},
			{`"vector":1`, `"vector":-1`},
			{`"covered":0,`, ``},
		}},
	} {
		s := schema(t, command)
		validate(t, s, c.good)
		for _, w := range append(c.wrong, [2]string{`"` + command + `"`, `"other"`}) {
			bad := strings.Replace(c.good, w[0], w[1], 1)
			require.NotEqual(t, c.good, bad)
			x, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
			require.NoError(t, err)
			require.Error(t, s.Validate(x), bad)
		}
	}
}

func TestTestReportsFitTheirSchema(t *testing.T) {
	s := schema(t, "test")
	known := filepath.Join(t.TempDir(), "known")
	require.NoError(t, os.WriteFile(known, []byte("vmstate/round-trip round-trip:save:panics it did\n"), 0o666))
	for _, args := range [][]string{
		{"--cases", "30"},
		{"--cases", "30", "--known", known},
		{"--target", "wrong", "--cases", "50", "--rule", "*/marker-*", "--known", known},
		{"--budget", "5m", "--cases", "30"},
		{"--target", "exec:role right", "--cases", "2"},
		{"--target", "exec:role crashing", "--cases", "3", "--rule", "links/*"},
		{"--target", "exec:role lying", "--cases", "10", "--rule", "links/*"},
		{"--target", "exec:role nondeterministic", "--cases", "10", "--rule", "links/*"},
		{"--target", "exec:role choosy", "--cases", "3", "--rule", "links/*"},
		{"--target", "exec:role skipping", "--cases", "3"},
		{"--target", "exec:role wrong", "--cases", "3"},
	} {
		status, out, errs := conform(t, nil, append([]string{"test", "--seed", "1", "--format", "json"}, args...)...)
		require.Contains(t, []int{exitConform, exitFail, exitUndecided}, status, errs)
		validate(t, s, out)
		unmarshal[test.Report](t, out)
	}
}

func TestReplayReportsFitTheirSchema(t *testing.T) {
	s := schema(t, "replay")
	_, out, _ := conform(t, nil, "test", "--seed", "1", "--target", "wrong", "--cases", "50", "--rule", "links/marker-values", "--format", "json")
	token := unmarshal[test.Report](t, out).Properties[0].Failures[0].Token
	for target, want := range map[string]int{
		"ref": exitConform, "wrong": exitFail,
		"exec:role right": exitConform, "exec:role lying": exitFail, "exec:role skipping": exitUndecided, "exec:role leaving": exitConform,
	} {
		status, out, errs := conform(t, nil, "replay", "--target", target, "--format", "json", token)
		require.Equal(t, want, status, errs)
		validate(t, s, out)
	}
}

// Streams of two versions, of other machines, broken ones, and one with itself.
func TestDiffReportsFitTheirSchema(t *testing.T) {
	s := schema(t, "diff")
	all := streams(t)
	seen := map[string]bool{}
	check := func(a, b []byte, flags ...string) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "a")
		require.NoError(t, os.WriteFile(name, a, 0o666))
		_, out, _ := conform(t, b, append([]string{"diff", "--format", "json", name, "-"}, flags...)...)
		validate(t, s, out)
		got := unmarshal[struct {
			Tool, Command, Verdict string
			A, B, Totals, Ignored  json.RawMessage
			Differences            []struct {
				Path, In, Kind, What, Type string
				Clock                      bool
				A, B, Bytes, Pages         json.RawMessage
			}
		}](t, out)
		seen[got.Verdict] = true
		for _, d := range got.Differences {
			seen[d.What], seen[d.Kind] = true, true
		}
	}
	wrong := func(name string) []byte {
		b := append([]byte{}, all[name]...)
		for i := len(b) / 7; i < len(b); i += len(b) / 7 {
			b[i] ^= 0xff
		}
		return b
	}
	check(all["pseries-1-events-7.2"], all["pseries-3-events-10.0"])
	for _, name := range []string{"q35", "aarch64-virt", "s390x-0-crws", "none", "pc"} {
		a, b := all[name+"-7.2"], all[name+"-10.0"]
		check(a, b, "--ignore", "ram", "--ignore", "none")
		check(a, a)
		check(a, a[:len(a)*9/10])
		check(a, wrong(name+"-7.2"))
	}
	long := bytes.Clone(all["pseries-3-events-7.2"])
	long[bytes.Index(long, []byte("spapr_pending_events\x00\x00\x00\x01"))+len("spapr_pending_events")+4+1+4+3]++ // a length
	check(long, all["pseries-3-events-7.2"])
	check(all["pc-i440fx-2.2-7.2"], append(all["pc-i440fx-2.2-7.2"], 0))
	check(all["pc-7.2"], all["microvm-7.2"])
	for _, want := range []string{
		"identical", "differ", "broken", "changed", "only-in-a", "only-in-b", "stream", "command", "device", "version",
		"payload", "subsection", "field", "element", "value", "block", "decoded",
	} {
		require.True(t, seen[want], want)
	}
}

// A live QEMU by the shipped list, and taken strictly.
func TestLiveReportsFitTheirSchema(t *testing.T) {
	o := recordtest.Need(t, "system", "s390x", "-machine", "s390-ccw-virtio", "-m", "4M", "-nodefaults")
	s := schema(t, "live")
	for want, flags := range map[int][]string{exitConform: nil, exitFail: {"--known", "none"}} {
		args := []string{"test", "--format", "json", "--seed", "1", "--cases", "17", "--target", "qemu:" + strings.Join(o.Args, " ")}
		status, out, errs := conform(t, nil, append(args, flags...)...)
		require.Equal(t, want, status, errs)
		validate(t, s, out)
		r := unmarshal[live.Report](t, out)
		require.Equal(t, 17, r.Variants)
		require.Equal(t, r.Variants, r.Agree+r.Listed+r.Differ+r.Undecided+r.NotDescribed)
	}
}
