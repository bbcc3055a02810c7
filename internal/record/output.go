package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vmconform/internal/qmp"
)

// Record is RecordTo into the file at path, which appears complete or not at
// all. What is there and not a regular file, such as a FIFO, is written to.
func Record(ctx context.Context, options Options, path string) (version qmp.Version, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return version, err
	case info.IsDir():
		return version, fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return version, err
		}
		defer file.Close()
		return RecordTo(ctx, options, file)
	}

	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.part", filepath.Base(path), os.Getpid()))
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return version, err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(temporary)
		}
	}()
	if version, err = RecordTo(ctx, options, file); err != nil {
		return version, err
	}
	if err = file.Close(); err != nil {
		return version, err
	}
	return version, os.Rename(temporary, path)
}
