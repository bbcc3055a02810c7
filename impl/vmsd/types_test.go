package vmsd_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// What a compiler refuses, each snippet for one reason.
func TestDoesNotCompile(t *testing.T) {
	check := compiler(t)
	for _, c := range []struct {
		name, fields, complaint string // "": it compiles, as what it is the neighbour of
	}{
		{"a member of its type", `vmsd.Uint32(o, "n", &o.n)`, ""},
		{"a member of another type", `vmsd.Uint32(o, "n", &o.u16)`, "cannot use &o.u16 (value of type *uint16) as *uint32"},
		{"a signed member", `vmsd.Int32(o, "n", &o.n)`, "cannot use &o.n"},
		{"a member of a named type", `vmsd.Uint32(o, "mode", &o.mode)`, "cannot use &o.mode"},
		{"not a pointer", `vmsd.Uint32(o, "n", o.n)`, "cannot use o.n"},
		{"an array for a scalar", `vmsd.Uint16(o, "regs", &o.regs)`, "cannot use &o.regs"},

		{"an array", `vmsd.Array(o, "regs", o.regs[:], vmsd.InfoUint16)`, ""},
		{"an array of another type", `vmsd.Array(o, "regs", o.regs[:], vmsd.InfoUint32)`, "vmsd.InfoUint32"},
		{"an array without slicing", `vmsd.Array(o, "regs", o.regs, vmsd.InfoUint16)`, "o.regs"},
		{"a scalar for an array", `vmsd.Array(o, "n", &o.n, vmsd.InfoUint32)`, "&o.n"},
		{"a buffer of numbers", `vmsd.Buffer(o, "regs", o.regs[:])`, "cannot use o.regs[:]"},

		{"a count", `vmsd.VArray(o, "regs", o.regs[:], &o.n, vmsd.InfoUint16)`, ""},
		{"a count of a type that QEMU has not", `vmsd.VArray(o, "regs", o.regs[:], &o.i64, vmsd.InfoUint16)`, "int64 does not satisfy vmsd.Count"},
		{"a count of 16 signed bits", `vmsd.VArray(o, "regs", o.regs[:], &o.i16, vmsd.InfoUint16)`, "int16 does not satisfy vmsd.Count"},
		{"a missing count", `vmsd.VArray(o, "regs", o.regs[:], vmsd.InfoUint16)`, "not enough arguments"},
		{"a count that is a number", `vmsd.VArray(o, "regs", o.regs[:], 3, vmsd.InfoUint16)`, "3"},
		{"a size of 16 bits", `vmsd.VBufferAlloc(o, "buf", &o.buf, &o.u16)`, "uint16 does not satisfy vmsd.Size"},
		{"a negative constant slice", `vmsd.Array(o, "regs", o.regs[-1:], vmsd.InfoUint16)`, "must not be negative"},
		{"a slice beyond the array", `vmsd.Array(o, "regs", o.regs[:5], vmsd.InfoUint16)`, "out of bounds"},

		{"a struct", `vmsd.Single(o, "in", &o.in, inner)`, ""},
		{"a description of another struct", `vmsd.Single(o, "in", &o.in, other)`, "other"},
		{"a pointer to a struct", `vmsd.Pointer(o, "at", &o.at, inner)`, ""},
		{"a struct for a pointer", `vmsd.Pointer(o, "at", &o.in, inner)`, "&o.in"},
		{"a pointer for a struct", `vmsd.Single(o, "at", &o.at, inner)`, "inner"},
		{"pointers", `vmsd.ArrayOfPointers(o, "each", o.each[:], inner)`, ""},
		{"structs for pointers", `vmsd.ArrayOfPointers(o, "regs", o.regs[:], vmsd.InfoUint16)`, "o.regs[:]"},

		{"a field of another struct", `vmsd.Uint32(&inside, "x", &inside.x)`, "vmsd.Field[in]"},
		{"a predicate", `vmsd.Uint32(o, "n", &o.n).If(func(o *object, v uint32) bool { return true })`, ""},
		{"a predicate of another struct", `vmsd.Uint32(o, "n", &o.n).If(func(i *in, v uint32) bool { return true })`, "func(i *in, v uint32) bool"},
		{"a validation of another struct", `vmsd.Validate(o, "n", func(i *in, v uint32) bool { return true })`, "func(i *in, v uint32) bool"},
		{"a negative version", `vmsd.Uint32(o, "n", &o.n).Since(-1)`, "overflows"},
		{"a tmp", `vmsd.Tmp(o, func(s *shape) **object { return &s.parent }, shapes)`, ""},
		{"a tmp of another parent", `vmsd.Tmp(o, func(s *shape) **in { return &s.in }, shapes)`, "func(s *shape) **in"},
		{"an element that is none", `vmsd.Single(o, "n", &o.n, 4)`, "4"},

		{"a queue", `vmsd.Single(o, "q", &o.q, queue.Queue(elem))`, ""},
		{"a queue of other elements", `vmsd.Single(o, "q", &o.q, queue.Queue(inner))`, "inner"},
		{"a queue for what is none", `vmsd.Single(o, "n", &o.n, queue.Queue(elem))`, "queue.Queue(elem)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := check(strings.Replace(snippet, "FIELDS", c.fields, 1))
			switch {
			case c.complaint == "" && err != nil:
				t.Errorf("%v", err)
			case c.complaint != "" && err == nil:
				t.Error("it compiles")
			case c.complaint != "" && !strings.Contains(err.Error(), c.complaint):
				t.Errorf("%v\nwant …%s…", err, c.complaint)
			}
		})
	}
	// The hooks are the struct's, too.
	for from, to := range map[string]string{
		"Needed: func(o *object) bool":     "Needed: func(i *in) bool",
		"late = &vmsd.Description[object]": "late = &vmsd.Description[in]",
	} {
		if !strings.Contains(snippet, from) {
			t.Fatalf("no %s", from)
		}
		if err := check(strings.Replace(strings.Replace(snippet, "FIELDS", "", 1), from, to, 1)); err == nil {
			t.Errorf("%s: it compiles", to)
		}
	}
}

const snippet = `package snippet

import ("vmconform/impl/vmsd"; "vmconform/impl/tailq")

type in struct{ x uint32 }
type object struct {
	n uint32; u16 uint16; i16 int16; i64 int64; mode mode
	regs [4]uint16
	buf *byte
	in in; at *in; each [2]*in
	q tailq.Head[element]
}
type mode uint32
type shape struct{ parent *object; in *in }
type element struct{ next tailq.Entry[element] }

var (
	inside in
	inner  *vmsd.Description[in]
	other  *vmsd.Description[object]
	elem   *vmsd.Description[element]
	shapes *vmsd.Description[shape]
	queue  tailq.Type[element]
	late = &vmsd.Description[object]{Needed: func(o *object) bool { return true }}
)

var _ = &vmsd.Description[object]{
	Subsections: []*vmsd.Description[object]{late},
	Fields: func(o *object) []vmsd.Field[object] {
		return []vmsd.Field[object]{FIELDS}
	},
}
`

// compiler returns a function that type-checks a file, by what the build cache
// says of the packages.
func compiler(t *testing.T) func(src string) error {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "vmconform/impl/vmsd", "vmconform/impl/tailq")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no go command")
	}
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[path] = file
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	return func(src string) error {
		f, err := parser.ParseFile(fset, "snippet.go", src, 0)
		if err != nil {
			return err
		}
		c := types.Config{Importer: imports}
		_, err = c.Check("snippet", fset, []*ast.File{f}, nil)
		return err
	}
}
