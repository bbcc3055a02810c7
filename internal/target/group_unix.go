//go:build unix

package target

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// inGroup has a command start in a process group of its own.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the whole group of a command. That it is gone already is no error.
func killGroup(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// readReady reads what is there to read of a pipe, and does not wait.
func readReady(f *os.File, b []byte) (n int) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	f.SetReadDeadline(time.Time{})
	raw.Read(func(fd uintptr) bool {
		n, _ = syscall.Read(int(fd), b) // that nothing is there is an error, too
		return true
	})
	return max(0, n)
}
