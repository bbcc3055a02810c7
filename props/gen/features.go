package gen

import "pgregory.net/rapid"

// Features are what a case may hold besides integers and bools.
type Features uint32

// The features.
const (
	Buffers       Features = 1 << iota // buffers, of fixed size and of a size that another field holds
	Blanks                             // unused buffers, NULL markers, vmsds without fields
	Arrays                             // arrays, of fixed and of counted length
	Structs                            // structs in structs
	Queues                             // queues
	Nested                             // queues in the elements of queues
	SelfReference                      // vmsds that hold a queue of themselves or of one they stand in
	Subsections                        // subsections, and subsections of theirs
	Versions                           // versions other than 1, fields and queues of differing versions
	Names                              // names with slashes, brackets and spaces, names of 255 bytes
	Captures                           // names that are prefixes of each other, data that looks like a subsection
	Rest                               // timers, CPU_Double_U and bitmaps
	Locals                             // what memory holds before a load, and values that are compared with it
	Conditions                         // fields that are there by a condition or have to be, VALIDATE
	Hooks                              // hooks that may fail
	Pointers                           // arrays of pointers, some of them NULL
	Rooms                              // arrays and buffers that memory has fixed room for, and counts that are multiplied
	Lists                              // lists
	Trees                              // trees
	Temporary                          // structs at a version of their own, and temporary ones
	Elements                           // queues whose elements differ in their vmsds

	// Counts are sizes and counts that another field holds. Every case has them, but
	// those of a Space that never does.
	Counts
)

var featureNames = []string{
	"buffers", "blanks", "arrays", "structs", "queues", "nested", "self-reference",
	"subsections", "versions", "names", "captures", "rest", "locals", "conditions", "hooks", "pointers", "rooms",
	"lists", "trees", "temporary", "elements",
}

func (f Features) has(g Features) bool { return f&g == g }

// featuresOf is the mask of a case of sp: f, as far as sp goes.
func (sp Space) featuresOf(f Features) Features { return (f | sp.Always | Counts) &^ sp.Never }

// featureMask draws each feature with odds of three to one, and those from Rest
// on with odds of one to two, so that they leave room for the others.
func featureMask() *rapid.Generator[Features] {
	often := rapid.SampledFrom([]bool{false, true, true, true})
	seldom := rapid.SampledFrom([]bool{false, false, true})
	return rapid.Custom(func(t *rapid.T) Features {
		var f Features
		for i, name := range featureNames {
			on := often
			if Features(1)<<i >= Rest {
				on = seldom
			}
			if on.Draw(t, name) {
				f |= 1 << i
			}
		}
		return f
	})
}
