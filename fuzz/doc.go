// Package fuzz holds the native fuzz targets on the load path, and nothing
// that other packages could use: all code is in its tests.
//
//	FuzzLoadQTAILQ  one queue, list or tree, of each of a table of elements
//	FuzzLoadState   payloads of schemas that are drawn too, and native Go structs
//	FuzzStream      the stream container
//	FuzzOpen        what a stream is wrapped in
//	FuzzVMDesc      the JSON description
//
// Run one with
//
//	go test ./fuzz -run XXX -fuzz=FuzzLoadQTAILQ -fuzztime=1m -fuzzminimizetime=10x
//
// Without the last flag Go spends up to a minute on making each interesting
// input smaller, and a short run does little else. The name is a pattern: no
// target's name may contain another's. What a target once found is kept in
// testdata/fuzz and tried by every go test.
//
// Where reference and model disagree on a load, or on saving again, the failure
// is printed as a case (package props), with the command that repeats it. What
// goes wrong in native Go structs, or at no limits but those of the target, is
// none: there the failing input alone repeats it.
//
// Seeds are cut from the streams of package corpus when a test runs: queues,
// sections and descriptions, without guest memory. So are its vectors: a case
// that was made a vector is a seed.
package fuzz
