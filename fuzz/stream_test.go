package fuzz

import (
	"errors"
	"testing"

	"vmconform/corpus"
	"vmconform/impl/savevm"
	"vmconform/model"
	"vmconform/rules"
)

func FuzzStream(f *testing.F) {
	seeds := streamSeeds(f)
	for _, b := range append(seeds, cutShort(seeds)...) {
		f.Add(b)
	}
	vectors, err := corpus.StreamVectors()
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors {
		f.Add(v.Stream)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		defer hangs()()
		d := &payloadDecoder{limits: limitSets[0]}
		s, err := savevm.Parse(b, d, savevm.Options{})
		if err != nil {
			possible(t, err, len(b))
		}
		if s == nil {
			if !errors.Is(err, savevm.ErrEmpty) && !errors.Is(err, savevm.ErrNotStream) {
				t.Fatalf("no stream: %v", err)
			}
			return
		}
		accounts(t, s, err)
		if e := asError(err); e != nil && e.Class == rules.Truncated && e.Offset != int64(len(b)) && !endsPackage(s.Items, e.Offset) {
			t.Fatalf("nothing ends there: %v", err)
		}
		reencodes(t, s, d)
	})
}

// possible fails unless an error is typed and lies in the input.
func possible(t *testing.T, err error, size int) *rules.Error {
	t.Helper()
	e, ok := err.(*rules.Error)
	if !ok {
		t.Fatalf("an error without class: %v", err)
	}
	if e.Class == "" || e.Offset < 0 || e.Offset > int64(size) {
		t.Fatalf("class or offset is impossible for %d bytes: %v", size, err)
	}
	return e
}

// accounts fails unless each byte of the input belongs to one thing.
func accounts(t *testing.T, s *savevm.Stream, err error) {
	t.Helper()
	by, size := s.BytesBy(), int64(len(s.Bytes))
	if by.Total() != size || min(by.Framing, by.RAM, by.Builtin, by.Decoded, by.Opaque) < 0 {
		t.Fatalf("%d bytes are accounted for as %+v", size, by)
	}
	if len(s.Items) == 0 {
		return
	}
	at := int64(8)
	if s.Config != nil {
		at = s.Config.Offset + s.Config.Size
	}
	at = items(t, s.Items, at, size, err)
	switch {
	case err != nil || s.EOF < 0:
	case s.EOF != at:
		t.Fatalf("the items end at %d, the end marker is at %d", at, s.EOF)
	case s.End <= s.EOF || s.End > size:
		t.Fatalf("the stream ends at %d, with its end marker at %d and %d bytes", s.End, s.EOF, size)
	case s.VMDescOffset >= 0 && s.VMDescOffset != s.EOF+1:
		t.Fatalf("the description is at %d, the end marker at %d", s.VMDescOffset, s.EOF)
	}
}

// items fails unless each item begins where the one before it ends, the first at
// at, and none ends behind end. It returns where the last one ends.
func items(t *testing.T, list []savevm.Item, at, end int64, err error) int64 {
	t.Helper()
	for i, it := range list {
		last := i == len(list)-1
		var off, n int64
		switch {
		case (it.Section == nil) == (it.Command == nil):
			t.Fatalf("item %d is no one thing: %+v", i, it)
		case it.Command != nil:
			off, n = it.Command.Offset, it.Command.Size
			packed(t, it.Command, err, last)
		default:
			off, n = it.Section.Offset, it.Section.Size
			section(t, it.Section, err != nil && last)
		}
		if off != at || n <= 0 || off+n > end {
			t.Fatalf("item %d runs from %d for %d bytes; the one before ends at %d of %d", i, off, n, at, end)
		}
		at = off + n
	}
	return at
}

