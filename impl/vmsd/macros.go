// # QEMU's macros
//
// How a description says what a macro of QEMU's include/migration/vmstate.h does,
// VMSTATE_ left out. {A,B} stands for A and for B. What _V says is Since here,
// what _TEST says is If, wherever a macro has them.
//
//	macro                                              here
//	SINGLE{,_TEST}                                     Single
//	BOOL{,_V,_TEST}                                    Bool
//	INT8{,_V,_TEST}                                    Int8
//	INT16{,_V,_TEST}                                   Int16
//	INT32{,_V,_TEST}                                   Int32
//	INT64{,_V,_TEST}                                   Int64
//	UINT8{,_V,_TEST}  U8{,_V}                          Uint8
//	UINT16{,_V,_TEST}  U16{,_V}                        Uint16
//	UINT32{,_V,_TEST}  U32{,_V}                        Uint32
//	UINT64{,_V,_TEST}  U64{,_V}                        Uint64
//	UINT8_EQUAL  UINT16_EQUAL{,_V}                     Single of InfoUint8Equal, InfoUint16Equal
//	INT32_EQUAL                                        Single of InfoInt32Equal
//	UINT32_EQUAL{,_V}  UINT64_EQUAL{,_V}               Single of InfoUint32Equal, InfoUint64Equal
//	SINGLE_FULL                                        Single; the hint for people is left out
//	INT32_POSITIVE_LE                                  Single of InfoInt32LE
//	TIMER{,_V,_TEST}                                   Single of InfoTimer
//	TIMER_PTR{,_V,_TEST}                               Pointer to InfoTimer
//	TIMER_ARRAY  TIMER_PTR_ARRAY                       Array, ArrayOfPointers of InfoTimer
//	FD{,_V,_TEST}                                      Single of NewInfo: the descriptor travels beside the stream
//	FLOAT64{,_V}  FLOAT64_ARRAY{,_V}                   Single, Array of InfoCPUDouble: the same bytes, another name
//	CPUDOUBLE_ARRAY{,_V}                               Array of InfoCPUDouble
//
//	ARRAY{,_TEST}                                      Array
//	BOOL_ARRAY{,_V}                                    Array of InfoBool
//	INT{16,32,64}_ARRAY{,_V}                           Array of InfoInt16, InfoInt32, InfoInt64
//	UINT{8,16,32,64}_ARRAY{,_V}                        Array of InfoUint8, InfoUint16, InfoUint32, InfoUint64
//	{,BOOL_,UINT8_,UINT16_,UINT32_,UINT64_}SUB_ARRAY   Array of a part of the member: t.Regs[2:6]
//	2DARRAY                                            Array2D
//	UINT{8,16,32,64}_2DARRAY{,_V}                      Array2D of InfoUint8, InfoUint16, InfoUint32, InfoUint64
//	ARRAY_INT32_UNSAFE  VARRAY_UINT16_UNSAFE           VArray
//	VARRAY_MULTIPLY                                    VArray with Times
//	VARRAY_{INT32,UINT32}                              VArrayPointer
//	VARRAY_{UINT16,UINT32}_ALLOC                       VArrayAlloc
//	POINTER{,_TEST}                                    Pointer
//	ARRAY_OF_POINTER                                   ArrayOfPointers
//	VARRAY_OF_POINTER_UINT32                           VArrayOfPointers
//
//	STRUCT{,_TEST}                                     Single of a Description
//	VSTRUCT{,_V,_TEST}                                 Single of Description.At
//	STRUCT_POINTER{,_V,_TEST,_TEST_V}                  Pointer to a Description
//	STRUCT_{,SUB_}ARRAY  STRUCT_ARRAY_TEST             Array of a Description
//	STRUCT_2DARRAY{,_TEST}                             Array2D of a Description
//	STRUCT_VARRAY_{UINT8,INT32,UINT32}                 VArray of a Description
//	STRUCT_VARRAY_POINTER_KNOWN                        ArrayPointer to a Description
//	STRUCT_VARRAY_POINTER_{UINT16,INT32,UINT32}        VArrayPointer to a Description
//	STRUCT_VARRAY_ALLOC                                VArrayAlloc of a Description
//	ARRAY_OF_POINTER_TO_STRUCT                         ArrayOfPointers to a Description
//	VARRAY_OF_POINTER_TO_STRUCT_UINT32_ALLOC           VArrayOfPointersAlloc of a Description
//
//	BUFFER{,_V,_TEST}                                  Buffer of the whole member: t.Mac[:]
//	PARTIAL_BUFFER  BUFFER_START_MIDDLE{,_V}           Buffer of a part of it: t.Mac[:4], t.Mac[4:]
//	STATIC_BUFFER                                      Buffer of any part of it
//	BUFFER_UNSAFE                                      BufferUnsafe
//	BUFFER_UNSAFE_INFO{,_TEST}                         Single of NewInfo
//	BUFFER_POINTER_UNSAFE                              BufferPointer
//	{,PARTIAL_}VBUFFER{,_UINT32}  VBUFFER_UINT64       VBuffer
//	VBUFFER_MULTIPLY                                   VBuffer with Times
//	VBUFFER_ALLOC_UINT32                               VBufferAlloc
//	SUB_VBUFFER                                        none: QEMU dropped it; describe a member that points to the part by VBuffer
//	BITMAP{,_TEST}                                     Bitmap
//
//	UNUSED{,_V,_TEST,_BUFFER}                          Unused
//	UNUSED_VARRAY_UINT32                               UnusedVArray
//	VALIDATE                                           Validate
//	WITH_TMP{,_TEST}                                   Tmp
//	QTAILQ_V                                           Single of tailq.Type.Queue
//	QLIST_V                                            Single of qlist.Type.List
//	GTREE_V                                            Single of gtree.Type.Pairs
//	GTREE_DIRECT_KEY_V                                 Single of gtree.DirectPairs
//	GHASH_V                                            none: no stream or document at hand shows what it puts on the wire
//	END_OF_LIST                                        none: a slice knows where it ends
package vmsd
