package gen

import "pgregory.net/rapid"

// Features are what a case may hold besides integers and bools.
type Features uint16

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
)

var featureNames = []string{
	"buffers", "blanks", "arrays", "structs", "queues", "nested", "self-reference",
	"subsections", "versions", "names", "captures",
}

func (f Features) has(g Features) bool { return f&g == g }

// featureMask draws each feature with odds of three to one.
func featureMask() *rapid.Generator[Features] {
	on := rapid.SampledFrom([]bool{false, true, true, true})
	return rapid.Custom(func(t *rapid.T) Features {
		var f Features
		for i, name := range featureNames {
			if on.Draw(t, name) {
				f |= 1 << i
			}
		}
		return f
	})
}
