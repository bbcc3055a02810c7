package live

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

func stream(t *testing.T, name string) []byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name == name {
			b, err := e.Open()
			require.NoError(t, err)
			return b
		}
	}
	t.Fatal("no such stream: ", name)
	return nil
}

var bases = []string{"pseries-3-events-7.2", "pseries-3-events-10.0", "s390x-3-crws-7.2", "s390x-3-crws-10.0"}

func TestRules(t *testing.T) {
	for _, name := range bases {
		t.Run(name, func(t *testing.T) {
			b, err := newBase(stream(t, name))
			require.NoError(t, err)
			for _, q := range b.queues {
				t.Log(q.path, len(q.list))
			}
			for _, kind := range kinds {
				seen := map[[sha256.Size]byte]bool{}
				n := 0
				for i := range 25 {
					v := b.draw(1, kind, i, seen)
					if v == nil {
						continue
					}
					n++
					for who, m := range map[string]mind{"model": modelMind, "reference": referenceMind} {
						if why := b.opinion(v.stream, m).misses(v, b); why != "" {
							t.Errorf("%s %s %s (%s): %s %s", v.id, v.shape.name, v.shape.expect, v.what, who, why)
						}
					}
				}
				t.Log(kind, n)
			}
		})
	}
}
