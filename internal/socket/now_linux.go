//go:build linux && !386

package socket

import (
	"syscall"
	"unsafe"
)

// Read reads the bytes that have arrived at fd. If there are none, it returns EAGAIN.
// It does not tell the scheduler of the system call: that would cost as much again as
// the call, and every request begins with two of them. This is only safe with
// MSG_DONTWAIT, because a call that waits here would stop the whole program at the next
// garbage collection.
func Read(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// Write writes as much of p as fd takes at once. If fd takes nothing, Write returns
// EAGAIN.
func Write(fd uintptr, p []byte) (int, error) {
	n, _, errno := syscall.Syscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
