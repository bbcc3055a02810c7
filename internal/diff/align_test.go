package diff

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// longest is the length of a longest common subsequence, by its definition.
func longest(a, b []string) int {
	best := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := best[j+1]
			if best[j+1] = max(above, best[j]); a[i] == b[j] {
				best[j+1] = diagonal + 1
			}
			diagonal = above
		}
	}
	return best[len(b)]
}

// pairsFit checks that pairs are of equal elements, ascending.
func pairsFit(t *testing.T, a, b []string, pairs [][2]int) {
	t.Helper()
	last := [2]int{-1, -1}
	for _, p := range pairs {
		require.Greater(t, p[0], last[0])
		require.Greater(t, p[1], last[1])
		require.Equal(t, a[p[0]], b[p[1]])
		last = p
	}
}

func TestAlignIsLongest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	draw := func(letters int) []string {
		s := make([]string, random.IntN(12))
		for i := range s {
			s[i] = string(rune('a' + random.IntN(letters)))
		}
		return s
	}
	for range 20_000 {
		letters := 1 + random.IntN(5)
		a, b := draw(letters), draw(letters)
		pairs := align(a, b)
		pairsFit(t, a, b, pairs)
		require.Len(t, pairs, longest(a, b), "%q %q", a, b)
		mirrored := align(b, a)
		require.Len(t, mirrored, len(pairs))
		for i := range pairs {
			require.Equal(t, [2]int{pairs[i][1], pairs[i][0]}, mirrored[i], "%q %q", a, b)
		}
	}
}

// Beyond the bound, what lies between is held against each other by position.
func TestAlignIsBounded(t *testing.T) {
	letters := func(n int, first rune) []string {
		s := make([]string, n)
		for i := range s {
			s[i] = string(first + rune(i))
		}
		return s
	}
	const n = mostEdits
	for _, c := range []struct{ differ, want int }{
		{n / 2, 2 + 1}, // of n edits: all that is common
		{n/2 + 1, 2},   // of n + 2: what stands at one place
	} {
		a := append(append([]string{"first", "x"}, letters(c.differ, 0x4e00)...), "last")
		b := append(append([]string{"first"}, letters(c.differ, 0x8000)...), "x", "last")
		pairs := align(a, b)
		pairsFit(t, a, b, pairs)
		require.Len(t, pairs, c.want)
	}
	a := append([]string{"first"}, letters(2*n, 0x4e00)...)
	b := append([]string{"first"}, letters(2*n, 0x8000)...)
	b[n] = a[n]
	require.Equal(t, [][2]int{{0, 0}, {n, n}}, align(a, b))
}
