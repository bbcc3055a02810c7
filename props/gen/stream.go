package gen

import (
	"encoding/hex"
	"slices"

	"vmconform/model"

	"pgregory.net/rapid"
)

const maxEdits = 3

// A Stream is what a load is given. It prints as hex.
type Stream []byte

// GoString gives the stream in hex, for rapid's log of draws.
func (s Stream) GoString() string { return hex.EncodeToString(s) }

// Streams draws streams for s: valid itself, valid with a few edits, and now
// and then bytes that have nothing to do with it.
func Streams(s *model.Schema, valid []byte) *rapid.Generator[Stream] {
	e := editor{headers: headers(vmsdNames(s))}
	return rapid.Custom(func(t *rapid.T) Stream {
		if rapid.IntRange(0, 9).Draw(t, "unrelated") == 9 {
			return rapid.SliceOfN(telling(), 0, 40).Draw(t, "bytes")
		}
		stream := slices.Clone(valid)
		edit := rapid.Custom(func(t *rapid.T) int {
			stream = rapid.SampledFrom(edits).Draw(t, "edit")(e, t, stream)
			return len(stream)
		})
		rapid.SliceOfN(edit, 0, maxEdits).Draw(t, "edits")
		return stream
	})
}

// An editor draws edits of streams.
type editor struct {
	headers *rapid.Generator[[]byte]
}

// edits lists the edits, the plainest first. None changes what it is given.
var edits = []func(e editor, t *rapid.T, b []byte) []byte{
	editor.truncate, editor.replace, editor.insert, editor.remove, editor.repeat, editor.splice,
}

// telling draws bytes that mean something on the wire more often than others.
func telling() *rapid.Generator[byte] {
	return rapid.OneOf(rapid.SampledFrom([]byte{0x00, 0x01, 0x05, 0x02, 0x30, 0x7f, 0x80, 0xff}), rapid.Byte())
}

// position draws a place from 0 to most, all alike.
func position(most int) *rapid.Generator[int] {
	places := make([]int, most+1)
	for i := range places {
		places[i] = i
	}
	return rapid.SampledFrom(places)
}

func (e editor) truncate(t *rapid.T, b []byte) []byte {
	return b[:position(len(b)).Draw(t, "length")]
}

func (e editor) replace(t *rapid.T, b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	out := slices.Clone(b)
	out[position(len(b)-1).Draw(t, "at")] = telling().Draw(t, "byte")
	return out
}

func (e editor) insert(t *rapid.T, b []byte) []byte {
	at := position(len(b)).Draw(t, "at")
	return slices.Insert(slices.Clone(b), at, rapid.SliceOfN(telling(), 1, 3).Draw(t, "bytes")...)
}

func (e editor) remove(t *rapid.T, b []byte) []byte {
	from, to := e.slice(t, b)
	return slices.Delete(slices.Clone(b), from, to)
}

// repeat doubles a part of the stream where it stands.
func (e editor) repeat(t *rapid.T, b []byte) []byte {
	from, to := e.slice(t, b)
	return slices.Insert(slices.Clone(b), to, b[from:to]...)
}

// splice inserts the header of a subsection of right or wrong name.
func (e editor) splice(t *rapid.T, b []byte) []byte {
	at := position(len(b)).Draw(t, "at")
	return slices.Insert(slices.Clone(b), at, e.headers.Draw(t, "header")...)
}

// slice draws a part of b.
func (e editor) slice(t *rapid.T, b []byte) (from, to int) {
	from = position(len(b)).Draw(t, "from")
	return from, from + position(min(16, len(b)-from)).Draw(t, "length")
}
