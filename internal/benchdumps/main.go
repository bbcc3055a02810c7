// Command benchdumps measures `conform check` on streams that it records: how
// much longer it takes than reading the file, and in how much memory.
//
// It wants Debian's QEMU and 4 GiB of room in the folder for temporary files.
// It ends with status 1 where a bound is broken.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	memory = 1 << 30 // bytes of the guest's, random but for the first mebibyte and the last 32
	rounds = 7

	mostTimes = 1.5      // what cat takes
	mostRSS   = 64 << 20 // bytes
	mostCPU   = 60 * time.Millisecond
)

func main() {
	dir, err := os.MkdirTemp("", "benchdumps")
	if err == nil {
		err = bench(dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchdumps:", err)
		os.Exit(1)
	}
}

func bench(dir string) error {
	at := func(name string) string { return filepath.Join(dir, name) }
	conform := at("conform")
	if _, err := run("go", "build", "-o", conform, "./cmd/conform"); err != nil {
		return err
	}
	if err := write(at("random"), io.LimitReader(rand.Reader, memory-33<<20)); err != nil {
		return err
	}
	for name, size := range map[string]int{"bios": 65536, "blank": 4096} {
		if err := os.WriteFile(at(name), make([]byte, size), 0o666); err != nil {
			return err
		}
	}
	big, pseries := at("pc.bin"), at("pseries.bin")
	if _, err := run(conform, "record", "-o", big, "--", "qemu-system-x86_64", "-machine", "pc", "-m", fmt.Sprint(memory>>20), "-nodefaults",
		"-bios", at("bios"), "-device", "loader,addr=0x100000,force-raw=on,file="+at("random")); err != nil {
		return err
	}
	powerdown := []string{"--hmp", "system_powerdown"}
	args := append([]string{"record", "-o", pseries}, powerdown...)
	args = append(append(args, powerdown...), powerdown...)
	args = append(args, "--", "qemu-system-ppc64", "-machine", "pseries", "-m", "256", "-nodefaults", "-bios", at("blank"))
	if _, err := run(conform, args...); err != nil {
		return err
	}

	var cat, check, small usage
	for range rounds {
		for of, command := range map[*usage][]string{
			&cat: {"cat", big}, &check: {conform, "check", "--quiet", big}, &small: {conform, "check", "--quiet", pseries},
		} {
			u, err := run(command[0], command[1:]...)
			if err != nil {
				return err
			}
			of.best(u)
		}
	}
	info, err := os.Stat(big)
	if err != nil {
		return err
	}
	times := float64(check.wall) / float64(cat.wall)
	fmt.Printf("%d bytes, the best of %d: cat %v, conform check %v (%v of CPU): %.2f times, at most %.1f\n",
		info.Size(), rounds, cat.wall, check.wall, check.cpu, times, mostTimes)
	fmt.Printf("memory of conform check: %.1f MiB, at most %d\n", float64(check.rss)/(1<<20), mostRSS>>20)
	fmt.Printf("pseries with three events: %v of CPU, at most %v; %.1f MiB\n", small.cpu, mostCPU, float64(small.rss)/(1<<20))
	if times > mostTimes || check.rss > mostRSS || small.cpu > mostCPU {
		return fmt.Errorf("a bound is broken")
	}
	return nil
}

// A usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	rss       int64 // bytes, the most at any time
}

// best keeps the shortest times and the most memory.
func (u *usage) best(v usage) {
	if u.wall == 0 {
		*u = v
		return
	}
	u.wall, u.cpu, u.rss = min(u.wall, v.wall), min(u.cpu, v.cpu), max(u.rss, v.rss)
}

// run runs a command, whose output is of interest only where it fails.
func run(name string, args ...string) (usage, error) {
	c := exec.Command(name, args...)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return usage{}, err
	}
	defer null.Close()
	c.Stdout, c.Stderr = null, os.Stderr
	begun := time.Now()
	if err := c.Run(); err != nil {
		return usage{}, fmt.Errorf("%s: %w", name, err)
	}
	s := c.ProcessState
	return usage{time.Since(begun), s.UserTime() + s.SystemTime(), int64(s.SysUsage().(*syscall.Rusage).Maxrss) << 10}, nil
}

func write(name string, r io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
