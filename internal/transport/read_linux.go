package transport

import (
	"syscall"
	"unsafe"
)

// readNow reads what a socket that does not block has. The scheduler is not told
// of the system call, since it cannot wait: that would cost as much again as the
// call, and every request begins with two of them.
func readNow(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
