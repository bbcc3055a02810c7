package vmsd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A row of the table of macros: their names, and how a description says them.
type row struct {
	macros []string
	here   string
}

// rows reads the table out of the comment.
func rows(t *testing.T, comment string) (list []row) {
	t.Helper()
	in := false
	for line := range strings.Lines(comment) {
		line, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "\t")
		macros, here, _ := cutLast(line, "  ")
		switch {
		case !indented:
		case macros == "macro" && here == "here":
			in = true
		case in && macros == "":
			t.Errorf("no row: %q", line)
		case in:
			r := row{here: here}
			for _, m := range strings.Fields(macros) {
				r.macros = append(r.macros, expand(m)...)
			}
			list = append(list, r)
		}
	}
	return list
}

// cutLast cuts a line at the last gap of at least two blanks.
func cutLast(line, gap string) (before, after string, ok bool) {
	i := strings.LastIndex(line, gap)
	if i < 0 {
		return "", "", false
	}
	return strings.TrimSpace(line[:i]), strings.TrimSpace(line[i:]), true
}

// expand makes A1B and A2B of A{1,2}B.
func expand(m string) []string {
	open := strings.IndexByte(m, '{')
	if open < 0 {
		return []string{m}
	}
	alternatives, rest, _ := strings.Cut(m[open+1:], "}")
	var all []string
	for a := range strings.SplitSeq(alternatives, ",") {
		for _, r := range expand(rest) {
			all = append(all, m[:open]+a+r)
		}
	}
	return all
}

// exported lists what a package has: X, of a method X and T.X.
func exported(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), dir+"/"+file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				found[d.Name.Name] = true
				if d.Recv != nil {
					found[receiver(d.Recv.List[0].Type)+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						found[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							found[n.Name] = true
						}
					}
				}
			}
		}
	}
	return found
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func table(t *testing.T) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "macros.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f.Doc.Text()
}

// names reads QEMU's names from the list.
func names(t *testing.T) (list []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/macros.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, ok := strings.CutPrefix(line, "VMSTATE_")
		if !ok || slices.Contains(list, name) {
			t.Errorf("%q: no name of a macro, or twice", line)
		}
		list = append(list, name)
	}
	return list
}

// The table has every macro once, and nothing else.
func TestMacrosAreComplete(t *testing.T) {
	want := names(t)
	if len(want) != 160+6+1 {
		t.Errorf("%d names", len(want))
	}
	met := map[string]bool{}
	for _, r := range rows(t, table(t)) {
		for _, m := range r.macros {
			if met[m] {
				t.Errorf("%s is in the table twice", m)
			}
			met[m] = true
			if !slices.Contains(want, m) {
				t.Errorf("%s is no macro of QEMU's", m)
			}
		}
	}
	for _, m := range want {
		if !met[m] {
			t.Errorf("%s is not in the table", m)
		}
	}
	if !t.Failed() {
		t.Logf("%d macros", len(met))
	}
}

var identifier = regexp.MustCompile(`(?:[a-z]+\.)?\b[A-Z]\w*(?:\.[A-Z]\w*)?`)

// What the table says is there to be said, or has a reason why not.
func TestMacrosAreSaid(t *testing.T) {
	packages := map[string]map[string]bool{"": exported(t, ".")}
	for _, p := range []string{"tailq", "qlist", "gtree"} {
		packages[p] = exported(t, "../"+p)
	}
	foreign := []string{"QEMU", "t.Regs", "t.Mac"}
	used := map[string]bool{}
	for _, r := range rows(t, table(t)) {
		reason, none := strings.CutPrefix(r.here, "none: ")
		if none && len(reason) < 10 {
			t.Errorf("%v: no reason", r.macros)
		}
		said := 0
		for _, id := range identifier.FindAllString(r.here, -1) {
			if slices.Contains(foreign, id) {
				continue
			}
			pkg, name := "", id
			if first, rest, _ := strings.Cut(id, "."); packages[first] != nil {
				pkg, name = first, rest
			}
			if !packages[pkg][name] {
				t.Errorf("%v: there is no %s", r.macros, id)
			}
			used[id] = true
			said++
		}
		if said == 0 && !none {
			t.Errorf("%v: %q says nothing", r.macros, r.here)
		}
	}
	// And every constructor has its macro, but for bitmaps that QEMU has not.
	for _, name := range slices.Sorted(maps.Keys(packages[""])) {
		if constructs(t, name) && !used[name] && name != "BitmapInline" && name != "BitmapAlloc" {
			t.Errorf("%s stands for no macro", name)
		}
	}
}

var constructor = regexp.MustCompile(`(?m)^func ([A-Z]\w*)\[.*\) Field\[T\] `)

func constructs(t *testing.T, name string) bool {
	t.Helper()
	for _, file := range []string{"scalars.go", "shapes.go", "buffers.go", "unplaced.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constructor.FindAllSubmatch(text, -1) {
			if string(m[1]) == name {
				return true
			}
		}
	}
	return false
}

func TestExpand(t *testing.T) {
	for in, want := range map[string]string{
		"A":            "A",
		"A{,_V}":       "A A_V",
		"{,X_}A{1,2}B": "A1B A2B X_A1B X_A2B",
	} {
		if got := strings.Join(expand(in), " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
