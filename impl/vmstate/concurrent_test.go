package vmstate_test

import (
	"sync"
	"testing"

	"vmconform/impl/vmstate"
)

// A description that nobody has used may be used by many at once.
func TestFirstUseByMany(t *testing.T) {
	stream := machineStream(t)
	for range 200 {
		d := describeMachine()
		start := make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				m := newMachine()
				<-start
				if _, err := load(d, m, stream, 2); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
	}
}

// Structs inside each other, first used by several at once, each from another
// depth: none sees one that is ready around one that is not.
func TestFirstUseOfNestedStructs(t *testing.T) {
	const depth = 200
	for range 100 {
		chain := []*vmstate.Description{describePair()}
		for i := range depth {
			chain = append(chain, one(vmstate.StructField("s", 0, 0, chain[i])))
		}
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				<-start
				for n := depth - 10*i; n < depth; n++ {
					if _, err := load(chain[n], new(pair), []byte{1, 2}, chain[n].VersionID); err != nil {
						t.Error(err)
					}
				}
			})
		}
		close(start)
		wg.Wait()
	}
}
