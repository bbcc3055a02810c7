package model

import (
	"bytes"
	"math/rand"
	"testing"

	"vmconform/rules"
)

// Whatever is made of a stream, a load ends in a value or in a *rules.Error
// that lies within the input; a value without notes is saved to the bytes that
// were consumed.
func TestMutatedStreams(t *testing.T) {
	every, err := Encode(everySchema(), everyValue(), 1)
	noError(t, err)
	seeds := []struct {
		schema *Schema
		stream []byte
	}{
		{everySchema(), every},
		{deviceSchema(), wire(t, "07"+devA+"01"+devAN+"02"+devB+"03"+devC+"04")},
		{richSchema(), wire(t, richStream)},
		{iommuSchema, wire(t, iommu7)},
		{keyedSchema(), wire(t, "00000002 01 (0001 00 aabb 05) 01  01 (ffff 01 0000 05) 02 00")},
		{nodeSchema(), wire(t, "01 (01 02 00) (01 03 (01 04 00) 00) 00")},
		{machineSchema, wire(t, "1122334455667788 05 14 73706170725f70656e64696e675f6576656e7473 00000001 01 80000001 00000003 aabbcc 00")},
	}
	bytesOfInterest := []byte{0, 1, 2, 4, 5, 0x30, 0x7f, 0x80, 0xff}
	r := rand.New(rand.NewSource(1))
	verdicts := map[rules.Class]int{}
	for range rounds() {
		seed := seeds[r.Intn(len(seeds))]
		b := bytes.Clone(seed.stream)
		for range 1 + r.Intn(3) {
			i := r.Intn(len(b))
			switch r.Intn(4) {
			case 0:
				b[i] = bytesOfInterest[r.Intn(len(bytesOfInterest))]
			case 1:
				b = append(b[:i], b[min(i+1+r.Intn(4), len(b)-1):]...)
			case 2:
				b = append(b[:i:i], append([]byte{byte(r.Intn(256))}, b[i:]...)...)
			case 3:
				b[i] ^= 1 << r.Intn(8)
			}
		}
		o := Options{All: r.Intn(2) == 0, Spans: r.Intn(2) == 0}
		got, err := Decode(seed.schema, b, seed.schema.Version, o)
		if err != nil {
			v := verdictOf(t, err)
			if v.Offset < 0 || v.Offset > int64(len(b)) || v.Rule == "" {
				t.Fatalf("% x: %v", b, err)
			}
			verdicts[v.Class]++
			continue
		}
		verdicts[""]++
		if got.Notes != nil {
			continue
		}
		saved, err := Encode(seed.schema, got.Value, seed.schema.Version)
		noError(t, err)
		equal(t, b[:got.Consumed], saved)
		text, err := MarshalValue(seed.schema, got.Value)
		noError(t, err)
		back, err := UnmarshalValue(seed.schema, text)
		noError(t, err)
		if !Equal(got.Value, back) || len(Diff(got.Value, back, seed.schema)) != 0 {
			t.Fatalf("%s is another value", text)
		}
	}
	// An oracle that always says the same would pass the above.
	for _, class := range []rules.Class{"", rules.Truncated, rules.Mismatch, rules.UnknownSubsection, rules.VersionTooNew, rules.VersionTooOld, rules.TrailingData,
		rules.OutOfRange, rules.CountMismatch, rules.MissingField} {
		if verdicts[class] == 0 {
			t.Errorf("no stream with the verdict %q: %v", class, verdicts)
		}
	}
}
