package process

import "golang.org/x/sys/unix"

// limitMemory bounds what the process may allocate. Address space would be the
// wrong thing to bound: a Go program reserves much more than it uses.
func limitMemory(pid int, limit int64) error {
	l := unix.Rlimit{Cur: uint64(limit), Max: uint64(limit)}
	return unix.Prlimit(pid, unix.RLIMIT_DATA, &l, nil)
}
