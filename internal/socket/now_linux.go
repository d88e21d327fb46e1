//go:build linux && !386

package socket

import (
	"syscall"
	"unsafe"
)

// Read reads what fd has. If that is nothing, it returns EAGAIN. The scheduler is
// not told of the system call, which would cost as much again as the call, and every
// request begins with two of them. That demands MSG_DONTWAIT: a call that waits here
// would stop the whole program with the next collection of garbage.
func Read(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// Write writes as much of p as fd takes at once. If that is nothing, it returns
// EAGAIN.
func Write(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.Syscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
