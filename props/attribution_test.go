package props

import (
	"errors"
	"testing"

	"vmconform/model"
	"vmconform/rules"

	"github.com/stretchr/testify/require"
)

// loads is the reference, which loads as it is told.
func loads(value uint64, err error) *altered {
	return &altered{load: func(*model.Schema, []byte, uint32) (model.Loaded, error) {
		return model.Loaded{Value: &model.Struct{Fields: []model.Value{model.Uint(value)}}, Consumed: 1}, err
	}}
}

func TestWhoStandsAlone(t *testing.T) {
	seven := plainest(Caps{})[0]
	eight := seven
	eight.Value = &model.Struct{Fields: []model.Value{model.Uint(8)}}
	limit := &rules.Error{Class: rules.Limit, Offset: 3, Path: "x"}
	for _, c := range []struct {
		name  string
		c     Case
		s     Subject
		alone Alone
		say   string
	}{
		{"another value", seven, loads(8, nil), TargetAlone, `takes 1 bytes, reads {"x":8}`},
		{"an error", seven, loads(0, limit), TargetAlone, `refuses: limit at 3 in "x"`},
		{"no answer", seven, loads(0, errors.New("so\nthere")), TargetAlone, "no answer: so"},
		{"a breakdown", seven, loads(0, &Breakdown{Kind: Crash, What: "boom"}), TargetAlone, "no answer: crash"},
		{"a case that is wrong", eight, loads(7, nil), CaseAlone, `takes 1 bytes, reads {"x":7}`},
		{"a case and a target that are wrong", eight, loads(9, nil), TargetAlone, `takes 1 bytes, reads {"x":9}`},
	} {
		f := c.c.Try(c.s)
		require.NotNil(t, f, c.name)
		require.Equal(t, c.alone, f.Attribution.Alone, c.name)
		require.Equal(t, c.say, f.Attribution.Target, c.name)
		require.Equal(t, `takes 1 bytes, reads {"x":7}`, f.Attribution.Reference, c.name)
		require.Equal(t, f.Attribution.Reference, f.Attribution.Model, c.name)
	}
}

// Three answers, whoever gives them.
func TestWhoOfThreeStandsAlone(t *testing.T) {
	ask := func(target, reference, oracle answer) Alone {
		return alone(plainest(Caps{})[0], Caps{}, target, reference, oracle)
	}
	reads := func(n uint64) answer {
		return answer{loaded: model.Loaded{Value: &model.Struct{Fields: []model.Value{model.Uint(n)}}, Consumed: 1}}
	}
	down := answer{err: errPanic}
	require.Equal(t, TargetAlone, ask(reads(1), reads(2), reads(2)))
	require.Equal(t, ReferenceAlone, ask(reads(2), reads(1), reads(2)))
	require.Equal(t, ReferenceAlone, ask(reads(2), down, reads(2)))
	require.Equal(t, ModelAlone, ask(reads(2), reads(2), reads(1)))
	require.Equal(t, NobodyAlone, ask(reads(1), reads(2), reads(3)))
	require.Equal(t, NobodyAlone, ask(down, down, reads(3)))
	require.Equal(t, CaseAlone, ask(reads(2), reads(2), reads(2)))
}
