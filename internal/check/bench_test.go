package check_test

import (
	"slices"
	"testing"

	"vmconform/corpus"
	"vmconform/internal/check"
)

// BenchmarkPseries checks a stream whose largest device is an array of 262,144
// numbers.
func BenchmarkPseries(b *testing.B) {
	entries, err := corpus.Entries()
	if err != nil {
		b.Fatal(err)
	}
	i := slices.IndexFunc(entries, func(e corpus.Entry) bool { return e.Name == "pseries-3-events-7.2" })
	s, err := entries[i].Open()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := check.Stream(s, check.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
