//go:build unix

package transport

import (
	"errors"
	"net"
	"syscall"
)

// waitWithoutBuffer lets the reader wait without one where the connection is one
// of the system's, and nothing that was made of one: that may offer SyscallConn and
// have a Read of its own.
func (in *incoming) waitWithoutBuffer(conn net.Conn) {
	var c syscall.Conn
	switch conn := conn.(type) {
	case *net.TCPConn:
		c = conn
	case *net.UnixConn:
		c = conn
	default:
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return // it is closed, which the reader will meet
	}
	in.raw = raw
	in.poll = func(fd uintptr) bool {
		if in.buf == nil {
			in.hold()
		}
		for {
			in.got, in.err = syscall.Read(int(fd), in.buf)
			if !errors.Is(in.err, syscall.EINTR) {
				break
			}
		}
		if errors.Is(in.err, syscall.EAGAIN) {
			in.release()
			return false
		}
		in.got = max(0, in.got)
		return true
	}
}
