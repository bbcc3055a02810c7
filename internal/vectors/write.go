package vectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Write writes files to dir, which appears with all of them or not at all. What is
// there already has to be an earlier set, and nothing else, which is replaced.
func Write(dir string, files []File) (err error) {
	dir = filepath.Clean(dir)
	if err := replaceable(dir); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".part-")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", dir, errors.Unwrap(err))
	}
	defer os.RemoveAll(temporary)
	made := filepath.Join(temporary, "new")
	for _, f := range files {
		path := filepath.Join(made, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Bytes, 0o666); err != nil {
			return err
		}
	}
	old := filepath.Join(temporary, "old")
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(made, dir); err != nil {
		os.Rename(old, dir) // as it was
		return err
	}
	return nil
}

// replaceable says why what is at dir must not be replaced, or nil.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return fmt.Errorf("cannot write %s: %w", dir, err)
	}
	var x Index
	if b, err := os.ReadFile(filepath.Join(dir, "index.json")); err != nil || json.Unmarshal(b, &x) != nil || !strings.HasPrefix(x.Tool, "conform ") {
		return fmt.Errorf("%s: there is something in it that is no set of vectors", dir)
	}
	known := slices.Clone(x.Others)
	for _, e := range x.Files {
		known = append(known, e.File)
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil && !slices.Contains(known, filepath.ToSlash(name)) {
			err = fmt.Errorf("%s: %s in it is no part of a set of vectors", dir, name)
		}
		return err
	})
}
