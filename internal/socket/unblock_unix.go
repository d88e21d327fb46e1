//go:build unix

package socket

import (
	"net"
	"syscall"
)

// Unblock takes the socket under conn, a connection or a listener, out of blocking
// mode. In a call that blocks, package net would heed neither a deadline nor Close, and
// Close would wait for that call. Unblock does not help a call that waits already.
func Unblock(conn any) {
	if above, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = above.NetConn()
	}
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return // it is closed, and its user will get the error
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetNonblock(int(fd), true) }) // likewise
}
