// Package vmstate reads and writes QEMU's vmstate payloads: the state of one
// object as its Description says, field by field, in big-endian order, with
// subsections behind. It is the reference implementation of the harness, over
// real memory and with the hooks (CSTM: meta data, extend_get, extend_put) that
// let a field of any shape travel, as those of packages tailq, qlist and gtree.
//
// Out of scope: the stream around payloads (sections, footers, RAM, the JSON
// at its end; see savevm), device registration and the order of sections, and
// conversion between versions beyond what Field.VersionID and Field.Exists say.
//
// # The wire
//
// There are no lengths, tags or alignment, so that only the description tells
// what a byte is:
//
//	object      field… subsection…
//	field       the element, or each element of the array in turn
//	integer     1, 2, 4 or 8 bytes, big-endian; bool is one byte, 00 or 01
//	buffer      its bytes
//	struct      an object, at the version_id of its own description
//	NULL        30, in an array of pointers, in place of the element
//	marked      30, or 31 and the element, in an array of pointers under MarkAlways
//	CSTM        what extend_put writes; of a queue: (01 object)… 00
//
//	            ┌────┬────┬───────────┬──────────────┬────────┐
//	subsection  │ 05 │ n  │ n × name  │ be32 version │ object │
//	            └────┴────┴───────────┴──────────────┴────────┘
//
// A 05 where an object's fields end begins a subsection if the name that follows
// has the object's own name as a prefix and is longer; else it belongs to what
// comes next. Of the version only the low eight bits count.
//
// # Flags
//
// Every flag of QEMU's enum VMStateFlags but VMS_END is supported, and the
// seed's VMS_CSTM. Flags never reach the wire.
//
//	flag              supported  meaning
//	Single            yes        one element, which lies in the object
//	Pointer           yes        the member points to the elements
//	Array             yes        Num elements; with NumType, as many as a member of that type says
//	VArrayUint8       yes        as many elements as a uint8 member says, at most Num
//	VArrayUint16      yes        … a uint16 member
//	VArrayInt32       yes        … an int32 member
//	VArrayUint32      yes        … a uint32 member
//	MultiplyElements  yes        Num times as many; at most Room
//	ArrayOfPointer    yes        the array holds pointers; NULL is the byte 30
//	MarkAlways        yes        … and 31 stands before any other, which Load allocates (QEMU 11.1)
//	Struct            yes        an element is an object of VMSD, at its version_id
//	VStruct           yes        … at StructVersionID; a bit of its own, not CSTM's
//	Buffer            yes        one element of Size bytes
//	VBuffer           yes        one element of as many bytes as a member says; needs Pointer
//	Multiply          yes        … times Size
//	Alloc             yes        Load allocates what the member points to; needs Pointer
//	MustExist         yes        a predicate that is false is an error
//	CSTM              yes        ExtendGet and ExtendPut, with Meta; goes with Array, Pointer, ArrayOfPointer
//
// MustExist and Array without Num is VMSTATE_VALIDATE: no bytes, but the
// predicate has to hold. Where several say how an element travels, Struct comes
// before VStruct, CSTM and Info. The Infos of QEMU's core are built in: the
// scalars, bool, nullptr, buffer, unused_buffer, timer, CPU_Double_U, the equal
// ones and int32 le; BitmapField and TmpField make the fields of bitmap and tmp.
// Others bring Get and Put.
//
// # A description
//
// An object's fields, in the order of the wire, by offsets and flags. For memory
// whose type Go knows package vmsd writes one, as QEMU's macros do, and checks it;
// its doc has a table of the macros, and this package's example is written so:
//
//	var timer = vmsd.Must(&vmsd.Description[Timer]{
//		Name: "timer", VersionID: 2, MinimumVersionID: 1,
//		Fields: func(t *Timer) []vmsd.Field[Timer] {
//			return []vmsd.Field[Timer]{
//				vmsd.Int64(t, "expires", &t.Expires),
//				vmsd.Uint32(t, "shots", &t.Shots).Since(2),
//			}
//		},
//	})
//
// Compile says what is wrong with one, and Load and Save do so before all else.
//
// # What a load promises
//
// Errors are of type *rules.Error with class, offset and path. After one the
// described memory is what it was, the links of queues included. Depth, elements
// and bytes are bounded, and a count from the stream allocates no more than the
// rest of the input can fill: an element that takes at least m bytes on the wire
// is never allocated more often than there are m bytes left, and one time more.
// An element that may take none counts against the limit of elements instead.
//
// What it does not do, as C does not either: it trusts the offsets, sizes and
// New of a Description, which are code. A member that holds a count must not
// change while its array stays: give both one VersionID.
//
// # What a save describes
//
// SaveOptions.VMDesc asks for the JSON that tells what was written, in the
// dialect of a release of QEMU, byte for byte, or in one of two others:
//
//	QEMU29   2.9 to 5.2    { "k" : v }; arrays are described by their first element
//	QEMU60   6.0 to 9.2    {"k": v}
//	QEMU100  10.0 to 10.2  runs of NULLs have objects of their own
//	QEMU111  11.1          no index; NULLs and marks are "ptr-marker"
//	Seed     the seed      "customized" for what has hooks
//	Strict   none          no key repeats, and all sizes add up
//
// QEMU repeats the keys of a list's elements in one object: a reader has to take
// them as they come. Dialect says what else differs.
//
// # Trace
//
// LoadOptions.Trace and SaveOptions.Trace get what QEMU's trace points tell: each
// object and queue as it starts and ends, with the reason, and each field. What
// is open when a load fails ends with the reason of the failure.
package vmstate
