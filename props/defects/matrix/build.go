package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"vmconform/props/defects"
)

// moduleRoot is the folder of the module that the command is run in.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// build compiles this command with a patch in the reference. What it writes is
// in the folder work.
func build(p defects.Patch, root, work string) (binary string, err error) {
	file := filepath.Join(root, filepath.FromSlash(p.File))
	source, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	patched, err := p.Apply(string(source))
	if err != nil {
		return "", err
	}
	binary = filepath.Join(work, p.ID)
	replacement := binary + ".go"
	if err := os.WriteFile(replacement, []byte(patched), 0o666); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: replacement}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(binary+".json", overlay, 0o666); err != nil {
		return "", err
	}
	// Nobody debugs it: without tables for that it is linked in half the time.
	c := exec.Command("go", "build", "-overlay", binary+".json", "-ldflags=-s -w", "-o", binary, "./props/defects/matrix")
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("patch %s: %w\n%s", p.ID, err, out)
	}
	return binary, nil
}