// packed fails unless what is packed in a command is inside it; with an error,
// only the last command may be cut short or hold what is broken.
func packed(t *testing.T, c *savevm.Command, err error, last bool) {
	t.Helper()
	if c.Code != 7 {
		if c.Items != nil || c.EOF != -1 || c.PackedSize != 0 {
			t.Fatalf("command %d has items: %+v", c.Code, c)
		}
		return
	}
	end := c.Offset + c.Size
	if c.PackedOffset != c.Offset+9 || c.PackedOffset+c.PackedSize != end {
		t.Fatalf("%d bytes packed at %d, in a command of %d bytes at %d", c.PackedSize, c.PackedOffset, c.Size, c.Offset)
	}
	if !last {
		err = nil
	}
	at := items(t, c.Items, c.PackedOffset, end, err)
	if c.EOF != -1 && (c.EOF != at || c.EOF >= end) || c.EOF == -1 && err == nil && at != end {
		t.Fatalf("the packed items end at %d, their end marker is at %d, the package ends at %d", at, c.EOF, end)
	}
}

// endsPackage reports whether the last package, or one in it, ends at an offset.
func endsPackage(list []savevm.Item, off int64) bool {
	if len(list) == 0 || list[len(list)-1].Command == nil {
		return false
	}
	c := list[len(list)-1].Command
	return c.Code == 7 && c.Offset+c.Size == off || endsPackage(c.Items, off)
}

// section fails unless the parts of a section are inside it.
func section(t *testing.T, s *savevm.Section, broken bool) {
	t.Helper()
	end := s.PayloadOffset + s.PayloadSize
	if s.HasFooter {
		end += 5
	}
	if s.PayloadOffset <= s.Offset || s.PayloadSize < 0 || end != s.Offset+s.Size {
		t.Fatalf("%s: payload of %d bytes at %d in a section of %d at %d", s.Path(), s.PayloadSize, s.PayloadOffset, s.Size, s.Offset)
	}
	if s.DecodedSize < 0 || s.DecodedSize > s.PayloadSize {
		t.Fatalf("%s: %d of %d bytes are decoded", s.Path(), s.DecodedSize, s.PayloadSize)
	}
	if s.Coverage == "" || !s.Complete() && !broken {
		t.Fatalf("%s: coverage %q, complete %v", s.Path(), s.Coverage, s.Complete())
	}
	if s.DecodeErr != nil && asError(s.DecodeErr) == nil {
		t.Fatalf("%s: an error without class: %v", s.Path(), s.DecodeErr)
	}
}

// reencodes fails unless the stream is written again as it was: with payloads
// copied, and with payloads saved by the reference from what was decoded.
func reencodes(t *testing.T, s *savevm.Stream, d *payloadDecoder) {
	t.Helper()
	at, n := s.Differs(savevm.Again{})
	if at >= 0 || n.Total() != int64(len(s.Bytes)) {
		t.Fatalf("written again, it differs at %d; %+v of %d bytes", at, n, len(s.Bytes))
	}
	at, n = s.Differs(savevm.Again{Payload: func(sec *savevm.Section) []byte {
		got, read := d.read[sec]
		if !read || sec.Coverage != savevm.CoverageFull || len(got.loaded.Notes) > 0 || !got.wholeVersions(got.loaded) {
			return nil
		}
		if got.loaded.Consumed != sec.PayloadSize {
			t.Fatalf("%s: %d bytes of %d are decoded, and that is all", sec.Path(), got.loaded.Consumed, sec.PayloadSize)
		}
		return got.saved(t)
	}})
	if at >= 0 {
		t.Fatalf("saved again, it differs at %d; %+v", at, n)
	}
}

// saved is what the reference writes of a decoded payload.
func (d decoded) saved(t *testing.T) []byte {
	t.Helper()
	if values(d.loaded.Value) > maxWeight {
		out, err := model.Encode(d.schema, d.loaded.Value, d.version)
		if err != nil {
			d.failf(t, "the model cannot save what it loaded: %v", err)
		}
		return out
	}
	loaded, err := d.agree(t, true)
	if err != nil {
		d.failf(t, "refused when loaded again: %v", err)
	}
	d.resaves(t, loaded)
	out, failed := d.ref.Save(d.schema, loaded.Value, d.version)
	if failed != nil {
		d.fail(t, d.asksToSave(loaded.Value), "the reference cannot save what it loaded: %v", failed)
	}
	return out
}
