//go:build unix

package subprocess

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ask asks a process to end with the signal that has asked this one.
func ask(p *os.Process, sig os.Signal) error {
	if sig == syscall.SIGHUP { // SIGHUP is for programs with a terminal
		sig = syscall.SIGTERM
	}
	return p.Signal(sig)
}

// inForeground reports whether a Ctrl-C in the terminal reaches this process and the
// others of its group.
func inForeground() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(tty) }()
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	if err != nil {
		return false
	}
	own, err := unix.Getpgid(0)
	return err == nil && group == own
}
