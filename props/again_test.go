package props

import (
	"testing"

	"vmconform/model"

	"github.com/stretchr/testify/require"
)

// apart is a subject in what might be another process: answer is told how many loads
// there were in all, and in this process, and says how this one is to end; nil as in
// the reference.
type apart struct {
	*altered
	answer             func(all, here int) error
	all, here, settles int
	settled            error
}

func (a *apart) Restart()      { a.here = 0 }
func (a *apart) Settle() error { a.settles++; return a.settled }

func newApart(answer func(all, here int) error) *apart {
	a := &apart{altered: &altered{}, answer: answer}
	a.load = func(s *model.Schema, stream []byte, version uint32) (model.Loaded, error) {
		a.all++
		a.here++
		if err := a.answer(a.all, a.here); err != nil {
			return model.Loaded{}, err
		}
		return a.reference.Load(s, stream, version)
	}
	return a
}

// A wrong answer is asked for again, where the subject was and in a new process; one
// that does not come again decides nothing.
func TestAskedAgain(t *testing.T) {
	refusal := plainest(Caps{})[1].Refuse
	for name, c := range map[string]struct {
		answer func(all, here int) error
		again  []string
	}{
		"always": {func(int, int) error { return refusal }, nil},
		"once": {func(all, _ int) error {
			if all == 1 {
				return refusal
			}
			return nil
		}, []string{"in the same process: the right answer", "in a new process: the right answer"}},
		"in the first process": {func(all, here int) error {
			if all == here {
				return refusal
			}
			return nil
		}, []string{`in the same process: refuses: truncated at 0 in "x"`, "in a new process: the right answer"}},
		"and then skipped": {func(all, here int) error {
			if all == 1 {
				return refusal
			}
			return &Skipped{"not now"}
		}, []string{"in the same process: skipped", "in a new process: skipped"}},
		"crashes once": {func(all, here int) error {
			if all == 1 {
				return &Breakdown{Kind: Crash}
			}
			return nil
		}, []string{"in a new process: the right answer"}},
		"crashes": {func(int, int) error { return &Breakdown{Kind: Crash} }, nil},
	} {
		s := newApart(c.answer)
		f := plainest(Caps{})[0].Try(s)
		require.NotNil(t, f, name)
		require.Equal(t, c.again, f.Again, name)
		require.Equal(t, c.again == nil, f.Decides(), name)
	}
}

// What took time is not asked for again, and silence decides nothing.
func TestSlowIsNotAskedAgain(t *testing.T) {
	for kind, decides := range map[BreakdownKind]bool{Silent: false, Unasked: true, Flood: true} {
		s := newApart(func(int, int) error { return &Breakdown{Kind: kind} })
		f := plainest(Caps{})[0].Try(s)
		require.Equal(t, decides, f.Decides(), kind)
		require.Equal(t, 1, s.all)
		require.Equal(t, TargetAlone, f.Attribution.Alone)
	}
}

// A subject that breaks down on everything is given up, in the same place each time.
func TestSpent(t *testing.T) {
	for kind, most := range map[BreakdownKind]int{Crash: maxBreakdowns, Garbage: maxBreakdowns, Silent: maxSlow, Flood: maxSlow} {
		var asked [2]int
		for i := range asked {
			s := newApart(func(int, int) error { return &Breakdown{Kind: kind} })
			r := Run(truncation, s, Options{Seed: 1, Cases: 1000})
			require.Len(t, r.Found, 1)
			require.Equal(t, kind != Silent, r.Found[0].Decides())
			require.True(t, r.Ended)
			require.Contains(t, r.Problem, "gave no answer")
			require.Less(t, r.Cases, 100)
			asked[i] = s.all
		}
		require.GreaterOrEqual(t, asked[0], most, kind)
		require.LessOrEqual(t, asked[0], most+2, kind) // it may be asked again by then
		require.Equal(t, asked[0], asked[1])
	}
}

// A failure that decides nothing does not hide one that does and looks the same.
func TestUnsureIsReplaced(t *testing.T) {
	refusal := plainest(Caps{})[1].Refuse
	s := newApart(func(all, _ int) error {
		if all == 1 || all > 20 {
			return refusal
		}
		return nil
	})
	r := Run(rest, s, Options{Seed: 1, Cases: 100, Quick: true})
	at := r.Found[0]
	require.Equal(t, "answers/rest:load:refuses-truncated", at.Fingerprint())
	require.True(t, at.Decides())
	require.Greater(t, at.Case, 1)

	// But where nothing decides, it ends.
	again := 0
	s = newApart(func(_, here int) error {
		if here == 0 || again%3 > 0 { // asked again
			again++
			return nil
		}
		again++
		return refusal
	})
	r = Run(rest, s, Options{Seed: 1, Cases: 100})
	require.Equal(t, 100, r.Cases)
	for _, f := range r.Found {
		require.False(t, f.Decides())
	}
}

// The plainest cases fail who goes on talking, and ask who cannot load to save.
func TestSane(t *testing.T) {
	s := newApart(func(int, int) error { return nil })
	f, asked := Sane(s)
	require.Nil(t, f)
	require.True(t, asked)
	require.Equal(t, 2, s.settles)
	s.settled = &Breakdown{Kind: Unasked}
	f, _ = Sane(s)
	require.Equal(t, string(Unasked), f.Kind)
	require.True(t, f.Decides())

	s = newApart(func(int, int) error { t.Error("asked to load"); return nil })
	s.caps = Caps{NoLoad: true}
	f, asked = Sane(s)
	require.Nil(t, f)
	require.True(t, asked)
	s.save = func(*model.Schema, *model.Struct, uint32) ([]byte, error) { return []byte{7}, nil }
	f, _ = Sane(s)
	require.Equal(t, "sanity:save:accepts-version-too-new", f.Fingerprint())

	f, asked = Sane(newApart(func(int, int) error { return &Skipped{"no"} }))
	require.Nil(t, f)
	require.False(t, asked)
}
