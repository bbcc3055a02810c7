package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"vmconform/props/defects"

	"github.com/stretchr/testify/require"
)

// TestPatchesAreFound builds the reference with each patch, and has the property
// find it that has to.
func TestPatchesAreFound(t *testing.T) {
	switch {
	case testing.Short():
		t.Skip("every patch is a build of its own")
	case raceEnabled, runtime.GOARCH == "386", runtime.GOARCH == "s390x":
		t.Skip("the patches are built and found without the race detector, on the machine's own platform")
	}
	root, err := moduleRoot()
	require.NoError(t, err)
	found := func(t *testing.T, p defects.Patch, property string) int {
		binary, err := build(p, root, t.TempDir())
		require.NoError(t, err)
		s := &subject{binary: binary, defect: reference, silence: silence}
		defer s.end()
		v, err := s.ask(question{Property: property, Seed: 1, Cases: namedCases})
		require.NoError(t, err)
		return v.Killed
	}
	for _, p := range defects.Patches {
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			require.NotZero(t, found(t, p, p.Property), "%s does not find it", p.Property)
		})
	}
	// A patch that changes nothing: what is found is found in a patch.
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		none := defects.Patch{ID: "none", File: "impl/tailq/raw.go"}
		require.Zero(t, found(t, none, "links/elements"))
	})
}

// A process that is not this command, and answers as it may not.
func TestProcessThatDoesNotAnswer(t *testing.T) {
	for _, c := range []struct {
		name, script string
		silence      time.Duration
		want         verdict
		err          string
	}{
		{"answers", `echo ready; read q; echo drawn; echo drawn; echo '{"Killed":2}'`, time.Hour, verdict{Killed: 2}, ""},
		{"crashes", `echo ready; read q; echo drawn; echo drawn; echo drawn`, time.Hour, verdict{Killed: 3}, ""},
		{"crashes before a case", `echo ready; read q`, time.Hour, verdict{}, "before a case was drawn"},
		{"is silent", `printf 'ready\ndrawn\n'; exec sleep 3600`, 0, verdict{Killed: 1}, ""},
		{"does not start", `exit 3`, time.Hour, verdict{}, "does not get ready"},
		{"says something else", `echo ready; read q; echo what`, time.Hour, verdict{}, "is no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			script := filepath.Join(t.TempDir(), "script")
			require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"+c.script+"\n"), 0o777))
			s := &subject{binary: script, defect: "any", silence: c.silence}
			defer s.end()
			v, err := s.ask(question{})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, v)
		})
	}
}
