//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C in the terminal from cmd: it would get two signals and
// take the second for impatience.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// end asks a process to end.
func end(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
