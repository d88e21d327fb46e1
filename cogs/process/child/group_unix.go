//go:build unix

package child

import (
	"os"
	"syscall"
)

// killGroup kills this process and all programs that it has started. It does so only if the
// process leads a process group, as a process does that a bot has started.
func killGroup() {
	if syscall.Getpgrp() == os.Getpid() {
		_ = syscall.Kill(0, syscall.SIGKILL)
	}
}
