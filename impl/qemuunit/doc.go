// Package qemuunit holds the 23 unit cases of QEMU's vmstate
// (tests/unit/test-vmstate.c) as the 23 subtests of TestQEMUUnit, under QEMU's
// names and with its values and bytes. It has no code.
//
// Each case is run both ways, whichever of them QEMU runs: the object saves to
// the bytes, the bytes load to the object. QEMU's harness writes an end-of-file
// mark, 00, behind most of them, and has loads fail that get nothing, all but two
// bytes, the first half or the second half; here, so does every cut, and each
// leaves memory as it was.
//
// What those cases leave out (subsections, descriptions, whatever fails …) are
// the subtests of TestLeftOutByQEMU, run in the same way.
//
// Out of scope: every combination of these, and limits, which the tests of
// packages vmstate, tailq, qlist and gtree have.
package qemuunit
