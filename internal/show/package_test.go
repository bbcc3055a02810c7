package show

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

// What is packed is shown in its place, behind the command.
func TestPackage(t *testing.T) {
	r := vector(t, "package")
	require.Len(t, r.Commands, 1)
	require.Equal(t, "PACKAGED", r.Commands[0].Name)
	require.Len(t, r.Sections, 1)
	require.Len(t, r.Sections[0].Parts, 1)
	require.Equal(t, "globalstate", r.Devices[0].Name)
	require.Equal(t, "full", r.Devices[0].Decoded)
	var at []int64
	for _, x := range []Extent{r.Sections[0].Extent, r.Commands[0].Extent, r.Sections[0].Parts[0].Extent, r.Devices[0].Extent} {
		at = append(at, x.Offset)
	}
	require.IsIncreasing(t, at)
	require.Len(t, r.order, 4)
}

// A tree's pairs have their markers and keys, and the latter are no fields of the
// values beside them.
func TestTree(t *testing.T) {
	r := vector(t, "tree-described")
	require.Equal(t, "full", r.Devices[0].Decoded)
	pairs := r.Devices[0].Fields[0].Elements
	require.Len(t, pairs, 2)
	key := pairs[1].Fields[0]
	require.Equal(t, byte(1), *pairs[1].Marker)
	require.Equal(t, [3]string{"key", "dev/t[1]/key", "uint64"}, [3]string{key.Name, key.Path, key.Type})
	text, err := json.Marshal(key.Value)
	require.NoError(t, err)
	require.Equal(t, `"6"`, string(text))
	pair := pairs[1].Fields[1].Elements[0]
	require.Equal(t, [3]string{"key", "struct", "k"}, [3]string{pair.Fields[0].Name, pair.Fields[0].Type, pair.Fields[0].VMSD})
	require.Equal(t, "k", pair.Fields[0].Fields[0].Name)
	require.Equal(t, "v", pair.Fields[1].Name)
}

// vector shows a stream vector that has nothing wrong.
func vector(t *testing.T, id string) *Report {
	t.Helper()
	list, err := corpus.StreamVectors()
	require.NoError(t, err)
	i := slices.IndexFunc(list, func(v corpus.StreamVector) bool { return v.ID == id })
	require.GreaterOrEqual(t, i, 0, "there is no such vector")
	r, err := Stream(id, list[i].Stream)
	require.NoError(t, err)
	require.Empty(t, r.Errors)
	return r
}
