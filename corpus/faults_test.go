package corpus

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pastFaults are the ids of qemu-behaviour §3, one by one. Those that have none
// there are named here, by their subject.
var pastFaults = strings.Fields(`
	CVE-2013-4148
	CVE-2013-4149 CVE-2013-4151 CVE-2013-4526 CVE-2013-4527 CVE-2013-4529 CVE-2013-4532 CVE-2013-4535 CVE-2013-4536 CVE-2013-4542
	CVE-2013-4530 CVE-2013-4533 CVE-2013-4534 CVE-2013-4537 CVE-2013-4538 CVE-2013-4539 CVE-2013-4540
	CVE-2013-4531
	CVE-2013-4541 CVE-2014-3461
	CVE-2013-6399
	CVE-2014-0182
	CVE-2014-7840
	CVE-2014-5263
	CVE-2017-16845
	eb60260
	07d4e69147
	seed-version seed-element
	vmdesc-run-length
	list-terminator list-order list-prev list-last list-cycle`)

// elsewhere are the faults that no payload can show, with the test that does,
// in whose file the id stands.
var elsewhere = []struct {
	fault, folder, test, why string
}{
	{"CVE-2014-7840", "impl/savevm", "TestRefused", "a page's address is in a RAM section, not in a payload"},
	{"vmdesc-run-length", "bind", "TestFirstRunLength", "a description"},
	{"seed-element", "impl/tailq", "TestFailedGetLeavesLinks", "whether elements stay behind is seen in memory"},
	{"list-order", "props/defects", "TestEveryDefectIsFound", "the order of elements in memory"},
	{"list-prev", "impl/tailq", "TestPutErrors", "links are not on the wire"},
	{"list-last", "impl/tailq", "TestPutErrors", "links are not on the wire"},
	{"list-cycle", "impl/tailq", "TestPutErrors", "a wire is finite: only a save can run for ever"},
}

// Each fault is the fault of a vector that is refused, or of a test; and no other
// ids are about.
func TestPastFaultsAreKept(t *testing.T) {
	kept := map[string]bool{}
	for _, v := range vectors(t) {
		for _, fault := range v.Faults {
			kept[fault] = kept[fault] || v.Expect == "refuse"
			if !slices.Contains(pastFaults, fault) {
				t.Errorf("%s: there is no fault %s", v.ID, fault)
			}
		}
	}
	for _, e := range elsewhere {
		if !hasTest(t, e.folder, e.test, e.fault) {
			t.Errorf("%s: no file of %s has both %s and the id", e.fault, e.folder, e.test)
		}
		kept[e.fault] = true
	}
	for _, fault := range pastFaults {
		if !kept[fault] {
			t.Errorf("%s has neither a vector that is refused nor a test", fault)
		}
	}
}

// hasTest says whether a folder has a file with a test and an id in it.
func hasTest(t *testing.T, folder, test, id string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(b); strings.Contains(text, "func "+test+"(") && strings.Contains(text, id) {
			return true
		}
	}
	return false
}
