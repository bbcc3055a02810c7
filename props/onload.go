package props

import (
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var agreeOnLoad = Property{
	ID:       "agree-on-load",
	Sentence: "Any stream is accepted or refused as the rules say: value, bytes taken and notes, or class, offset and path.",
	Rules: []rules.ID{
		rules.ItemComplete, rules.BoolCanonical, rules.UnusedZero, rules.NullMarker, rules.CountRange,
		rules.SubsectionKnown, rules.SubsectionOrder, rules.SubsectionRepeated, rules.QueueMarker, rules.QueueTerminator,
		rules.RoundTrip,
	},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, 0)
		c := p.with(gen.Streams(p.Schema, p.Stream).Draw(t, "stream")).decoded()
		if f := s.check(c); f != nil || c.Refuse != nil {
			return f
		}
		return s.saves(c.Schema, c.Value, c.Version)
	},
}
