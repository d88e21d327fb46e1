//go:build unix

package frames

import (
	"errors"
	"syscall"
)

// write writes to a socket that does not block.
func write(fd uintptr, p []byte) (int, error) {
	n, err := syscall.Write(int(fd), p)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		return 0, nil
	}
	return max(n, 0), err
}
