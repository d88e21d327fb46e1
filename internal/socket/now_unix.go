//go:build unix && !aix && (!linux || 386)

package socket

import "syscall"

// Read reads the bytes that have arrived at fd. If there are none, it returns EAGAIN.
func Read(fd uintptr, p []byte) (int, error) {
	n, _, err := syscall.Recvfrom(int(fd), p, syscall.MSG_DONTWAIT)
	return max(n, 0), err
}

// Write writes as much of p as fd takes at once. If fd takes nothing, Write returns
// EAGAIN.
func Write(fd uintptr, p []byte) (int, error) {
	n, err := syscall.SendmsgN(int(fd), p, nil, nil, syscall.MSG_DONTWAIT)
	return max(n, 0), err
}
