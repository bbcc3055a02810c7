package record

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// DefaultQEMU10 is where scripts/install-qemu10 unpacks the second QEMU unless
// the environment variable VMCONFORM_QEMU10 names another folder.
const DefaultQEMU10 = "/opt/vmconform-qemu10"

// Install is one installation of QEMU.
type Install struct {
	Name string // "system" or "qemu10"
	root string // of an unpacked one; "" for the one on the search path
}

// Installs lists the installations that this project works with, there or not:
// the system's own (7.2 in Debian bookworm) and the unpacked QEMU 10.
func Installs() []Install {
	root := os.Getenv("VMCONFORM_QEMU10")
	if root == "" {
		root = DefaultQEMU10
	}
	return []Install{{Name: "system"}, {Name: "qemu10", root: root}}
}

// Find returns the program that emulates target, such as "ppc64", or says how to
// get it.
func (i Install) Find(target string) (string, error) {
	name := "qemu-system-" + target
	hint := "apt-get install qemu-system-x86 qemu-system-ppc qemu-system-misc qemu-system-arm"
	if i.root != "" {
		name = filepath.Join(i.root, "usr/bin", name)
		hint = "scripts/install-qemu10 " + i.root
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s QEMU has no target %s (%s gets it): %w", i.Name, target, hint, err)
	}
	return path, nil
}

// Args are the arguments that this installation needs before all others.
func (i Install) Args() []string {
	if i.root == "" {
		return nil
	}
	return []string{"-L", filepath.Join(i.root, "usr/share/qemu")}
}

// Env is what this installation needs in its environment.
func (i Install) Env() []string {
	if i.root == "" {
		return nil
	}
	modules, _ := filepath.Glob(filepath.Join(i.root, "usr/lib/*/qemu"))
	if len(modules) == 0 {
		return nil
	}
	return []string{"QEMU_MODULE_DIR=" + modules[0]}
}
