package record_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
	"vmconform/internal/record"
)

// What the corpus says of its hand-made streams is what real QEMUs do with them:
// what is accepted, with a warning or without, they load, and nothing else.
func TestStreamVectors(t *testing.T) {
	vectors, err := corpus.StreamVectors()
	require.NoError(t, err)
	versions := []string{"7.2", "10.0"} // of record.Installs
	onEach(t, "x86_64", machineNone, func(t *testing.T, ctx context.Context, options record.Options) {
		version := versions[slices.IndexFunc(record.Installs(), func(i record.Install) bool { return t.Name() == "TestStreamVectors/"+i.Name })]
		asked := 0
		for _, v := range vectors {
			if !slices.Contains(v.QEMU, version) {
				continue
			}
			asked++
			t.Run(v.ID, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "stream")
				require.NoError(t, os.WriteFile(path, v.Stream, 0o666))
				err := record.Load(ctx, options, path)
				if v.Expect == "pass" || v.Expect == "warn" {
					require.NoError(t, err)
					return
				}
				var refused *record.RefusedError
				require.ErrorAs(t, err, &refused)
				require.False(t, refused.Crashed)
			})
		}
		require.NotZero(t, asked)
	})
}
