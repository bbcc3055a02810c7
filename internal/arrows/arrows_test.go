// Package arrows holds the test that the packages of the module use each other
// in one direction only. It has no code.
package arrows

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "vmconform"

// ranks: a package may import those of a lower rank, and its own kind. Model and
// impl have one rank, so that neither imports the other.
var ranks = map[string]int{
	"rules":    0,
	"docs":     0,
	"corpus":   0,
	"model":    1,
	"impl":     1,
	"bind":     2,
	"props":    3,
	"internal": 4,
	"cmd":      5,
	"fuzz":     5,

	"corpus/record": 5, // a command
}

// Below props the standard library has to do, but for these.
var foreign = map[string][]string{
	"impl/savevm": {"github.com/go-json-experiment/json/jsontext"},
	"corpus":      {"github.com/klauspost/compress/zstd"},
}

// Inside impl the containers stand on the engine and its typed descriptions, and
// who writes a description on its text.
var siblings = map[string][]string{
	"impl/vmsd":    {"impl/vmstate"},
	"impl/tailq":   {"impl/vmstate", "impl/vmsd"},
	"impl/qlist":   {"impl/vmstate", "impl/vmsd"},
	"impl/gtree":   {"impl/vmstate", "impl/vmsd"},
	"impl/vmstate": {"impl/jsonwriter"},
	"impl/savevm":  {"impl/jsonwriter"},
}

// kind gives the key of a package's rank.
func kind(pkg string) string {
	if _, ok := ranks[pkg]; ok {
		return pkg
	}
	top, _, _ := strings.Cut(pkg, "/")
	return top
}

// wrong says why a package, named by its folder, must not import another, or "".
func wrong(pkg, imported string) string {
	from, known := ranks[kind(pkg)]
	if !known {
		return "a folder without a place in the order"
	}
	inside, ok := strings.CutPrefix(imported, module+"/")
	if !ok {
		first, _, _ := strings.Cut(imported, "/")
		standard := !strings.Contains(first, ".")
		if standard || from >= ranks["props"] || slices.Contains(foreign[pkg], imported) {
			return ""
		}
		return "the standard library has to do"
	}
	to, known := ranks[kind(inside)]
	switch {
	case !known:
		return "a folder without a place in the order"
	case to < from:
		return ""
	case kind(pkg) != kind(inside):
		return "the arrow points the other way"
	case kind(pkg) == "impl" && !slices.Contains(siblings[pkg], inside):
		return "the packages of impl stand side by side"
	}
	return ""
}

// imports lists the imports of every package of the tree, tests left out.
func imports(tree fs.FS) (map[string][]string, error) {
	found := map[string][]string{}
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if e.IsDir() {
			if name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			found[pkg] = append(found[pkg], p)
		}
		return nil
	})
	return found, err
}

func TestArrows(t *testing.T) {
	found, err := imports(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"rules", "model", "impl/vmstate", "impl/tailq", "impl/savevm", "bind", "props"} {
		if len(found[pkg]) == 0 {
			t.Errorf("%s is not found", pkg)
		}
	}
	for pkg, list := range found {
		for _, p := range list {
			if why := wrong(pkg, p); why != "" {
				t.Errorf("%s imports %s: %s", pkg, p, why)
			}
		}
	}
}

// The test's own test: imports that are wrong on purpose, each in one way.
func TestWrongArrows(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		ok            bool
	}{
		{"cmd/conform", "vmconform/internal/check", true},
		{"internal/check", "vmconform/props", true},
		{"internal/check", "vmconform/internal/report", true},
		{"bind", "vmconform/model", true},
		{"impl/tailq", "vmconform/impl/vmstate", true},
		{"impl/tailq", "vmconform/impl/vmsd", true},
		{"impl/savevm", "github.com/go-json-experiment/json/jsontext", true},
		{"props", "pgregory.net/rapid", true},
		{"corpus/record", "vmconform/internal/record", true},
		{"model", "encoding/binary", true},

		{"model", "vmconform/impl/vmstate", false},
		{"impl/vmstate", "vmconform/model", false},
		{"model", "vmconform/bind", false},
		{"impl/vmstate", "vmconform/impl/tailq", false},
		{"impl/vmstate", "vmconform/impl/vmsd", false},
		{"impl/savevm", "vmconform/impl/vmstate", false},
		{"impl/vmstate", "github.com/go-json-experiment/json/jsontext", false},
		{"model", "pgregory.net/rapid", false},
		{"bind", "vmconform/props", false},
		{"bind", "pgregory.net/rapid", false},
		{"props/gen", "vmconform/internal/check", false},
		{"internal/check", "vmconform/cmd/conform", false},
		{"rules", "vmconform/model", false},
		{"corpus", "vmconform/internal/record", false},
		{"bind", "vmconform/elsewhere", false},
		{"elsewhere", "fmt", false},
	} {
		t.Run(fmt.Sprint(c.pkg, " imports ", c.imported), func(t *testing.T) {
			if why := wrong(c.pkg, c.imported); (why == "") != c.ok {
				t.Errorf("%q", why)
			}
		})
	}
}
