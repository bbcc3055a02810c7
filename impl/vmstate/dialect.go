package vmstate

import "vmconform/impl/jsonwriter"

// A Dialect is how a description is written: what differs from one release of
// QEMU to another, and in this project's own.
type Dialect struct {
	Name   string
	Style  *jsonwriter.Style
	Custom string // the type's name of every field with hooks of its own; "": that of its Info
	// Bodies says that what a hook saves is described by objects in an array
	// "elements". QEMU writes the members of each into the field's own object,
	// whose keys then repeat.
	Bodies bool
	Null   string // the type's name of a NULL among pointers; "": the field's, with nothing in it
	Arrays ArrayRule
}

// An ArrayRule says how an array of several elements is described. One that
// "packs" has no more than an object for all, with "array_len"; QEMU decides so
// by the Description alone: every array, but where the field or one inside its
// structs has a predicate, or one of these structs has subsections.
type ArrayRule uint8

const (
	// ArraysUniform packs an array whose elements can differ in their values
	// only, and gives the elements of any other an "index".
	ArraysUniform ArrayRule = iota
	// ArraysByFirst packs by QEMU's rule, and gives the elements of any other
	// array an "index". A packed array is as its first element: where that is a
	// NULL, or others are, the description is wrong.
	ArraysByFirst
	// ArraysInRuns has an object for each run of NULLs and of others in a packed
	// array of pointers. A first run that is not NULL has the array's length
	// for its own. The last element has no "index", and NULLs in an array that
	// does not pack have an "array_len" up to the end or the next that is not NULL.
	ArraysInRuns
	// ArraysWithoutIndex is ArraysInRuns without any "index" or "array_len" in an
	// array that does not pack. In one that does, a last run of a single element
	// is left out where the run before it is longer.
	ArraysWithoutIndex
)

// The dialects. What they have in common is in wire-format.md §2.
var (
	// Strict is JSON without repeated keys whose sizes add up to the bytes.
	Strict = &Dialect{Name: "strict", Style: jsonwriter.JSONWriter, Bodies: true, Null: InfoNullptr.Name, Arrays: ArraysUniform}
	// Seed is that of the seed, with its type's name. The seed wrote the members
	// of elements into an array, which is no JSON: here they are in objects.
	Seed = &Dialect{Name: "seed", Style: jsonwriter.QJSON, Custom: customized, Bodies: true, Arrays: ArraysByFirst}
	// QEMU29 is that of QEMU 2.9 to 5.2.
	QEMU29 = &Dialect{Name: "qemu-2.9", Style: jsonwriter.QJSON, Arrays: ArraysByFirst}
	// QEMU60 is that of QEMU 6.0 to 9.2.
	QEMU60 = &Dialect{Name: "qemu-6.0", Style: jsonwriter.JSONWriter, Arrays: ArraysByFirst}
	// QEMU100 is that of QEMU 10.0 to 10.2.
	QEMU100 = &Dialect{Name: "qemu-10.0", Style: jsonwriter.JSONWriter, Null: InfoNullptr.Name, Arrays: ArraysInRuns}
	// QEMU111 is that of QEMU 11.1.
	QEMU111 = &Dialect{Name: "qemu-11.1", Style: jsonwriter.JSONWriter, Null: ptrMarker, Arrays: ArraysWithoutIndex}
)

// customized is the seed's name for a field with hooks of its own.
const customized = "customized"
