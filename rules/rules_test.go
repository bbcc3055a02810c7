package rules

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// constants are those of a type, read from the source: the compiler lists none.
func constants[T ~string](t *testing.T, source, of string) []T {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []T
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if name, ok := v.Type.(*ast.Ident); !ok || name.Name != of {
				continue
			}
			value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, T(value))
		}
	}
	return found
}

func TestEveryRuleIsRegisteredOnce(t *testing.T) {
	declared := constants[ID](t, "registry.go", "ID")
	if len(declared) != len(Registry) {
		t.Errorf("%d ids are declared and %d rules registered", len(declared), len(Registry))
	}
	seen := map[ID]bool{}
	for _, r := range Registry {
		if seen[r.ID] {
			t.Errorf("%s is registered twice", r.ID)
		}
		seen[r.ID] = true
	}
	for _, id := range declared {
		if !seen[id] {
			t.Errorf("%s is not registered", id)
		}
	}
}

func TestClassesAreAllOfThem(t *testing.T) {
	if declared := constants[Class](t, "rules.go", "Class"); !slices.Equal(declared, Classes) {
		t.Errorf("declared are %v", declared)
	}
}

func TestRulesAreWhole(t *testing.T) {
	word := regexp.MustCompile(`^[a-z][a-z-]*/[a-z][a-z0-9-]*$`)
	for _, r := range Registry {
		switch {
		case !word.MatchString(string(r.ID)):
			t.Errorf("%s: an id is words", r.ID)
		case r.Sentence == "" || r.Sentence[len(r.Sentence)-1] != '.':
			t.Errorf("%s: no sentence", r.ID)
		case r.Source == "":
			t.Errorf("%s: no source", r.ID)
		}
		switch r.Severity {
		case SeverityError, SeverityWarning, SeverityNote:
		default:
			t.Errorf("%s: severity %q", r.ID, r.Severity)
		}
	}
}

func TestErrorTellsClassAndCause(t *testing.T) {
	cause := errors.New("no room")
	err := fmt.Errorf("loading: %w", &Error{Class: Hook, Offset: 12, Path: "a/b[1]", Rule: HookSucceeds, Cause: cause})
	for _, target := range []error{Hook, cause} {
		if !errors.Is(err, target) {
			t.Errorf("%v is not %v", err, target)
		}
	}
	if errors.Is(err, Truncated) {
		t.Errorf("%v is truncated", err)
	}
	want := "loading: hook at offset 12 in a/b[1] [vmstate/hook-succeeds]: no room"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestLimitsWithDefaults(t *testing.T) {
	got := Limits{Elements: 7}.WithDefaults()
	want := Limits{Depth: DefaultDepth, Elements: 7, Bytes: DefaultBytes}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
