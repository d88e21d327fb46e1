package frames

import (
	"errors"
	"syscall"

	"github.com/cogbus/cogbus/internal/socket"
)

// write writes as much of p as a socket takes at once.
func write(fd uintptr, p []byte) (int, error) {
	n, err := socket.Write(fd, p)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR) {
		return 0, nil
	}
	return n, err
}
