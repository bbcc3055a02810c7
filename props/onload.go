package props

import (
	"vmconform/model"
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
	try: func(t *rapid.T, s Subject) *Failure {
		p := drawSample(t, s, 0)
		l := p.with(gen.Streams(p.schema, p.stream).Draw(t, "stream"))
		l.value = nil
		if f := l.agree(s); f != nil {
			return f
		}
		return savesWhatItLoaded(s, l)
	},
}

// savesWhatItLoaded has s save the value of l again, if it has one.
func savesWhatItLoaded(s Subject, l load) *Failure {
	loaded, err := model.Decode(l.schema, l.stream, l.version, model.Options{})
	if err != nil {
		return nil
	}
	_, f := savedBy(s, l.schema, loaded.Value, l.version)
	return f
}
