package props

import (
	"vmconform/model"
	"vmconform/props/gen"
	"vmconform/rules"

	"pgregory.net/rapid"
)

var hooks = Property{
	ID:       "hooks",
	Sentence: "pre_load is called before the first field and post_load behind the last subsection, pre_save and post_save likewise; one that fails ends the load or save there.",
	Rules:    []rules.ID{rules.HookCalls, rules.HookSucceeds},
	try: func(t *rapid.T, s *trial) *Failure {
		p := drawSample(t, s, gen.Subsections)
		type member struct {
			of *model.Schema
			*model.Field
		}
		var members []member
		for _, vmsd := range p.hooked() {
			for i := range vmsd.Fields {
				if f := &vmsd.Fields[i]; gen.Numbered(*f) {
					members = append(members, member{vmsd, f})
				}
			}
		}
		if members == nil {
			return nil
		}
		m := rapid.SampledFrom(members).Draw(t, "member")
		for hook := range 4 {
			// What memory holds before a load is most often not what is loaded.
			for _, op := range []string{"==", "!="} {
				schema, copies := gen.Copy(p.Schema)
				h := &copies[m.of].Hooks
				*[]**model.Condition{&h.PreLoad, &h.PostLoad, &h.PreSave, &h.PostSave}[hook] = &model.Condition{Field: m.Name, Op: op, Value: m.Local}
				c := p.Case
				c.Schema = schema
				if f := s.agree(c); f != nil {
					return f
				}
				saved, err := model.Encode(schema, p.value, p.Version)
				c = Case{Do: Save, Schema: schema, Version: p.Version, Value: p.value, Stream: saved, Refuse: asError(err)}
				if f := s.check(c); f != nil {
					return f
				}
			}
		}
		return nil
	},
}

// hooked lists the vmsds in the sample that may have hooks: not keys, nor the
// structs of a tmp.
func (p sample) hooked() []*model.Schema {
	list := []*model.Schema{p.Schema}
	for _, s := range p.only(isVMSD) {
		if s.Kind != model.SpanKey && (s.Field == nil || s.Field.Type != model.TypeTmp) {
			list = append(list, s.Schema)
		}
	}
	return list
}
