package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestColorIsForTerminals(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	require.NoError(t, err)
	defer device.Close()
	file, err := os.Create(t.TempDir() + "/file")
	require.NoError(t, err)
	defer file.Close()

	for _, c := range []struct {
		output  output
		stdout  *os.File
		noColor string
		want    bool
	}{
		{output{color: "auto"}, device, "", true},
		{output{color: "auto"}, file, "", false},
		{output{color: "auto", file: "report"}, device, "", false},
		{output{color: "auto"}, device, "1", false},
		{output{color: "always"}, file, "", true},
		{output{color: "always"}, file, "1", true}, // who says so has the last word
		{output{color: "never"}, device, "", false},
	} {
		t.Setenv("NO_COLOR", c.noColor)
		require.Equal(t, c.want, bool(c.output.ink(c.stdout)), "%+v NO_COLOR=%q", c.output, c.noColor)
	}
}
