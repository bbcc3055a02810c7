package props

import (
	"vmconform/model"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var roundTrip = Property{
	ID:       "round-trip",
	Sentence: "A value is saved to the bytes that the rules fix, and they load to that value.",
	Rules: []rules.ID{
		rules.RoundTrip, rules.WireInteger, rules.WireBitmap, rules.FieldOnWire, rules.CountWhenReached,
		rules.QueueOrder, rules.QueueMarker, rules.QueueTerminator, rules.SubsectionNeeded, rules.SubsectionOrder,
		rules.UnusedZero, rules.BoolCanonical, rules.NullMarker,
	},
	try: func(t *rapid.T, s *trial) *Failure {
		c := drawCase(t, s, 0)
		if f := s.saves(c.Schema, c.Value, c.Version); f != nil {
			return f
		}
		stream, err := model.Encode(c.Schema, c.Value, c.Version)
		if err != nil {
			return nil
		}
		loaded, err := model.Decode(c.Schema, stream, c.Version, model.Options{})
		if whole := loaded.Consumed == int64(len(stream)); err != nil || !whole || loaded.Notes != nil || !model.Equal(c.Value, loaded.Value) {
			// Data that looks like a subsection, or elements that are loaded at another
			// version than they are saved at: see agreeOnLoad.
			return nil
		}
		return s.check(Case{Schema: c.Schema, Version: c.Version, Stream: stream}.answered(loaded, nil))
	},
}
