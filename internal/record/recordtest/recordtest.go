// Package recordtest lets tests ask for a real QEMU.
package recordtest

import (
	"os"
	"slices"
	"testing"

	"vmconform/internal/record"
)

// Need returns options that start the QEMU of the given installation ("system"
// or "qemu10") for target ("ppc64") with args. Where it is missing the test is
// skipped, or fails if the environment says CI=true.
func Need(t testing.TB, install, target string, args ...string) record.Options {
	t.Helper()
	all := record.Installs()
	i := slices.IndexFunc(all, func(i record.Install) bool { return i.Name == install })
	if i < 0 {
		t.Fatalf("no installation is called %s", install)
	}
	binary, err := all[i].Find(target)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
	return record.Options{
		Args: slices.Concat([]string{binary}, all[i].Args(), args),
		Env:  all[i].Env(),
	}
}
