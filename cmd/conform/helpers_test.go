package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"vmconform/corpus"
)

// conform runs the command in this process.
func conform(t *testing.T, stdin []byte, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, bytes.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// unmarshal reads one JSON value into a T that has all its keys.
func unmarshal[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&v))
	return v
}

// streams are those of the corpus, by name.
func streams(t *testing.T) map[string][]byte {
	t.Helper()
	entries, err := corpus.Entries()
	require.NoError(t, err)
	all := map[string][]byte{}
	for _, e := range entries {
		b, err := e.Open()
		require.NoError(t, err)
		all[e.Name] = b
	}
	return all
}
