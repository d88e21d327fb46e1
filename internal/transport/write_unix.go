//go:build unix

package transport

import "syscall"

// tryWrite writes as much of p as a socket that does not block takes.
func tryWrite(fd uintptr, p []byte) int {
	n, err := syscall.Write(int(fd), p)
	if err != nil {
		return 0
	}
	return n
}
