package process

import (
	"errors"

	"golang.org/x/sys/unix"
)

// limitMemory sets RLIMIT_DATA, which limits the private writable memory that the process
// has mapped, used or not. RLIMIT_AS would limit the whole address space, of which a Go
// program reserves far more than it ever uses.
func limitMemory(pid int, limit int64) error {
	l := unix.Rlimit{Cur: uint64(limit), Max: uint64(limit)}
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &l, nil)
}

// awaitExit waits until the process has exited, and does not release its id, so that no
// other process can get it. It reports whether it was able to wait.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}
