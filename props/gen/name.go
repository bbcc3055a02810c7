package gen

import (
	"slices"
	"strings"

	"vmconform/model"

	"pgregory.net/rapid"
)

const (
	maxName       = 255
	maxParentName = maxName - 4 // leaves room for what subsectionName appends
)

// vmsdName is the plain name of the i-th vmsd of a schema.
func vmsdName(i int) string { return string(rune('a' + i%26)) }

// name draws the name of a vmsd that is no subsection. The names that provoke
// the peek rule are short, so that data looks like them, and prefixes of each
// other, so that one vmsd takes another's subsection for its own.
func (b *builder) name(t *rapid.T) string {
	choice := []string{vmsdName(b.vmsds)}
	if b.features.has(Captures) {
		choice = append(choice, "a", "ab", "a/")
	}
	if b.features.has(Names) {
		choice = append(choice, "a vmsd/with[1]")
		if rapid.IntRange(0, 9).Draw(t, "long name") == 9 {
			choice = []string{strings.Repeat("n", maxParentName), strings.Repeat("n", maxName)}
		}
	}
	return rapid.SampledFrom(choice).Draw(t, "name")
}

// subsectionName draws a name that the peek rule finds for a subsection of
// parent: longer than the parent's, which is its prefix, and unlike its
// siblings'. Captures leaves the slash out or continues a sibling's name, for
// which the sibling then asks in vain.
func (b *builder) subsectionName(t *rapid.T, parent *model.Schema) string {
	letter := vmsdName(len(parent.Subsections))
	choice := []string{parent.Name + "/" + letter}
	if b.features.has(Captures) {
		choice = append(choice, parent.Name+letter)
		if n := len(parent.Subsections); n > 0 && len(parent.Subsections[n-1].Name) < maxParentName {
			choice = append(choice, parent.Subsections[n-1].Name+"/"+letter)
		}
	}
	if b.features.has(Names) && rapid.IntRange(0, 9).Draw(t, "long name") == 9 {
		longest := parent.Name + letter
		choice = append(choice, longest+strings.Repeat("n", maxName-len(longest)))
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(parent.Subsections, func(s *model.Schema) bool { return s.Name == name })
	}
	choice = slices.DeleteFunc(choice, taken)
	return rapid.SampledFrom(choice).Draw(t, "subsection name")
}

// vmsdNames lists the names of all vmsds that s reaches, its own first.
func vmsdNames(s *model.Schema) []string {
	var names []string
	for _, s := range VMSDs(s) {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// VMSDs lists what s reaches, itself first.
func VMSDs(s *model.Schema) []*model.Schema {
	var list []*model.Schema
	seen := map[*model.Schema]bool{}
	var visit func(*model.Schema)
	visit = func(s *model.Schema) {
		if seen[s] {
			return
		}
		seen[s] = true
		list = append(list, s)
		for _, e := range below(s) {
			visit(e)
		}
	}
	visit(s)
	return list
}

// below lists what s holds or refers to, without what that does.
func below(s *model.Schema) []*model.Schema {
	var list []*model.Schema
	for _, f := range s.Fields {
		for _, e := range slices.Concat([]*model.Schema{f.Elem, f.Key}, f.Elems) {
			if e != nil {
				list = append(list, e)
			}
		}
	}
	return append(list, s.Subsections...)
}
