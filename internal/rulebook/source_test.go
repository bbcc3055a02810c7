package rulebook

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmconform/rules"
)

const module = "vmconform"

// A checker type-checks the packages of the module from their source, tests left
// out. What they import from elsewhere it leaves unknown, and so is the type of
// whatever is made of that; no rule is.
type checker struct {
	files fs.FS
	set   *token.FileSet
	done  map[string]*types.Package
	wrong []string // what names no rule
	seen  int      // constants that are ids, and records that carry one
}

func (c *checker) Import(name string) (*types.Package, error) {
	dir, ok := strings.CutPrefix(name, module+"/")
	if !ok {
		return nil, errors.New("not looked at")
	}
	if p := c.done[name]; p != nil {
		return p, nil
	}
	list, err := fs.ReadDir(c.files, dir)
	if err != nil {
		return nil, err
	}
	var parsed []*ast.File
	for _, e := range list {
		file := path.Join(dir, e.Name())
		if e.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(c.files, file)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(c.set, file, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: c, Error: func(error) {}} // what is unknown
	p, _ := config.Check(name, c.set, parsed, info)
	c.done[name] = p
	for _, f := range parsed {
		c.look(f, info)
	}
	return p, nil
}

// look demands that every constant that is the id of a rule is registered, but
// for one that something is compared with, and that every record that carries
// one has one. A record without members stands for none.
func (c *checker) look(f *ast.File, info *types.Info) {
	compared := map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			compared[n.X], compared[n.Y] = true, true
		case *ast.CompositeLit:
			if carriesRule(info.TypeOf(n)) && len(n.Elts) > 0 {
				c.seen++
				if !slices.ContainsFunc(n.Elts, func(e ast.Expr) bool { kv, ok := e.(*ast.KeyValueExpr); return ok && isRule(kv.Key) }) {
					c.report(n, "a record without a rule")
				}
			}
		}
		if e, ok := n.(ast.Expr); ok && !compared[e] {
			if tv := info.Types[e]; tv.Value != nil && isNamed(tv.Type, module+"/rules", "ID") {
				c.seen++
				if _, ok := rules.Lookup(rules.ID(constant.StringVal(tv.Value))); !ok {
					c.report(n, "no rule is called "+tv.Value.String())
				}
			}
		}
		return true
	})
}

func (c *checker) report(n ast.Node, what string) {
	c.wrong = append(c.wrong, fmt.Sprintf("%v: %s", c.set.Position(n.Pos()), what))
}

func isRule(key ast.Expr) bool {
	id, ok := key.(*ast.Ident)
	return ok && id.Name == "Rule"
}

// carriesRule: errors, notes and findings.
func carriesRule(t types.Type) bool {
	return isNamed(t, module+"/rules", "Error") || isNamed(t, module+"/rules", "Note") || isNamed(t, module+"/internal/report", "Finding")
}

func isNamed(t types.Type, path, name string) bool {
	n, ok := t.(*types.Named)
	return ok && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path
}

// Whatever the module says of a stream, it says under a rule.
func TestRecordsNameARule(t *testing.T) {
	c := &checker{files: os.DirFS("../.."), set: token.NewFileSet(), done: map[string]*types.Package{}}
	err := filepath.WalkDir("../..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() || name == "../.." {
			return err
		}
		if base := e.Name(); base[0] == '.' || base[0] == '_' || base == "testdata" {
			return fs.SkipDir
		}
		dir, err := filepath.Rel("../..", name)
		if err != nil {
			return err
		}
		_, err = c.Import(path.Join(module, filepath.ToSlash(dir)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range c.wrong {
		t.Error(w)
	}
	if c.seen < 100 {
		t.Errorf("only %d places are seen", c.seen)
	}
}
