package subprocess

import (
	"os/exec"
	"syscall"
)

// tether asks cmd to end when the thread that starts it does.
func tether(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
