package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"vmconform/internal/record"
)

func (r recipe) entryName() string { return r.name + "-" + r.release() }

func (r recipe) file() string { return "streams/" + r.entryName() + ".bin.zst" }

func (r recipe) release() string {
	i := slices.IndexFunc(releases, func(x struct{ install, release string }) bool { return x.install == r.qemu })
	return releases[i].release
}

func (r recipe) install() record.Install {
	all := record.Installs()
	return all[slices.IndexFunc(all, func(i record.Install) bool { return i.Name == r.qemu })]
}

// command returns QEMU with its arguments, after making the input files that
// they name in folder dir; setup is the shell's way to make them.
func (r recipe) command(dir string) (command []string, setup string, err error) {
	binary, err := r.install().Find(r.target)
	if err != nil {
		return nil, "", err
	}
	command = slices.Concat([]string{binary}, r.install().Args(), r.args)
	var steps []string
	for i, arg := range command {
		for _, file := range inputFiles {
			if !strings.Contains(arg, file.name) {
				continue
			}
			path := filepath.Join(dir, file.name)
			if err := os.WriteFile(path, file.content, 0o666); err != nil {
				return nil, "", err
			}
			steps = append(steps, file.setup)
			command[i] = strings.ReplaceAll(arg, file.name, path)
		}
	}
	return command, strings.Join(steps, " && "), nil
}

// commandLine is the `conform record` command that makes the same stream.
func (r recipe) commandLine() string {
	line := []string{"conform", "record", "-o", r.entryName() + ".bin"}
	for _, c := range r.commands {
		if c.QMP != nil {
			line = append(line, "--qmp", quote(string(c.QMP)))
		} else {
			line = append(line, "--hmp", quote(c.HMP))
		}
	}
	line = append(line, "--")
	if r.qemu == "qemu10" {
		line = append(line, "$VMCONFORM_QEMU10/usr/bin/qemu-system-"+r.target, "-L", "$VMCONFORM_QEMU10/usr/share/qemu")
	} else {
		line = append(line, "qemu-system-"+r.target)
	}
	for _, arg := range r.args {
		line = append(line, quote(arg))
	}
	return strings.Join(line, " ")
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_./,=:@%+-]+$`)

func quote(arg string) string {
	if plain.MatchString(arg) {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
