package defects

import (
	"fmt"
	"slices"
	"strings"
)

// A Patch is a defect inside the reference: another source text, which a build
// with -overlay compiles in the place of the right one. It is for faults that no
// layer over the reference can make: they are in its memory, its links, or in the
// middle of what it does.
type Patch struct {
	ID       string
	Sentence string
	Property string   // the id of the property that finds it
	File     string   // from the module's root, with slashes
	change   []string // what stands in the file, exactly once, and what is put there; pair by pair
}

// Patches holds every patch.
var Patches = slices.Concat(linkPatches, treePatches, subsectionPatches, versionPatches, numberPatches, undoPatches, orderPatches)

// OfLinks says what Defect.OfLinks does.
func (p Patch) OfLinks() bool { return !strings.HasPrefix(p.File, "impl/vmstate/") }

// Apply makes the patched text of the file. An old text that does not stand there
// exactly once is an error: the patch is no longer the fault it was.
func (p Patch) Apply(source string) (string, error) {
	for i := 0; i < len(p.change); i += 2 {
		if n := strings.Count(source, p.change[i]); n != 1 {
			return "", fmt.Errorf("patch %s: its old text stands %d times in %s, not once:\n%s", p.ID, n, p.File, p.change[i])
		}
		source = strings.Replace(source, p.change[i], p.change[i+1], 1)
	}
	return source, nil
}
