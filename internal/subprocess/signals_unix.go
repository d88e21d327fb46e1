//go:build unix

package subprocess

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ask asks a process to end as sig has asked this one.
func ask(p *os.Process, sig os.Signal) error {
	if sig == syscall.SIGHUP { // it is for those that have a terminal
		sig = syscall.SIGTERM
	}
	return p.Signal(sig)
}

// inForeground reports whether a Ctrl-C in the terminal is for this process and
// those in its group.
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
