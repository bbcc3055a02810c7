package props

import (
	"vmconform/model"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var roundTrip = Property{
	ID:       "round-trip",
	Sentence: "A value is saved to the bytes that the rules fix, and they load to that value.",
	Rules:    []rules.ID{rules.RoundTrip, rules.QueueOrder, rules.QueueMarker, rules.QueueTerminator, rules.SubsectionOrder, rules.UnusedZero, rules.BoolCanonical, rules.NullMarker},
	try: func(t *rapid.T, s *trial) *Failure {
		c := drawCase(t, s, 0)
		if f := s.saves(c.Schema, c.Value, c.Version); f != nil {
			return f
		}
		stream, err := model.Encode(c.Schema, c.Value, c.Version)
		if err != nil {
			return nil
		}
		// Bytes may be ambiguous, and elements may be loaded at another version
		// than they are saved at: what they mean is for the model to say.
		return s.agree(Case{Schema: c.Schema, Version: c.Version, Stream: stream})
	},
}
