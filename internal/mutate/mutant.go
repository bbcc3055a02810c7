package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// The statuses that gremlins gives.
const (
	killed      = "KILLED"
	lived       = "LIVED"
	timedOut    = "TIMED OUT"
	notCompiled = "NOT VIABLE"
)

// A mutant is one change of one operator and what came of it.
type mutant struct {
	id
	line, column int // from 1, in bytes
	status       string
}

// An id names a mutant by the text around it, so that it stays the same while
// the file changes elsewhere.
type id struct {
	file, function string // function: T.m for methods, "package" outside
	mutation       string // gremlins' name
	nth            int    // among equal ones of the function, from 1
	text           string // the line, with the operator in «»
}

func (i id) String() string {
	nth := ""
	if i.nth > 1 {
		nth = fmt.Sprintf(", %d", i.nth)
	}
	return fmt.Sprintf("%s, %s, %s%s\n\t%s", i.file, i.function, i.mutation, nth, i.text)
}

// survived: the tests have not told it from the code. One that timed out may be
// noticed by a test, or may have waited for the machine: it is reviewed, too.
func (m mutant) survived() bool {
	return m.status == lived || m.status == timedOut
}

// name puts the mutants of one file, of which lines, columns, mutations and
// statuses are known, in order, and gives them their ids.
func name(file string, source []byte, mutants []mutant) error {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	slices.SortFunc(mutants, func(a, b mutant) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), strings.Compare(a.mutation, b.mutation))
	})
	lines := strings.Split(string(source), "\n")
	seen := map[id]int{}
	for i := range mutants {
		m := &mutants[i]
		m.file = file
		m.function = functionAt(set, tree, m.line)
		line := lines[m.line-1]
		before, after := line[:m.column-1], line[m.column-1:]
		operator := first(after)
		m.text = strings.TrimSpace(before + "«" + operator + "»" + after[len(operator):])
		seen[m.id]++
		m.nth = seen[m.id]
	}
	return nil
}

// functionAt names the function that the line is in.
func functionAt(set *token.FileSet, tree *ast.File, line int) string {
	for _, d := range tree.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || line < set.Position(f.Pos()).Line || set.Position(f.End()).Line < line {
			continue
		}
		if f.Recv == nil {
			return f.Name.Name
		}
		of := f.Recv.List[0].Type
		for {
			switch t := of.(type) {
			case *ast.StarExpr:
				of = t.X
			case *ast.IndexExpr:
				of = t.X
			case *ast.Ident:
				return t.Name + "." + f.Name.Name
			}
		}
	}
	return "package"
}

// first gives the first token of the text, an operator or a keyword.
func first(text string) string {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(text)), []byte(text), nil, 0)
	_, t, _ := s.Scan()
	return t.String()
}
