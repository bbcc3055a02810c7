package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const module = "vmconform/"

// wrapper stands in for the go command, GO, while gremlins runs. gremlins runs
// no mutant outside the blocks of a coverage profile, hence none in the condition
// of a case, or in a constant: it gets PROFILE, in which every line is covered.
// It takes status 1 for a failing test and 2 for a mutant that does not compile,
// but go test gives 1 for both. A mutant that allocates for ever ends where its
// memory, in KiB, does.
const wrapper = `#!/bin/bash
[[ $1 == test ]] || exec GO "$@"
ulimit -v 3000000
out=$(GO "$@" 2>&1)
status=$?
for arg; do
	[[ $last == -coverprofile ]] && cp PROFILE "$arg"
	last=$arg
done
[[ $status == 0 ]] && exit
echo "$out"
grep -q '\[build failed\]' <<<"$out" && exit 2
exit 1
`

// unleash runs gremlins over the package, or files of it, in a copy of what the
// tests need.
func unleash(pkg string, files []string) ([]mutant, error) {
	tmp, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	tree, bin := filepath.Join(tmp, "tree"), filepath.Join(tmp, "bin")
	if err := copyTree(tree, pkg); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(pkg)
	if err != nil {
		return nil, err
	}
	exclude := []string{"/"} // packages below
	for _, e := range entries {
		if len(files) > 0 && !slices.Contains(files, e.Name()) {
			exclude = append(exclude, "^"+e.Name()+"$")
		}
	}

	gremlins := filepath.Join(bin, "gremlins")
	if err := run(exec.Command("go", "build", "-o", gremlins, "github.com/go-gremlins/gremlins/cmd/gremlins")); err != nil {
		return nil, err
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	profile := filepath.Join(bin, "profile")
	script := strings.NewReplacer("GO", goCommand, "PROFILE", profile).Replace(wrapper)
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o777); err != nil {
		return nil, err
	}
	covered := "mode: set\n"
	for _, e := range entries {
		covered += fmt.Sprintf("%s%s/%s:1.1,%d.1 1 1\n", module, pkg, e.Name(), 1<<20)
	}
	if err := os.WriteFile(profile, []byte(covered), 0o666); err != nil {
		return nil, err
	}

	results := filepath.Join(tmp, "results.json")
	args := []string{"unleash", "--output", results,
		"--integration", // else it guesses the package
		"--workers", "1", "--timeout-coefficient", "10",
		"--arithmetic-base", "--conditionals-boundary", "--conditionals-negation", "--increment-decrement",
		"--invert-assignments", "--invert-bitwise", "--invert-bwassign", "--invert-logical", "--invert-loopctrl",
		"--remove-self-assignments",
		"--invert-negatives=false", // the same as arithmetic-base
	}
	for _, e := range exclude {
		args = append(args, "--exclude-files", e)
	}
	cmd := exec.Command(gremlins, append(args, pkg)...)
	cmd.Dir = tree
	// vet would take mutants for mistakes before a test could.
	cmd.Env = append(os.Environ(), "GOFLAGS=-short -count=1 -vet=off -ldflags=-w", "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := run(cmd); err != nil {
		return nil, err
	}
	return read(results, pkg)
}

// read takes what gremlins found.
func read(results, pkg string) ([]mutant, error) {
	b, err := os.ReadFile(results)
	if err != nil {
		return nil, err
	}
	var r struct {
		Files []struct {
			Name      string `json:"file_name"`
			Mutations []struct {
				Type, Status string
				Line, Column int
			}
		}
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, err
	}
	var all []mutant
	for _, f := range r.Files {
		var mutants []mutant
		for _, m := range f.Mutations {
			mutants = append(mutants, mutant{id: id{mutation: m.Type}, line: m.Line, column: m.Column, status: m.Status})
		}
		source, err := os.ReadFile(filepath.Join(pkg, f.Name))
		if err != nil {
			return nil, err
		}
		if err := name(f.Name, source, mutants); err != nil {
			return nil, err
		}
		all = append(all, mutants...)
	}
	slices.SortStableFunc(all, func(a, b mutant) int { return strings.Compare(a.file, b.file) })
	return all, nil
}

// copyTree copies the package with its tests and the packages that those need.
// Tests of other packages would notice more, but a mutant would take twenty
// seconds instead of two, and the package's own tests are to be enough.
func copyTree(tree, pkg string) error {
	list := exec.Command("go", "list", "-deps", "-test", "./"+pkg)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return err
	}
	for p := range strings.Lines(string(out)) {
		folder, inside := strings.CutPrefix(strings.TrimSpace(p), module)
		if _, err := os.Stat(folder); !inside || err != nil {
			continue // not ours, or the test's own: "p.test", "p [p.test]", "p_test [p.test]"
		}
		if err := copyPackage(tree, folder, folder == pkg); err != nil {
			return err
		}
	}
	for _, f := range []string{"go.mod", "go.sum"} {
		if err := copyFile(tree, f); err != nil {
			return err
		}
	}
	return nil
}

// copyPackage copies a folder with the data below it, but no package below.
func copyPackage(tree, folder string, tests bool) error {
	return filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			if code, _ := filepath.Glob(filepath.Join(path, "*.go")); path != folder && len(code) > 0 {
				return filepath.SkipDir
			}
			return nil
		case !tests && strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return copyFile(tree, path)
	})
}

func copyFile(tree, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	to := filepath.Join(tree, path)
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o666)
}

func run(cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
	}
	return nil
}
