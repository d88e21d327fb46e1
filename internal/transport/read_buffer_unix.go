//go:build unix && !aix

package transport

import (
	"errors"
	"net"
	"syscall"

	"github.com/cogbus/cogbus/internal/socket"
)

// waitWithoutBuffer lets the reader wait without a buffer if conn is a connection of
// package net itself. A type that embeds one may offer SyscallConn and have a Read of
// its own.
func (in *readBuffer) waitWithoutBuffer(conn net.Conn) {
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
		return // it is closed, and the reader will get the error
	}
	in.raw = raw
	in.poll = func(fd uintptr) bool {
		p, idle := in.into, in.into == nil
		if idle {
			if in.buf == nil {
				in.takeBuffer()
			}
			p = in.buf
		}
		for {
			in.got, in.err = socket.Read(fd, p)
			switch {
			case in.err == nil:
				return true
			case errors.Is(in.err, syscall.EAGAIN):
				if idle {
					in.returnBuffer()
				}
				return false
			case !errors.Is(in.err, syscall.EINTR):
				in.got = 0
				return true
			}
		}
	}
}
