package process

import (
	"errors"

	"golang.org/x/sys/unix"
)

// limitMemory bounds what the process may allocate. Address space would be the
// wrong thing to bound: a Go program reserves much more than it uses.
func limitMemory(pid int, limit int64) error {
	l := unix.Rlimit{Cur: uint64(limit), Max: uint64(limit)}
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &l, nil)
}

// awaitExit waits until the process has exited, and leaves it as it is: nobody else
// gets its id. It reports whether it could.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}
