package corpus

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write vectors/ anew")

// The schemas of the seed's two users (hw/ppc/spapr.c, hw/ppc/spapr_drc.c as
// the seed has them), each alone in a vmsd.
const (
	pendingEvents = `{"schema":{"name":"spapr_pending_events","version":1,"minimum":1,"fields":[{"name":"pending_events","type":"queue","version":1,"elem":` +
		`{"name":"spapr_event_log_entry","version":1,"minimum":1,"fields":[{"name":"summary","type":"uint32","version":0},{"name":"extended_length","type":"uint32","version":0},{"name":"extended_log","type":"buffer","version":0,"size_from":"extended_length"}]}}]}}`
	ccsList = `{"schema":{"name":"spapr_ccs_list","version":1,"minimum":1,"fields":[{"name":"ccs_list","type":"queue","version":1,"elem":` +
		`{"name":"spapr_ccs","version":1,"minimum":1,"fields":[{"name":"drc_index","type":"uint32","version":0},{"name":"fdt_offset","type":"int32","version":0},{"name":"fdt_depth","type":"int32","version":0}]}}]}}`
)

// sources are the vectors, with payloads in hexadecimal as the wire format
// gives them: 01 before each element, 00 behind the last, integers big-endian.
var sources = []struct {
	Vector
	hex string
}{
	{Vector{ID: "pending-events", Rule: "qtailq/order", Schema: pendingEvents, Version: 1, Expect: "accept",
		Comment: "two events, with logs of 3 bytes and of none"},
		"01 54000000 00000003 a1b2c3  01 54000001 00000000  00"},
	{Vector{ID: "pending-events-empty", Rule: "qtailq/terminator", Schema: pendingEvents, Version: 1, Expect: "accept",
		Comment: "no event: the terminator alone"},
		"00"},
	{Vector{ID: "pending-events-unterminated", Rule: "qtailq/terminator", Schema: pendingEvents, Version: 1, Expect: "refuse", Class: "truncated", Offset: 12,
		Comment: "the terminator is missing; the end of the input is none"},
		"01 54000000 00000003 a1b2c3"},
	{Vector{ID: "pending-events-marker-02", Rule: "qtailq/marker-canonical", Schema: pendingEvents, Version: 1, Expect: "accept", Note: "qtailq/marker-canonical", Offset: 12,
		Comment: "the second element is marked by 02"},
		"01 54000000 00000003 a1b2c3  02 54000001 00000000  00"},
	{Vector{ID: "pending-events-too-new", Rule: "vmstate/version-range", Schema: pendingEvents, Version: 2, Expect: "refuse", Class: "version-too-new", Offset: 0,
		Comment: "version 2 of a vmsd that is known up to 1: the seed compared version_id with itself"},
		"00"},
	{Vector{ID: "ccs-list", Rule: "qtailq/order", Schema: ccsList, Version: 1, Expect: "accept",
		Comment: "two entries; the second one's offset is -1"},
		"01 80000001 00000040 00000002  01 80000002 ffffffff 00000000  00"},
	{Vector{ID: "ccs-list-cut", Rule: "vmstate/item-complete", Schema: ccsList, Version: 1, Expect: "refuse", Class: "truncated", Offset: 11,
		Comment: "the input ends inside fdt_depth"},
		"01 80000001 00000040 0000"},
}

func TestVectorsAreAsWritten(t *testing.T) {
	want := map[string][]byte{}
	for _, s := range sources {
		payload, err := hex.DecodeString(strings.ReplaceAll(s.hex, " ", ""))
		if err != nil {
			t.Fatalf("%s: %v", s.ID, err)
		}
		s.Payload = payload
		want[s.ID+".vector"] = s.Bytes()
	}
	if *update {
		for name, b := range want {
			if err := os.WriteFile(filepath.Join("vectors", name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	have, err := os.ReadDir("vectors")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range have {
		b, err := os.ReadFile(filepath.Join("vectors", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := want[f.Name()]; !ok || !bytes.Equal(b, w) {
			t.Errorf("%s is not what this test writes: go test ./corpus -run Vectors -update", f.Name())
		}
		delete(want, f.Name())
	}
	for name := range want {
		t.Errorf("%s is missing: go test ./corpus -run Vectors -update", name)
	}
}

func TestVectorFileRoundTrip(t *testing.T) {
	vectors, err := Vectors()
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors {
		again, err := parseVector(v.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		again.ID = v.ID
		if !bytes.Equal(again.Bytes(), v.Bytes()) {
			t.Errorf("%s changes when it is written and read", v.ID)
		}
	}
}
