package live

import (
	"cmp"
	"slices"
)

// An edit replaces the bytes from from up to to.
type edit struct {
	from, to int64
	with     []byte
}

// render gives a part of the base with those edits made that lie in it. Of edits
// that overlap, the one that is listed first is made: what it replaces it with
// has the others in it, as far as they shall be.
func (b *base) render(from, to int64, edits []edit) []byte {
	var list []edit
	for _, e := range edits {
		inside := from <= e.from && e.to <= to
		if inside && !slices.ContainsFunc(list, func(x edit) bool { return x.from < e.to && e.from < x.to }) {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	for _, e := range list {
		out = append(append(out, b.b[from:e.from]...), e.with...)
		from = e.to
	}
	return append(out, b.b[from:to]...)
}
