package show

import (
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

// What is packed is shown in its place, behind the command.
func TestPackage(t *testing.T) {
	list, err := corpus.StreamVectors()
	require.NoError(t, err)
	for _, v := range list {
		if v.ID != "package" {
			continue
		}
		r, err := Stream("p", v.Stream)
		require.NoError(t, err)
		require.Empty(t, r.Errors)
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
		return
	}
	t.Fatal("there is no such vector")
}
