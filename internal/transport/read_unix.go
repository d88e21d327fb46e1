//go:build unix && !linux

package transport

import "syscall"

// readNow reads what a socket that does not block has.
func readNow(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }
