//go:build unix

package child

import (
	"os"
	"syscall"
)

// killGroup kills the process and all that it has started, if it leads a group as
// one that a bot has started does.
func killGroup() {
	if syscall.Getpgrp() == os.Getpid() {
		_ = syscall.Kill(0, syscall.SIGKILL)
	}
}
