package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"vmconform/internal/vectors"
)

func vectorsCommand() *cobra.Command {
	var dir string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "vectors -o DIR",
		Short: "Write the test vectors, for use without this program",
		Long: `vectors writes a set of test vectors to DIR: payloads and whole streams, right and
broken, each in a file with a header that says by which schema it is loaded and what
has to become of it; index.json, which lists them; and a README.md, by which a
checker is written in an hour.

DIR appears whole or not at all. If it is there, it has to be empty, or an earlier
set and nothing else, which is replaced. The set is the same whenever it is made.`,
		Example: `  conform vectors -o vectors
  conform vectors -o vectors && jq -r '.vectors[] | select(.class == "truncated").file' vectors/index.json`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return fmt.Errorf("vectors takes no argument %q: conform vectors -o DIR", args[0])
			case dir == "":
				return errors.New("where to? conform vectors -o DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, err := vectors.Set()
			if err != nil {
				return err
			}
			if err := vectors.Write(dir, files); err != nil {
				return err
			}
			if !quiet {
				fmt.Fprintf(cmd.ErrOrStderr(), "conform: wrote %d files to %s: read README.md\n", len(files), dir)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", "write the set to `DIR`")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "nothing on standard error but errors")
	return cmd
}
