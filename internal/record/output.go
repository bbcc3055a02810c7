package record

import (
	"context"
	"io"

	"vmconform/internal/output"
	"vmconform/internal/qmp"
)

// Record is RecordTo into the file at path, as output.Write writes it.
func Record(ctx context.Context, options Options, path string) (version qmp.Version, err error) {
	err = output.Write(path, func(w io.Writer) error {
		version, err = RecordTo(ctx, options, w)
		return err
	})
	return version, err
}
