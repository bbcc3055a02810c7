// Package vmsd describes Go types for package vmstate, in the words of QEMU's
// macros and checked by Go's types: a member of another type does not compile, a
// count that is missing, negative or elsewhere is an error when the description
// is built, and nobody writes an offset.
//
// Out of scope: memory whose layout is only known when the program runs, which
// package bind has and describes by vmstate.Field; what travels how, which is
// vmstate's.
//
// # A description
//
// It says for a T what QEMU's VMStateDescription says. Its fields are a function
// of a T, which is called once, with one that is zero, for the places of the
// members:
//
//	var timer = vmsd.Must(&vmsd.Description[Timer]{
//		Name: "timer", VersionID: 2, MinimumVersionID: 1,
//		Fields: func(t *Timer) []vmsd.Field[Timer] {
//			return []vmsd.Field[Timer]{
//				vmsd.Int64(t, "expires", &t.Expires),
//				vmsd.Uint32(t, "shots", &t.Shots).Since(2),
//				vmsd.Array(t, "regs", t.Regs[:], vmsd.InfoUint16),
//			}
//		},
//	})
//
// A description that refers to itself, or two that refer to each other, are
// given their Fields in an init function.
//
// # A field
//
// A field has a shape, an element and options. The shape says where in memory how
// many elements are, and is the constructor:
//
//	Single                 one, in the object
//	Array                  as many as a slice of a member array has
//	Array2D                … of an array of arrays
//	VArray                 as many as a member says, in such an array
//	Pointer                one, where a member points to
//	ArrayPointer           so many there
//	VArrayPointer          as many there as another member says
//	VArrayAlloc            … and Load makes them
//	ArrayOfPointers        those that the pointers of an array point to
//	VArrayOfPointers       … of as many pointers as a member says
//	VArrayOfPointersAlloc  … and Load makes them, each marked whether it is NULL
//
// The element says how one of them travels, whatever the shape:
//
//	InfoUint32 and its like, NewInfo   a number, or what hooks make of it
//	a *Description, Description.At     an object, at its description's version or at another
//	a CSTM                             a queue, a list, a tree: see Type in tailq, qlist, gtree
//
// The options are the methods of Field. Numbers have constructors of their own,
// as Uint32 for Single with InfoUint32; so have buffers, bitmaps, and what takes
// no place in the object: Unused, Validate, Tmp. A member of a named type is
// converted: (*uint32)(&t.Mode).
package vmsd
