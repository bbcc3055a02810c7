package diff

import "slices"

// mostEdits bounds the work of align: elements that are not in both, after what
// both begin and end with. Memory grows with its square (8 MB), time
// with its product with the lengths.
const mostEdits = 1000

// align returns places of equal elements in a and b, ascending in both: a
// longest common subsequence, by Myers, An O(ND) Difference Algorithm and Its
// Variations, 1986. Where the two have more than mostEdits elements that are not
// common, those between the beginning and the end that they share are held
// against each other by position. With a and b exchanged so are the places.
func align(a, b []string) [][2]int {
	if slices.Compare(a, b) > 0 {
		pairs := align(b, a)
		for i, p := range pairs {
			pairs[i] = [2]int{p[1], p[0]}
		}
		return pairs
	}
	var pairs [][2]int
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		pairs = append(pairs, [2]int{from, from})
		from++
	}
	same := 0 // at the end
	for same < min(len(a), len(b))-from && a[len(a)-1-same] == b[len(b)-1-same] {
		same++
	}
	x, y := a[from:len(a)-same], b[from:len(b)-same]
	between, ok := common(x, y)
	if !ok {
		between = between[:0]
		for i := range min(len(x), len(y)) {
			if x[i] == y[i] {
				between = append(between, [2]int{i, i})
			}
		}
	}
	for _, p := range between {
		pairs = append(pairs, [2]int{from + p[0], from + p[1]})
	}
	for i := same; i > 0; i-- {
		pairs = append(pairs, [2]int{len(a) - i, len(b) - i})
	}
	return pairs
}

// common finds a longest common subsequence, unless that takes more than
// mostEdits. On diagonal k, where the place in a is k ahead of that in b,
// v[zero+k] is the farthest place in a that so many edits reach.
func common(a, b []string) (pairs [][2]int, ok bool) {
	limit := min(mostEdits, len(a)+len(b))
	zero := limit + 1
	v := make([]int, 2*limit+3)
	var before [][]int // of d edits: v[zero-d-1:zero+d+2] before them
	for d := 0; d <= limit; d++ {
		before = append(before, slices.Clone(v[zero-d-1:zero+d+2]))
		for k := -d; k <= d; k += 2 {
			x := v[zero+k-1] + 1
			if down(v, zero, k, d) {
				x = v[zero+k+1]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			v[zero+k] = x
			if x >= len(a) && x-k >= len(b) {
				return back(before, len(a), len(b)), true
			}
		}
	}
	return nil, false
}

// down: the d-th edit that reaches diagonal k takes an element of b.
func down(v []int, zero, k, d int) bool {
	return k == -d || k != d && v[zero+k-1] < v[zero+k+1]
}

// back collects the equal elements on the way that led to the ends x and y.
func back(before [][]int, x, y int) [][2]int {
	var pairs [][2]int
	for d := len(before) - 1; d >= 0; d-- {
		v, zero := before[d], d+1
		k := x - y
		from, edited := k-1, v[zero+k-1]+1
		if down(v, zero, k, d) {
			from, edited = k+1, v[zero+k+1]
		}
		for x > edited {
			x, y = x-1, y-1
			pairs = append(pairs, [2]int{x, y})
		}
		x = v[zero+from]
		y = x - from
	}
	slices.Reverse(pairs)
	return pairs
}
